"""What people were told, kept on their side: whatever answered 2xx must be found afterwards."""

from collections import Counter
from typing import Any

import msgspec


class Placed(msgspec.Struct, frozen=True):
    """An order that was said to be placed."""

    merchant: str
    order_id: str
    total_fen: int


class Drawer(msgspec.Struct):
    """A shift at a till as its cashier knows it."""

    moved: Counter[tuple[str, int]] = msgspec.field(default_factory=Counter[tuple[str, int]])
    """What went in (+) and out (-), by kind."""
    counted_fen: int | None = None
    """What she counted when she closed it."""
    banked_fen: int = 0


class Promises:
    """The journal of all actors of a run. Of amounts: by whom or what they are for."""

    def __init__(self) -> None:
        self.sent: set[str] = set()
        """Every Idempotency-Key under which an order was sent."""
        self.placed: dict[str, Placed] = {}
        """Key -> what was said to be placed."""
        self.refused: dict[str, str] = {}
        """Key -> the code with which it was said that nothing is placed."""
        self.taken: dict[str, str] = {}
        """transaction_id that a phone showed as paid -> what it was for."""
        self.shown_paid: set[str] = set()
        """Orders that the mall showed as paid (or further)."""
        self.cancelled: set[str] = set()
        """Orders that were said to be cancelled."""
        self.shipped: dict[str, str] = {}
        """Tracking number -> the order that was said to be sent in it."""
        self.received: set[str] = set()
        """Orders that were said to be completed."""
        self.stocked: dict[str, int] = {}
        """Reason of a stock adjustment (one of a kind) -> the pieces it was said to add."""
        self.topped_up: dict[str, tuple[int, int]] = {}
        """Top-ups that were shown as paid -> their principal and gift."""
        self.ended_cases: dict[str, str] = {}
        """After-sale cases that were said to be completed or withdrawn."""
        self.sales: dict[str, tuple[str, int]] = {}
        """Sales at a till -> how they were said to have ended (paid, void), and their total."""
        self.open_sales: set[str] = set()
        """Sales that were left undecided: their cash may or may not be in the drawer."""
        self.given_back: Counter[str] = Counter()
        """Sales at a till -> what was given back over the counter."""
        self.drawers: dict[str, Drawer] = {}
        """Shifts."""
        self.topups_returned: Counter[str] = Counter()
        """Top-ups -> the principal that was taken back from the wallet."""
        self.payouts: dict[str, tuple[str, int]] = {}
        """The bank's reference -> the statement, and what was paid of it."""
        self.adjusted: dict[str, int] = {}
        """Reason of a settlement's adjustment (one of a kind) -> its amount."""
        self.closed: dict[str, tuple[Any, ...]] = {}
        """Closed statements -> what they were said to come to: closing balance, due, lines."""

    @property
    def count(self) -> int:
        """How many promises there are to keep."""
        drawers = sum(drawer.moved.total() + (drawer.counted_fen is not None) for drawer in self.drawers.values())
        kinds = (
            *(self.placed, self.refused, self.taken, self.shown_paid, self.cancelled, self.shipped, self.received),
            *(self.stocked, self.topped_up, self.ended_cases, self.sales, self.given_back, self.topups_returned),
            *(self.payouts, self.adjusted, self.closed),
        )
        return drawers + sum(map(len, kinds))
