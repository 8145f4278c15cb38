"""The inspector: what was exchanged, why a signature failed, and the same once more."""

import hashlib
import hmac
import json
import os
import secrets
import shutil
import subprocess
import time
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox, wait_for

PATH = "/v3/pay/transactions/native"


def native(merchant: Merchant, url: str = "http://127.0.0.1:9/none", **changes: Any) -> dict[str, Any]:
    order = merchant.prepay("", url, **changes)
    del order["payer"]
    return order


def latest(sandbox: Sandbox, **query: Any) -> Any:
    """The newest exchange that fits, in detail."""
    row = sandbox.get("/_sandbox/exchanges", params=query)["items"][0]
    return sandbox.get(f"/_sandbox/exchanges/{row['id']}")


def send_signed(merchant: Merchant, method: str, target: str, sent: str, signed: bytes | str, **items: str) -> Any:
    """A call whose signature is over `signed` (or is that text); the exchange it left."""
    now, nonce = items.pop("timestamp", str(int(time.time()))), secrets.token_hex(8)
    if isinstance(signed, bytes):
        message = signed.replace(b"{now}", now.encode()).replace(b"{nonce}", nonce.encode())
        signature = items.pop("signature", merchant.sign(message.decode()))
    else:
        signature = signed
    header = merchant.authorization(
        method, target, sent, **({"timestamp": now, "nonce_str": nonce, "signature": signature} | items)
    )
    headers = {"Authorization": header, "Accept": "application/json", "User-Agent": "t"}
    response = merchant.sandbox.http.request(method, target, content=sent.encode(), headers=headers)
    assert response.status_code == 401, response.text
    return latest(merchant.sandbox, mchid=items.get("mchid", merchant.mchid))


def frame(method: str, target: str, body: str) -> bytes:
    return f"{method}\n{target}\n{{now}}\n{{nonce}}\n{body}\n".encode()


def test_a_good_call(merchant: Merchant) -> None:
    order = native(merchant)
    merchant.call("POST", PATH, order)
    told = latest(merchant.sandbox, path=PATH, mchid=merchant.mchid)
    assert (told["direction"], told["kind"], told["method"], told["status"]) == ("in", "api", "POST", 200)
    assert (told["mchid"], told["appid"], told["signature"]) == (merchant.mchid, merchant.appid, "valid")
    verdict = told["verdict"]
    assert (verdict["state"], verdict["hints"]) == ("valid", [])
    assert verdict["signed_by"] == f"merchant:{merchant.mchid}"
    assert verdict["expected"].startswith(f"POST\n{PATH}\n")
    assert json.loads(told["request"]["body"]["text"]) == order
    assert told["proof"]["holds"]
    assert told["proof"]["serial"] == merchant.row["public_key_id"]
    assert json.loads(told["answer"]["body"]["text"])["code_url"]


def wrong(code: str) -> Any:
    """How each mistake is made: target, sent body, what was signed, other items."""
    body = '{"a": "茶", "b": 1}'
    target = "/v3/pay/transactions/id/1?mchid=2&x=%E8%8C%B6"
    other = json.dumps(json.loads(body), separators=(",", ":"))
    return {
        "body_reserialised": ("POST", PATH, body, frame("POST", PATH, other)),
        "body_missing": ("POST", PATH, body, frame("POST", PATH, "")),
        "body_invented": ("GET", target, "", frame("GET", target, "{}")),
        "query_missing": ("GET", target, "", frame("GET", target.partition("?")[0], "")),
        "query_decoded": ("GET", target, "", frame("GET", target.replace("%E8%8C%B6", "茶"), "")),
        "query_order": ("GET", target, "", frame("GET", "/v3/pay/transactions/id/1?x=%E8%8C%B6&mchid=2"[::1], "")),
        "full_url": ("POST", PATH, body, frame("POST", "https://api.mch.weixin.qq.com" + PATH, body)),
        "method_case": ("POST", PATH, body, frame("post", PATH, body)),
        "method": ("POST", PATH, body, frame("GET", PATH, body)),
        "trailing_newline": ("POST", PATH, body, frame("POST", PATH, body)[:-1]),
        "crlf": ("POST", PATH, body, frame("POST", PATH, body).replace(b"\n", b"\r\n")),
        "order": ("POST", PATH, body, f"POST\n{PATH}\n{{nonce}}\n{{now}}\n{body}\n".encode()),
        "empty_line": ("GET", target, "", frame("GET", target, "")[:-1]),
        "message_differs": ("POST", PATH, body, b"something else\n"),
    }[code]


MISTAKES = [
    "body_reserialised", "body_missing", "body_invented", "query_missing", "query_decoded", "full_url",
    "method_case", "method", "trailing_newline", "crlf", "order", "empty_line", "message_differs",
]  # fmt: skip


@pytest.mark.parametrize("code", MISTAKES)
def test_why_a_signature_failed(merchant: Merchant, code: str) -> None:
    method, target, body, signed = wrong(code)
    told = send_signed(merchant, method, target, body, signed)
    verdict = told["verdict"]
    assert told["signature"] == verdict["state"] == "invalid"
    assert code in [hint["code"] for hint in verdict["hints"]]
    assert all(hint["zh"] and hint["en"] for hint in verdict["hints"])
    assert verdict["expected"].startswith(f"{method}\n{target}\n")
    if code != "message_differs":  # both canonical strings, side by side
        assert hashlib.sha256(verdict["signed"].encode()).hexdigest() == verdict["signed_digest"]
        assert verdict["signed"] != verdict["expected"]


def test_two_mistakes_at_once(merchant: Merchant) -> None:
    body = '{"a": 1, "b": 2}'
    told = send_signed(merchant, "POST", PATH + "?x=1", body, frame("POST", PATH, '{"a":1,"b":2}'))
    assert {hint["code"] for hint in told["verdict"]["hints"]} == {"body_reserialised", "query_missing"}


def test_whose_key(sandbox: Sandbox, merchant: Merchant, bakery: Merchant) -> None:
    good = frame("POST", PATH, "{}")

    def hints(signer: Any, **items: str) -> list[str]:
        told = send_signed(merchant, "POST", PATH, "{}", signer, **items)
        return [hint["code"] for hint in told["verdict"]["hints"]]

    now, nonce = str(int(time.time())), "abcd"
    message = f"POST\n{PATH}\n{now}\n{nonce}\n{{}}\n".encode()
    fixed = {"timestamp": now, "nonce_str": nonce}
    assert hints(bakery.sign(message.decode()), **fixed) == ["other_merchant"]
    digest = hmac.new(merchant.row["apiv3_key"].encode(), message, hashlib.sha256)
    assert hints(b64encode(digest.digest()).decode(), **fixed) == ["apiv3_key"]
    assert hints(hashlib.md5(message).hexdigest(), **fixed) == ["v2"]
    pss = merchant.key.sign(message, PSS(MGF1(SHA256()), 32), SHA256())
    assert hints(b64encode(pss).decode(), **fixed) == ["pss"]
    assert hints(b64encode(secrets.token_bytes(256)).decode(), **fixed) == ["unknown_key"]
    assert hints("not base64!", **fixed) == ["base64"]
    assert hints(good, serial_no=bakery.row["serial_no"]) == ["serial"]
    assert hints(good, timestamp=str(int(time.time()) - 400)) == ["timestamp"]
    assert hints(good, timestamp=str(time.time_ns() // 10**6)[:12]) == ["timestamp"]
    told = send_signed(merchant, "POST", PATH, "{}", good, mchid="1900009999")
    assert "mchid" in [hint["code"] for hint in told["verdict"]["hints"]]
    sandbox.http.post(PATH, content=b"{}")
    assert latest(sandbox, path=PATH)["verdict"]["hints"][0]["code"] == "no_authorization"


def test_a_notification_and_its_replay(merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    sandbox = merchant.sandbox
    order = native(merchant, receiver.url + "/notify")
    code = merchant.call("POST", PATH, order).json()["code_url"]
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": code})["sheet"]
    sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    receiver.wait(1)
    wait_for(lambda: sandbox.get("/_sandbox/exchanges", params={"kind": "notification"})["items"][0]["status"] == 200)
    told = latest(sandbox, kind="notification", mchid=merchant.mchid)
    assert told["note"] == "TRANSACTION.SUCCESS"
    assert told["target"] == receiver.url + "/notify"
    assert told["plaintext"]["json"]["out_trade_no"] == order["out_trade_no"]
    assert told["proof"]["holds"]
    assert told["attempts"]["reference"] == order["out_trade_no"]
    again = sandbox.post(f"/_sandbox/exchanges/{told['id']}/replay")
    assert again["id"] > told["id"]
    second = receiver.wait(2)[1]
    assert merchant.verifies(second.headers, second.body)
    assert json.loads(second.body)["id"] == json.loads(receiver.got[0].body)["id"]


def test_a_safe_push_and_its_replay(sandbox: Sandbox, shopper: str, receiver: Receiver) -> None:
    account = sandbox.official_account("小满手作")
    url = f"/_sandbox/official-accounts/{account['appid']}"
    sandbox.http.put(url, json={"callback_url": receiver.url, "mode": "safe"}).raise_for_status()
    sandbox.post(f"/_sandbox/shoppers/{shopper}/follow", {"appid": account["appid"]})
    first = receiver.wait(1)[0]
    wait_for(lambda: latest(sandbox, kind="push", appid=account["appid"])["status"] == 200)
    told = latest(sandbox, kind="push", appid=account["appid"])
    assert told["note"] == "subscribe"
    assert "<Encrypt>" in told["request"]["body"]["text"]
    assert "<Event><![CDATA[subscribe]]></Event>" in told["plaintext"]["text"]
    sandbox.post(f"/_sandbox/exchanges/{told['id']}/replay")
    second = receiver.wait(2)[1]
    parts = sorted([account["token"], second.query["timestamp"], second.query["nonce"]])
    assert second.query["signature"] == hashlib.sha1("".join(parts).encode()).hexdigest()
    assert second.body == first.body
    sandbox.http.put(url, json={"callback_url": None}).raise_for_status()


def test_replaying_a_call(merchant: Merchant) -> None:
    order = native(merchant)
    send_signed(merchant, "POST", PATH, json.dumps(order), b"never mind")
    refused = latest(merchant.sandbox, path=PATH, status="401", mchid=merchant.mchid)
    again = merchant.sandbox.post(f"/_sandbox/exchanges/{refused['id']}/replay")
    assert (again["status"], again["verdict"]["state"]) == (200, "valid")
    target = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}?mchid={merchant.mchid}"
    assert merchant.call("GET", target).json()["trade_state"] == "NOTPAY"


def test_copied_as_a_script(merchant: Merchant, tmp_path: Any) -> None:
    if not (shutil.which("curl") and shutil.which("openssl")):
        pytest.skip("curl and openssl are not installed")
    order = native(merchant, description='it\'s 茶 & "more" $HOME `x`')
    send_signed(merchant, "POST", PATH, json.dumps(order, ensure_ascii=False), b"wrong")
    told = latest(merchant.sandbox, path=PATH, mchid=merchant.mchid)

    def run(script: str) -> str:
        env = {**os.environ, "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=30, check=False, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert '"code_url"' in run(told["curl"])
    merchant.sandbox.get("/sns/auth", params={"access_token": "x", "openid": "y"})
    assert "errcode" in run(latest(merchant.sandbox, path="/sns/auth")["curl"])


def test_filters_and_the_live_list(sandbox: Sandbox, merchant: Merchant, bakery: Merchant) -> None:
    for who in (merchant, bakery):
        who.call("POST", PATH, native(who))
        who.call("POST", PATH, {"appid": "x"})
    sandbox.http.get("/v3/no/such/thing")

    def ids(**query: Any) -> list[tuple[str, int]]:
        rows = sandbox.get("/_sandbox/exchanges", params=query)["items"]
        return [(row["mchid"], row["status"]) for row in rows]

    assert set(ids(mchid=bakery.mchid, status="400", path="/native")) == {(bakery.mchid, 400)}
    assert {status // 100 for _, status in ids(status="4xx")} == {4}
    assert ids(path="/v3/no/*")[0] == ("", 404)
    assert "no such interface" in latest(sandbox, path="/v3/no/*")["advice"][0]["en"]
    assert ids(text="额外参数" if ids(text="额外参数") else "PARAM_ERROR")
    assert ids(since=sandbox.get("/_sandbox/exchanges")["last"]) == []
    with sandbox.http.stream("GET", "/_sandbox/exchange-events") as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: hello"
        merchant.call("POST", PATH, native(merchant))
        data = next(line for line in lines if line.startswith("data:") and "items" in line)
        assert json.loads(data.removeprefix("data:"))["items"][0]["path"] == PATH
    assert sandbox.http.get("/_sandbox/exchanges/999999999").status_code == 404


def test_a_ring_has_an_end(merchant: Merchant) -> None:
    merchant.call("POST", PATH, json.dumps({"attach": "x" * 100_000}))
    told = latest(merchant.sandbox, path=PATH)
    assert (told["request"]["body"]["cut"], told["request_bytes"] > 100_000) == (True, True)
    assert len(told["request"]["body"]["text"]) <= 32 * 1024
    refused = merchant.sandbox.http.post(f"/_sandbox/exchanges/{told['id']}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_replayable")


def test_the_pages_are_served(sandbox: Sandbox) -> None:
    index = sandbox.http.get("/_sandbox").text
    assert 'href="/inspector/"' in index
    page = sandbox.http.get("/inspector/")
    assert page.headers["content-type"].startswith("text/html")
    assert sandbox.http.get("/inspector").headers["location"] == "/inspector/"
    assert sandbox.http.get("/inspector/../app.py").status_code == 404
