"""Paying opens the card; points, levels and their ledger."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan import identity, membership, merchants, staff
from bihuan.facts.identity import ShoppersMerged
from bihuan.facts.orders import OrderPaid
from bihuan.kernel import verification
from bihuan.kernel.events import emit
from bihuan.kernel.ids import OrderId, ShopperId, StoreId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.membership import DEFAULT_LEVELS, rules
from bihuan.merchants import Merchant

Deliver = Callable[[], Awaitable[int]]


class Desk:
    """A merchant whose orders are paid by facts."""

    def __init__(self, rt: Runtime, client: httpx.AsyncClient, deliver: Deliver, merchant: Merchant) -> None:
        self.rt = rt
        self.client = client
        self.deliver = deliver
        self.merchant = merchant

    async def shopper(self, nickname: str = "小满") -> ShopperId:
        """Somebody new."""
        async with self.rt.db.transaction() as tx:
            made = await identity.shopper_of_wechat(tx, "wx-members", new_id().hex, nickname=nickname)
        return made.shopper_id

    async def pay(self, *payments: tuple[ShopperId, int], order_id: OrderId | None = None) -> None:
        """Orders paid, told in one transaction and handled."""
        async with self.rt.db.transaction() as tx:
            for shopper_id, paid_fen in payments:
                await emit(
                    tx,
                    OrderPaid(
                        merchant_id=self.merchant.merchant_id,
                        occurred_at=tx.now,
                        order_id=order_id or OrderId(new_id()),
                        order_no=new_id().hex,
                        shopper_id=shopper_id,
                        total_fen=paid_fen,
                        paid_fen=paid_fen,
                        store_id=StoreId(new_id()),
                    ),
                )
        await self.deliver()

    async def get(self, shopper_id: ShopperId, path: str = "") -> httpx.Response:
        """The card as its owner sees it."""
        token, _ = identity.issue_shopper_token(self.rt, shopper_id)
        headers = {"Authorization": f"Bearer {token}"}
        return await self.client.get(f"/api/shop/{self.merchant.code}/member{path}", headers=headers)

    async def card(self, shopper_id: ShopperId) -> Any:
        """The card."""
        answer = await self.get(shopper_id)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def facts(self, kind: str) -> list[dict[str, Any]]:
        """What was emitted."""
        async with self.rt.db.session() as tx:
            rows = await tx.fetch(
                "select payload from facts where merchant_id = $1 and kind = $2 order by fact_id",
                self.merchant.merchant_id,
                kind,
            )
        return [row["payload"] for row in rows]

    async def staff(self, role: staff.Role = "owner") -> dict[str, str]:
        """Headers of somebody who works here."""
        async with self.rt.db.transaction() as tx:
            login = f"m{new_id().hex[-12:]}"
            person = await staff.create(
                tx,
                self.merchant.merchant_id,
                login=login,
                password="correct horse",
                name="店长",
                role=role,
                store_id=None,
            )
            token, _ = await identity.open_session(tx, person.user_id, identity.Client())
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def desk(rt: Runtime, client: httpx.AsyncClient, deliver: Deliver) -> Desk:
    """A new merchant."""
    async with rt.db.transaction() as tx:
        merchant = await merchants.create(tx, code=f"m{new_id().hex[-12:]}", name="青衫")
    return Desk(rt, client, deliver, merchant)


async def holds(desk: Desk) -> None:
    """The invariants on what is there of this merchant."""
    async with desk.rt.db.transaction() as tx:
        findings = await verification.run(tx, membership.CHECKS)
        members = await tx.fetch("select member_id from members where merchant_id = $1", desk.merchant.merchant_id)
    mine = {str(row["member_id"]) for row in members} | {fact["order_id"] for fact in await desk.facts("order.paid")}
    assert mine
    assert [(f.name, o) for f in findings for o in f.offenders if o.split()[0] in mine] == []


async def test_the_first_payment_opens_the_card_and_the_next_adds_points(desk: Desk) -> None:
    shopper = await desk.shopper()
    refused = await desk.get(shopper)
    assert (refused.status_code, refused.json()["code"]) == (404, "not_a_member")
    await desk.pay((shopper, 12_999))
    card = await desk.card(shopper)
    assert (card["points"], card["growth"], card["level"]) == (
        129,
        129,
        {"code": "normal", "name": "普通会员", "benefits": ""},
    )
    assert card["next_level"] == {"name": "银卡会员", "growth": 500}
    assert rules.is_card_number(card["number"])
    assert card["card_code"] == card["number"]
    await desk.pay((shopper, 40_000))
    later = await desk.card(shopper)
    assert (later["number"], later["points"], later["level"]["code"]) == (card["number"], 529, "silver")
    (joined,) = await desk.facts("member.joined")
    assert (joined["number"], joined["points"], joined["level_name"]) == (card["number"], 129, "普通会员")
    (risen,) = await desk.facts("member.level_changed")
    assert risen["level_name"] == "银卡会员"
    page = (await desk.get(shopper, "/points?limit=1")).json()
    assert [(e["points"], e["source"]) for e in page["items"]] == [(400, "order")]
    rest = (await desk.get(shopper, f"/points?cursor={page['next_cursor']}")).json()
    assert [e["points"] for e in rest["items"]] == [129]
    assert rest["next_cursor"] is None
    await holds(desk)


async def test_a_batch_opens_each_card_once_and_a_replay_adds_nothing(desk: Desk) -> None:
    shoppers = [await desk.shopper() for _ in range(5)]
    payments: Sequence[tuple[ShopperId, int]] = [(s, 30_000) for s in shoppers for _ in range(3)]
    await desk.pay(*payments)
    cards = [await desk.card(s) for s in shoppers]
    assert {c["points"] for c in cards} == {900}
    assert {c["level"]["code"] for c in cards} == {"silver"}
    assert len({c["number"] for c in cards}) == 5
    assert len(await desk.facts("member.joined")) == 5
    assert await desk.facts("member.level_changed") == []
    again = OrderId(new_id())
    await desk.pay((shoppers[0], 10_000), order_id=again)
    await desk.pay((shoppers[0], 10_000), order_id=again)
    assert (await desk.card(shoppers[0]))["points"] == 1000
    await holds(desk)


async def test_less_than_a_yuan_opens_the_card_without_points(desk: Desk) -> None:
    shopper = await desk.shopper()
    await desk.pay((shopper, 99))
    assert (await desk.card(shopper))["points"] == 0
    assert (await desk.get(shopper, "/points")).json()["items"] == []


async def test_the_card_of_another_merchant_is_another_card(desk: Desk, rt: Runtime) -> None:
    shopper = await desk.shopper()
    await desk.pay((shopper, 5_000))
    async with rt.db.transaction() as tx:
        other = await merchants.create(tx, code=f"o{new_id().hex[-12:]}", name="麦香")
    elsewhere = Desk(rt, desk.client, desk.deliver, other)
    assert (await elsewhere.get(shopper)).status_code == 404
    await elsewhere.pay((shopper, 900))
    assert (await elsewhere.card(shopper))["points"] == 9


async def test_staff_see_members_and_set_levels(desk: Desk) -> None:
    shoppers = [await desk.shopper(f"顾客{n}") for n in range(3)]
    for n, shopper in enumerate(shoppers, 1):
        await desk.pay((shopper, n * 10_000))
    owner = await desk.staff()
    page = (await desk.client.get("/api/merchant/members?limit=2", headers=owner)).json()
    rest = (await desk.client.get(f"/api/merchant/members?cursor={page['next_cursor']}", headers=owner)).json()
    found = page["items"] + rest["items"]
    assert [(m["shopper"]["nickname"], m["points"]) for m in found] == [("顾客2", 300), ("顾客1", 200), ("顾客0", 100)]
    one = (await desk.client.get(f"/api/merchant/members?q={found[1]['number']}", headers=owner)).json()
    assert [m["member_id"] for m in one["items"]] == [found[1]["member_id"]]

    levels = [
        {"code": "green", "name": "青竹", "growth": 0, "benefits": ""},
        {"code": "pine", "name": "苍松", "growth": 200, "benefits": "满 99 包邮\n生日双倍积分"},
    ]
    saved = await desk.client.put("/api/merchant/member-levels", json={"levels": levels}, headers=owner)
    assert saved.json() == {"levels": levels}
    assert [(await desk.card(s))["level"]["name"] for s in shoppers] == ["青竹", "苍松", "苍松"]
    assert (await desk.card(shoppers[1]))["level"]["benefits"] == "满 99 包邮\n生日双倍积分"
    pine = (await desk.client.get("/api/merchant/members?level=pine", headers=owner)).json()
    assert len(pine["items"]) == 2
    await desk.pay((shoppers[0], 10_000))
    assert (await desk.card(shoppers[0]))["level"]["name"] == "苍松"
    await holds(desk)


@pytest.mark.parametrize(
    "growths", [[1], [0, 0], [0, 200, 100], []], ids=["not from 0", "twice", "not ascending", "none"]
)
async def test_levels_that_make_no_sense_are_refused(desk: Desk, growths: list[int]) -> None:
    owner = await desk.staff()
    levels = [{"code": f"l{n}", "name": "级", "growth": g} for n, g in enumerate(growths)]
    refused = await desk.client.put("/api/merchant/member-levels", json={"levels": levels}, headers=owner)
    assert refused.status_code in (400, 422)
    kept = (await desk.client.get("/api/merchant/member-levels", headers=owner)).json()
    assert [level["code"] for level in kept["levels"]] == [level.code for level in DEFAULT_LEVELS]
    clerk = await desk.staff("clerk")
    assert (await desk.client.put("/api/merchant/member-levels", json={}, headers=clerk)).status_code == 403


@pytest.mark.parametrize("both", [True, False])
async def test_two_shoppers_who_are_one_person_keep_one_card_with_all_points(desk: Desk, both: bool) -> None:
    former, kept = await desk.shopper(), await desk.shopper()
    await desk.pay((former, 45_000), *([(kept, 10_000)] if both else []))
    merged = ShoppersMerged(
        merchant_id=desk.merchant.merchant_id, occurred_at=desk.rt.clock.now(), shopper_id=kept, former_id=former
    )
    for _ in range(2):
        async with desk.rt.db.transaction() as tx:
            await emit(tx, merged)
        await desk.deliver()
    card = await desk.card(kept)
    assert (card["points"], card["level"]["code"]) == ((550, "silver") if both else (450, "normal"))
    assert (await desk.get(former)).status_code == 404
    await holds(desk)


async def test_the_ledger_of_points_is_closed_to_the_application(desk: Desk) -> None:
    await desk.pay((await desk.shopper(), 5_000))
    for sql in ("update points_entries set points = 1", "delete from points_entries"):
        with pytest.raises(Exception, match="permission denied"):
            async with desk.rt.db.transaction() as tx:
                await tx.execute(sql)


@given(st.integers(1, 10**9 - 1), st.integers(1, 10**9 - 1))
def test_numbers_are_alike_only_for_the_same_card_and_notice_a_slip(a: int, b: int) -> None:
    one, other = rules.card_number(a), rules.card_number(b)
    assert (one == other) == (a == b)
    assert rules.is_card_number(one)
    wrong = one[:5] + str((int(one[5]) + 1) % 10) + one[6:]
    assert not rules.is_card_number(wrong)


@given(st.integers(0, 10**12))
def test_the_level_is_the_highest_reached(growth: int) -> None:
    level, above = rules.level_for(DEFAULT_LEVELS, growth), rules.next_level(DEFAULT_LEVELS, growth)
    assert level.growth <= growth
    assert above is None or above.growth > growth
    assert (above is None) == (level == DEFAULT_LEVELS[-1])
