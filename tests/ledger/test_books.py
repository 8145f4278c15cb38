"""Posting to many books in one call: the promises of `ledger.post`, for imports."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from bihuan import ledger, merchants
from bihuan.kernel import verification
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import Entry, Transaction, Unbalanced, UnknownAccount
from bihuan.ledger.history import PastTransaction, post_books

THEN = datetime(2017, 5, 1, tzinfo=UTC)


async def make_merchant(rt: Runtime) -> MerchantId:
    async with rt.db.transaction() as tx:
        return (await merchants.create(tx, code=f"m{new_id().hex[-12:]}", name="账簿")).merchant_id


def sale(merchant_id: MerchantId, amount: int, *, at: datetime | None = THEN) -> PastTransaction:
    entries = [Entry("external_clearing", amount), Entry("sales", -amount)]
    return PastTransaction(merchant_id, Transaction("order", new_id(), "订单", entries, at))


async def post(rt: Runtime, *rows: PastTransaction) -> int:
    async with rt.db.transaction() as tx:
        return await post_books(tx, rows)


async def balances(rt: Runtime, merchant_id: MerchantId) -> dict[str, int]:
    async with rt.db.session() as tx:
        return {a: b for a, b in (await ledger.balances(tx, merchant_id)).items() if b}


async def test_each_book_gets_its_own_and_a_repeat_posts_nothing(rt: Runtime) -> None:
    one, other = await make_merchant(rt), await make_merchant(rt)
    first, second, third = sale(one, 100), sale(other, 70), sale(one, 5)
    assert await post(rt, first, second) == 2
    assert await post(rt, second, third, third, first) == 1
    assert await post(rt) == 0
    assert await balances(rt, one) == {"external_clearing": 105, "sales": -105}
    assert await balances(rt, other) == {"external_clearing": 70, "sales": -70}
    async with rt.db.session() as tx:
        for finding in await verification.run(tx, ledger.CHECKS):
            assert finding.holds, finding


async def test_a_past_book_takes_live_postings_and_lists_its_past_behind_them(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    later = sale(merchant_id, 30, at=THEN + timedelta(days=1))
    await post(rt, later, sale(merchant_id, 20))
    live = Transaction("order", new_id(), "今天", [Entry("wechat_clearing", 9), Entry("freight", -9)])
    async with rt.db.transaction() as tx:
        assert await ledger.post(tx, merchant_id, [live]) == 1
        rows = await tx.fetch(
            """select occurred_at from ledger_transactions where merchant_id = $1
               order by transaction_id desc""",
            merchant_id,
        )
    times = [row["occurred_at"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert times[1:] == [THEN + timedelta(days=1), THEN]
    assert await balances(rt, merchant_id) == {
        "external_clearing": 50, "sales": -50, "wechat_clearing": 9, "freight": -9,
    }  # fmt: skip


async def test_what_does_not_balance_is_refused_whole(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    good = sale(merchant_id, 10)
    off = PastTransaction(
        merchant_id, Transaction("order", new_id(), "订单", [Entry("sales", -1), Entry("receipts", 2)], THEN)
    )
    unknown = PastTransaction(
        merchant_id, Transaction("order", new_id(), "订单", [Entry("sales", -1), Entry("slush", 1)], THEN)
    )
    for bad, error in ((off, Unbalanced), (unknown, UnknownAccount), (sale(merchant_id, 3, at=None), ValueError)):
        with pytest.raises(error):
            await post(rt, good, bad)
    assert await balances(rt, merchant_id) == {}


@pytest.mark.parametrize(
    ("ids", "places", "accounts", "amounts"),
    [
        (1, [1, 1], ["sales", "receipts"], [-1, 2]),
        (1, [1], ["sales"], [0]),
        (2, [1, 1], ["sales", "receipts"], [-1, 1]),
        (1, [1, 1], ["sales", "slush"], [-1, 1]),
        (1, [1, 2], ["sales", "receipts"], [-1, 1]),
        (1, [1, 1], ["sales"], [-1, 1]),
    ],
)
async def test_the_database_refuses_the_same(
    rt: Runtime, ids: int, places: list[int], accounts: list[str], amounts: list[int]
) -> None:
    merchant_id = await make_merchant(rt)
    with pytest.raises(asyncpg.CheckViolationError):
        async with rt.db.transaction() as tx:
            await tx.fetchval(
                "select ledger_post_books($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                tx.now, [merchant_id] * ids, [new_id() for _ in range(ids)], ["order"] * ids,
                [new_id() for _ in range(ids)], [""] * ids, [THEN] * ids, places, accounts, amounts,
            )  # fmt: skip
    assert await balances(rt, merchant_id) == {}
