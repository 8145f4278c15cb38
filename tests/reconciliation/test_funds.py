"""A fund bill: transfers are booked, what nobody explains is queued, and a harmed one books nothing."""

from collections.abc import Sequence

import pytest

from bihuan import ledger, wiring
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.reconciliation import db, fetching, matching
from bihuan.reconciliation.db import Due
from bihuan.reconciliation.errors import BillRefused
from tests.reconciliation.desk import yuan
from tests.reconciliation.test_matching import DAY, MCHID, merchant_with, queue

HEAD = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号\n"
)
Move = tuple[str, int, int]
"""Its type, the change and what was left, in fen."""


def fund_bill(moves: Sequence[Move]) -> bytes:
    """A bill of these movements."""
    text = "\ufeff" + HEAD
    for n, (kind, change, left) in enumerate(moves):
        way = "收入" if change > 0 else "支出"
        values = (
            f"{DAY} 12:00:{n:02}",
            f"90{n}",
            f"91{n}",
            kind,
            kind,
            way,
            yuan(abs(change)),
            yuan(left),
            "API",
            "",
            "",
        )
        text += ",".join(f"`{value}" for value in values) + "\n"
    came = [change for _, change, _ in moves if change > 0]
    went = [-change for _, change, _ in moves if change < 0]
    sums = (str(len(moves)), str(len(came)), yuan(sum(came)), str(len(went)), yuan(sum(went)))
    return (
        text + "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n" + ",".join(f"`{v}" for v in sums) + "\n"
    ).encode()


async def reconcile(rt: Runtime, who: MerchantId, content: bytes) -> dict[str, int]:
    """Matches a day with this fund bill; the book's balances then. Raises BillRefused."""
    due = Due(who, MCHID, "", DAY, 1)
    name = f"{who}/{new_id().hex}.csv"
    path = fetching.folder(rt) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    async with rt.db.transaction() as tx:
        await db.want_days(tx, [(who, MCHID, "", DAY, tx.now)])
        await db.keep_bill(tx, due, "funds", name, "0" * 40, len(content))
    await matching.match(rt, due, wiring.SHARES)
    return await book(rt, who)


async def book(rt: Runtime, who: MerchantId) -> dict[str, int]:
    """The balances."""
    async with rt.db.session() as tx:
        return await ledger.balances(tx, who)


async def test_transfers_are_booked_and_a_movement_nobody_explains_is_queued(rt: Runtime) -> None:
    who, _ = await merchant_with(rt, 0)
    moves = [("充值", 5_000, 5_000), ("提现", -2_000, 3_000), ("提现", -500, 2_500), ("调账", -300, 2_200)]
    balances = await reconcile(rt, who, fund_bill(moves))
    assert (balances["wechat_clearing"], balances["bank"]) == (2_500, -2_500)
    (found,) = await queue(rt, who)
    assert (found.kind, found.subject, found.book_fen, found.action) == ("unknown_move", "move", -300, "post")
    assert await reconcile(rt, who, fund_bill(moves)) == balances  # once more: a matched day stays as it is


async def test_balances_that_do_not_add_up_are_queued(rt: Runtime) -> None:
    who, _ = await merchant_with(rt, 0)
    await reconcile(rt, who, fund_bill([("充值", 5_000, 5_000), ("提现", -2_000, 3_100)]))
    kinds = {(one.kind, one.out_number) for one in await queue(rt, who)}
    assert ("balance", "sum") in kinds


@pytest.mark.parametrize("harm", ["cut", "sum", "other_day", "way"])
async def test_a_harmed_fund_bill_books_nothing(rt: Runtime, harm: str) -> None:
    who, _ = await merchant_with(rt, 0)
    good = fund_bill([("充值", 5_000, 5_000)])
    bad = {
        "cut": good[:-10],
        "sum": good.replace(b"`50.00,`50.00", b"`50.01,`50.01", 1),
        "other_day": good.replace(b"2026-08-03", b"2026-08-04"),
        "way": good.replace("收入,".encode(), "转入,".encode(), 1),
    }[harm]
    assert bad != good
    with pytest.raises(BillRefused) as refused:
        await reconcile(rt, who, bad)
    assert refused.value.code == "bill_malformed"
    assert (await book(rt, who), await queue(rt, who)) == ({}, [])
    assert (await reconcile(rt, who, good))["bank"] == -5_000
