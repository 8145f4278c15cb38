"""A short run of `make chaos`: parts die and time jumps while shoppers and staff go on. BIHUAN_CHAOS_SEED chooses."""

import os
import sys
from itertools import islice

import pytest
from bench.chaos import decisions
from bench.chaos.decisions import Jump, Kill
from bench.chaos.run import Plan, play, show

SEED = os.environ.get("BIHUAN_CHAOS_SEED", "20261122")


def test_a_seed_decides_everything() -> None:
    first, again = (list(islice(decisions.blows("a", 4.0), 200)) for _ in range(2))
    assert first == again
    assert first != list(islice(decisions.blows("b", 4.0), 200))
    assert {blow.part for blow in first if isinstance(blow, Kill)} == {*decisions.BAG, "supervisor"}
    assert any(isinstance(blow, Jump) for blow in first)
    assert [decisions.dice("a", "buyer-1", n).random() for n in range(9)] == [
        decisions.dice("a", "buyer-1", n).random() for n in range(9)
    ]
    assert decisions.dice("a", "buyer-1", 0).random() != decisions.dice("a", "buyer-2", 0).random()


def test_a_day_passes_whole() -> None:
    jumps = list(decisions.day("a"))
    assert sum(jump.seconds for jump in jumps if isinstance(jump, Jump)) == pytest.approx(decisions.DAY_SECONDS)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
def test_nothing_is_lost_in_chaos() -> None:
    plan = Plan(
        seed=SEED,
        minutes=0.28,
        shoppers=12,
        kill_every_seconds=2.0,
        kill_supervisor=False,
        faults={"profile": "bad_day", "seed": SEED},
    )
    report = play(plan)
    print(show(report))
    assert report.holds, show(report)
    assert report.total_kills >= 3
    assert report.jumps >= 1
    assert report.orders > 30
    assert report.paid > 20
    assert report.promises > 100
