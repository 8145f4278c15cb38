"""Decisions that follow from the seed alone."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

import msgspec

T = TypeVar("T")

Part = Literal["web worker", "web server", "worker", "postmaster", "backend", "sandbox", "spare worker", "supervisor"]

BAG: tuple[Part, ...] = (
    *("web worker", "web worker", "web server", "worker", "worker"),
    *("spare worker", "backend", "backend", "postmaster", "sandbox"),
)
"""One round of kills in an order of its own: no part dies more often than its supervisor bears."""

DAY_SECONDS = 86_400.0

JUMPS: tuple[tuple[float, int], ...] = (
    *((7, 60), (45, 50), (200, 40)),
    (960, 30),  # past an order's fifteen minutes
    (7200, 12),
    (93_600, 8),  # past midnight: yesterday's bills, statements of the day
    (32 * DAY_SECONDS, 1),  # past the month's end, the thirty days of a sharing, the session of a shopper
)
"""How far time jumps, in seconds, with its weight."""
SKEW_SECONDS = 3.0
"""How far the platform's clock may differ from WeChat's."""


class Kill(msgspec.Struct, frozen=True):
    """kill -9 of a part, `pause_seconds` after the last blow; `pick` in [0, 1) chooses among its processes."""

    pause_seconds: float
    part: Part
    pick: float


class Jump(msgspec.Struct, frozen=True):
    """Time moves on, `pause_seconds` after the last blow.

    With `stuck_seconds` the spare worker is stopped before and goes on so much later: what it had in hand was
    given to the other one in between.
    """

    pause_seconds: float
    seconds: float
    skew_seconds: float
    stuck_seconds: float = 0.0


Blow = Kill | Jump


def dice(seed: str, who: str, number: int) -> random.Random:
    """The dice of an actor's act: the same for the same seed, whatever happened before."""
    digest = hashlib.sha256(f"{seed}/{who}/{number}".encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))


def blows(
    seed: str, kill_every_seconds: float, *, jump_every: int = 3, supervisor_every: int = 5, rounds: int = 10**9
) -> Iterator[Blow]:
    """What befalls the installation in so many rounds: a jump after every `jump_every` kills.

    In every `supervisor_every`th round the supervisor itself is killed too, and started again by hand.
    """
    number = 0
    for round_ in range(rounds):
        own = dice(seed, "blows", round_)
        bag: list[Part] = own.sample(BAG, len(BAG))
        if round_ % supervisor_every == supervisor_every - 1:
            bag.append("supervisor")
        for part in bag:
            number += 1
            yield Kill(own.uniform(0.4, 1.6) * kill_every_seconds, part, own.random())
            if number % jump_every == 0:
                (seconds,) = own.choices([s for s, _ in JUMPS], [w for _, w in JUMPS])
                pause, seconds = own.uniform(0.1, 0.6), seconds * own.uniform(0.8, 1.2)
                stuck = own.uniform(0.5, 3.0) if own.random() < 0.5 else 0.0
                yield Jump(pause, seconds, own.uniform(-1, 1) * SKEW_SECONDS, stuck)


def choose(own: random.Random, things: Sequence[T], weights: Sequence[int]) -> T:
    """One of the things by weight."""
    return own.choices(things, weights)[0]
