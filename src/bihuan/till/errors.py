"""What a till refuses."""

from bihuan.kernel.errors import Conflict, NotFound, Unprocessable


class ShiftOpen(Conflict):
    """The till, or the person, has an open shift already."""

    code = "shift_open"
    zh = "该收银机或该收银员已有未结的班次。"
    en = "This till, or this person, has an open shift already."


class ShiftClosed(Conflict):
    """The shift is closed, or it is somebody else's drawer."""

    code = "shift_closed"
    zh = "请先开班：当前没有您的开班记录，或班次已结。"
    en = "Open a shift first: this one is closed, or not yours."


class NotHere(Conflict):
    """The person works in another store, or the store is not open."""

    code = "not_at_this_store"
    zh = "您不在该门店工作，或门店未营业。"
    en = "You do not work at this store, or it is not open."


class DrawerShort(Conflict):
    """More would leave the drawer than can be in it."""

    code = "drawer_short"
    zh = "钱箱中的现金不足。"
    en = "There is not that much cash in the drawer."


class SalePending(Conflict):
    """A payment code of a sale is undecided."""

    code = "sale_pending"
    zh = "付款码支付结果尚未确定，请稍候。"
    en = "A payment code is undecided; wait for it."


class SaleEnded(Conflict):
    """The sale is paid or void; `state` says which."""

    code = "sale_ended"
    zh = "该笔销售已结束。"
    en = "This sale has ended."


class SaleExpiring(Conflict):
    """The order behind the sale is about to expire, or did."""

    code = "sale_expired"
    zh = "该笔销售已超时，请重新开单。"
    en = "This sale took too long; start it again."


class PartsDiffer(Unprocessable):
    """The parts of a payment do not make the total; `total_fen` is what they should."""

    code = "parts_differ"
    zh = "各支付方式合计与应收金额不一致。"
    en = "The parts of the payment do not make the total."


class TenderedShort(Unprocessable):
    """Less cash was handed over than is to be paid with it."""

    code = "tendered_short"
    zh = "实收现金少于应收现金。"
    en = "Less cash was handed over than is to be paid with it."


class CodeNotUsable(Unprocessable):
    """What was scanned is no payment code, neither of WeChat's nor of Alipay's."""

    code = "payment_code_not_usable"
    zh = "不是有效的付款码：微信为 18 位、以 10 至 15 开头，支付宝为 16 至 24 位、以 25 至 30 开头。"
    en = "Not a payment code: WeChat's are 18 digits from 10 to 15 on, Alipay's 16 to 24 digits from 25 to 30 on."


class MemberUnknown(NotFound):
    """No card has this number."""

    code = "member_unknown"
    zh = "没有找到该会员卡号。"
    en = "No member card has this number."


class SlipRequired(Unprocessable):
    """Money goes back by card: the terminal's slip says so."""

    code = "slip_required"
    zh = "刷卡退款请填写退款小票号。"
    en = "A refund by card needs the number of its slip."


class CashDiffers(Conflict):
    """More would be banked or carried on than lies in a closed drawer."""

    code = "drawer_holds_less"
    zh = "该班次可缴存或移交的现金不足。"
    en = "That closed drawer holds less."


class WalletOfAnother(Conflict):
    """The wallet code is not of the member whose sale it is."""

    code = "wallet_of_another"
    zh = "储值付款码与本单会员不符：请取消本单，先识别该会员再开单。"
    en = "This wallet is not of the sale's member; drop the sale, find the member and start again."


class SaleOfAnotherStore(Conflict):
    """Goods go back where they were sold; `store_name` is the store."""

    code = "sale_of_another_store"
    zh = "该笔销售属于「{store_name}」，请到该门店退货。"
    en = "This was sold at {store_name}; take it back there."


class TooManyParked(Conflict):
    """More baskets wait than a store can have forgotten."""

    code = "too_many_parked"
    zh = "挂单已满（最多 {most} 单），请先取单或作废。"
    en = "Too many parked sales (at most {most}); resume or drop some first."


class BarcodeNotUsable(Unprocessable):
    """What was scanned is no barcode of goods, or the SKU is not on offer."""

    code = "barcode_not_usable"
    zh = "条码须为 4 至 48 位数字或字母，且商品在售。"
    en = "A barcode has 4 to 48 digits or letters, and its goods must be on offer."
