# wechatpy carries no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""WeCom: people, contact ways, customers and their events, welcome messages; with wechatpy's client."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import pytest
import requests
from defusedxml.ElementTree import fromstring
from wechatpy.enterprise import WeChatClient
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException

from tests.wechat_sandbox.desk import Received, Receiver, Sandbox, wait_for


class Company:
    """A company's server."""

    def __init__(self, sandbox: Sandbox, receiver: Receiver) -> None:
        self.sandbox = sandbox
        self.receiver = receiver
        self.row = sandbox.post("/_sandbox/corps", {"name": "麦香"})
        self.corpid: str = self.row["corpid"]
        self.path = f"/_sandbox/corps/{self.corpid}"
        self.crypto: Any = WeChatCrypto(self.row["token"], self.row["encoding_aes_key"], self.corpid)
        self.wrong_echo = False
        receiver.echo = False
        for userid, name in (("amy", "艾米"), ("bob", "鲍勃")):
            sandbox.post(self.path + "/members", {"userid": userid, "name": name})

    def events(self) -> list[Element]:
        """What was pushed, opened with wechatpy's crypto; WeCom signs with `msg_signature` alone."""
        return [self.open(got) for got in self.receiver.got]

    def open(self, got: Received) -> Element:
        query = got.query
        assert set(query) == {"msg_signature", "timestamp", "nonce"}
        root: Element = fromstring(got.body)
        assert root.findtext("ToUserName") == self.corpid
        text = self.crypto.decrypt_message(got.body, query["msg_signature"], query["timestamp"], query["nonce"])
        inner: Element = fromstring(text)
        assert inner.findtext("Event") == "change_external_contact"
        return inner


def handshake(company: Company, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver answers the encrypted echo as WeCom wants it."""
    plain = receiver.handle

    def handle(request: Any) -> None:
        if "echostr=" not in request.path:
            plain(request)
            return
        query = dict(part.split("=", 1) for part in request.path.partition("?")[2].split("&"))
        query = {name: unquote(value) for name, value in query.items()}
        echo = company.crypto.check_signature(
            query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
        )
        body = b"no" if company.wrong_echo else echo.encode()
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    monkeypatch.setattr(receiver, "handle", handle)


@pytest.fixture
def company(sandbox: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    company = Company(sandbox, receiver)
    handshake(company, receiver, monkeypatch)
    sandbox.http.put(company.path, json={"callback_url": receiver.url}).raise_for_status()
    yield company
    sandbox.http.put(company.path, json={"callback_url": None})


@pytest.fixture
def client(sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch) -> Any:
    """wechatpy's client; the host is rewritten, since gettoken's address is fixed."""
    plain = requests.Session.request

    def rewritten(self: Any, method: str, url: str, **kwargs: Any) -> Any:
        return plain(self, method, url.replace("https://qyapi.weixin.qq.com", sandbox.url), **kwargs)

    monkeypatch.setattr(requests.Session, "request", rewritten)
    return WeChatClient(company.corpid, company.row["secret"])


def add(sandbox: Sandbox, shopper: str, way: dict[str, Any]) -> dict[str, Any]:
    return sandbox.post(f"/_sandbox/shoppers/{shopper}/contacts", {"content": way["qr_code"]})


def code_of(error: pytest.ExceptionInfo[WeChatClientException]) -> int:
    return int(error.value.errcode or 0)


def test_a_callback_must_open_the_echo(company: Company) -> None:
    company.wrong_echo = True
    refused = company.sandbox.http.put(company.path, json={"callback_url": company.receiver.url})
    assert (refused.status_code, refused.json()["code"]) == (409, "handshake_failed")


def test_a_shopper_becomes_a_customer(sandbox: Sandbox, company: Company, client: Any, shopper: str) -> None:
    contact = client.external_contact
    way = contact.add_contact_way(1, 2, state="shelf-3", user=["amy"])
    assert contact.get_contact_way(way["config_id"])["contact_way"]["state"] == "shelf-3"
    added = add(sandbox, shopper, way)
    company.receiver.wait(1)
    event = company.events()[0]
    assert (event.findtext("ChangeType"), event.findtext("UserID")) == ("add_external_contact", "amy")
    assert event.findtext("State") == "shelf-3"
    external = event.findtext("ExternalUserID")
    assert external == added["external_userid"]

    detail = contact.get(external)
    unionid = sandbox.get(f"/_sandbox/shoppers/{shopper}")["unionid"]
    assert detail["external_contact"]["unionid"] == unionid
    assert detail["follow_user"][0]["state"] == "shelf-3"
    assert contact.list("amy")["external_userid"] == [external]
    assert set(contact.get_follow_user_list()["follow_user"]) == {"amy", "bob"}
    with pytest.raises(WeChatClientException) as error:
        contact.list("bob")
    assert code_of(error) == 84061
    rows = client.post("externalcontact/batch/get_by_user", data={"userid_list": ["amy", "bob"], "limit": 100})
    assert rows["external_contact_list"][0]["follow_info"]["userid"] == "amy"
    client.post(
        "externalcontact/remark",
        data={"userid": "amy", "external_userid": external, "remark": "常客", "remark_mobiles": ["13800001234"]},
    )
    note = contact.get(external)["follow_user"][0]
    assert (note["remark"], note["remark_mobiles"]) == ("常客", ["13800001234"])


def test_the_welcome_message(sandbox: Sandbox, company: Company, client: Any, shopper: str) -> None:
    contact = client.external_contact
    add(sandbox, shopper, contact.add_contact_way(1, 2, user=["amy"]))
    company.receiver.wait(1)
    code = company.events()[0].findtext("WelcomeCode")
    link = {"msgtype": "link", "link": {"title": "商城", "url": "https://example.com/"}}
    welcome = {"welcome_code": code, "text": {"content": "你好"}, "attachments": [link]}
    for change, errcode in (
        ({"welcome_code": "x"}, 41050),
        ({"text": {"content": ""}, "attachments": []}, 40058),
        ({"attachments": [link] * 10}, 40058),
        ({"attachments": [{"msgtype": "x"}]}, 40008),
    ):
        with pytest.raises(WeChatClientException) as error:
            contact.send_welcome_msg({**welcome, **change})
        assert code_of(error) == errcode
    contact.send_welcome_msg(welcome)
    with pytest.raises(WeChatClientException) as error:
        contact.send_welcome_msg(welcome)
    assert code_of(error) in (41051, 41096)
    chat = sandbox.get(f"/_sandbox/shoppers/{shopper}/contacts")["items"][0]["messages"]
    assert [(line["from"], line["kind"], line["content"]) for line in chat] == [
        ("member", "text", "你好"),
        ("member", "link", ""),
    ]


def test_a_customer_who_writes_needs_no_welcome(sandbox: Sandbox, company: Company, client: Any, shopper: str) -> None:
    add(sandbox, shopper, client.external_contact.add_contact_way(1, 2, user=["amy"]))
    company.receiver.wait(1)
    code = company.events()[0].findtext("WelcomeCode")
    path = f"/_sandbox/shoppers/{shopper}/contacts/{company.corpid}/amy"
    sandbox.post(path + "/text", {"content": "在吗"})
    with pytest.raises(WeChatClientException) as error:
        client.external_contact.send_welcome_msg({"welcome_code": code, "text": {"content": "你好"}})
    assert code_of(error) == 41051
    act = f"{company.path}/members/amy/customers/{shopper}"
    assert sandbox.post(act, {"act": "say", "text": "在"})["content"] == "在"
    chat = sandbox.get(f"/_sandbox/shoppers/{shopper}/contacts")["items"][0]["messages"]
    assert [line["from"] for line in chat] == ["shopper", "member"]


def test_codes_and_tokens_end(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Sandbox()
    try:
        company = Company(own, receiver)
        handshake(company, receiver, monkeypatch)
        own.http.put(company.path, json={"callback_url": receiver.url}).raise_for_status()
        query = {"corpid": company.corpid, "corpsecret": company.row["secret"]}
        token = own.get("/cgi-bin/gettoken", params=query)["access_token"]
        base = "/cgi-bin/externalcontact/"
        asked = {"type": 1, "scene": 2, "user": ["amy"]}
        way = own.post(f"{base}add_contact_way?access_token={token}", asked)
        add(own, own.post("/_sandbox/shoppers")["shopper_id"], way)
        receiver.wait(1)
        code = company.events()[0].findtext("WelcomeCode")
        own.post("/_sandbox/clock", {"advance_seconds": 21})
        welcome = {"welcome_code": code, "text": {"content": "你好"}}
        assert own.post(f"{base}send_welcome_msg?access_token={token}", welcome)["errcode"] == 41050
        own.post("/_sandbox/clock", {"advance_seconds": 7300})
        ended = own.get("/cgi-bin/department/list", params={"access_token": token})
        assert ended["errcode"] == 42001
        assert "more info at https://open.work.weixin.qq.com" in ended["errmsg"]
    finally:
        assert own.stop() == 0


def test_both_sides_may_end_it(sandbox: Sandbox, company: Company, client: Any, shopper: str) -> None:
    way = client.external_contact.add_contact_way(2, 2, user=["amy", "bob"])
    added = add(sandbox, shopper, way)
    userid, external = added["userid"], added["external_userid"]
    act = f"{company.path}/members/{userid}/customers/{shopper}"
    sandbox.post(act, {"act": "note", "text": "老客"})
    sandbox.http.delete(f"/_sandbox/shoppers/{shopper}/contacts/{company.corpid}/{userid}").raise_for_status()
    sandbox.post(act, {"act": "delete"})
    company.receiver.wait(4)
    wait_for(lambda: len(company.receiver.got) == 4)
    assert sorted(str(event.findtext("ChangeType")) for event in company.events()) == [
        "add_external_contact",
        "del_external_contact",
        "del_follow_user",
        "edit_external_contact",
    ]
    with pytest.raises(WeChatClientException) as error:
        client.external_contact.get(external)
    assert code_of(error) == 84061


def test_contact_ways_are_checked(company: Company, client: Any) -> None:
    contact = client.external_contact
    for arguments, errcode in (
        ({"type": 1, "scene": 2, "user": ["amy", "bob"]}, 40058),
        ({"type": 1, "scene": 2, "user": ["nobody"]}, 60111),
        ({"type": 2, "scene": 2, "user": []}, 41054),
        ({"type": 2, "scene": 2, "party": [99]}, 60123),
        ({"type": 1, "scene": 3, "user": ["amy"]}, 40058),
        ({"type": 1, "scene": 2, "user": ["amy"], "state": "x" * 31}, 40058),
    ):
        with pytest.raises(WeChatClientException) as error:
            contact.add_contact_way(**arguments)
        assert code_of(error) == errcode
    way = contact.add_contact_way(1, 2, user=["amy"])
    contact.update_contact_way(way["config_id"], "柜台", state="till", user=["bob"])
    told = contact.get_contact_way(way["config_id"])["contact_way"]
    assert (told["remark"], told["state"], told["user"]) == ("柜台", "till", ["bob"])
    contact.del_contact_way(way["config_id"])
    with pytest.raises(WeChatClientException) as error:
        contact.get_contact_way(way["config_id"])
    assert code_of(error) == 41044


def test_tags(sandbox: Sandbox, company: Company, client: Any, shopper: str) -> None:
    contact = client.external_contact
    external = add(sandbox, shopper, contact.add_contact_way(1, 2, user=["amy"]))["external_userid"]
    tags = [{"name": "亚麻", "order": 2}, {"name": "羊毛", "order": 1}]
    group = contact.add_corp_tag(None, "喜好", 1, tags)["tag_group"]
    linen, wool = (tag["id"] for tag in group["tag"])
    contact.mark_tag("amy", external, add_tag=[linen, wool])
    contact.mark_tag("amy", external, remove_tag=[wool])
    marked = contact.get(external)["follow_user"][0]["tags"]
    assert [(row["group_name"], row["tag_name"]) for row in marked] == [("喜好", "亚麻")]
    with pytest.raises(WeChatClientException) as error:
        contact.mark_tag("amy", external, add_tag=["etNone"])
    assert code_of(error) == 40068
    with pytest.raises(WeChatClientException) as error:
        contact.add_corp_tag(group["group_id"], None, 1, [{"name": "亚麻"}])
    assert code_of(error) == 40071
    contact.edit_corp_tag(linen, "棉麻", 3)
    assert contact.get_corp_tag_list()["tag_group"][0]["tag"][0]["name"] == "棉麻"
    contact.del_corp_tag(tag_id=[linen, wool])
    assert contact.get_corp_tag_list()["tag_group"] == []
    assert contact.get(external)["follow_user"][0]["tags"] == []


def test_people_and_the_app(sandbox: Sandbox, company: Company, client: Any) -> None:
    store = sandbox.post(company.path + "/departments", {"name": "湖滨店"})
    member = {"userid": "cai", "name": "小蔡", "department": [store["id"]], "position": "导购"}
    sandbox.post(company.path + "/members", member)
    assert [row["name"] for row in client.department.get()] == ["麦香", "湖滨店"]
    assert [row["userid"] for row in client.user.list(store["id"], simple=True)] == ["cai"]
    assert len(client.user.list(1, fetch_child=True)) == 3
    assert client.user.get("cai")["position"] == "导购"
    with pytest.raises(WeChatClientException) as error:
        client.user.get("nobody")
    assert code_of(error) == 60111
    agentid = company.row["agentid"]
    sent = client.message.send_text(agentid, ["cai", "nobody"], "有新客户", party_ids=["99"])
    assert (sent["invaliduser"], sent["invalidparty"]) == ("nobody", "99")
    lines = sandbox.get(company.path + "/members/cai/messages")["messages"]
    assert [line["content"] for line in lines] == ["有新客户"]
    for arguments, errcode in (((1, ["cai"], "x"), 40056), ((agentid, ["nobody"], "x"), 81013)):
        with pytest.raises(WeChatClientException) as error:
            client.message.send_text(*arguments)
        assert code_of(error) == errcode
    made = client.media.upload("file", ("a.txt", b"text", "text/plain"))
    assert client.media.download(made["media_id"]).content == b"text"


def test_tokens(sandbox: Sandbox, company: Company) -> None:
    query = {"corpid": company.corpid, "corpsecret": company.row["secret"]}
    first, second = (sandbox.get("/cgi-bin/gettoken", params=query) for _ in range(2))
    assert first["access_token"] == second["access_token"]
    for change, errcode in (({"corpid": "ww0"}, 40013), ({"corpsecret": "x"}, 40001), ({"corpid": ""}, 41002)):
        assert sandbox.get("/cgi-bin/gettoken", params={**query, **change})["errcode"] == errcode
    assert sandbox.get("/cgi-bin/department/list", params={"access_token": "x"})["errcode"] == 40014


def test_the_default_company(sandbox: Sandbox) -> None:
    row = sandbox.get("/_sandbox/accounts")["corps"][0]
    assert row["name"] == "青衫"
    told = sandbox.get(f"/_sandbox/corps/{row['corpid']}")
    assert len(told["members"]) == 3
    assert {part["name"] for part in told["departments"]} == {"青衫", "湖滨店", "客服部"}
    assert sandbox.get("/_sandbox/accounts")["components"][0]["secret"]
