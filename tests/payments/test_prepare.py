"""Preparing when WeChat refuses, does not answer, or the order ends meanwhile."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import msgspec
import pytest

from bihuan import payments
from bihuan.kernel.ids import new_id
from bihuan.payments import Charge, PaymentClosed, clients, rules
from bihuan.payments.errors import TooManyAttempts, WeChatPayRefused, WeChatPayUnavailable
from bihuan.settings import WeChatUrls
from tests.payments.conftest import Deliver
from tests.payments.desk import Till, account_of


def charge_of(till: Till, shopper_id: object, **more: object) -> Charge:
    """Something to pay that is no order."""
    about = {
        "purpose": "test",
        "reference_id": new_id(),
        "amount_fen": 500,
        "shopper_id": shopper_id,
        "description": "测试",
        "expires_at": till.rt.clock.now() + timedelta(minutes=15),
    }
    return Charge(**{**about, **more})  # type: ignore[arg-type]


async def states(till: Till) -> list[str]:
    """The states of all attempts, oldest first."""
    rows = await till.rows("select state from payment_attempts where merchant_id = $1 order by attempt_id")
    return [row["state"] for row in rows]


async def test_no_answer_leaves_an_attempt_that_serves_again(till: Till) -> None:
    buyer = await till.buyer()
    charge = charge_of(till, buyer.shopper_id)
    away = msgspec.structs.replace(
        till.rt, settings=msgspec.structs.replace(till.rt.settings, wechat=WeChatUrls.of_sandbox("http://127.0.0.1:9"))
    )
    clients.forget(till.merchant_id)
    with pytest.raises(WeChatPayUnavailable):
        await payments.prepare(away, till.shop.merchant, charge, "wechat_jsapi")
    assert await states(till) == ["created"]
    clients.forget(till.merchant_id)
    prepared = await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_jsapi")
    assert prepared.pay_params is not None
    assert await states(till) == ["prepaid"]


async def test_too_many_calls_are_no_refusal_of_this_payment(till: Till) -> None:
    buyer = await till.buyer()
    charge = charge_of(till, buyer.shopper_id)
    fault = {"kind": "api", "fault": "frequency_limited", "path": "/v3/pay/*", "mchid": till.merchant["mchid"]}
    made = await till.sandbox.call("POST", "/faults", fault)
    with pytest.raises(WeChatPayUnavailable):
        await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_jsapi")
    assert await states(till) == ["created"]
    await till.sandbox.http.delete(f"/_sandbox/faults/{made['items'][0]['fault_id']}")
    assert (await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_jsapi")).pay_params is not None
    assert await states(till) == ["prepaid"]


async def test_a_refusal_is_said_with_wechats_word(till: Till) -> None:
    buyer = await till.buyer()
    made = await till.sandbox.call("POST", "/merchants", {"name": "无绑定", "appids": []})
    async with till.rt.db.transaction() as tx:
        await payments.connect_account(tx, till.rt.vault, till.merchant_id, account_of(made))
    clients.forget(till.merchant_id)
    with pytest.raises(WeChatPayRefused) as refused:
        await payments.prepare(till.rt, till.shop.merchant, charge_of(till, buyer.shopper_id), "wechat_jsapi")
    assert refused.value.members["wechat_code"] == "APPID_MCHID_NOT_MATCH"
    assert await states(till) == ["failed"]


async def test_a_number_that_wechat_will_not_take_again_is_replaced(till: Till) -> None:
    buyer = await till.buyer()
    charge = charge_of(till, buyer.shopper_id)
    await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_native")
    # a crash after the call: WeChat has the number, with another description, and we have no answer
    await till.rows(
        """update payment_attempts set state = 'created', code_url = null, prepaid_at = null, description = '另'
           where merchant_id = $1"""
    )
    prepared = await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_native")
    assert prepared.code_url is not None
    assert await states(till) == ["failed", "prepaid"]


async def test_an_old_prepay_is_not_handed_out_again(till: Till) -> None:
    buyer = await till.buyer()
    charge = charge_of(till, buyer.shopper_id, expires_at=till.rt.clock.now() + timedelta(hours=5))
    first = await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_native")
    await till.rows("update payment_attempts set prepaid_at = now() - interval '115 minutes' where merchant_id = $1")
    second = await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_native")
    assert second.code_url != first.code_url
    assert len(await states(till)) == 2


async def test_another_amount_is_another_attempt(till: Till) -> None:
    buyer = await till.buyer()
    charge = charge_of(till, buyer.shopper_id)
    await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_native")
    dearer = msgspec.structs.replace(charge, amount_fen=700)
    await payments.prepare(till.rt, till.shop.merchant, dearer, "wechat_native")
    rows = await till.rows("select amount_fen from payment_attempts where merchant_id = $1 order by 1")
    assert [row["amount_fen"] for row in rows] == [500, 700]


async def test_attempts_are_limited(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    buyer = await till.buyer()
    charge = charge_of(till, buyer.shopper_id)
    monkeypatch.setattr(rules, "MOST_ATTEMPTS", 2)
    for amount in (1, 2):
        await payments.prepare(
            till.rt, till.shop.merchant, msgspec.structs.replace(charge, amount_fen=amount), "wechat_native"
        )
    with pytest.raises(TooManyAttempts):
        await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_native")


async def test_an_order_that_ends_while_wechat_is_asked_cannot_be_paid(
    till: Till, http: httpx.AsyncClient, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, await till.shop.add_sku())
    line = (await clients.lines_of(till.rt, till.merchant_id)).active()
    jsapi = line.client.jsapi

    async def slow(*arguments: object, **named: object) -> str:
        prepay_id = await jsapi(*arguments, **named)  # type: ignore[arg-type]
        await buyer.post(http, f"/orders/{order_id}/cancel", {})
        await deliver()
        return prepay_id

    monkeypatch.setattr(line.client, "jsapi", slow)
    answer = await buyer.post(http, f"/orders/{order_id}/pay", {"method": "wechat_jsapi"})
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_closed")
    await till.watch()
    assert await states(till) == ["closed"]


async def test_what_nobody_paid_is_closed_after_its_time(till: Till) -> None:
    """The charge ends without a cancellation: the watching job closes it at WeChat by itself."""
    buyer = await till.buyer()
    charge = charge_of(till, buyer.shopper_id)
    await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_native")
    await till.rows("update payment_attempts set expires_at = now() - interval '1 minute' where merchant_id = $1")
    await till.watch()
    await till.watch()
    assert await states(till) == ["closed"]


async def test_a_closed_payment_cannot_be_prepared(till: Till) -> None:
    buyer = await till.buyer()
    charge = charge_of(till, buyer.shopper_id)
    await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_native")
    await till.rows("update payments set state = 'closed' where merchant_id = $1")
    with pytest.raises(PaymentClosed):
        await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_native")


async def test_a_purpose_that_nobody_settles_is_never_kept_silently(till: Till) -> None:
    """An error in wiring: WeChat is asked to tell it again, the money waits for a settler."""
    buyer = await till.buyer()
    charge = charge_of(till, buyer.shopper_id, purpose="unknown_thing")
    prepared = await payments.prepare(till.rt, till.shop.merchant, charge, "wechat_native")
    sheet = await till.sheet(buyer, {"pay_params": None, "code_url": prepared.code_url})
    await till.confirm(sheet)
    for _ in range(100):
        if any(path == till.notify_path for path, *_ in till.door.got):
            break
        await asyncio.sleep(0.02)
    assert await states(till) == ["prepaid"]
    notices = await till.sandbox.call("GET", f"/notifications?reference={await _number(till)}")
    assert notices["items"][0]["state"] == "pending"


async def _number(till: Till) -> str:
    (row,) = await till.rows("select out_trade_no from payment_attempts where merchant_id = $1")
    assert UUID(row["out_trade_no"])
    return row["out_trade_no"]
