"""Points that staff give or take: with who and why, the oldest first, and never more than are free."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from bihuan.kernel import verification
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MemberId, ShopperId, StaffId, new_id
from bihuan.membership import CHECKS, PointsSettings, Wish, aging, db, hold, members_of, save_settings
from tests.membership.test_cards import Desk, holds
from tests.membership.test_cards import desk as desk

Json = dict[str, Any]
BY_HAND = next(check for check in CHECKS if check.name == "membership.by_hand_says_who")


async def adjust(
    desk: Desk, who: dict[str, str], member_id: str, wish: Json, status: int = 201, key: str | None = None
) -> Json:
    """The command; its answer."""
    headers = {**who, "Idempotency-Key": key or new_id().hex}
    path = f"/api/merchant/members/{member_id}/points"
    answer = await desk.client.post(path, json={"reason": "活动补发", **wish}, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def member_of(desk: Desk, shopper_id: ShopperId) -> str:
    async with desk.rt.db.session() as tx:
        return str((await members_of(tx, desk.merchant.merchant_id, [shopper_id]))[shopper_id].member_id)


async def read(desk: Desk, who: dict[str, str], path: str) -> Any:
    answer = await desk.client.get(f"/api/merchant/members/{path}", headers=who)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def proven(desk: Desk) -> None:
    """All invariants of membership."""
    await holds(desk)
    async with desk.rt.db.session() as tx:
        assert (await verification.run(tx, [BY_HAND]))[0].offenders == []


async def test_both_sides_see_what_was_given_and_taken(desk: Desk) -> None:
    shopper_id, owner = await desk.shopper(), await desk.staff()
    await desk.pay((shopper_id, 100_00))
    member_id = await member_of(desk, shopper_id)
    given = await adjust(desk, owner, member_id, {"kind": "grant", "points": 250, "reason": " 迟到的生日礼 "})
    assert (given["points"], given["source"], given["reason"]) == (250, "grant", "迟到的生日礼")
    taken = await adjust(desk, owner, member_id, {"kind": "deduct", "points": 120, "reason": "兑换帆布袋"})
    assert (taken["points"], taken["staff_name"]) == (-120, "店长")

    statement = (await read(desk, owner, f"{member_id}/points"))["items"]
    assert [(e["source"], e["points"], e["reason"], e["staff_name"]) for e in statement] == [
        ("deduct", -120, "兑换帆布袋", "店长"),
        ("grant", 250, "迟到的生日礼", "店长"),
        ("order", 100, None, None),
    ]
    own = (await desk.get(shopper_id, "/points")).json()["items"]
    assert [(e["source"], e["reason"], e["staff_name"]) for e in own] == [
        ("deduct", "兑换帆布袋", None),
        ("grant", "迟到的生日礼", None),
        ("order", None, None),
    ]
    for summary in (
        await read(desk, owner, f"{member_id}/points-summary"),
        (await desk.get(shopper_id, "/points-summary")).json(),
    ):
        assert (summary["earned"], summary["revoked"], summary["available"]) == (350, 120, 230)
    card = await desk.card(shopper_id)
    assert (card["points"], card["growth"]) == (230, 100), "gifts bring no growth"
    await proven(desk)


async def test_what_is_not_free_cannot_be_taken(desk: Desk) -> None:
    shopper_id, owner = await desk.shopper(), await desk.staff()
    await desk.pay((shopper_id, 100_00))
    member_id = await member_of(desk, shopper_id)
    async with desk.rt.db.transaction() as tx:
        wish = Wish(reference_id=new_id(), shopper_id=shopper_id, points=70, worth_fen=70)
        await hold(tx, desk.merchant.merchant_id, [wish])
    short = await adjust(desk, owner, member_id, {"kind": "deduct", "points": 31}, 409)
    assert (short["code"], short["available"]) == ("points_not_there", 30)
    await adjust(desk, owner, member_id, {"kind": "deduct", "points": 30})
    short = await adjust(desk, owner, member_id, {"kind": "deduct", "points": 1}, 409)
    assert short["available"] == 0
    await proven(desk)


@pytest.mark.parametrize("points", [0, -1, -1_000_000, 1_000_001, 2**53])
@pytest.mark.parametrize("kind", ["grant", "deduct"])
async def test_numbers_out_of_range_are_refused(desk: Desk, kind: str, points: int) -> None:
    shopper_id, owner = await desk.shopper(), await desk.staff()
    await desk.pay((shopper_id, 1_00))
    refused = await adjust(desk, owner, await member_of(desk, shopper_id), {"kind": kind, "points": points}, 422)
    assert (refused["code"], "1000000" in refused["detail"]) == ("points_out_of_range", True)
    assert (await desk.card(shopper_id))["points"] == 1


async def test_what_makes_no_sense_is_refused(desk: Desk) -> None:
    shopper_id, owner = await desk.shopper(), await desk.staff()
    await desk.pay((shopper_id, 1_00))
    member_id = await member_of(desk, shopper_id)
    good = {"kind": "grant", "points": 5}
    for bad in (
        {"points": 2**63}, {"points": 2**80}, {"points": 1.5}, {"points": "x"}, {"kind": "steal"},
        {"reason": ""}, {"reason": " "}, {"reason": "　"},
        {"reason": "字" * 101}, {"reason": "a\x00b"}, {"reason": "a\nb"},
    ):  # fmt: skip
        await adjust(desk, owner, member_id, {**good, **bad}, 400)
    await adjust(desk, owner, str(new_id()), good, 404)
    for role, status in (("clerk", 403), ("finance", 403), ("manager", 201)):
        await adjust(desk, await desk.staff(role), member_id, good, status)  # pyright: ignore[reportArgumentType]
    path = f"/api/merchant/members/{member_id}/points"
    keyless = await desk.client.post(path, json={**good, "reason": "x"}, headers=owner)
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency_key_required")
    assert (await desk.card(shopper_id))["points"] == 6


async def test_a_command_counts_once(desk: Desk) -> None:
    shopper_id, owner = await desk.shopper(), await desk.staff()
    await desk.pay((shopper_id, 1_00))
    member_id = await member_of(desk, shopper_id)
    wish: Json = {"kind": "grant", "points": 40}
    first, again = [await adjust(desk, owner, member_id, wish, key="given-once") for _ in range(2)]
    assert first == again
    await adjust(desk, owner, member_id, {**wish, "points": 41}, 409, key="given-once")
    assert (await desk.card(shopper_id))["points"] == 41


async def test_two_at_once_do_not_take_the_same_points(desk: Desk) -> None:
    shopper_id, owner = await desk.shopper(), await desk.staff()
    await desk.pay((shopper_id, 100_00))
    path = f"/api/merchant/members/{await member_of(desk, shopper_id)}/points"

    async def take() -> httpx.Response:
        headers = {**owner, "Idempotency-Key": new_id().hex}
        return await desk.client.post(path, json={"kind": "deduct", "points": 30, "reason": "更正"}, headers=headers)

    answers = await asyncio.gather(*(take() for _ in range(6)))
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 3}
    assert (await desk.card(shopper_id))["points"] == 10
    await proven(desk)


async def test_given_points_are_spent_and_grow_old_like_others(desk: Desk) -> None:
    """The oldest are taken first; what was given lives from the day on which it was."""
    shopper_id, owner, mid = await desk.shopper(), await desk.staff(), desk.merchant.merchant_id
    await desk.pay((shopper_id, 50_00))
    member_id = await member_of(desk, shopper_id)
    await adjust(desk, owner, member_id, {"kind": "grant", "points": 20})
    async with desk.rt.db.transaction() as tx:
        await save_settings(tx, mid, PointsSettings(life_months=1))
        await tx.execute(
            "update points_lots set earned_at = $2 where merchant_id = $1 and points = 50", mid, tx.now - timedelta(20)
        )
    await adjust(desk, owner, member_id, {"kind": "deduct", "points": 45})
    async with desk.rt.db.transaction() as tx:
        rows = await tx.fetch(
            "select points, available, revoked from points_lots where merchant_id = $1 order by earned_at", mid
        )
        assert [tuple(row) for row in rows] == [(50, 5, 45), (20, 20, 0)]
        await tx.execute(
            "update points_lots set earned_at = earned_at - interval '40 days' where merchant_id = $1", mid
        )
    short = await adjust(desk, owner, member_id, {"kind": "deduct", "points": 1}, 409)
    assert short["available"] == 0, "what is too old is not free, though the job has not been there"
    await aging.expire(desk.rt)
    assert (await desk.card(shopper_id))["points"] == 0
    await proven(desk)


@pytest.mark.parametrize("written", ["the entry alone", "the reason alone", "another number"])
async def test_what_was_not_written_down_is_found(desk: Desk, written: str) -> None:
    shopper_id = await desk.shopper()
    await desk.pay((shopper_id, 1_00))
    member_id = MemberId(UUID(await member_of(desk, shopper_id)))
    mid = desk.merchant.merchant_id
    async with desk.rt.db.transaction() as tx, undone(tx):
        entry = db.Entry(
            member_id=member_id, points=5, growth=0, source="grant", source_id=new_id(), occurred_at=tx.now
        )
        if written != "the reason alone":
            await db.add_entries(tx, mid, [entry])
        if written != "the entry alone":
            noted = msgspec.structs.replace(entry, points=6 if written == "another number" else 5)
            await db.insert_adjustment(tx, mid, noted, "活动补发", StaffId(new_id()))
        (found,) = await verification.run(tx, [BY_HAND])
        assert not found.holds
    await proven(desk)


class Undone(Exception):
    """What was written must not stay."""


@asynccontextmanager
async def undone(tx: Tx) -> AsyncGenerator[None, None]:
    """Rolls back what is done inside."""
    with suppress(Undone):
        async with tx.savepoint():
            yield
            raise Undone
