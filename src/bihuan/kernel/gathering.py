"""Gathered reads: what many ask for at once in a process is read by one statement.

While a merchant's read is at the database the next keys gather, so statements become fewer as the load grows, and a
lone request waits for nobody. Nothing is remembered: a key is always read by a statement that began after it was
asked for, so an answer is as fresh as one of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime

Key = TypeVar("Key")
Found = TypeVar("Found")

Read = Callable[[Tx, MerchantId, list[Key]], Awaitable[Mapping[Key, Found]]]
"""Reads many of one merchant's; what does not exist is left out."""

MOST_KEYS = 500


class _Asked(Generic[Key]):
    """What one request wants, and where its answer goes."""

    __slots__ = ("answer", "keys")

    def __init__(self, keys: list[Key], answer: "asyncio.Future[Mapping[Key, Any]]") -> None:
        self.keys = keys
        self.answer = answer


class Gathered(Generic[Key, Found]):
    """One kind of read, for all requests of the process."""

    def __init__(self, read: Read[Key, Found]) -> None:
        self._read = read
        self._waiting: dict[tuple[int, MerchantId], list[_Asked[Key]]] = {}
        self._working: set[asyncio.Task[None]] = set()

    async def find(self, rt: Runtime, merchant_id: MerchantId, key: Key) -> Found | None:
        """One of them; None when it does not exist. Raises what the statement raised."""
        return (await self._ask(rt, merchant_id, [key])).get(key)

    async def find_many(self, rt: Runtime, merchant_id: MerchantId, keys: Iterable[Key]) -> dict[Key, Found]:
        """Those that exist. Raises what the statement raised."""
        wanted = list(keys)
        if not wanted:
            return {}
        found = await self._ask(rt, merchant_id, wanted)
        return {key: found[key] for key in wanted if key in found}

    async def _ask(self, rt: Runtime, merchant_id: MerchantId, keys: list[Key]) -> Mapping[Key, Found]:
        place = (id(rt), merchant_id)
        asked = _Asked(keys, asyncio.get_running_loop().create_future())
        if (line := self._waiting.get(place)) is not None:
            line.append(asked)
        else:
            self._waiting[place] = [asked]
            task = asyncio.create_task(self._work_off(rt, place))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        return await asked.answer

    async def _work_off(self, rt: Runtime, place: tuple[int, MerchantId]) -> None:
        """Reads for as long as anybody waits. It is a task of its own: whoever asked first may go away."""
        line = self._waiting[place]
        try:
            while line:
                now = _some(line)
                del line[: len(now)]
                await self._answer(rt, place[1], now)
        finally:
            del self._waiting[place]
            for asked in line:  # only when the process ends
                asked.answer.cancel()

    async def _answer(self, rt: Runtime, merchant_id: MerchantId, those: list[_Asked[Key]]) -> None:
        keys = list(dict.fromkeys(key for asked in those for key in asked.keys))
        try:
            async with rt.db.session() as tx:
                found = await self._read(tx, merchant_id, keys)
        except Exception as error:
            for asked in those:
                if not asked.answer.done():
                    asked.answer.set_exception(error)
            return
        for asked in those:
            if not asked.answer.done():
                asked.answer.set_result(found)


def _some(line: list[_Asked[Key]]) -> list[_Asked[Key]]:
    """The first of a line, of about MOST_KEYS keys."""
    count = taken = 0
    for asked in line:
        if taken and count + len(asked.keys) > MOST_KEYS:
            break
        count += len(asked.keys)
        taken += 1
    return line[:taken]
