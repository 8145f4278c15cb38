"""Wire types of finance; amounts in fen."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.verification import Finding
from bihuan.ledger import TransactionView

Format = Literal["csv", "xlsx"]
VoucherFormat = Literal["generic", "kingdee", "yonyou"]


class Origin(msgspec.Struct, frozen=True):
    """What a transaction comes from. `kind` says what `id` is of; a room of the console may show it.

    `merchant_id`: in the platform's book, whom it is about. `day` and `mchid` name the bill of a "bill_day".
    """

    kind: str
    id: UUID
    label: str = ""
    merchant_id: UUID | None = None
    day: date | None = None
    mchid: str | None = None
    shopper_id: UUID | None = None


class TransactionDetail(msgspec.Struct, frozen=True):
    """A transaction with what it comes from, the nearest first."""

    transaction: TransactionView
    origins: list[Origin]


class FlowDay(msgspec.Struct, frozen=True):
    """Money in and out of a channel on a day of the book, both positive."""

    day: date
    channel: str
    in_fen: int
    out_fen: int


class ChannelName(msgspec.Struct, frozen=True):
    """A channel that money goes through, for a reader."""

    channel: str
    name: str


class CashFlow(msgspec.Struct, frozen=True):
    """Days on which money moved, in order; the names of the channels that moved."""

    days: list[FlowDay]
    channels: list[ChannelName]


class IncomeDay(msgspec.Struct, frozen=True):
    """A day of the book: income, what was deducted from it (positive), and what is left."""

    day: date
    income_fen: int
    deductions_fen: int
    net_fen: int


class IncomeLine(msgspec.Struct, frozen=True):
    """An account of income (positive) or of expense (negative) over the days."""

    account: str
    name: str
    amount_fen: int


class Income(msgspec.Struct, frozen=True):
    """Income by day and by account; what each sums to is `net_fen`."""

    days: list[IncomeDay]
    by_account: list[IncomeLine]
    net_fen: int


class ChecklistLine(msgspec.Struct, frozen=True):
    """One condition of closing a month; `count` is how many things stand in the way."""

    name: str
    holds: bool
    count: int = 0
    detail: str = ""


class Checklist(msgspec.Struct, frozen=True):
    """Whether a month can be closed now."""

    month: str
    ready: bool
    lines: list[ChecklistLine]


class MonthView(msgspec.Struct, frozen=True):
    """A month of the book, and what moved in it: the sum of all debits, which is that of all credits."""

    month: str
    state: Literal["open", "closed"]
    ended: bool
    turnover_fen: int


class ClosingView(msgspec.Struct, frozen=True):
    """That a month was closed or reopened."""

    kind: str
    month: str
    at: datetime
    by: str
    reason: str


class Months(msgspec.Struct, frozen=True):
    """The months of a book, newest first, what happened to them, and the next that can be closed."""

    months: list[MonthView]
    history: list[ClosingView]
    next: str | None


class Reopen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which month is opened again, with all after it, and why."""

    month: Annotated[str, Meta(max_length=7)]
    reason: Annotated[str, Meta(min_length=5, max_length=500)]


class AccountCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What accounting software calls one of our accounts."""

    account: Annotated[str, Meta(max_length=40)]
    code: Annotated[str, Meta(pattern=r"^[0-9A-Za-z._-]{1,30}$")]
    name: Annotated[str, Meta(min_length=1, max_length=100)]


class AccountCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The codes that are to be changed."""

    items: Annotated[list[AccountCode], Meta(max_length=100)]


class AccountCodeView(msgspec.Struct, frozen=True):
    """One of our accounts with its code; `own` is false where the code is the one that we suggest."""

    account: str
    our_name: str
    code: str
    name: str
    own: bool


class VerifyRun(msgspec.Struct, frozen=True):
    """A run of the invariants. `recent`: checks that only grow looked at what was written from `since` on."""

    run_id: UUID
    cause: Literal["night", "person"]
    scope: Literal["whole", "recent"]
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    state: Literal["asked", "running", "held", "failed", "unfinished", "broken"]
    since: datetime | None
    seen_at: datetime | None
    checks: int = 0
    failing: int = 0


class VerifyDetail(msgspec.Struct, frozen=True):
    """A run with what each check found."""

    run: VerifyRun
    findings: list[Finding]


class VerifyStatus(msgspec.Struct, frozen=True):
    """The last runs, and whether a failure waits for an operator's notice."""

    runs: list[VerifyRun]
    alert: bool
    under_way: bool


class AskVerify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which run an operator asks for."""

    scope: Literal["whole", "recent"] = "whole"
