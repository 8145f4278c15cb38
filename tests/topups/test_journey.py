"""Topping up at WeChat, paying with it, looking at it, taking it back."""

from uuid import UUID

import httpx
import pytest

from bihuan import topups
from bihuan.kernel import verification
from bihuan.kernel.ids import new_id
from tests.payments.desk import Json, Till, eventually
from tests.shop import Buyer
from tests.topups.conftest import Ask

pytestmark = pytest.mark.usefixtures("open_wallets")


async def order(http: httpx.AsyncClient, buyer: Buyer, amount_fen: int, key: str = "") -> httpx.Response:
    headers = {**buyer.headers, "Idempotency-Key": key or new_id().hex}
    return await http.post(f"{buyer.shop.url}/wallet/topups", json={"amount_fen": amount_fen}, headers=headers)


async def top_up(till: Till, http: httpx.AsyncClient, buyer: Buyer, amount_fen: int) -> Json:
    """A paid top-up."""
    made = await order(http, buyer, amount_fen)
    assert made.status_code == 201, made.text
    url = f"/wallet/topups/{made.json()['topup_id']}"
    prepared = await buyer.post(http, f"{url}/pay", {"method": "wechat_jsapi"})
    assert prepared.status_code == 200, prepared.text
    await till.confirm(await till.sheet(buyer, prepared.json()))

    async def paid() -> Json | None:
        found = (await buyer.get(http, url)).json()
        return found if found["state"] == "paid" else None

    return await eventually(paid)


async def verify(till: Till) -> None:
    await till.verify()
    async with till.rt.db.session() as tx:
        for finding in await verification.run(tx, topups.CHECKS):
            assert not [one for one in finding.offenders if one.startswith(str(till.merchant_id))], finding


async def test_top_up_pay_and_take_the_rest_back(till: Till, http: httpx.AsyncClient, ask: Ask) -> None:
    buyer = await till.buyer()
    empty = (await buyer.get(http, "/wallet")).json()
    assert (empty["enabled"], empty["available_fen"], len(empty["gift_rules"])) == (True, 0, 2)

    topup = await top_up(till, http, buyer, 100_00)
    assert topup["gift_fen"] == 10_00
    shown = (await buyer.get(http, "/wallet")).json()
    assert (shown["principal_fen"], shown["gift_fen"], shown["available_fen"]) == (100_00, 10_00, 110_00)
    assert await till.balances() == {"wechat_clearing": 100_00, "wallet_gifts": 10_00, "wallet_liability": -110_00}

    order_id = await till.order(http, buyer, await till.shop.add_sku(30_00), 30_00)
    paid = await buyer.post(http, f"/orders/{order_id}/pay", {"method": "wallet"})
    assert paid.json()["paid"] is True
    entries = (await buyer.get(http, "/wallet/entries")).json()["items"]
    assert [(e["source"], e["principal_fen"], e["balance_fen"]) for e in entries] == [
        ("payment", -30_00, 80_00),
        ("topup", 100_00, 110_00),
    ]

    url = f"/wallet-topups/{topup['topup_id']}/returns"
    key = new_id().hex
    back = await ask("POST", url, {"amount_fen": 50_00, "reason": "顾客申请"}, key=key)
    assert back.status_code == 201, back.text
    assert (back.json()["refund_fen"], back.json()["gift_fen"]) == (50_00, 5_00)
    assert (await ask("POST", url, {"amount_fen": 50_00, "reason": "顾客申请"}, key=key)).json() == back.json()
    await till.refund_all()
    assert await till.purse(buyer) == (20_00, 5_00, 0)
    balances = await till.balances()
    assert (balances["wechat_clearing"], balances["wallet_liability"], balances["wallet_gifts"]) == (
        50_00,
        -25_00,
        5_00,
    )
    too_much = await ask("POST", url, {"amount_fen": 20_01, "reason": "顾客申请"})
    assert (too_much.status_code, too_much.json()["left_fen"]) == (409, 20_00)
    await verify(till)

    summary = (await ask("GET", "/wallets/summary")).json()
    assert (summary["wallets"], summary["liability_fen"], summary["principal_fen"]) == (1, 25_00, 20_00)
    (row,) = (await ask("GET", "/wallets")).json()["items"]
    assert row["nickname"]
    assert len((await ask("GET", f"/wallets/{buyer.shopper_id}/entries")).json()["items"]) == 3
    (listed,) = (await ask("GET", f"/wallets/{buyer.shopper_id}/topups")).json()["items"]
    assert listed["returned_fen"] == 50_00
    statement = await ask("GET", "/wallet-statement")
    assert statement.content.decode("utf-8-sig").count("\n") == 4


async def test_a_gift_that_is_spent_is_kept_from_the_refund(till: Till, http: httpx.AsyncClient, ask: Ask) -> None:
    settings = (await ask("GET", "/wallet-settings")).json()
    assert (await ask("PUT", "/wallet-settings", {**settings, "spend_order": "gift_first"})).status_code == 200
    buyer = await till.buyer()
    topup = await top_up(till, http, buyer, 100_00)
    order_id = await till.order(http, buyer, await till.shop.add_sku(10_00), 10_00)
    assert (await buyer.post(http, f"/orders/{order_id}/pay", {"method": "wallet"})).status_code == 200
    url = f"/wallet-topups/{topup['topup_id']}/returns"
    back = await ask("POST", url, {"amount_fen": 100_00, "reason": "销户"})
    assert back.json()["refund_fen"] == 90_00
    assert back.json()["topup"]["state"] == "refunded"
    await till.refund_all()
    assert await till.purse(buyer) == (0, 0, 0)
    assert await till.balances() == {"wechat_clearing": 10_00, "sales": -10_00}
    assert (await ask("POST", url, {"amount_fen": 1, "reason": "再退"})).json()["code"] == "wrong_state"
    await verify(till)


async def test_a_second_payment_of_a_top_up_goes_back(till: Till, http: httpx.AsyncClient) -> None:
    buyer = await till.buyer()
    made = (await order(http, buyer, 20_00)).json()
    url = f"/wallet/topups/{made['topup_id']}/pay"
    sheets = [
        await till.sheet(buyer, (await buyer.post(http, url, {"method": method})).json())
        for method in ("wechat_jsapi", "wechat_native")
    ]
    for sheet in sheets:
        await till.confirm(sheet)

    async def refused() -> bool:
        return bool(await till.rows("select 1 from payment_refunds where merchant_id = $1"))

    await eventually(refused)
    await till.refund_all()
    assert await till.purse(buyer) == (20_00, 0, 0)
    assert await till.balances() == {"wechat_clearing": 20_00, "wallet_liability": -20_00}
    await verify(till)


async def test_a_frozen_wallet(till: Till, http: httpx.AsyncClient, ask: Ask) -> None:
    buyer = await till.buyer()
    topup = await top_up(till, http, buyer, 20_00)
    url = f"/wallets/{buyer.shopper_id}"
    assert (await ask("POST", f"{url}/freeze", {"reason": "核实身份"}, role="clerk")).status_code == 403
    frozen = await ask("POST", f"{url}/freeze", {"reason": "核实身份"})
    assert frozen.json()["frozen_reason"] == "核实身份"
    shown = (await buyer.get(http, "/wallet")).json()
    assert (shown["frozen"], shown["available_fen"], shown["principal_fen"]) == (True, 0, 20_00)
    assert (await order(http, buyer, 20_00)).json()["code"] == "wallet_frozen"
    body = {"amount_fen": 1, "reason": "退"}
    assert (await ask("POST", f"/wallet-topups/{topup['topup_id']}/returns", body)).json()["code"] == "wallet_frozen"
    assert (await ask("POST", f"{url}/unfreeze")).json()["frozen_at"] is None
    assert (await order(http, buyer, 20_00)).status_code == 201
    await verify(till)


async def test_what_is_refused(till: Till, http: httpx.AsyncClient, ask: Ask) -> None:
    buyer, stranger = await till.buyer(), await till.buyer()
    codes = [(await order(http, buyer, fen)).status_code for fen in (0, -5, 99, 5_000_01, 10**16)]
    assert codes == [400, 400, 422, 422, 400]
    made = await order(http, buyer, 20_00, "same-key-1")
    assert (await order(http, buyer, 20_00, "same-key-1")).json() == made.json()
    assert (await order(http, buyer, 30_00, "same-key-1")).status_code == 409
    url = f"/wallet/topups/{made.json()['topup_id']}"
    assert (await stranger.get(http, url)).status_code == 404
    assert (await stranger.post(http, f"{url}/pay", {"method": "wechat_jsapi"})).status_code == 404
    body = {"amount_fen": 1, "reason": "退"}
    assert (await ask("POST", f"/wallet-topups/{UUID(made.json()['topup_id'])}/returns", body)).status_code == 409
    assert (await ask("POST", f"/wallet-topups/{new_id()}/returns", body)).status_code == 404
    assert (await ask("POST", f"/wallets/{new_id()}/freeze", {"reason": "x"})).status_code == 404
    settings = (await ask("GET", "/wallet-settings")).json()
    for wrong in ({"least_fen": 0}, {"most_fen": 50}, {"gift_rules": [{"paid_fen": 2, "gift_fen": 1}] * 2}):
        assert (await ask("PUT", "/wallet-settings", {**settings, **wrong})).status_code in (400, 422)
    assert (await ask("PUT", "/wallet-settings", {**settings, "enabled": False})).status_code == 200
    assert (await order(http, buyer, 20_00)).json()["code"] == "topups_closed"


async def test_orders_and_top_ups_that_come_together_are_settled_apart(till: Till, http: httpx.AsyncClient) -> None:
    """Each settler ends with the book: two in one transaction would wait for wallets with the book locked."""
    buyer = await till.buyer()
    till.door.deaf = True
    made = (await order(http, buyer, 100_00)).json()
    url = f"/wallet/topups/{made['topup_id']}/pay"
    await till.confirm(await till.sheet(buyer, (await buyer.post(http, url, {"method": "wechat_jsapi"})).json()))
    order_id = await till.order(http, buyer, await till.shop.add_sku())
    await till.confirm(await till.sheet(buyer, await till.prepare(http, buyer, order_id)))
    await till.watch()
    assert (await till.state(http, buyer, order_id))["state"] == "paid"
    assert await till.purse(buyer) == (100_00, 10_00, 0)
    settled = await till.rows("""select count(distinct xmin::text) as transactions from payment_attempts
                                 where merchant_id = $1 and state = 'paid'""")
    assert settled == [{"transactions": 2}]
    await verify(till)
