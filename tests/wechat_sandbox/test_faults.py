"""Faults on demand: each does its harm, counts it, and leaves the books as they should be."""

import json
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.wechat_sandbox.desk import Merchant, Received, Receiver, Reply, Sandbox, wait_for


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One of this module's own: its faults must not befall other tests."""
    sandbox = Sandbox()
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture(scope="module")
def merchant(sandbox: Sandbox) -> Merchant:
    return sandbox.merchant("1900000101")


@pytest.fixture(scope="module")
def shopper(sandbox: Sandbox) -> str:
    return sandbox.post("/_sandbox/shoppers")["shopper_id"]


@pytest.fixture(autouse=True)
def mended(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.http.delete("/_sandbox/faults").raise_for_status()


def break_it(sandbox: Sandbox, kind: str, fault: str, **more: Any) -> str:
    """Put a fault in force; its id."""
    return sandbox.post("/_sandbox/faults", {"kind": kind, "fault": fault, **more})["items"][0]["fault_id"]


def row_of(sandbox: Sandbox, fault_id: str) -> Any:
    return next(row for row in sandbox.get("/_sandbox/faults")["items"] if row["fault_id"] == fault_id)


def native(merchant: Merchant, url: str = "http://127.0.0.1:9/none") -> dict[str, Any]:
    order = merchant.prepay("", url)
    del order["payer"]
    return order


def place(merchant: Merchant, order: dict[str, Any]) -> httpx.Response:
    return merchant.call("POST", "/v3/pay/transactions/native", order)


def exists(merchant: Merchant, order: dict[str, Any]) -> bool:
    target = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}?mchid={merchant.mchid}"
    return merchant.call("GET", target).status_code == 200


def buy(merchant: Merchant, shopper: str, url: str) -> str:
    """A paid order's number."""
    order = native(merchant, url)
    code = place(merchant, order).json()["code_url"]
    sheet = merchant.sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": code})["sheet"]
    merchant.sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    return order["out_trade_no"]


def notice(sandbox: Sandbox, reference: str) -> Any:
    return sandbox.get("/_sandbox/notifications", params={"reference": reference})["items"][0]


# --- calls ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "code", "took_effect"),
    [
        ("error_before", 500, "SYSTEM_ERROR", False),
        ("error_after", 500, "SYSTEM_ERROR", True),
        ("frequency_limited", 429, "FREQUENCY_LIMITED", False),
    ],
)
def test_errors(merchant: Merchant, fault: str, status: int, code: str, took_effect: bool) -> None:
    fault_id = break_it(merchant.sandbox, "api", fault, path="/v3/pay/*", count=1)
    order = native(merchant)
    refused = place(merchant, order)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert merchant.verifies(refused.headers, refused.content)
    assert exists(merchant, order) == took_effect
    assert place(merchant, order).status_code == 200  # the same parameters again, as WeChat advises
    assert (row_of(merchant.sandbox, fault_id)["fired"], row_of(merchant.sandbox, fault_id)["source"]) == (1, "api")


@pytest.mark.parametrize(("fault", "took_effect"), [("cut_before", False), ("cut_after", True)])
def test_a_connection_breaks(merchant: Merchant, fault: str, took_effect: bool) -> None:
    break_it(merchant.sandbox, "api", fault, path="/v3/pay/*", count=1)
    order = native(merchant)
    with pytest.raises(httpx.TransportError):
        place(merchant, order)
    assert exists(merchant, order) == took_effect
    assert place(merchant, order).status_code == 200


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux shows them")
def test_breaking_connections_off_leaves_nothing_open(merchant: Merchant) -> None:
    open_files = Path(f"/proc/{merchant.sandbox.process.pid}/fd")
    before = len([*open_files.iterdir()])
    break_it(merchant.sandbox, "api", "cut_before", path="/v3/pay/*", count=6)
    for _ in range(6):
        with pytest.raises(httpx.TransportError):
            place(merchant, native(merchant))
    assert len([*open_files.iterdir()]) < before + 10


@pytest.mark.parametrize("fault", ["slow_before", "slow_after", "late_answer"])
def test_the_client_gives_up(merchant: Merchant, fault: str) -> None:
    fault_id = break_it(merchant.sandbox, "api", fault, path="/v3/pay/*", count=1, delay_seconds=0.8)
    order = native(merchant)
    impatient = Merchant(merchant.sandbox, merchant.row)
    box = Sandbox.__new__(Sandbox)
    box.http = httpx.Client(base_url=merchant.sandbox.url, timeout=0.3, trust_env=False)
    impatient.sandbox = box
    with pytest.raises(httpx.ReadTimeout):
        place(impatient, order)
    if fault != "slow_before":
        assert exists(merchant, order)  # it took effect before the answer
    wait_for(lambda: exists(merchant, order))
    assert row_of(merchant.sandbox, fault_id)["fired"] == 1
    box.http.close()


def test_other_interfaces_have_their_own_errors(sandbox: Sandbox) -> None:
    account = sandbox.official_account("青衫")
    break_it(sandbox, "api", "error_before", path="/cgi-bin/*", appid=account["appid"], count=1)
    break_it(sandbox, "api", "frequency_limited", path="/cgi-bin/*", count=1)
    query = {"grant_type": "client_credential", "appid": account["appid"], "secret": account["secret"]}
    other = sandbox.official_account("麦香")
    spared = {"grant_type": "client_credential", "appid": other["appid"], "secret": other["secret"]}
    answers = [sandbox.get("/cgi-bin/token", params=params).get("errcode", 0) for params in (query, spared, query)]
    assert answers == [-1, 45011, 0]


def test_the_notification_overtakes_the_prepay(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    break_it(merchant.sandbox, "api", "notified_before_answer", path="*/jsapi")
    openid = merchant.sandbox.openid(shopper, merchant.appid)
    order = merchant.prepay(openid, receiver.url)
    assert merchant.call("POST", "/v3/pay/transactions/jsapi", order).json()["prepay_id"].startswith("wx")
    assert len(receiver.got) == 1  # before the answer came
    told = merchant.decrypt(json.loads(receiver.got[0].body)["resource"])
    assert (told["out_trade_no"], told["trade_state"]) == (order["out_trade_no"], "SUCCESS")


def test_the_notification_overtakes_the_refund(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    number = buy(merchant, shopper, receiver.url)
    break_it(merchant.sandbox, "api", "notified_before_answer", path="/v3/refund/*")
    refund = {
        "out_trade_no": number,
        "out_refund_no": "R" + secrets.token_hex(8),
        "notify_url": receiver.url,
        "amount": {"refund": 100, "total": 12900, "currency": "CNY"},
    }
    assert merchant.call("POST", "/v3/refund/domestic/refunds", refund).status_code == 200
    assert [json.loads(got.body)["event_type"] for got in receiver.got][-1] == "REFUND.SUCCESS"


# --- notifications ----------------------------------------------------------------------------


def test_early(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    fault_id = break_it(merchant.sandbox, "notification", "early", event="TRANSACTION.*")
    buy(merchant, shopper, receiver.url)
    assert len(receiver.got) == 1  # it was there before the payment sheet closed
    assert row_of(merchant.sandbox, fault_id)["fired"] == 1


def test_doubled(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    break_it(merchant.sandbox, "notification", "doubled", count=1)
    number = buy(merchant, shopper, receiver.url)
    first, second = receiver.wait(2)
    assert first.body == second.body
    assert merchant.verifies(first.headers, first.body)
    wait_for(lambda: notice(merchant.sandbox, number)["state"] == "accepted")


def test_dropped_comes_again(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    break_it(merchant.sandbox, "notification", "dropped", count=1, mchid=merchant.mchid)
    number = buy(merchant, shopper, receiver.url)
    wait_for(lambda: len(notice(merchant.sandbox, number)["attempts"]) == 1)
    assert not receiver.got
    merchant.sandbox.post("/_sandbox/clock", {"advance_seconds": 15})
    receiver.wait(1)
    wait_for(lambda: notice(merchant.sandbox, number)["state"] == "accepted")


def test_lost_never_comes(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    break_it(merchant.sandbox, "notification", "lost", count=1)
    number = buy(merchant, shopper, receiver.url)
    for tries in (1, 2, 3):
        wait_for(lambda tries=tries: len(notice(merchant.sandbox, number)["attempts"]) == tries)
        merchant.sandbox.post("/_sandbox/clock", {"advance_seconds": 30})
    assert not receiver.got
    target = f"/v3/pay/transactions/out-trade-no/{number}?mchid={merchant.mchid}"
    assert merchant.call("GET", target).json()["trade_state"] == "SUCCESS"  # the merchant has to ask


def test_delayed(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    break_it(merchant.sandbox, "notification", "delayed", count=1, delay_seconds=3600)
    late = buy(merchant, shopper, receiver.url)
    soon = buy(merchant, shopper, receiver.url)
    receiver.wait(1)
    merchant.sandbox.post("/_sandbox/clock", {"advance_seconds": 3600})
    told = [merchant.decrypt(json.loads(got.body)["resource"])["out_trade_no"] for got in receiver.wait(2)]
    assert told == [soon, late]


def test_reordered(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    break_it(merchant.sandbox, "notification", "reordered", count=1, delay_seconds=3600)
    first = buy(merchant, shopper, receiver.url)
    second = buy(merchant, shopper, receiver.url)
    told = [merchant.decrypt(json.loads(got.body)["resource"])["out_trade_no"] for got in receiver.wait(2)]
    assert told == [second, first]


def test_wrong_signature_and_probe(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    def strict(got: Received) -> Reply:
        try:
            return Reply(204 if merchant.verifies(got.headers, got.body) else 401)
        except Exception:
            return Reply(401, b'{"code":"FAIL","message":"signature"}')

    receiver.answer = strict
    wrong = break_it(merchant.sandbox, "notification", "wrong_signature", count=1)
    number = buy(merchant, shopper, receiver.url)
    wait_for(lambda: [row["status"] for row in notice(merchant.sandbox, number)["attempts"]] == [401])
    assert row_of(merchant.sandbox, wrong)["probes_refused"] == 1
    probe = break_it(merchant.sandbox, "notification", "signtest", count=1)
    number = buy(merchant, shopper, receiver.url)
    wait_for(lambda: notice(merchant.sandbox, number)["state"] == "accepted")
    assert receiver.got[1].headers["wechatpay-signature"].startswith("WECHATPAY/SIGNTEST/")
    assert [row["status"] for row in notice(merchant.sandbox, number)["attempts"]] == [204]  # a probe is no try
    receiver.answer = lambda _: Reply(200)
    careless = break_it(merchant.sandbox, "notification", "signtest", count=1)
    number = buy(merchant, shopper, receiver.url)
    wait_for(lambda: notice(merchant.sandbox, number)["state"] == "accepted")
    rows = [row_of(merchant.sandbox, fault_id) for fault_id in (probe, careless)]
    assert [(row.get("probes_refused", 0), row.get("probes_accepted", 0)) for row in rows] == [(1, 0), (0, 1)]


# --- pushes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["plain", "safe"])
def test_pushes(sandbox: Sandbox, shopper: str, receiver: Receiver, mode: str) -> None:
    account = sandbox.official_account("青衫")
    settings = {"callback_url": receiver.url, "mode": mode}
    sandbox.http.put(f"/_sandbox/official-accounts/{account['appid']}", json=settings).raise_for_status()
    path = f"/_sandbox/shoppers/{shopper}"
    break_it(sandbox, "push", "doubled", event="subscribe", appid=account["appid"], count=1)
    break_it(sandbox, "push", "wrong_signature", event="unsubscribe", count=1)
    sandbox.post(f"{path}/follow", {"appid": account["appid"]})
    doubled = receiver.wait(2)
    assert doubled[0].body == doubled[1].body
    sandbox.post(f"{path}/unfollow", {"appid": account["appid"]})
    forged = receiver.wait(3)[2]
    fired = {row["fault"]: row["fired"] for row in sandbox.get("/_sandbox/faults")["items"]}
    assert fired == {"doubled": 1, "wrong_signature": 1}
    assert len(forged.query["signature"]) == 40
    sandbox.http.put(f"/_sandbox/official-accounts/{account['appid']}", json={"callback_url": None})


# --- rules ------------------------------------------------------------------------------------


def fates(sandbox: Sandbox, seed: int) -> list[bool]:
    """Which of sixty calls fail."""
    sandbox.http.delete("/_sandbox/faults").raise_for_status()
    break_it(sandbox, "api", "error_before", path="/sns/auth", probability=0.3, seed=seed)
    return [sandbox.get("/sns/auth").get("errcode") == -1 for _ in range(60)]


def test_the_same_seed_does_the_same_harm(sandbox: Sandbox) -> None:
    first, again, other = fates(sandbox, 7), fates(sandbox, 7), fates(sandbox, 8)
    assert first == again != other
    assert 5 < sum(first) < 35


def test_skip_count_and_expiry(sandbox: Sandbox) -> None:
    break_it(sandbox, "api", "error_before", path="/sns/auth", skip=1, count=2)
    assert [sandbox.get("/sns/auth")["errcode"] == -1 for _ in range(4)] == [False, True, True, False]
    fault_id = break_it(sandbox, "api", "error_before", path="/sns/auth", for_seconds=60)
    assert sandbox.get("/sns/auth")["errcode"] == -1
    sandbox.post("/_sandbox/clock", {"advance_seconds": 61})
    assert sandbox.get("/sns/auth")["errcode"] != -1
    assert row_of(sandbox, fault_id)["fired"] == 1
    assert sandbox.http.delete(f"/_sandbox/faults/{fault_id}").status_code == 204
    assert sandbox.http.delete(f"/_sandbox/faults/{fault_id}").status_code == 404


def test_a_bad_day_keeps_the_money_right(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    rows = merchant.sandbox.post("/_sandbox/faults", {"profile": "bad_day", "seed": 7, "scale": 5})["items"]
    assert {row["kind"] for row in rows} == {"api", "notification", "push"}
    orders = [native(merchant, receiver.url) for _ in range(25)]

    def place_until_it_stands(order: dict[str, Any]) -> None:
        for _ in range(12):
            try:
                if place(merchant, order).status_code == 200:
                    return
            except httpx.TransportError:
                pass
        raise AssertionError(order)

    threads = [threading.Thread(target=place_until_it_stands, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fired = {row["fault"] for row in merchant.sandbox.get("/_sandbox/faults")["items"] if row["fired"]}
    assert len(fired) >= 3
    merchant.sandbox.http.delete("/_sandbox/faults").raise_for_status()
    assert all(exists(merchant, order) for order in orders)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({}, "missing required field `kind`"),
        ({"kind": "api", "fault": "doubled"}, "api has no fault doubled"),
        ({"kind": "api", "fault": "slow_after", "probability": 2}, "probability"),
        ({"kind": "api", "fault": "slow_after", "delay_seconds": -1}, "delay_seconds"),
        ({"profile": "good_day"}, "no profile 'good_day'"),
        ({"profile": "bad_day", "path": "/"}, "a profile has no path"),
    ],
)
def test_refused_rules(sandbox: Sandbox, wanted: dict[str, Any], says: str) -> None:
    refused = sandbox.http.post("/_sandbox/faults", json=wanted)
    assert refused.status_code == 400
    assert says in refused.json()["message"]
