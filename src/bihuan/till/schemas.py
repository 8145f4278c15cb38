"""Shifts, drawers and their reports on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.ids import CounterId, StoreId
from bihuan.kernel.money import MAX_FEN
from bihuan.membership import PointsTotals

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


class ShiftView(msgspec.Struct, frozen=True, kw_only=True):
    """A shift. `report_no` counts the closed shifts of its till.

    `expected_fen` of an open one is only for who answers for the cash: a cashier counts without it.
    """

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
    report_no: int | None
    note: str | None
    opened_at: datetime
    closed_at: datetime | None


class TotalsView(msgspec.Struct, frozen=True, kw_only=True):
    """What a shift took and gave back, by tender. `elsewhere_fen`: paid by shoppers on their phones.

    `code_fen` came by payment codes, of that `alipay_fen` by Alipay's and the rest by WeChat's.
    `sales_fen` is after `discount_fen`, which people took off by hand. `first_no` and `last_no`: its receipts.
    """

    sales: int
    sales_fen: int
    discounts: int
    discount_fen: int
    voids: int
    cash_fen: int | None
    card_fen: int
    code_fen: int
    alipay_fen: int
    wallet_fen: int
    elsewhere_fen: int
    refunds: int
    refunded_cash_fen: int
    refunded_card_fen: int
    refunded_other_fen: int
    first_no: str | None
    last_no: str | None


class MovementView(msgspec.Struct, frozen=True, kw_only=True):
    """What went into a drawer (+) or out of it (-), beside sales."""

    kind: str
    amount_fen: int
    reason: str
    staff_name: str
    occurred_at: datetime


class ShiftReport(msgspec.Struct, frozen=True, kw_only=True):
    """A shift for printing: an X report while it is open, its Z report once it is closed."""

    shift: ShiftView
    totals: TotalsView
    points: PointsTotals
    movements: list[MovementView]
