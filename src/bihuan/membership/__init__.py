"""Membership: a payment opens the card; payments bring points and growth, growth brings levels.

Invariants: a shopper has one card per merchant; points and growth are the sums of their entries, which are
only added; each paid order brings points once.
"""

from .checks import CHECKS
from .db import Member, find_by_number, find_member, members_of
from .rules import DEFAULT_LEVELS, Level

__all__ = ["CHECKS", "DEFAULT_LEVELS", "Level", "Member", "find_by_number", "find_member", "members_of"]
