"""Refusals of orders. Out of stock is inventory's: `bihuan.inventory.OutOfStock`."""

from bihuan.kernel.errors import Conflict, Unavailable, Unprocessable


class NotOnSale(Conflict):
    """`sku_ids` are unpublished or gone."""

    code = "not_on_sale"
    zh = "部分商品已下架，请从购物车中移除。"
    en = "Some items are no longer on sale; remove them from the cart."


class PriceChanged(Conflict):
    """A price or the total differs from what the shopper saw; `lines` and `total_fen` are the present ones."""

    code = "price_changed"
    zh = "商品价格或运费有变动，请确认后再下单。"
    en = "A price has changed; look at the new total and confirm."


class EmptyOrder(Unprocessable):
    """No line, or too many."""

    code = "empty_order"
    zh = "请选择 1 至 {limit} 件商品。"
    en = "Choose between 1 and {limit} items."


class DeliveryIncomplete(Unprocessable):
    """The delivery lacks an address or a store that hands over."""

    code = "delivery_incomplete"
    zh = "请选择收货地址或自提门店。"
    en = "Choose an address, or a store to pick up from."


class PickupCodeUnknown(Conflict):
    """No paid order waits under this code."""

    code = "pickup_code_unknown"
    zh = "提货码无效，或该订单已提货、未付款。"
    en = "No paid order waits for this code."


class SentMeanwhile(Conflict):
    """Pieces that a case is about, as not sent, have been sent."""

    code = "sent_meanwhile"
    zh = "这些商品已经发货，请收到后申请退货。"
    en = "These goods have been sent; ask for their return once they arrive."


class TooManyToShip(Conflict):
    """A shipment holds more than what is left of a line."""

    code = "too_many_to_ship"
    zh = "发货数量超过待发数量。"
    en = "The shipment holds more than is left to ship."


class AftersaleOpen(Conflict):
    """A case about pieces of the order is under way: they are neither sent nor handed over, nor is it completed."""

    code = "aftersale_open"
    zh = "该订单有售后正在处理，请先处理售后。"
    en = "An after-sale case of this order is under way; settle it first."


class TooManyPieces(Conflict):
    """More pieces are to come back than are left of a line; `left` by line."""

    code = "too_many_pieces"
    zh = "件数超过可售后数量。"
    en = "More pieces are asked for than are left."


class CartBusy(Unavailable):
    """Too many items are on their way into carts in this process."""

    code = "cart_busy"


class PlacementBusy(Unavailable):
    """Too many orders wait in this process."""

    code = "placement_busy"
    zh = "下单人数过多，请稍后再试。"
    en = "Too many orders are waiting; try again in a moment."


class WholeByWallet(Unprocessable):
    """The wallet's part is all of it: then the method is "wallet"."""

    code = "whole_by_wallet"
    zh = "储值足以支付全部金额，请选择储值支付。"
    en = "The wallet pays it all; choose the method wallet."


class DiscountTooLarge(Unprocessable):
    """A discount by hand below zero, or one that leaves nothing to pay; `most_fen` is the most."""

    code = "discount_too_large"
    zh = "优惠金额须小于应收金额。"
    en = "The discount must leave something to pay."


class PointsNotUsable(Conflict):
    """Just so many points cannot be used for this order (any more); `most` of those asked for could be."""

    code = "points_not_usable"
    zh = "本单可用积分有变动，请重新确认订单。"
    en = "So many points cannot be used for this order; look at it again."
