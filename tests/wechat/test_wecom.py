"""WeCom: contact codes, customers, messages, address book, events."""

from __future__ import annotations

import pytest

from bihuan.wechat import (
    ApiError,
    DecryptionFailed,
    IssuedToken,
    MalformedMessage,
    MemoryTokens,
    SignatureInvalid,
    StaleTimestamp,
    Unavailable,
    crypto,
)
from bihuan.wechat.wecom import (
    ContactAdded,
    ContactRemoved,
    EventReceiver,
    LinkAttachment,
    MiniProgramAttachment,
    OtherEvent,
    WeCom,
    fetch_wecom_token,
)

from .api import NOW, OK, Json, WeChat, api

TOKEN, AES_KEY = "t0ken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
GETTOKEN = {**OK, "access_token": "wt", "expires_in": 7200}


def corp(wechat: WeChat) -> WeCom:
    line = api(wechat)

    async def fetch(corpid: str, _force: bool) -> IssuedToken:
        return await fetch_wecom_token(line, corpid=corpid, secret="s3cret")

    return WeCom(corpid="ww1", tokens=MemoryTokens(fetch, now=lambda: NOW), api=line)


async def test_contact_codes() -> None:
    way = {"config_id": "c1", "type": 1, "scene": 2, "state": "L7", "qr_code": "q", "user": ["zhang"], "style": 1}
    wechat = WeChat(
        cgi_bin__gettoken=GETTOKEN,
        cgi_bin__externalcontact__add_contact_way={**OK, "config_id": "c1", "qr_code": "https://wework.test/q"},
        cgi_bin__externalcontact__get_contact_way={**OK, "contact_way": way},
        cgi_bin__externalcontact__update_contact_way=OK,
        cgi_bin__externalcontact__del_contact_way=OK,
    )
    line = corp(wechat)
    made = await line.add_contact_way(["zhang"], state="L7", remark="一店 小张")
    assert (made.config_id, made.qr_code) == ("c1", "https://wework.test/q")
    assert (await line.get_contact_way("c1")).state == "L7"
    await line.update_contact_way("c1", userids=["li"])
    await line.delete_contact_way("c1")
    assert wechat.bodies() == [
        {"type": 1, "scene": 2, "skip_verify": True, "state": "L7", "user": ["zhang"], "remark": "一店 小张"},
        {"config_id": "c1"},
        {"config_id": "c1", "user": ["li"]},
        {"config_id": "c1"},
    ]
    assert wechat.requests[0].url.params["corpsecret"] == "s3cret"
    assert wechat.requests[1].url.params["access_token"] == "wt"
    for state, users in (("", ["a"]), ("x" * 31, ["a"]), ("s", [])):
        with pytest.raises(ValueError, match=r"state|userids"):
            await line.add_contact_way(users, state=state)


async def test_welcome_words_are_said_once() -> None:
    wechat = WeChat(
        cgi_bin__gettoken=GETTOKEN,
        cgi_bin__externalcontact__send_welcome_msg=[
            OK,
            {"errcode": 41051, "errmsg": "externaluser has started chatting"},
            TimeoutError(),
        ],
    )
    line = corp(wechat)
    link = LinkAttachment(title="商城", url="https://x.test/")
    page = MiniProgramAttachment(title="商城", pic_media_id="m", appid="wx2", page="pages/home/home")
    await line.send_welcome("wc", "您好", [link, page])
    with pytest.raises(ApiError) as refused:
        await line.send_welcome("wc", "您好")
    assert refused.value.errcode == 41051
    with pytest.raises(Unavailable) as lost:
        await line.send_welcome("wc", "您好")
    assert not lost.value.safe_to_retry
    assert len(wechat.bodies()) == 3
    assert wechat.bodies()[0]["attachments"] == [
        {"msgtype": "link", "link": {"title": "商城", "url": "https://x.test/", "desc": "", "picurl": ""}},
        {
            "msgtype": "miniprogram",
            "miniprogram": {"title": "商城", "pic_media_id": "m", "appid": "wx2", "page": "pages/home/home"},
        },
    ]
    with pytest.raises(ValueError, match="attachments"):
        await line.send_welcome("wc", "", [link] * 10)


async def test_customers_messages_and_the_address_book() -> None:
    detail: Json = {
        "external_contact": {"external_userid": "wm1", "name": "王", "unionid": "u1"},
        "follow_user": [{"userid": "zhang", "state": "L7", "add_way": 1, "tags": []}],
    }
    wechat = WeChat(
        cgi_bin__gettoken=GETTOKEN,
        cgi_bin__externalcontact__get={**OK, **detail},
        cgi_bin__externalcontact__list=[
            {**OK, "external_userid": ["wm1"]},
            {"errcode": 84061, "errmsg": "not external contact"},
        ],
        cgi_bin__externalcontact__batch__get_by_user={
            **OK,
            "external_contact_list": [
                {"external_contact": detail["external_contact"], "follow_info": {"userid": "zhang", "state": "L7"}}
            ],
            "next_cursor": "n",
        },
        cgi_bin__externalcontact__get_follow_user_list={**OK, "follow_user": ["zhang"]},
        cgi_bin__message__send={**OK, "invaliduser": "li", "msgid": "m1"},
        cgi_bin__department__list={**OK, "department": [{"id": 1, "name": "总部"}, {"id": 2, "parentid": 1}]},
        cgi_bin__user__list=[
            {**OK, "userlist": [{"userid": "zhang", "name": "张", "department": [1, 2]}]},
            {**OK, "userlist": [{"userid": "zhang", "name": "张"}, {"userid": "li", "name": "李", "mobile": "138"}]},
        ],
    )
    line = corp(wechat)
    got = await line.customer("wm1")
    assert (got.external_contact.unionid, got.follow_user[0].state) == ("u1", "L7")
    assert await line.customer_ids("zhang") == ("wm1",)
    assert await line.customer_ids("li") == ()
    page = await line.customers(["zhang"])
    assert (page.external_contact_list[0].follow_info.state, page.next_cursor) == ("L7", "n")
    assert await line.members_with_customers() == ("zhang",)
    assert (await line.send_text(1000002, ["zhang", "li"], "新订单")).invaliduser == "li"
    book = await line.address_book()
    assert [m.userid for m in book.members] == ["zhang", "li"]
    assert wechat.bodies()[1] == {
        "touser": "zhang|li",
        "msgtype": "text",
        "agentid": 1000002,
        "text": {"content": "新订单"},
        "enable_duplicate_check": 1,
        "duplicate_check_interval": 1800,
    }


def _push(xml: str, *, corpid: str = "ww1", age: int = 0) -> tuple[dict[str, str], bytes]:
    crypt = crypto.MessageCrypt(token=TOKEN, encoding_aes_key=AES_KEY, receive_id=corpid)
    encrypted = crypt.encrypt(f"<xml>{xml}</xml>".encode())
    timestamp = str(int(NOW.timestamp()) - age)
    query = {"timestamp": timestamp, "nonce": "n", "msg_signature": crypt.signature(timestamp, "n", encrypted)}
    return query, f"<xml><ToUserName>{corpid}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>".encode()


def _event(change: str, rest: str = "", event: str = "change_external_contact") -> str:
    return (
        f"<ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName><CreateTime>1772366400</CreateTime>"
        f"<MsgType>event</MsgType><Event>{event}</Event><ChangeType>{change}</ChangeType>"
        f"<UserID>zhang</UserID><ExternalUserID>wm1</ExternalUserID>{rest}"
    )


def _receiver() -> EventReceiver:
    return EventReceiver(corpid="ww1", token=TOKEN, encoding_aes_key=AES_KEY, now=lambda: NOW)


def test_events() -> None:
    receiver = _receiver()
    rest = "<State>L7</State><WelcomeCode>wc</WelcomeCode>"
    added = receiver.parse(*_push(_event("add_external_contact", rest)))
    assert isinstance(added, ContactAdded)
    assert (added.userid, added.external_userid, added.state, added.welcome_code) == ("zhang", "wm1", "L7", "wc")
    assert "wc" not in repr(added)
    assert receiver.parse(*_push(_event("add_external_contact", rest))).dedupe_key == added.dedupe_key
    removed = receiver.parse(*_push(_event("del_follow_user")))
    assert isinstance(removed, ContactRemoved)
    assert removed.by_customer
    assert isinstance(receiver.parse(*_push(_event("create_user", event="change_contact"))), OtherEvent)


def test_the_handshake_answers_the_plaintext() -> None:
    crypt = crypto.MessageCrypt(token=TOKEN, encoding_aes_key=AES_KEY, receive_id="ww1")
    echo = crypt.encrypt(b"4567")
    timestamp = str(int(NOW.timestamp()))
    query = {
        "timestamp": timestamp,
        "nonce": "n",
        "echostr": echo,
        "msg_signature": crypt.signature(timestamp, "n", echo),
    }
    assert _receiver().verify_handshake(query) == "4567"
    with pytest.raises(SignatureInvalid):
        _receiver().verify_handshake({**query, "nonce": "m"})
    with pytest.raises(MalformedMessage):
        _receiver().verify_handshake({**query, "echostr": ""})


def test_bad_events() -> None:
    receiver, good = _receiver(), _event("add_external_contact")
    query, body = _push(good)
    with pytest.raises(SignatureInvalid):
        receiver.parse({**query, "msg_signature": "0" * 40}, body)
    with pytest.raises(StaleTimestamp):
        receiver.parse(*_push(good, age=-301))
    with pytest.raises(DecryptionFailed):
        receiver.parse(*_push(good, corpid="ww2"))
    with pytest.raises(DecryptionFailed):
        receiver.parse(*_push(good.replace("ToUserName>ww1", "ToUserName>ww2")))
    with pytest.raises(MalformedMessage):
        receiver.parse(query, b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + body)
