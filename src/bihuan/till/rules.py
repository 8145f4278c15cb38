"""Pure decisions of a till: parts of a payment, what pieces cost, what a drawer should hold. No I/O."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from bihuan.kernel.ids import LineId
from bihuan.kernel.money import split

PATIENCE: Final = timedelta(seconds=45)
"""So long a shopper may take to type her password; then the payment is undone."""

CODE_LIFE: Final = timedelta(seconds=70)
"""A payment code is good for a minute: what is not known by then at WeChat or Alipay never gets there."""

DECIDED_AFTER: Final = timedelta(seconds=80)
"""When the job takes up what a cashier, or a crash, left undecided."""

TIME_TO_PAY: Final = timedelta(seconds=120)
"""No payment is begun closer to the end of its order."""

BARCODE: Final = re.compile(r"[0-9A-Za-z-]{4,48}")
"""What a scanner may read from goods: EAN and UPC digits, Code 39 and Code 128 texts."""

MOST_PARKED: Final = 50
PARKED_LIFE: Final = timedelta(days=1)
"""A store's baskets that wait; older ones are nobody's any more."""


def change(cash_fen: int, tendered_fen: int) -> int:
    """What goes back over the counter; below zero: too little was handed over."""
    return tendered_fen - cash_fen


def paid_by_line(paid_fen: int, totals: Mapping[LineId, int]) -> dict[LineId, int]:
    """What was paid for each line: what was taken off the sale is shared in proportion to their prices."""
    if not totals:
        return {}
    shares = split(paid_fen, list(totals.values()))
    return dict(zip(totals, (int(share) for share in shares), strict=True))


def pieces_cost(total_fen: int, quantity: int, refunded: int, pieces: int) -> int:
    """What the next `pieces` of a line cost: the first n together bear n / quantity of it, rounded down.

    So any sequence of refunds gives back each piece's own price, and all of them the whole. Raises ValueError for
    more pieces than are left.
    """
    if pieces < 1 or refunded < 0 or refunded + pieces > quantity:
        raise ValueError(f"{pieces} of {quantity - refunded} pieces")
    return total_fen * (refunded + pieces) // quantity - total_fen * refunded // quantity


def expected(movements_fen: Iterable[int]) -> int:
    """What a drawer should hold."""
    return sum(movements_fen)


class Closing(msgspec.Struct, frozen=True):
    """A count against what should be there."""

    expected_fen: int
    counted_fen: int

    @property
    def difference_fen(self) -> int:
        """Above zero: too much is there."""
        return self.counted_fen - self.expected_fen


Step = Literal["wait", "undo", "never"]


def next_step(state: str, began_at: datetime, now: datetime, *, give_up: bool) -> Step:
    """What to do about a payment code that WeChat or Alipay calls undecided or unknown.

    `give_up`: the cashier wants it over. An unknown one may still be on its way until its code has died.
    """
    if state == "unknown":
        return "never" if now >= began_at + CODE_LIFE else "wait"
    return "undo" if give_up or now >= began_at + PATIENCE else "wait"
