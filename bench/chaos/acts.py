"""The table of acts: what each kind of actor may do, how often, and which routes it needs.

A new act is one function with `@act`; it takes part as soon as the installation serves the routes that it names.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Literal

import msgspec

from bench.chaos import decisions
from bench.chaos.line import Answer, Line
from bench.chaos.promises import Promises
from bench.chaos.stage import Stage

Kind = Literal["shopper", "staff", "operator"]
Run = Callable[[Any, random.Random], Awaitable[None]]


class Unexpected(AssertionError):
    """An answer that nobody should get."""


class Act(msgspec.Struct, frozen=True):
    """Something that an actor of a kind does; `needs` are routes as OpenAPI names them."""

    name: str
    kind: Kind
    weight: int
    needs: tuple[str, ...]
    run: Run


ACTS: list[Act] = []


def act(kind: Kind, weight: int, *needs: str) -> Callable[[Run], Run]:
    """Puts a function into the table."""

    def put(run: Run) -> Run:
        name = getattr(run, "__name__", "act")
        ACTS.append(Act(name, kind, weight, needs, run))
        return run

    return put


def playable(kind: Kind, routes: Collection[str]) -> list[Act]:
    """What actors of a kind can do at an installation that serves these routes."""
    return [one for one in ACTS if one.kind == kind and all(need in routes for need in one.needs)]


class Actor:
    """Somebody with a connection to the mall, one to the sandbox, and dice of her own."""

    def __init__(self, stage: Stage, name: str, token: str | None) -> None:
        self.stage = stage
        self.name = name
        self.mall = Line(stage.mall.url, token)
        self.sandbox = Line(stage.mall.sandbox_url)
        self.promises: Promises = stage.promises
        self.done: Counter[str] = Counter()
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
    ) -> Answer:
        """A request of hers; raises Unexpected for a refusal that is not among `refusals`."""
        answer = await self.mall.call(method, path, body, key)
        if not answer.ok and answer.code not in refusals:
            raise Unexpected(f"{method} {path}: {answer.status} {answer.body}")
        return answer

    async def play(self, acts: Sequence[Act]) -> str:
        """Her next act, chosen and played with this act's own dice; its name."""
        own = decisions.dice(self.stage.seed, self.name, self.number)
        name = decisions.choose(own, [one.name for one in acts], [one.weight for one in acts])
        chosen = next(one for one in acts if one.name == name)
        try:
            await chosen.run(self, own)
        finally:
            self.number += 1
        self.done[name] += 1
        return name

    def close(self) -> None:
        """Hangs up."""
        self.mall.close()
        self.sandbox.close()
