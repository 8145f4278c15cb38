"""The official account's interfaces: tokens, codes, users, menus, messages, tags."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Sandbox

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def account(sandbox: Sandbox) -> dict[str, Any]:
    """One without a callback."""
    return sandbox.post("/_sandbox/official-accounts", {"name": "云上"})


@pytest.fixture(scope="module")
def call(sandbox: Sandbox, account: dict[str, Any]) -> Call:
    token = sandbox.token(account)

    def call(path: str, data: Any = None, **query: str) -> Any:
        params = {"access_token": token, **query}
        if data is None:
            return sandbox.get(path, params=params)
        return sandbox.http.post(path, params=params, json=data).raise_for_status().json()

    return call


@pytest.fixture
def follower(sandbox: Sandbox, account: dict[str, Any], shopper: str) -> str:
    """The openid of a shopper who just followed."""
    row = sandbox.post(f"/_sandbox/shoppers/{shopper}/follow", {"appid": account["appid"]})
    return row["openid"]


def code_of(answer: Any) -> int:
    assert answer["errcode"] == 0 or " rid: " in answer["errmsg"]
    return int(answer["errcode"])


# --- tokens -----------------------------------------------------------------------------------


def test_tokens(sandbox: Sandbox, account: dict[str, Any]) -> None:
    query = {"grant_type": "client_credential", "appid": account["appid"], "secret": account["secret"]}
    first, second = (sandbox.get("/cgi-bin/token", params=query) for _ in range(2))
    assert first["expires_in"] == 7200
    assert first["access_token"] != second["access_token"]
    for token in (first, second):  # the former one lives five minutes more
        answer = sandbox.get("/cgi-bin/menu/get", params={"access_token": token["access_token"]})
        assert code_of(answer) == 46003
    for change, errcode in (
        ({"grant_type": "x"}, 40002),
        ({"appid": "wx0000"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": "x"}, 40125),
        ({"secret": ""}, 41004),
    ):
        assert code_of(sandbox.get("/cgi-bin/token", params={**query, **change})) == errcode


def test_stable_tokens(sandbox: Sandbox, account: dict[str, Any]) -> None:
    body = {"grant_type": "client_credential", "appid": account["appid"], "secret": account["secret"]}
    first = sandbox.post("/cgi-bin/stable_token", body)
    assert sandbox.post("/cgi-bin/stable_token", body)["access_token"] == first["access_token"]
    forced = sandbox.post("/cgi-bin/stable_token", {**body, "force_refresh": True})
    assert forced["access_token"] == first["access_token"]  # less than half a minute old
    sandbox.token(account)
    assert code_of(sandbox.get("/cgi-bin/menu/get", params={"access_token": first["access_token"]})) == 46003


def test_bad_tokens_and_methods(sandbox: Sandbox) -> None:
    assert code_of(sandbox.get("/cgi-bin/user/info")) == 41001
    assert code_of(sandbox.get("/cgi-bin/user/info", params={"access_token": "x"})) == 40001
    assert code_of(sandbox.get("/cgi-bin/qrcode/create", params={"access_token": "x"})) == 43002
    assert code_of(sandbox.post("/cgi-bin/token")) == 43001
    assert code_of(sandbox.http.post("/cgi-bin/qrcode/create?access_token=x").json()) == 40001


def test_a_mini_program_has_no_menu(sandbox: Sandbox) -> None:
    token = sandbox.token(sandbox.mini_program("青衫"))
    assert code_of(sandbox.get("/cgi-bin/menu/get", params={"access_token": token})) == 48001


# --- codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"action_name": "QR"}, 40052),
        ({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 0}}}, 40053),
        ({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 2**32}}}, 40053),
        ({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_001}}}, 40053),
        ({"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": ""}}}, 40053),
        ({"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "x" * 65}}}, 40053),
        (
            {
                "action_name": "QR_SCENE",
                "expire_seconds": 2592001,
                "action_info": {"scene": {"scene_id": 1}},
            },
            40097,
        ),
        ({"action_name": 1}, 47001),
        ([], 47001),
    ],
)
def test_wrong_codes(call: Call, body: Any, errcode: int) -> None:
    assert code_of(call("/cgi-bin/qrcode/create", body)) == errcode


def test_temporary_and_permanent_codes(sandbox: Sandbox, call: Call) -> None:
    temporary = {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 7}}}
    assert call("/cgi-bin/qrcode/create", temporary)["expire_seconds"] == 60
    permanent = {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}}
    code = call("/cgi-bin/qrcode/create", permanent)
    assert "expire_seconds" not in code
    assert call("/cgi-bin/qrcode/create", permanent) == code
    assert sandbox.http.get("/cgi-bin/showqrcode", params={"ticket": "x"}).status_code == 404
    listed = sandbox.get("/_sandbox/codes")["items"]
    assert any(row["url"] == code["url"] and row["scene"] == "7" and row["name"] == "云上" for row in listed)


def test_a_code_has_the_caption_of_its_poster(sandbox: Sandbox, call: Call) -> None:
    code = call("/cgi-bin/qrcode/create", {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 8}}})

    def caption(content: str, words: str) -> int:
        return sandbox.http.put("/_sandbox/codes", json={"content": content, "caption": words}).status_code

    assert caption(code["url"], "人民广场店") == 204
    assert caption(code["url"], "长" * 61) == 400
    assert caption("http://weixin.qq.com/q/none", "哪里") == 404
    listed = sandbox.get("/_sandbox/codes")["items"]
    assert next(row for row in listed if row["ticket"] == code["ticket"])["caption"] == "人民广场店"


def test_a_code_without_scene_means_zero(call: Call, sandbox: Sandbox) -> None:
    code = call("/cgi-bin/qrcode/create", {"action_name": "QR_SCENE", "action_info": {"scene_id": 5}})
    listed = sandbox.get("/_sandbox/codes")["items"]
    assert next(row for row in listed if row["ticket"] == code["ticket"])["scene"] == "0"


# --- users ------------------------------------------------------------------------------------


def test_user_info(sandbox: Sandbox, account: dict[str, Any], call: Call, shopper: str) -> None:
    asked = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "counter-3"}}}
    ticket = call("/cgi-bin/qrcode/create", asked)["ticket"]
    row = sandbox.post(f"/_sandbox/shoppers/{shopper}/follow", {"appid": account["appid"], "ticket": ticket})
    info = call("/cgi-bin/user/info", openid=row["openid"])
    assert (info["subscribe"], info["subscribe_scene"]) == (1, "ADD_SCENE_QR_CODE")
    assert (info["qr_scene"], info["qr_scene_str"]) == (0, "counter-3")
    assert info["unionid"] == sandbox.get(f"/_sandbox/shoppers/{shopper}")["unionid"]
    assert row["openid"] in call("/cgi-bin/user/get")["data"]["openid"]
    sandbox.post(f"/_sandbox/shoppers/{shopper}/unfollow", {"appid": account["appid"]})
    assert call("/cgi-bin/user/info", openid=row["openid"])["subscribe"] == 0
    assert row["openid"] not in call("/cgi-bin/user/get").get("data", {"openid": []})["openid"]


def test_user_errors(call: Call, follower: str) -> None:
    assert code_of(call("/cgi-bin/user/info")) == 41009
    assert code_of(call("/cgi-bin/user/info", openid="oNobody")) == 40003
    found = call("/cgi-bin/user/info/batchget", {"user_list": [{"openid": follower}]})
    assert found["user_info_list"][0]["openid"] == follower
    assert code_of(call("/cgi-bin/user/info/batchget", {"user_list": []})) == 40097
    assert code_of(call("/cgi-bin/user/info/updateremark", {"openid": follower, "remark": "常客"})) == 0
    assert call("/cgi-bin/user/info", openid=follower)["remark"] == "常客"


def test_tags(call: Call, follower: str) -> None:
    tag = call("/cgi-bin/tags/create", {"tag": {"name": "湖滨店"}})["tag"]
    assert tag["id"] >= 100
    assert code_of(call("/cgi-bin/tags/create", {"tag": {"name": "湖滨店"}})) == 45157
    body = {"tagid": tag["id"], "openid_list": [follower]}
    assert code_of(call("/cgi-bin/tags/members/batchtagging", body)) == 0
    assert call("/cgi-bin/tags/getidlist", {"openid": follower})["tagid_list"] == [tag["id"]]
    assert call("/cgi-bin/user/info", openid=follower)["tagid_list"] == [tag["id"]]
    assert call("/cgi-bin/user/tag/get", {"tagid": tag["id"]})["data"]["openid"] == [follower]
    assert call("/cgi-bin/tags/get")["tags"] == [{"id": tag["id"], "name": "湖滨店", "count": 1}]
    assert code_of(call("/cgi-bin/tags/members/batchuntagging", body)) == 0
    assert code_of(call("/cgi-bin/tags/delete", {"tag": {"id": tag["id"]}})) == 0
    assert code_of(call("/cgi-bin/tags/update", {"tag": {"id": tag["id"], "name": "x"}})) == 45159
    assert code_of(call("/cgi-bin/tags/delete", {"tag": {"id": 2}})) == 45058


# --- menus ------------------------------------------------------------------------------------

CLICK = {"type": "click", "name": "会员卡", "key": "member"}
VIEW = {"type": "view", "name": "商城", "url": "https://example.com/"}


def test_menu(sandbox: Sandbox, account: dict[str, Any], call: Call, shopper: str, follower: str) -> None:
    menu = {"button": [CLICK, {"name": "更多", "sub_button": [VIEW]}]}
    assert code_of(call("/cgi-bin/menu/create", menu)) == 0
    below: dict[str, Any] = {"name": "更多", "sub_button": [{**VIEW, "sub_button": []}]}
    kept: list[dict[str, Any]] = [{**CLICK, "sub_button": []}, below]  # WeChat adds the empty lists
    assert call("/cgi-bin/menu/get") == {"menu": {"button": kept}}
    chats = sandbox.get(f"/_sandbox/shoppers/{shopper}/chats")["items"]
    assert chats[0]["menu"] == kept
    path = f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}/menu"
    assert sandbox.post(path, {"key": "member"}) == {"action": "clicked", "key": "member"}
    assert sandbox.post(path, {"url": VIEW["url"]}) == {"action": "open_url", "url": VIEW["url"]}
    assert sandbox.http.post(path, json={"key": "none"}).status_code == 400
    assert code_of(call("/cgi-bin/menu/delete")) == 0
    assert code_of(call("/cgi-bin/menu/get")) == 46003


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        ([], 40016),
        ([CLICK] * 4, 40016),
        ([{**CLICK, "name": ""}], 40018),
        ([{**CLICK, "key": ""}], 40019),
        ([{**VIEW, "url": "x"}], 40020),
        ([{**CLICK, "type": "x"}], 40017),
        ([{"name": "更多", "sub_button": [VIEW] * 6}], 40023),
    ],
)
def test_wrong_menus(call: Call, buttons: Any, errcode: int) -> None:
    assert code_of(call("/cgi-bin/menu/create", {"button": buttons})) == errcode


# --- messages ---------------------------------------------------------------------------------


def text(openid: str, content: str = "你好") -> dict[str, Any]:
    return {"touser": openid, "msgtype": "text", "text": {"content": content}}


def test_custom_message_quota(
    sandbox: Sandbox, account: dict[str, Any], call: Call, shopper: str, follower: str
) -> None:
    send = "/cgi-bin/message/custom/send"
    for _ in range(3):  # following opens a minute for three
        assert code_of(call(send, text(follower))) == 0
    assert code_of(call(send, text(follower))) == 45047
    sandbox.post(f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}/text", {"content": "在吗"})
    for _ in range(5):  # a message opens 48 hours for five
        assert code_of(call(send, text(follower))) == 0
    assert code_of(call(send, text(follower))) == 45047
    chat = sandbox.get(f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}")["messages"]
    assert [line["kind"] for line in chat] == ["event", *["text"] * 9]
    sandbox.post(f"/_sandbox/shoppers/{shopper}/unfollow", {"appid": account["appid"]})
    assert code_of(call(send, text(follower))) == 45015


def test_custom_message_kinds(
    sandbox: Sandbox, account: dict[str, Any], call: Call, shopper: str, follower: str
) -> None:
    article = {"title": "上新", "description": "亚麻", "url": "https://example.com/", "picurl": "https://e.com/1"}
    news = {"touser": follower, "msgtype": "news", "news": {"articles": [article]}}
    assert code_of(call("/cgi-bin/message/custom/send", news)) == 0
    page = {"title": "商城", "appid": "wx1", "pagepath": "pages/home", "thumb_media_id": "m"}
    mini = {"touser": follower, "msgtype": "miniprogrampage", "miniprogrampage": page}
    assert code_of(call("/cgi-bin/message/custom/send", mini)) == 0
    chats = sandbox.get(f"/_sandbox/shoppers/{shopper}/chats")["items"]
    assert chats[0]["unread"] == 2
    assert chats[0]["last"]["kind"] == "miniprogram"
    lines = sandbox.get(f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}")["messages"]
    assert lines[1]["articles"][0]["pic_url"] == article["picurl"]
    assert sandbox.get(f"/_sandbox/shoppers/{shopper}/chats")["items"][0]["unread"] == 0
    later = sandbox.get(f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}", params={"since": lines[1]["id"]})
    assert [line["id"] for line in later["messages"]] == [lines[2]["id"]]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"msgtype": "x"}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": "字" * 700}}, 45002),
        ({"touser": "oNobody"}, 40003),
        ({"msgtype": "news"}, 40097),
    ],
)
def test_wrong_custom_messages(call: Call, follower: str, changes: Any, errcode: int) -> None:
    assert code_of(call("/cgi-bin/message/custom/send", {**text(follower), **changes})) == errcode


def test_template_messages(sandbox: Sandbox, account: dict[str, Any], call: Call, shopper: str, follower: str) -> None:
    body = {
        "touser": follower,
        "template_id": "tpl-paid",
        "url": "https://example.com/order",
        "data": {"thing1": {"value": "亚麻衬衫"}, "amount2": {"value": 129}},
    }
    answer = call("/cgi-bin/message/template/send", body)
    assert code_of(answer) == 0
    assert isinstance(answer["msgid"], int)
    line = sandbox.get(f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}")["messages"][-1]
    assert (line["kind"], line["data"]) == ("template", {"thing1": "亚麻衬衫", "amount2": "129"})
    assert code_of(call("/cgi-bin/message/template/send", {**body, "template_id": ""})) == 40037
    assert code_of(call("/cgi-bin/message/template/send", {**body, "data": {}})) == 47003
    sandbox.post(f"/_sandbox/shoppers/{shopper}/unfollow", {"appid": account["appid"]})
    assert code_of(call("/cgi-bin/message/template/send", body)) == 43004


# --- JS-SDK -----------------------------------------------------------------------------------


def test_js_ticket_and_check(sandbox: Sandbox, account: dict[str, Any], call: Call) -> None:
    ticket = call("/cgi-bin/ticket/getticket", type="jsapi")
    assert call("/cgi-bin/ticket/getticket", type="jsapi")["ticket"] == ticket["ticket"]
    assert code_of(call("/cgi-bin/ticket/getticket", type="x")) == 40050
    url = "http://127.0.0.1:8000/shop/qingshan/?l=1"
    plain = f"jsapi_ticket={ticket['ticket']}&noncestr=n&timestamp=1&url={url}"
    config = {
        "appId": account["appid"],
        "timestamp": 1,
        "nonceStr": "n",
        "signature": hashlib.sha1(plain.encode()).hexdigest(),
        "url": url + "#/pages/cart",
    }
    assert sandbox.post("/_sandbox/jssdk/check", config) == {"ok": True, "err_msg": "config:ok"}
    wrong = sandbox.post("/_sandbox/jssdk/check", {**config, "url": "http://127.0.0.1:8000/"})
    assert wrong == {"ok": False, "err_msg": "config:fail,invalid signature"}
