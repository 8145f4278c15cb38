"""Pure decisions of membership: numbers, points, levels."""

import calendar
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NewType
from uuid import UUID

import msgspec
from msgspec import Meta

LotId = NewType("LotId", UUID)
"""Names a lot of points: the entry that brought them."""


class Level(msgspec.Struct, frozen=True):
    """A level, the growth from which on it is reached, and what it brings, in words for the card."""

    code: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,19}$(?!\n)")]
    name: Annotated[str, Meta(min_length=1, max_length=20, pattern=r"\S")]
    growth: Annotated[int, Meta(ge=0, le=10**12)]
    benefits: Annotated[str, Meta(max_length=300)] = ""


DEFAULT_LEVELS = (
    Level("normal", "普通会员", 0),
    Level("silver", "银卡会员", 500),
    Level("gold", "金卡会员", 2_000),
    Level("black", "黑金会员", 10_000),
)


def growth_for(paid_fen: int) -> int:
    """Growth for an amount paid: one per whole yuan."""
    return max(paid_fen, 0) // 100


def points_for(paid_fen: int, earn_per_yuan: int = 1) -> int:
    """Points for an amount paid, rounded down."""
    return max(paid_fen, 0) * earn_per_yuan // 100


def worth_of(points: int, points_per_yuan: int) -> int:
    """What points are worth, in fen; exact for whole steps."""
    return points * 100 // points_per_yuan


def most_usable(
    available: int, goods_fen: int, total_fen: int, *, points_per_yuan: int, step: int, most_percent: int
) -> int:
    """The most points that may pay for an order: what is there, up to a share of the goods, in whole steps.

    At least 1 fen of the total stays to be paid: no payment is of nothing.
    """
    cap_fen = min(max(goods_fen, 0) * most_percent // 100, total_fen - 1)
    return max(0, min(available, cap_fen * points_per_yuan // 100)) // step * step


def take_in_order(lots: Sequence[tuple[LotId, int]], points: int) -> list[tuple[LotId, int]]:
    """From which lots `points` come when each is emptied before the next: at most what is there."""
    taken: list[tuple[LotId, int]] = []
    for lot_id, there in lots:
        part = min(there, points)
        if part > 0:
            taken.append((lot_id, part))
            points -= part
    return taken


def to_return(points: int, worth_fen: int, returned_fen: int) -> int:
    """How many of the points that paid `worth_fen` are back when so much of it is; all of it brings back all."""
    return points * returned_fen // worth_fen


def months_after(at: datetime, months: int) -> datetime:
    """The same day `months` later, or the last day of that month."""
    return months_before(at, -months)


def months_before(now: datetime, months: int) -> datetime:
    """The same day `months` earlier, or the last day of that month."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return now.replace(year=year, month=month + 1, day=min(now.day, last))


def level_for(levels: Sequence[Level], growth: int) -> Level:
    """The highest level that `growth` reaches. `levels` ascend and begin at 0."""
    return [level for level in levels if level.growth <= growth][-1]


def next_level(levels: Sequence[Level], growth: int) -> Level | None:
    """The level after that; None on the highest."""
    return next((level for level in levels if level.growth > growth), None)


def levels_problem(levels: Sequence[Level]) -> str | None:
    """Why these cannot be a merchant's levels; None when they can."""
    if not 1 <= len(levels) <= 10:
        return "1-10"
    if len({level.code for level in levels}) != len(levels):
        return "code"
    growths = [level.growth for level in levels]
    if growths[0] != 0 or growths != sorted(set(growths)):
        return "growth"
    return None


def card_number(sequence: int) -> str:
    """The number of a merchant's n-th card: M, nine digits that do not tell n, and a Luhn check digit.

    One-to-one below a thousand million: the factor has no divisor in common with it.
    """
    body = f"{(sequence * 387_420_489 + 271_828_183) % 10**9:09d}"
    return f"M{body}{luhn(body)}"


def luhn(digits: str) -> int:
    """The check digit of ISO/IEC 7812 to be appended to `digits`."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def is_card_number(number: str) -> bool:
    """Whether a number was typed without a slip."""
    digits = number[1:]
    return number[:1] == "M" and len(digits) == 10 and digits.isdecimal() and luhn(digits[:9]) == int(digits[9])
