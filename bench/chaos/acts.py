"""What an act is, and who acts. The table of all acts is `mix.py`."""

import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from bench.chaos import decisions
from bench.chaos.line import Answer, Line
from bench.chaos.promises import Promises
from bench.chaos.stage import Stage

Json = dict[str, Any]
Run = Callable[[Any, random.Random], Awaitable[None]]


class Unexpected(AssertionError):
    """An answer that nobody should get."""


class Act(msgspec.Struct, frozen=True):
    """Something that an actor does: how often among her acts, and the routes it needs as OpenAPI names them."""

    share: int
    run: Run
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The function's."""
        return getattr(self.run, "__name__", "act")


class Actor:
    """Somebody with a connection to the mall, one to the sandbox, and dice of her own."""

    def __init__(self, stage: Stage, name: str, token: str | None) -> None:
        self.stage = stage
        self.name = name
        self.mall = Line(stage.mall.url, token)
        self.sandbox = Line(stage.mall.sandbox_url)
        self.promises: Promises = stage.promises
        self.done: Counter[str] = Counter()
        self.spent: dict[str, float] = {}
        """How long each kind of act took, in seconds."""
        self.number = 0

    def key(self, what: str = "") -> str:
        """An Idempotency-Key of this act's own."""
        return f"{self.stage.seed}-{self.name}-{self.number}{what}"

    async def ask(
        self,
        method: str,
        path: str,
        body: object | None = None,
        *,
        key: str | None = None,
        refusals: Sequence[str] = (),
        headers: str = "",
    ) -> Answer:
        """A request of hers, signed in; raises Unexpected for a refusal that is not among `refusals`."""
        if self.mall.token is None:
            await self.sign_in()
        answer = await self.mall.call(method, path, body, key, headers)
        if answer.status == 401:  # time jumped, and the session ended
            await self.sign_in()
            answer = await self.mall.call(method, path, body, key, headers)
        if not answer.ok and answer.code not in refusals:
            raise Unexpected(f"{method} {path}: {answer.status} {answer.body}")
        return answer

    async def sign_in(self) -> None:
        """Signs in (again): `mall.token` is good afterwards."""
        raise NotImplementedError

    async def play(self, acts: Sequence[Act]) -> str:
        """Her next act, chosen and played with this act's own dice; its name."""
        own = decisions.dice(self.stage.seed, self.name, self.number)
        chosen = decisions.choose(own, acts, [one.share for one in acts])
        began = time.monotonic()
        try:
            await chosen.run(self, own)
        finally:
            self.number += 1
            self.spent[chosen.name] = self.spent.get(chosen.name, 0.0) + time.monotonic() - began
        self.done[chosen.name] += 1
        return chosen.name

    def close(self) -> None:
        """Hangs up."""
        self.mall.close()
        self.sandbox.close()
