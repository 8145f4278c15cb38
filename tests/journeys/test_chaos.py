"""A short run of `make chaos`, whole: every part dies once and time jumps while everybody goes on.

BIHUAN_CHAOS_SEED chooses. In the end all sides agree to the fen, a cooked book is found out, and the supervisor
leaves nothing running.
"""

import os
import sys
import tempfile
from collections.abc import Generator
from itertools import islice
from pathlib import Path

import pytest
from bench.chaos import audit, decisions, mix
from bench.chaos.decisions import Jump, Kill
from bench.chaos.report import Report, show
from bench.chaos.rows import rows
from bench.chaos.run import Plan, play_on
from bench.chaos.stage import Stage, opened
from bench.processes import alive, of_home, tree

SEED = os.environ.get("BIHUAN_CHAOS_SEED", "20261122")
PLAN = Plan(
    seed=SEED,
    minutes=3,
    rounds=1,
    orders_least=120,
    supervisor_every=1,
    shoppers=16,
    kill_every_seconds=1.0,
    faults={"profile": "bad_day", "seed": SEED, "scale": 2},
    days_after=1,
)


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


def test_shares_are_out_of_a_thousand() -> None:
    assert {cast.name: sum(act.share for act in cast.acts) for cast in mix.CASTS} == {
        cast.name: 1000 for cast in mix.CASTS
    }


@pytest.fixture
def stage() -> Generator[Stage, None, None]:
    """A mall of this run's own: nobody else's survives it."""
    # Not in pytest's folder: every run of pytest shuts that to other users, also to one's own PostgreSQL's.
    with tempfile.TemporaryDirectory(prefix="bihuan-chaos-") as folder, opened(Path(folder), SEED, 10) as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
def test_nothing_is_lost_in_chaos(stage: Stage) -> None:
    report = play_on(stage, PLAN)
    print(show(report))
    assert report.holds, show(report)
    assert set(report.kills) == {*decisions.BAG, "supervisor"}
    assert not report.not_played
    _much_happened(stage, report)
    _a_cooked_book_is_found_out(stage)
    _stops_whole(stage)


def _much_happened(stage: Stage, report: Report) -> None:
    assert report.orders >= PLAN.orders_least
    assert report.sales > 0
    assert report.promises > 100
    assert report.time_passed_seconds > 0
    assert {"buy", "pay_twice", "pay_with_the_wallet", "apply", "ship", "sell", "judge"} <= {
        name for acts in report.acts.values() for name in acts
    }
    happened = report.happened
    wanted = ("payments kept", "payments given back", "refunds", "commissions", "days reconciled", "postings")
    assert [what for what in wanted if not happened[what]] == []
    ways = {row["method"] for row in rows(stage, "select distinct method from payment_attempts")}
    assert {"wechat_jsapi", "wechat_native", "wechat_mini", "wechat_h5"} <= ways


def _a_cooked_book_is_found_out(stage: Stage) -> None:
    """The comparison is worth nothing if it cannot fail: take a fen away, invent a payment and a count."""
    cooked = rows(
        stage,
        """update ledger_entries set amount_fen = amount_fen - 1 where ctid = (
             select e.ctid from ledger_entries e
             join ledger_transactions t on t.merchant_id = e.merchant_id and t.transaction_id = e.transaction_id
             where t.source = 'receipt' and e.account = 'wechat_clearing' limit 1) returning account""",
    )
    assert len(cooked) == 1
    stage.promises.taken["4200000000"] = "nobody's"
    stage.promises.stocked["盘点 of yesterday"] = 3
    found = audit.check(stage)
    assert len(found["receipts"]) == 1
    assert len(found["balances"]) == 1
    assert found["money that a phone showed as paid"] == ["4200000000"]
    assert len(found["stock adjustments"]) == 1
    assert any("ledger" in name for name in found["invariants of `bihuan verify`"])


def _stops_whole(stage: Stage) -> None:
    """Nothing that was killed left a child behind, and SIGTERM leaves nothing at all."""
    mall, spare = stage.mall, stage.spare
    assert mall.process is not None
    assert spare is not None
    spare.kill()
    spare.wait()
    started = of_home(mall.home)
    assert len(started) > 5
    assert set(started) <= set(tree(mall.process.pid))
    assert mall.stop() == 0
    assert [pid for pid in started if alive(pid)] == []
