"""Attribution: how shoppers meet a merchant, and whom an order is owed to.

A touchpoint is a moment at which a shopper met the merchant: a code scanned, an account followed, a page
opened by a label's link or by a friend's share. `resolve` decides, for a batch of shoppers in one query,
which store, counter, member of staff and sharer an order goes to; the caller freezes the answer with the
touchpoints that made it.

Invariants: touchpoints are never changed; nobody is her own sharer; a follower's home store is that of her
first follow that had one.
"""

from .checks import CHECKS
from .db import list_journey, list_touchpoints
from .rules import PLACE_WINDOW, SHARE_WINDOW, Attribution, Home, Touch, decide
from .service import NewTouch, record, resolve

__all__ = [
    "CHECKS",
    "PLACE_WINDOW",
    "SHARE_WINDOW",
    "Attribution",
    "Home",
    "NewTouch",
    "Touch",
    "decide",
    "list_journey",
    "list_touchpoints",
    "record",
    "resolve",
]
