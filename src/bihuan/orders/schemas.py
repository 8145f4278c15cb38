"""Orders on the wire."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from bihuan.kernel.ids import AddressId, CounterId, LineId, OrderId, ProductId, ShopperId, SkuId, StaffId, StoreId
from bihuan.kernel.money import MAX_FEN
from bihuan.membership import PointsQuote
from bihuan.payments import PaymentView

MAX_LINES = 50

Quantity = Annotated[int, msgspec.Meta(ge=1, le=999)]
Points = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
State = Literal["unpaid", "paid", "partially_delivered", "delivered", "completed", "cancelled"]


class Adjustment(msgspec.Struct, frozen=True):
    """What changed a price, by how much (signed), and who put it there (`source`)."""

    kind: Literal["freight", "promotion", "coupon", "points", "manual"]
    source: str
    label: str
    amount_fen: int


class Delivery(msgspec.Struct, frozen=True):
    """How the goods reach the shopper: `ship` to an address, or `pickup` at a store."""

    method: Literal["ship", "pickup"]
    address_id: AddressId | None = None
    store_id: StoreId | None = None


class QuoteLineInput(msgspec.Struct, frozen=True):
    """What the shopper wants."""

    sku_id: SkuId
    quantity: Quantity


class QuoteInput(msgspec.Struct, frozen=True):
    """A cart to be priced. `use_points`: so many, true for as many as may be, false to hear only what they could do."""

    lines: Annotated[list[QuoteLineInput], msgspec.Meta(min_length=1, max_length=MAX_LINES)]
    delivery: Delivery
    use_points: Points | bool | None = None


class OrderLineInput(msgspec.Struct, frozen=True):
    """What the shopper wants, at the price that she saw."""

    sku_id: SkuId
    quantity: Quantity
    price_fen: Annotated[int, msgspec.Meta(ge=0)]


class OrderInput(msgspec.Struct, frozen=True):
    """An order as the shopper agreed to it; refused when the prices differ by now. `use_points` are the quote's."""

    lines: Annotated[list[OrderLineInput], msgspec.Meta(min_length=1, max_length=MAX_LINES)]
    delivery: Delivery
    total_fen: Annotated[int, msgspec.Meta(ge=0)]
    # a NUL cannot be stored, and would fail the whole group in which the order is placed
    remark: Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")] | None = None
    from_cart: bool = False
    use_points: Points = 0


class PricedLine(msgspec.Struct, frozen=True):
    """A line with its price and the adjustments that made it."""

    sku_id: SkuId
    product_id: ProductId
    title: str
    option_values: list[str]
    image_url: str | None
    quantity: int
    unit_price_fen: int
    subtotal_fen: int
    adjustments: list[Adjustment]
    total_fen: int


class Quote(msgspec.Struct, frozen=True):
    """What a cart costs: goods + freight - discount = total. `points`: what the shopper's points do and could do."""

    lines: list[PricedLine]
    goods_fen: int
    freight_fen: int
    discount_fen: int
    adjustments: list[Adjustment]
    total_fen: int
    points: PointsQuote | None = None


class AddressView(msgspec.Struct, frozen=True):
    """Where an order goes, as it was when it was placed."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    street: str


class StoreView(msgspec.Struct, frozen=True):
    """The store that hands an order over."""

    store_id: StoreId
    name: str
    address: str


class ShipmentView(msgspec.Struct, frozen=True):
    """A parcel."""

    company: str
    tracking_no: str
    shipped_at: datetime


class DeliveryView(msgspec.Struct, frozen=True):
    """How an order reaches the shopper, and how far it has come."""

    method: Literal["ship", "pickup"]
    address: AddressView | None = None
    store: StoreView | None = None
    pickup_code: str | None = None
    shipments: list[ShipmentView] = msgspec.field(default_factory=list[ShipmentView])


class OrderLineView(PricedLine, frozen=True, kw_only=True):
    """A line of a placed order. Pieces are delivered, cancelled (refunded unsent), held back by an open after-sale
    case, or to be sent; `refunded_quantity` counts those that were refunded, sent or not."""

    line_id: LineId
    delivered_quantity: int = 0
    cancelled_quantity: int = 0
    held_back_quantity: int = 0
    refunded_quantity: int = 0


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order as its shopper sees it; `terminal` says that its state is final."""

    order_id: OrderId
    order_no: str
    state: State
    payment_status: str
    fulfilment_status: str
    refund_status: str
    terminal: bool
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None = None
    delivered_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    lines: list[OrderLineView]
    adjustments: list[Adjustment]
    goods_fen: int
    freight_fen: int
    discount_fen: int
    total_fen: int
    paid_fen: int
    refunded_fen: int
    delivery: DeliveryView
    remark: str | None = None


class CartItem(msgspec.Struct, frozen=True):
    """A line of a cart, at the present price and stock."""

    sku_id: SkuId
    product_id: ProductId | None
    title: str
    option_values: list[str]
    image_url: str | None
    price_fen: int
    added_price_fen: int
    quantity: int
    available: int
    state: Literal["ok", "insufficient", "sold_out", "unpublished"]


class Cart(msgspec.Struct, frozen=True):
    """A shopper's cart at one merchant; `total_fen` counts the lines that can be bought."""

    items: list[CartItem]
    total_fen: int


class CartItemInput(msgspec.Struct, frozen=True):
    """How many of a SKU the cart should hold; 0 takes it out."""

    quantity: Annotated[int, msgspec.Meta(ge=0, le=999)]


class CancelInput(msgspec.Struct, frozen=True):
    """Why an order is cancelled."""

    reason: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class PayInput(msgspec.Struct, frozen=True):
    """How the shopper pays: `wallet_fen` from her wallet and the rest at WeChat, or the whole by "wallet" at once."""

    method: Literal[
        "wechat_jsapi", "wechat_mini", "wechat_native", "wechat_h5", "alipay_page", "alipay_wap", "alipay_qr", "wallet"
    ]
    wallet_fen: Annotated[int, msgspec.Meta(ge=0, le=MAX_FEN)] = 0


class ShipLine(msgspec.Struct, frozen=True):
    """How many pieces of a line a parcel holds."""

    line_id: LineId
    quantity: Quantity


class ShipInput(msgspec.Struct, frozen=True):
    """A parcel; without `lines` it holds everything that is left."""

    company: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    tracking_no: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    lines: list[ShipLine] | None = None


class PickupInput(msgspec.Struct, frozen=True):
    """The code that a shopper shows at the counter."""

    code: Annotated[str, msgspec.Meta(min_length=4, max_length=24)]


class ShopperBrief(msgspec.Struct, frozen=True):
    """Who bought."""

    shopper_id: ShopperId
    nickname: str | None


class TouchpointView(msgspec.Struct, frozen=True, kw_only=True):
    """A contact between shopper and merchant, with the names of what she met. `decisive`: the order is owed to it.

    `label_code` is the label's code as it was then; `label_name` its name of today.
    """

    touchpoint_id: str
    kind: str
    label_code: str | None
    label_name: str | None
    store_name: str | None
    counter_name: str | None
    staff_name: str | None
    sharer_name: str | None
    decisive: bool
    occurred_at: datetime


class AttributionView(msgspec.Struct, frozen=True):
    """Who earned the sale, by which rule and which touchpoints."""

    store_id: StoreId | None
    store_name: str | None
    counter_id: CounterId | None
    counter_name: str | None
    staff_id: StaffId | None
    staff_name: str | None
    sharer_id: ShopperId | None
    sharer_name: str | None
    rule: str
    touchpoints: list[TouchpointView]


class OrderEvent(msgspec.Struct, frozen=True):
    """One step in an order's life."""

    at: datetime
    kind: str
    detail: str | None = None


class MerchantOrder(OrderView, frozen=True, kw_only=True):
    """An order as its merchant sees it in a list."""

    shopper: ShopperBrief
    attribution: AttributionView


class MerchantOrderDetail(MerchantOrder, frozen=True, kw_only=True):
    """An order with its money and its story. `journey`: how the shopper met the merchant until she ordered."""

    payments: list[PaymentView]
    events: list[OrderEvent]
    journey: list[TouchpointView]
