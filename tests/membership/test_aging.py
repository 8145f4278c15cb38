"""Points that go again: with a refund, and with age, the oldest first."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from bihuan.facts.payments import RefundSettled
from bihuan.kernel import verification
from bihuan.kernel.events import emit
from bihuan.kernel.ids import OrderId, PaymentId, ShopperId, new_id
from bihuan.membership import CHECKS, PointsSettings, Wish, aging, db, hold, redeem, rules, save_settings
from bihuan.membership.db import Entry
from tests.membership.test_cards import Desk
from tests.membership.test_cards import desk as desk


async def refund(desk: Desk, shopper_id: ShopperId, order_id: OrderId, amount_fen: int, decision: UUID) -> None:
    async with desk.rt.db.transaction() as tx:
        fact = RefundSettled(
            merchant_id=desk.merchant.merchant_id,
            occurred_at=tx.now,
            decision_id=decision,
            payment_id=PaymentId(new_id()),
            purpose="order",
            reference_id=order_id,
            shopper_id=shopper_id,
            amount_fen=amount_fen,
            cause="test",
            cause_id=decision,
        )
        await emit(tx, fact)
    await desk.deliver()


async def test_points_are_those_of_the_money_that_was_kept(desk: Desk) -> None:
    shopper_id, order_id = await desk.shopper(), OrderId(new_id())
    await desk.pay((shopper_id, 999_99), order_id=order_id)
    await desk.pay((shopper_id, 1_00))
    assert (await desk.get(shopper_id)).json()["level"]["code"] == "silver"
    seen: list[int] = []
    for amount in (50, 99_49, 500_00, 400_00):
        await refund(desk, shopper_id, order_id, amount, new_id())
        seen.append((await desk.get(shopper_id)).json()["points"])
    assert seen == [1000, 901, 401, 1]
    card = (await desk.get(shopper_id)).json()
    assert (card["growth"], card["level"]["code"]) == (1, "normal")
    entries = (await desk.get(shopper_id, "/points")).json()["items"]
    assert [e["source"] for e in entries][:3] == ["refund", "refund", "refund"]


async def test_a_refund_takes_no_more_than_is_there(desk: Desk) -> None:
    shopper_id, order_id = await desk.shopper(), OrderId(new_id())
    await desk.pay((shopper_id, 100_00), order_id=order_id)
    await refund(desk, shopper_id, order_id, 100_00, new_id())
    await refund(desk, shopper_id, order_id, 100_00, new_id())
    assert (await desk.get(shopper_id)).json()["points"] == 0


async def test_the_oldest_points_go_first_and_only_what_is_too_old(desk: Desk) -> None:
    """Against cards that keep every point with its day."""
    chance, merchant_id = random.Random(7), desk.merchant.merchant_id
    now = datetime.now(UTC)
    expected: dict[ShopperId, int] = {}
    for _ in range(25):
        shopper_id = await desk.shopper()
        await desk.pay((shopper_id, 1_00))
        lots: list[tuple[int, int]] = []  # (days ago, points), the oldest first
        async with desk.rt.db.transaction() as tx:
            card = (await db.members_of(tx, merchant_id, [shopper_id]))[shopper_id]
            for days in sorted((chance.randrange(2, 800) for _ in range(chance.randrange(8))), reverse=True):
                points = chance.randrange(1, 90)
                if chance.random() < 0.35 and lots:
                    points = -min(points, sum(left for _, left in lots))
                    gone = -points
                    while gone:
                        day, left = lots.pop(0)
                        gone, rest = max(gone - left, 0), max(left - gone, 0)
                        if rest:
                            lots.insert(0, (day, rest))
                else:
                    lots.append((days, points))
                if points > 0:
                    entry = Entry(
                        member_id=card.member_id,
                        points=points,
                        growth=0,
                        source="test",
                        source_id=new_id(),
                        occurred_at=now - timedelta(days=days),
                    )
                    await db.add_entries(tx, merchant_id, [entry])
                elif points < 0:
                    order_id = new_id()
                    wish = Wish(reference_id=order_id, shopper_id=shopper_id, points=-points, worth_fen=1)
                    await hold(tx, merchant_id, [wish])
                    await redeem(tx, merchant_id, [order_id])
        expected[shopper_id] = 1 + sum(left for day, left in lots if day < 365)
    async with desk.rt.db.transaction() as tx:
        await save_settings(tx, merchant_id, PointsSettings(12))
    for _ in range(2):
        await aging.expire(desk.rt)
    async with desk.rt.db.session() as tx:
        cards = await db.members_of(tx, merchant_id, list(expected))
    assert {shopper_id: card.points for shopper_id, card in cards.items()} == expected
    async with desk.rt.db.session() as tx:
        for finding in await verification.run(tx, CHECKS):
            assert not set(finding.offenders) & {str(card.member_id) for card in cards.values()}, finding


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year > 20), st.integers(1, 120))
@example(datetime(2028, 3, 31, tzinfo=UTC), 1)
def test_months_are_those_of_the_calendar(now: datetime, months: int) -> None:
    before = rules.months_before(now, months)
    assert (now.year * 12 + now.month) - (before.year * 12 + before.month) == months
    assert before.day == now.day or (before.day < now.day and (before + timedelta(days=1)).day == 1)
