"""A profit-sharing bill against what was shared here: what is lost, another, closed, or a stranger's, is found."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from bihuan import ledger, wiring
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.reconciliation import db, fetching, matching, resolving, rules, running
from bihuan.reconciliation.db import Due
from bihuan.reconciliation.errors import BillRefused
from tests.reconciliation.desk import yuan
from tests.reconciliation.test_matching import DAY, MCHID, NOON, merchant_with, queue

PLATFORM = "1900000900"
HEAD = (
    "分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,商户分账/回退单号,订单金额(元),"
    "分账接收方,分账金额(元),业务类型,处理状态,分账描述,备注\n"
)
KINDS = {"share": "分账", "share_return": "分账回退", "unfreeze": "解冻"}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a profit-sharing bill."""

    kind: str
    out_no: str
    amount_fen: int
    receiver: str = PLATFORM
    state: str = "SUCCESS"
    sharer: str = MCHID


def sharing_bill(parts: Sequence[Part]) -> bytes:
    """A bill of these rows."""
    at = NOON.astimezone(rules.CHINA).strftime("%Y-%m-%d %H:%M:%S")
    text = "\ufeff" + HEAD
    for n, one in enumerate(parts):
        values = (at, one.sharer, one.sharer, "4200", f"30{n}", f"31{n}", one.out_no, "100.00", one.receiver,
                  yuan(one.amount_fen), KINDS[one.kind], one.state, "佣金", "")  # fmt: skip
        text += ",".join(f"`{value}" for value in values) + "\n"
    total = yuan(sum(one.amount_fen for one in parts))
    return (text + f"总笔数,总金额(元)\n`{len(parts)},`{total}\n").encode()


async def shared(rt: Runtime, who: MerchantId, state: str = "success") -> list[Part]:
    """An order of which ten yuan were shared and one came back; the rows that its bill should have."""
    order, share, rest, back = (new_id() for _ in range(4))
    async with rt.db.transaction() as tx:
        await tx.execute(
            """insert into sharings (merchant_id, order_id, order_no, mchid, appid, receiver, transaction_id, paid_fen,
                 paid_at, ends_at, state, shared_fen, updated_at)
               values ($1, $2, 'N1', $3, 'wx1', $4, '4200', 10000, $5, $5, 'done', 1000, $5)""",
            who, order, MCHID, PLATFORM, NOON,
        )  # fmt: skip
        for number, kind, amount in ((share, "share", 1000), (rest, "unfreeze", 0)):
            ended = NOON if state == "success" or kind == "unfreeze" else None
            await tx.execute(
                """insert into sharing_orders (merchant_id, sharing_order_id, order_id, kind, amount_fen, state,
                     created_at, ended_at) values ($1, $2, $3, $4, $5, $6, $7, $8)""",
                who, number, order, kind, amount, "success" if ended else state, NOON, ended,
            )  # fmt: skip
        await tx.execute(
            """insert into sharing_returns (merchant_id, return_id, sharing_order_id, order_id, amount_fen, state,
                 due_at, created_at, ended_at) values ($1, $2, $3, $4, 100, 'success', $5, $5, $5)""",
            who, back, share, order, NOON,
        )  # fmt: skip
    return [
        Part(kind="share", out_no=share.hex, amount_fen=1000),
        Part(kind="unfreeze", out_no=rest.hex, amount_fen=8940, receiver=MCHID),
        Part(kind="share_return", out_no=back.hex, amount_fen=100),
    ]


async def reconcile(rt: Runtime, who: MerchantId, content: bytes, day: rules.date = DAY) -> None:
    """Matches a profit-sharing bill. Raises BillRefused."""
    due = Due(who, MCHID, "", day, 1)
    name = f"{who}/{new_id().hex}.csv"
    path = fetching.folder(rt) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    async with rt.db.transaction() as tx:
        await db.want_days(tx, [(who, MCHID, "", day, tx.now)])
        await db.keep_bill(tx, due, "sharing", name, "0" * 40, len(content))
    await matching.match(rt, due, wiring.SHARES)


def with_first(parts: list[Part], **more: Any) -> list[Part]:
    """The share is told otherwise."""
    return [msgspec.structs.replace(parts[0], **more), *parts[1:]]


async def test_what_agrees_is_kept_and_nothing_differs(rt: Runtime) -> None:
    who, _ = await merchant_with(rt, 0)
    parts = await shared(rt, who)
    by_wechat = Part(kind="unfreeze", out_no="", amount_fen=77, receiver=MCHID)  # at the end of its time
    await reconcile(rt, who, sharing_bill([*parts, by_wechat]))
    assert await queue(rt, who) == []
    async with rt.db.session() as tx:
        assert await tx.fetchval("select count(*) from reconciliation_items where merchant_id = $1", who) == 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("lost", ("missing_there", "share", 1000, "wait")),
        ("amount", ("amount", "share", -500, "post")),
        ("closed", ("state", "share", 0, "wait")),
        ("stranger", ("missing_here", "share", -300, "post")),
    ],
)
async def test_what_differs_is_queued_by_row(rt: Runtime, change: str, expected: tuple[object, ...]) -> None:
    who, _ = await merchant_with(rt, 0)
    parts = await shared(rt, who)
    told = {
        "lost": parts[1:],
        "amount": with_first(parts, amount_fen=1500),
        "closed": with_first(parts, state="CLOSED"),
        "stranger": [*parts, Part(kind="share", out_no="P1", amount_fen=300, receiver="1900000901")],
    }[change]
    await reconcile(rt, who, sharing_bill(told))
    (found,) = await queue(rt, who)
    assert (found.kind, found.subject, found.book_fen, found.action) == expected
    assert found.state == "open"


async def test_a_share_that_is_recorded_later_resolves_by_rule(rt: Runtime) -> None:
    who, _ = await merchant_with(rt, 0)
    parts = await shared(rt, who, state="processing")
    await reconcile(rt, who, sharing_bill(parts))
    (found,) = await queue(rt, who)
    assert (found.kind, found.here_state, found.there_state) == ("state", "processing", "SUCCESS")
    await running.recheck(rt, wiring.SHARES)
    assert (await queue(rt, who))[0].state == "open"
    async with rt.db.transaction() as tx:
        await tx.execute(
            """update sharing_orders set state = 'success', ended_at = $2
               where merchant_id = $1 and state = 'processing'""",
            who,
            NOON,
        )
    await running.recheck(rt, wiring.SHARES)
    (found,) = await queue(rt, who)
    assert (found.state, found.resolution, found.rule) == ("resolved", "agrees", "recorded_since")


async def test_a_share_in_the_bills_of_two_days_is_seen(rt: Runtime) -> None:
    who, _ = await merchant_with(rt, 0)
    parts = await shared(rt, who)
    await reconcile(rt, who, sharing_bill(parts))
    tomorrow = DAY + timedelta(days=1)
    again = sharing_bill(parts[:1]).replace(str(DAY).encode(), str(tomorrow).encode())
    await reconcile(rt, who, again, tomorrow)
    (found,) = await queue(rt, who)
    assert (found.kind, found.subject, found.book_fen) == ("twice", "share", -1000)


async def test_posting_a_strangers_share_takes_it_from_the_account(rt: Runtime) -> None:
    who, _ = await merchant_with(rt, 0)
    await reconcile(rt, who, sharing_bill([Part(kind="share", out_no="P1", amount_fen=300)]))
    (found,) = await queue(rt, who)
    async with rt.db.transaction() as tx:
        await resolving.decide(tx, who, found.difference_id, "post", "在商户平台手工分账", (_staff(), "会计"))
    async with rt.db.session() as tx:
        balances = await ledger.balances(tx, who)
    assert (balances["wechat_clearing"], balances["differences"]) == (-300, 300)


@pytest.mark.parametrize("harm", ["cut", "sum", "other_day", "another"])
async def test_a_harmed_bill_keeps_nothing(rt: Runtime, harm: str) -> None:
    who, _ = await merchant_with(rt, 0)
    parts = await shared(rt, who)
    good = sharing_bill(parts)
    bad, code = {
        "cut": (good[:-12], "bill_malformed"),
        "sum": (good.replace(b"`10.00,", b"`10.01,", 1), "bill_malformed"),
        "other_day": (good.replace(b"2026-08-03", b"2026-08-02"), "bill_malformed"),
        "another": (sharing_bill([msgspec.structs.replace(p, sharer="1900000902") for p in parts]), "bill_of_another"),
    }[harm]
    with pytest.raises(BillRefused) as refused:
        await reconcile(rt, who, bad)
    assert refused.value.code == code
    assert await queue(rt, who) == []
    await reconcile(rt, who, good)
    assert await queue(rt, who) == []


def _staff() -> Any:
    return UUID(int=1)
