"""Following, scanning and writing, as WeChat pushes them: from the sandbox's phone to the touchpoint."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from bihuan import attribution, channels, merchants
from bihuan.channels import KeywordReply, Label, Replies, intake, pushes
from bihuan.kernel import verification
from bihuan.settings import WeChatUrls
from bihuan.wechat.official_account import Button
from tests.channels.desk import Brand, Mall, Person
from tests.channels.wire import Pusher


@pytest.mark.parametrize("mode", ["plain", "safe", "compatible"])
async def test_scanning_a_stores_code_follows_greets_and_attributes(mall: Mall, mode: str) -> None:
    brand = await mall.brand(mode)
    label, person = await brand.label(), await mall.person("小满")
    scanned = await person.act("scan", content=label.qr_url)
    assert (scanned["action"], scanned["appid"]) == ("follow_page", brand.appid)
    await person.act("follow", appid=brand.appid, ticket=scanned["ticket"])

    async def greeted() -> bool:
        return len(await person.chat(brand.appid)) == 2 and len(await brand.touches()) == 1

    await mall.settle(greeted)
    welcome, card = await person.chat(brand.appid)
    assert welcome["kind"] == "text"
    assert "欢迎关注青衫" in welcome["content"]
    assert f'href="{mall.url}/shop/{brand.merchant.code}/"' in welcome["content"]
    assert card["kind"] == "news"
    assert await brand.touches() == [("follow", label.code, True)]
    (follower,) = await brand.rows("select * from followers where merchant_id = $1")
    assert (follower["following"], follower["home_store_id"], follower["label_id"]) == (
        True,
        brand.store_id,
        label.label_id,
    )
    (kept,) = await brand.rows("select scans from labels where merchant_id = $1")
    assert kept["scans"] == 1


async def test_a_touchpoint_is_there_before_any_worker_comes(mall: Mall) -> None:
    brand, person = await mall.brand("plain"), await mall.person()
    label = await brand.label()
    wechat = Pusher(mall.http, f"/wechat/{brand.merchant.code}/official-account", brand.account, "plain")
    openid = await person.openid_before_following(brand.appid)
    await wechat.push(wechat.event("subscribe", openid, EventKey=f"qrscene_{label.code}", Ticket="t"))
    assert await brand.touches() == [("follow", label.code, True)]
    await wechat.push(wechat.event("SCAN", openid, EventKey=label.code, Ticket="t"))
    assert [kind for kind, _, _ in await brand.touches()] == ["follow", "scan"]
    assert len(await brand.rows("select 1 from shopper_homes where merchant_id = $1")) == 1


async def follow_by(mall: Mall, brand: Brand, person: Person, label: Label | None) -> None:
    """The person follows, by a label's code or by search, and the facts are handled."""
    ticket = None
    if label is not None:
        ticket = (await person.act("scan", content=label.qr_url))["ticket"]
    before = len(await brand.touches())
    await person.act("follow", appid=brand.appid, **({"ticket": ticket} if ticket else {}))

    async def seen() -> bool:
        return len(await brand.touches()) == before + 1

    await mall.settle(seen)


async def test_later_codes_are_recorded_but_the_first_follow_stays_home(mall: Mall) -> None:
    brand, person = await mall.brand(), await mall.person()
    async with mall.rt.db.transaction() as tx:
        other = await merchants.create_store(tx, brand.merchant.merchant_id, code="s2", name="西溪店")
        till = await merchants.create_counter(tx, brand.merchant.merchant_id, brand.store_id, code="c1", name="一号台")
    first = await brand.label("湖滨店")
    second = await brand.label("西溪店", store_id=other.store_id)
    counter = await brand.label("一号台", kind="counter", store_id=None, counter_id=till.counter_id)
    await follow_by(mall, brand, person, first)
    assert (await person.act("scan", content=second.qr_url))["action"] == "scanned"
    assert (await person.act("scan", content=counter.qr_url))["action"] == "scanned"

    async def touched() -> bool:
        return len(await brand.touches()) == 3

    await mall.settle(touched)
    (row,) = await brand.rows("select shopper_id, home_store_id from followers where merchant_id = $1")
    assert row["home_store_id"] == brand.store_id
    async with mall.rt.db.transaction() as tx:
        won = await attribution.resolve(tx, brand.merchant.merchant_id, [row["shopper_id"]], tx.now)
        later = await attribution.resolve(
            tx, brand.merchant.merchant_id, [row["shopper_id"]], tx.now + timedelta(days=31)
        )
    decided = won[row["shopper_id"]]
    assert decided.rule == "last_touch"
    assert decided.store_id in (other.store_id, brand.store_id)
    assert (later[row["shopper_id"]].store_id, later[row["shopper_id"]].rule) == (brand.store_id, "follower_store")
    scans = await brand.rows("select code, scans from labels where merchant_id = $1")
    assert {r["code"]: r["scans"] for r in scans} == {first.code: 1, second.code: 1, counter.code: 1}
    assert any("欢迎光临青衫·西溪店" in m.get("content", "") for m in await person.chat(brand.appid))


async def test_leaving_and_coming_back_is_a_second_follow_with_the_first_home(mall: Mall) -> None:
    brand, person = await mall.brand("plain"), await mall.person()
    async with mall.rt.db.transaction() as tx:
        other = await merchants.create_store(tx, brand.merchant.merchant_id, code="s2", name="西溪店")
    await follow_by(mall, brand, person, await brand.label())
    await person.act("unfollow", appid=brand.appid)

    async def gone() -> bool:
        rows = await brand.rows("select 1 from facts where merchant_id = $1 and kind = 'channel.unfollowed'")
        return len(rows) == 1

    await mall.settle(gone)
    (left,) = await brand.rows("select following from followers where merchant_id = $1")
    assert not left["following"]
    await asyncio.sleep(1.1)  # WeChat tells times to the second
    await follow_by(mall, brand, person, await brand.label("西溪店", store_id=other.store_id))
    (back,) = await brand.rows("select following, follows, home_store_id from followers where merchant_id = $1")
    assert back == {"following": True, "follows": 2, "home_store_id": brand.store_id}
    facts = await brand.rows("select payload from facts where merchant_id = $1 and kind = 'channel.followed'")
    assert sorted(f["payload"]["first"] for f in facts) == [False, True]


async def test_a_follow_without_a_code_has_no_store_and_an_unknown_scene_none_either(mall: Mall) -> None:
    brand, person = await mall.brand("plain"), await mall.person()
    await follow_by(mall, brand, person, None)
    assert await brand.touches() == [("follow", None, False)]
    wechat = Pusher(mall.http, f"/wechat/{brand.merchant.code}/official-account", brand.account, "plain")
    answer = await wechat.push(wechat.event("SCAN", await person.openid(brand.appid), EventKey="nosuchscene"))
    assert answer.text == "success"
    await mall.deliver()
    assert len(await brand.touches()) == 1
    (follower,) = await brand.rows("select home_store_id, label_id from followers where merchant_id = $1")
    assert follower == {"home_store_id": None, "label_id": None}


@pytest.mark.parametrize("mode", ["plain", "safe", "compatible"])
async def test_texts_and_menu_keys_are_answered_by_keyword(mall: Mall, mode: str) -> None:
    brand, person = await mall.brand(mode), await mall.person()
    async with mall.rt.db.transaction() as tx:
        keywords = [
            KeywordReply("营业时间", "contains", "每天 10:00-22:00 {store}"),
            KeywordReply("hi", "exact", "您好"),
            KeywordReply("HOURS", "exact", "十点开门 ]]> {mall}"),
        ]
        await channels.save_replies(tx, brand.merchant.merchant_id, Replies("", keywords))
        menu = (Button.click("时间", "HOURS"), Button.view("商城", f"{mall.url}/shop/"))
        await channels.save_menu(tx, brand.merchant.merchant_id, menu)
    await channels.publish_menu(mall.rt, brand.merchant.merchant_id)
    await follow_by(mall, brand, person, None)
    for words in ("请问营业时间？", " HI ", "没有答案的话"):
        await person.act(f"chats/{brand.appid}/text", content=words)
    await person.act(f"chats/{brand.appid}/menu", key="HOURS")
    await person.act(f"chats/{brand.appid}/menu", url=f"{mall.url}/shop/")

    async def answered() -> bool:
        return len(await brand.rows("select 1 from pushes where merchant_id = $1")) == 6

    await mall.settle(answered)

    async def said() -> bool:
        return len([m for m in await person.chat(brand.appid) if m["kind"] == "text"]) == 3

    await mall.settle(said)
    replies = {m["content"] for m in await person.chat(brand.appid) if m["kind"] == "text"}
    link = f'<a href="{mall.url}/shop/{brand.merchant.code}/">进入商城</a>'
    assert replies == {"每天 10:00-22:00 青衫", "您好", f"十点开门 ]]> {link}"}


async def test_who_cannot_be_named_in_time_is_told_later_with_nothing_lost(mall: Mall) -> None:
    brand, person = await mall.brand("plain", connected=False), await mall.person()
    label = await brand.label()
    openid = await person.openid_before_following(brand.appid)
    wechat = Pusher(mall.http, "", brand.account, "plain")
    deaf = msgspec.structs.replace(
        mall.rt,
        settings=msgspec.structs.replace(mall.rt.settings, wechat=WeChatUrls.of_sandbox("http://127.0.0.1:9")),
    )
    async with mall.rt.db.transaction() as tx:
        await tx.execute("delete from wechat_tokens where merchant_id = $1", brand.merchant.merchant_id)
    for body in (
        wechat.event("subscribe", openid, EventKey=f"qrscene_{label.code}", Ticket="t"),
        wechat.event("SCAN", openid, EventKey=label.code, Ticket="t"),
    ):
        query, raw = wechat.sign(body)
        reply = await intake.receive(deaf, brand.merchant, query, raw)
        assert "欢迎" in reply.decode()
    await mall.deliver()
    assert await brand.touches() == []
    await person.act("follow", appid=brand.appid)
    assert await pushes.identify_unknown(mall.rt) >= 1
    await mall.deliver()
    assert [t[:2] for t in await brand.touches()] == [("follow", label.code), ("scan", label.code)]
    (follower,) = await brand.rows("select shopper_id from followers where merchant_id = $1")
    assert follower["shopper_id"]


async def test_one_person_through_mini_program_and_official_account_is_one_shopper(mall: Mall) -> None:
    brand, person = await mall.brand(), await mall.person()
    code = (await person.act("jscode", appid=brand.mini["appid"]))["code"]
    login = await mall.http.post(f"/api/shop/{brand.merchant.code}/wechat/login", json={"code": code})
    assert login.status_code == 200, login.text
    await follow_by(mall, brand, person, await brand.label())
    (follower,) = await brand.rows("select shopper_id from followers where merchant_id = $1")
    assert str(follower["shopper_id"]) == login.json()["shopper"]["shopper_id"]


async def test_two_shoppers_who_prove_to_be_one_keep_their_touchpoints_and_home(mall: Mall) -> None:
    brand, person = await mall.brand("plain", connected=False), await mall.person()
    label = await brand.label()
    # WeChat refuses to tell who it is (no open-platform account yet): an openid is all we have.
    openid = await person.openid_before_following(brand.appid)
    wechat = Pusher(mall.http, f"/wechat/{brand.merchant.code}/official-account", brand.account, "plain")
    await wechat.push(wechat.event("subscribe", openid, EventKey=f"qrscene_{label.code}", Ticket="t"))
    await mall.deliver()
    (before,) = await brand.rows("select shopper_id from followers where merchant_id = $1")
    code = (await person.act("jscode", appid=brand.mini["appid"]))["code"]
    login = (await mall.http.post(f"/api/shop/{brand.merchant.code}/wechat/login", json={"code": code})).json()
    assert str(before["shopper_id"]) != login["shopper"]["shopper_id"]
    browser = await mall.browse(person, brand.merchant.code)
    assert (await browser.get("/api/shop/session")).json()["shopper"]["shopper_id"] == login["shopper"]["shopper_id"]
    await browser.aclose()
    (touch,) = await brand.rows("select shopper_id from touchpoints where merchant_id = $1")  # at once: she may buy
    (home,) = await brand.rows("select shopper_id, store_id from shopper_homes where merchant_id = $1")
    await mall.deliver()
    (after,) = await brand.rows("select shopper_id from followers where merchant_id = $1")
    assert {str(r["shopper_id"]) for r in (after, touch, home)} == {login["shopper"]["shopper_id"]}
    assert home["store_id"] == brand.store_id


async def test_the_invariants_hold_on_all_of_this(mall: Mall) -> None:
    await mall.deliver()
    async with mall.rt.db.transaction() as tx:
        findings = await verification.run(tx, [*channels.CHECKS, *attribution.CHECKS])
    assert [(f.name, f.offenders) for f in findings if not f.holds] == []
