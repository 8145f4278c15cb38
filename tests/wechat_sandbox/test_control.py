"""The control API and what stands around it."""

import json
import re
import threading
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx

from tests.wechat_sandbox.desk import Sandbox


def test_default_accounts(sandbox: Sandbox) -> None:
    accounts = sandbox.get("/_sandbox/accounts")
    merchants = {row["mchid"]: row for row in accounts["merchants"]}
    assert {"1900000100", "1900000101", "1900000102", "1900000103"} <= merchants.keys()
    assert [merchants[f"190000010{n}"]["name"] for n in range(4)] == ["闭环商城", "青衫", "麦香", "小满手作"]
    for row in merchants.values():
        assert len(row["apiv3_key"]) == 32
        assert re.fullmatch(r"[0-9A-F]{40}", row["serial_no"])
        assert re.fullmatch(r"PUB_KEY_ID_\d{28}", row["public_key_id"])
    appids = {row["appid"] for kind in ("official_accounts", "mini_programs") for row in accounts[kind]}
    assert set(merchants["1900000101"]["appids"]) <= appids
    for row in accounts["official_accounts"]:
        assert len(row["encoding_aes_key"]) == 43


def test_openapi(sandbox: Sandbox) -> None:
    spec = sandbox.get("/_sandbox/openapi.json")
    assert spec["openapi"].startswith("3.1")
    for path in ("/_sandbox/accounts", "/_sandbox/shoppers/{shopper_id}/sheets", "/_sandbox/sheets/{sheet_id}/pay"):
        assert path in spec["paths"]
    assert all(
        operation.get("description") or operation.get("summary")
        for methods in spec["paths"].values()
        for operation in methods.values()
    )


def test_new_accounts(sandbox: Sandbox) -> None:
    app = sandbox.post("/_sandbox/official-accounts", {"name": "新店"})
    row = sandbox.post(
        "/_sandbox/merchants",
        {"name": "新店", "mchid": "1900009001", "mode": "certificate", "appids": [app["appid"]]},
    )
    assert (row["mode"], row["appids"]) == ("certificate", [app["appid"]])
    mini = sandbox.post("/_sandbox/mini-programs", {"name": "新店", "mchid": "1900009001"})
    bound = next(r for r in sandbox.get("/_sandbox/accounts")["merchants"] if r["mchid"] == "1900009001")
    assert bound["appids"] == [app["appid"], mini["appid"]]
    for path, body, status in (
        ("/_sandbox/merchants", {"name": "x", "mchid": "1900009001"}, 409),
        ("/_sandbox/merchants", {"name": "x", "mchid": "abc"}, 400),
        ("/_sandbox/merchants", {"name": "x", "appids": ["none"]}, 404),
        ("/_sandbox/merchants", {"surprise": 1}, 400),
        ("/_sandbox/official-accounts", {"name": "x", "appid": app["appid"]}, 409),
        ("/_sandbox/official-accounts", {"name": "x", "encoding_aes_key": "short"}, 400),
        ("/_sandbox/mini-programs", {"name": "x", "mchid": "none"}, 404),
    ):
        response = sandbox.http.post(path, json=body)
        assert response.status_code == status, response.text
        assert response.json().keys() >= {"code", "message"}


def test_shoppers(sandbox: Sandbox) -> None:
    made = sandbox.post("/_sandbox/shoppers", {"nickname": "<小满>"})
    assert made["nickname"] == "<小满>"
    assert made in sandbox.get("/_sandbox/shoppers")["items"]
    assert "<小" not in sandbox.http.get(made["avatar_url"]).text
    assert sandbox.http.post("/_sandbox/shoppers").status_code == 201  # no body at all
    assert sandbox.http.get("/_sandbox/shoppers/nobody").status_code == 404


def test_scanning_other_things(sandbox: Sandbox, shopper: str) -> None:
    def scan(content: str) -> Any:
        return sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": content})

    assert scan("https://example.com/a") == {"action": "open_url", "url": "https://example.com/a"}
    assert scan(" 6901234567892 ") == {"action": "text", "text": "6901234567892"}


def test_acts_that_cannot_be(sandbox: Sandbox, shopper: str) -> None:
    appid = sandbox.official_account("小满手作")["appid"]
    path = f"/_sandbox/shoppers/{shopper}"
    for where, body, status in (
        ("/follow", {"appid": "none"}, 400),
        ("/follow", {"appid": appid, "ticket": "none"}, 400),
        (f"/chats/{appid}/text", {"content": "在吗"}, 400),
        (f"/chats/{appid}/menu", {"key": "x"}, 400),
        ("/scan", {}, 400),
        ("/scan", "not json", 400),
    ):
        response = sandbox.http.post(path + where, json=body)
        assert response.status_code == status, response.text
        assert response.json().keys() >= {"code", "message"}
    assert sandbox.http.get(f"{path}/chats/none").status_code == 404


def test_pictures(sandbox: Sandbox) -> None:
    picture = sandbox.http.get("/_sandbox/qr.svg", params={"content": "http://weixin.qq.com/q/02"})
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert b"<svg" in picture.content
    for content in ("", "x" * 2001):
        assert sandbox.http.get("/_sandbox/qr.svg", params={"content": content}).status_code == 400


def test_events(sandbox: Sandbox, shopper: str) -> None:
    appid = sandbox.official_account("小满手作")["appid"]
    got: list[dict[str, Any]] = []
    ready = threading.Event()

    def listen() -> None:
        with (
            httpx.Client(trust_env=False, timeout=10) as client,
            client.stream("GET", f"{sandbox.url}/_sandbox/events/{shopper}") as stream,
        ):
            for line in stream.iter_lines():
                if line.startswith("event: hello"):
                    ready.set()
                if line.startswith("data: {") and len(line) > 10:
                    got.append(json.loads(line[6:]))
                    return

    thread = threading.Thread(target=listen)
    thread.start()
    assert ready.wait(5)
    sandbox.post(f"/_sandbox/shoppers/{shopper}/follow", {"appid": appid})
    thread.join(5)
    assert got[0]["type"] == "message"
    assert got[0]["appid"] == appid
    assert got[0]["message"]["kind"] == "event"


def test_the_phone_is_served(sandbox: Sandbox) -> None:
    assert sandbox.http.get("/").headers["location"] == "/phone/"
    page = sandbox.http.get("/phone/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    script = sandbox.http.get("/open/js/jweixin-1.6.0.js")
    assert "javascript" in script.headers["content-type"]
    for path in ("/phone/none.js", "/phone/../app.py", "/phone/%2e%2e/app.py", "/phone//etc/passwd", "/nothing"):
        assert sandbox.http.get(path).status_code == 404


def test_the_clock_does_not_run_backwards(sandbox: Sandbox) -> None:
    wrong: list[dict[str, object]] = [
        {"advance_seconds": -1},
        {},
        {"advance_seconds": 1, "to": "2030-01-01T00:00:00Z"},
        {"to": "2020-01-01T00:00:00+08:00"},
        {"to": "2999-01-01T00:00:00Z"},
        {"to": "2030-01-01T00:00:00"},
        {"to": "soon"},
    ]
    for body in wrong:
        assert sandbox.http.post("/_sandbox/clock", json=body).status_code == 400, body
    assert sandbox.get("/_sandbox/clock")["offset_seconds"] == 0


def test_expiries_on_the_clock() -> None:
    sandbox = Sandbox()
    try:
        account = sandbox.official_account("青衫")
        token = sandbox.token(account)
        asked = {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 1}}}
        code = sandbox.http.post(f"/cgi-bin/qrcode/create?access_token={token}", json=asked).json()
        shopper = sandbox.post("/_sandbox/shoppers")["shopper_id"]
        js_code = sandbox.post(f"/_sandbox/shoppers/{shopper}/jscode", {"appid": account["appid"]})["code"]
        sandbox.post("/_sandbox/clock", {"advance_seconds": 301})
        scanned = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": code["url"]})
        assert scanned == {"action": "text", "text": "二维码已过期"}
        query = {
            "appid": account["appid"],
            "secret": account["secret"],
            "js_code": js_code,
            "grant_type": "authorization_code",
        }
        assert sandbox.get("/sns/jscode2session", params=query)["errcode"] == 40029
        moved = datetime.fromisoformat(sandbox.get("/_sandbox/clock")["now"]) + timedelta(seconds=7000)
        told = sandbox.post("/_sandbox/clock", {"to": moved.astimezone(timezone(timedelta(hours=8))).isoformat()})
        assert timedelta(0) <= datetime.fromisoformat(told["now"]) - moved < timedelta(minutes=1)
        assert sandbox.get("/cgi-bin/menu/get", params={"access_token": token})["errcode"] == 42001
    finally:
        assert sandbox.stop() == 0
