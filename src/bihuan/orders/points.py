"""Points that pay for a part of an order: an adjustment over its lines, and a hold on the card until it is paid.

The rules of points, and the card, are membership's; an order knows how many it wants and what they are worth.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from bihuan import membership
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Problem
from bihuan.kernel.ids import MerchantId, OrderId, ShopperId
from bihuan.kernel.money import split
from bihuan.membership import PointsQuote, PointsSettings, PointsShort, Wish
from bihuan.orders import placement_db
from bihuan.orders.db import OrderRow
from bihuan.orders.errors import PointsNotUsable
from bihuan.orders.placement_db import Draft
from bihuan.orders.schemas import Adjustment, PricedLine, Quote

SOURCE = "membership"


def with_points(quote: Quote, points: PointsQuote) -> Quote:
    """A quote with what points pay, spread over its lines in proportion to what they cost."""
    if points.used_fen == 0:
        return msgspec.structs.replace(quote, points=points)
    shares = split(points.used_fen, [line.total_fen for line in quote.lines])
    label = f"积分抵扣（{points.used} 积分）"
    return msgspec.structs.replace(
        quote,
        lines=[_less(line, share) for line, share in zip(quote.lines, shares, strict=True)],
        discount_fen=quote.discount_fen + points.used_fen,
        adjustments=[*quote.adjustments, Adjustment("points", SOURCE, label, -points.used_fen)],
        total_fen=quote.total_fen - points.used_fen,
        points=points,
    )


def _less(line: PricedLine, share: int) -> PricedLine:
    if share == 0:
        return line
    paid = Adjustment("points", SOURCE, "积分抵扣", -share)
    return msgspec.structs.replace(line, adjustments=[*line.adjustments, paid], total_fen=line.total_fen - share)


async def offer(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, quote: Quote, wanted: int | bool) -> Quote:
    """A quote that says what the shopper's points can do, and does what she wants of it; as it is where the
    merchant's points do not pay."""
    settings = await membership.get_settings(tx, merchant_id)
    if not settings.redeem:
        return quote
    available = (await membership.spendable(tx, merchant_id, [shopper_id], settings=settings))[shopper_id]
    return with_points(quote, _quote(settings, available, quote, wanted))


def agreed(quote: Quote, settings: PointsSettings | None, points: int) -> Quote:
    """A quote with the points that the shopper agreed to. Raises PointsNotUsable unless just so many may be used.

    Whether her card has them is asked when they are held.
    """
    found = _quote(settings, points, quote, points) if settings and settings.redeem else None
    if found is None or found.used != points:
        raise PointsNotUsable(most=found.used if found else 0)
    return with_points(quote, found)


def _quote(settings: PointsSettings, available: int, quote: Quote, wanted: int | bool) -> PointsQuote:
    goods = quote.goods_fen - quote.discount_fen
    return membership.quote_points(settings, available, wanted, goods_fen=goods, total_fen=quote.total_fen)


async def refuse_short(tx: Tx, merchant_id: MerchantId, drafts: Mapping[int, Draft]) -> dict[int, Problem]:
    """Locks the cards of a batch and refuses, by position, whoever wants more points than are left for her.

    An order that was placed before under its key holds its points already and is not asked again.
    """
    if not drafts:
        return {}
    left = await membership.spendable(tx, merchant_id, list({d.shopper_id for d in drafts.values()}), lock=True)
    asked: dict[UUID, tuple[ShopperId, str]] = {d.view.order_id: (d.shopper_id, d.key) for d in drafts.values()}
    repeats = await placement_db.find_placed(tx, merchant_id, asked)
    refused: dict[int, Problem] = {}
    for place, draft in sorted(drafts.items()):
        if draft.view.order_id in repeats:
            continue
        if left[draft.shopper_id] < draft.points:
            refused[place] = PointsShort(available=left[draft.shopper_id])
        else:
            left[draft.shopper_id] -= draft.points
    return refused


async def hold(tx: Tx, merchant_id: MerchantId, placed: Sequence[Draft]) -> None:
    """Sets aside the points of orders that were placed. Raises PointsShort."""
    wishes = [
        Wish(
            reference_id=draft.view.order_id,
            shopper_id=draft.shopper_id,
            points=draft.points,
            worth_fen=worth_of(draft.view.adjustments),
        )
        for draft in placed
        if draft.points
    ]
    if wishes:
        await membership.hold(tx, merchant_id, wishes)


def worth_of(adjustments: Iterable[Adjustment]) -> int:
    """What points pay of an order or of a line, in fen."""
    return -sum(one.amount_fen for one in adjustments if one.kind == "points")


def paid_with(orders: Iterable[OrderRow]) -> list[OrderId]:
    """Those of the orders that points pay a part of."""
    return [order.order_id for order in orders if worth_of(order.adjustments)]
