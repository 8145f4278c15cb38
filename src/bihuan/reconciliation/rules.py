"""Pure decisions of reconciliation: days of China's, fees, differences and what may be done about them. No I/O."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Literal, get_args

CHINA = timezone(timedelta(hours=8))
READY_AT = time(10, 0)
"""From when on, China's time, the bills of yesterday are to be had."""

MOST_DAYS_BACK = 90
"""WeChat keeps bills for three months."""

TOLERANCE = timedelta(minutes=10)
"""What happened so shortly before midnight may stand in the bill of the next day."""

MOST_TRIES = 8
MOST_DIFFERENCES = 5_000
"""More of one day are not differences but a wrong account or a broken import: the day fails, and nothing is posted."""

BillKind = Literal["trade", "funds", "sharing"]
DayState = Literal["waiting", "matched", "failed"]
Kind = Literal["missing_here", "missing_there", "amount", "state", "fee", "twice", "unknown_move", "balance"]
Subject = Literal["payment", "refund", "share", "share_return", "unfreeze", "move", "day"]
SharingKind = Literal["share", "share_return", "unfreeze"]
State = Literal["waiting", "open", "resolved"]
Resolution = Literal["agrees", "appeared", "posted", "accepted"]
Action = Literal["look_up", "sync", "post", "accept", "wait"]
"""What a difference suggests: ask WeChat and settle, ask about the refund, post to `differences`, see and accept."""

KINDS: tuple[Kind, ...] = get_args(Kind)
SHARING_KINDS: tuple[SharingKind, ...] = get_args(SharingKind)
TRANSITIONS: dict[State, frozenset[State]] = {
    "waiting": frozenset({"open", "resolved"}),
    "open": frozenset({"resolved"}),
    "resolved": frozenset(),
}

MoveKind = Literal["payment", "fee", "refund", "sharing", "withdrawal", "top_up", "other"]
_MOVES: dict[str, MoveKind] = {
    "交易": "payment",
    "退款": "refund",
    "退款退回": "refund",
    "扣除交易手续费": "fee",
    "分账": "sharing",
    "分账解冻": "sharing",
    "分账回退": "sharing",
    "提现": "withdrawal",
    "充值": "top_up",
}
_SHARINGS: dict[str, SharingKind] = {
    "分账": "share",
    "分账回退": "share_return",
    "解冻": "unfreeze",
    "分账解冻": "unfreeze",
}
_RATE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,4}))?%")


def start_of(day: date) -> datetime:
    """When a day of China's begins, in UTC."""
    return datetime.combine(day, time(), CHINA).astimezone(UTC)


def end_of(day: date) -> datetime:
    """When it ends."""
    return start_of(day + timedelta(days=1))


def ready_at(day: date) -> datetime:
    """From when on its bills are to be had."""
    return datetime.combine(day + timedelta(days=1), READY_AT, CHINA).astimezone(UTC)


def day_of(at: datetime) -> date:
    """The day of China's at a moment."""
    return at.astimezone(CHINA).date()


def pause(tries: int, *, creating: bool) -> timedelta:
    """How long until the bills are asked for again: WeChat says that it is writing them, or something failed."""
    return timedelta(minutes=10) if creating else min(timedelta(minutes=2) * 2 ** min(tries, 10), timedelta(hours=4))


def move_kind(business_type: str) -> MoveKind:
    """What a row of the fund bill is."""
    return _MOVES.get(business_type, "other")


def sharing_kind(business_type: str) -> SharingKind | None:
    """What a row of the profit-sharing bill is; None: nothing that is asked for by number."""
    return _SHARINGS.get(business_type)


def sharing_number(kind: SharingKind, out_no: str, receiver: str) -> str:
    """What names it: a number of ours may share with several receivers."""
    return f"{out_no}/{receiver}" if kind == "share" else out_no


@lru_cache(1000)
def rate_ppm(text: str) -> int | None:
    """A rate of a bill (`0.60%`) in millionths: 6000. None for what is no rate."""
    found = _RATE.fullmatch(text)
    return None if found is None else int(found[1]) * 10_000 + int((found[2] or "").ljust(4, "0"))


def fee_of(amount_fen: int, ppm: int) -> int:
    """WeChat's fee: half a fen is rounded up."""
    return (amount_fen * ppm + 500_000) // 1_000_000


def fee_agrees(kind: str, settled_fen: int, refund_fen: int, fee_fen: int, ppm: int | None) -> bool:
    """Whether a fee follows from its rate: a payment's to the fen; a refund's part of it to one fen, since parts of
    a fee add up to the fee and are rounded each."""
    if ppm is None:
        return True
    if kind == "payment":
        return fee_fen == fee_of(settled_fen, ppm)
    return abs(fee_fen + fee_of(refund_fen, ppm)) <= 1


def suggest(kind: Kind, subject: Subject, *, known: bool) -> Action:
    """What to do about a difference. `known`: something here bears its number.

    Shares are not asked about: settlement's own job does, until they end, and what it records resolves by rule.
    """
    if subject in SHARING_KINDS:
        if kind in ("state", "missing_there"):
            return "wait"
        return "accept" if subject == "unfreeze" else "post"
    if kind == "missing_here":
        if subject == "refund":
            return "post"
        return "look_up" if known else "post"
    if kind == "state":
        return "sync" if subject == "refund" else "look_up"
    if kind == "missing_there":
        return "look_up" if subject == "payment" else "sync"
    if kind in ("amount", "twice", "unknown_move"):
        return "post"
    return "accept"


def may(action: Action, kind: Kind, subject: Subject, book_fen: int, *, known: bool) -> bool:
    """Whether an action fits a difference: whoever asks for another is refused."""
    if action == "accept":
        return True
    if action == "post":
        return book_fen != 0
    if action == "look_up":
        return subject == "payment" and known
    return action == "sync" and subject == "refund" and known


def unexplained(book_change: int, bill_change: int, explained: Mapping[str, int]) -> int:
    """What remains between the book's change of a day and the fund bill's: zero in the end."""
    return book_change - bill_change - sum(explained.values())
