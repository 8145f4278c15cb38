"""Reads and writes that requests of a process share: each gets its own answer, as fresh and as refused as alone."""

import asyncio

import pytest

from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Conflict, Unavailable
from bihuan.kernel.gathering import Gathered
from bihuan.kernel.group_commit import GroupCommit, Limits, one_by_one
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime

ONE, OTHER = MerchantId(new_id()), MerchantId(new_id())


class Shelf:
    """What is read, and how often."""

    def __init__(self) -> None:
        self.holds: dict[int, str] = {n: f"v{n}" for n in range(10)}
        self.reads: list[tuple[MerchantId, list[int]]] = []
        self.broken = False

    async def read(self, tx: Tx, merchant_id: MerchantId, keys: list[int]) -> dict[int, str]:
        self.reads.append((merchant_id, keys))
        seen = {key: self.holds[key] for key in keys if key in self.holds}
        await tx.execute("select pg_sleep(0.02)")
        if self.broken:
            raise Conflict
        return seen


async def test_what_is_asked_for_at_once_is_read_once(rt: Runtime) -> None:
    shelf = Shelf()
    gathered = Gathered(shelf.read)
    found = await asyncio.gather(*(gathered.find(rt, ONE, n % 4) for n in range(40)), gathered.find(rt, ONE, 99))
    assert found == [*(f"v{n % 4}" for n in range(40)), None]
    assert [sorted(keys) for _, keys in shelf.reads] == [[0, 1, 2, 3, 99]]
    assert await gathered.find_many(rt, ONE, [3, 77, 1]) == {3: "v3", 1: "v1"}
    assert await gathered.find_many(rt, ONE, []) == {}
    assert len(shelf.reads) == 2


async def test_an_answer_is_as_fresh_as_a_read_of_its_own(rt: Runtime) -> None:
    """Whoever asks while a read is under way is answered by a later one."""
    shelf = Shelf()
    gathered = Gathered(shelf.read)
    early = asyncio.create_task(gathered.find(rt, ONE, 1))
    while not shelf.reads:
        await asyncio.sleep(0)
    shelf.holds[1] = "changed"
    assert await gathered.find(rt, ONE, 1) == "changed"
    assert await early == "v1"


async def test_merchants_neither_share_nor_wait_for_one_another(rt: Runtime) -> None:
    shelf = Shelf()
    gathered = Gathered(shelf.read)
    await asyncio.gather(gathered.find(rt, ONE, 1), gathered.find(rt, OTHER, 1), gathered.find(rt, ONE, 2))
    assert shelf.reads == [(ONE, [1, 2]), (OTHER, [1])]


async def test_a_failed_read_fails_for_all_and_the_next_one_works(rt: Runtime) -> None:
    shelf = Shelf()
    gathered = Gathered(shelf.read)
    shelf.broken = True
    told = await asyncio.gather(*(gathered.find(rt, ONE, n) for n in range(3)), return_exceptions=True)
    assert [type(one) for one in told] == [Conflict] * 3
    shelf.broken = False
    assert await gathered.find(rt, ONE, 1) == "v1"


async def test_who_goes_away_takes_no_answer_from_the_others(rt: Runtime) -> None:
    shelf = Shelf()
    gathered = Gathered(shelf.read)
    asked = [asyncio.create_task(gathered.find(rt, ONE, n)) for n in range(3)]
    while not shelf.reads:
        await asyncio.sleep(0)
    asked[0].cancel()
    assert await asyncio.gather(*asked[1:]) == ["v1", "v2"]
    with pytest.raises(asyncio.CancelledError):
        await asked[0]


async def _work(_: Runtime, __: MerchantId, items: list[int]) -> list[int | Exception]:
    if 13 in items:
        raise Conflict(detail="thirteen")
    return [item * 2 for item in items]


async def test_a_batch_that_fails_is_done_one_by_one(rt: Runtime) -> None:
    commits = GroupCommit(one_by_one(_work), Unavailable, Limits())
    running = asyncio.create_task(commits.run(rt))
    await asyncio.sleep(0)
    told = await asyncio.gather(*(commits.submit(rt, ONE, n) for n in (1, 13, 2)), return_exceptions=True)
    running.cancel()
    assert (told[0], type(told[1]), told[2]) == (2, Conflict, 4)


async def test_while_the_database_is_away_nothing_is_tried_again(rt: Runtime) -> None:
    tries: list[int] = []

    async def away(_: Runtime, __: MerchantId, items: list[int]) -> list[int | Exception]:
        tries.append(len(items))
        raise Unavailable

    commits = GroupCommit(one_by_one(away), Unavailable, Limits())
    running = asyncio.create_task(commits.run(rt))
    await asyncio.sleep(0)
    told = await asyncio.gather(*(commits.submit(rt, ONE, n) for n in range(5)), return_exceptions=True)
    running.cancel()
    assert [type(one) for one in told] == [Unavailable] * 5
    assert tries == [5]
