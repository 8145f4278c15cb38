"""Pure decisions of after-sale: what each piece cost, what may be asked for, states, times. No I/O.

**The rule of amounts.** Discounts and the freight of an order are shared by its lines in proportion to what the
lines cost, to the fen (largest remainder); a line's share is divided among its pieces so that the first n pieces
together bear the n-th part of it rounded down. So each piece has one price for good: any sequence of partial
refunds gives back the sum of the prices of its pieces, and all pieces together exactly what was paid.

**The rule of freight.** A piece's freight goes back with it when the piece was never sent, or when the reason is
the merchant's fault; otherwise the freight was earned and stays.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from bihuan.kernel.ids import LineId
from bihuan.kernel.money import split

Kind = Literal["refund", "return", "exchange"]
State = Literal["applied", "agreed", "returning", "received", "refunding", "completed", "rejected", "withdrawn"]

TRANSITIONS: Final[Mapping[str, frozenset[str]]] = {
    "applied": frozenset({"agreed", "refunding", "completed", "rejected", "withdrawn"}),
    "agreed": frozenset({"returning", "withdrawn"}),
    "returning": frozenset({"received", "refunding", "completed", "rejected"}),
    "received": frozenset({"refunding", "completed", "rejected"}),
    "refunding": frozenset({"completed"}),
    "completed": frozenset(),
    "rejected": frozenset({"applied", "agreed", "refunding"}),  # a dispute opens it again
    "withdrawn": frozenset(),
}
OPEN: Final = ("applied", "agreed", "returning", "received", "refunding")
ENDED: Final = ("completed", "rejected", "withdrawn")

MOST_PICTURES: Final = 9
MOST_UPLOADS_A_DAY: Final = 40
DISPUTE_DAYS: Final = 15
"""For so long after a refusal a shopper may call the platform."""


class Reason(msgspec.Struct, frozen=True):
    """Why something goes back. `fault`: whose; the merchant's gives the freight back too."""

    code: str
    kinds: tuple[Kind, ...]
    fault: Literal["merchant", "shopper"]
    zh: str
    en: str


REASONS: Final[Mapping[str, Reason]] = {
    reason.code: reason
    for reason in (
        Reason("changed_mind", ("refund", "return"), "shopper", "不想要了", "Changed my mind"),
        Reason("wrong_order", ("refund", "return"), "shopper", "拍错、多拍", "Ordered by mistake"),
        Reason("late_delivery", ("refund",), "merchant", "未按时发货", "Not sent in time"),
        Reason("not_received", ("refund",), "merchant", "未收到货", "Never arrived"),
        Reason("missing", ("refund",), "merchant", "少件、漏发", "Something is missing"),
        Reason("quality", ("refund", "return", "exchange"), "merchant", "质量问题", "Poor quality"),
        Reason("damaged", ("refund", "return", "exchange"), "merchant", "商品破损", "Damaged"),
        Reason("wrong_item", ("refund", "return", "exchange"), "merchant", "发错货", "Not what was ordered"),
        Reason("not_as_described", ("refund", "return", "exchange"), "merchant", "与描述不符", "Not as described"),
        Reason("size", ("return", "exchange"), "shopper", "尺码、规格不合适", "Does not fit"),
        Reason("negotiated", ("refund", "return", "exchange"), "shopper", "与商家协商一致", "Agreed with the shop"),
        Reason("other", ("refund", "return", "exchange"), "shopper", "其他", "Something else"),
    )
}


class PricedPiece(msgspec.Struct, frozen=True):
    """One piece of a line: `amount_fen` what it cost without freight, `freight_fen` its part of the freight,
    `points_fen` what of its price was paid with points (not in `amount_fen`)."""

    piece: int
    amount_fen: int
    freight_fen: int
    points_fen: int = 0


class OrderedLine(msgspec.Struct, frozen=True):
    """A line as its order was paid; `points_fen` of its price was paid with points and is not in `total_fen`."""

    line_id: LineId
    quantity: int
    total_fen: int
    points_fen: int = 0


def price_pieces(lines: Sequence[OrderedLine], *, paid_fen: int, freight_fen: int) -> dict[LineId, list[PricedPiece]]:
    """What each piece of an order cost, in order of the lines.

    The pieces' amounts and freights of all lines add up to `paid_fen`. Raises ValueError for amounts that no
    order has: freight above what was paid goes onto the goods' side as a discount of the freight.
    """
    if paid_fen < 0 or freight_fen < 0 or any(line.points_fen < 0 for line in lines):
        raise ValueError("an order's amounts are not below zero")
    freight = min(freight_fen, paid_fen)  # what was discounted beyond the goods was discounted off the freight
    weights = [line.total_fen if sum(one.total_fen for one in lines) else line.quantity for line in lines]
    goods_shares = split(paid_fen - freight, weights)
    prices = [line.total_fen + line.points_fen for line in lines]
    freight_shares = split(freight, prices if sum(prices) else [line.quantity for line in lines])
    return {
        line.line_id: [
            PricedPiece(
                piece,
                _part(goods, piece, line.quantity),
                _part(freights, piece, line.quantity),
                _part(line.points_fen, piece, line.quantity),
            )
            for piece in range(line.quantity)
        ]
        for line, goods, freights in zip(lines, goods_shares, freight_shares, strict=True)
    }


def _part(total: int, piece: int, pieces: int) -> int:
    """What the `piece`-th of `pieces` bears, so that the first n bear total * n / pieces rounded down."""
    return total * (piece + 1) // pieces - total * piece // pieces


def freight_returns(reason: str, *, sent: bool) -> bool:
    """Whether a piece's freight goes back with it."""
    return not sent or REASONS[reason].fault == "merchant"


def most_of(pieces: Sequence[PricedPiece], reason: str, *, sent: bool) -> int:
    """The most that goes back for pieces."""
    freight = freight_returns(reason, sent=sent)
    return sum(p.amount_fen + (p.freight_fen if freight else 0) for p in pieces)


def share_of_agreed(agreed_fen: int, most_fen: int, part_fen: int) -> int:
    """What of an agreed amount goes back when only goods worth `part_fen` of `most_fen` came back; rounded down."""
    if not 0 <= part_fen <= most_fen:
        raise ValueError("a part is no more than the whole")
    return agreed_fen if part_fen == most_fen else agreed_fen * part_fen // most_fen


def points_back(points_fen: int, part_fen: int, amount_fen: int) -> int:
    """What of `points_fen` comes back with an amount for goods worth `part_fen`: with less than that, its part."""
    return share_of_agreed(points_fen, part_fen, min(amount_fen, part_fen)) if part_fen else points_fen


def spread(amount_fen: int, shares: Sequence[int]) -> list[int]:
    """An agreed amount over the lines of a case, in proportion to what they cost; conserves every fen."""
    return [int(part) for part in split(amount_fen, shares)]


class Terms(msgspec.Struct, frozen=True):
    """A merchant's terms."""

    apply_days: int = 15
    agree_hours: int = 48
    answer_hours: int = 72
    send_hours: int = 168
    receive_hours: int = 240


def may_apply(kind: Kind, order_state: str, completed_at: datetime | None, now: datetime, terms: Terms) -> bool:
    """Whether an order can have a case of this kind now."""
    if order_state in ("unpaid", "cancelled"):
        return False
    if order_state == "completed":
        return completed_at is not None and now <= completed_at + timedelta(days=terms.apply_days)
    return kind == "refund" or order_state in ("partially_delivered", "delivered")


def due_after(step: str, now: datetime, terms: Terms) -> datetime:
    """When the time of whom a case waits for is over, after it came to `step`."""
    hours = {
        "applied": terms.agree_hours,
        "proposed": terms.answer_hours,
        "agreed": terms.send_hours,
        "returning": terms.receive_hours,
    }[step]
    return now + timedelta(hours=hours)
