"""Who an order is owed to: the SQL finds what the rule needs, and the rule decides as it says."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bihuan import attribution, channels, merchants
from bihuan.attribution import PLACE_WINDOW, SHARE_WINDOW, Home, NewTouch, Touch, db, decide
from bihuan.channels import NewLabel
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.errors import TooManyRequests
from bihuan.kernel.ids import CounterId, LabelId, MerchantId, ShopperId, StaffId, StoreId, TouchpointId, new_id
from bihuan.kernel.runtime import Runtime

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
ME = ShopperId(new_id())
FRIEND = ShopperId(new_id())
STORE, OTHER_STORE = StoreId(new_id()), StoreId(new_id())


def touch(ago: timedelta, *, shopper_id: ShopperId = ME, now: datetime = NOW, **more: Any) -> Touch:
    """A touchpoint `ago` before `now`."""
    kind = "share" if "sharer_id" in more else "scan"
    at = now - ago
    return Touch(touchpoint_id=TouchpointId(new_id()), shopper_id=shopper_id, kind=kind, occurred_at=at, **more)


def test_the_last_place_wins_whole() -> None:
    earlier = touch(timedelta(days=3), store_id=STORE, counter_id=CounterId(new_id()), staff_id=StaffId(new_id()))
    later = touch(timedelta(days=1), store_id=OTHER_STORE)
    won = decide(ME, [later, earlier], Home(STORE, earlier.touchpoint_id), NOW)
    assert (won.store_id, won.counter_id, won.staff_id) == (OTHER_STORE, None, None)
    assert (won.rule, won.touchpoint_ids) == ("last_touch", [later.touchpoint_id])


def test_windows_end_after_30_and_7_days() -> None:
    place = touch(PLACE_WINDOW, store_id=STORE)
    share = touch(SHARE_WINDOW, sharer_id=FRIEND)
    won = decide(ME, [place, share], None, NOW)
    assert (won.store_id, won.sharer_id) == (STORE, FRIEND)
    assert won.touchpoint_ids == [place.touchpoint_id, share.touchpoint_id]
    assert decide(ME, [place, share], None, NOW + timedelta(microseconds=1)).rule == "none"


def test_the_home_store_stands_in_when_no_place_is_recent() -> None:
    follow = TouchpointId(new_id())
    won = decide(ME, [touch(timedelta(days=40), store_id=OTHER_STORE)], Home(STORE, follow), NOW)
    assert (won.store_id, won.rule, won.touchpoint_ids) == (STORE, "follower_store", [follow])


def test_a_share_alone_decides_the_sharer_and_nobody_is_her_own() -> None:
    share = touch(timedelta(days=2), sharer_id=FRIEND)
    assert decide(ME, [share], None, NOW).rule == "share"
    own = touch(timedelta(days=1), sharer_id=ME)
    assert decide(ME, [share, own], None, NOW).sharer_id == FRIEND


@given(st.lists(st.tuples(st.integers(-5, 50), st.sampled_from(["store", "share", "own", "bare"])), max_size=12))
def test_what_wins_is_never_beaten(made: list[tuple[int, str]]) -> None:
    more: dict[str, dict[str, Any]] = {
        "store": {"store_id": STORE},
        "share": {"sharer_id": FRIEND},
        "own": {"sharer_id": ME},
        "bare": {},
    }
    touches = [touch(timedelta(days=days), **more[kind]) for days, kind in made]
    won = decide(ME, touches, None, NOW)
    by_id = {t.touchpoint_id: t for t in touches}
    for chosen in (by_id[i] for i in won.touchpoint_ids):
        assert chosen.occurred_at <= NOW
        assert NOW - chosen.occurred_at <= PLACE_WINDOW
    assert won.sharer_id != ME
    assert (won.store_id is not None) == any(0 <= days <= 30 for days, kind in made if kind == "store")
    assert (won.sharer_id is not None) == any(0 <= days <= 7 for days, kind in made if kind == "share")


async def test_one_query_finds_for_a_batch_what_the_rule_decides_on_everything(rt: Runtime) -> None:
    merchant_id, random = MerchantId(new_id()), Random(7)
    shoppers = [ShopperId(new_id()) for _ in range(40)]
    async with rt.db.transaction() as tx:
        everything: list[Touch] = []
        for _ in range(600):
            shopper, roll = random.choice(shoppers[:-1]), random.random()
            more: dict[str, Any] = {}
            if roll < 0.4 and shopper not in shoppers[:5]:
                more = {"store_id": random.choice([STORE, OTHER_STORE])}
            elif roll < 0.8:
                more = {"sharer_id": random.choice([s for s in shoppers if s != shopper])}
            ago = timedelta(hours=random.randrange(-48, 45 * 24))
            everything.append(touch(ago, shopper_id=shopper, now=tx.now, **more))
        at_stores = [i for i, t in enumerate(everything) if t.store_id]
        for i in at_stores[::5]:
            everything[i] = msgspec.structs.replace(everything[i], kind="follow")
        follows = [t for t in everything if t.kind == "follow"]
        await db.insert_touches(tx, merchant_id, everything)
        await db.insert_homes(tx, merchant_id, follows)
        won = await attribution.resolve(tx, merchant_id, shoppers, tx.now)
        homes = {c.shopper_id: c.home for c in await db.find_candidates(tx, merchant_id, shoppers, tx.now)}
        elsewhere = await attribution.resolve(tx, MerchantId(new_id()), shoppers, tx.now)
    assert won == {s: decide(s, everything, homes[s], tx.now) for s in shoppers}
    assert len({a.rule for a in won.values()}) == 4
    assert {a.rule for a in elsewhere.values()} == {"none"}
    first = {
        s: min((t for t in follows if t.shopper_id == s), key=lambda t: t.occurred_at, default=None) for s in homes
    }
    assert {s: h and h.touchpoint_id for s, h in homes.items()} == {s: f and f.touchpoint_id for s, f in first.items()}


async def test_a_reload_is_no_new_meeting_but_a_return_is(rt: Runtime, clock: OffsetClock) -> None:
    shopper_id = ShopperId(new_id())
    async with rt.db.transaction() as tx:
        merchant_id = (await merchants.create(tx, code=f"m{new_id().hex[-12:]}", name="青衫")).merchant_id
        new = NewLabel(kind="campaign", name="春装")
        a, b = [(await channels.create_label(tx, merchant_id, new)).label_id for _ in range(2)]

    async def visit(label: LabelId) -> bool:
        async with rt.db.transaction() as tx:
            new = NewTouch(shopper_id=shopper_id, kind="visit", label_id=label)
            return await attribution.record(tx, merchant_id, new) is not None

    assert [await visit(a), await visit(a), await visit(b), await visit(a)] == [True, False, True, True]
    clock.advance(timedelta(minutes=11))
    assert await visit(a)


async def test_touchpoints_are_limited_and_sharing_with_oneself_is_none(rt: Runtime) -> None:
    merchant_id, shopper_id = MerchantId(new_id()), ShopperId(new_id())
    async with rt.db.transaction() as tx:
        own = NewTouch(shopper_id=shopper_id, kind="share", sharer_id=shopper_id)
        assert await attribution.record(tx, merchant_id, own) is None
        refused = 0
        for _ in range(62):
            try:
                new = NewTouch(shopper_id=shopper_id, kind="share", sharer_id=ShopperId(new_id()))
                await attribution.record(tx, merchant_id, new)
            except TooManyRequests:
                refused += 1
        assert refused == 2
