"""Points are spent the oldest first and no point twice, whatever happens in whatever order."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan import membership, merchants
from bihuan.facts.membership import PointsExpiring
from bihuan.kernel import verification
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, ShopperId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.membership import (
    CHECKS,
    PointsSettings,
    PointsShort,
    Wish,
    aging,
    db,
    hold,
    hold_again,
    quote_points,
    redeem,
    release,
    return_worth,
    rules,
    save_settings,
    service,
)
from bihuan.membership.db import Entry
from bihuan.membership.rules import LotId
from tests.membership.test_cards import Desk
from tests.membership.test_cards import desk as desk
from tests.orders.cards import found_after

Lots = st.lists(st.integers(0, 500), max_size=8)


@given(Lots, st.integers(0, 2_000))
def test_a_lot_is_empty_before_the_next_is_touched(there: list[int], points: int) -> None:
    lots = [(LotId(new_id()), count) for count in there]
    taken = rules.take_in_order(lots, points)
    assert sum(count for _, count in taken) == min(points, sum(there))
    full = dict(lots)
    order = [lot_id for lot_id, count in lots if count]
    assert [lot_id for lot_id, _ in taken] == order[: len(taken)]
    assert all(full[lot_id] == count for lot_id, count in taken[:-1])


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.lists(st.integers(0, 10**6), max_size=12))
def test_any_refunds_bring_back_every_point_once(points: int, worth: int, parts: list[int]) -> None:
    back, returned = 0, 0
    for part in [*parts, worth]:
        now = min(returned + part, worth)
        more = rules.to_return(points, worth, now) - back
        assert more >= 0
        back, returned = back + more, now
        assert back * worth <= points * returned
    assert back == points


@given(
    st.integers(1, 1000), st.integers(1, 200), st.integers(1, 100), st.integers(0, 10**7), st.integers(1, 10**7),
    st.integers(0, 3_000), st.one_of(st.booleans(), st.integers(0, 10**12)),
)  # fmt: skip
def test_points_are_worth_whole_fen_and_leave_something_to_pay(
    per_yuan: int, steps: int, percent: int, available: int, goods: int, freight: int, wanted: int | bool
) -> None:
    settings = PointsSettings(redeem=True, points_per_yuan=per_yuan, step=steps * per_yuan, most_percent=percent)
    found = quote_points(settings, available, wanted, goods_fen=goods, total_fen=goods + freight)
    assert found.used * 100 == found.used_fen * per_yuan
    assert found.used % settings.step == 0
    assert 0 <= found.used <= found.most <= available
    assert found.most_fen * 100 <= goods * percent
    assert goods + freight - found.used_fen >= 1
    assert found.left == available - found.used
    if wanted is True:
        assert found.used == found.most


@dataclass
class Card:
    """What a card should hold: lots as [days ago, available], and what its holds took."""

    shopper_id: ShopperId
    lots: list[list[int]] = field(default_factory=list[list[int]])
    held: dict[UUID, list[tuple[int, int]]] = field(default_factory=dict[UUID, list[tuple[int, int]]])
    redeemed: dict[UUID, list[tuple[int, int]]] = field(default_factory=dict[UUID, list[tuple[int, int]]])

    @property
    def free(self) -> int:
        return sum(left for _, left in self.lots)

    def take(self, points: int) -> list[tuple[int, int]]:
        """Of the oldest."""
        parts: list[tuple[int, int]] = []
        for lot in sorted(self.lots, key=lambda lot: -lot[0]):
            part = min(lot[1], points)
            if part:
                lot[1] -= part
                points -= part
                parts.append((lot[0], part))
        assert points == 0
        return parts

    def put(self, parts: list[tuple[int, int]]) -> None:
        """Back to the days they came from."""
        for day, points in parts:
            next(lot for lot in self.lots if lot[0] == day)[1] += points


async def earn(desk: Desk, shopper_id: ShopperId, points: int, days_ago: int) -> None:
    mid = desk.merchant.merchant_id
    async with desk.rt.db.transaction() as tx:
        if await membership.find_member(tx, mid, shopper_id) is None:
            await db.open_cards(tx, mid, [(shopper_id, tx.now)], "normal")
        card = (await db.members_of(tx, mid, [shopper_id]))[shopper_id]
        at = datetime.now(UTC) - timedelta(days=days_ago)
        entry = Entry(
            member_id=card.member_id, points=points, growth=0, source="order", source_id=new_id(), occurred_at=at
        )
        await db.add_entries(tx, mid, [entry])


async def lots_of(desk: Desk, shopper_id: ShopperId) -> list[int]:
    """What is available of her lots, the oldest first."""
    async with desk.rt.db.session() as tx:
        rows = await tx.fetch(
            """select l.available from points_lots l join members m using (merchant_id, member_id)
               where l.merchant_id = $1 and m.shopper_id = $2 order by l.earned_at""",
            desk.merchant.merchant_id,
            shopper_id,
        )
    return [row["available"] for row in rows]


async def proved(desk: Desk) -> None:
    """The invariants on this merchant's cards, lots and holds."""
    mid = desk.merchant.merchant_id
    async with desk.rt.db.session() as tx:
        own: set[str] = set()
        for column, table in (("member_id", "members"), ("lot_id", "points_lots"), ("reference_id", "points_holds")):
            rows = await tx.fetch(f"select {column} as id from {table} where merchant_id = $1", mid)
            own |= {str(row["id"]) for row in rows}
        findings = await verification.run(tx, CHECKS)
    assert own
    assert [(f.name, o) for f in findings for o in f.offenders if o.split()[0] in own] == []


async def try_hold(tx: Tx, mid: MerchantId, card: Card, points: int) -> None:
    reference = new_id()
    wish = Wish(reference_id=reference, shopper_id=card.shopper_id, points=points, worth_fen=points * 7)
    if points <= card.free:
        await hold(tx, mid, [wish])
        card.held[reference] = card.take(points)
        return
    with pytest.raises(PointsShort) as short:
        await hold(tx, mid, [wish])
    assert short.value.members["available"] == card.free


async def try_return(tx: Tx, mid: MerchantId, card: Card, reference: UUID, fen: int) -> None:
    parts = card.redeemed[reference]
    rest = await return_worth(tx, mid, reference, new_id(), fen)
    assert 0 <= rest <= sum(part for _, part in parts)
    for place in range(len(parts) - 1, -1, -1):  # the youngest first
        day, part = parts[place]
        some = min(part, rest)
        rest -= some
        parts[place] = (day, part - some)
        card.put([(day, some)])


async def try_end(tx: Tx, mid: MerchantId, card: Card, reference: UUID, step: str) -> None:
    parts = card.held.pop(reference)
    if step == "redeem":
        assert await redeem(tx, mid, [reference]) == 1
        card.redeemed[reference] = parts
    else:
        assert await release(tx, mid, [reference]) == 1
        card.put(parts)
        if step == "again" and await hold_again(tx, mid, reference):
            card.held[reference] = card.take(sum(part for _, part in parts))
            return
    assert await redeem(tx, mid, [reference]) == 0 == await release(tx, mid, [reference]), "told again"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_cards_are_as_a_book_of_days_says(desk: Desk, seed: int) -> None:
    """Random steps against cards that keep every point with its day."""
    chance, mid = random.Random(seed), desk.merchant.merchant_id
    card = Card(await desk.shopper())
    for days in chance.sample(range(1, 300), 5):
        points = chance.randrange(1, 120)
        await earn(desk, card.shopper_id, points, days)
        card.lots.append([days, points])
    for _ in range(40):
        step = chance.choice(["hold", "hold", "redeem", "release", "again", "return", "return"])
        async with desk.rt.db.transaction() as tx:
            if step == "hold":
                await try_hold(tx, mid, card, chance.randrange(1, 90))
            elif step == "return" and card.redeemed:
                await try_return(tx, mid, card, chance.choice(list(card.redeemed)), chance.randrange(0, 800))
            elif step != "return" and card.held:
                await try_end(tx, mid, card, chance.choice(list(card.held)), step)
        oldest_first = [left for _, left in sorted(card.lots, reverse=True)]
        assert await lots_of(desk, card.shopper_id) == oldest_first
    assert card.redeemed
    await proved(desk)


async def test_of_many_at_once_only_what_is_there_is_held(desk: Desk) -> None:
    mid, shopper_id = desk.merchant.merchant_id, await desk.shopper()
    await earn(desk, shopper_id, 60, 5)
    await earn(desk, shopper_id, 50, 3)

    async def one() -> bool:
        try:
            async with desk.rt.db.transaction() as tx:
                wish = Wish(reference_id=new_id(), shopper_id=shopper_id, points=30, worth_fen=30)
                await hold(tx, mid, [wish])
        except PointsShort:
            return False
        return True

    assert sorted(await asyncio.gather(*(one() for _ in range(8)))) == [False] * 5 + [True] * 3
    assert await lots_of(desk, shopper_id) == [0, 20]
    await proved(desk)


async def test_two_cards_become_one_with_what_is_held_and_how_old_it_is(desk: Desk) -> None:
    mid, former, kept = desk.merchant.merchant_id, await desk.shopper(), await desk.shopper()
    await earn(desk, former, 100, 200)
    await earn(desk, kept, 40, 100)
    reference = new_id()
    async with desk.rt.db.transaction() as tx:
        await hold(tx, mid, [Wish(reference_id=reference, shopper_id=former, points=70, worth_fen=70)])
    async with desk.rt.db.transaction() as tx:
        await service.merge(tx, mid, former, kept)
    assert await lots_of(desk, kept) == [30, 40]
    async with desk.rt.db.transaction() as tx:
        assert await redeem(tx, mid, [reference]) == 1
    async with desk.rt.db.transaction() as tx:
        assert await return_worth(tx, mid, reference, new_id(), 70) == 70
    assert await lots_of(desk, kept) == [100, 40]
    assert (await desk.card(kept))["points"] == 140
    await proved(desk)


async def test_who_is_about_to_lose_points_is_told_once(desk: Desk) -> None:
    mid, shopper_id = desk.merchant.merchant_id, await desk.shopper()
    for points, days in ((10, 362), (20, 361), (30, 350), (40, 200)):
        await earn(desk, shopper_id, points, days)
    async with desk.rt.db.transaction() as tx:
        await save_settings(tx, mid, PointsSettings(life_months=12))
    for _ in range(2):
        await aging.warn(desk.rt)
    (told,) = await desk.facts(PointsExpiring.kind)
    assert told["points"] == 60, "all that expires within thirty days, in one word"
    async with desk.rt.db.transaction() as tx:
        await save_settings(tx, mid, PointsSettings(life_months=11))
    await aging.expire(desk.rt)
    assert await lots_of(desk, shopper_id) == [0, 0, 0, 40]
    await proved(desk)


async def test_terms_are_the_merchant_s_and_must_make_sense(desk: Desk) -> None:
    owner, clerk = await desk.staff(), await desk.staff("clerk")
    url = "/api/merchant/points-settings"
    usual = (await desk.client.get(url, headers=owner)).json()
    assert usual == {
        "life_months": None, "redeem": False, "points_per_yuan": 100, "step": 100, "most_percent": 50,
        "earn_per_yuan": 1,
    }  # fmt: skip
    good = {**usual, "redeem": True, "life_months": 12, "points_per_yuan": 1000, "step": 10, "earn_per_yuan": 5}
    assert (await desk.client.put(url, json=good, headers=clerk)).status_code == 403
    assert (await desk.client.put(url, json=good, headers=owner)).json() == good
    for bad, status in (
        ({"step": 3}, 422),
        ({"step": 0}, 400),
        ({"points_per_yuan": -1}, 400),
        ({"most_percent": 101}, 400),
        ({"earn_per_yuan": 1.5}, 400),
        ({"life_months": 0}, 400),
        ({"step": 10**30}, 400),
    ):
        refused = await desk.client.put(url, json={**good, **bad}, headers=owner)
        assert refused.status_code == status, (bad, refused.text)
    assert (await desk.client.get(url, headers=owner)).json() == good
    shopper_id = await desk.shopper()
    await desk.pay((shopper_id, 12_99))
    card = await desk.card(shopper_id)
    assert (card["points"], card["growth"]) == (64, 12)


async def test_staff_see_what_became_of_a_member_s_points_and_nobody_else_does(desk: Desk, rt: Runtime) -> None:
    mid, shopper_id, reference = desk.merchant.merchant_id, await desk.shopper(), new_id()
    await earn(desk, shopper_id, 100, 5)
    async with desk.rt.db.transaction() as tx:
        await hold(tx, mid, [Wish(reference_id=reference, shopper_id=shopper_id, points=30, worth_fen=30)])
        await redeem(tx, mid, [reference])
    owner = await desk.staff()
    (member,) = (await desk.client.get("/api/merchant/members", headers=owner)).json()["items"]
    url = f"/api/merchant/members/{member['member_id']}/points"
    seen = (await desk.client.get(url, headers=owner)).json()["items"]
    assert [(e["points"], e["source"]) for e in seen] == [(-30, "redeem"), (100, "order")]
    summary = (await desk.client.get(f"{url}-summary", headers=owner)).json()
    assert (summary["available"], summary["earned"], summary["redeemed"]) == (70, 100, 30)
    assert summary["worth_fen"] is None
    async with rt.db.transaction() as tx:
        other = await merchants.create(tx, code=f"o{new_id().hex[-12:]}", name="麦香")
    stranger = await Desk(rt, desk.client, desk.deliver, other).staff()
    for headers, status in ((stranger, 404), ({}, 401)):
        for path in (url, f"{url}-summary"):
            assert (await desk.client.get(path, headers=headers)).status_code == status


TAMPERINGS = {
    "membership.balances_equal_their_entries": "update members set points = points + 1 where merchant_id = $1",
    "membership.lots_make_the_balance": """update points_lots set available = available - 1, expired = expired + 1
                                            where merchant_id = $1 and available > 0""",
    "membership.earned_is_somewhere": """update points_lots set points = points + 1, available = available + 1
                                         where merchant_id = $1""",
    "membership.holds_are_in_lots": """update points_lots set held = held - 1, available = available + 1
                                       where merchant_id = $1 and held > 0""",
    "membership.holds_are_whole": """update points_holds set returned_points = 1
                                     where merchant_id = $1 and state = 'redeemed'""",
}


@pytest.mark.parametrize("check", TAMPERINGS)
async def test_each_proof_finds_what_it_is_for(desk: Desk, check: str) -> None:
    mid, shopper_id, paid = desk.merchant.merchant_id, await desk.shopper(), new_id()
    await earn(desk, shopper_id, 100, 5)
    async with desk.rt.db.transaction() as tx:
        for reference in (paid, new_id()):
            await hold(tx, mid, [Wish(reference_id=reference, shopper_id=shopper_id, points=30, worth_fen=30)])
        await redeem(tx, mid, [paid])
    await proved(desk)
    (proof,) = [one for one in CHECKS if one.name == check]
    assert await found_after(desk.rt, proof, TAMPERINGS[check], mid)
    await proved(desk)
