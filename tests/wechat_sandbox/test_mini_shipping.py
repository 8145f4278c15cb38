"""Shipping information of mini programs: uploads, queries, confirmation, settlement, events."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox, wait_for

Call = Callable[..., Any]
UPLOAD = "/wxa/sec/order/upload_shipping_info"


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    """One whose clock may run ahead."""
    sandbox = Sandbox()
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture(scope="module")
def seller(own: Sandbox) -> Merchant:
    return own.merchant("1900000101")


@pytest.fixture(scope="module")
def app(own: Sandbox) -> dict[str, Any]:
    return own.mini_program("青衫")


@pytest.fixture(scope="module")
def call(own: Sandbox, app: dict[str, Any]) -> Call:
    def call(path: str, data: Any, errcode: int = 0) -> Any:
        token = own.post(
            "/cgi-bin/stable_token",
            {"grant_type": "client_credential", "appid": app["appid"], "secret": app["secret"]},
        )["access_token"]
        answer = own.http.post(path, params={"access_token": token}, json=data).json()
        assert answer["errcode"] == errcode, answer
        return answer

    return call


class Paid:
    """An order that a shopper paid in the mini program."""

    def __init__(self, sandbox: Sandbox, seller: Merchant, app: dict[str, Any]) -> None:
        self.shopper: str = sandbox.post("/_sandbox/shoppers")["shopper_id"]
        self.openid = sandbox.openid(self.shopper, app["appid"])
        order = seller.prepay(self.openid, appid=app["appid"])
        prepay_id = seller.call("POST", "/v3/pay/transactions/jsapi", order).json()["prepay_id"]
        params = seller.pay_params(prepay_id, appId=app["appid"])
        sheet = sandbox.post(f"/_sandbox/shoppers/{self.shopper}/sheets", {"pay_params": params})
        self.transaction_id: str = sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")["transaction_id"]
        self.number: str = order["out_trade_no"]
        self.uploads = 0

    def upload(self, **changes: Any) -> dict[str, Any]:
        """The example of WeChat's page, each a second later."""
        self.uploads += 1
        moment = datetime.fromtimestamp(time.time() + self.uploads, UTC).isoformat(timespec="milliseconds")
        return {
            "order_key": {"order_number_type": 2, "transaction_id": self.transaction_id},
            "delivery_mode": 1,
            "logistics_type": 1,
            "shipping_list": [parcel("T1")],
            "upload_time": moment,
            "payer": {"openid": self.openid},
        } | changes


def parcel(number: str, company: str = "STO", **changes: Any) -> dict[str, Any]:
    return {"tracking_no": number, "express_company": company, "item_desc": "亚麻衬衫*1"} | changes


@pytest.fixture
def paid(own: Sandbox, seller: Merchant, app: dict[str, Any]) -> Paid:
    return Paid(own, seller, app)


def order_of(call: Call, paid: Paid) -> Any:
    return call("/wxa/sec/order/get_order", {"transaction_id": paid.transaction_id})["order"]


def test_ship_confirm_settle(own: Sandbox, app: dict[str, Any], call: Call, paid: Paid, receiver: Receiver) -> None:
    callback = f"/_sandbox/mini-programs/{app['appid']}/callback"
    own.http.put(callback, json={"callback_url": receiver.url, "data_format": "json"}).raise_for_status()
    before = order_of(call, paid)
    assert (before["order_state"], before["shipping"], before["paid_amount"]) == (1, {}, 12900)
    call(UPLOAD, paid.upload())
    told = receiver.wait(1)[0]
    assert b'"Event":"trade_manage_order_settlement"' in told.body
    assert b'"estimated_settlement_time":' in told.body
    assert order_of(call, paid)["order_state"] == 2
    line = own.get(f"/_sandbox/shoppers/{paid.shopper}/service-messages")["items"][0]
    assert (line["kind"], line["parcels"][0]["express_company"]) == ("shipped", "申通快递")

    remind = {"transaction_id": paid.transaction_id, "received_time": int(time.time()) + 5}
    call("/wxa/sec/order/notify_confirm_receive", remind)
    call("/wxa/sec/order/notify_confirm_receive", remind, 10060030)
    receipt = f"/_sandbox/shoppers/{paid.shopper}/receipts"
    assert own.post(receipt, {"transaction_id": paid.transaction_id})["order_state"] == 3
    assert own.http.post(receipt, json={"transaction_id": paid.transaction_id}).status_code == 400
    own.post("/_sandbox/clock", {"advance_seconds": 2})
    settled = receiver.wait(2)[1]
    assert b'"confirm_receive_method":2' in settled.body
    assert order_of(call, paid)["order_state"] == 4
    call(UPLOAD, paid.upload(), 10060002)
    own.http.put(callback, json={"callback_url": None}).raise_for_status()


def test_a_parcel_split(call: Call, paid: Paid) -> None:
    split = {"delivery_mode": 2, "is_all_delivered": False}
    call(UPLOAD, paid.upload(**split, shipping_list=[parcel("A"), parcel("B")]))
    assert order_of(call, paid)["order_state"] == 1
    call(UPLOAD, paid.upload(**split, shipping_list=[parcel(f"C{i}") for i in range(14)]), 10060024)
    call(UPLOAD, paid.upload(delivery_mode=2, is_all_delivered=True, shipping_list=[parcel("C")]))
    order = order_of(call, paid)
    assert [row["tracking_no"] for row in order["shipping"]["shipping_list"]] == ["A", "B", "C"]
    assert (order["order_state"], order["shipping"]["finish_shipping_count"]) == (2, 1)


def test_one_more_try_and_no_other(call: Call, paid: Paid) -> None:
    first = paid.upload()
    call(UPLOAD, first)
    call(UPLOAD, {**first, "shipping_list": [parcel("T2")]}, 10060023)  # its time does not increase
    call(UPLOAD, paid.upload(shipping_list=[parcel("T2")]))
    order = order_of(call, paid)
    assert (order["shipping"]["finish_shipping_count"], order["shipping"]["shipping_list"][0]["tracking_no"]) == (
        2,
        "T2",
    )
    call(UPLOAD, paid.upload(), 10060003)


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"order_key": {"order_number_type": 3}}, 268485194),
        ({"order_key": {"order_number_type": 2}}, 268485195),
        ({"order_key": {"order_number_type": 1, "out_trade_no": "x"}}, 268485196),
        ({"order_key": {"order_number_type": 1, "mchid": "1900000101"}}, 268485197),
        ({"order_key": {"order_number_type": 2, "transaction_id": "none"}}, 10060001),
        ({"logistics_type": 9}, 10060005),
        ({"delivery_mode": 9}, 268485224),
        ({"delivery_mode": 2, "logistics_type": 4, "is_all_delivered": True}, 10060006),
        ({"delivery_mode": 2}, 10060007),
        ({"shipping_list": [parcel("A"), parcel("B")]}, 268485228),
        ({"shipping_list": [parcel("A", item_desc="")]}, 10060008),
        ({"shipping_list": [parcel("A", item_desc="字" * 121)]}, 10060009),
        ({"shipping_list": [parcel("")]}, 268485226),
        ({"shipping_list": [parcel("A", "")]}, 268485227),
        ({"shipping_list": [parcel("A", "顺丰速运")]}, 10060014),
        ({"shipping_list": [parcel("A", "SF")]}, 10060014),
        ({"shipping_list": [parcel("A", "SF", contact={"receiver_contact": "13800001234"})]}, 10060014),
        ({"upload_time": "2023-05-18 18:48:35"}, 268485216),
        ({"upload_time": "2023-05-18T18:48:35.120 08:00"}, 268485216),
        ({"payer": {"openid": "oSomebody"}}, 10060031),
    ],
)
def test_wrong_uploads(call: Call, paid: Paid, changes: dict[str, Any], errcode: int) -> None:
    call(UPLOAD, paid.upload(**changes), errcode)
    assert order_of(call, paid)["shipping"] == {}


def test_shunfeng_wants_a_masked_contact(call: Call, paid: Paid) -> None:
    contact = {"receiver_contact": "138****1234"}
    call(UPLOAD, paid.upload(shipping_list=[parcel("SF1", "SF", contact=contact)]))
    assert order_of(call, paid)["shipping"]["shipping_list"][0]["contact"]["receiver_contact"] == "138****1234"


def test_combined_upload_is_all_or_nothing(
    own: Sandbox, seller: Merchant, app: dict[str, Any], call: Call, paid: Paid
) -> None:
    key = {"order_number_type": 1, "mchid": seller.mchid, "out_trade_no": paid.number}
    part = {"order_key": key, "delivery_mode": 1, "logistics_type": 4, "shipping_list": [{"item_desc": "自提"}]}
    body = paid.upload(order_key={**key, "out_trade_no": "combined"}, sub_orders=[part, part])
    path = "/wxa/sec/order/upload_combined_shipping_info"
    call(path, body, 10060013)
    other = {**part, "order_key": {**key, "out_trade_no": "unknown"}}
    call(path, {**body, "sub_orders": [part, other]}, 10060001)
    assert order_of(call, paid)["order_state"] == 1
    call(path, {**body, "sub_orders": [part]})
    assert order_of(call, paid)["order_state"] == 2


def test_the_list_pages(own: Sandbox, seller: Merchant, app: dict[str, Any], call: Call) -> None:
    mine = Paid(own, seller, app)
    other = Paid(own, seller, app)
    listed = call("/wxa/sec/order/get_order_list", {"openid": mine.openid, "order_state": 1})
    assert [row["transaction_id"] for row in listed["order_list"]] == [mine.transaction_id]
    assert listed["has_more"] is False
    seen: list[str] = []
    page: dict[str, Any] = {"last_index": "", "has_more": True}
    while page["has_more"]:
        page = call("/wxa/sec/order/get_order_list", {"page_size": 2, "last_index": page["last_index"]})
        seen += [row["transaction_id"] for row in page["order_list"]]
    assert len(seen) == len(set(seen))
    assert {mine.transaction_id, other.transaction_id} <= set(seen)
    call("/wxa/sec/order/get_order_list", {"last_index": "none"}, 10060011)


def test_time_confirms_and_reminds(
    own: Sandbox, app: dict[str, Any], call: Call, seller: Merchant, receiver: Receiver
) -> None:
    shipped, forgotten = Paid(own, seller, app), Paid(own, seller, app)
    call(UPLOAD, shipped.upload())
    callback = f"/_sandbox/mini-programs/{app['appid']}/callback"
    own.http.put(callback, json={"callback_url": receiver.url, "data_format": "xml"}).raise_for_status()

    def told(order: Paid, text: bytes) -> bool:
        return any(order.transaction_id.encode() in got.body and text in got.body for got in receiver.got)

    own.post("/_sandbox/clock", {"advance_seconds": 2 * 86400 + 7200})
    wait_for(lambda: told(forgotten, b"trade_manage_remind_shipping"))
    assert not told(shipped, b"trade_manage_remind_shipping")
    own.post("/_sandbox/clock", {"advance_seconds": 9 * 86400})
    own.post("/_sandbox/clock", {"advance_seconds": 5})
    wait_for(lambda: told(shipped, b"<confirm_receive_method>1<"))
    assert order_of(call, shipped)["order_state"] == 4
    own.http.put(callback, json={"callback_url": None}).raise_for_status()


def test_settings_and_companies(app: dict[str, Any], call: Call, paid: Paid) -> None:
    assert call("/wxa/sec/order/is_trade_managed", {"appid": app["appid"]})["is_trade_managed"] is True
    call("/wxa/sec/order/is_trade_managed", {"appid": "wx0"}, 40013)
    confirmed = call("/wxa/sec/order/is_trade_management_confirmation_completed", {"appid": app["appid"]})
    assert confirmed["completed"] is True
    call("/wxa/sec/order/set_msg_jump_path", {"path": "pages/order/order"})
    companies = call("/cgi-bin/express/delivery/open_msg/get_delivery_list", {})["delivery_list"]
    assert {"delivery_id": "SF", "delivery_name": "顺丰速运"} in companies
    call("/wxa/sec/order/opspecialorder", {"order_id": paid.number, "type": 2})
    call("/wxa/sec/order/opspecialorder", {"order_id": "none", "type": 2}, 268546002)


def test_money_may_be_held_until_the_order_is_settled(
    own: Sandbox, seller: Merchant, app: dict[str, Any], call: Call
) -> None:
    settings = f"/_sandbox/apps/{app['appid']}/settings"
    own.http.put(settings, json={"money_held": True}).raise_for_status()
    before = accounts(own, seller)
    order = Paid(own, seller, app)
    own.http.put(settings, json={"money_held": False}).raise_for_status()
    held = accounts(own, seller)
    net = 12900 - 77
    assert (held["frozen"] - before["frozen"], held["available"] - before["available"]) == (net, 0)
    refund = {
        "transaction_id": order.transaction_id,
        "out_refund_no": "H" + order.number,
        "amount": {"refund": 900, "total": 12900, "currency": "CNY"},
    }
    told = seller.call("POST", "/v3/refund/domestic/refunds", refund).json()
    assert told["funds_account"] == "UNSETTLED"
    assert accounts(own, seller)["available"] == before["available"]
    call(UPLOAD, order.upload())
    own.post(f"/_sandbox/shoppers/{order.shopper}/receipts", {"transaction_id": order.transaction_id})
    own.post("/_sandbox/clock", {"advance_seconds": 5})
    wait_for(lambda: accounts(own, seller)["frozen"] == before["frozen"])
    assert accounts(own, seller)["available"] - before["available"] == net - 900 + told["amount"]["refund_fee"]
    assert own.get("/_sandbox/books/check")["balanced"]


def accounts(own: Sandbox, seller: Merchant) -> dict[str, int]:
    return next(row["accounts"] for row in own.get("/_sandbox/books")["merchants"] if row["mchid"] == seller.mchid)
