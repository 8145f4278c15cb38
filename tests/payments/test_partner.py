"""A merchant without keys: the platform's service-provider account signs, the merchant is paid."""

from typing import Any

import httpx
import msgspec
import pytest

from bihuan import channels, merchants, payments
from bihuan.channels import NewAccount
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients, rules
from bihuan.payments.rules import Asked
from bihuan.wechat.pay import Transaction
from tests.channels.desk import Sandbox
from tests.payments.desk import Door, Json, Till, account_of, eventually, fresh_mchid
from tests.payments.test_accounts import sign_in
from tests.shop import new_shop

PATH = "/api/merchant/payment-account"


@pytest.fixture(scope="module")
async def provider(served: tuple[Runtime, Door], sandbox: Sandbox) -> Json:
    """The platform's account at the sandbox, which may take money for others."""
    rt, _ = served
    app = await sandbox.call("POST", "/official-accounts", {"name": "闭环"})
    made = await sandbox.call("POST", "/merchants", {"name": "闭环", "appids": [app["appid"]]})
    account = msgspec.structs.replace(account_of(made), app_id=app["appid"])
    async with rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
        await payments.connect_account(tx, rt.vault, platform.merchant_id, account)
    clients.forget(platform.merchant_id)
    return made


@pytest.fixture
async def bare(served: tuple[Runtime, Door], sandbox: Sandbox, provider: Json) -> Till:
    """A shop with an official account, and with a sub-merchant that it has not joined with."""
    rt, door = served
    app = await sandbox.call("POST", "/official-accounts", {"name": "青衫"})
    sub = {"name": "青衫", "mchid": fresh_mchid(), "appids": [app["appid"]], "sp_mchid": provider["mchid"]}
    merchant = await sandbox.call("POST", "/merchants", sub)
    shop = await new_shop(rt)
    account = NewAccount(
        appid=app["appid"], name="青衫", secret=app["secret"], token=app["token"], original_id=app["original_id"]
    )
    async with rt.db.transaction() as tx:
        await channels.connect_account(tx, rt.vault, shop.merchant.merchant_id, account)
    return Till(rt, sandbox, door, shop, merchant, app["appid"])


@pytest.fixture
async def partner(bare: Till, provider: Json, http: httpx.AsyncClient) -> Till:
    """A shop that joined the platform's account by the console's call."""
    headers = await sign_in(bare, http)
    form = {"sub_mchid": bare.merchant["mchid"]}
    answer = await http.put(f"{PATH}/partner", json=form, headers=headers)
    assert answer.status_code == 200, answer.text
    shown = (await http.get(PATH, headers=headers)).json()
    assert shown == answer.json()
    assert (shown["kind"], shown["mchid"], shown["sp_mchid"]) == ("partner", form["sub_mchid"], provider["mchid"])
    return bare


@pytest.mark.parametrize("method", ["wechat_jsapi", "wechat_native"])
async def test_a_payment_through_the_provider_and_its_refund(
    partner: Till, provider: Json, http: httpx.AsyncClient, method: str
) -> None:
    sku = await partner.shop.add_sku()
    buyer = await partner.buyer()
    order_id = await partner.order(http, buyer, sku)
    prepared = await partner.prepare(http, buyer, order_id, method)
    await partner.confirm(await partner.sheet(buyer, prepared))
    await partner.state(http, buyer, order_id, "paid", "to_ship")
    (attempt,) = await partner.attempts(order_id)
    assert (attempt.verdict, attempt.amount_fen) == ("accepted", 1000)
    (row,) = await partner.rows("select mchid, appid from payment_attempts where merchant_id = $1")
    assert (row["mchid"], row["appid"]) == (partner.merchant["mchid"], partner.appid)
    # WeChat told at the selling merchant's own address, signed and sealed for the provider
    (path, headers, _) = next(got for got in partner.door.got if got[0] == partner.notify_path)
    assert path == partner.notify_path
    assert headers["wechatpay-serial"] == provider["public_key_id"]

    # a second payment of the same order goes back to the shopper, through the provider too
    other = await partner.buyer()
    second_order = await partner.order(http, other, sku)
    sheets = [
        await partner.sheet(other, await partner.prepare(http, other, second_order, kind))
        for kind in ("wechat_jsapi", "wechat_native")
    ]
    for sheet in sheets:
        await partner.confirm(sheet)
    await partner.all_told(second_order)
    await partner.refund_all()
    refunded = [refund for one in await partner.attempts(second_order) for refund in one.refunds]
    assert [(refund.state, refund.amount_fen) for refund in refunded] == [("success", 1000)]
    await partner.verify()


async def test_a_deaf_platform_asks_and_closes_through_the_provider(partner: Till, http: httpx.AsyncClient) -> None:
    sku = await partner.shop.add_sku()
    buyer = await partner.buyer()
    paid, left = [await partner.order(http, buyer, sku) for _ in range(2)]
    partner.door.deaf = True
    try:
        await partner.confirm(await partner.sheet(buyer, await partner.prepare(http, buyer, paid)))
        await partner.prepare(http, buyer, left)
        await buyer.post(http, f"/orders/{left}/cancel", {})
        await partner.rows("update payment_attempts set close_wanted = true where merchant_id = $1 and state <> 'paid'")
        await eventually(lambda: _looked(partner, paid, left))
    finally:
        partner.door.deaf = False
    await partner.verify()


async def _looked(till: Till, paid: str, left: str) -> bool:
    await till.watch()
    states = [(await till.attempts(order))[0].state for order in (paid, left)]
    return states == ["paid", "closed"]


async def test_who_may_join(bare: Till, http: httpx.AsyncClient) -> None:
    headers = await sign_in(bare, http)
    clerk = await sign_in(bare, http, "clerk")
    form = {"sub_mchid": bare.merchant["mchid"]}
    refused = await http.put(f"{PATH}/partner", json=form, headers=clerk)
    assert refused.status_code == 403
    for bad in ({"sub_mchid": "x"}, {}, {"sub_mchid": "1900000001", "app_id": "y"}):
        assert (await http.put(f"{PATH}/partner", json=bad, headers=headers)).status_code in (400, 422)
    assert await bare.rows("select * from payment_accounts where merchant_id = $1") == []
    assert (await http.put(f"{PATH}/partner", json=form, headers=headers)).status_code == 200
    rival = Till(bare.rt, bare.sandbox, bare.door, await new_shop(bare.rt), bare.merchant, bare.appid)
    taken = await http.put(f"{PATH}/partner", json=form, headers=await sign_in(rival, http))
    assert (taken.status_code, taken.json()["code"]) == (409, "sub_merchant_taken")


async def test_payments_are_frozen_for_profit_sharing_when_the_account_says_so(
    partner: Till, http: httpx.AsyncClient
) -> None:
    headers = await sign_in(partner, http)
    form = {"sub_mchid": partner.merchant["mchid"], "profit_sharing": True}
    shown = await http.put(f"{PATH}/partner", json=form, headers=headers)
    assert shown.json()["profit_sharing"] is True
    sku = await partner.shop.add_sku()
    buyer = await partner.buyer()
    order_id = await partner.order(http, buyer, sku)
    await partner.confirm(await partner.sheet(buyer, await partner.prepare(http, buyer, order_id)))
    await partner.all_told(order_id)
    (row,) = await partner.rows("select transaction_id from payment_attempts where merchant_id = $1")
    line = await clients.provider(partner.rt)
    sharing = line.reader.profit_sharing(partner.merchant["mchid"])
    assert await sharing.unsplit_fen(row["transaction_id"]) > 900  # WeChat's fee is off it


ASKED = Asked("1900000109", "wxsub", 1000, sp_mchid="1900000100")
TOLD: Json = {
    "out_trade_no": "T1",
    "trade_state": "SUCCESS",
    "sp_mchid": "1900000100",
    "sub_mchid": "1900000109",
    "sp_appid": "wxsp",
    "sub_appid": "wxsub",
    "transaction_id": "42",
    "amount": {"total": 1000, "currency": "CNY"},
}


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, None),
        ({"sub_mchid": "1900000110"}, ("parked", "mchid_differs")),
        ({"sp_mchid": "1900000101"}, ("parked", "mchid_differs")),
        ({"sp_mchid": "", "sub_mchid": "", "mchid": "1900000109"}, ("parked", "mchid_differs")),
        ({"sub_appid": "wxother"}, ("refused", "appid_differs")),
        ({"sub_appid": ""}, ("refused", "appid_differs")),
        ({"amount": {"total": 999, "currency": "CNY"}}, ("refused", "amount_differs")),
        ({"amount": {"total": 1000, "currency": "USD"}}, ("parked", "currency_differs")),
    ],
)
def test_what_was_told_of_a_sub_merchant_is_compared_whole(more: Json, verdict: tuple[str, str] | None) -> None:
    judged = rules.judge(ASKED, msgspec.convert({**TOLD, **more}, Transaction))
    assert (judged.verdict and (judged.verdict, judged.reason)) == verdict


def test_a_direct_merchants_money_is_not_a_sub_merchants() -> None:
    asked: Any = Asked("1900000109", "wxsub", 1000)
    told = msgspec.convert({**TOLD, "mchid": "1900000109", "appid": "wxsub"}, Transaction)
    assert rules.judge(asked, told).reason == "mchid_differs"
