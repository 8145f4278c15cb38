"""Reading pushes: every mode, every event, and everything hostile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.wechat import (
    DecryptionFailed,
    MalformedMessage,
    PushReceiver,
    SignatureInvalid,
    StaleTimestamp,
    Untrusted,
    crypto,
)
from bihuan.wechat.official_account import (
    Article,
    Click,
    Mode,
    Other,
    Push,
    Scan,
    Subscribe,
    Text,
    Unsubscribe,
    View,
)

CALM = settings(deadline=None)  # a busy machine is no fault of the code

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
BOX = crypto.MessageCrypt(token="tok", encoding_aes_key=KEY, receive_id="wx1")


def receiver(mode: Mode = "plain", **changes: Any) -> PushReceiver:
    fields: dict[str, Any] = {"appid": "wx1", "token": "tok", "mode": mode, "now": lambda: NOW, **changes}
    if mode != "plain":
        fields.setdefault("encoding_aes_key", KEY)
    return PushReceiver(**fields)


def query(timestamp: str = STAMP, nonce: str = "n1", **more: str) -> dict[str, str]:
    signature = crypto.sha1_of_sorted("tok", timestamp, nonce)
    return {"timestamp": timestamp, "nonce": nonce, "signature": signature, **more}


def push_xml(inner: str, kind: str = "event") -> bytes:
    return (
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>"
        f"<CreateTime>1772366400</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{inner}</xml>"
    ).encode()


def read(inner: str, kind: str = "event") -> Push:
    return receiver().parse(query(), push_xml(inner, kind))


def sealed(xml: bytes, box: crypto.MessageCrypt = BOX, timestamp: str = STAMP) -> tuple[dict[str, str], bytes]:
    encrypted = box.encrypt(xml)
    signature = box.signature(timestamp, "n1", encrypted)
    body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return query(timestamp, encrypt_type="aes", msg_signature=signature), body.encode()


def test_events() -> None:
    by_code = read("<Event>subscribe</Event><EventKey>qrscene_s:01</EventKey><Ticket><![CDATA[T=]]></Ticket>")
    assert isinstance(by_code, Subscribe)
    assert (by_code.scene, by_code.ticket, by_code.openid, by_code.original_id) == ("s:01", "T=", "o1", "gh_1")
    assert by_code.created_at == NOW
    for inner in ("<Event>subscribe</Event>", "<Event>subscribe</Event><EventKey></EventKey>"):
        plain = read(inner)
        assert isinstance(plain, Subscribe)
        assert (plain.scene, plain.ticket) == ("", "")
    scan = read("<Event>SCAN</Event><EventKey>123</EventKey><Ticket>T</Ticket>")
    assert isinstance(scan, Scan)
    assert scan.scene == "123"
    assert isinstance(read("<Event>unsubscribe</Event>"), Unsubscribe)
    click = read("<Event>CLICK</Event><EventKey>card</EventKey>")
    assert isinstance(click, Click)
    assert click.key == "card"
    view = read("<Event>VIEW</Event><EventKey>https://x.test/?a=1&amp;b</EventKey><MenuId>1</MenuId>")
    assert isinstance(view, View)
    assert view.url == "https://x.test/?a=1&b"
    sent = read("<Event>TEMPLATESENDJOBFINISH</Event><MsgID>9</MsgID><Status>success</Status>")
    assert isinstance(sent, Other)
    assert (sent.event, sent.fields["Status"]) == ("TEMPLATESENDJOBFINISH", "success")


def test_messages() -> None:
    text = read("<Content><![CDATA[会员 <b>]]></Content><MsgId>600</MsgId>", "text")
    assert isinstance(text, Text)
    assert (text.content, text.msg_id, text.dedupe_key) == ("会员 <b>", "600", "message:600")
    picture = read("<PicUrl>u</PicUrl><MsgId>601</MsgId>", "image")
    assert isinstance(picture, Other)
    assert (picture.kind, picture.event) == ("image", "")
    nested = read(
        "<Event>scancode_push</Event><ScanCodeInfo><ScanType>qr</ScanType><ScanResult>1</ScanResult></ScanCodeInfo>"
    )
    assert nested.fields["ScanCodeInfo.ScanResult"] == "1"


def test_the_same_push_has_the_same_key() -> None:
    one = "<Event>subscribe</Event><EventKey>qrscene_1</EventKey>"
    assert read(one).dedupe_key == read(one).dedupe_key
    assert read(one).dedupe_key != read("<Event>unsubscribe</Event>").dedupe_key
    assert len(read(f"<Event>VIEW</Event><EventKey>{'u' * 5000}</EventKey>").dedupe_key) < 160


def test_handshake() -> None:
    assert receiver().verify_handshake(query(echostr="42")) == "42"
    assert receiver("safe").verify_handshake(query(echostr="42")) == "42"
    for bad in (
        {},
        {**query(echostr="42"), "signature": "0" * 40},
        {**query(echostr="42"), "nonce": "n2"},
        {**query(echostr="42"), "signature": "\ud800"},
        query("x", echostr="42"),
    ):
        with pytest.raises(SignatureInvalid):
            receiver().verify_handshake(bad)
    with pytest.raises(MalformedMessage):
        receiver().verify_handshake(query())


def test_stale_pushes() -> None:
    old = str(int(STAMP) - 301)
    with pytest.raises(StaleTimestamp):
        receiver().parse(query(old), push_xml("<Event>CLICK</Event>"))
    given_query, body = sealed(push_xml("<Event>CLICK</Event>"), timestamp=old)
    with pytest.raises(StaleTimestamp):
        receiver("safe").parse(given_query, body)
    assert receiver("safe", max_age_seconds=None).parse(given_query, body)


def test_safe_mode() -> None:
    given_query, body = sealed(push_xml("<Event>CLICK</Event><EventKey>k</EventKey>"))
    for mode in ("safe", "compatible"):
        assert isinstance(receiver(mode).parse(given_query, body), Click)


def test_safe_mode_takes_nothing_less() -> None:
    plain = push_xml("<Event>CLICK</Event>")
    given_query, body = sealed(plain)
    for mode in ("safe", "compatible"):
        with pytest.raises(SignatureInvalid, match="unencrypted"):
            receiver(mode).parse(query(), plain)
        for bad in (
            {**given_query, "msg_signature": given_query["signature"]},
            {**given_query, "nonce": "n2"},
            query(),
        ):
            with pytest.raises(SignatureInvalid):
                receiver(mode).parse(bad, body)
    stranger = crypto.MessageCrypt(token="tok", encoding_aes_key=KEY[::-1], receive_id="wx1")
    with pytest.raises(DecryptionFailed):
        receiver("safe").parse(*sealed(plain, stranger))
    elsewhere = crypto.MessageCrypt(token="tok", encoding_aes_key=KEY, receive_id="wx2")
    with pytest.raises(DecryptionFailed, match="another receiver"):
        receiver("safe").parse(*sealed(plain, elsewhere))


@pytest.mark.parametrize("encrypted", ["x", "不", "AAAA", "A" * 43, "AAAAAAAAAAAAAAAAAAAAAA==", "A" * 64])
def test_ciphertext_that_is_none(encrypted: str) -> None:
    signature = BOX.signature(STAMP, "n1", encrypted)
    body = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()
    with pytest.raises((MalformedMessage, DecryptionFailed)):
        receiver("safe").parse(query(msg_signature=signature), body)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<xml><FromUserName>&b;</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType></xml>"""
EXTERNAL = b"""<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Content>&f;</Content></xml>"""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<xml>",
        b"\xff\xfe\x00",
        b"<xml></xml>",
        BOMB,
        EXTERNAL,
        b'<!DOCTYPE xml SYSTEM "http://x.test/x.dtd"><xml/>',
        b'<?xml version="1.0" encoding="klingon"?><xml/>',
        b"<xml><FromUserName>o</FromUserName><MsgType>text</MsgType></xml>",
        b"<xml><FromUserName>o</FromUserName><MsgType>text</MsgType><CreateTime>soon</CreateTime></xml>",
        b"<xml><FromUserName>o</FromUserName><MsgType>text</MsgType><CreateTime>" + b"9" * 11 + b"</CreateTime></xml>",
        b"<xml>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</xml>",
        b"<xml>" + b"".join(b"<f%d>1</f%d>" % (i, i) for i in range(300)) + b"</xml>",
        b"<xml>" + b" " * 128 * 1024 + b"</xml>",
    ],
    ids=range(15),
)
def test_hostile_xml(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        receiver().parse(query(), body)
    if len(body) < 64 * 1024:
        with pytest.raises(MalformedMessage):
            receiver("safe").parse(*sealed(body))


def test_replies() -> None:
    asked = read("<Content>hi</Content><MsgId>1</MsgId>", "text")
    content = "欢迎 ]]> <b>\x00\x08 😀"
    root = ElementTree.fromstring(receiver().reply_text(asked, content))
    assert root.findtext("Content") == "欢迎 ]]> <b> 😀"
    assert root.findtext("ToUserName") == "o1"
    assert root.findtext("FromUserName") == "gh_1"
    assert root.findtext("MsgType") == "text"
    assert root.findtext("CreateTime") == STAMP

    news = Article(title="会员卡", url="https://x.test/?a=1&b=2", description="d", picurl="p")
    root = ElementTree.fromstring(receiver().reply_news(asked, [news]))
    assert root.findtext("ArticleCount") == "1"
    assert root.findtext("Articles/item/Url") == "https://x.test/?a=1&b=2"
    with pytest.raises(ValueError, match="articles"):
        receiver().reply_news(asked, [])


def test_replies_in_safe_mode_are_encrypted() -> None:
    asked = read("<Content>hi</Content><MsgId>1</MsgId>", "text")
    outer = ElementTree.fromstring(receiver("safe").reply_text(asked, "好"))
    encrypted, stamp, nonce = (outer.findtext(n, "") for n in ("Encrypt", "TimeStamp", "Nonce"))
    assert outer.findtext("MsgSignature") == BOX.signature(stamp, nonce, encrypted)
    assert ElementTree.fromstring(BOX.decrypt(encrypted)).findtext("Content") == "好"


def test_keys_that_are_none() -> None:
    with pytest.raises(ValueError, match="needs"):
        PushReceiver(appid="wx1", token="tok", mode="safe")
    for key in ("short", "不" * 43, KEY + "A"):
        with pytest.raises(ValueError, match="EncodingAESKey"):
            receiver("safe", encoding_aes_key=key)


@CALM
@given(st.binary(max_size=500), st.text(max_size=30))
def test_message_encryption_round_trips(plaintext: bytes, receive_id: str) -> None:
    box = crypto.MessageCrypt(token="t", encoding_aes_key=KEY, receive_id=receive_id)
    assert box.decrypt(box.encrypt(plaintext)) == plaintext


@CALM
@given(st.dictionaries(st.sampled_from(["timestamp", "nonce", "signature", "echostr"]), st.text()), st.binary())
def test_noise_is_refused(noise: dict[str, str], body: bytes) -> None:
    for mode in ("plain", "safe"):
        with pytest.raises(Untrusted):
            receiver(mode).parse(noise, body)
        with pytest.raises(Untrusted):
            receiver(mode).parse(query(), body)


@CALM
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")))
def test_any_text_survives_a_reply(content: str) -> None:
    asked = read("<Content>hi</Content><MsgId>1</MsgId>", "text")
    assert (ElementTree.fromstring(receiver().reply_text(asked, content)).findtext("Content") or "") == content
