"""Official Account, OAuth and mini program end to end against the sandbox, which shares no code with them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from bihuan.wechat import (
    ApiError,
    IssuedToken,
    MemoryTokens,
    MiniProgram,
    OAuth,
    OfficialAccount,
    PushReceiver,
    fetch_stable_token,
)
from bihuan.wechat.official_account import (
    Article,
    Button,
    Click,
    Mode,
    Other,
    Push,
    Scan,
    Subscribe,
    Text,
    Unsubscribe,
)

from .desk import Desk
from .listener import Delivery, Listener


@pytest.mark.parametrize("mode", ["plain", "safe", "compatible"])
async def test_follow_chat_and_leave(desk: Desk, listener: Listener, mode: Mode) -> None:
    account = await desk.official_account()
    receiver = PushReceiver(
        appid=account["appid"],
        token=account["token"],
        encoding_aes_key=account["encoding_aes_key"],
        mode=mode,
    )
    pushes: list[Push] = []

    def serve(got: Delivery) -> tuple[int, bytes]:
        if got.method == "GET":
            return 200, receiver.verify_handshake(got.query).encode()
        pushes.append(receiver.parse(got.query, got.body))
        return 200, receiver.reply_text(pushes[-1], f"收到 {type(pushes[-1]).__name__}")

    listener.answers = {"/oa": serve}
    await desk.ask("PUT", f"/official-accounts/{account['appid']}", callback_url=f"{listener.base_url}/oa", mode=mode)
    line = desk.official(account)
    shopper = await desk.shopper()
    code = await line.create_qr("s:01", expires_in_seconds=3600)
    picture = await desk.http.get(line.qr_picture_url(code.ticket))
    assert picture.headers["content-type"].startswith("image/")

    scanned = await desk.ask("POST", f"/shoppers/{shopper}/scan", content=code.url)
    assert scanned["action"] == "follow_page"
    await desk.ask("POST", f"/shoppers/{shopper}/follow", appid=account["appid"], ticket=scanned["ticket"])
    await listener.next("/oa")
    followed = pushes[-1]
    assert isinstance(followed, Subscribe)
    assert (followed.scene, followed.original_id) == ("s:01", account["original_id"])
    openid = followed.openid
    assert openid == await desk.openid(shopper, account)
    follower = await line.user_info(openid)
    assert follower.following
    assert follower.qr_scene_str == "s:01"

    await desk.ask("POST", f"/shoppers/{shopper}/scan", content=code.url)
    await listener.next("/oa")
    assert isinstance(pushes[-1], Scan)
    await desk.ask("POST", f"/shoppers/{shopper}/chats/{account['appid']}/text", content="你好 ]]>")
    await listener.next("/oa")
    assert isinstance(pushes[-1], Text)
    assert pushes[-1].content == "你好 ]]>"

    await line.create_menu((Button.click("会员卡", "card"), Button.view("商城", "https://x.test/")))
    assert [b.name for b in await line.get_menu()] == ["会员卡", "商城"]
    await desk.ask("POST", f"/shoppers/{shopper}/chats/{account['appid']}/menu", key="card")
    await listener.next("/oa")
    assert isinstance(pushes[-1], Click)
    assert pushes[-1].key == "card"

    await line.send_text(openid, "客服消息")
    await line.send_news(openid, Article(title="会员卡", url="https://x.test/"))
    chat = await desk.ask("GET", f"/shoppers/{shopper}/chats/{account['appid']}")
    shown = str(chat["messages"])
    for text in ("收到 Subscribe", "收到 Click", "客服消息", "会员卡"):
        assert text in shown

    msgid = await line.send_template(openid, "order_paid", {"amount": "129.00"}, url="https://x.test/")
    await listener.next("/oa")
    assert isinstance(pushes[-1], Other)
    assert pushes[-1].event == "TEMPLATESENDJOBFINISH"
    assert pushes[-1].fields["MsgID"] == str(msgid)

    await line.delete_menu()
    assert await line.get_menu() == ()
    await desk.ask("POST", f"/shoppers/{shopper}/unfollow", appid=account["appid"])
    await listener.next("/oa")
    assert isinstance(pushes[-1], Unsubscribe)
    assert not (await line.user_info(openid)).following
    with pytest.raises(ApiError):
        await line.send_text(openid, "gone")


async def test_tokens_tickets_and_profiles(desk: Desk) -> None:
    account = await desk.official_account()
    line = desk.official(account)
    config = await line.js_config("http://127.0.0.1:1/shop/#/x")
    assert config.app_id == account["appid"]
    with pytest.raises(ApiError) as refused:
        await fetch_stable_token(desk.api, appid=account["appid"], secret="wrong")
    assert refused.value.errcode in {40001, 40125}

    shopper = await desk.shopper()
    oauth = OAuth(appid=account["appid"], secret=account["secret"], api=desk.api, open_url=desk.base)
    url = oauth.authorize_url("http://127.0.0.1:1/cb", state="st")
    got = await desk.http.get(url, headers={"X-Sandbox-Shopper": shopper})
    code = parse_qs(urlsplit(got.headers["location"]).query)["code"][0]
    grant = await oauth.exchange(code)
    profile = await oauth.userinfo(grant)
    assert (profile.openid, profile.nickname) == (grant.openid, "小满")
    assert await oauth.is_valid(grant)
    assert (await oauth.refresh(grant)).openid == grant.openid
    with pytest.raises(ApiError) as refused:
        await oauth.exchange(code)
    assert refused.value.errcode == 40163


async def test_a_token_that_ended_elsewhere_is_replaced(desk: Desk) -> None:
    account = await desk.official_account()
    given: list[bool] = []

    async def fetch(appid: str, force: bool) -> IssuedToken:
        given.append(force)
        if len(given) == 1:
            return IssuedToken("dead", 7200)
        return await fetch_stable_token(desk.api, appid=appid, secret=account["secret"], force_refresh=force)

    line = OfficialAccount(appid=account["appid"], tokens=MemoryTokens(fetch), api=desk.api)
    assert (await line.create_qr(7, expires_in_seconds=60)).url
    assert given == [False, False]


async def test_mini_program(desk: Desk) -> None:
    made = await desk.ask("POST", "/mini-programs", name="青衫小程序")
    app = next(a for a in (await desk.accounts())["mini_programs"] if a["appid"] == made["appid"])
    line = MiniProgram(appid=app["appid"], secret=app["secret"], tokens=desk.tokens(app["secret"]), api=desk.api)
    shopper = await desk.shopper()
    code = (await desk.ask("POST", f"/shoppers/{shopper}/jscode", appid=app["appid"]))["code"]
    session = await line.login(code)
    assert session.openid
    assert session.session_key
    picture = await line.unlimited_code("l=8f3k", page="pages/home/home", check_path=False)
    assert picture[:2] in {b"\xff\xd8", b"\x89P"}
    with pytest.raises(ApiError) as refused:
        await line.login(code)
    assert refused.value.errcode in {40029, 40163}
