"""api.weixin.qq.com: errcodes, tokens and their renewal, the calls' forms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bihuan.wechat import (
    ApiConnection,
    ApiError,
    IssuedToken,
    Limits,
    MalformedMessage,
    MemoryTokens,
    MiniProgram,
    OAuth,
    OfficialAccount,
    Unavailable,
    crypto,
    fetch_stable_token,
)
from bihuan.wechat.official_account import Article, Button, MiniProgramLink, MiniProgramPage, OAuthGrant

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Json = dict[str, Any]
OK: Json = {"errcode": 0, "errmsg": "ok"}


class WeChat:
    """Answers by path; a list answers in turn. Gives tokens t1, t2, ... when forced."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {f"/{path.replace('__', '/')}": given for path, given in answers.items()}
        self.requests: list[httpx.Request] = []
        self.token = 1
        self.dead: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path
        if path == "/cgi-bin/stable_token":
            if json.loads(request.content).get("force_refresh"):
                self.token += 1
            return httpx.Response(200, json={"access_token": f"t{self.token}", "expires_in": 7200})
        if request.url.params.get("access_token") in self.dead:
            return httpx.Response(200, json={"errcode": 40001, "errmsg": "invalid credential"})
        given = self.answers[path.replace("-", "_")]
        if isinstance(given, list):
            given = given.pop(0) if given else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if isinstance(given, Exception):
            raise given
        if isinstance(given, httpx.Response):
            return given
        return httpx.Response(200, json=given)

    def bodies(self) -> list[Json]:
        return [json.loads(r.content) for r in self.requests if r.content and "token" not in r.url.path]


def api(wechat: WeChat) -> ApiConnection:
    http = httpx.AsyncClient(transport=httpx.MockTransport(wechat))
    return ApiConnection(
        http=http, base_url="https://api.test", limits=Limits(timeout_seconds=1, backoff_seconds=0.001)
    )


def tokens(line: ApiConnection) -> MemoryTokens:
    async def fetch(appid: str, force: bool) -> IssuedToken:
        return await fetch_stable_token(line, appid=appid, secret="s3cret", force_refresh=force)

    return MemoryTokens(fetch, now=lambda: NOW)


def official(wechat: WeChat) -> OfficialAccount:
    line = api(wechat)
    return OfficialAccount(appid="wx1", tokens=tokens(line), api=line, mp_url="https://mp.test", now=lambda: NOW)


def mini(wechat: WeChat) -> MiniProgram:
    line = api(wechat)
    return MiniProgram(appid="wx2", secret="s3cret", tokens=tokens(line), api=line)


def oauth(wechat: WeChat) -> OAuth:
    return OAuth(appid="wx1", secret="s3cret", api=api(wechat), open_url="https://open.test")


# --- tokens --------------------------------------------------------------------------------------------


async def test_one_token_for_many_calls() -> None:
    wechat = WeChat(cgi_bin__user__info={"openid": "o1", "subscribe": 1})
    account = official(wechat)
    await asyncio.gather(*(account.user_info("o1") for _ in range(20)))
    asked = [r for r in wechat.requests if r.url.path == "/cgi-bin/stable_token"]
    assert len(asked) == 1
    assert json.loads(asked[0].content) == {
        "grant_type": "client_credential",
        "appid": "wx1",
        "secret": "s3cret",
    }


async def test_a_dead_token_is_replaced_once_for_all() -> None:
    wechat = WeChat(cgi_bin__user__info={"openid": "o1"})
    wechat.dead = {"t1"}
    account = official(wechat)
    got = await asyncio.gather(*(account.user_info("o1") for _ in range(20)))
    assert {g.openid for g in got} == {"o1"}
    assert wechat.token == 2


async def test_a_token_that_stays_dead_is_an_error() -> None:
    wechat = WeChat(cgi_bin__user__info={})
    wechat.dead = {f"t{i}" for i in range(9)}
    with pytest.raises(ApiError) as caught:
        await official(wechat).user_info("o1")
    assert caught.value.errcode == 40001
    assert sum(r.url.path == "/cgi-bin/user/info" for r in wechat.requests) == 2


async def test_tokens_are_renewed_before_they_end() -> None:
    at = [NOW]
    issued: list[str] = []

    async def fetch(_appid: str, _force: bool) -> IssuedToken:
        issued.append(f"t{len(issued)}")
        return IssuedToken(issued[-1], 7200)

    source = MemoryTokens(fetch, now=lambda: at[0])
    assert await source.get("a") == "t0"
    at[0] += timedelta(seconds=6899)
    assert await source.get("a") == "t0"
    at[0] += timedelta(seconds=1)
    assert await source.get("a") == "t1"
    assert await source.get("b") == "t2"
    assert "t0" not in repr(IssuedToken("t0", 1))


async def test_a_failed_fetch_leaves_nothing_behind() -> None:
    answers: list[IssuedToken | Exception] = [
        Unavailable("timeout", "", safe_to_retry=True),
        IssuedToken("t", 60),
    ]

    async def fetch(_appid: str, _force: bool) -> IssuedToken:
        got = answers.pop(0)
        if isinstance(got, Exception):
            raise got
        return got

    source = MemoryTokens(fetch, now=lambda: NOW)
    with pytest.raises(Unavailable):
        await source.get("a")
    assert await source.get("a") == "t"


# --- errors --------------------------------------------------------------------------------------------


async def test_errcodes_are_kept() -> None:
    wechat = WeChat(cgi_bin__message__custom__send={"errcode": 45015, "errmsg": "out of time rid: 1"})
    with pytest.raises(ApiError) as caught:
        await official(wechat).send_text("o1", "hi")
    assert (caught.value.errcode, caught.value.code, caught.value.errmsg) == (
        45015,
        "45015",
        "out of time rid: 1",
    )


async def test_a_message_of_unknown_fate_is_not_sent_again() -> None:
    wechat = WeChat(cgi_bin__message__custom__send=httpx.ReadTimeout("x"))
    with pytest.raises(Unavailable) as caught:
        await official(wechat).send_text("o1", "hi")
    assert not caught.value.safe_to_retry
    assert len(wechat.requests) == 2


async def test_busy_and_broken_answers_are_repeated_where_harmless() -> None:
    busy: Json = {"errcode": -1, "errmsg": "system error"}
    broken = [httpx.Response(503), busy, {"openid": "o1"}]
    assert (await official(WeChat(cgi_bin__user__info=broken)).user_info("o1")).openid == "o1"
    sent = WeChat(cgi_bin__message__custom__send=[busy, httpx.ConnectError("x"), OK])
    await official(sent).send_text("o1", "hi")  # neither attempt can have been carried out


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (httpx.Response(200, text="<html>"), MalformedMessage),
        (httpx.Response(200, text="{"), MalformedMessage),
        (httpx.Response(200, json={"errcode": "x"}), MalformedMessage),
        (httpx.Response(200, json={"subscribe": 1}), MalformedMessage),
        (httpx.Response(200), MalformedMessage),
        (httpx.Response(302, headers={"location": "https://evil.test"}), ApiError),
        (httpx.Response(404, text="no"), ApiError),
    ],
)
async def test_answers_of_another_shape(given: httpx.Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        await official(WeChat(cgi_bin__user__info=given)).user_info("o1")


# --- Official Account ----------------------------------------------------------------------------------


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


# --- OAuth ---------------------------------------------------------------------------------------------


def test_authorize_url() -> None:
    url = oauth(WeChat()).authorize_url("https://x.test/cb?a=1&b=2", state="st1", scope="snsapi_base")
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://open.test/connect/oauth2/authorize"
    assert parts.fragment == "wechat_redirect"
    assert parse_qs(parts.query) == {
        "appid": ["wx1"],
        "redirect_uri": ["https://x.test/cb?a=1&b=2"],
        "response_type": ["code"],
        "scope": ["snsapi_base"],
        "state": ["st1"],
    }
    for state in ("", "x" * 129, "状态"):
        with pytest.raises(ValueError, match="state"):
            oauth(WeChat()).authorize_url("https://x.test", state=state)


async def test_oauth() -> None:
    granted = {"access_token": "at", "expires_in": 7200, "refresh_token": "rt", "openid": "o1", "scope": "s"}
    wechat = WeChat(
        sns__oauth2__access_token=granted,
        sns__oauth2__refresh_token=granted,
        sns__userinfo={"openid": "o1", "nickname": "小满", "sex": 0, "privilege": [], "unionid": "u1"},
        sns__auth=[OK, {"errcode": 40003, "errmsg": "invalid openid"}],
    )
    line = oauth(wechat)
    grant = await line.exchange("code1")
    assert "at" not in repr(grant).replace("OAuthGrant", "")
    assert dict(wechat.requests[0].url.params) == {
        "appid": "wx1",
        "secret": "s3cret",
        "code": "code1",
        "grant_type": "authorization_code",
    }
    assert (await line.userinfo(grant)).nickname == "小满"
    assert (await line.refresh(grant)).openid == "o1"
    assert await line.is_valid(grant)
    assert not await line.is_valid(grant)


@pytest.mark.parametrize("fault", [httpx.ReadTimeout("x"), httpx.Response(502)])
async def test_codes_are_spent_once(fault: Any) -> None:
    calls: list[tuple[WeChat, Callable[[], Awaitable[object]]]] = []
    wechat = WeChat(sns__oauth2__access_token=fault)
    calls.append((wechat, lambda: oauth(wechat).exchange("c")))
    other = WeChat(sns__jscode2session=fault)
    calls.append((other, lambda: mini(other).login("c")))
    for asked, call in calls:
        with pytest.raises(Unavailable) as caught:
            await call()
        assert not caught.value.safe_to_retry
        assert len(asked.requests) == 1


async def test_bad_codes() -> None:
    bad = {"errcode": 40029, "errmsg": "invalid code"}
    with pytest.raises(ApiError, match="40029"):
        await oauth(WeChat(sns__oauth2__access_token=bad)).exchange("c")
    with pytest.raises(ApiError, match="48001"):
        await oauth(WeChat(sns__userinfo={"errcode": 48001, "errmsg": "api unauthorized"})).userinfo(
            OAuthGrant("o1", access_token="at")
        )


# --- mini program --------------------------------------------------------------------------------------


async def test_mini_program() -> None:
    picture = b"\xff\xd8\xff picture"
    wechat = WeChat(
        sns__jscode2session={"openid": "m1", "session_key": "sk==", "unionid": "u1"},
        wxa__getwxacodeunlimit=[
            httpx.Response(200, content=picture, headers={"content-type": "image/jpeg"}),
            {"errcode": 41030, "errmsg": "invalid page"},
        ],
        wxa__business__getuserphonenumber={
            **OK,
            "phone_info": {
                "phoneNumber": "+8613800000000",
                "purePhoneNumber": "13800000000",
                "countryCode": "86",
            },
        },
    )
    app = mini(wechat)
    session = await app.login("c")
    assert (session.openid, session.unionid) == ("m1", "u1")
    assert "sk==" not in repr(session)
    assert await app.unlimited_code("l=8f", page="pages/home/home") == picture
    with pytest.raises(ApiError, match="41030"):
        await app.unlimited_code("l=8f", page="pages/none")
    assert (await app.phone_number("c")).pure_phone_number == "13800000000"
    for scene, page in (("", ""), ("x" * 33, ""), ("a b", ""), ("中", ""), ("a", "/pages/x")):
        with pytest.raises(ValueError, match=r"scene|page"):
            await app.unlimited_code(scene, page=page)
