"""What all bills share: the backtick before each value, yuan, times, and whose movements a bill is about."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from wechat_sandbox.clock import SHANGHAI
from wechat_sandbox.journal import Movement
from wechat_sandbox.models import Order
from wechat_sandbox.world import World

BOM = "\ufeff"


class Scope(Struct, frozen=True):
    """Whose bill of which day: a merchant's with all it placed for others, or one sub-merchant's of it."""

    mchid: str
    sub_mchid: str
    day: str

    def movements(self, world: World) -> Iterator[Movement]:
        """The movements in order."""
        if self.sub_mchid:
            rows = world.journal.movements(self.sub_mchid, day=self.day)
            return (row for row in rows if row.sp_mchid == self.mchid)
        own = world.journal.movements(self.mchid, day=self.day)
        placed = world.journal.movements(self.mchid, day=self.day, provider=True)
        return heapq.merge(own, placed, key=lambda row: row.movement_id)

    def count(self, world: World) -> int:
        """How many there are, at most."""
        if self.sub_mchid:
            return world.journal.count(self.sub_mchid, self.day)
        own = world.journal.count(self.mchid, self.day)
        return own + world.journal.count(self.mchid, self.day, provider=True)


def line(values: Iterable[str]) -> str:
    """A line of values. They are not quoted: a line break within one would break the file, so it becomes a space."""
    return ",".join("`" + value.replace("\r", " ").replace("\n", " ") for value in values) + "\n"


def yuan(fen: int) -> str:
    """12900 -> 129.00"""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02}"


def moment(at: float) -> str:
    """A time in China as bills write it."""
    return datetime.fromtimestamp(at, SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def day_end(day: str) -> float:
    """When a day in China ends."""
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=SHANGHAI).timestamp() + 86400


def order_of(world: World, movement: Movement) -> Order:
    """The order that a movement belongs to."""
    order = world.orders.get(movement.order)
    assert order is not None, "orders are never deleted"
    return order
