"""Whatever comes in, an answer of WeChat's goes out, and never a traceback."""

import json
import random
import re
import time
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.wechat_sandbox.desk import Merchant, Sandbox
from wechat_sandbox.pay.routes import PATHS as PAY_PATHS
from wechat_sandbox.wx_routes import PATHS as WX_PATHS

BODIES: list[bytes] = [
    b"",
    b"\x00\xff\xfe",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"1e999",
    b"{}",
    b'{"a": NaN}',
    b"<xml><a>1</a></xml>",
    b"a=1&b=2",
    b"[" * 200_000,
    b'{"a":' * 50_000,
    b'{"button": [{"name": "\\ud800"}]}',
    b'{"action_name": {"a": []}, "touser": [], "tag": 3, "user_list": {}, "code": {}, "scene": 9}',
]
WORDS = ("", "0", "-1", "x" * 5000, "汉字", "\x00", "%00", "'\"<>", "../..", "1e400", "²")


@pytest.mark.parametrize(("methods", "path"), [(row[0], row[1]) for row in WX_PATHS])
def test_wechat_interfaces(sandbox: Sandbox, methods: str, path: str) -> None:
    account, mini = sandbox.official_account("闭环商城"), sandbox.mini_program("闭环商城")
    names = ("appid", "secret", "code", "js_code", "openid", "type", "next_openid", "ticket", "refresh_token")
    tokens = ["", "x", *(sandbox.token(app) for app in (account, mini))]
    chance = random.Random(path)
    for _ in range(40):
        query = {name: chance.choice(WORDS) for name in chance.sample(names, 3)}
        query["grant_type"] = chance.choice(["", "client_credential", "authorization_code", "refresh_token"])
        query["access_token"] = chance.choice(tokens)
        if chance.random() < 0.7:
            query |= {"appid": account["appid"], "secret": account["secret"]}
        response = sandbox.http.request(
            chance.choice(methods.split()), path, params=query, content=chance.choice(BODIES)
        )
        assert response.status_code == 200
        answer = response.json()
        assert answer.get("errcode") != -1, answer
        assert b"Traceback" not in response.content


@pytest.mark.parametrize(("method", "path"), [(row[0], row[1]) for row in PAY_PATHS])
def test_pay(merchant: Merchant, method: str, path: str) -> None:
    chance = random.Random(path)
    for body in BODIES if method in ("POST", "PUT") else [b""] * 5:
        target = path
        odd = chance.choice(("x", "%00", "%E6%B1%89", "a" * 99))
        target = re.sub(r"\{\w+\}", odd, target)
        target += chance.choice(("", "?mchid", "?mchid=%00", "?mchid=1&mchid=2"))
        headers = {"Authorization": signed(merchant, method, target, body), "User-Agent": "t"}
        content = body
        if path.endswith("/upload"):  # of a form, the meta alone is signed
            headers["Content-Type"] = "multipart/form-data; boundary=edge"
            content = b'--edge\r\nContent-Disposition: form-data; name="meta"\r\n\r\n' + body + b"\r\n--edge--"
        response = merchant.sandbox.http.request(method, target, content=content, headers=headers)
        assert response.status_code in (200, 204, 400, 403, 404), (target, body[:40], response.text)
        if response.content:
            assert response.json().get("code") != "SYSTEM_ERROR"


def signed(merchant: Merchant, method: str, target: str, body: bytes) -> str:
    """Signed over the very bytes, which need be no text."""
    now, nonce = str(int(time.time())), "n"
    message = f"{method}\n{target}\n{now}\n{nonce}\n".encode() + body + b"\n"
    signature = b64encode(merchant.key.sign(message, PKCS1v15(), SHA256())).decode()
    return merchant.authorization(method, target, "", timestamp=now, nonce_str=nonce, signature=signature)


ODD: list[Any] = [None, -1, 2**70, 1.5, True, "", "x" * 400, [], {}, "\u0000", "\ud83d"]


def change(value: Any, chance: random.Random) -> Any:
    """The value with one thing in it that is not right."""
    odd = chance.choice(ODD)
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return {**value, key: change(value[key], chance)}  # pyright: ignore[reportUnknownVariableType]
    return odd


def whole_requests(mall: Merchant, merchant: Merchant, shopper: str) -> list[tuple[str, dict[str, Any]]]:
    """One good body for each path that takes a large one; all of them `mall`'s."""
    sandbox = mall.sandbox
    openid = sandbox.openid(shopper, mall.appid)
    ordered = {
        "description": "一件",
        "out_trade_no": "MALFORMED_1",
        "notify_url": "http://127.0.0.1:9/none",
        "amount": {"total": 100, "currency": "CNY"},
        "attach": "a",
        "settle_info": {"profit_sharing": True},
    }
    part = {
        "mchid": mall.mchid,
        "sub_mchid": merchant.mchid,
        "attach": "a",
        "amount": {"total_amount": 100, "currency": "CNY"},
        "out_trade_no": "MALFORMED_2",
        "description": "一件",
    }
    till = {key: value for key, value in ordered.items() if key != "notify_url"}
    return [
        ("/v3/pay/transactions/jsapi", mall.prepay(openid, attach="a", settle_info={"profit_sharing": True})),
        (
            "/v3/pay/partner/transactions/jsapi",
            {
                **ordered,
                "sp_appid": mall.appid,
                "sp_mchid": mall.mchid,
                "sub_mchid": merchant.mchid,
                "payer": {"sp_openid": openid},
            },
        ),
        (
            "/v3/combine-transactions/jsapi",
            {
                "combine_appid": mall.appid,
                "combine_mchid": mall.mchid,
                "combine_out_trade_no": "MALFORMED_3",
                "sub_orders": [part],
                "combine_payer_info": {"openid": openid},
                "notify_url": "http://127.0.0.1:9/none",
            },
        ),
        (
            "/v3/pay/transactions/codepay",
            {
                **till,
                "appid": mall.appid,
                "mchid": mall.mchid,
                "payer": {"auth_code": "134567890123456789"},
                "scene_info": {"store_info": {"id": "1"}},
            },
        ),
        (
            "/v3/fund-app/mch-transfer/transfer-bills",
            {
                "appid": mall.appid,
                "out_bill_no": "MALFORMED4",
                "transfer_scene_id": "1009",
                "openid": openid,
                "transfer_amount": 100,
                "transfer_remark": "货款",
                "transfer_scene_report_infos": [{"info_type": "采购商品名称", "info_content": "布"}],
            },
        ),
        (
            "/v3/merchant-service/complaints-v2/1/response",
            {"complainted_mchid": mall.mchid, "response_content": "好", "response_images": ["a.png"]},
        ),
    ]


CODES = (
    "PARAM_ERROR",
    "INVALID_REQUEST",
    "APPID_MCHID_NOT_MATCH",
    "MCH_NOT_EXISTS",
    "NO_AUTH",
    "NOT_ENOUGH",
    "OUT_TRADE_NO_USED",
    "AUTH_CODE_INVALID",
    "RESOURCE_NOT_EXISTS",
)


def test_changed_requests(sandbox: Sandbox, merchant: Merchant, shopper: str) -> None:
    chance = random.Random(7)
    mall = sandbox.merchant("1900000100")
    for path, body in whole_requests(mall, merchant, shopper):
        for _ in range(120):
            response = mall.call("POST", path, json.dumps(change(body, chance)))
            assert response.status_code in (200, 204, 400, 403, 404), response.text
            if not response.is_success:
                assert response.json()["code"] in CODES, response.text


@pytest.mark.parametrize("body", BODIES[:13])
def test_control(sandbox: Sandbox, shopper: str, body: bytes) -> None:
    for path in (
        "/_sandbox/merchants",
        "/_sandbox/official-accounts",
        "/_sandbox/mini-programs",
        "/_sandbox/clock",
        "/_sandbox/jssdk/check",
        f"/_sandbox/shoppers/{shopper}/scan",
        f"/_sandbox/shoppers/{shopper}/follow",
        f"/_sandbox/shoppers/{shopper}/sheets",
        f"/_sandbox/shoppers/{shopper}/jscode",
        f"/_sandbox/shoppers/{shopper}/chats/x/text",
        f"/_sandbox/shoppers/{shopper}/complaints",
        "/_sandbox/complaints/x/reply",
        "/_sandbox/merchants/1900000101/appids",
        "/_sandbox/merchants/1900000101/providers",
    ):
        response = sandbox.http.post(path, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code in (400, 404, 413), (path, response.status_code, response.text)
        assert response.json().keys() >= {"code", "message"}
