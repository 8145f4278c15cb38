"""Membership: a payment opens the card; payments bring points and growth, growth brings levels; points pay again.

Invariants: a shopper has one card per merchant; points and growth are the sums of their entries, which are
only added; each paid order brings points once. Every point lies in a lot, in one place: available, held for something
that waits for its payment, redeemed, expired or taken back; the oldest are spent first, and no point twice. Points by
hand say who made them, and why.
"""

from .checks import CHECKS
from .db import Member, find_by_number, find_member, members_of
from .holds import (
    PointsQuote,
    PointsShort,
    Wish,
    hold,
    hold_again,
    lock,
    quote_points,
    redeem,
    release,
    return_worth,
    spendable,
)
from .rules import DEFAULT_LEVELS, Level
from .service import gift
from .terms import PointsSettings, get_settings, save_settings
from .totals import MemberOrder, PointsTotals, totals_of

__all__ = [
    "CHECKS",
    "DEFAULT_LEVELS",
    "Level",
    "Member",
    "MemberOrder",
    "PointsQuote",
    "PointsSettings",
    "PointsShort",
    "PointsTotals",
    "Wish",
    "find_by_number",
    "find_member",
    "get_settings",
    "gift",
    "hold",
    "hold_again",
    "lock",
    "members_of",
    "quote_points",
    "redeem",
    "release",
    "return_worth",
    "save_settings",
    "spendable",
    "totals_of",
]
