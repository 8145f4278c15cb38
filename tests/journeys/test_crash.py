"""Parts of a running mall are killed with `kill -9` in the middle of a stream of orders and payments.

BIHUAN_CRASH_ROUNDS: how often each part is killed (2). BIHUAN_CRASH_SEED: the order and the moments.
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from bench.mall import Mall, free_port, wait_for
from bench.processes import Parts, alive, kill, of_home, tree

from tests.journeys import audit
from tests.journeys.stream import Buyer, goods_of

ROUNDS = int(os.environ.get("BIHUAN_CRASH_ROUNDS", "2"))
SEED = int(os.environ.get("BIHUAN_CRASH_SEED", "20261122"))
SHOPPERS = 8
PARTS = ("web worker", "web server", "worker", "postmaster", "backend", "sandbox")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240 + 60 * ROUNDS),
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc"),
]


@pytest.fixture
def own_mall() -> Generator[Mall, None, None]:
    """A mall of this test's own: nobody else's survives it."""
    # Not in pytest's folder: every run of pytest shuts that to other users, also to one's own PostgreSQL's.
    with tempfile.TemporaryDirectory(prefix="bihuan-crash-") as folder:
        mall = Mall(Path(folder) / "home", free_port(), free_port(), Path(folder) / "mall.log")
        try:
            mall.start()
            yield mall
        finally:
            if mall.process and mall.process.poll() is None:
                mall.stop()
            for pid in of_home(mall.home):
                kill(pid)
            if keep := os.environ.get("BIHUAN_CRASH_KEEP"):  # a folder for the logs, to look at after a failure
                for log in (mall.log, mall.home / "postgres.log"):
                    shutil.copy(log, keep)


def _buyers(mall: Mall) -> list[Buyer]:
    shoppers = [mall.new_shopper(f"crash-{n}") for n in range(SHOPPERS)]
    for shopper in shoppers:
        shopper.sign_in("qingshan")
        shopper.sign_in("xiaoman")
    goods = {"qingshan": goods_of(shoppers[0], "qingshan", 12), "xiaoman": goods_of(shoppers[0], "xiaoman", 4)}
    return [Buyer(mall, shopper, goods, 0.3 * ROUNDS, SEED + n) for n, shopper in enumerate(shoppers)]


def _kill_one(mall: Mall, part: str, dice: random.Random) -> None:
    """Kills a process of a part, once there is one (the last kill may still be being mended)."""
    assert mall.process is not None
    parts = Parts(mall.process.pid)
    for _ in range(300):
        assert mall.process.poll() is None, f"`up` ended by itself:\n{mall.tail()}"
        if found := parts.find(part):
            kill(dice.choice(found))
            return
        time.sleep(0.1)
    raise AssertionError(f"no {part} runs:\n{mall.tail()}")


def _kill_up_and_start_again(mall: Mall) -> None:
    """The lock that a killed `up` leaves written, and the children that it leaves dying, stop nobody."""
    assert mall.process is not None
    killed = mall.process
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert _lock(mall)["pid"] == killed.pid
    mall.start()
    assert _lock(mall)["pid"] == mall.process.pid


def _lock(mall: Mall) -> dict[str, Any]:
    return json.loads((mall.home / "up.lock").read_text())


def test_nothing_is_lost_or_doubled_when_parts_are_killed(own_mall: Mall) -> None:
    mall = own_mall
    dice = random.Random(SEED)
    buyers = _buyers(mall)
    for buyer in buyers:
        buyer.start()
    for _ in range(ROUNDS):
        for part in dice.sample(PARTS, len(PARTS)):
            time.sleep(dice.uniform(0.3, 1.8))
            _kill_one(mall, part, dice)
            print(f"{time.strftime('%X')} killed: {part}")
        time.sleep(dice.uniform(0.3, 1.8))
        _kill_up_and_start_again(mall)
        print(f"{time.strftime('%X')} killed: supervisor, and started again")
    for buyer in buyers:
        buyer.enough.set()
    for buyer in buyers:
        buyer.join(60)

    assert [buyer.error for buyer in buyers if buyer.error or buyer.is_alive()] == []
    wait_for(mall.health, f"not healthy again:\n{mall.tail()}")
    audit.settle_down(mall)
    seen = audit.check(mall, buyers)
    print(seen)
    assert seen["placed"] > SHOPPERS
    assert seen["taken"] > SHOPPERS
    _stops_whole(mall)


def _stops_whole(mall: Mall) -> None:
    """Nothing that was killed left a child behind, and SIGTERM leaves nothing at all."""
    assert mall.process is not None
    started = of_home(mall.home)
    assert len(started) > 5
    assert set(started) <= set(tree(mall.process.pid))
    assert mall.stop() == 0
    assert [pid for pid in started if alive(pid)] == []
