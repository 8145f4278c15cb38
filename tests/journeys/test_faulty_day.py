"""A day on which a little of everything goes wrong at WeChat: in the evening the ledger equals WeChat's books.

BIHUAN_DAY_SEED: who does what, and what goes wrong. The acts are those of `bench/chaos`, without the kills.
"""

import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from bench.chaos import audit, decisions
from bench.chaos.run import Plan, play_on, show
from bench.chaos.stage import Stage, opened

SEED = os.environ.get("BIHUAN_DAY_SEED", "20261122")
SHOPPERS = 24

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc"),
]


@pytest.fixture
def stage() -> Generator[Stage, None, None]:
    """A mall of this day's own: time jumps for all who use it."""
    # Not in pytest's folder: every run of pytest shuts that to other users, also to one's own PostgreSQL's.
    with tempfile.TemporaryDirectory(prefix="bihuan-day-") as folder, opened(Path(folder), SEED, 10) as made:
        yield made


def test_the_ledger_equals_wechats_books_after_a_faulty_day(stage: Stage) -> None:
    plan = Plan(
        seed=SEED,
        minutes=1.0,
        shoppers=SHOPPERS,
        befalls="day",
        faults={"profile": "bad_day", "seed": SEED, "scale": 2},
        pause_seconds=0.7,
        acts_most=10,
    )
    report = play_on(stage, plan)
    print(show(report))
    assert report.holds, show(report)
    assert report.time_passed_seconds >= decisions.DAY_SECONDS
    acts = ("buy", "pay_twice", "pay_after_cancelling", "leave_the_sheet_open", "pay_an_old_sheet", "ship")
    assert set(acts) <= set(report.acts)
    assert report.orders > 2 * SHOPPERS
    assert report.paid > SHOPPERS
    assert report.given_back > 0
    assert len(report.faults) > 6
    ways = {row["method"] for row in audit.rows(stage, "select distinct method from payment_attempts")}
    assert {"wechat_jsapi", "wechat_native", "wechat_mini"} <= ways
    partners = "select sum(refunded) as refunded from (select count(*) as refunded from payment_attempts a \
        join payment_accounts p on p.merchant_id = a.merchant_id and p.mchid = a.mchid \
        where p.sp_mchid <> '' and a.verdict = 'accepted') x"
    assert audit.rows(stage, partners)[0]["refunded"] > 0
    _a_cooked_book_is_found_out(stage)


def _a_cooked_book_is_found_out(stage: Stage) -> None:
    """The comparison is worth nothing if it cannot fail: take a fen away, invent an order, lose a payment."""
    entry = "(select ctid from ledger_entries where account = 'wechat_clearing' order by amount_fen desc limit 1)"
    audit.rows(stage, f"update ledger_entries set amount_fen = amount_fen - 1 where ctid in {entry} returning account")
    stage.promises.taken["4200000000"] = "nobody's"
    stage.promises.stocked["盘点 of yesterday"] = 3
    found = audit.check(stage)
    assert len(found["receipts"]) == 1
    assert len(found["balances"]) == 1
    assert found["money that a phone showed as paid"] == ["4200000000"]
    assert len(found["stock adjustments"]) == 1
    assert any("ledger" in name for name in found["invariants of `bihuan verify`"])
