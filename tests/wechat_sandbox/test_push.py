"""Events pushed to an account's server: signatures, the three modes, tries, passive replies."""

import base64
import hashlib
import struct
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from defusedxml.ElementTree import fromstring

from tests.wechat_sandbox.desk import Received, Receiver, Reply, Sandbox, wait_for

MODES = ("plain", "safe", "compatible")


def sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


class Server:
    """An account with its own server behind it."""

    def __init__(self, sandbox: Sandbox, receiver: Receiver, mode: str) -> None:
        self.sandbox = sandbox
        self.receiver = receiver
        self.row = sandbox.post("/_sandbox/official-accounts", {"name": f"推送{mode}", "mode": mode})
        self.appid: str = self.row["appid"]
        self.key = base64.b64decode(self.row["encoding_aes_key"] + "=")
        self.configure(receiver.url + "/wx?tenant=1")

    def configure(self, url: str | None, **more: Any) -> Any:
        path = f"/_sandbox/official-accounts/{self.appid}"
        return self.sandbox.http.put(path, json={"callback_url": url, **more})

    def open(self, got: Received) -> Element:
        """The message of a push, its signatures checked."""
        query = got.query
        assert query["signature"] == sha1(self.row["token"], query["timestamp"], query["nonce"])
        root: Element = fromstring(got.body)
        encrypted = root.findtext("Encrypt")
        if self.row["mode"] == "plain":
            assert "encrypt_type" not in query
            assert encrypted is None
            return root
        assert encrypted is not None
        assert query["encrypt_type"] == "aes"
        assert query["msg_signature"] == sha1(self.row["token"], query["timestamp"], query["nonce"], encrypted)
        inner: Element = fromstring(self.decrypt(encrypted))
        if self.row["mode"] == "compatible":
            assert root.findtext("FromUserName") == inner.findtext("FromUserName")
        else:
            assert [child.tag for child in root] == ["ToUserName", "Encrypt"]
        return inner

    def decrypt(self, encrypted: str) -> str:
        step = Cipher(AES(self.key), CBC(self.key[:16])).decryptor()
        plain = step.update(base64.b64decode(encrypted)) + step.finalize()
        plain = plain[: -plain[-1]]
        (length,) = struct.unpack(">I", plain[16:20])
        assert plain[20 + length :].decode() == self.appid
        return plain[20 : 20 + length].decode()

    def encrypt(self, text: str, appid: str | None = None) -> bytes:
        """An encrypted passive reply."""
        plain = b"r" * 16 + struct.pack(">I", len(text.encode())) + text.encode() + (appid or self.appid).encode()
        count = 32 - len(plain) % 32
        step = Cipher(AES(self.key), CBC(self.key[:16])).encryptor()
        encrypted = base64.b64encode(step.update(plain + bytes([count]) * count) + step.finalize()).decode()
        signature = sha1(self.row["token"], "1", "2", encrypted)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature>{signature}</MsgSignature>"
            "<TimeStamp>1</TimeStamp><Nonce>2</Nonce></xml>"
        ).encode()

    def chat(self, shopper: str) -> list[dict[str, Any]]:
        return self.sandbox.get(f"/_sandbox/shoppers/{shopper}/chats/{self.appid}")["messages"]

    def follow(self, shopper: str, **more: str) -> None:
        self.sandbox.post(f"/_sandbox/shoppers/{shopper}/follow", {"appid": self.appid, **more})

    def write(self, shopper: str, content: str) -> None:
        self.sandbox.post(f"/_sandbox/shoppers/{shopper}/chats/{self.appid}/text", {"content": content})


Make = Callable[[str], Server]


@pytest.fixture
def make(sandbox: Sandbox, receiver: Receiver) -> Iterator[Make]:
    made: list[Server] = []

    def make(mode: str) -> Server:
        made.append(Server(sandbox, receiver, mode))
        return made[-1]

    yield make
    for server in made:
        server.configure(None)


def reply_text(root: Element, content: str) -> str:
    return (
        f"<xml><ToUserName><![CDATA[{root.findtext('FromUserName')}]]></ToUserName>"
        f"<FromUserName><![CDATA[{root.findtext('ToUserName')}]]></FromUserName>"
        f"<CreateTime>1</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content></xml>"
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_shoppers_day(sandbox: Sandbox, make: Make, receiver: Receiver, shopper: str, mode: str) -> None:
    server = make(mode)
    token = sandbox.token(server.row)
    menu = {
        "button": [
            {"type": "click", "name": "会员", "key": "member"},
            {"type": "view", "name": "商城", "url": "https://example.com/m"},
        ]
    }
    sandbox.http.post(f"/cgi-bin/menu/create?access_token={token}", json=menu)
    asked = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "店]]>1"}}}
    code = sandbox.http.post(f"/cgi-bin/qrcode/create?access_token={token}", json=asked).json()

    server.follow(shopper, ticket=code["ticket"])
    root = server.open(receiver.wait(1)[0])
    assert root.findtext("ToUserName") == server.row["original_id"]
    assert (root.findtext("MsgType"), root.findtext("Event")) == ("event", "subscribe")
    assert (root.findtext("EventKey"), root.findtext("Ticket")) == ("qrscene_店]]>1", code["ticket"])
    assert root.findtext("FromUserName") == receiver.got[0].query["openid"]
    assert receiver.got[0].query["tenant"] == "1"  # the address keeps its own query

    def event(count: int) -> Element:
        return server.open(receiver.wait(count)[count - 1])

    scanned = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": code["url"]})
    assert (scanned["action"], scanned["appid"]) == ("scanned", server.appid)
    root = event(2)
    assert (root.findtext("Event"), root.findtext("EventKey")) == ("SCAN", "店]]>1")

    server.write(shopper, "有货吗")
    root = event(3)
    assert (root.findtext("MsgType"), root.findtext("Content")) == ("text", "有货吗")
    assert int(root.findtext("MsgId") or 0) > 10**16

    path = f"/_sandbox/shoppers/{shopper}/chats/{server.appid}/menu"
    sandbox.post(path, {"key": "member"})
    root = event(4)
    assert (root.findtext("Event"), root.findtext("EventKey")) == ("CLICK", "member")
    sandbox.post(path, {"url": "https://example.com/m"})
    root = event(5)
    assert (root.findtext("Event"), root.findtext("EventKey")) == ("VIEW", "https://example.com/m")

    sandbox.post(f"/_sandbox/shoppers/{shopper}/unfollow", {"appid": server.appid})
    assert event(6).findtext("Event") == "unsubscribe"
    sandbox.post(f"/_sandbox/shoppers/{shopper}/unfollow", {"appid": server.appid})
    server.follow(shopper)  # by search: no ticket, an empty key
    root = event(7)
    assert (root.findtext("Event"), root.findtext("EventKey")) == ("subscribe", "")
    assert root.find("Ticket") is None


def test_template_messages_report(sandbox: Sandbox, make: Make, receiver: Receiver, shopper: str) -> None:
    server = make("plain")
    server.follow(shopper)
    openid = server.open(receiver.wait(1)[0]).findtext("FromUserName")
    body = {"touser": openid, "template_id": "t", "data": {"a": {"value": "b"}}}
    url = f"/cgi-bin/message/template/send?access_token={sandbox.token(server.row)}"
    msgid = sandbox.http.post(url, json=body).json()["msgid"]
    root = server.open(receiver.wait(2)[1])
    assert root.findtext("Event") == "TEMPLATESENDJOBFINISH"
    assert (root.findtext("MsgID"), root.findtext("Status")) == (str(msgid), "success")


@pytest.mark.parametrize("mode", MODES)
def test_passive_replies_reach_the_chat(make: Make, receiver: Receiver, shopper: str, mode: str) -> None:
    server = make(mode)

    def answer(got: Received) -> Reply:
        text = reply_text(server.open(got), "欢迎 & 光临")
        return Reply(200, server.encrypt(text) if mode == "safe" else text.encode())

    receiver.answer = answer
    server.follow(shopper)
    wait_for(lambda: len(server.chat(shopper)) == 2)
    line = server.chat(shopper)[1]
    assert (line["from"], line["kind"], line["content"]) == ("account", "text", "欢迎 & 光临")


def test_news_reply(make: Make, receiver: Receiver, shopper: str) -> None:
    server = make("plain")

    def answer(got: Received) -> Reply:
        text = reply_text(server.open(got), "").replace("[text]", "[news]")
        item = "<item><Title>上新</Title><Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item>"
        return Reply(200, text.replace("</xml>", f"<Articles>{item}</Articles></xml>").encode())

    receiver.answer = answer
    server.follow(shopper)
    wait_for(lambda: len(server.chat(shopper)) == 2)
    assert server.chat(shopper)[1]["articles"] == [{"title": "上新", "description": "d", "url": "u", "pic_url": "p"}]


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><MsgType>&b;</MsgType></xml>'


@pytest.mark.parametrize(
    ("mode", "body"),
    [
        ("plain", b"<xml"),
        ("plain", b"hello"),
        ("plain", BOMB),
        ("plain", b"<xml><MsgType>text</MsgType></xml>"),
        ("safe", b"<xml><MsgType>text</MsgType></xml>"),
        ("safe", b"<xml><Encrypt>AAAA</Encrypt><MsgSignature>x</MsgSignature></xml>"),
    ],
)
def test_replies_that_wechat_would_not_take(
    make: Make, receiver: Receiver, shopper: str, mode: str, body: bytes
) -> None:
    server = make(mode)
    server.follow(shopper)
    receiver.wait(1)
    receiver.answer = lambda _: Reply(200, body)
    server.write(shopper, "在吗")
    wait_for(lambda: server.chat(shopper)[-1]["kind"] == "notice")
    assert server.chat(shopper)[-1]["content"] == "该公众号提供的服务出现故障，请稍后再试"
    push = server.sandbox.get("/_sandbox/pushes", params={"appid": server.appid})["items"][0]
    assert push["attempts"][-1]["error"]


def test_a_reply_for_another_app(make: Make, receiver: Receiver, shopper: str) -> None:
    server = make("safe")
    server.follow(shopper)
    receiver.wait(1)
    receiver.answer = lambda got: Reply(200, server.encrypt(reply_text(server.open(got), "x"), "wxother"))
    server.write(shopper, "在吗")
    wait_for(lambda: server.chat(shopper)[-1]["kind"] == "notice")
    assert server.chat(shopper)[-1]["content"] == "该公众号提供的服务出现故障，请稍后再试"
    assert "x" not in [message.get("content") for message in server.chat(shopper)]


def test_three_tries(make: Make, receiver: Receiver, shopper: str) -> None:
    server = make("plain")
    receiver.answer = lambda _: Reply(503)
    server.follow(shopper)
    wait_for(lambda: len(receiver.got) == 3, 10)
    assert len({got.body for got in receiver.got}) == 1  # the same event: to be deduplicated
    wait_for(lambda: push_state(server) == "given_up")
    assert len(receiver.got) == 3


def push_state(server: Server) -> str:
    return server.sandbox.get("/_sandbox/pushes", params={"appid": server.appid})["items"][0]["state"]


def test_slow_servers_are_asked_again_after_five_seconds(make: Make, receiver: Receiver, shopper: str) -> None:
    server = make("plain")
    receiver.answer = lambda _: Reply(200, wait=5.5 if len(receiver.got) == 1 else 0)
    server.follow(shopper)
    wait_for(lambda: push_state(server) == "accepted", 12)
    first, second = server.sandbox.get("/_sandbox/pushes", params={"appid": server.appid})["items"][0]["attempts"]
    assert (first["status"], second["status"]) == (0, 200)
    assert 4.9 < second["at"] - first["at"] < 7


def test_handshake(make: Make, receiver: Receiver) -> None:
    server = make("plain")
    refused = server.configure("http://127.0.0.1:9/")
    assert (refused.status_code, refused.json()["code"]) == (409, "handshake_failed")
    assert server.configure("no url").status_code == 409

    assert server.configure(receiver.url, encoding_aes_key="short").status_code == 400
    receiver.echo = False
    assert "Token验证失败" in server.configure(receiver.url).json()["message"]
    receiver.echo = True
    kept = server.sandbox.get("/_sandbox/accounts")["official_accounts"]
    assert next(row for row in kept if row["appid"] == server.appid)["callback_url"] == receiver.url + "/wx?tenant=1"
    changed = server.configure(receiver.url, token="new-token", mode="safe").json()
    assert (changed["token"], changed["mode"]) == ("new-token", "safe")
    assert server.sandbox.http.put("/_sandbox/official-accounts/none", json={"callback_url": None}).status_code == 404
