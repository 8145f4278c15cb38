"""What people were told, kept on their side: whatever answered 2xx must be found afterwards."""

import msgspec


class Placed(msgspec.Struct, frozen=True):
    """An order that was said to be placed."""

    merchant: str
    order_id: str
    total_fen: int


class Promises:
    """The journal of all actors of a run."""

    def __init__(self) -> None:
        self.sent: set[str] = set()
        """Every Idempotency-Key under which an order was sent."""
        self.placed: dict[str, Placed] = {}
        """Key -> what was said to be placed."""
        self.refused: dict[str, str] = {}
        """Key -> the code with which it was said that nothing is placed."""
        self.taken: dict[str, str] = {}
        """transaction_id that a phone showed as paid -> the order it was for."""
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

        self.topped_up: dict[str, int] = {}
        """Top-ups that were shown as paid, with their principal."""
        self.ended_cases: dict[str, str] = {}
        """After-sale cases that were said to be completed or withdrawn."""

    @property
    def count(self) -> int:
        """How many promises there are to keep."""
        kinds = (self.placed, self.refused, self.taken, self.shown_paid, self.cancelled, self.shipped)
        return sum(map(len, (*kinds, self.received, self.stocked, self.topped_up, self.ended_cases)))
