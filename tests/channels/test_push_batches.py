"""Many pushes at once: each acts once, whatever comes beside it; what is refused is written down."""

import asyncio
from collections import Counter

import pytest

from tests.channels.desk import Brand, Mall, Person
from tests.channels.wire import Pusher


async def following(mall: Mall, brand: Brand) -> tuple[Person, str]:
    """Somebody who follows, known by name."""
    person = await mall.person()
    await person.act("follow", appid=brand.appid)
    openid = await person.openid(brand.appid)

    async def known() -> bool:
        sql = "select 1 from followers where merchant_id = $1 and openid = $2 and shopper_id is not null"
        return len(await brand.rows(sql, openid)) == 1

    await mall.settle(known)
    return person, openid


def pusher(mall: Mall, brand: Brand) -> Pusher:
    return Pusher(mall.http, f"/wechat/{brand.merchant.code}/official-account", brand.account, "safe")


async def test_a_crowd_scans_taps_and_writes_at_once(mall: Mall) -> None:
    brand = await mall.brand()
    label = await brand.label()
    people = [(await following(mall, brand))[1] for _ in range(4)]
    wechat = pusher(mall, brand)
    bodies = [
        body
        for n, openid in enumerate(people)
        for body in (
            wechat.event("SCAN", openid, EventKey=label.code, Ticket="t"),
            wechat.event("CLICK", openid, EventKey=f"key{n}"),
            wechat.event("VIEW", openid, EventKey="https://x.test/"),
            wechat.event("TEMPLATESENDJOBFINISH", openid, MsgID=n, Status="success"),
            wechat.text(openid, f"你好 {n}"),
        )
    ]
    signed = [wechat.sign(body) for body in bodies]
    # each is delivered three times, all at once
    answers = await asyncio.gather(*(wechat.post(*one) for one in signed * 3))
    assert Counter(a.status_code for a in answers) == {200: 60}
    kinds = await brand.rows("select kind, count(*) as n from pushes where merchant_id = $1 group by kind")
    counted = {row["kind"]: row["n"] for row in kinds}
    assert counted == {"subscribe": 4, "scan": 4, "click": 4, "view": 4, "text": 4, "other": 4}
    assert await brand.rows("select scans from labels where merchant_id = $1") == [{"scans": 4}]
    await mall.deliver()
    assert sum(kind == "scan" for kind, _, _ in await brand.touches()) == 4
    # the same answer each time: the reply to a tap is a link, to an unknown word nothing
    replies = Counter(a.content == b"success" for a in answers)
    assert replies == {False: 24, True: 36}


async def test_who_leaves_and_taps_in_one_batch_is_where_she_was_last(mall: Mall) -> None:
    brand = await mall.brand()
    _, openid = await following(mall, brand)
    wechat = pusher(mall, brand)
    bodies = [
        wechat.event("unsubscribe", openid, EventKey=""),
        wechat.event("CLICK", openid, EventKey="k", CreateTime=1),
    ]
    answers = await asyncio.gather(*(wechat.push(body) for body in bodies))
    assert {a.status_code for a in answers} == {200}
    state = await brand.rows("select following from followers where merchant_id = $1")
    assert state == [{"following": False}]


async def test_another_message_under_a_used_signature_is_refused_in_a_batch_too(mall: Mall) -> None:
    brand = await mall.brand("plain")
    _, openid = await following(mall, brand)
    wechat = Pusher(mall.http, f"/wechat/{brand.merchant.code}/official-account", brand.account, "plain")
    query, body = wechat.sign(wechat.event("CLICK", openid, EventKey="a"))
    other = wechat.event("CLICK", openid, EventKey="b").encode()
    answers = await asyncio.gather(wechat.post(query, body), wechat.post(query, other))
    assert sorted(a.status_code for a in answers) == [200, 403]
    assert len(await brand.rows("select 1 from pushes where merchant_id = $1 and kind = 'click'")) == 1


@pytest.mark.parametrize(
    ("kind", "size", "status", "reason"),
    [
        ("multipart/form-data; boundary=x", 10, 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", 10, 415, "unsupported_media_type"),
        ("text/xml", 200_000, 413, "body_too_large"),
    ],
)
async def test_what_is_no_push_is_refused_and_written_down(
    mall: Mall, kind: str, size: int, status: int, reason: str
) -> None:
    brand = await mall.brand()
    wechat = pusher(mall, brand)
    query, _ = wechat.sign(wechat.event("CLICK", "o1", EventKey="a"))
    before = await brand.rows("select count(*) as n from pushes where merchant_id = $1")
    answer = await mall.http.post(wechat.path, params=query, content=b"<" * size, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, reason)
    refused = await brand.rows("select address, reason from refused_pushes where merchant_id = $1")
    assert refused == [{"address": "official-account", "reason": reason}]
    assert await brand.rows("select count(*) as n from pushes where merchant_id = $1") == before
