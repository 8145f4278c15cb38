# wechatpy carries no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Third-party platforms: tickets, authorization on the page, authorizers' tokens and messages."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from wechatpy import parse_message
from wechatpy.client import WeChatComponentClient
from wechatpy.component import ComponentOAuth, WeChatComponent
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException
from wechatpy.replies import TextReply

from tests.wechat_sandbox.desk import Received, Receiver, Reply, Sandbox, wait_for

Call = Callable[..., Any]


@pytest.fixture
def row(sandbox: Sandbox, receiver: Receiver) -> Iterator[dict[str, Any]]:
    """A platform that listens."""
    made = sandbox.post("/_sandbox/components", {"name": "服务商"})
    path = f"/_sandbox/components/{made['appid']}"
    urls = {"event_url": receiver.url + "/event", "message_url": receiver.url + "/$APPID$/message"}
    yield sandbox.http.put(path, json=urls).raise_for_status().json()
    for known in sandbox.get(path + "/authorizations")["items"]:
        sandbox.http.delete(f"{path}/authorizations/{known['appid']}")
    sandbox.http.put(path, json={"event_url": None})


@pytest.fixture
def account(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.post("/_sandbox/official-accounts", {"name": "商家"})


@pytest.fixture
def component(
    sandbox: Sandbox, receiver: Receiver, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> WeChatComponent:
    """wechatpy's client, which has the ticket from the push."""
    monkeypatch.setattr(WeChatComponent, "API_BASE_URL", sandbox.url + "/cgi-bin")
    monkeypatch.setattr(WeChatComponent, "PRE_AUTH_URL", sandbox.url + "/cgi-bin/componentloginpage")
    monkeypatch.setattr(WeChatComponentClient, "API_BASE_URL", sandbox.url + "/cgi-bin/")
    monkeypatch.setattr(ComponentOAuth, "API_BASE_URL", sandbox.url + "/")
    monkeypatch.setattr(ComponentOAuth, "OAUTH_BASE_URL", sandbox.url + "/connect/")
    client = WeChatComponent(row["appid"], row["secret"], row["token"], row["encoding_aes_key"])
    read(client, receiver.wait(1)[0])
    return client


def read(client: Any, got: Received) -> Any:
    query = got.query
    return client.parse_message(got.body, query["msg_signature"], query["timestamp"], query["nonce"])


def agree(sandbox: Sandbox, client: Any, appid: str) -> httpx.URL:
    """The admin opens the page and agrees; where the browser then goes."""
    url = client.get_pre_auth_url("http://127.0.0.1:9/back?shop=1")
    page = sandbox.http.get(url)
    assert page.status_code == 200
    assert appid in page.text
    answer = sandbox.http.post(url, data={"appid": appid})
    assert answer.status_code == 302
    assert "预授权码无效" in sandbox.http.post(url, data={"appid": appid}).text  # it is used up
    return httpx.URL(answer.headers["location"])


def test_ticket_and_token(sandbox: Sandbox, component: Any, row: dict[str, Any]) -> None:
    assert component.component_verify_ticket.startswith("ticket@@@")
    assert len(component.access_token) > 50
    asked = {
        "component_appid": row["appid"],
        "component_appsecret": row["secret"],
        "component_verify_ticket": component.component_verify_ticket,
    }
    for change, errcode in (
        ({"component_appid": "wx0"}, 61011),
        ({"component_appsecret": "x"}, 40125),
        ({"component_appsecret": ""}, 41004),
        ({"component_verify_ticket": "x"}, 61006),
        ({"component_verify_ticket": None}, 61006),
    ):
        assert sandbox.post("/cgi-bin/component/api_component_token", {**asked, **change})["errcode"] == errcode


def test_tickets_come_by_the_clock(receiver: Receiver) -> None:
    own = Sandbox()
    try:
        row = own.post("/_sandbox/components", {"name": "钟"})
        own.http.put(f"/_sandbox/components/{row['appid']}", json={"event_url": receiver.url}).raise_for_status()
        receiver.wait(1)
        own.post("/_sandbox/clock", {"advance_seconds": 601})
        client: Any = WeChatComponent(row["appid"], row["secret"], row["token"], row["encoding_aes_key"])
        tickets = [read(client, got).verify_ticket for got in receiver.wait(2)]
        assert len(set(tickets)) == 2
        own.post("/_sandbox/clock", {"advance_seconds": 13 * 3600})
        asked = {"component_appid": row["appid"], "component_appsecret": row["secret"]}
        for ticket in tickets:
            answer = own.post("/cgi-bin/component/api_component_token", {**asked, "component_verify_ticket": ticket})
            assert answer["errcode"] == 61005
    finally:
        assert own.stop() == 0


def test_an_admin_agrees_and_takes_back(
    sandbox: Sandbox, receiver: Receiver, component: Any, account: dict[str, Any], row: dict[str, Any]
) -> None:
    appid = account["appid"]
    back = agree(sandbox, component, appid)
    assert back.params["shop"] == "1"
    told = read(component, receiver.wait(2)[1])
    assert (told.type, told.authorizer_appid) == ("authorized", appid)
    assert told.authorization_code == back.params["auth_code"]
    granted = component.query_auth(back.params["auth_code"])["authorization_info"]
    assert granted["authorizer_appid"] == appid
    assert {"id": 1} in [func["funcscope_category"] for func in granted["func_info"]]

    client: Any = component.get_client_by_appid(appid)
    assert client.user.get_followers()["total"] == 0  # any interface of the account
    refreshed = component.refresh_authorizer_token(appid, granted["authorizer_refresh_token"])
    assert refreshed["authorizer_access_token"] != granted["authorizer_access_token"]
    with pytest.raises(WeChatClientException) as error:
        component.refresh_authorizer_token(appid, "refreshtoken@@@x")
    assert error.value.errcode == 61023
    info = component.get_authorizer_info(appid)
    assert (info["authorizer_info"]["nick_name"], info["authorizer_info"]["user_name"]) == (
        "商家",
        account["original_id"],
    )
    assert component.get_authorizer_list()["list"][0]["authorizer_appid"] == appid
    component.set_authorizer_option(appid, "location_report", "1")
    assert component.get_authorizer_option(appid, "location_report")["option_value"] == "1"

    sandbox.http.delete(f"/_sandbox/components/{row['appid']}/authorizations/{appid}").raise_for_status()
    assert read(component, receiver.wait(3)[2]).type == "unauthorized"
    with pytest.raises(WeChatClientException) as error:
        component.refresh_authorizer_token(appid, granted["authorizer_refresh_token"])
    assert error.value.errcode == 61003
    ended = sandbox.get(
        "/cgi-bin/user/get", params={"access_token": refreshed["authorizer_access_token"], "next_openid": ""}
    )
    assert ended["errcode"] == 40001


def test_agreeing_again_changes_what_is_given(
    sandbox: Sandbox, receiver: Receiver, component: Any, account: dict[str, Any], row: dict[str, Any]
) -> None:
    path = f"/_sandbox/components/{row['appid']}/authorizations"
    first = sandbox.post(path, {"appid": account["appid"]})
    before = component.query_auth(first["auth_code"])["authorization_info"]
    second = sandbox.post(path, {"appid": account["appid"], "func_ids": [1, 4]})
    assert [read(component, got).type for got in receiver.wait(3)[1:]] == ["authorized", "updateauthorized"]
    now = component.query_auth(second["auth_code"])["authorization_info"]
    assert [func["funcscope_category"]["id"] for func in now["func_info"]] == [1, 4]
    with pytest.raises(WeChatClientException) as error:
        component.refresh_authorizer_token(account["appid"], before["authorizer_refresh_token"])
    assert error.value.errcode == 61023  # the former refresh token is gone
    token = now["authorizer_access_token"]
    assert sandbox.get("/cgi-bin/user/get", params={"access_token": token})["errcode"] == 61007
    assert sandbox.get("/cgi-bin/ticket/getticket", params={"access_token": token, "type": "jsapi"})["errcode"] == 0
    own = sandbox.token(account)  # the account's own token is another matter
    assert sandbox.get("/cgi-bin/user/get", params={"access_token": own})["total"] == 0


def test_messages_go_to_the_platform(
    sandbox: Sandbox, receiver: Receiver, component: Any, account: dict[str, Any], row: dict[str, Any], shopper: str
) -> None:
    agree(sandbox, component, account["appid"])
    crypto = WeChatCrypto(row["token"], row["encoding_aes_key"], row["appid"])
    seen: list[tuple[str, Any]] = []

    def answer(got: Received) -> Reply:
        query = got.query
        xml = crypto.decrypt_message(got.body, query["msg_signature"], query["timestamp"], query["nonce"])
        message: Any = parse_message(xml)
        seen.append((got.path, message))
        reply: Any = TextReply(content="平台收到", message=message)
        return Reply(200, crypto.encrypt_message(reply.render(), query["nonce"]).encode())

    receiver.wait(2)
    receiver.answer = answer
    sandbox.post(f"/_sandbox/shoppers/{shopper}/follow", {"appid": account["appid"]})
    chat = f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}"
    wait_for(lambda: any(line.get("content") == "平台收到" for line in sandbox.get(chat)["messages"]))
    path, message = seen[0]
    assert path == f"/{account['appid']}/message"
    assert (message.event, message.target) == ("subscribe", account["original_id"])


def test_oauth_and_login_for_an_account(
    sandbox: Sandbox, component: Any, row: dict[str, Any], account: dict[str, Any], shopper: str
) -> None:
    mini = sandbox.post("/_sandbox/mini-programs", {"name": "商家"})
    oauth: Any = component.get_component_oauth(account["appid"])
    url = oauth.get_authorize_url("http://127.0.0.1:9/b", "snsapi_userinfo", "st")
    headers = {"X-Sandbox-Shopper": shopper}
    assert "未授权" in sandbox.http.get(url, headers=headers).text
    path = f"/_sandbox/components/{row['appid']}/authorizations"
    sandbox.post(path, {"appid": account["appid"]})
    back = httpx.URL(sandbox.http.get(url, headers=headers).headers["location"])
    assert (back.params["state"], back.params["appid"]) == ("st", account["appid"])
    granted = oauth.fetch_access_token(back.params["code"])
    assert oauth.get_user_info()["openid"] == granted["openid"]
    assert oauth.refresh_access_token(granted["refresh_token"])["openid"] == granted["openid"]

    code = sandbox.post(f"/_sandbox/shoppers/{shopper}/jscode", {"appid": mini["appid"]})["code"]
    query = {
        "appid": mini["appid"],
        "js_code": code,
        "grant_type": "authorization_code",
        "component_appid": row["appid"],
        "component_access_token": component.access_token,
    }
    assert sandbox.get("/sns/component/jscode2session", params=query)["errcode"] == 61003
    sandbox.post(path, {"appid": mini["appid"]})
    assert sandbox.get("/sns/component/jscode2session", params=query)["openid"]
    assert component.get_authorizer_info(mini["appid"])["authorizer_info"]["MiniProgramInfo"]["categories"]


def test_the_page_refuses(sandbox: Sandbox, component: Any, row: dict[str, Any], shopper: str) -> None:
    page = "/cgi-bin/componentloginpage"
    code = component.create_preauthcode()["pre_auth_code"]
    good = {"component_appid": row["appid"], "pre_auth_code": code, "redirect_uri": "http://127.0.0.1:9/b"}
    for change, text in (
        ({"component_appid": "wx0"}, "61011"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri"),
        ({"pre_auth_code": "x"}, "预授权码无效"),
        ({"biz_appid": "wx0"}, "没有可授权的账号"),
    ):
        assert text in sandbox.http.get(page, params={**good, **change}).text
    only_minis = sandbox.http.get(page, params={**good, "auth_type": "2"}).text
    assert "小程序 wx" in only_minis
    assert "公众号 wx" not in only_minis
    phone = "/safe/bindcomponent"
    sandbox.http.cookies.clear()  # a browser that nobody has opened in WeChat
    assert "请在微信客户端打开" in sandbox.http.get(phone, params=good).text
    assert "授权给 服务商" in sandbox.http.get(phone, params=good, headers={"X-Sandbox-Shopper": shopper}).text
