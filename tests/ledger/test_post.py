"""Posting: what balances is written once, what does not is refused by Python and by the database."""

import asyncio
import random
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan import ledger, merchants
from bihuan.kernel import verification
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import Entry, Transaction, Unbalanced, UnknownAccount, rules


async def make_merchant(rt: Runtime) -> MerchantId:
    async with rt.db.transaction() as tx:
        return (await merchants.create(tx, code=f"m{new_id().hex[-12:]}", name="账簿")).merchant_id


def sale(amount: int, source_id: UUID | None = None, source: str = "order") -> Transaction:
    return Transaction(
        source, source_id or new_id(), "订单", [Entry("wechat_clearing", amount), Entry("sales", -amount)]
    )


async def balances(rt: Runtime, merchant_id: MerchantId) -> dict[str, int]:
    async with rt.db.session() as tx:
        return {a: b for a, b in (await ledger.balances(tx, merchant_id)).items() if b}


async def post(rt: Runtime, merchant_id: MerchantId, *transactions: Transaction) -> int:
    async with rt.db.transaction() as tx:
        return await ledger.post(tx, merchant_id, transactions)


async def holds(rt: Runtime) -> None:
    async with rt.db.session() as tx:
        for finding in await verification.run(tx, ledger.CHECKS):
            assert finding.holds, finding


async def test_a_batch_posts_and_a_replay_does_not(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    first, second = sale(1000), sale(250)
    assert await post(rt, merchant_id, first, second) == 2
    assert await post(rt, merchant_id, first, sale(7), second, first) == 1
    # the same cause twice in one batch is one transaction, and the same id of another source another one
    third = sale(40)
    assert await post(rt, merchant_id, third, third) == 1
    assert await post(rt, merchant_id, sale(60, first.source_id, "payment")) == 1
    assert await balances(rt, merchant_id) == {"wechat_clearing": 1357, "sales": -1357}
    await holds(rt)


async def test_a_book_is_its_merchants_own(rt: Runtime) -> None:
    one, other = await make_merchant(rt), await make_merchant(rt)
    shared = sale(10)
    assert (await post(rt, one, shared), await post(rt, other, shared)) == (1, 1)
    assert await balances(rt, one) == await balances(rt, other) == {"wechat_clearing": 10, "sales": -10}


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        ([Entry("wechat_clearing", 10), Entry("sales", -9)], Unbalanced),
        ([Entry("wechat_clearing", 10)], Unbalanced),
        ([], Unbalanced),
        ([Entry("wechat_clearing", 0), Entry("sales", 0)], Unbalanced),
        ([Entry("wechat_clearing", 10**15), Entry("sales", -(10**15))], Unbalanced),
        ([Entry("cash_under_the_table", 10), Entry("sales", -10)], UnknownAccount),
    ],
)
async def test_what_does_not_balance_is_refused_whole(
    rt: Runtime, entries: list[Entry], error: type[Exception]
) -> None:
    merchant_id = await make_merchant(rt)
    with pytest.raises(error):
        await post(rt, merchant_id, sale(5), Transaction("order", new_id(), "", entries))
    assert await balances(rt, merchant_id) == {}


POST = "select ledger_post($1, now(), $2, $3, $4, $5, $6, $7, $8, $9)"


@pytest.mark.parametrize(
    ("places", "accounts", "amounts"),
    [
        ([1, 1], ["wechat_clearing", "sales"], [10, -9]),
        ([1], ["wechat_clearing"], [10]),
        ([], [], []),
        ([1, 1], ["wechat_clearing", "sales"], [0, 0]),
        ([1, 1], ["wechat_clearing", "under_the_table"], [1, -1]),
        ([1, 1, 2, 2], ["wechat_clearing", "sales", "wechat_clearing", "sales"], [1, -1, 1, -1]),
        ([1, 1, None], ["wechat_clearing", "sales", "sales"], [1, -1, 5]),
        ([1, 1, 1], ["wechat_clearing", "sales", "sales"], [1, -1, None]),
        ([1, 1], ["wechat_clearing", "sales"], [1]),
        ([1, 1], ["wechat_clearing", None], [1, -1]),
    ],
)
async def test_the_database_refuses_by_itself(
    rt: Runtime, places: list[int], accounts: list[str], amounts: list[int]
) -> None:
    merchant_id = await make_merchant(rt)
    async with rt.db.raw() as connection:
        at = await connection.fetchval("select now()")
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.fetchval(
                POST, merchant_id, [new_id()], ["order"], [new_id()], [""], [at], places, accounts, amounts
            )
    assert await balances(rt, merchant_id) == {}
    await holds(rt)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into ledger_entries values ($1, $1, 1, 'sales', 5)",
        "insert into ledger_transactions values ($1, $1, 'order', $1, '', now(), now())",
        "insert into ledger_balances values ($1, 'sales', 5)",
        "insert into ledger_accounts values ($1, 'sales', 'income', now())",
        "update ledger_entries set amount_fen = 1 where merchant_id = $1",
        "update ledger_balances set balance_fen = 1 where merchant_id = $1",
        "update ledger_transactions set description = '' where merchant_id = $1",
        "delete from ledger_entries where merchant_id = $1",
        "delete from ledger_transactions where merchant_id = $1",
        "delete from ledger_balances where merchant_id = $1",
    ],
)
async def test_the_application_writes_in_no_other_way(rt: Runtime, statement: str) -> None:
    merchant_id = await make_merchant(rt)
    await post(rt, merchant_id, sale(10))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with rt.db.transaction() as tx:
            await tx.execute(statement, merchant_id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with rt.db.transaction() as tx:
            await tx.execute("truncate ledger_entries")


async def test_many_at_once_neither_deadlock_nor_lose_a_fen(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    shared = [sale(3) for _ in range(20)]

    async def poster(seed: int) -> int:
        chance = random.Random(seed)
        posted = 0
        for _ in range(5):
            batch = chance.sample(shared, 10)
            async with rt.db.transaction() as tx:  # two calls in one transaction, in either order of accounts
                posted += await ledger.post(tx, merchant_id, batch)
                fee = Transaction("fee", new_id(), "", [Entry("payment_fees", 1), Entry("wechat_clearing", -1)])
                posted += await ledger.post(tx, merchant_id, [fee])
        return posted

    assert sum(await asyncio.gather(*(poster(seed) for seed in range(8)))) == 20 + 40
    assert await balances(rt, merchant_id) == {"wechat_clearing": 20, "sales": -60, "payment_fees": 40}
    await holds(rt)


amounts = st.integers(min_value=-(10**6), max_value=10**6).filter(bool)


ACCOUNTS = sorted(rules.CHART.keys() - {"receipts", "interbook_clearing", "merchant_payable"})
"""Without those of which other modules prove more than a book's own balance."""


@st.composite
def balanced(draw: st.DrawFn) -> list[Entry]:
    some = draw(st.lists(st.tuples(st.sampled_from(ACCOUNTS), amounts), min_size=1, max_size=6))
    rest = -sum(amount for _, amount in some)
    entries = [Entry(account, amount) for account, amount in some]
    return [*entries, Entry("differences", rest)] if rest else [*entries, entries[0], Entry("sales", -some[0][1])]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_only_what_balances_passes_the_rules(data: st.DataObject) -> None:
    """The rules alone: whatever balances passes the check and sums to zero."""
    entries = data.draw(balanced())
    rules.check(Transaction("order", new_id(), "", entries))
    assert sum(entry.amount_fen for entry in entries) == 0
    with pytest.raises(Unbalanced):
        rules.check(Transaction("order", new_id(), "", [*entries, Entry("sales", 1)]))


async def test_random_batches_with_replays_against_a_model(rt: Runtime) -> None:
    """The same property in the database: balances follow a model that counts each cause once."""
    merchant_id = await make_merchant(rt)
    chance = random.Random(7)
    accounts = ACCOUNTS
    causes: list[Transaction] = []
    model: dict[str, int] = {}
    posted: set[UUID] = set()
    for _ in range(40):
        some = [(chance.choice(accounts), chance.choice([-1, 1]) * chance.randint(1, 9999)) for _ in range(3)]
        rest = -sum(amount for _, amount in some)
        if rest:
            some.append((chance.choice(accounts), rest))
        causes.append(Transaction("order", new_id(), "", [Entry(a, n) for a, n in some]))
        batch = chance.choices(causes, k=chance.randint(1, 6))
        fresh = {t.source_id: t for t in batch if t.source_id not in posted}
        assert await post(rt, merchant_id, *batch) == len(fresh)
        posted |= fresh.keys()
        for transaction in fresh.values():
            for entry in transaction.entries:
                model[entry.account] = model.get(entry.account, 0) + entry.amount_fen
        assert await balances(rt, merchant_id) == {a: n for a, n in model.items() if n}
    await holds(rt)
