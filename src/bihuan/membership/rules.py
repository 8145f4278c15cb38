"""Pure decisions of membership: numbers, points, levels."""

import calendar
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta


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


def points_for(paid_fen: int) -> int:
    """Points, and growth, for an amount paid: one per whole yuan."""
    return max(paid_fen, 0) // 100


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
