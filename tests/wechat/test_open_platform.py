"""The Open Platform's component: its tokens, authorizations, authorizers as plain accounts, its notices."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from bihuan.wechat import (
    ApiError,
    DecryptionFailed,
    IssuedToken,
    MalformedMessage,
    MemoryTokens,
    MiniProgram,
    OAuth,
    OfficialAccount,
    SignatureInvalid,
    StaleTimestamp,
    crypto,
)
from bihuan.wechat.open_platform import (
    Authorized,
    Component,
    NoticeReceiver,
    Ticket,
    Unauthorized,
    authorizer_fetch,
    fetch_component_token,
)

from .api import NOW, WeChat, api

TOKEN, AES_KEY = "t0ken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
COMPONENT_TOKEN = {"component_access_token": "ct", "expires_in": 7200}


def component(wechat: WeChat) -> Component:
    line = api(wechat)

    async def fetch(appid: str, _force: bool) -> IssuedToken:
        return await fetch_component_token(line, appid=appid, secret="cs", ticket="ticket@@@1")

    return Component(appid="wxc", tokens=MemoryTokens(fetch, now=lambda: NOW), api=line, mp_url="https://mp.test")


class Kept:
    def __init__(self) -> None:
        self.tokens = {"wx1": "refresh1", "wx2": "refresh2"}

    async def load(self, appid: str) -> str:
        return self.tokens[appid]

    async def save(self, appid: str, refresh_token: str) -> None:
        self.tokens[appid] = refresh_token


async def test_a_merchant_authorizes() -> None:
    wechat = WeChat(
        cgi_bin__component__api_component_token=COMPONENT_TOKEN,
        cgi_bin__component__api_create_preauthcode={"pre_auth_code": "pre", "expires_in": 600},
        cgi_bin__component__api_query_auth={
            "authorization_info": {
                "authorizer_appid": "wx1",
                "authorizer_access_token": "at",
                "expires_in": 7200,
                "authorizer_refresh_token": "rt",
                "func_info": [{"funcscope_category": {"id": 1}}, {"funcscope_category": {"id": 15}}],
            }
        },
        cgi_bin__component__api_get_authorizer_info={
            "authorizer_info": {
                "nick_name": "青衫",
                "user_name": "gh_1",
                "service_type_info": {"id": 2},
                "verify_type_info": {"id": 0},
                "business_info": {"open_pay": 1},
            },
            "authorization_info": {"authorizer_appid": "wx1", "func_info": []},
        },
    )
    platform = component(wechat)
    url = urlsplit(await platform.authorize_url("https://shop.test/back?m=a", auth_type=1))
    assert (url.netloc, url.path) == ("mp.test", "/cgi-bin/componentloginpage")
    assert {n: v[0] for n, v in parse_qs(url.query).items()} == {
        "component_appid": "wxc",
        "pre_auth_code": "pre",
        "redirect_uri": "https://shop.test/back?m=a",
        "auth_type": "1",
    }
    given = await platform.query_auth("code")
    assert (given.authorizer_appid, given.authorizer_refresh_token, given.granted) == ("wx1", "rt", (1, 15))
    assert "rt" not in repr(given)
    profile = (await platform.authorizer("wx1")).authorizer_info
    assert (profile.nick_name, profile.original_id, profile.is_mini_program) == ("青衫", "gh_1", False)
    asked = [r for r in wechat.requests if r.url.path == "/cgi-bin/component/api_component_token"]
    assert [json.loads(r.content)["component_verify_ticket"] for r in asked] == ["ticket@@@1"]
    rest = [r for r in wechat.requests if r not in asked]
    assert {r.url.params["component_access_token"] for r in rest} == {"ct"}


async def test_an_authorizer_is_an_account_like_any_other() -> None:
    wechat = WeChat(
        cgi_bin__component__api_component_token=COMPONENT_TOKEN,
        cgi_bin__component__api_authorizer_token={
            "authorizer_access_token": "at",
            "expires_in": 7200,
            "authorizer_refresh_token": "refresh1b",
        },
        cgi_bin__user__info={"openid": "o1", "subscribe": 1},
        sns__component__jscode2session={"openid": "m1", "session_key": "sk=="},
        sns__oauth2__component__access_token={"openid": "o1", "access_token": "oat", "scope": "snsapi_base"},
    )
    platform, line, kept = component(wechat), api(wechat), Kept()

    async def own() -> Component:
        return platform

    tokens = MemoryTokens(authorizer_fetch(own, kept), now=lambda: NOW)
    account = OfficialAccount(appid="wx1", tokens=tokens, api=line, now=lambda: NOW)
    assert (await account.user_info("o1")).following
    assert (await account.user_info("o1")).following
    assert kept.tokens["wx1"] == "refresh1b"
    refreshed = [r for r in wechat.requests if r.url.path.endswith("api_authorizer_token")]
    assert [json.loads(r.content)["authorizer_refresh_token"] for r in refreshed] == ["refresh1"]
    info = [r for r in wechat.requests if r.url.path == "/cgi-bin/user/info"]
    assert {r.url.params["access_token"] for r in info} == {"at"}

    app = MiniProgram(appid="wx2", tokens=tokens, api=line, component=platform.connection)
    assert (await app.login("js")).openid == "m1"
    login = next(r for r in wechat.requests if r.url.path == "/sns/component/jscode2session")
    assert dict(login.url.params) == {
        "component_access_token": "ct",
        "appid": "wx2",
        "js_code": "js",
        "grant_type": "authorization_code",
        "component_appid": "wxc",
    }
    oauth = OAuth(appid="wx1", api=line, component=platform.connection, open_url="https://open.test")
    page = parse_qs(urlsplit(oauth.authorize_url("https://x.test/", state="s")).query)
    assert page["component_appid"] == ["wxc"]
    assert (await oauth.exchange("c")).openid == "o1"
    assert "secret" not in str(next(r for r in wechat.requests if "component/access_token" in r.url.path).url)


async def test_a_withdrawn_authorization_says_so() -> None:
    wechat = WeChat(
        cgi_bin__component__api_component_token=COMPONENT_TOKEN,
        cgi_bin__component__api_authorizer_token={"errcode": 61023, "errmsg": "refresh_token is invalid"},
    )
    with pytest.raises(ApiError) as refused:
        await component(wechat).refresh("wx1", "old")
    assert refused.value.errcode == 61023


def _push(xml: str, *, appid: str = "wxc", age: int = 0) -> tuple[dict[str, str], bytes]:
    crypt = crypto.MessageCrypt(token=TOKEN, encoding_aes_key=AES_KEY, receive_id=appid)
    encrypted = crypt.encrypt(f"<xml>{xml}</xml>".encode())
    timestamp = str(int(NOW.timestamp()) - age)
    query = {"timestamp": timestamp, "nonce": "n", "msg_signature": crypt.signature(timestamp, "n", encrypted)}
    return query, f"<xml><AppId>{appid}</AppId><Encrypt>{encrypted}</Encrypt></xml>".encode()


def _notice(kind: str, rest: str = "") -> str:
    return f"<AppId>wxc</AppId><CreateTime>1772366400</CreateTime><InfoType>{kind}</InfoType>{rest}"


def test_notices() -> None:
    receiver = NoticeReceiver(appid="wxc", token=TOKEN, encoding_aes_key=AES_KEY, now=lambda: NOW)
    ticket = receiver.parse(
        *_push(_notice("component_verify_ticket", "<ComponentVerifyTicket>t@1</ComponentVerifyTicket>"))
    )
    assert isinstance(ticket, Ticket)
    assert ticket.ticket == "t@1"
    assert "t@1" not in repr(ticket)
    rest = "<AuthorizerAppid>wx1</AuthorizerAppid><AuthorizationCode>c</AuthorizationCode>"
    for kind, updated in (("authorized", False), ("updateauthorized", True)):
        given = receiver.parse(*_push(_notice(kind, rest)))
        assert isinstance(given, Authorized)
        assert (given.appid, given.auth_code, given.updated) == ("wx1", "c", updated)
    gone = receiver.parse(*_push(_notice("unauthorized", "<AuthorizerAppid>wx1</AuthorizerAppid>")))
    assert isinstance(gone, Unauthorized)


def test_bad_notices() -> None:
    receiver = NoticeReceiver(appid="wxc", token=TOKEN, encoding_aes_key=AES_KEY, now=lambda: NOW)
    good = _notice("component_verify_ticket", "<ComponentVerifyTicket>t@1</ComponentVerifyTicket>")
    query, body = _push(good)
    with pytest.raises(SignatureInvalid):
        receiver.parse({**query, "msg_signature": "0" * 40}, body)
    with pytest.raises(SignatureInvalid):
        receiver.parse(query, f"<xml>{good}</xml>".encode())
    with pytest.raises(StaleTimestamp):
        receiver.parse(*_push(good, age=301))
    with pytest.raises(DecryptionFailed):
        receiver.parse(*_push(good, appid="wxother"))
    with pytest.raises(DecryptionFailed):
        receiver.parse(*_push(good.replace("<AppId>wxc", "<AppId>wxother")))
    with pytest.raises(MalformedMessage):
        receiver.parse(query, b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + body)
    with pytest.raises(MalformedMessage):
        receiver.parse(query, b"<xml>" + b"x" * 200_000 + b"</xml>")
