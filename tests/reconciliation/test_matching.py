"""Whatever a bill says otherwise than the records, exactly that is found, in whatever order its rows stand."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan import ledger, merchants, wiring
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.reconciliation import db, db_differences, fetching, matching, resolving, rules
from bihuan.reconciliation.db import Due
from bihuan.reconciliation.errors import BillRefused
from tests.reconciliation.desk import Line, trade_bill

MCHID = "1900000001"
DAY = rules.date(2026, 8, 3)
NOON = rules.start_of(DAY) + timedelta(hours=12)
FEE = 6  # of ten yuan

Change = st.sampled_from(["none", "none", "none", "lost", "amount", "fee", "number"])


async def merchant_with(rt: Runtime, payments: int, minutes: int = 0) -> tuple[MerchantId, list[Line]]:
    """A merchant that received so many payments of ten yuan, and the rows that its bill should have."""
    lines: list[Line] = []
    async with rt.db.transaction() as tx:
        merchant = await merchants.create(tx, code=f"r{new_id().hex[:24]}", name="对账")
        who = merchant.merchant_id
        await tx.execute(
            """insert into payment_accounts (merchant_id, mchid, active, serial_no, public_key_id, public_key_pem,
                 private_key_fingerprint, apiv3_key_fingerprint, version, updated_at)
               values ($1, $2, true, '', '', '', '', '', $3, now())""",
            who,
            MCHID,
            new_id(),
        )
        for n in range(payments):
            payment, attempt, at = new_id(), new_id(), NOON + timedelta(minutes=minutes, seconds=n)
            await tx.execute(
                """insert into payments (merchant_id, payment_id, purpose, reference_id, shopper_id, amount_fen, state,
                     expires_at, created_at, paid_at) values ($1, $2, 'order', $3, $3, 1000, 'paid', $4, $4, $4)""",
                who,
                payment,
                new_id(),
                at,
            )
            await tx.execute(
                """insert into payment_attempts (merchant_id, attempt_id, payment_id, out_trade_no, method, mchid,
                     appid, amount_fen, description, state, expires_at, due_at, transaction_id, paid_fen, paid_at,
                     verdict,
                     created_at)
                   values ($1, $2, $3, $4, 'wechat_jsapi', $5, 'wx1', 1000, '衬衫', 'paid', $6, $6, $7, 1000, $6,
                     'accepted', $6)""",
                who,
                attempt,
                payment,
                attempt.hex,
                MCHID,
                at,
                f"42{attempt.int % 10**26:026}",
            )
            line = Line(
                at=at,
                mchid=MCHID,
                transaction_id=f"42{attempt.int % 10**26:026}",
                out_trade_no=attempt.hex,
                amount_fen=1000,
                fee_fen=FEE,
            )
            lines.append(line)
    return who, lines


async def reconcile(rt: Runtime, who: MerchantId, content: bytes, day: rules.date = DAY) -> None:
    """Matches a bill that was kept for a day. Raises BillRefused."""
    due = Due(who, MCHID, "", day, 1)
    name = f"{who}/{new_id().hex}.csv"
    path = fetching.folder(rt) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    async with rt.db.transaction() as tx:
        await db.want_days(tx, [(who, MCHID, "", day, tx.now)])
        await db.keep_bill(tx, due, "trade", name, "0" * 40, len(content))
    await matching.match(rt, due, wiring.SHARES)


async def queue(rt: Runtime, who: MerchantId) -> list[Any]:
    """All differences."""
    async with rt.db.session() as tx:
        return await db_differences.list_page(tx, who, state=None, kind=None, day=None, before=None, limit=1000)


async def fees(rt: Runtime, who: MerchantId) -> int:
    """What of fees is in the book."""
    async with rt.db.session() as tx:
        return (await ledger.balances(tx, who)).get("payment_fees", 0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(Change, max_size=9), strangers=st.integers(0, 2), data=st.data())
async def test_exactly_what_was_changed_is_found(
    rt: Runtime, changes: list[str], strangers: int, data: st.DataObject
) -> None:
    who, truth = await merchant_with(rt, len(changes))
    told: list[Line] = []
    expected: set[tuple[str, str]] = set()
    for true, change in zip(truth, changes, strict=True):
        line = true
        match change:
            case "lost":
                expected.add(("missing_there", line.out_trade_no))
                continue
            case "amount":
                line = _with(line, amount_fen=2000, fee_fen=12)
                expected.add(("amount", line.out_trade_no))
            case "fee":
                line = _with(line, fee_fen=FEE + 1)
                expected.add(("fee", line.out_trade_no))
            case "number":  # another transaction paid the same order: its own stands in no bill
                expected |= {("state", line.out_trade_no), ("missing_there", line.out_trade_no)}
                line = _with(line, transaction_id=f"43{line.transaction_id[2:]}")
            case _:
                pass
        told.append(line)
    for n in range(strangers):
        told.append(
            Line(at=NOON, mchid=MCHID, transaction_id=f"44{n}", out_trade_no=f"s{n}", amount_fen=500, fee_fen=3)
        )
        expected.add(("missing_here", f"s{n}"))
    told = data.draw(st.permutations(told))
    await reconcile(rt, who, trade_bill(told))
    found = await queue(rt, who)
    assert {(one.kind, one.out_number) for one in found} == expected
    assert len(found) == len(expected)
    assert await fees(rt, who) == sum(line.fee_fen for line in told)
    await reconcile(rt, who, trade_bill(told))  # once more: a matched day stays as it is
    assert len(await queue(rt, who)) == len(expected)
    assert await fees(rt, who) == sum(line.fee_fen for line in told)


def _with(line: Line, **more: Any) -> Line:
    return msgspec.structs.replace(line, **more)


@pytest.mark.parametrize("harm", ["cut", "no_summary", "sum", "other_day", "row_twice", "another"])
async def test_a_harmed_bill_posts_nothing(rt: Runtime, harm: str) -> None:
    who, lines = await merchant_with(rt, 3)
    good = trade_bill(lines)
    rows = good.splitlines(keepends=True)
    bad, code = {
        "cut": (good[:-40], "bill_malformed"),
        "no_summary": (b"".join(rows[:-2]), "bill_malformed"),
        "sum": (good.replace(b"`10.00,`0.00,`\n", b"`10.01,`0.00,`\n", 1), "bill_malformed"),
        "other_day": (good.replace(b"2026-08-03", b"2026-08-02"), "bill_malformed"),
        "row_twice": (trade_bill([*lines, lines[0]]), "bill_row_twice"),
        "another": (good.replace(MCHID.encode(), b"1900000002"), "bill_of_another"),
    }[harm]
    with pytest.raises(BillRefused) as refused:
        await reconcile(rt, who, bad)
    assert refused.value.code == code
    assert (await queue(rt, who), await fees(rt, who)) == ([], 0)
    async with rt.db.session() as tx:
        assert (await db.find_day(tx, who, MCHID, DAY)).state == "waiting"  # pyright: ignore[reportOptionalMemberAccess]
    await reconcile(rt, who, good)
    assert (await queue(rt, who), await fees(rt, who)) == ([], 3 * FEE)


async def test_what_stands_in_the_next_days_bill_resolves_by_itself(rt: Runtime) -> None:
    who, (line,) = await merchant_with(rt, 1, minutes=12 * 60 - 1)  # a minute before midnight
    await reconcile(rt, who, trade_bill([]))
    (found,) = await queue(rt, who)
    assert (found.kind, found.state, found.action) == ("missing_there", "waiting", "wait")
    tomorrow = DAY + timedelta(days=1)
    await reconcile(rt, who, trade_bill([_with(line, at=line.at + timedelta(minutes=2))]), tomorrow)
    (found,) = await queue(rt, who)
    assert (found.state, found.resolution, found.rule) == ("resolved", "appeared", "next_bill")


async def test_what_the_next_days_bill_has_not_either_is_for_a_person(rt: Runtime) -> None:
    who, _ = await merchant_with(rt, 1, minutes=12 * 60 - 1)
    await reconcile(rt, who, trade_bill([]))
    await reconcile(rt, who, trade_bill([]), DAY + timedelta(days=1))
    (found,) = await queue(rt, who)
    assert found.state == "open"


async def test_a_payment_in_the_bills_of_two_days_is_seen_and_its_fee_posted_once(rt: Runtime) -> None:
    who, (line,) = await merchant_with(rt, 1)
    await reconcile(rt, who, trade_bill([line]))
    await reconcile(rt, who, trade_bill([_with(line, at=line.at + timedelta(days=1))]), DAY + timedelta(days=1))
    (found,) = await queue(rt, who)
    assert (found.kind, found.book_fen, await fees(rt, who)) == ("twice", 1000 - FEE, FEE)


async def test_posting_a_difference_moves_its_money_once(rt: Runtime) -> None:
    who, (line,) = await merchant_with(rt, 1)
    stranger = Line(at=NOON, mchid=MCHID, transaction_id="441", out_trade_no="s1", amount_fen=500, fee_fen=3)
    await reconcile(rt, who, trade_bill([line, stranger]))
    (found,) = await queue(rt, who)
    assert (found.kind, found.action, found.book_fen) == ("missing_here", "post", 500)
    async with rt.db.transaction() as tx:
        done = await resolving.decide(tx, who, found.difference_id, "post", "门店扫码收款", (_staff(), "会计"))
    assert (done.state, done.resolution, done.staff_name) == ("resolved", "posted", "会计")
    async with rt.db.session() as tx:
        assert (await ledger.balances(tx, who))["differences"] == -500
    with pytest.raises(resolving.DifferenceResolved):
        async with rt.db.transaction() as tx:
            await resolving.decide(tx, who, found.difference_id, "post", "再来一次", (_staff(), "会计"))


def _staff() -> Any:
    return UUID(int=1)
