# The clients carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Clients that others keep, unchanged but for their base URL (wire.md section 6)."""

import fcntl
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wechatpayv3
import wechatpayv3.core
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpy import WeChatClient, WeChatOAuth, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.replies import TextReply

from tests.wechat_sandbox.desk import Merchant, Received, Receiver, Reply, Sandbox, wait_for

NODE = Path(__file__).parent / "node"


def pay(sandbox: Sandbox, merchant: Merchant, shopper: str, prepay_id: str) -> dict[str, Any]:
    body = {"pay_params": merchant.pay_params(prepay_id)}
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", body)
    return sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")


# --- wechatpayv3 ------------------------------------------------------------------------------


def client_of(merchant: Merchant, notify_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    row = merchant.row
    common: dict[str, Any] = {
        "wechatpay_type": WeChatPayType.JSAPI,
        "mchid": row["mchid"],
        "private_key": row["private_key_pem"],
        "cert_serial_no": row["serial_no"],
        "appid": merchant.appid,
        "apiv3_key": row["apiv3_key"],
        "notify_url": notify_url,
    }
    url = merchant.sandbox.url
    if row["mode"] == "public_key":
        client: Any = WeChatPay(**common, public_key=row["public_key_pem"], public_key_id=row["public_key_id"])
        client._core._gate_way = url
        return client

    class Core(wechatpayv3.core.Core):
        _gate_way = property(lambda _: url, lambda _, __: None)  # pyright: ignore

    monkeypatch.setattr(wechatpayv3.core, "Core", Core)
    return WeChatPay(**common)  # asks for the certificates at once


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
def test_wechatpayv3(
    sandbox: Sandbox,
    merchant: Merchant,
    bakery: Merchant,
    receiver: Receiver,
    shopper: str,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    who = merchant if mode == "public_key" else bakery
    client = client_of(who, receiver.url + "/pay", monkeypatch)
    number = f"PY{time.time_ns()}"
    code, text = client.pay(
        description="测试 商品",
        out_trade_no=number,
        amount={"total": 100},
        payer={"openid": sandbox.openid(shopper, who.appid)},
        support_fapiao=True,
    )
    assert code == 200, text
    paid = pay(sandbox, who, shopper, json.loads(text)["prepay_id"])
    got = receiver.wait(1)[0]
    told = client.callback(got.headers, got.body)
    assert told["event_type"] == "TRANSACTION.SUCCESS"
    assert told["resource"]["out_trade_no"] == number
    code, text = client.query(out_trade_no=number)
    assert json.loads(text)["transaction_id"] == paid["transaction_id"]
    code, text = client.query(transaction_id=paid["transaction_id"])
    assert (code, json.loads(text)["trade_state"]) == (200, "SUCCESS")
    code, text = client.refund(
        out_refund_no="R" + number,
        transaction_id=paid["transaction_id"],
        amount={"refund": 1, "total": 100, "currency": "CNY"},
        notify_url=receiver.url + "/refund",
        reason="退",
    )
    assert code == 200, text
    got = receiver.wait(2)[1]
    assert client.callback(got.headers, got.body)["resource"]["refund_status"] == "SUCCESS"
    code, text = client.query_refund("R" + number)
    assert json.loads(text)["status"] == "SUCCESS"

    unpaid = number + "N"
    code, text = client.pay(description="扫码", out_trade_no=unpaid, amount={"total": 1}, pay_type=WeChatPayType.NATIVE)
    assert json.loads(text)["code_url"].startswith("weixin://")
    code, text = client.close(unpaid)
    assert code == 204
    code, text = client.close(number)
    assert (code, json.loads(text)["code"]) == (400, "ORDERPAID")


# --- wechatpy ---------------------------------------------------------------------------------


@pytest.fixture
def wechatpy(
    sandbox: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Its client, for a new account in safe mode."""
    account = sandbox.post("/_sandbox/official-accounts", {"name": "派", "mode": "safe"})
    path = f"/_sandbox/official-accounts/{account['appid']}"
    sandbox.http.put(path, json={"callback_url": receiver.url}).raise_for_status()

    class Client(WeChatClient):
        API_BASE_URL = sandbox.url + "/cgi-bin/"

        def fetch_access_token(self) -> Any:
            params = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
            return self._fetch_access_token(sandbox.url + "/cgi-bin/token", params)

    monkeypatch.setattr(WeChatOAuth, "API_BASE_URL", sandbox.url + "/")
    monkeypatch.setattr(WeChatOAuth, "OAUTH_BASE_URL", sandbox.url + "/connect/")
    yield Client(account["appid"], account["secret"]), account
    sandbox.http.put(path, json={"callback_url": None})


def test_wechatpy(sandbox: Sandbox, receiver: Receiver, shopper: str, wechatpy: tuple[Any, dict[str, Any]]) -> None:
    client, account = wechatpy
    crypto = WeChatCrypto(account["token"], account["encoding_aes_key"], account["appid"])

    def answer(got: Received) -> Reply:
        query = got.query
        xml = crypto.decrypt_message(got.body, query["msg_signature"], query["timestamp"], query["nonce"])
        message: Any = parse_message(xml)
        seen.append(message)
        if message.type == "event" and message.event == "templatesendjobfinish":
            return Reply(200, b"success")
        reply: Any = TextReply(content="收到 " + message.source[-4:], message=message)
        return Reply(200, crypto.encrypt_message(reply.render(), query["nonce"]).encode())

    seen: list[Any] = []
    receiver.answer = answer
    code = client.qrcode.create(
        {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "counter"}}}
    )
    scanned = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": code["url"]})
    identity = sandbox.post(
        f"/_sandbox/shoppers/{shopper}/follow", {"appid": account["appid"], "ticket": scanned["ticket"]}
    )
    openid = identity["openid"]
    path = f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}"
    wait_for(lambda: len(sandbox.get(path)["messages"]) == 2)
    assert (seen[0].event, seen[0].scene_id) == ("subscribe_scan", "counter")
    assert sandbox.get(path)["messages"][1]["content"] == "收到 " + openid[-4:]

    assert client.user.get(openid)["qr_scene_str"] == "counter"
    assert client.user.get_followers()["data"]["openid"] == [openid]
    assert client.menu.create({"button": [{"type": "click", "name": "会员", "key": "member"}]})["errcode"] == 0
    assert client.menu.get()["menu"]["button"][0]["key"] == "member"
    assert client.message.send_text(openid, "你好")["errcode"] == 0
    data = {"thing1": {"value": "衬衫"}}
    sent = client.message.send_template(openid, "tpl", data, url="https://example.com/")
    wait_for(lambda: len(seen) == 2)
    assert (seen[1].event, seen[1].id) == ("templatesendjobfinish", sent["msgid"])
    tag = client.tag.create("常客")["id"]
    client.tag.tag_user(tag, openid)
    assert client.user.get(openid)["tagid_list"] == [tag]
    ticket = client.jsapi.get_jsapi_ticket()
    signature = client.jsapi.get_jsapi_signature("n", ticket, 1, "https://example.com/")
    config = {"appId": account["appid"], "timestamp": 1, "nonceStr": "n", "signature": signature}
    checked = sandbox.post("/_sandbox/jssdk/check", config | {"url": "https://example.com/"})
    assert checked["ok"]

    sandbox.post(f"{path}/text", {"content": "在吗"})
    wait_for(lambda: seen[-1].type == "text")
    assert seen[-1].content == "在吗"
    client.session.set(client.access_token_key, "stale")
    assert client.user.get(openid)["openid"] == openid  # 40001, so it fetches a token and tries again
    with pytest.raises(WeChatClientException) as error:
        client.message.send_text("oNobody", "x")
    assert error.value.errcode == 40003


def test_wechatpy_oauth(sandbox: Sandbox, shopper: str, wechatpy: tuple[Any, dict[str, Any]]) -> None:
    _, account = wechatpy
    oauth: Any = WeChatOAuth(account["appid"], account["secret"], "http://127.0.0.1:1/b?x=1", "snsapi_userinfo", "st")
    page = sandbox.http.get(oauth.authorize_url, headers={"X-Sandbox-Shopper": shopper})
    location = page.headers["location"]
    code = location.partition("code=")[2].partition("&")[0]
    granted = oauth.fetch_access_token(code)
    assert oauth.get_user_info()["openid"] == granted["openid"]
    assert oauth.check_access_token()
    assert oauth.refresh_access_token(granted["refresh_token"])["openid"] == granted["openid"]
    with pytest.raises(WeChatOAuthException) as error:
        oauth.fetch_access_token(code)
    assert error.value.errcode == 40163


def test_wechatpy_mini_program(sandbox: Sandbox, shopper: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = sandbox.mini_program("青衫")
    client: Any = WeChatClient(app["appid"], app["secret"], access_token=sandbox.token(app))
    monkeypatch.setattr(type(client.wxa), "API_BASE_URL", sandbox.url + "/", raising=False)
    code = sandbox.post(f"/_sandbox/shoppers/{shopper}/jscode", {"appid": app["appid"]})["code"]
    assert client.wxa.code_to_session(code)["openid"] == sandbox.openid(shopper, app["appid"])
    picture = client.wxa.get_wxa_code_unlimited("l=AB", page="pages/home/home")
    assert picture.content[:2] == b"\xff\xd8"


# --- wechatpay-axios-plugin -------------------------------------------------------------------


@pytest.fixture(scope="module")
def node() -> str:
    """node, with the packages of tests/wechat_sandbox/node installed."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        pytest.skip("node and npm are not installed")
    with (NODE / ".lock").open("w") as lock:  # files are tried side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (NODE / "node_modules" / ".package-lock.json").exists():  # what npm writes last
            done = subprocess.run(
                [npm, "ci", "--no-audit", "--no-fund"],
                cwd=NODE,
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
            )
            if done.returncode:
                pytest.skip(f"npm ci failed: {done.stderr[-300:]}")
    return node


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
def test_wechatpay_axios_plugin(
    sandbox: Sandbox,
    merchant: Merchant,
    bakery: Merchant,
    receiver: Receiver,
    shopper: str,
    node: str,
    mode: str,
) -> None:
    who = merchant if mode == "public_key" else bakery
    openid = sandbox.openid(shopper, who.appid)
    paid = who.prepay(openid, receiver.url)
    prepay_id = who.call("POST", "/v3/pay/transactions/jsapi", paid).json()["prepay_id"]
    transaction_id = pay(sandbox, who, shopper, prepay_id)["transaction_id"]
    got = receiver.wait(1)[0]
    given = {
        "url": sandbox.url + "/",
        "merchant": who.row,
        "order": who.prepay(openid),
        "transaction_id": transaction_id,
        "notice": {"headers": got.headers, "body": got.body.decode()},
    }
    done = subprocess.run(
        [node, "drive.js"],
        cwd=NODE,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["jsapi"]["prepay_id"].startswith("wx")
    assert told["native"]["code_url"].startswith("weixin://")
    assert told["query"]["trade_state"] == "NOTPAY"
    assert told["close"] == 204
    assert told["certificates"][0]["pem"] == who.row["platform_certificate_pem"]
    assert (told["refused"]["status"], told["refused"]["code"]) == (400, "PARAM_ERROR")
    assert told["refund"]["status"] == "PROCESSING"
    assert told["notice_verified"] is True
    assert told["notice"]["transaction_id"] == transaction_id
