"""What was shared, returned and unfrozen stands in WeChat's profit-sharing bill row by row, as it does here."""

from datetime import datetime, time, timedelta

from bihuan import wiring
from bihuan.kernel import verification
from bihuan.reconciliation import CHECKS, db, db_differences, rules, running
from bihuan.reconciliation.db import Due
from tests.payments.desk import Json
from tests.settlement.desk import Desk


async def _go_to(desk: Desk, days: int, hour: int) -> None:
    now = desk.clock.now().astimezone(rules.CHINA)
    goal = datetime.combine(now.date() + timedelta(days=days), time(hour), rules.CHINA)
    await desk.pass_time(seconds=(goal - now).total_seconds())
    async with desk.rt.db.transaction() as tx:  # the sign-ins go on
        await tx.execute("update sessions set expires_at = $1 where expires_at < $1", tx.now + timedelta(hours=12))


async def test_a_days_shares_returns_and_unfreezings_agree_with_the_bill(desk: Desk, provider: Json) -> None:
    await _go_to(desk, 1, 12)
    day = rules.day_of(desk.clock.now())
    orders = [(await desk.sell(10_000))[0] for _ in range(2)]
    await desk.pass_time(seconds=80)
    for order_id in orders:
        await desk.share(order_id, "done")
    await desk.sandbox.call("POST", f"/merchants/{desk.merchant['mchid']}/top-up", {"amount": 5_000})
    await desk.refund(orders[0], 10_000)
    await desk.refunded()
    assert rules.day_of(desk.clock.now()) == day

    await _go_to(desk, 1, 11)
    due = Due(desk.merchant_id, desk.merchant["mchid"], provider["mchid"], day, 1)
    async with desk.rt.db.transaction() as tx:
        await db.want_days(tx, [(due.merchant_id, due.mchid, due.sp_mchid, day, tx.now)])
    await running.run_one(desk.rt, due, wiring.SHARES)
    kept = await desk.rows(
        """select kind, count(*)::int as rows, sum(amount_fen)::int as fen, count(record_id)::int as known
           from reconciliation_items where merchant_id = $1 group by kind order by kind"""
    )
    assert [tuple(row.values()) for row in kept] == [
        ("payment", 2, 20_000, 2),
        ("refund", 1, 10_000, 1),
        ("share", 2, 2_000, 2),
        ("share_return", 1, 1_000, 1),
        ("unfreeze", 2, 17_880, 2),
    ]
    async with desk.rt.db.session() as tx:
        found = await db_differences.list_page(
            tx, desk.merchant_id, state=None, kind=None, day=None, before=None, limit=9
        )
        told = await db.find_day(tx, due.merchant_id, due.mchid, day)
        assert (found, told and told.state) == ([], "matched")
        for finding in await verification.run(tx, CHECKS):
            assert not [one for one in finding.offenders if one.startswith(str(desk.merchant_id))], finding.name
