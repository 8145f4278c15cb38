"""Sales, goods, members and refunds of a till on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.ids import LineId, OrderId, SkuId
from bihuan.orders import OrderLineInput
from bihuan.staff import Approval
from bihuan.till.schemas import Amount, AmountOrNone, Slip, Words

Quantity = Annotated[int, Meta(ge=1, le=999)]


class SaleInput(msgspec.Struct, frozen=True, kw_only=True):
    """What is bought, at the prices that the till showed; `member_no` is the code of a card.

    `use_points` of the member's pay a part, as `points` offered; `total_fen` is what is left to pay then.
    """

    lines: Annotated[list[OrderLineInput], Meta(min_length=1, max_length=50)]
    total_fen: Amount
    member_no: Annotated[str, Meta(max_length=20)] | None = None
    use_points: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0


class PointsWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a member's points could pay of goods that cost so much."""

    member_no: Annotated[str, Meta(min_length=1, max_length=20)]
    goods_fen: Amount


class PointsOffer(msgspec.Struct, frozen=True, kw_only=True):
    """`points` of the `available` may pay `worth_fen`; 0 where the merchant's points do not pay."""

    available: int
    points: int
    worth_fen: int


class CashPart(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_fen` of the sale in cash; `tendered_fen` is what was handed over."""

    amount_fen: Amount
    tendered_fen: Amount


class CardPart(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_fen` of the sale through the card terminal, whose slip has a number."""

    amount_fen: Amount
    slip_no: Slip


class CodePart(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_fen` of the sale by the code that the shopper shows, WeChat's or Alipay's: its digits say whose.

    It is used once and kept nowhere.
    """

    amount_fen: Amount
    auth_code: Annotated[str, Meta(max_length=32)]

    def __repr__(self) -> str:
        return f"CodePart(amount_fen={self.amount_fen})"


class WalletPart(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_fen` of the sale from the member's stored value, by the code that her phone shows."""

    amount_fen: Amount
    code: Annotated[str, Meta(max_length=32)]

    def __repr__(self) -> str:
        return f"WalletPart(amount_fen={self.amount_fen})"


class Pay(msgspec.Struct, frozen=True, kw_only=True):
    """How a sale is paid; the parts make its total."""

    cash: CashPart | None = None
    card: CardPart | None = None
    code: CodePart | None = None
    wallet: WalletPart | None = None


class Discount(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken off a sale by hand, in place of what was before; 0 takes nothing off. `approval`: who answers."""

    amount_fen: AmountOrNone
    reason: Words
    approval: Approval | None = None


class ParkedLine(msgspec.Struct, frozen=True):
    """What lies in a basket that waits."""

    sku_id: SkuId
    quantity: Quantity


class RefundLine(msgspec.Struct, frozen=True):
    """Pieces of a line that come back."""

    line_id: LineId
    quantity: Annotated[int, Meta(ge=1, le=999)]


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of a sale that go back. `restock`: they can be sold again. `card_slip`: the terminal's, for a card."""

    lines: Annotated[list[RefundLine], Meta(min_length=1, max_length=50)]
    reason: Words
    restock: bool = True
    card_slip: Slip | None = None
    approval: Approval | None = None


class HandRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that was decided elsewhere and is given out here."""

    card_slip: Slip | None = None
    approval: Approval | None = None


class MemberSearch(msgspec.Struct, frozen=True):
    """A card's code, a telephone number, or the code of stored value that a phone shows."""

    words: Annotated[str, Meta(min_length=1, max_length=32)]

    def __repr__(self) -> str:
        return "MemberSearch()"


class Barcode(msgspec.Struct, frozen=True):
    """What a barcode stands for."""

    barcode: Annotated[str, Meta(max_length=60)]
    sku_id: SkuId


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """A basket to keep for later. `total_fen`: what it cost when it was parked, for the list."""

    lines: Annotated[list[ParkedLine], Meta(min_length=1, max_length=50)]
    label: Annotated[str, Meta(max_length=40, pattern=r"^[^\x00-\x1f]*$(?!\n)")] = ""
    member_no: Annotated[str, Meta(max_length=20)] | None = None
    total_fen: AmountOrNone = 0


class TakingView(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to take the money: pending, taken or refused (`reason` says why).

    `code_tender`: whose payment code it was, wechat or alipay; null without one.
    """

    state: str
    cash_fen: int
    tendered_fen: int
    change_fen: int
    card_fen: int
    card_slip: str
    code_fen: int
    code_tender: str | None
    wallet_fen: int
    reason: str | None
    began_at: datetime


class SaleLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a sale."""

    line_id: LineId
    title: str
    option_values: list[str]
    quantity: int
    unit_price_fen: int
    total_fen: int
    refunded_quantity: int


class SaleView(msgspec.Struct, frozen=True, kw_only=True):
    """A sale: open, paid or void. `paying`: the last attempt to take its money. `discount_by`: who took it off.

    goods - what points pay - discount = total.
    """

    sale_id: UUID
    order_id: OrderId
    order_no: str
    state: str
    goods_fen: int
    discount_fen: int
    discount_reason: str | None
    discount_by: str | None
    points_fen: int
    total_fen: int
    refunded_fen: int
    member_no: str | None
    store_name: str
    till: str
    staff_name: str
    created_at: datetime
    ended_at: datetime | None
    paying: TakingView | None
    lines: list[SaleLine]


class SaleItem(msgspec.Struct, frozen=True, kw_only=True):
    """A sale in a list."""

    sale_id: UUID
    order_no: str
    state: str
    total_fen: int
    discount_fen: int
    member_no: str | None
    created_at: datetime


class GoodsItem(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU that the store can hand over; `exact`: its code or barcode is what was typed or scanned."""

    sku_id: SkuId
    code: str
    title: str
    option_values: list[str]
    image_url: str
    price_fen: int
    available: int
    exact: bool


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """A member. `wallet_fen`, what she can spend of stored value, is told to whom she shows her wallet's code."""

    number: str
    nickname: str | None
    points: int
    growth: int
    wallet_fen: int | None


class ParkedView(msgspec.Struct, frozen=True, kw_only=True):
    """A basket that waits at the store."""

    parked_id: UUID
    label: str
    member_no: str | None
    total_fen: int
    pieces: int
    staff_name: str
    parked_at: datetime


class ResumedLine(msgspec.Struct, frozen=True):
    """A line of a basket that goes on: at today's price, with what the store has today."""

    goods: GoodsItem
    quantity: int


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """A basket that goes on. `gone`: lines of it that are not on sale any more."""

    label: str
    member: MemberView | None
    lines: list[ResumedLine]
    gone: int


class RefundView(msgspec.Struct, frozen=True, kw_only=True):
    """What went back: over the counter in cash and by card, the rest the way that it came, and points as points."""

    order_no: str
    amount_fen: int
    cash_fen: int
    card_fen: int
    other_fen: int
    points: int = 0


class HandRefundView(msgspec.Struct, frozen=True, kw_only=True):
    """A decided refund of cash or by card that waits for a cashier; `slip_no` is the payment's."""

    refund_id: UUID
    order_id: UUID
    order_no: str
    store_name: str
    tender: str
    amount_fen: int
    reason: str
    slip_no: str
    created_at: datetime
