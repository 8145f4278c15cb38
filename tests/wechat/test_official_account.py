"""The Official Account's calls: QR codes, messages, menu, JS-SDK configuration."""

from __future__ import annotations

import pytest

from bihuan.wechat import (
    crypto,
)
from bihuan.wechat.official_account import Article, Button, MiniProgramLink, MiniProgramPage

from .api import NOW, OK, WeChat, official


async def test_qr_codes() -> None:
    made = {"ticket": "T+/=", "url": "http://weixin.qq.com/q/1", "expire_seconds": 60}
    wechat = WeChat(cgi_bin__qrcode__create=made)
    account = official(wechat)
    got = await account.create_qr("s:01", expires_in_seconds=60)
    await account.create_qr("s:01")
    await account.create_qr(7, expires_in_seconds=60)
    await account.create_qr(7)
    assert wechat.bodies() == [
        {
            "action_name": "QR_STR_SCENE",
            "expire_seconds": 60,
            "action_info": {"scene": {"scene_str": "s:01"}},
        },
        {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "s:01"}}},
        {"action_name": "QR_SCENE", "expire_seconds": 60, "action_info": {"scene": {"scene_id": 7}}},
        {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}},
    ]
    assert account.qr_picture_url(got.ticket) == "https://mp.test/cgi-bin/showqrcode?ticket=T%2B%2F%3D"
    for scene, seconds in (("", 60), ("x" * 65, 60), (0, 60), (100_001, None), (2**32, 60), (1, 2_592_001)):
        with pytest.raises(ValueError, match="1-"):
            await account.create_qr(scene, expires_in_seconds=seconds)


async def test_messages() -> None:
    wechat = WeChat(
        cgi_bin__message__custom__send=OK,
        cgi_bin__message__template__send={**OK, "msgid": 200228332},
    )
    account = official(wechat)
    await account.send_text("o1", "你好")
    await account.send_news("o1", Article(title="t", url="u", description="d", picurl="p"))
    await account.send_mini_program_page(
        "o1", MiniProgramPage(title="t", appid="wx2", pagepath="p", thumb_media_id="m")
    )
    msgid = await account.send_template(
        "o1", "tpl", {"a": "1"}, url="u", mini_program=MiniProgramLink("wx2", "pages/x")
    )
    assert msgid == 200228332
    assert wechat.bodies() == [
        {"touser": "o1", "msgtype": "text", "text": {"content": "你好"}},
        {
            "touser": "o1",
            "msgtype": "news",
            "news": {"articles": [{"title": "t", "url": "u", "description": "d", "picurl": "p"}]},
        },
        {
            "touser": "o1",
            "msgtype": "miniprogrampage",
            "miniprogrampage": {"title": "t", "appid": "wx2", "pagepath": "p", "thumb_media_id": "m"},
        },
        {
            "touser": "o1",
            "template_id": "tpl",
            "data": {"a": {"value": "1"}},
            "url": "u",
            "miniprogram": {"appid": "wx2", "pagepath": "pages/x"},
        },
    ]
    assert "你好".encode() in wechat.requests[1].content  # WeChat shows \\u escapes as they stand


async def test_menu() -> None:
    buttons = (
        Button.group("逛逛", Button.view("商城", "https://x.test"), Button.click("会员卡", "card")),
        Button.mini_program("小程序", appid="wx2", pagepath="pages/x", url="https://x.test"),
    )
    wire = [
        {
            "name": "逛逛",
            "sub_button": [
                {"type": "view", "name": "商城", "url": "https://x.test"},
                {"type": "click", "name": "会员卡", "key": "card"},
            ],
        },
        {
            "type": "miniprogram",
            "name": "小程序",
            "appid": "wx2",
            "pagepath": "pages/x",
            "url": "https://x.test",
        },
    ]
    wechat = WeChat(
        cgi_bin__menu__create=OK,
        cgi_bin__menu__get=[{"menu": {"button": wire}}, {"errcode": 46003, "errmsg": "menu no exist"}],
        cgi_bin__menu__delete=OK,
    )
    account = official(wechat)
    await account.create_menu(buttons)
    assert wechat.bodies() == [{"button": wire}]
    assert await account.get_menu() == buttons
    await account.delete_menu()
    assert await account.get_menu() == ()


async def test_js_config() -> None:
    wechat = WeChat(cgi_bin__ticket__getticket={**OK, "ticket": "JT", "expires_in": 7200})
    account = official(wechat)
    await account.js_config("https://x.test/")
    config = await account.js_config("https://x.test/shop/a/?l=1#/pages/home")
    expected = crypto.jssdk_signature(
        "JT",
        nonce_str=config.nonce_str,
        timestamp=str(int(NOW.timestamp())),
        url="https://x.test/shop/a/?l=1",
    )
    assert config.signature == expected
    assert sum(r.url.path == "/cgi-bin/ticket/getticket" for r in wechat.requests) == 1
