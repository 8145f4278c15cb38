"""An account at a past moment: what will be posted changes it as posting it does."""

from datetime import UTC, datetime, timedelta

from bihuan import ledger
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import Entry, Transaction, past_balance
from tests.ledger.test_post import make_merchant, post

DAY = datetime(2026, 5, 3, 16, tzinfo=UTC)  # midnight in China
NEXT = DAY + timedelta(days=1)


def moved(source: str, amount: int, at: datetime) -> Transaction:
    entries = [Entry("wechat_clearing", amount), Entry("bank", -amount)]
    return Transaction(source, new_id(), "转账", entries, at)


async def test_what_is_to_be_posted_changes_a_day_as_posting_it_does(rt: Runtime) -> None:
    merchant_id = await make_merchant(rt)
    times = [DAY - timedelta(days=2), DAY, DAY + timedelta(hours=5), NEXT - timedelta(seconds=1), NEXT]

    async def day() -> past_balance.Stretch:
        async with rt.db.session() as tx:
            return await past_balance.stretch(tx, merchant_id, "wechat_clearing", DAY, NEXT)

    assert await day() == past_balance.Stretch(0, 0, {})
    await post(rt, merchant_id, *(moved("receipt", 1000 + n, at) for n, at in enumerate(times)))
    before = await day()
    assert before == past_balance.Stretch(1000, 1000 + 1001 + 1002 + 1003, {"receipt": 1001 + 1002 + 1003})

    more = [moved("bank_transfer", -10 * 2**n, at) for n, at in enumerate(times)]
    foretold = before.after("wechat_clearing", more, DAY, NEXT)
    await post(rt, merchant_id, *more)
    assert foretold == await day()
    assert foretold.changes == {"receipt": 3006, "bank_transfer": -20 - 40 - 80}
    async with rt.db.session() as tx:
        assert (await ledger.balances(tx, merchant_id))["wechat_clearing"] == foretold.closing_fen + 1004 - 160
