# wechatpy carries no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Official accounts: customer service, followers, blacklist, quotas, templates, what shoppers send."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from wechatpy import WeChatClient, parse_message
from wechatpy.exceptions import WeChatClientException
from wechatpy.replies import TransferCustomerServiceReply

from tests.wechat_sandbox.desk import Received, Receiver, Reply, Sandbox, wait_for

Call = Callable[..., Any]


@pytest.fixture
def account(sandbox: Sandbox, receiver: Receiver) -> Iterator[dict[str, Any]]:
    row = sandbox.post("/_sandbox/official-accounts", {"name": "客服"})
    path = f"/_sandbox/official-accounts/{row['appid']}"
    sandbox.http.put(path, json={"callback_url": receiver.url}).raise_for_status()
    yield row
    sandbox.http.put(path, json={"callback_url": None})


@pytest.fixture
def call(sandbox: Sandbox, account: dict[str, Any]) -> Call:
    token = sandbox.token(account)

    def call(path: str, data: Any = None, errcode: int = 0, **query: Any) -> Any:
        method = "GET" if data is None else "POST"
        answer = sandbox.http.request(method, path, params={"access_token": token, **query}, json=data).json()
        assert answer.get("errcode", 0) == errcode, answer
        return answer

    return call


@pytest.fixture
def client(sandbox: Sandbox, account: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """wechatpy's client; the host is rewritten, since some of its addresses are fixed."""
    plain = requests.Session.request

    def rewritten(self: Any, method: str, url: str, **kwargs: Any) -> Any:
        return plain(self, method, url.replace("https://api.weixin.qq.com", sandbox.url), **kwargs)

    monkeypatch.setattr(requests.Session, "request", rewritten)
    return WeChatClient(account["appid"], account["secret"])


def follow(sandbox: Sandbox, account: dict[str, Any], shopper: str) -> str:
    return sandbox.post(f"/_sandbox/shoppers/{shopper}/follow", {"appid": account["appid"]})["openid"]


def parsed(receiver: Receiver) -> list[Any]:
    return [parse_message(got.body) for got in receiver.got]


def test_workers(client: Any) -> None:
    name = "amy@shop"
    client.customservice.add_account(name, "小艾", "pw")
    with pytest.raises(WeChatClientException) as error:
        client.customservice.add_account(name, "小艾", "pw")
    assert error.value.errcode == 65406
    with pytest.raises(WeChatClientException) as error:
        client.customservice.add_account("no account", "小艾", "pw")
    assert error.value.errcode == 65404
    client.customservice.update_account(name, "艾米", "pw")
    client.customservice.upload_headimg(name, ("a.jpg", b"\xff\xd8 face", "image/jpeg"))
    row = client.customservice.get_accounts()[0]
    assert (row["kf_account"], row["kf_nick"]) == (name, "艾米")
    assert requests.get(row["kf_headimgurl"], timeout=5).content == b"\xff\xd8 face"
    assert client.customservice.get_online_accounts()[0]["accepted_case"] == 0
    client.customservice.delete_account(name)
    assert client.customservice.get_accounts() == []


def test_a_session(sandbox: Sandbox, account: dict[str, Any], receiver: Receiver, client: Any, shopper: str) -> None:
    openid = follow(sandbox, account, shopper)
    service = client.customservice
    service.add_account("amy@shop", "艾米", "pw")
    service.add_account("bob@shop", "鲍勃", "pw")
    receiver.wait(1)

    def answer(got: Received) -> Reply:
        message: Any = parse_message(got.body)
        if message.type != "text":
            return Reply()
        reply: Any = TransferCustomerServiceReply(message=message)
        return Reply(200, reply.render().encode())

    receiver.answer = answer
    chat = f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}"
    sandbox.post(f"{chat}/text", {"content": "人工"})
    wait_for(lambda: service.get_wait_case()["count"] == 1)
    assert service.get_wait_case()["waitcaselist"][0]["openid"] == openid
    service.create_session(openid, "amy@shop")
    assert service.get_session(openid)["kf_account"] == "amy@shop"
    assert [row["openid"] for row in service.get_session_list("amy@shop")] == [openid]
    with pytest.raises(WeChatClientException) as error:
        service.create_session(openid, "bob@shop")
    assert error.value.errcode == 65414
    wait_for(lambda: parsed(receiver)[-1].event == "kf_create_session")
    pushed = len(receiver.got)
    sandbox.post(f"{chat}/text", {"content": "有货吗"})  # the worker's, not the server's
    work = f"/_sandbox/official-accounts/{account['appid']}/service"
    sandbox.http.put(
        work, json={"kf_account": "amy@shop", "act": "say", "openid": openid, "text": "有"}
    ).raise_for_status()
    assert sandbox.get(chat)["messages"][-1]["content"] == "有"
    service.close_session(openid, "amy@shop")
    wait_for(lambda: parsed(receiver)[-1].event == "kf_close_session")
    assert len(receiver.got) == pushed + 1
    with pytest.raises(WeChatClientException) as error:
        service.close_session(openid, "amy@shop")
    assert error.value.errcode == 65413
    now = int(time.time())
    told = service.get_records(now - 600, now + 600)
    assert [row["opercode"] for row in told["recordlist"]] == [1000, 1002, 2003, 2002, 1004]
    assert (told["number"], told["msgid"]) == (5, 6)


def test_typing(sandbox: Sandbox, account: dict[str, Any], call: Call, shopper: str) -> None:
    openid = follow(sandbox, account, shopper)
    assert call("/cgi-bin/message/custom/typing", {"touser": openid, "command": "Typing"})["errmsg"] == "ok"
    call("/cgi-bin/message/custom/typing", {"touser": openid, "command": "x"}, 45072)
    text = {"touser": openid, "msgtype": "text", "text": {"content": "好"}}
    call("/cgi-bin/message/custom/send", {**text, "customservice": {"kf_account": "none@shop"}}, 65401)


def test_followers_from_before(sandbox: Sandbox, account: dict[str, Any], client: Any) -> None:
    made = sandbox.post(f"/_sandbox/official-accounts/{account['appid']}/followers", {"count": 10_001})
    assert made["count"] == 10_001
    first = client.user.get_followers()
    assert (first["total"], first["count"], first["data"]["openid"][0]) == (10_001, 10_000, made["first"])
    openids = list(client.user.iter_followers())
    assert len(openids) == len(set(openids)) == 10_001
    assert openids[-1] == made["last"]
    infos = client.user.get_batch(openids[:100])
    assert len({row["unionid"] for row in infos}) == 100
    with pytest.raises(WeChatClientException):
        client.user.get_batch(openids[:101])


def test_the_blacklist(
    sandbox: Sandbox, account: dict[str, Any], receiver: Receiver, call: Call, shopper: str, openid: str
) -> None:
    follower = follow(sandbox, account, shopper)
    receiver.wait(1)
    members = "/cgi-bin/tags/members"
    call(f"{members}/batchblacklist", {"openid_list": [follower]})
    assert call(f"{members}/getblacklist", {"begin_openid": ""})["data"]["openid"] == [follower]
    chat = f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}"
    sandbox.post(f"{chat}/text", {"content": "听不见"})
    call(f"{members}/batchunblacklist", {"openid_list": [follower]})
    assert call(f"{members}/getblacklist", {"begin_openid": ""})["total"] == 0
    sandbox.post(f"{chat}/text", {"content": "听得见"})
    wait_for(lambda: len(receiver.got) == 2)
    assert parsed(receiver)[1].content == "听得见"
    call(f"{members}/batchblacklist", {"openid_list": [openid]}, 49003)
    call(f"{members}/batchblacklist", {"openid_list": []}, 40032)


def test_quotas(sandbox: Sandbox, account: dict[str, Any], call: Call) -> None:
    path = "/cgi-bin/get_api_domain_ip"
    settings = f"/_sandbox/apps/{account['appid']}/settings"
    sandbox.http.put(settings, json={"quotas": {path: 2}}).raise_for_status()
    assert call(path)["ip_list"]
    assert call("/cgi-bin/openapi/quota/get", {"cgi_path": path})["quota"] == {
        "daily_limit": 2,
        "used": 1,
        "remain": 1,
    }
    call(path)
    call(path, errcode=45009)
    call("/cgi-bin/clear_quota", {"appid": "wx0"}, 40013)
    call("/cgi-bin/clear_quota", {"appid": account["appid"]})
    call(path)
    for _ in range(9):
        call("/cgi-bin/clear_quota", {"appid": account["appid"]})
    call("/cgi-bin/clear_quota", {"appid": account["appid"]}, 48006)


def test_templates(sandbox: Sandbox, account: dict[str, Any], call: Call, client: Any, shopper: str) -> None:
    openid = follow(sandbox, account, shopper)
    message = {"touser": openid, "template_id": "unknown", "data": {"thing2": {"value": "衬衫"}}}
    send = "/cgi-bin/message/template/send"
    call(send, message)  # taken until the account is strict
    settings = f"/_sandbox/apps/{account['appid']}/settings"
    sandbox.http.put(settings, json={"strict_templates": True}).raise_for_status()
    call(send, message, 40037)
    made = client.template.add("101")
    call(send, {**message, "template_id": made})
    line = sandbox.get(f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}")["messages"][-1]
    assert line["title"] == "订单支付成功通知"
    body = {"template_id_short": "101", "keyword_name_list": ["订单编号", "时间"]}
    call("/cgi-bin/template/api_add_template", body)
    call("/cgi-bin/template/api_add_template", {**body, "keyword_name_list": ["没有"]}, 40246)
    rows = client.template.get_all_private_template()["template_list"]
    assert made in {row["template_id"] for row in rows}
    client.template.del_private_template(made)
    call(send, {**message, "template_id": made}, 40037)


def test_what_shoppers_send(
    sandbox: Sandbox, account: dict[str, Any], receiver: Receiver, call: Call, client: Any, shopper: str
) -> None:
    follow(sandbox, account, shopper)
    menu = [
        {"type": "scancode_waitmsg", "name": "扫码", "key": "scan"},
        {"type": "pic_weixin", "name": "发图", "key": "pic"},
        {"type": "location_select", "name": "位置", "key": "place"},
    ]
    call("/cgi-bin/menu/create", {"button": menu})
    chat = f"/_sandbox/shoppers/{shopper}/chats/{account['appid']}"
    sandbox.post(f"{chat}/menu-input", {"key": "scan", "scan_result": "6901234567892"})
    sandbox.post(f"{chat}/menu-input", {"key": "pic"})
    sandbox.post(f"{chat}/menu-input", {"key": "place", "latitude": 30.25, "longitude": 120.16, "label": "湖滨路"})
    sandbox.post(f"{chat}/place", {"latitude": 30.25, "longitude": 120.16, "report": True})
    sandbox.post(f"{chat}/file", {"kind": "voice"})
    receiver.wait(8)
    by_kind = {getattr(row, "event", row.type): row for row in parsed(receiver)}
    assert by_kind["scancode_waitmsg"].scan_result == "6901234567892"
    assert by_kind["pic_weixin"].count == 1
    assert by_kind["location_select"].label == "湖滨路"
    assert by_kind["location"].latitude == 30.25
    assert by_kind["voice"].format == "amr"
    picture = by_kind["image"]
    assert client.media.download(picture.media_id).content == requests.get(picture.image, timeout=5).content
    assert sandbox.http.post(f"{chat}/menu-input", json={"key": "none"}).status_code == 400
