"""Opening a case: what an order can still have, what it would bring back, and the application itself."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from bihuan import orders
from bihuan.aftersale import db, db_lists, exchanges, pictures, rules, steps, story
from bihuan.aftersale.db import CaseLine, CaseRow, ClaimedPiece
from bihuan.aftersale.errors import (
    AmountNotAcceptable,
    ExchangeNotFitting,
    LinesNotFitting,
    NotApplicable,
    ReasonNotFitting,
)
from bihuan.aftersale.rules import Kind, OrderedLine, PricedPiece, Terms
from bihuan.aftersale.schemas import AppliedLine, ApplyInput, GiveInput, WishInput, WishView
from bihuan.aftersale.story import By
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LineId, MerchantId, OrderId, ShopperId, SkuId, new_id
from bihuan.orders import LineRow, OrderRow, TooManyPieces

_CHINA = ZoneInfo("Asia/Shanghai")
_EVER_DAYS = 36_500
_KINDS: tuple[Kind, ...] = ("refund", "return", "exchange")


class Left(msgspec.Struct, frozen=True):
    """What is left to ask for of a line: pieces that were not sent, pieces that were, and which are free."""

    line: LineRow
    unsent: int
    sent: int
    free: list[int]


class Wished(msgspec.Struct, frozen=True):
    """A wish that can be granted: its lines with the pieces that it would claim."""

    order: OrderRow
    terms: Terms
    lines: list[CaseLine]
    most_fen: int
    freight_fen: int
    freight_returns: bool
    points_fen: int


def left_of(lines: Sequence[LineRow], claimed: Sequence[ClaimedPiece]) -> dict[LineId, Left]:
    """What of each line no case claims. Unsent pieces that are claimed are the cancelled and the held-back ones.

    What was taken back elsewhere (over a counter) is refunded without a case, and is not to be had again.
    """
    taken: dict[LineId, set[int]] = {}
    decided: Counter[LineId] = Counter()
    for one in claimed:
        if one.case_id is not None:
            taken.setdefault(one.line_id, set()).add(one.piece)
            decided[one.line_id] += one.decided
    found: dict[LineId, Left] = {}
    for line in lines:
        free = [piece for piece in range(line.quantity) if piece not in taken.get(line.line_id, set())]
        free = free[max(0, line.refunded_quantity - decided[line.line_id]) :]
        unsent = min(line.to_send, len(free))
        found[line.line_id] = Left(line, unsent, len(free) - unsent, free)
    return found


def price_order(order: OrderRow, lines: Sequence[LineRow]) -> dict[LineId, list[PricedPiece]]:
    """What each piece of an order cost."""
    return rules.price_pieces(
        [
            OrderedLine(
                line.line_id,
                line.quantity,
                line.total_fen,
                -sum(a.amount_fen for a in line.adjustments if a.kind == "points"),
            )
            for line in lines
        ],
        paid_fen=order.paid_fen,
        freight_fen=order.freight_fen,
    )


def kinds_for(order: OrderRow, now: Any, terms: Terms, *, sent: bool) -> list[Kind]:
    """The kinds of case that an order can have now, about goods that were sent or were not."""
    kinds = _KINDS if sent else ("refund",)
    return [kind for kind in kinds if rules.may_apply(kind, order.state, order.completed_at, now, terms)]


async def weigh(tx: Tx, merchant_id: MerchantId, order: OrderRow, wish: WishInput, by: By = story.SHOPPER) -> Wished:
    """Looks at a wish; the merchant's own knows no end of the time to apply.

    Raises NotApplicable, ReasonNotFitting, LinesNotFitting, TooManyPieces, ExchangeNotFitting.
    """
    terms: Terms = await db_lists.find_settings(tx, merchant_id)
    if by.actor == "merchant":
        terms = msgspec.structs.replace(terms, apply_days=_EVER_DAYS)
    if wish.kind not in kinds_for(order, tx.now, terms, sent=wish.received_goods):
        raise NotApplicable(days=terms.apply_days, state=order.state)
    reason = rules.REASONS.get(wish.reason)
    if reason is None or wish.kind not in reason.kinds:
        raise ReasonNotFitting
    rows = await orders.list_lines(tx, merchant_id, [order.order_id])
    left = left_of(rows, await db.list_pieces(tx, merchant_id, order.order_id))
    if len({line.line_id for line in wish.lines}) != len(wish.lines) or any(w.line_id not in left for w in wish.lines):
        raise LinesNotFitting
    can = {w.line_id: left[w.line_id].sent if wish.received_goods else left[w.line_id].unsent for w in wish.lines}
    if any(can[w.line_id] < w.quantity for w in wish.lines):
        raise TooManyPieces(left={str(line_id): count for line_id, count in can.items()})
    wanted = {w.line_id: w.exchange_sku_id for w in wish.lines if w.exchange_sku_id is not None}
    if wanted and wish.kind != "exchange":
        raise ExchangeNotFitting
    titles = await exchanges.check(tx, merchant_id, wanted, {w.line_id: left[w.line_id].line for w in wish.lines})
    prices = price_order(order, rows)
    lines = [_line(w, left[w.line_id], prices[w.line_id], titles) for w in wish.lines]
    pieces = [piece for line in lines for piece in line.pieces]
    most = rules.most_of(pieces, wish.reason, sent=wish.received_goods)
    returns = rules.freight_returns(wish.reason, sent=wish.received_goods)
    freight = sum(piece.freight_fen for piece in pieces) if returns else 0
    return Wished(order, terms, lines, most, freight, returns, sum(piece.points_fen for piece in pieces))


def _line(wish: AppliedLine, left: Left, prices: Sequence[PricedPiece], titles: Mapping[SkuId, str]) -> CaseLine:
    line = left.line
    return CaseLine(
        case_id=UUID(int=0),
        line_id=line.line_id,
        product_id=line.product_id,
        sku_id=line.sku_id,
        title=line.title,
        option_values=line.option_values,
        image_url=line.image_url,
        quantity=wish.quantity,
        pieces=[prices[piece] for piece in left.free[: wish.quantity]],
        received_quantity=None,
        sellable_quantity=None,
        exchange_sku_id=wish.exchange_sku_id,
        exchange_title=titles[wish.exchange_sku_id] if wish.exchange_sku_id else None,
        exchange_pool_id=None,
    )


async def quote(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId | None, wish: WishInput, by: By = story.SHOPPER
) -> WishView:
    """What a wish would bring back at most. The merchant's is about any shopper's order (`shopper_id` None)."""
    order = await orders.returns.find(tx, merchant_id, wish.order_id, shopper_id)
    wished = await weigh(tx, merchant_id, order, wish, by)
    if wish.kind == "exchange":
        return WishView(0, 0, 0, False, 0)
    goods = wished.most_fen - wished.freight_fen
    return WishView(wished.most_fen, goods, wished.freight_fen, wished.freight_returns, wished.points_fen)


async def apply(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, wish: ApplyInput) -> CaseRow:
    """Opens a case. Raises what `weigh` raises, AmountNotAcceptable, PicturesNotOwn."""
    await pictures.check_own(tx, merchant_id, shopper_id, wish.pictures)
    order = await orders.returns.lock(tx, merchant_id, OrderId(wish.order_id), shopper_id)
    case = await _open(tx, order, wish, story.SHOPPER)
    asked = case.asked_fen or None
    await story.tell(
        tx, case, "applied", story.SHOPPER, note=wish.explanation, pictures=wish.pictures, amount_fen=asked
    )
    return case


async def give(tx: Tx, merchant_id: MerchantId, order_id: OrderId, gift: GiveInput, by: By) -> CaseRow:
    """The merchant pays back of her own accord, without an application: a case that is agreed as it opens.

    Raises what `apply` and `steps.agree` raise.
    """
    order = await orders.returns.lock(tx, merchant_id, order_id)
    wish = ApplyInput(
        order_id=order_id,
        kind="refund",
        reason=gift.reason,
        received_goods=gift.received_goods,
        lines=gift.lines,
        explanation=gift.note,
        asked_fen=gift.amount_fen,
    )
    case = await _open(tx, order, wish, by)
    held = await story.hold(tx, merchant_id, case.case_id)
    return await steps.agree(tx, held, case.asked_fen, by, "given", note=gift.note)


async def _open(tx: Tx, order: OrderRow, wish: ApplyInput, by: By) -> CaseRow:
    merchant_id = order.merchant_id
    wished = await weigh(tx, merchant_id, order, wish, by)
    most = 0 if wish.kind == "exchange" else wished.most_fen
    asked = most if wish.asked_fen is None else wish.asked_fen
    if asked > most or (asked == 0 and most > 0):
        raise AmountNotAcceptable(most_fen=most)
    case = _case(tx, order, wish, most, asked, rules.due_after("applied", tx.now, wished.terms))
    lines = [msgspec.structs.replace(line, case_id=case.case_id) for line in wished.lines]
    await db.insert_case(tx, case, lines)
    await story.claim(tx, case, lines)
    await orders.returns.add_open_cases(tx, merchant_id, order.order_id, 1)
    return case


def _case(tx: Tx, order: OrderRow, wish: ApplyInput, most: int, asked: int, due_at: Any) -> CaseRow:
    today = tx.now.astimezone(_CHINA)
    return CaseRow(
        merchant_id=order.merchant_id,
        case_id=new_id(),
        case_no=f"S{today:%y%m%d}{secrets.randbelow(10**10):010d}",
        order_id=order.order_id,
        order_no=order.order_no,
        shopper_id=order.shopper_id,
        kind=wish.kind,
        state="applied",
        waiting_for="merchant",
        reason=wish.reason,
        explanation=wish.explanation,
        pictures=wish.pictures,
        received_goods=wish.received_goods,
        most_fen=most,
        asked_fen=asked,
        proposed_fen=None,
        agreed_fen=None,
        refuse_reason=None,
        return_address=None,
        return_company=None,
        return_no=None,
        exchange_company=None,
        exchange_no=None,
        dispute=None,
        dispute_at=None,
        due_at=due_at,
        created_at=tx.now,
        agreed_at=None,
        sent_at=None,
        received_at=None,
        decided_at=None,
        ended_at=None,
    )
