"""The merchant's account at WeChat Pay: keys are used before they are kept, and never shown."""

import json
from typing import Any

import httpx
import pytest

from bihuan import payments, staff
from bihuan.kernel.ids import new_id
from bihuan.payments import clients
from bihuan.staff import Role
from tests.channels.desk import Sandbox
from tests.payments.desk import Json, Till, account_of, open_till
from tests.shop import new_shop

PATH = "/api/merchant/payment-account"


async def sign_in(till: Till, http: httpx.AsyncClient, role: Role = "owner") -> dict[str, str]:
    """Headers of a member of staff."""
    login = f"u{new_id().hex[-12:]}"
    async with till.rt.db.transaction() as tx:
        await staff.create(
            tx, till.merchant_id, login=login, password="long enough 1", name="店主", role=role, store_id=None
        )
    answer = await http.post("/api/merchant/session", json={"login": login, "password": "long enough 1"})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def form(merchant: Json, **more: Any) -> Json:
    """What the console sends."""
    names = ("mchid", "serial_no", "private_key_pem", "apiv3_key", "public_key_id", "public_key_pem")
    return {**{name: merchant[name] for name in names}, **more}


async def test_writing_and_reading_without_ever_showing_a_secret(till: Till, http: httpx.AsyncClient) -> None:
    bare = await open_till(till.rt, till.sandbox, till.door, await new_shop(till.rt), connect=False)
    headers = await sign_in(bare, http)
    missing = await http.get(PATH, headers=headers)
    assert (missing.status_code, missing.json()["code"]) == (404, "no_payment_account")

    written = await http.put(PATH, json=form(bare.merchant, app_id=bare.appid), headers=headers)

    assert written.status_code == 200, written.text
    shown = (await http.get(PATH, headers=headers)).json()
    assert shown == written.json()
    assert (shown["mchid"], shown["app_id"], shown["mode"]) == (bare.merchant["mchid"], bare.appid, "public_key")
    assert shown["notify_url"].endswith(f"/wechat/{bare.shop.merchant.code}/pay/notify")
    for secret in (bare.merchant["apiv3_key"], bare.merchant["private_key_pem"].splitlines()[2]):
        assert secret not in json.dumps(shown)
        rows = await bare.rows("select ciphertext from sealed_secrets where merchant_id = $1")
        assert not any(secret.encode() in row["ciphertext"] for row in rows)

    # left empty, secrets stay; the fingerprints tell that they are the same
    again = form(bare.merchant, private_key_pem="", apiv3_key="", public_key_pem=None)
    kept = (await http.put(PATH, json=again, headers=headers)).json()
    assert {k: v for k, v in kept.items() if k != "updated_at"} == {k: v for k, v in shown.items() if k != "updated_at"}


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"private_key_pem": "-----BEGIN PRIVATE KEY-----\nnope\n-----END PRIVATE KEY-----"}, 422, "key_not_usable"),
        ({"apiv3_key": "too short"}, 422, "key_not_usable"),
        ({"apiv3_key": "汉" * 20}, 422, "key_not_usable"),
        ({"public_key_pem": "nonsense"}, 422, "key_not_usable"),
        ({"mchid": "19x"}, 400, "validation_failed"),
        ({"serial_no": "not hex"}, 400, "validation_failed"),
        ({"public_key_id": "7D5E"}, 400, "validation_failed"),
    ],
)
async def test_a_key_that_does_not_work_is_refused(
    till: Till, http: httpx.AsyncClient, more: Json, status: int, code: str
) -> None:
    headers = await sign_in(till, http)
    before = (await http.get(PATH, headers=headers)).json()
    answer = await http.put(PATH, json=form(till.merchant, **more), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await http.get(PATH, headers=headers)).json() == before


async def test_only_the_owner_writes_and_a_clerk_does_not_even_read(till: Till, http: httpx.AsyncClient) -> None:
    for role, reading, writing in (("clerk", 403, 403), ("manager", 200, 403)):
        headers = await sign_in(till, http, role)  # type: ignore[arg-type]
        assert (await http.get(PATH, headers=headers)).status_code == reading
        assert (await http.put(PATH, json=form(till.merchant), headers=headers)).status_code == writing
    http.cookies.clear()
    assert (await http.get(PATH)).status_code == 401


async def test_a_former_account_still_settles_and_refunds_what_was_paid_there(
    till: Till, http: httpx.AsyncClient
) -> None:
    sku = await till.shop.add_sku(stock=1)
    buyer, other = await till.buyer(), await till.buyer()
    order_id = await till.order(http, buyer, sku)
    sheet = await till.sheet(buyer, await till.prepare(http, buyer, order_id))
    code = await till.sheet(other, await till.prepare(http, buyer, order_id, "wechat_native"))

    made = await till.sandbox.call("POST", "/merchants", {"name": "新账户", "appids": [till.appid]})
    async with till.rt.db.transaction() as tx:
        await payments.connect_account(tx, till.rt.vault, till.merchant_id, account_of(made))
    clients.forget(till.merchant_id)

    await till.confirm(sheet)
    await till.state(http, buyer, order_id, "paid")
    await till.confirm(code)
    await till.all_told(order_id)
    await till.refund_all()
    verdicts = [(a.verdict, [r.state for r in a.refunds]) for a in await till.attempts(order_id)]
    assert sorted(verdicts) == [("accepted", []), ("refused", ["success"])]
    await till.verify()


async def test_another_process_sees_new_settings_within_seconds(
    till: Till, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await clients.lines_of(till.rt, till.merchant_id)
    made = await till.sandbox.call("POST", "/merchants", {"name": "新账户", "appids": [till.appid]})
    async with till.rt.db.transaction() as tx:  # as another process does: nothing is forgotten here
        await payments.connect_account(tx, till.rt.vault, till.merchant_id, account_of(made))
    assert await clients.lines_of(till.rt, till.merchant_id) is first
    monkeypatch.setattr(clients, "CHECK_SECONDS", 0.0)
    after = await clients.lines_of(till.rt, till.merchant_id)
    assert [line.account.mchid for line in after.lines] == [made["mchid"], till.merchant["mchid"]]
    again = await clients.lines_of(till.rt, till.merchant_id)
    assert [line.client for line in again.lines] == [line.client for line in after.lines]  # no key parsed twice


async def test_certificate_mode_pays_too(till: Till, http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    other = await open_till(till.rt, sandbox, till.door, await new_shop(till.rt), "certificate")
    sku = await other.shop.add_sku()
    buyer = await other.buyer()
    order_id = await other.order(http, buyer, sku)
    await other.confirm(await other.sheet(buyer, await other.prepare(http, buyer, order_id)))
    assert (await other.state(http, buyer, order_id, "paid"))["paid_fen"] == 1000
    await other.verify()


async def test_what_is_missing_is_said(till: Till, http: httpx.AsyncClient) -> None:
    bare = await open_till(till.rt, till.sandbox, till.door, await new_shop(till.rt), connect=False)
    buyer = await bare.buyer()
    order_id = await bare.order(http, buyer, await bare.shop.add_sku())
    answer = await buyer.post(http, f"/orders/{order_id}/pay", {"method": "wechat_jsapi"})
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_not_configured")

    stranger = await till.shop.new_shopper()
    order_id = await till.order(http, stranger, await till.shop.add_sku())
    answer = await stranger.post(http, f"/orders/{order_id}/pay", {"method": "wechat_jsapi"})
    assert (answer.status_code, answer.json()["code"]) == (409, "openid_required")
    answer = await stranger.post(http, f"/orders/{order_id}/pay", {"method": "wechat_mini"})
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_not_configured")
    assert await till.attempts(order_id) == []
