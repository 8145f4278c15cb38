"""Profit sharing: receivers, shares, unfreezing, returns, and what they do to the books."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox, wait_for
from tests.wechat_sandbox.money import DAY, RETURNS, SHARES, Till, balanced, books_of, part


@pytest.fixture(scope="module")
def town() -> Iterator[Sandbox]:
    """A sandbox whose clock these tests move."""
    town = Sandbox()
    yield town
    assert town.stop() == 0


@pytest.fixture
def till(town: Sandbox) -> Till:
    return Till(town, town.merchant("1900000101"), town.post("/_sandbox/shoppers")["shopper_id"])


@pytest.fixture
def mill(town: Sandbox, till: Till) -> Merchant:
    """A supplier that the till may share with."""
    mill = town.merchant("1900000102")
    assert till.add_receiver(mill).status_code == 200
    return mill


@pytest.fixture
def order(till: Till) -> dict[str, Any]:
    """10,000 fen to be shared, paid two minutes ago: 9,940 are frozen."""
    order = till.pay(share=True)
    till.advance(120)
    return order


def test_share_arrives_and_the_receiver_is_told(
    town: Sandbox, till: Till, mill: Merchant, receiver: Receiver, order: dict[str, Any]
) -> None:
    body = {"share_notify_url": receiver.url + "/shared"}
    town.http.put(f"/_sandbox/merchants/{mill.mchid}/money", json=body).raise_for_status()
    before, had = till.accounts(), books_of(town, mill.mchid)["accounts"]["available"]
    told = till.share(order, part(mill.mchid, 1000)).json()
    assert (told["state"], told["receivers"][0]["result"]) == ("PROCESSING", "PENDING")
    moving = till.accounts()
    assert (moving["frozen"], moving["in_transit"]) == (before["frozen"] - 1000, before["in_transit"] + 1000)
    done = till.settled(order, told["out_order_no"])
    assert done["receivers"][0]["result"] == "SUCCESS"
    assert done["order_id"] == told["order_id"]
    assert till.unsplit(order) == 8940
    assert books_of(town, mill.mchid)["accounts"]["available"] == had + 1000

    got = receiver.wait()[0]
    assert mill.verifies(got.headers, got.body)
    envelope = json.loads(got.body)
    assert (envelope["resource"]["original_type"], envelope["summary"]) == ("profitsharing", "分账")
    notice = mill.decrypt(envelope["resource"])
    assert notice["receiver"] == part(mill.mchid, 1000)
    assert (notice["mchid"], notice["order_id"]) == (till.merchant.mchid, told["order_id"])
    town.http.put(f"/_sandbox/merchants/{mill.mchid}/money", json={"share_notify_url": ""}).raise_for_status()
    balanced(town)


def test_a_shopper_gets_a_part(till: Till, order: dict[str, Any]) -> None:
    asked = {
        "appid": till.merchant.appid,
        "type": "PERSONAL_OPENID",
        "account": till.openid,
        "relation_type": "DISTRIBUTOR",
    }
    assert till.merchant.call("POST", "/v3/profitsharing/receivers/add", asked).json()["account"] == till.openid
    before = till.accounts()["shoppers"]
    assert till.share_now(order, part(till.openid, 500, "PERSONAL_OPENID"))["receivers"][0]["result"] == "SUCCESS"
    assert till.accounts()["shoppers"] == before + 500


def test_the_same_number_again(till: Till, mill: Merchant, order: dict[str, Any]) -> None:
    asked = {
        "appid": till.merchant.appid,
        "transaction_id": order["transaction_id"],
        "out_order_no": "P" + secrets.token_hex(8),
        "receivers": [part(mill.mchid, 100) | {"name": till.seal(mill.row["name"])}],
        "unfreeze_unsplit": False,
    }
    first = till.call_sealed(SHARES, asked).json()
    named = part(mill.mchid, 100) | {"name": till.seal(mill.row["name"])}  # other bytes, the same name
    assert till.call_sealed(SHARES, asked | {"receivers": [named]}).json()["order_id"] == first["order_id"]
    asked["receivers"] = [named | {"amount": 101}]
    again = till.call_sealed(SHARES, asked)
    assert (again.status_code, again.json()["code"]) == (400, "INVALID_REQUEST")
    assert till.unsplit(order) == 9840


def test_rules_of_shares(town: Sandbox, till: Till, mill: Merchant, order: dict[str, Any]) -> None:
    fresh, plain = till.pay(share=True), till.pay()
    stranger = town.merchant("1900000103")
    for paid, receivers, status, code in (
        (fresh, [part(mill.mchid, 100)], 400, "INVALID_REQUEST"),  # paid less than a minute ago
        (plain, [part(mill.mchid, 100)], 400, "INVALID_REQUEST"),  # not to be shared
        (order, [part(mill.mchid, 3001)], 403, "RULE_LIMIT"),  # over 30 %
        (order, [part(stranger.mchid, 100)], 400, "INVALID_REQUEST"),  # no receiver of ours
        (order, [part(mill.mchid, 100), part(mill.mchid, 200)], 400, "PARAM_ERROR"),
        (order, [part(till.merchant.mchid, 9941)], 403, "NOT_ENOUGH"),
        (order, [], 400, "PARAM_ERROR"),
        (order, [part(mill.mchid, 1)] * 51, 400, "PARAM_ERROR"),
        (order | {"transaction_id": "4200000000"}, [part(mill.mchid, 1)], 404, "RESOURCE_NOT_EXISTS"),
    ):
        response = till.share(paid, *receivers)
        assert (response.status_code, response.json()["code"]) == (status, code), (receivers[:1], response.text)
    assert till.share(order, part(mill.mchid, 2999)).status_code == 200
    assert till.share(order, part(mill.mchid, 2)).json()["code"] == "RULE_LIMIT"
    town.http.put(f"/_sandbox/merchants/{till.merchant.mchid}/money", json={"max_ratio": 5000}).raise_for_status()
    assert till.share(order, part(mill.mchid, 2)).status_code == 200
    town.http.put(f"/_sandbox/merchants/{till.merchant.mchid}/money", json={"max_ratio": 3000}).raise_for_status()


def test_at_most_fifty_times(till: Till, mill: Merchant, order: dict[str, Any]) -> None:
    for _ in range(50):
        assert till.share(order, part(mill.mchid, 1)).status_code == 200
    assert till.share(order, part(mill.mchid, 1)).json()["code"] == "RULE_LIMIT"


def test_a_part_that_fails_is_frozen_again(town: Sandbox, till: Till, mill: Merchant, order: dict[str, Any]) -> None:
    def fault(reason: str | None) -> None:
        town.http.put(f"/_sandbox/share-faults/{mill.mchid}", json={"fail_reason": reason}).raise_for_status()

    fault("RECEIVER_HIGH_RISK")
    closed = till.share_now(order, part(mill.mchid, 1000))["receivers"][0]
    assert (closed["result"], closed["fail_reason"]) == ("CLOSED", "RECEIVER_HIGH_RISK")
    assert till.unsplit(order) == 9940
    fault(None)

    told = till.share(order, part(mill.mchid, 1000), unfreeze=True).json()
    gone = {"appid": till.merchant.appid, "type": "MERCHANT_ID", "account": mill.mchid}
    till.merchant.call("POST", "/v3/profitsharing/receivers/delete", gone)
    before = till.accounts()["available"]
    done = till.settled(order, told["out_order_no"])
    assert (done["receivers"][0]["result"], done["receivers"][0]["fail_reason"]) == ("CLOSED", "NO_RELATION")
    assert till.accounts()["available"] == before + 9940  # the rest was to be unfrozen, and the part with it
    assert till.unsplit(order) == 0
    balanced(town)


def test_unfreezing(till: Till, mill: Merchant, order: dict[str, Any]) -> None:
    number = till.share_now(order, part(mill.mchid, 1000))["out_order_no"]
    asked = {"transaction_id": order["transaction_id"], "out_order_no": number, "description": "解冻全部剩余资金"}
    reused = till.merchant.call("POST", SHARES + "/unfreeze", asked)
    assert reused.status_code == 200
    till.advance(2)
    assert till.unsplit(order) == 8940  # the number was taken: nothing happened
    before = till.accounts()["available"]
    asked["out_order_no"] = "U" + secrets.token_hex(8)
    assert till.merchant.call("POST", SHARES + "/unfreeze", asked).json()["state"] == "PROCESSING"
    done = till.settled(order, asked["out_order_no"])
    assert done["receivers"][0]["amount"] == 8940
    assert (till.unsplit(order), till.accounts()["available"]) == (0, before + 8940)
    assert till.share(order, part(mill.mchid, 1)).json()["code"] == "INVALID_REQUEST"


def test_thirty_days(town: Sandbox, till: Till, mill: Merchant, order: dict[str, Any]) -> None:
    till.advance(30 * DAY - 300)
    assert till.unsplit(order) == 9940
    till.advance(300)
    wait_for(lambda: till.unsplit(order) == 0)
    entries = town.get(f"/_sandbox/books/{till.merchant.mchid}/entries", params={"limit": 1000})["items"]
    mine = [row for row in entries if row["out_trade_no"] == order["out_trade_no"]]
    assert [row["kind"] for row in mine] == ["payment", "unfreeze"]
    assert mine[1]["entries"] == {"frozen": -9940, "available": 9940}
    assert till.share(order, part(mill.mchid, 1)).json()["code"] == "INVALID_REQUEST"


def test_returns(town: Sandbox, till: Till, mill: Merchant, order: dict[str, Any]) -> None:
    shared = till.share_now(order, part(mill.mchid, 1000), unfreeze=True)
    before = till.accounts()["available"]
    had = books_of(town, mill.mchid)["accounts"]["available"]

    def give_back(fen: int, **changes: Any) -> Any:
        asked = {
            "out_order_no": shared["out_order_no"],
            "out_return_no": "B" + secrets.token_hex(8),
            "return_mchid": mill.mchid,
            "amount": fen,
            "description": "用户退款",
        } | changes
        return till.merchant.call("POST", RETURNS, asked)

    def over(told: dict[str, Any]) -> dict[str, Any]:
        till.advance(2)
        target = f"{RETURNS}/{told['out_return_no']}?out_order_no={shared['out_order_no']}"
        wait_for(lambda: till.merchant.call("GET", target).json()["result"] != "PROCESSING")
        return till.merchant.call("GET", target).json()

    told = give_back(400).json()
    assert told["result"] == "PROCESSING"
    assert over(told)["result"] == "SUCCESS"
    assert till.accounts()["available"] == before + 400
    assert give_back(400, out_return_no=told["out_return_no"]).json()["return_id"] == told["return_id"]
    assert give_back(601).json()["code"] == "INVALID_REQUEST"
    assert give_back(1, return_mchid=till.merchant.mchid).json()["code"] == "INVALID_REQUEST"
    assert give_back(1, out_order_no="NONE").json()["code"] == "RESOURCE_NOT_EXISTS"

    town.post(f"/_sandbox/merchants/{mill.mchid}/withdraw", {"amount": had - 400})
    failed = over(give_back(600).json())
    assert (failed["result"], failed["fail_reason"]) == ("FAILED", "BALANCE_NOT_ENOUGH")
    town.post(f"/_sandbox/merchants/{mill.mchid}/top-up", {"amount": 600})
    assert over(give_back(600).json())["result"] == "SUCCESS"
    till.advance(181 * DAY)
    assert give_back(1).json()["code"] == "RULE_LIMIT"
    balanced(town)


def test_receivers(town: Sandbox, till: Till) -> None:
    mill = town.merchant("1900000102")
    asked = {
        "appid": till.merchant.appid,
        "type": "MERCHANT_ID",
        "account": mill.mchid,
        "name": till.seal(mill.row["name"]),
        "relation_type": "SUPPLIER",
    }
    add = "/v3/profitsharing/receivers/add"
    for changes, code in (
        ({"name": till.seal("别家")}, "INVALID_REQUEST"),
        ({"name": "bm9uc2Vuc2U="}, "PARAM_ERROR"),
        ({"account": "1999999999"}, "INVALID_REQUEST"),
        ({"appid": mill.appid}, "APPID_MCHID_NOT_MATCH"),
        ({"relation_type": "FRIEND"}, "PARAM_ERROR"),
        ({"relation_type": "CUSTOM"}, "PARAM_ERROR"),
        ({"type": "PERSONAL_OPENID", "account": "nobody"}, "PARAM_ERROR"),
        ({"sub_mchid": mill.mchid}, "NO_AUTH"),
    ):
        assert till.call_sealed(add, asked | changes).json()["code"] == code, changes
    assert till.merchant.call("POST", add, asked).json()["code"] == "PARAM_ERROR"  # no Wechatpay-Serial
    custom = asked | {"relation_type": "CUSTOM", "custom_relation": "代理商"}
    assert till.call_sealed(add, custom).json() == {key: custom[key] for key in custom if key != "appid"}
    del asked["name"]
    assert till.merchant.call("POST", add, asked).json()["code"] == "PARAM_ERROR"


def test_service_provider(town: Sandbox, till: Till) -> None:
    app = town.post("/_sandbox/mini-programs", {"name": "分店 " + secrets.token_hex(3)})
    body = {"name": app["name"], "appids": [app["appid"]], "sp_mchid": till.merchant.mchid}
    sub = town.post("/_sandbox/merchants", body)["mchid"]
    asked = till.merchant.prepay(till.openid, settle_info={"profit_sharing": True})
    asked |= {"sp_appid": asked.pop("appid"), "sp_mchid": asked.pop("mchid"), "sub_mchid": sub}
    asked["payer"] = {"sp_openid": till.openid}
    prepay_id = till.merchant.call("POST", "/v3/pay/partner/transactions/jsapi", asked).json()["prepay_id"]
    body = {"pay_params": till.merchant.pay_params(prepay_id)}
    sheet = town.post(f"/_sandbox/shoppers/{till.shopper}/sheets", body)
    order = asked | town.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    till.advance(120)
    assert books_of(town, sub)["accounts"]["frozen"] == 12900 - 77

    config = f"/v3/profitsharing/merchant-configs/{sub}"
    assert till.merchant.call("GET", config).json() == {"sub_mchid": sub, "max_ratio": 3000}
    stranger = town.merchant("1900000103")
    assert stranger.call("GET", config).json()["code"] == "NO_AUTH"
    receiver = {
        "sub_mchid": sub,
        "appid": till.merchant.appid,
        "type": "MERCHANT_ID",
        "account": till.merchant.mchid,
        "name": till.seal(till.merchant.row["name"]),
        "relation_type": "SERVICE_PROVIDER",
    }
    assert till.call_sealed("/v3/profitsharing/receivers/add", receiver).json()["sub_mchid"] == sub
    share = {
        "sub_mchid": sub,
        "appid": till.merchant.appid,
        "transaction_id": order["transaction_id"],
        "out_order_no": "P" + secrets.token_hex(8),
        "receivers": [part(till.merchant.mchid, 900)],
        "unfreeze_unsplit": True,
    }
    before = till.accounts()["available"]
    assert till.merchant.call("POST", SHARES, {**share, "sub_mchid": stranger.mchid}).json()["code"] == "NO_AUTH"
    assert till.merchant.call("POST", SHARES, share).json()["sub_mchid"] == sub
    till.advance(2)
    wait_for(lambda: till.accounts()["available"] == before + 900)
    assert books_of(town, sub)["accounts"]["available"] == 12900 - 77 - 900
    query = f"{SHARES}/{share['out_order_no']}?transaction_id={order['transaction_id']}"
    assert till.merchant.call("GET", f"{query}&sub_mchid={sub}").json()["state"] == "FINISHED"
    assert till.merchant.call("GET", query).status_code == 404
    refund = till.refund(order, 900, sub_mchid=sub)
    assert refund.status_code == 200
    assert till.refund(order, 1).status_code == 404
    balanced(town)
