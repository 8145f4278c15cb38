"""Wire types of reconciliation. Amounts in fen, days of China's."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.ids import MerchantId
from bihuan.reconciliation.rules import Action, BillKind, DayState, Kind, Resolution, State, Subject


class BillView(msgspec.Struct, frozen=True):
    """A bill as WeChat gave it. Without `file` nothing happened on the day, or the file is not kept any more."""

    kind: BillKind
    hash: str
    bytes: int
    rows: int | None
    amount_fen: int | None
    fetched_at: datetime
    file: bool


class DayRow(msgspec.Struct, frozen=True, kw_only=True):
    """A day of an account: the bill's sums beside those recorded here.

    The balances are of the fund bill and of `wechat_clearing` in the book (null where they are not to be had); what
    lies between their changes is `in_transit_fen` + `frozen_fen` + `shared_fen` + `differing_fen` +
    `unexplained_fen`.
    """

    merchant_id: MerchantId
    mchid: str
    day: date
    sp_mchid: str
    state: DayState
    due_at: datetime
    tries: int
    error_code: str | None
    error: str | None
    payments: int
    paid_fen: int
    refunds: int
    refunded_fen: int
    fees_fen: int
    here_payments: int
    here_paid_fen: int
    here_refunds: int
    here_refunded_fen: int
    opening_fen: int | None
    closing_fen: int | None
    book_opening_fen: int | None
    book_closing_fen: int | None
    withdrawn_fen: int
    in_transit_fen: int
    frozen_fen: int
    shared_fen: int
    differing_fen: int
    unexplained_fen: int | None
    matched_at: datetime | None
    differences: int
    open_differences: int


class PlatformDay(msgspec.Struct, frozen=True):
    """A day of some merchant's, for operators."""

    merchant_name: str
    day: DayRow


class DayView(msgspec.Struct, frozen=True):
    """A day with its bills and the movements that the trade bill does not tell of."""

    day: DayRow
    bills: list[BillView]
    moves: list["MoveView"]


class MoveView(msgspec.Struct, frozen=True):
    """A movement of the fund bill: to or from the bank, or one that nothing here explains."""

    move_id: UUID
    at: datetime
    kind: str
    business_name: str
    business_type: str
    number: str
    amount_fen: int
    note: str


class DifferenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """What does not agree: here and there, what is suggested, and how it ended.

    `reference_id` is the order when `purpose` is "order". `book_fen` is what posting adds to `wechat_clearing`.
    """

    merchant_id: MerchantId
    difference_id: UUID
    mchid: str
    day: date
    kind: Kind
    subject: Subject
    number: str
    out_number: str
    at: datetime
    here_fen: int | None
    there_fen: int | None
    here_state: str | None
    there_state: str | None
    book_fen: int
    action: Action
    record_id: UUID | None
    purpose: str | None
    reference_id: UUID | None
    state: State
    resolution: Resolution | None
    rule: str | None
    note: str
    staff_name: str | None
    found_at: datetime
    resolved_at: datetime | None


class PlatformDifference(msgspec.Struct, frozen=True):
    """A difference of some merchant's, for operators."""

    merchant_name: str
    difference: DifferenceRow


class Resolve(msgspec.Struct, frozen=True):
    """What a person does about a difference, and why."""

    action: Action
    note: Annotated[str, Meta(min_length=2, max_length=500)]


class Wanted(msgspec.Struct, frozen=True):
    """A day to reconcile, or to try again; of one account, or of all of the merchant's."""

    day: date
    mchid: Annotated[str, Meta(pattern=r"\A[0-9]{6,32}\Z")] | None = None


class AccountSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What WeChat's bills say of an account over some days.

    `opening_fen` and `closing_fen` are of its fund bills (null without one), the latter at the end of `closed_on`;
    what lies between them beside the sums is `other_fen`: shares, what is frozen for them, refunds on their way.
    """

    mchid: str
    sp_mchid: str
    active: bool
    matched_days: int
    missing_days: int
    opening_fen: int | None
    paid_fen: int
    refunded_fen: int
    fees_fen: int
    withdrawn_fen: int
    other_fen: int | None
    closing_fen: int | None
    closed_on: date | None
    open_differences: int
    open_fen: int


class Accounts(msgspec.Struct, frozen=True):
    """The accounts beside the book's balances as they are now: `wechat_clearing`, `bank` and `differences`."""

    accounts: list[AccountSheet]
    clearing_fen: int
    bank_fen: int
    differences_fen: int


class Alert(msgspec.Struct, frozen=True):
    """What needs a person: days that failed and differences that are open; `oldest` is the earliest such day."""

    failed_days: int
    open_differences: int
    open_fen: int
    oldest: date | None
