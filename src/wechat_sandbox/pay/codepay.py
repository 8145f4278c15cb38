"""Payment code at a till (付款码支付): pay, wait for the password, reverse; direct and by a service provider.

Codes are 18 digits that begin with 10 to 15, good for a minute and one payment. Above the shopper's own
limit the phone asks for the password: the order is USERPAYING until they pay or leave.
Source: openapi/v3/pay/transactions/codepay and .../reverse, wire.md sections 1 and 2; which status each
code has is not published in full: those here follow the table in section 1.
"""

import re
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wechat_sandbox import books
from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Merchant, Order, Refund, Shopper
from wechat_sandbox.pay import partner, sheets
from wechat_sandbox.pay.errors import PayError, invalid_request
from wechat_sandbox.pay.orders import find_order, new_number, transaction
from wechat_sandbox.pay.prepay import ALREADY_PAID, Owners, appid_mismatch, fingerprint_of, out_trade_no_used
from wechat_sandbox.pay.requests import Amount, AppId, MchId, OutNo, SettleInfo, Strict, decode
from wechat_sandbox.pay.rows import PaymentCode
from wechat_sandbox.world import World

CODE_SECONDS = 60
PASSWORD_SECONDS = 300
"""How long the phone waits for the password."""
REVERSE_SECONDS = 7 * 24 * 3600
_CODE = re.compile(r"1[0-5][0-9]{16}")


class CodePayer(Strict):
    """`payer`: what the scanner read."""

    auth_code: Annotated[str, Meta(min_length=1, max_length=32)]


class TillStore(Strict):
    """`scene_info.store_info`: WeChat's number of the store, or the merchant's."""

    id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    out_id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET


class TillScene(Strict):
    """`scene_info`."""

    store_info: TillStore
    device_id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    device_ip: Annotated[str, Meta(max_length=45)] | UnsetType = UNSET


class TillGoods(Strict):
    """One of `goods_detail`."""

    merchant_goods_id: Annotated[str, Meta(min_length=1, max_length=32)]
    quantity: Annotated[int, Meta(ge=1)]
    unit_price: Annotated[int, Meta(ge=0)]
    wxpay_goods_id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    goods_name: Annotated[str, Meta(max_length=256)] | UnsetType = UNSET


class TillDetail(Strict):
    """`detail`."""

    goods_detail: list[TillGoods]
    cost_price: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    invoice_id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET


class TillOrder(Strict, kw_only=True):
    """What both ways of asking share."""

    description: Annotated[str, Meta(min_length=1, max_length=127)]
    out_trade_no: OutNo
    payer: CodePayer
    amount: Amount
    scene_info: TillScene
    attach: Annotated[str, Meta(max_length=128)] | UnsetType = UNSET
    goods_tag: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    support_fapiao: bool | UnsetType = UNSET
    detail: TillDetail | UnsetType = UNSET
    settle_info: SettleInfo | UnsetType = UNSET


class CodePay(TillOrder):
    """POST /v3/pay/transactions/codepay."""

    appid: AppId
    mchid: MchId


class PartnerCodePay(TillOrder):
    """POST /v3/pay/partner/transactions/codepay. `sp_appid` is not required by the schema, but the payer is one's."""

    sp_mchid: MchId
    sub_mchid: MchId
    sp_appid: AppId | UnsetType = UNSET
    sub_appid: AppId | UnsetType = UNSET


class Reverse(Strict):
    """POST .../reverse."""

    appid: AppId
    mchid: MchId


class PartnerReverse(Strict):
    """POST .../reverse of a service provider."""

    sp_mchid: MchId
    sub_mchid: MchId
    sp_appid: AppId | UnsetType = UNSET
    sub_appid: AppId | UnsetType = UNSET


_PAY = msgspec.json.Decoder(CodePay)
_PARTNER_PAY = msgspec.json.Decoder(PartnerCodePay)
_REVERSE = msgspec.json.Decoder(Reverse)
_PARTNER_REVERSE = msgspec.json.Decoder(PartnerReverse)


def show_code(world: World, shopper: Shopper) -> PaymentCode:
    """The code on the shopper's phone now; a new one when the last was used or its minute is over."""
    now = world.clock.now()
    shown = world.pay.code_of_shopper.get(shopper.shopper_id)
    if shown is not None and not shown.used and now < shown.expires_at:
        return shown
    number = len(world.pay.codes)
    digits = int.from_bytes(world.derive(f"payment-code:{shopper.shopper_id}:{number}")[:8])
    code = PaymentCode(
        code=f"1{digits % 6}{digits // 6 % 10**16:016}", shopper_id=shopper.shopper_id, expires_at=now + CODE_SECONDS
    )
    world.pay.code_of_shopper[shopper.shopper_id] = code
    return world.pay.codes.put(code.code, code)


def pay(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/transactions/codepay -> the paid order, or 202 USERPAYING."""
    asked = decode(_PAY, request.body)
    if asked.mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配")
    if asked.appid not in merchant.appids:
        raise appid_mismatch()
    return _charge(world, merchant, asked, Owners(asked.appid))


def partner_pay(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/partner/transactions/codepay -> the paid order, or 202 USERPAYING."""
    asked = decode(_PARTNER_PAY, request.body)
    sp_appid = merchant.appids[0] if asked.sp_appid is UNSET and merchant.appids else asked.sp_appid
    sub_appid = "" if asked.sub_appid is UNSET else asked.sub_appid
    owners = partner.owners_of(world, merchant, asked.sp_mchid, str(sp_appid), asked.sub_mchid, sub_appid)
    return _charge(world, merchant, asked, owners)


def _charge(world: World, merchant: Merchant, asked: TillOrder, owners: Owners) -> dict[str, Any]:
    fingerprint = fingerprint_of("MICROPAY", asked)
    order = find_order(world, merchant, asked.out_trade_no)
    if order is not None:
        return _again(order, fingerprint)
    shopper = _read_code(world, asked.payer.auth_code)
    now = world.clock.now()
    order = Order(
        mchid=merchant.mchid,
        appid=owners.appid,
        out_trade_no=asked.out_trade_no,
        trade_type="MICROPAY",
        description=asked.description,
        total=asked.amount.total,
        notify_url="",
        created_at=now,
        expires_at=now + PASSWORD_SECONDS,
        fingerprint=fingerprint,
        prepay_id="",
        prepaid_at=now,
        attach="" if asked.attach is UNSET else asked.attach,
        profit_sharing=asked.settle_info is not UNSET and asked.settle_info.profit_sharing,
        state="USERPAYING",
        sub_mchid=owners.sub_mchid,
        sub_appid=owners.sub_appid,
    )
    if shopper.pays_up_to_fen is not None and order.total > shopper.pays_up_to_fen:
        order.state = "PAYERROR"
        world.orders.put(order.key, order)
        raise PayError(403, "NOT_ENOUGH", "用户账号余额不足，请用户充值或更换支付卡后再支付")
    if order.total > shopper.password_above_fen:
        world.orders.put(order.key, order)
        sheet = sheets.new_sheet(world, shopper, order)
        world.hub.publish(shopper.shopper_id, {"type": "sheet", "sheet": sheets.describe(world, sheet)})
        raise _user_paying()
    with world.store.together():
        sheets.take_money(world, shopper.shopper_id, order)
    return _public(order)


def _again(order: Order, fingerprint: str) -> dict[str, Any]:
    """The same number again: what became of it, if it is the same request."""
    if order.trade_type != "MICROPAY" or order.fingerprint != fingerprint:
        raise out_trade_no_used()
    if order.state == "USERPAYING":
        raise _user_paying()
    if order.state in ("SUCCESS", "REFUND"):
        error = PayError(400, "ORDERPAID", "该订单已支付")
        error.number = ALREADY_PAID
        raise error
    if order.state == "REVOKED":
        raise PayError(400, "ORDER_REVERSED", "订单已撤销，请使用新的商户订单号重新下单")
    raise PayError(403, "TRADE_ERROR", "交易失败，请使用新的商户订单号重新下单")


def _user_paying() -> PayError:
    return PayError(202, "USERPAYING", "需要用户输入支付密码")


def _read_code(world: World, auth_code: str) -> Shopper:
    """Whose code it is; it is used up by this. Raises PayError."""
    if not _CODE.fullmatch(auth_code):
        raise PayError(400, "AUTH_CODE_INVALID", "授权码格式错误，请扫描微信支付付款码")
    code = world.pay.codes.get(auth_code)
    shopper = world.shoppers.get(code.shopper_id) if code is not None else None
    if code is None or shopper is None:
        raise PayError(400, "AUTH_CODE_INVALID", "授权码检验错误，请扫描微信支付付款码")
    if world.clock.now() >= code.expires_at:
        raise PayError(400, "AUTH_CODE_EXPIRED", "付款码已过期，请用户在微信上刷新后再试")
    if code.used:
        raise PayError(400, "AUTH_CODE_EXPIRED", "付款码已被使用，请用户在微信上刷新后再试")
    code.used = True
    world.pay.codes.put(code.code, code)
    return shopper


def _public(order: Order) -> dict[str, Any]:
    """The order without what a till does not send."""
    data = transaction(order)
    del data["notify_url"], data["description"]
    return data


def reverse(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/transactions/out-trade-no/{out_trade_no}/reverse: unpaid is closed, paid goes back."""
    asked = decode(_REVERSE, request.body)
    if asked.mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配")
    order = _reversible(world, merchant, request.params["out_trade_no"], "")
    if asked.appid != order.appid:
        raise appid_mismatch()
    _reverse(world, order)
    return {"appid": order.appid, "mchid": order.mchid, "out_trade_no": order.out_trade_no}


def partner_reverse(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/partner/transactions/out-trade-no/{out_trade_no}/reverse."""
    asked = decode(_PARTNER_REVERSE, request.body)
    if asked.sp_mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的sp_mchid不匹配")
    partner.sub_merchant(world, merchant, asked.sub_mchid)
    order = _reversible(world, merchant, request.params["out_trade_no"], asked.sub_mchid)
    if asked.sp_appid not in (UNSET, order.appid):
        raise appid_mismatch()
    _reverse(world, order)
    data = {"sp_appid": order.appid, "sp_mchid": order.mchid, "sub_mchid": order.sub_mchid}
    return data | {"out_trade_no": order.out_trade_no}


def _reversible(world: World, merchant: Merchant, out_trade_no: str, sub_mchid: str) -> Order:
    order = find_order(world, merchant, out_trade_no)
    if order is None or order.sub_mchid != sub_mchid or not order.appid:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    if order.trade_type != "MICROPAY":
        raise invalid_request("非付款码支付的订单不支持撤销，请使用关单或退款接口")
    if order.state == "REFUND":
        raise invalid_request("订单已转入退款，不支持撤销")
    if order.paid_at and world.clock.now() - order.paid_at > REVERSE_SECONDS:
        raise PayError(403, "REVERSE_EXPIRE", "订单超过7天，无法撤销，请使用退款接口")
    return order


def _reverse(world: World, order: Order) -> None:
    if order.state == "REVOKED":
        return
    with world.store.together():
        if order.state == "SUCCESS":
            _give_back(world, order)
        order.state = "REVOKED"
        world.orders.put(order.key, order)


def _give_back(world: World, order: Order) -> None:
    """The whole price returns at once; the books tell it as a refund that the merchant did not number."""
    refund = Refund(
        mchid=order.mchid,
        refund_id=new_number(world, "5030", 29),
        out_refund_no=f"reverse@{order.out_trade_no}",
        transaction_id=order.transaction_id,
        out_trade_no=order.out_trade_no,
        amount=order.total,
        total=order.total,
        created_at=world.clock.now(),
        fingerprint="reverse",
        reason="撤销",
        state="SUCCESS",
        succeeded_at=world.clock.now(),
        sub_mchid=order.sub_mchid,
        order_key=order.key,
    )
    try:
        books.refunded(world, order, refund)
    except books.NotEnoughError as error:
        raise PayError(403, "NOT_ENOUGH", "商户可用余额不足，无法撤销") from error
    books.refund_done(world, order, refund)
