"""Subscribe messages: one grant is one message; templates from the library."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Receiver, Sandbox

Call = Callable[..., Any]
SEND = "/cgi-bin/message/subscribe/send"
PAID = {
    "character_string1": {"value": "20261122000001"},
    "thing2": {"value": "亚麻衬衫"},
    "amount3": {"value": "￥129.00"},
    "time4": {"value": "2026-11-22 15:01"},
    "thing5": {"value": "点击查看"},
}


@pytest.fixture(scope="module")
def app(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.post("/_sandbox/mini-programs", {"name": "通知"})


@pytest.fixture(scope="module")
def call(sandbox: Sandbox, app: dict[str, Any]) -> Call:
    token = sandbox.token(app)

    def call(path: str, data: Any = None, errcode: int = 0, **query: str) -> Any:
        method = "GET" if data is None else "POST"
        answer = sandbox.http.request(method, path, params={"access_token": token, **query}, json=data).json()
        assert answer["errcode"] == errcode, answer
        return answer

    return call


@pytest.fixture(scope="module")
def template(call: Call) -> str:
    rows = call("/wxaapi/newtmpl/gettemplate")["data"]
    return next(row["priTmplId"] for row in rows if row["title"] == "订单支付成功通知")


def grant(sandbox: Sandbox, shopper: str, appid: str, *templates: str, **more: Any) -> Any:
    body = {"appid": appid, "template_ids": list(templates), **more}
    return sandbox.http.post(f"/_sandbox/shoppers/{shopper}/subscriptions", json=body).json()


def test_one_grant_is_one_message(
    sandbox: Sandbox, app: dict[str, Any], call: Call, template: str, shopper: str, receiver: Receiver
) -> None:
    callback = f"/_sandbox/mini-programs/{app['appid']}/callback"
    sandbox.http.put(callback, json={"callback_url": receiver.url}).raise_for_status()
    openid = sandbox.openid(shopper, app["appid"])
    message = {"touser": openid, "template_id": template, "page": "pages/order/order", "data": PAID}
    call(SEND, message, 43101)
    assert grant(sandbox, shopper, app["appid"], template, accept=False) == {
        "errMsg": "requestSubscribeMessage:ok",
        template: "reject",
    }
    call(SEND, message, 43101)
    for _ in range(2):
        assert grant(sandbox, shopper, app["appid"], template)[template] == "accept"
    for _ in range(2):
        call(SEND, message)
    call(SEND, message, 43101)
    line = sandbox.get(f"/_sandbox/shoppers/{shopper}/service-messages")["items"][0]
    assert (line["title"], line["data"]["thing2"], line["labels"]["thing2"]) == (
        "订单支付成功通知",
        "亚麻衬衫",
        "商品名称",
    )
    bodies = [got.body.decode() for got in receiver.wait(5)]
    assert sum("<SubscribeStatusString><![CDATA[accept]]>" in body for body in bodies) == 2
    assert sum("<SubscribeMsgSentEvent><List><TemplateId>" in body for body in bodies) == 2
    sandbox.http.put(callback, json={"callback_url": None}).raise_for_status()


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"touser": "oNobody"}, 40003),
        ({"template_id": "unknown"}, 40037),
        ({"data": {}}, 47003),
        ({"data": "{}"}, 47003),
        ({"data": {**PAID, "thing2": {"value": ""}}}, 47003),
        ({"data": {**PAID, "thing2": {"value": "字" * 21}}}, 47003),
        ({"data": {**PAID, "amount3": {"value": "很多"}}}, 47003),
        ({"data": {**PAID, "time4": {"value": "明天"}}}, 47003),
        ({"miniprogram_state": "x"}, 40097),
    ],
)
def test_wrong_messages_cost_no_grant(
    sandbox: Sandbox, app: dict[str, Any], call: Call, template: str, shopper: str, changes: Any, errcode: int
) -> None:
    message = {"touser": sandbox.openid(shopper, app["appid"]), "template_id": template, "data": PAID}
    grant(sandbox, shopper, app["appid"], template)
    call(SEND, {**message, **changes}, errcode)
    assert call(SEND, message)["msgid"]


def test_the_prompt(sandbox: Sandbox, app: dict[str, Any], call: Call, template: str, shopper: str) -> None:
    assert grant(sandbox, shopper, app["appid"], *[template] * 4)["errCode"] == 20003
    assert grant(sandbox, shopper, app["appid"])["errCode"] == 20001
    assert grant(sandbox, shopper, app["appid"], "unknown")["errCode"] == 20001
    path = f"/_sandbox/shoppers/{shopper}/subscriptions"
    grant(sandbox, shopper, app["appid"], template)
    ban = {"appid": app["appid"], "template_id": template}
    assert sandbox.http.put(path, json=ban).status_code == 204
    assert grant(sandbox, shopper, app["appid"], template)[template] == "ban"
    message = {"touser": sandbox.openid(shopper, app["appid"]), "template_id": template, "data": PAID}
    call(SEND, message, 43101)


def test_the_library(sandbox: Sandbox, call: Call, shopper: str) -> None:
    category = call("/wxaapi/newtmpl/getcategory")["data"][0]["id"]
    titles = call("/wxaapi/newtmpl/getpubtemplatetitles", ids=str(category), start="0", limit="30")
    assert titles["count"] >= 10
    tid = str(titles["data"][1]["tid"])
    words = call("/wxaapi/newtmpl/getpubtemplatekeywords", tid=tid)["data"]
    kids = [word["kid"] for word in words[:3]]
    made = call("/wxaapi/newtmpl/addtemplate", {"tid": tid, "kidList": kids, "sceneDesc": "发货"})["priTmplId"]
    mine = {row["priTmplId"]: row for row in call("/wxaapi/newtmpl/gettemplate")["data"]}
    assert mine[made]["content"].count(".DATA}}") == 3
    call("/wxaapi/newtmpl/deltemplate", {"priTmplId": made})
    call("/wxaapi/newtmpl/deltemplate", {"priTmplId": made}, 200014)
    call("/wxaapi/newtmpl/addtemplate", {"tid": "none", "kidList": kids}, 200014)
    call("/wxaapi/newtmpl/addtemplate", {"tid": tid, "kidList": [99, 98]}, 200020)


def test_a_form_adds_a_template(sandbox: Sandbox, app: dict[str, Any]) -> None:
    body = "tid=104&kidList=1&kidList=7&sceneDesc=%E5%8F%96%E8%B4%A7"
    answer = sandbox.http.post(
        "/wxaapi/newtmpl/addtemplate",
        params={"access_token": sandbox.token(app)},
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ).json()
    assert answer["errcode"] == 0
    assert len(answer["priTmplId"]) == 43


def test_official_account_bizsend(sandbox: Sandbox, shopper: str) -> None:
    account = sandbox.post("/_sandbox/official-accounts", {"name": "订阅"})
    token = sandbox.token(account)
    openid = sandbox.openid(shopper, account["appid"])
    rows = sandbox.get("/wxaapi/newtmpl/gettemplate", params={"access_token": token})["data"]
    template = next(row["priTmplId"] for row in rows if row["title"] == "订单支付成功通知")
    message = {"touser": openid, "template_id": template, "data": PAID}
    path = f"/cgi-bin/message/subscribe/bizsend?access_token={token}"
    assert sandbox.post(path, message)["errcode"] == 43101
    grant(sandbox, shopper, account["appid"], template)
    assert sandbox.post(path, message)["errcode"] == 0
