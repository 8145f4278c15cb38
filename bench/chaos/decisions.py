"""Decisions that follow from the seed alone."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

Part = Literal["web worker", "web server", "worker", "postmaster", "backend", "sandbox", "spare worker", "supervisor"]

BAG: tuple[Part, ...] = (
    *("web worker", "web worker", "web server", "worker", "worker"),
    *("spare worker", "backend", "backend", "postmaster", "sandbox"),
)
"""One round of kills in an order of its own: no part dies more often than its supervisor bears."""
SUPERVISOR_EVERY = 5
"""In every so many rounds the supervisor itself is killed, and started again by hand."""

JUMPS: tuple[tuple[float, int], ...] = ((7, 30), (45, 25), (200, 20), (960, 15), (7200, 6), (93_600, 4))
"""How far time jumps, in seconds, with its weight: past retries, past an order's 15 minutes, past a day."""
DAY_SECONDS = 86_400.0
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


def blows(seed: str, kill_every_seconds: float, jump_every: int = 3, supervisor: bool = True) -> Iterator[Blow]:
    """What befalls the installation, without end: a jump after every `jump_every` kills."""
    number = 0
    for round_ in range(10**9):
        own = dice(seed, "blows", round_)
        bag: list[Part] = own.sample(BAG, len(BAG))
        if supervisor and round_ % SUPERVISOR_EVERY == SUPERVISOR_EVERY - 1:
            bag.append("supervisor")
        for part in bag:
            number += 1
            yield Kill(own.uniform(0.4, 1.6) * kill_every_seconds, part, own.random())
            if number % jump_every == 0:
                (seconds,) = own.choices([s for s, _ in JUMPS], [w for _, w in JUMPS])
                pause, seconds = own.uniform(0.1, 0.6), seconds * own.uniform(0.8, 1.2)
                stuck = own.uniform(0.5, 3.0) if own.random() < 0.5 else 0.0
                yield Jump(pause, seconds, own.uniform(-1, 1) * SKEW_SECONDS, stuck)


def day(seed: str, steps: int = 12, pause_seconds: float = 0.7) -> Iterator[Blow]:
    """A whole day that passes in `steps` jumps of different length; nothing dies."""
    own = dice(seed, "day", 0)
    shares = [own.uniform(0.2, 1.0) for _ in range(steps)]
    for share in shares:
        seconds = DAY_SECONDS * share / sum(shares)
        yield Jump(own.uniform(0.5, 1.5) * pause_seconds, seconds, own.uniform(-1, 1) * SKEW_SECONDS)


def choose(own: random.Random, names: Sequence[str], weights: Sequence[int]) -> str:
    """One of the names by weight."""
    return own.choices(list(names), list(weights))[0]
