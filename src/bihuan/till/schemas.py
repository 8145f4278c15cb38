"""Tills on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.ids import CounterId, LineId, OrderId, SkuId, StoreId
from bihuan.kernel.money import MAX_FEN
from bihuan.orders import OrderLineInput

Amount = Annotated[int, Meta(gt=0, le=int(MAX_FEN))]
AmountOrNone = Annotated[int, Meta(ge=0, le=int(MAX_FEN))]
Words = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$(?!\n)")]
Slip = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z-]+$(?!\n)")]


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A shift to open. `carried`: the float is what the shift before left in this drawer, else brought from outside."""

    store_id: StoreId
    counter_id: CounterId | None = None
    till: Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[^\x00-\x1f]+$(?!\n)")] = "1"
    float_fen: AmountOrNone
    carried: bool = False


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Cash put in (change from outside), taken out (towards the bank), or spent on something small."""

    kind: Literal["pay_in", "pay_out", "expense"]
    amount_fen: Amount
    reason: Words


class Close(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted."""

    counted_fen: AmountOrNone
    note: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")] | None = None


class Banking(msgspec.Struct, frozen=True, kw_only=True):
    """Cash of a closed drawer that was brought to the bank."""

    amount_fen: Amount


class SaleInput(msgspec.Struct, frozen=True, kw_only=True):
    """What is bought, at the prices that the till showed; `member_no` is the code of a card."""

    lines: Annotated[list[OrderLineInput], Meta(min_length=1, max_length=50)]
    total_fen: Amount
    member_no: Annotated[str, Meta(max_length=20)] | None = None


class CashPart(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_fen` of the sale in cash; `tendered_fen` is what was handed over."""

    amount_fen: Amount
    tendered_fen: Amount


class CardPart(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_fen` of the sale through the card terminal, whose slip has a number."""

    amount_fen: Amount
    slip_no: Slip


class CodePart(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_fen` of the sale by WeChat: `auth_code` is what the shopper shows. It is used once and kept nowhere."""

    amount_fen: Amount
    auth_code: Annotated[str, Meta(max_length=32)]

    def __repr__(self) -> str:
        return f"CodePart(amount_fen={self.amount_fen})"


class Pay(msgspec.Struct, frozen=True, kw_only=True):
    """How a sale is paid; the parts make its total."""

    cash: CashPart | None = None
    card: CardPart | None = None
    code: CodePart | None = None


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


class HandRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that was decided elsewhere and is given out here."""

    card_slip: Slip | None = None


class ShiftView(msgspec.Struct, frozen=True, kw_only=True):
    """A shift. `expected_fen` of an open one is only for who answers for the cash: a cashier counts without it."""

    shift_id: UUID
    store_id: StoreId
    store_name: str
    counter_id: CounterId | None
    counter_name: str | None
    till: str
    staff_name: str
    state: str
    own: bool
    float_fen: int
    expected_fen: int | None
    counted_fen: int | None
    difference_fen: int | None
    carried_fen: int
    banked_fen: int
    left_fen: int
    note: str | None
    opened_at: datetime
    closed_at: datetime | None


class TotalsView(msgspec.Struct, frozen=True, kw_only=True):
    """What a shift took and gave back, by tender. `elsewhere_fen`: paid by shoppers on their phones."""

    sales: int
    sales_fen: int
    cash_fen: int | None
    card_fen: int
    code_fen: int
    elsewhere_fen: int
    refunds: int
    refunded_cash_fen: int
    refunded_card_fen: int
    refunded_other_fen: int


class MovementView(msgspec.Struct, frozen=True, kw_only=True):
    """What went into a drawer (+) or out of it (-), beside sales."""

    kind: str
    amount_fen: int
    reason: str
    staff_name: str
    occurred_at: datetime


class ShiftReport(msgspec.Struct, frozen=True, kw_only=True):
    """A shift for printing."""

    shift: ShiftView
    totals: TotalsView
    movements: list[MovementView]


class TakingView(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to take the money: pending, taken or refused (`reason` says why)."""

    state: str
    cash_fen: int
    tendered_fen: int
    change_fen: int
    card_fen: int
    card_slip: str
    code_fen: int
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
    """A sale: open, paid or void. `paying`: the last attempt to take its money."""

    sale_id: UUID
    order_id: OrderId
    order_no: str
    state: str
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
    member_no: str | None
    created_at: datetime


class GoodsItem(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU that the store can hand over; `exact`: its code is what was typed or scanned."""

    sku_id: SkuId
    code: str
    title: str
    option_values: list[str]
    image_url: str
    price_fen: int
    available: int
    exact: bool


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """Whose card it is."""

    number: str
    nickname: str | None
    points: int
    growth: int


class RefundView(msgspec.Struct, frozen=True, kw_only=True):
    """What went back: over the counter in cash and by card, the rest the way that it came."""

    order_no: str
    amount_fen: int
    cash_fen: int
    card_fen: int
    other_fen: int


class HandRefundView(msgspec.Struct, frozen=True, kw_only=True):
    """A decided refund of cash or by card that waits for a cashier; `slip_no` is the payment's."""

    refund_id: UUID
    order_id: UUID
    order_no: str
    tender: str
    amount_fen: int
    reason: str
    slip_no: str
    created_at: datetime
