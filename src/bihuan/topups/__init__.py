"""Top-ups: money that a shopper stores with a merchant, with the gift it brings; and taking it back.

A top-up is paid like anything else (`payments`), and its settler puts principal and gift into the wallet in the
same transaction. It goes back the way it came: principal only, with its share of the gift taken back first.
Invariants: a paid top-up is in its wallet and in the book; what is taken back is never more than was paid.
"""

from bihuan.topups.checks import CHECKS
from bihuan.topups.db import TopUp, find
from bihuan.topups.service import order, settle

__all__ = ["CHECKS", "TopUp", "find", "order", "settle"]
