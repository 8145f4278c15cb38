"""Months: what is closed stays as it was, whatever comes late, and balances at any date are the sums."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from bihuan import ledger
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import Entry, PeriodClosed, Transaction, books, journal, periods
from bihuan.ledger.errors import StillClosed, StillOpen
from tests.ledger.test_post import balances, holds, make_merchant, post

BY = (new_id(), "账房")
HELD = [{"name": "looked", "holds": True}]


def sale(day: date, amount: int = 100, *, booked_on: date | None = None, hour: int = 12) -> Transaction:
    at = datetime(day.year, day.month, day.day, hour, tzinfo=periods.CHINA)
    return Transaction(
        "order", new_id(), f"订单 {day}", [Entry("wechat_clearing", amount), Entry("sales", -amount)], at, booked_on
    )


async def close(rt: Runtime, merchant_id: MerchantId, month: date) -> None:
    async with rt.db.transaction() as tx:
        await periods.close(tx, merchant_id, month, BY, HELD)


async def reopen(rt: Runtime, merchant_id: MerchantId, month: date) -> None:
    async with rt.db.transaction() as tx:
        await periods.reopen(tx, merchant_id, month, BY, "凭证要改")


async def days_of(rt: Runtime, merchant_id: MerchantId) -> list[tuple[str, date]]:
    async with rt.db.session() as tx:
        found = await journal.find(tx, merchant_id, journal.Filter(), None, 100, oldest_first=True)
    return [(row.description, row.booked_on) for row in found.rows]


async def test_what_comes_late_is_booked_on_the_first_open_day_with_its_own_time(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    october, day = date(2026, 10, 1), date(2026, 10, 31)
    await post(rt, merchant_id, sale(day))
    await close(rt, merchant_id, october)
    late = sale(day, 7)
    assert await post(rt, merchant_id, late) == 1
    assert await post(rt, merchant_id, late) == 0
    async with rt.db.session() as tx:
        (row,) = (await journal.find(tx, merchant_id, journal.Filter(text=str(late.source_id)), None, 1)).rows
        assert (row.booked_on, row.occurred_at) == (date(2026, 11, 1), late.occurred_at)
        assert (await books.balances_on(tx, merchant_id, day))["sales"] == -100
        assert (await books.balances_on(tx, merchant_id, date(2026, 11, 1)))["sales"] == -107
    await holds(rt)


async def test_midnight_in_china_divides_the_days(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    before = Transaction(
        "order", new_id(), "", [Entry("cash", 1), Entry("sales", -1)], datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC)
    )
    after = Transaction(
        "order", new_id(), "", [Entry("cash", 1), Entry("sales", -1)], datetime(2026, 9, 30, 16, tzinfo=UTC)
    )
    await post(rt, merchant_id, before, after)
    assert [day for _, day in await days_of(rt, merchant_id)] == [date(2026, 9, 30), date(2026, 10, 1)]


async def test_a_chosen_day_in_a_closed_month_is_refused_and_nothing_is_posted(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    day = date(2026, 10, 9)
    chosen = sale(day, booked_on=day)
    assert await post(rt, merchant_id, chosen) == 1
    await close(rt, merchant_id, date(2026, 10, 1))
    with pytest.raises(PeriodClosed) as refused:
        await post(rt, merchant_id, sale(date(2026, 11, 2)), sale(day, booked_on=day))
    assert refused.value.members["day"] == "2026-10-09"
    assert await balances(rt, merchant_id) == {"wechat_clearing": 100, "sales": -100}
    assert await post(rt, merchant_id, chosen) == 0, "a replay of what was posted before is not refused"
    assert await post(rt, merchant_id, sale(day, booked_on=date(2026, 11, 3))) == 1


async def test_months_close_forwards_and_open_backwards(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    await post(rt, merchant_id, sale(date(2026, 8, 3)), sale(date(2026, 9, 3)))
    await close(rt, merchant_id, date(2026, 9, 1))
    for month in (date(2026, 8, 1), date(2026, 9, 1)):
        with pytest.raises(StillClosed):
            await close(rt, merchant_id, month)
    with pytest.raises(StillOpen):
        await reopen(rt, merchant_id, date(2026, 10, 1))
    await reopen(rt, merchant_id, date(2026, 9, 1))
    async with rt.db.session() as tx:
        assert await periods.closed_through(tx, merchant_id) == date(2026, 8, 31)
        kinds = [(row.kind, row.by_name, row.reason) for row in await periods.list_closings(tx, merchant_id)]
    assert kinds == [("reopen", "账房", "凭证要改"), ("close", "账房", "")]
    await post(rt, merchant_id, sale(date(2026, 9, 4), booked_on=date(2026, 9, 4)))
    await holds(rt)


@pytest.mark.parametrize("seed", range(4))
async def test_no_sequence_of_postings_and_closings_touches_a_closed_day(rt: Runtime, seed: int) -> None:
    """Against a model: where each posting is booked, what is refused, and the balances at the end of every day."""
    merchant_id = await make_merchant(rt)
    chance = random.Random(seed)
    start = date(2026, 6, 1)
    through: date | None = None
    booked: dict[date, int] = {}
    for _ in range(40):
        day = start + timedelta(days=chance.randrange(150))
        month = day.replace(day=1)
        match chance.choice(["post", "post", "post", "choose", "close", "reopen"]):
            case "post":
                await post(rt, merchant_id, sale(day, 1, hour=chance.randrange(24)))
                where = day if through is None or day > through else through + timedelta(days=1)
                booked[where] = booked.get(where, 0) + 1
            case "choose" if through is not None and day <= through:
                with pytest.raises(PeriodClosed):
                    await post(rt, merchant_id, sale(day, 1, booked_on=day))
            case "choose":
                await post(rt, merchant_id, sale(start, 1, booked_on=day))
                booked[day] = booked.get(day, 0) + 1
            case "close" if through is None or periods.end_of(month) > through:
                await close(rt, merchant_id, month)
                through = periods.end_of(month)
            case "reopen" if through is not None and month <= through:
                await reopen(rt, merchant_id, month)
                through = month - timedelta(days=1) if any(d < month for d in booked) else None
            case _:
                pass
        async with rt.db.session() as tx:
            assert await periods.closed_through(tx, merchant_id) == through
    async with rt.db.session() as tx:
        for offset in range(-1, 190, 7):
            day = start + timedelta(days=offset)
            wanted = sum(amount for d, amount in booked.items() if d <= day)
            assert (await books.balances_on(tx, merchant_id, day)).get("wechat_clearing", 0) == wanted
        rows = await books.turnovers(tx, merchant_id, date(2026, 8, 1), date(2026, 9, 30))
        for row in rows:
            assert row.closing_fen == row.opening_fen + row.debit_fen - row.credit_fen
        assert sum(row.debit_fen for row in rows) == sum(row.credit_fen for row in rows)
        moved = sum(n for d, n in booked.items() if date(2026, 8, 1) <= d <= date(2026, 9, 30))
        assert sum(row.debit_fen for row in rows) == moved
    await holds(rt)


async def test_whoever_posts_while_a_month_is_closed_is_before_it_or_after_it(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    day = date(2026, 10, 5)
    await post(rt, merchant_id, sale(day, 1))

    async def shut() -> None:
        await asyncio.sleep(0.01)
        await close(rt, merchant_id, date(2026, 10, 1))

    await asyncio.gather(*(post(rt, merchant_id, sale(day, 1)) for _ in range(30)), shut())
    async with rt.db.session() as tx:
        (closing,) = await periods.list_closings(tx, merchant_id)
        at_close = await books.balances_on(tx, merchant_id, date(2026, 10, 31))
    assert closing.balances == at_close
    assert (await balances(rt, merchant_id))["sales"] == -31
    await holds(rt)


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_books set closed_through = null where merchant_id = $1",
        "update ledger_days set debit_fen = 0 where merchant_id = $1",
        "delete from ledger_closings where merchant_id = $1",
        "update ledger_closings set balances = '{}' where merchant_id = $1",
    ],
)
async def test_the_application_opens_nothing_by_itself(rt: Runtime, statement: str) -> None:
    merchant_id = await make_merchant(rt)
    await post(rt, merchant_id, sale(date(2026, 10, 5)))
    await close(rt, merchant_id, date(2026, 10, 1))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with rt.db.transaction() as tx:
            await tx.execute(statement, merchant_id)


async def test_the_journal_by_pages_in_either_direction_and_by_every_filter(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    wanted = [sale(date(2026, 10, 1 + n % 9), n + 1) for n in range(25)]
    fee = Transaction("fee", new_id(), "手续费 100%", [Entry("payment_fees", 3), Entry("wechat_clearing", -3)])
    await post(rt, merchant_id, *wanted, fee)

    async def walk(what: journal.Filter, *, oldest_first: bool = False) -> list[journal.TransactionRow]:
        rows: list[journal.TransactionRow] = []
        after: journal.Place | None = None
        async with rt.db.session() as tx:
            while True:
                found = await journal.find(tx, merchant_id, what, after, 4, oldest_first=oldest_first)
                rows += found.rows
                if found.next is None:
                    return rows
                after = found.next

    newest = [(row.booked_on, row.transaction_id) for row in await walk(journal.Filter())]
    assert newest == sorted(newest, reverse=True)
    assert len(newest) == 26
    assert [(r.booked_on, r.transaction_id) for r in await walk(journal.Filter(), oldest_first=True)] == newest[::-1]
    third = journal.Filter(first=date(2026, 10, 3), last=date(2026, 10, 3), account="sales")
    assert {row.amounts[0] for row in await walk(third)} == {3, 12, 21}
    assert [row.source for row in await walk(journal.Filter(source="fee"))] == ["fee"]
    assert len(await walk(journal.Filter(source="order", account="wechat_clearing"))) == 25
    assert [row.source for row in await walk(journal.Filter(text="100%"))] == ["fee"]
    assert await walk(journal.Filter(text="10_%")) == []
    assert await walk(journal.Filter(source="fee", account="sales")) == []
    assert [row.source_id for row in await walk(journal.Filter(text=str(fee.source_id)))] == [fee.source_id]
    async with rt.db.session() as tx:
        assert await journal.list_sources(tx, merchant_id) == ["fee", "order"]
        assert await ledger.balances(tx, merchant_id) == {"wechat_clearing": 322, "sales": -325, "payment_fees": 3}
