"""Web authorization and the mini program's login."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.wechat_sandbox.desk import Sandbox

BACK = "http://127.0.0.1:1/back"


@pytest.fixture(scope="module")
def account(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.official_account("麦香")


def authorize(sandbox: Sandbox, shopper: str | None, appid: str, **changes: str) -> httpx.Response:
    query = {
        "appid": appid,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "s",
    } | changes
    headers = {"X-Sandbox-Shopper": shopper} if shopper else {}
    return sandbox.http.get("/connect/oauth2/authorize", params=query, headers=headers)


def exchange(sandbox: Sandbox, account: dict[str, Any], code: str, **changes: str) -> Any:
    query = {
        "appid": account["appid"],
        "secret": account["secret"],
        "code": code,
        "grant_type": "authorization_code",
    }
    return sandbox.get("/sns/oauth2/access_token", params=query | changes)


def code_from(response: httpx.Response) -> str:
    assert response.status_code == 302
    return httpx.URL(response.headers["location"]).params["code"]


def test_base(sandbox: Sandbox, account: dict[str, Any], shopper: str) -> None:
    code = code_from(authorize(sandbox, shopper, account["appid"]))
    assert exchange(sandbox, account, code, secret="x")["errcode"] == 40125
    granted = exchange(sandbox, account, code)
    assert granted["scope"] == "snsapi_base"
    assert granted["openid"] == sandbox.openid(shopper, account["appid"])
    assert "unionid" not in granted
    assert exchange(sandbox, account, code)["errcode"] == 40163
    assert exchange(sandbox, account, "none")["errcode"] == 40029
    query = {"access_token": granted["access_token"], "openid": granted["openid"]}
    assert sandbox.get("/sns/userinfo", params=query)["errcode"] == 48001
    assert sandbox.get("/sns/auth", params=query) == {"errcode": 0, "errmsg": "ok"}
    assert sandbox.get("/sns/auth", params={**query, "openid": "o"})["errcode"] == 40003
    assert sandbox.get("/sns/auth", params={**query, "access_token": "x"})["errcode"] == 40001


def test_userinfo_and_refresh(sandbox: Sandbox, account: dict[str, Any], shopper: str) -> None:
    code = code_from(authorize(sandbox, shopper, account["appid"], scope="snsapi_userinfo"))
    granted = exchange(sandbox, account, code)
    person = sandbox.get(f"/_sandbox/shoppers/{shopper}")
    query = {"access_token": granted["access_token"], "openid": granted["openid"], "lang": "zh_CN"}
    info = sandbox.get("/sns/userinfo", params=query)
    assert info["unionid"] == granted["unionid"] == person["unionid"]
    assert (info["nickname"], info["headimgurl"]) == (person["nickname"], person["avatar_url"])
    assert sandbox.http.get(info["headimgurl"]).headers["content-type"].startswith("image/svg+xml")
    refresh = {
        "appid": account["appid"],
        "grant_type": "refresh_token",
        "refresh_token": granted["refresh_token"],
    }
    again = sandbox.get("/sns/oauth2/refresh_token", params=refresh)
    assert (again["openid"], again["expires_in"]) == (granted["openid"], 7200)
    assert sandbox.get("/sns/oauth2/refresh_token", params={**refresh, "refresh_token": "x"})["errcode"] == 40030


def test_a_code_is_of_one_app(sandbox: Sandbox, account: dict[str, Any], shopper: str) -> None:
    other = sandbox.official_account("青衫")
    code = code_from(authorize(sandbox, shopper, account["appid"]))
    assert exchange(sandbox, other, code)["errcode"] == 40029


def test_the_address_keeps_query_and_fragment(sandbox: Sandbox, account: dict[str, Any], shopper: str) -> None:
    target = "http://127.0.0.1:1/店/?a=%E4%BD%A0&b=1#/pages/cart?c=2"
    location = authorize(sandbox, shopper, account["appid"], redirect_uri=target).headers["location"]
    assert location.startswith("http://127.0.0.1:1/%E5%BA%97/?a=%E4%BD%A0&b=1&code=")
    assert location.endswith("&state=s#/pages/cart?c=2")


def test_outside_of_wechat(sandbox: Sandbox, account: dict[str, Any]) -> None:
    sandbox.http.cookies.clear()  # a browser that nobody has opened in WeChat
    for shopper in (None, "nobody"):
        page = authorize(sandbox, shopper, account["appid"])
        assert page.status_code == 200
        assert "请在微信客户端打开链接" in page.text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"appid": "wx0"}, "appid 参数错误"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri 参数错误"),
        ({"scope": "snsapi_login"}, "scope 参数错误"),
        ({"response_type": "token"}, "scope 参数错误"),
        ({"state": "x" * 129}, "state 参数过长"),
    ],
)
def test_wrong_pages(
    sandbox: Sandbox, account: dict[str, Any], shopper: str, changes: dict[str, str], text: str
) -> None:
    page = authorize(sandbox, shopper, **{"appid": account["appid"], **changes})
    assert page.status_code == 200
    assert text in page.text


def test_forced_consent_may_be_refused(sandbox: Sandbox, account: dict[str, Any], shopper: str) -> None:
    page = authorize(sandbox, shopper, account["appid"], scope="snsapi_userinfo", forcePopup="true", state='"><b>')
    assert "申请获取你的昵称、头像" in page.text
    assert "<b>" not in page.text
    refused = authorize(
        sandbox,
        shopper,
        account["appid"],
        scope="snsapi_userinfo",
        forcePopup="true",
        sandbox_consent="refuse",
    )
    assert refused.headers["location"] == BACK + "?state=s"


def test_the_webview_sets_the_cookie(sandbox: Sandbox, account: dict[str, Any], shopper: str) -> None:
    with httpx.Client(base_url=sandbox.url, trust_env=False) as browser:
        opened = browser.get(f"/_sandbox/webview/{shopper}", params={"url": "http://127.0.0.1:1/店?a=1#/x"})
        assert opened.status_code == 302
        assert opened.headers["location"] == "http://127.0.0.1:1/%E5%BA%97?a=1#/x"
        assert browser.cookies["wechat_sandbox_shopper"] == shopper
        query = {
            "appid": account["appid"],
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "snsapi_base",
        }
        assert browser.get("/connect/oauth2/authorize", params=query).status_code == 302
        wrong = browser.get(f"/_sandbox/webview/{shopper}", params={"url": "javascript:alert(1)"})
        assert wrong.status_code == 400
    how = sandbox.post(f"/_sandbox/shoppers/{shopper}/open-url", {"url": BACK})
    assert how["headers"] == {"X-Sandbox-Shopper": shopper}
    assert how["cookies"] == {"wechat_sandbox_shopper": shopper}


# --- mini program -----------------------------------------------------------------------------


def login(sandbox: Sandbox, app: dict[str, Any], code: str, **changes: str) -> Any:
    query = {
        "appid": app["appid"],
        "secret": app["secret"],
        "js_code": code,
        "grant_type": "authorization_code",
        "access_token": "tolerated",
    }
    return sandbox.get("/sns/jscode2session", params=query | changes)


def test_login(sandbox: Sandbox, shopper: str) -> None:
    app = sandbox.mini_program("青衫")
    code = sandbox.post(f"/_sandbox/shoppers/{shopper}/jscode", {"appid": app["appid"]})["code"]
    session = login(sandbox, app, code)
    assert session.keys() == {"openid", "session_key", "unionid"}
    assert session["unionid"] == sandbox.get(f"/_sandbox/shoppers/{shopper}")["unionid"]
    assert session["openid"] != sandbox.openid(shopper, sandbox.official_account("青衫")["appid"])
    assert login(sandbox, app, code)["errcode"] == 40163
    assert login(sandbox, app, "x")["errcode"] == 40029
    assert login(sandbox, app, "")["errcode"] == 41008
    assert login(sandbox, app, code, secret="x")["errcode"] == 40125
    assert sandbox.http.post(f"/_sandbox/shoppers/{shopper}/jscode", json={"appid": "x"}).status_code == 404


def test_phone_number(sandbox: Sandbox, shopper: str) -> None:
    app = sandbox.mini_program("青衫")
    body = {"appid": app["appid"], "purpose": "phone"}
    code = sandbox.post(f"/_sandbox/shoppers/{shopper}/jscode", body)["code"]
    url = f"/wxa/business/getuserphonenumber?access_token={sandbox.token(app)}"
    info = sandbox.http.post(url, json={"code": code}).json()["phone_info"]
    assert info["phoneNumber"] == sandbox.get(f"/_sandbox/shoppers/{shopper}")["phone"]
    assert info["watermark"]["appid"] == app["appid"]
    assert sandbox.http.post(url, json={"code": code}).json()["errcode"] == 40163


def test_unlimited_codes(sandbox: Sandbox, shopper: str) -> None:
    app = sandbox.mini_program("青衫")
    url = f"/wxa/getwxacodeunlimit?access_token={sandbox.token(app)}"
    body = {"scene": "l=ABC123", "page": "pages/home/home", "check_path": False, "width": 280}
    response = sandbox.http.post(url, json=body)
    assert response.headers["content-type"] == "image/jpeg"
    image = Image.open(io.BytesIO(response.content))
    assert (image.format, image.size) == ("JPEG", (280, 280))
    code = next(row for row in sandbox.get("/_sandbox/codes")["items"] if row["appid"] == app["appid"])
    assert sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": code["url"]}) == {
        "action": "open_mini_program",
        "appid": app["appid"],
        "page": "pages/home/home",
        "scene": "l=ABC123",
    }
    for change, errcode in (
        ({"scene": ""}, 40169),
        ({"scene": "x" * 33}, 40169),
        ({"scene": "店"}, 40169),
        ({"page": "/pages/home"}, 41030),
        ({"width": 100}, 40097),
        ({"width": "x"}, 47001),
    ):
        assert sandbox.http.post(url, json={**body, **change}).json()["errcode"] == errcode
