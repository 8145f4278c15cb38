"""Tags, uploads, templates, customer service, safety and WeCom end to end against the sandbox."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bihuan.wechat import ApiError, IssuedToken, MemoryTokens, MiniProgram
from bihuan.wechat.mini_program import Scene
from bihuan.wechat.wecom import (
    ContactAdded,
    ContactRemoved,
    EventReceiver,
    LinkAttachment,
    WeCom,
    WeComEvent,
    fetch_wecom_token,
)

from .desk import Desk
from .listener import Delivery, Listener


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "#0a7").save(out, "PNG")
    return out.getvalue()


async def test_tags_followers_and_remarks(desk: Desk) -> None:
    account = await desk.official_account()
    await desk.ask("POST", f"/official-accounts/{account['appid']}/followers", count=3)
    line = desk.official(account)
    page = await line.followers.list()
    assert (page.total, len(page.openids)) == (3, 3)
    assert (await line.followers.list(after=page.next_openid)).openids == ()
    assert all(f.following and f.unionid for f in await line.followers.get_many(page.openids))
    tag = await line.tags.create("老顾客")
    with pytest.raises(ApiError) as refused:
        await line.tags.create("老顾客")
    assert refused.value.errcode == 45157
    await line.tags.put(tag.id, page.openids[:2])
    assert set((await line.tags.members(tag.id)).openids) == set(page.openids[:2])
    assert await line.tags.of(page.openids[0]) == (tag.id,)
    await line.tags.take(tag.id, page.openids[:1])
    assert await line.tags.of(page.openids[0]) == ()
    await line.tags.rename(tag.id, "新顾客")
    assert "新顾客" in [t.name for t in await line.tags.list()]
    await line.tags.delete(tag.id)
    await line.followers.remark(page.openids[0], "常来")
    assert (await line.user_info(page.openids[0])).remark == "常来"


async def test_uploads(desk: Desk) -> None:
    line = desk.official(await desk.official_account())
    content = picture()
    temporary = await line.materials.upload_temporary("image", "a.png", content, "image/png")
    assert await line.materials.get_temporary(temporary.id) == content
    kept = await line.materials.upload_permanent("image", "b.png", content, "image/png")
    assert kept.url.startswith("http")
    assert await line.materials.get(kept.media_id) == content
    assert (await line.materials.count()).image_count == 1
    assert [m.media_id for m in (await line.materials.list("image")).item] == [kept.media_id]
    assert (await line.materials.upload_article_picture("c.png", content, "image/png")).startswith("http")
    await line.materials.delete(kept.media_id)
    with pytest.raises(ApiError) as refused:
        await line.materials.get(kept.media_id)
    assert refused.value.errcode == 40007


async def test_templates_and_customer_service(desk: Desk) -> None:
    account = await desk.official_account()
    line = desk.official(account)
    template_id = await line.templates.add("110", ["订单编号", "状态"])
    assert template_id in [t.template_id for t in await line.templates.list()]
    await line.templates.delete(template_id)
    assert template_id not in [t.template_id for t in await line.templates.list()]
    await line.service.add("guide@shop", "小王")
    assert [a.kf_nick for a in await line.service.accounts()] == ["小王"]
    await line.service.rename("guide@shop", "小李")
    assert [a.kf_account for a in await line.service.online()] == ["guide@shop"]
    shopper = await desk.shopper()
    await desk.ask("POST", f"/shoppers/{shopper}/follow", appid=account["appid"])
    openid = await desk.openid(shopper, account)
    await line.service.open_session("guide@shop", openid)
    assert (await line.service.session(openid)).kf_account == "guide@shop"
    assert [s.openid for s in await line.service.sessions("guide@shop")] == [openid]
    await line.service.close_session("guide@shop", openid)
    assert (await line.service.session(openid)).kf_account == ""
    await line.service.delete("guide@shop")
    assert await line.service.accounts() == ()


async def test_texts_are_looked_through_and_subscribe_messages_sent_once(desk: Desk) -> None:
    made = await desk.ask("POST", "/mini-programs", name="青衫")
    app = next(a for a in (await desk.accounts())["mini_programs"] if a["appid"] == made["appid"])
    line = MiniProgram(appid=app["appid"], secret=app["secret"], tokens=desk.tokens(app["secret"]), api=desk.api)
    shopper = await desk.shopper()
    code = (await desk.ask("POST", f"/shoppers/{shopper}/jscode", appid=app["appid"]))["code"]
    openid = (await line.login(code)).openid
    await desk.ask("PUT", f"/apps/{app['appid']}/settings", risky_words={"坏话": 20001})
    assert not (await line.safety.check_text("好话", openid=openid, scene=Scene.COMMENT)).risky
    assert (await line.safety.check_text("坏话", openid=openid, scene=Scene.COMMENT)).risky
    template_id = await line.subscribe_templates.add(105, [2, 10], "到货")
    assert template_id in [t.id for t in await line.subscribe_templates.list()]
    data = {"thing2": "外套", "number10": "3"}
    with pytest.raises(ApiError) as refused:
        await line.send_subscribe(openid, template_id, data)
    assert refused.value.errcode == 43101
    await desk.ask("POST", f"/shoppers/{shopper}/subscriptions", appid=app["appid"], template_ids=[template_id])
    await line.send_subscribe(openid, template_id, data, page="pages/order/order?id=1")
    with pytest.raises(ApiError) as refused:  # one consent, one message
        await line.send_subscribe(openid, template_id, data)
    assert refused.value.errcode == 43101
    told = await desk.ask("GET", f"/shoppers/{shopper}/service-messages")
    assert "外套" in str(told)


async def test_wecom(desk: Desk, listener: Listener) -> None:
    corp = await desk.ask("POST", "/corps", name="青衫")
    corpid = corp["corpid"]

    async def fetch(_corpid: str, _force: bool) -> IssuedToken:
        return await fetch_wecom_token(desk.api, corpid=corpid, secret=corp["secret"])

    line = WeCom(corpid=corpid, tokens=MemoryTokens(fetch), api=desk.api)
    await desk.ask("POST", f"/corps/{corpid}/members", userid="zhang", name="小张")
    assert [m.name for m in (await line.address_book()).members if m.userid == "zhang"] == ["小张"]
    receiver = EventReceiver(corpid=corpid, token=corp["token"], encoding_aes_key=corp["encoding_aes_key"])
    heard: list[WeComEvent] = []

    def serve(got: Delivery) -> tuple[int, bytes]:
        if got.method == "GET":
            return 200, receiver.verify_handshake(got.query).encode()
        heard.append(receiver.parse(got.query, got.body))
        return 200, b"success"

    listener.answers = {"/wecom": serve}
    await desk.ask("PUT", f"/corps/{corpid}", callback_url=f"{listener.base_url}/wecom")
    made = await line.add_contact_way(["zhang"], state="L7", remark="一店")
    assert (await line.get_contact_way(made.config_id)).state == "L7"
    shopper = await desk.shopper()
    await desk.ask("POST", f"/shoppers/{shopper}/contacts", content=made.qr_code)
    await listener.next("/wecom")
    added = heard[-1]
    assert isinstance(added, ContactAdded)
    assert (added.userid, added.state, bool(added.welcome_code)) == ("zhang", "L7", True)
    await line.send_welcome(added.welcome_code, "您好", [LinkAttachment(title="商城", url="https://x.test/")])
    with pytest.raises(ApiError) as refused:
        await line.send_welcome(added.welcome_code, "您好")
    assert refused.value.errcode in {41050, 41051, 41096}
    contacts = (await desk.ask("GET", f"/shoppers/{shopper}/contacts"))["items"]
    assert "您好" in str(contacts[0]["messages"])
    detail = await line.customer(added.external_userid)
    assert [f.state for f in detail.follow_user] == ["L7"]
    assert await line.customer_ids("zhang") == (added.external_userid,)
    assert "zhang" in await line.members_with_customers()
    found = (await line.customers(["zhang"])).external_contact_list
    assert [c.external_contact.external_userid for c in found] == [added.external_userid]
    await desk.ask("DELETE", f"/shoppers/{shopper}/contacts/{corpid}/zhang")
    await listener.next("/wecom")
    assert isinstance(heard[-1], ContactRemoved)
    assert heard[-1].by_customer
    await line.delete_contact_way(made.config_id)
