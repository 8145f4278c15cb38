"""Giving back what was kept: by decision, in parts, never more than came."""

import asyncio
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan import payments
from bihuan.kernel.ids import new_id
from bihuan.payments import refunds, rules
from bihuan.wechat.pay import Refund, RefundAmount
from tests.payments.desk import Till

HELD = st.lists(st.integers(0, 10**9), min_size=1, max_size=5)


@given(HELD, st.lists(st.floats(0, 1), max_size=12))
def test_any_sequence_of_partial_refunds_conserves_every_fen(held: list[int], wishes: list[float]) -> None:
    left, back = list(held), 0
    for wish in [*wishes, 1.0]:
        amount = int(wish * sum(left))
        shares = rules.divide(amount, left)
        assert sum(shares) == amount
        assert all(0 <= share <= most for share, most in zip(shares, left, strict=True))
        left = [most - share for most, share in zip(left, shares, strict=True)]
        back += amount
    assert (back, sum(left)) == (sum(held), 0)


@given(HELD, st.floats(0, 1))
def test_a_refund_is_shared_in_proportion_but_for_the_fen_that_rounding_leaves(held: list[int], wish: float) -> None:
    whole = sum(held)
    amount = int(wish * whole)
    for share, most in zip(rules.divide(amount, held), held, strict=True):
        assert whole == 0 or abs(share * whole - amount * most) <= whole * len(held)


@given(HELD, st.integers(1, 10**10))
def test_more_than_is_held_is_refused(held: list[int], over: int) -> None:
    for amount in (sum(held) + over, -over):
        with pytest.raises(ValueError, match="fen of"):
            rules.divide(amount, held)


async def paid_order(till: Till, http: httpx.AsyncClient, price_fen: int = 1000) -> UUID:
    sku = await till.shop.add_sku(price_fen=price_fen, stock=3)
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, sku, price_fen)
    await till.confirm(await till.sheet(buyer, await till.prepare(http, buyer, order_id)))
    await till.state(http, buyer, order_id, "paid")
    return UUID(order_id)


async def decide(till: Till, order_id: UUID, amount_fen: int, cause_id: UUID | None = None) -> payments.RefundSplit:
    async with till.rt.db.transaction() as tx:
        return await payments.refund(
            tx,
            till.merchant_id,
            purpose="order",
            reference_id=order_id,
            amount_fen=amount_fen,
            cause="test",
            cause_id=cause_id or new_id(),
            reason="尺码不合适",
        )


async def test_a_decided_refund_goes_back_and_tells_its_cause(till: Till, http: httpx.AsyncClient) -> None:
    order_id, cause_id = await paid_order(till, http), new_id()

    split = await decide(till, order_id, 300, cause_id)

    assert [(part.tender, part.amount_fen) for part in split.parts] == [("wechat", 300)]
    assert await till.balances() == {"wechat_clearing": 1000, "sales": -1000, "refunds": 300, "refunds_payable": -300}
    await till.refund_all()
    assert await till.balances() == {"wechat_clearing": 700, "sales": -1000, "refunds": 300}
    facts = await till.rows(
        "select kind, payload ->> 'cause_id' as cause, (payload ->> 'amount_fen')::int as amount from facts"
        " where merchant_id = $1 and kind like 'refund.%' order by fact_id"
    )
    assert sorted((f["kind"], f["cause"], f["amount"]) for f in facts) == [
        ("refund.settled", str(cause_id), 300),
        ("refund.succeeded", str(cause_id), 300),
    ]
    await till.verify()


async def test_parts_add_up_and_the_last_fen_is_the_last(till: Till, http: httpx.AsyncClient) -> None:
    order_id = await paid_order(till, http)
    for amount in (1, 332, 667):
        await decide(till, order_id, amount)
        await till.refund_all()
    with pytest.raises(payments.RefundTooLarge) as refused:
        await decide(till, order_id, 1)
    assert refused.value.members == {"left_fen": 0}
    assert await till.balances() == {"sales": -1000, "refunds": 1000}
    await till.verify()


async def test_from_two_tabs_at_once_one_is_refused_and_a_repeat_is_the_same(
    till: Till, http: httpx.AsyncClient
) -> None:
    order_id, cause_id = await paid_order(till, http), new_id()

    outcomes = await asyncio.gather(*(decide(till, order_id, 600) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["RefundSplit", "RefundTooLarge", "RefundTooLarge"]
    splits = await asyncio.gather(*(decide(till, order_id, 400, cause_id) for _ in range(3)))
    assert len({split.decision_id for split in splits}) == 1
    assert splits[0] == splits[1] == splits[2]
    with pytest.raises(payments.RefundDecidedOtherwise):
        await decide(till, order_id, 1, cause_id)
    assert (await till.balances())["refunds_payable"] == -1000
    await till.verify()


@pytest.mark.parametrize("amount", [0, -1, 10**18])
async def test_amounts_that_are_none_are_refused(till: Till, amount: int) -> None:
    with pytest.raises(Exception, match="amount_not_positive"):
        await decide(till, new_id(), amount)


async def test_what_was_never_paid_has_nothing_to_give_back(till: Till, http: httpx.AsyncClient) -> None:
    sku = await till.shop.add_sku(stock=1)
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, sku)
    await till.prepare(http, buyer, order_id)
    for reference in (UUID(order_id), new_id()):
        with pytest.raises(payments.RefundTooLarge):
            await decide(till, reference, 1)


async def test_a_closed_refund_is_replaced_within_its_decision(till: Till, http: httpx.AsyncClient) -> None:
    order_id = await paid_order(till, http)
    cause_id = new_id()
    (part,) = (await decide(till, order_id, 1000, cause_id)).parts
    closed = Refund(
        refund_id="5000",
        out_refund_no=part.refund_id.hex,
        out_trade_no="",
        status="CLOSED",
        amount=RefundAmount(total=1000, refund=1000),
        mchid=till.merchant["mchid"],
    )
    async with till.rt.db.transaction() as tx:
        assert await refunds.record(tx, till.merchant_id, closed) is None
    (successor,) = (await decide(till, order_id, 1000, cause_id)).parts
    assert successor.refund_id != part.refund_id
    await till.refund_all()
    assert await till.rows("select 1 from payment_refund_decisions where merchant_id = $1 and settled_fen = 1000")
    await till.verify()
