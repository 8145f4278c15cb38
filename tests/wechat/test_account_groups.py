"""An Official Account's tags, followers, uploads, templates and customer service: what goes over the wire."""

from __future__ import annotations

import json

import httpx
import pytest

from bihuan.wechat import ApiError
from bihuan.wechat.official_account import MiniProgramLink

from .api import NOW, OK, WeChat, official


async def test_tags() -> None:
    wechat = WeChat(
        cgi_bin__tags__create={"tag": {"id": 134, "name": "北京"}},
        cgi_bin__tags__get={"tags": [{"id": 1, "name": "星标", "count": 2}, {"id": 134, "name": "北京", "count": 0}]},
        cgi_bin__tags__update=OK,
        cgi_bin__tags__delete={"errcode": 45058, "errmsg": "can't modify sys tag"},
        cgi_bin__tags__members__batchtagging=OK,
        cgi_bin__tags__members__batchuntagging=OK,
        cgi_bin__tags__getidlist={"tagid_list": [134, 2]},
        cgi_bin__user__tag__get={"count": 1, "data": {"openid": ["o1"]}, "next_openid": "o1"},
    )
    tags = official(wechat).tags
    assert (await tags.create("北京")).id == 134
    assert [(t.id, t.count) for t in await tags.list()] == [(1, 2), (134, 0)]
    await tags.rename(134, "上海")
    await tags.put(134, ["o1", "o2"])
    await tags.take(134, ["o2"])
    assert await tags.of("o1") == (134, 2)
    page = await tags.members(134)
    assert (page.openids, page.next_openid) == (("o1",), "o1")
    with pytest.raises(ApiError) as refused:
        await tags.delete(2)
    assert refused.value.errcode == 45058
    assert wechat.bodies() == [
        {"tag": {"name": "北京"}},
        {"tag": {"id": 134, "name": "上海"}},
        {"openid_list": ["o1", "o2"], "tagid": 134},
        {"openid_list": ["o2"], "tagid": 134},
        {"openid": "o1"},
        {"tagid": 134, "next_openid": ""},
        {"tag": {"id": 2}},
    ]
    for openids in ([], ["o"] * 51):
        with pytest.raises(ValueError, match="1-50"):
            await tags.put(1, openids)


async def test_making_a_tag_is_not_repeated_when_the_answer_is_lost() -> None:
    wechat = WeChat(cgi_bin__tags__create=[httpx.ReadTimeout("slow"), {"tag": {"id": 1, "name": "a"}}])
    with pytest.raises(Exception, match="timeout"):
        await official(wechat).tags.create("a")
    assert sum(r.url.path == "/cgi-bin/tags/create" for r in wechat.requests) == 1


async def test_followers_in_pages_and_batches() -> None:
    wechat = WeChat(
        cgi_bin__user__get=[
            {"total": 3, "count": 2, "data": {"openid": ["o1", "o2"]}, "next_openid": "o2"},
            {"total": 3, "count": 0, "next_openid": ""},
        ],
        cgi_bin__user__info__batchget={
            "user_info_list": [{"subscribe": 1, "openid": "o1", "unionid": "u1"}, {"subscribe": 0, "openid": "o2"}]
        },
        cgi_bin__user__info__updateremark=OK,
    )
    followers = official(wechat).followers
    page = await followers.list()
    assert (page.total, page.openids) == (3, ("o1", "o2"))
    assert (await followers.list(after=page.next_openid)).openids == ()
    assert "next_openid" not in wechat.requests[1].url.params
    assert wechat.requests[2].url.params["next_openid"] == "o2"
    assert [f.following for f in await followers.get_many(["o1", "o2"])] == [True, False]
    await followers.remark("o1", "老顾客")
    assert wechat.bodies() == [
        {"user_list": [{"openid": "o1", "lang": "zh_CN"}, {"openid": "o2", "lang": "zh_CN"}]},
        {"openid": "o1", "remark": "老顾客"},
    ]
    with pytest.raises(ValueError, match="1-100"):
        await followers.get_many(["o"] * 101)


async def test_uploads_are_forms() -> None:
    picture = b"\xff\xd8 picture"
    wechat = WeChat(
        cgi_bin__media__upload={"type": "thumb", "thumb_media_id": "T1", "created_at": 1},
        cgi_bin__material__add_material={"media_id": "M1", "url": "http://mmbiz/1"},
        cgi_bin__media__uploadimg={"url": "http://mmbiz/2"},
        cgi_bin__material__batchget_material={
            "total_count": 1,
            "item_count": 1,
            "item": [{"media_id": "M1", "name": "a.jpg", "update_time": 1, "url": "u"}],
        },
        cgi_bin__material__get_materialcount={"image_count": 7},
        cgi_bin__material__del_material=OK,
        cgi_bin__media__get=httpx.Response(200, content=picture, headers={"content-type": "image/jpeg"}),
    )
    materials = official(wechat).materials
    assert (await materials.upload_temporary("thumb", "a.jpg", picture, "image/jpeg")).id == "T1"
    assert (await materials.upload_permanent("video", "v.mp4", b"v", "video/mp4", title="片")).media_id == "M1"
    assert await materials.upload_article_picture("a.png", picture, "image/png") == "http://mmbiz/2"
    assert await materials.get_temporary("T1") == picture
    assert (await materials.list("image")).item[0].media_id == "M1"
    assert (await materials.count()).image_count == 7
    await materials.delete("M1")
    forms = {r.url.path: r for r in wechat.requests if r.headers.get("content-type", "").startswith("multipart/")}
    assert set(forms) == {"/cgi-bin/media/upload", "/cgi-bin/material/add_material", "/cgi-bin/media/uploadimg"}
    sent = forms["/cgi-bin/media/upload"]
    assert sent.url.params["type"] == "thumb"
    assert b'name="media"; filename="a.jpg"' in sent.content
    assert picture in sent.content
    assert '{"title":"片","introduction":""}'.encode() in forms["/cgi-bin/material/add_material"].content


async def test_an_upload_under_a_dead_token_is_sent_again_whole() -> None:
    wechat = WeChat(cgi_bin__media__uploadimg={"url": "u"})
    wechat.dead = {"t1"}
    assert await official(wechat).materials.upload_article_picture("a.png", b"x" * 1000, "image/png") == "u"
    sent = [r for r in wechat.requests if r.url.path == "/cgi-bin/media/uploadimg"]
    assert [b"x" * 1000 in r.content for r in sent] == [True, True]


async def test_templates_and_subscribe_messages() -> None:
    wechat = WeChat(
        cgi_bin__template__api_add_template={**OK, "template_id": "TPL"},
        cgi_bin__template__get_all_private_template={"template_list": [{"template_id": "TPL", "title": "付款"}]},
        cgi_bin__template__del_private_template=OK,
        cgi_bin__template__api_set_industry=OK,
        wxaapi__newtmpl__getcategory={**OK, "data": [{"id": 616, "name": "公交"}]},
        wxaapi__newtmpl__getpubtemplatetitles={**OK, "count": 55, "data": [{"tid": 99, "title": "付款成功通知"}]},
        wxaapi__newtmpl__getpubtemplatekeywords={**OK, "data": [{"kid": 1, "name": "物品名称", "rule": "thing"}]},
        wxaapi__newtmpl__addtemplate={**OK, "priTmplId": "P1"},
        wxaapi__newtmpl__gettemplate={**OK, "data": [{"priTmplId": "P1", "title": "t", "content": "{{thing1.DATA}}"}]},
        wxaapi__newtmpl__deltemplate=OK,
        cgi_bin__message__subscribe__bizsend=[OK, {"errcode": 43101, "errmsg": "user refuse to accept the msg"}],
    )
    account = official(wechat)
    assert await account.templates.add("TM00015", ["付款金额"]) == "TPL"
    assert [t.title for t in await account.templates.list()] == ["付款"]
    await account.templates.delete("TPL")
    await account.templates.set_industries("1", "4")
    library = account.subscribe_templates
    assert [c.id for c in await library.categories()] == [616]
    assert [t.tid for t in await library.library([616, 2])] == [99]
    assert [k.kid for k in await library.keywords(99)] == [1]
    assert await library.add(99, [1, 2], "付款") == "P1"
    assert [t.id for t in await library.list()] == ["P1"]
    await library.delete("P1")
    await account.send_subscribe("o1", "P1", {"thing1": "外套"}, mini_program=MiniProgramLink("wx2", "pages/x"))
    with pytest.raises(ApiError) as refused:
        await account.send_subscribe("o1", "P1", {"thing1": "外套"})
    assert refused.value.errcode == 43101
    assert wechat.bodies()[3:5] == [{"tid": "99", "kidList": [1, 2], "sceneDesc": "付款"}, {"priTmplId": "P1"}]
    assert wechat.bodies()[5] == {
        "touser": "o1",
        "template_id": "P1",
        "data": {"thing1": {"value": "外套"}},
        "miniprogram": {"appid": "wx2", "pagepath": "pages/x"},
    }


async def test_customer_service() -> None:
    wechat = WeChat(
        cgi_bin__customservice__getkflist={"kf_list": [{"kf_account": "a@gh", "kf_nick": "小王", "kf_id": "1001"}]},
        cgi_bin__customservice__getonlinekflist={
            "kf_online_list": [{"kf_account": "a@gh", "status": 1, "kf_id": 1001, "accepted_case": 2}]
        },
        customservice__kfaccount__add=OK,
        customservice__kfaccount__del=OK,
        customservice__kfsession__create=[OK, {"errcode": 65415, "errmsg": "kf offline"}],
        customservice__kfsession__getsession={"createtime": 123, "kf_account": "a@gh"},
        customservice__kfsession__getwaitcase={"count": 1, "waitcaselist": [{"latest_time": 5, "openid": "o1"}]},
        customservice__msgrecord__getmsglist={
            "recordlist": [{"openid": "o1", "opercode": 2003, "text": "在吗", "time": 5, "worker": "a@gh"}],
            "number": 1,
            "msgid": 9,
        },
        cgi_bin__message__custom__typing=OK,
    )
    service = official(wechat).service
    assert [a.kf_nick for a in await service.accounts()] == ["小王"]
    assert (await service.online())[0].accepted_case == 2
    await service.add("a@gh", "小王")
    await service.delete("a@gh")
    await service.open_session("a@gh", "o1")
    with pytest.raises(ApiError) as refused:
        await service.open_session("a@gh", "o1")
    assert refused.value.errcode == 65415
    assert (await service.session("o1")).kf_account == "a@gh"
    assert (await service.waiting())[0].openid == "o1"
    assert (await service.said(NOW, NOW)).recordlist[0].text == "在吗"
    await service.typing("o1")
    assert json.loads(wechat.requests[-1].content) == {"touser": "o1", "command": "Typing"}
    deleted = next(r for r in wechat.requests if r.url.path.endswith("/kfaccount/del"))
    assert deleted.url.params["kf_account"] == "a@gh"
