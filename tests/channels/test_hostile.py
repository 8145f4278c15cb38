"""Forged, replayed, stale and malformed pushes: each is refused by its name and changes nothing."""

import asyncio
import time

import pytest

from bihuan.kernel.ids import new_id
from tests.channels.desk import Brand, Mall
from tests.channels.wire import Pusher, sha1, xml

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><FromUserName>&c;</FromUserName></xml>'
)
FILE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><FromUserName>&f;</FromUserName></xml>'


async def pusher(mall: Mall, mode: str) -> tuple[Brand, Pusher]:
    """A brand whose pushes the test makes."""
    brand = await mall.brand(mode, connected=False)
    return brand, Pusher(mall.http, f"/wechat/{brand.merchant.code}/official-account", brand.account, mode)


async def state(brand: Brand) -> list[list[dict[str, object]]]:
    """Everything that a push may change."""
    tables = ("pushes", "followers", "facts", "chat_messages", "touchpoints", "labels")
    return [await brand.rows(f"select * from {table} where merchant_id = $1 order by 2") for table in tables]


def openid() -> str:
    """Somebody whom WeChat knows and we do not."""
    return "o" + new_id().hex[-27:]


async def test_the_handshake_echoes_for_the_right_signature_only(mall: Mall) -> None:
    brand, wechat = await pusher(mall, "safe")
    query, _ = wechat.sign("")
    answer = await mall.http.get(wechat.path, params=query | {"echostr": "<b>73</b>"})
    assert (answer.status_code, answer.text) == (200, "<b>73</b>")
    assert answer.headers["content-type"].startswith("text/plain")
    wrong = await mall.http.get(wechat.path, params=query | {"echostr": "73", "nonce": "another"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "signature_invalid")
    old, _ = wechat.sign("", age=301)
    stale = await mall.http.get(wechat.path, params=old | {"echostr": "73"})
    assert (stale.status_code, stale.json()["code"]) == (403, "stale_timestamp")
    bare = await mall.http.get(wechat.path)
    assert bare.status_code == 403
    assert (await brand.rows("select verified_at from official_accounts where merchant_id = $1"))[0]["verified_at"]


async def test_unknown_merchants_and_those_without_an_account_have_no_callback(mall: Mall) -> None:
    _, wechat = await pusher(mall, "plain")
    query, body = wechat.sign(wechat.event("subscribe", openid()))
    unknown = await mall.http.post("/wechat/nobody-here/official-account", params=query, content=body)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    shop = await mall.bare_merchant()
    none = await mall.http.post(f"/wechat/{shop.code}/official-account", params=query, content=body)
    assert (none.status_code, none.json()["code"]) == (404, "no_official_account")


@pytest.mark.parametrize("mode", ["plain", "safe"])
async def test_forged_altered_and_stale_pushes_change_nothing(mall: Mall, mode: str) -> None:
    brand, wechat = await pusher(mall, mode)
    before, body = await state(brand), wechat.event("subscribe", openid())
    forged = await wechat.push(body, token="notthetoken")
    assert (forged.status_code, forged.json()["code"]) == (403, "signature_invalid")
    stale = await wechat.push(body, age=400)
    assert (stale.status_code, stale.json()["code"]) == (403, "stale_timestamp")
    ahead = await wechat.push(body, age=-400)
    assert (ahead.status_code, ahead.json()["code"]) == (403, "stale_timestamp")
    query, _ = wechat.sign(body)
    query.pop("signature" if mode == "plain" else "msg_signature")
    unsigned = await wechat.post(query, wechat.sign(body)[1])
    assert unsigned.status_code == 403
    assert await state(brand) == before


async def test_safe_mode_takes_no_open_text_and_no_altered_cipher(mall: Mall) -> None:
    brand, wechat = await pusher(mall, "safe")
    before, body = await state(brand), wechat.event("subscribe", openid())
    query, sealed = wechat.sign(body)
    assert (await wechat.post(query, body.encode())).status_code == 403
    assert (
        await wechat.post(query, sealed.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[AAAA"))
    ).status_code == 403
    # A signature over a cipher that our key does not open.
    timestamp, nonce, cipher = query["timestamp"], "n1", "QUJD" * 16
    signed = {"timestamp": timestamp, "nonce": nonce}
    signed["msg_signature"] = sha1(brand.account["token"], timestamp, nonce, cipher)
    assert (await wechat.post(signed, xml(Encrypt=cipher).encode())).status_code == 403
    # Encrypted for another app, though with our key and token.
    other = Pusher(mall.http, wechat.path, {**brand.account, "appid": "wx0000000000000000"}, "safe")
    assert (await other.push(body)).status_code == 403
    assert await state(brand) == before


@pytest.mark.parametrize("mode", ["plain", "safe"])
@pytest.mark.parametrize(
    "body",
    ["", "not xml", "<xml>", "<xml></xml>", BOMB, FILE, '{"json": 1}', "<xml>" + "<a>" * 50 + "</a>" * 50 + "</xml>"],
    ids=["empty", "words", "open", "fieldless", "bomb", "file", "json", "deep"],
)
async def test_what_is_no_push_is_refused(mall: Mall, mode: str, body: str) -> None:
    brand, wechat = await pusher(mall, mode)
    before = await state(brand)
    answer = await wechat.push(body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_message")
    assert answer.headers["content-type"] == "application/problem+json"
    assert await state(brand) == before


async def test_bytes_that_are_no_text_and_times_that_are_none_are_refused(mall: Mall) -> None:
    brand, wechat = await pusher(mall, "plain")
    before = await state(brand)
    query, _ = wechat.sign("")
    assert (await wechat.post(query, b"\xff\xfe\x00\x01<xml>")).status_code == 400
    for at in ("yesterday", "99999999999999999999", "-1"):
        assert (await wechat.push(wechat.event("subscribe", openid(), CreateTime=at))).status_code == 400
    assert await state(brand) == before


async def test_a_body_over_the_limit_is_refused_unread(mall: Mall) -> None:
    brand, wechat = await pusher(mall, "plain")
    before = await state(brand)
    answer = await wechat.push(wechat.text(openid(), "长" * 100_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.headers["connection"] == "close", "what was not read stands before the next request"
    assert await state(brand) == before


async def test_a_push_for_another_account_is_refused(mall: Mall) -> None:
    brand, wechat = await pusher(mall, "plain")
    before = await state(brand)
    body = wechat.event("subscribe", openid()).replace(brand.account["original_id"], "gh_somebodyelse")
    assert (await wechat.push(body)).status_code == 403
    assert await state(brand) == before


@pytest.mark.parametrize("mode", ["plain", "safe"])
async def test_a_push_delivered_again_acts_once_and_gets_the_same_reply(mall: Mall, mode: str) -> None:
    brand, wechat = await pusher(mall, mode)
    label, who = await brand.label(), openid()
    body = wechat.event("subscribe", who, EventKey=f"qrscene_{label.code}", Ticket="t")
    first = await wechat.push(body)
    after = await state(brand)
    again, thrice = await wechat.push(body), await wechat.push(body)
    assert [a.status_code for a in (first, again, thrice)] == [200, 200, 200]
    assert first.text.startswith("<xml>")
    if mode == "plain":
        assert first.text.split("<Content>")[1] == again.text.split("<Content>")[1]
    assert await state(brand) == after
    (kept,) = await brand.rows("select scans from labels where merchant_id = $1")
    assert kept["scans"] == 1


async def test_the_same_push_five_times_at_once_acts_once(mall: Mall) -> None:
    brand, wechat = await pusher(mall, "safe")
    label, who = await brand.label(), openid()
    body = wechat.event("subscribe", who, EventKey=f"qrscene_{label.code}")
    answers = await asyncio.gather(*(wechat.push(body) for _ in range(5)))
    assert {a.status_code for a in answers} == {200}
    (follower,) = await brand.rows("select follows from followers where merchant_id = $1")
    (kept,) = await brand.rows("select scans from labels where merchant_id = $1")
    followed = await brand.rows("select 1 from facts where merchant_id = $1 and kind = 'channel.followed'")
    assert (follower["follows"], kept["scans"], len(followed)) == (1, 1, 1)


async def test_a_signature_that_was_used_carries_no_second_message(mall: Mall) -> None:
    brand, wechat = await pusher(mall, "plain")
    query, body = wechat.sign(wechat.event("subscribe", openid()))
    assert (await wechat.post(query, body)).status_code == 200
    after = await state(brand)
    stolen = await wechat.post(query, wechat.event("subscribe", openid()).encode())
    assert (stolen.status_code, stolen.json()["code"]) == (403, "signature_invalid")
    assert await state(brand) == after


@pytest.mark.parametrize("last", ["subscribe", "unsubscribe"])
async def test_following_and_leaving_within_a_second_end_as_they_came(mall: Mall, last: str) -> None:
    brand, wechat = await pusher(mall, "plain")
    who, at = openid(), int(time.time())
    order = ["subscribe", "unsubscribe"] if last == "unsubscribe" else ["unsubscribe", "subscribe"]
    sent = [asyncio.create_task(wechat.push(wechat.event(order[0], who, CreateTime=at)))]
    await asyncio.sleep(0.005)  # the first is still asking WeChat who this is
    sent.append(asyncio.create_task(wechat.push(wechat.event(order[1], who, CreateTime=at))))
    assert {answer.status_code for answer in await asyncio.gather(*sent)} == {200}
    (follower,) = await brand.rows("select following from followers where merchant_id = $1")
    assert follower["following"] == (last == "subscribe")
    if last == "unsubscribe":
        assert await brand.rows("select 1 from pushes where merchant_id = $1 and not told") == []


async def test_a_late_push_does_not_undo_a_newer_one(mall: Mall) -> None:
    brand, wechat = await pusher(mall, "plain")
    label, who, now = await brand.label(), openid(), int(time.time())
    await wechat.push(wechat.event("unsubscribe", who, CreateTime=now))
    await wechat.push(wechat.event("subscribe", who, CreateTime=now - 60, EventKey=f"qrscene_{label.code}"))
    (follower,) = await brand.rows("select following, home_store_id, follows from followers where merchant_id = $1")
    assert follower == {"following": False, "home_store_id": brand.store_id, "follows": 1}
