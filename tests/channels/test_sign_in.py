"""Signing in by WeChat: OAuth for pages, codes for mini programs, the JS-SDK's signature."""

import hashlib
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest

from bihuan.kernel.clock import OffsetClock
from tests.channels.desk import Brand, Mall, Person


async def to_wechat(mall: Mall, brand: Brand, person: Person, page: str = "") -> tuple[httpx.AsyncClient, str]:
    """A browser that went through WeChat's page, and the address that it is sent back to."""
    browser = httpx.AsyncClient(base_url=mall.url, trust_env=False, timeout=20)
    start = f"/api/shop/{brand.merchant.code}/wechat/authorize" + (f"?next={quote(page, safe='')}" if page else "")
    answer = await browser.get(start)
    assert answer.status_code == 302
    back = await browser.get(answer.headers["location"], headers={"X-Sandbox-Shopper": person.shopper_id})
    return browser, back.headers["location"]


async def test_the_shopper_returns_signed_in_to_the_page_with_its_query_and_hash(mall: Mall) -> None:
    brand, person = await mall.brand(), await mall.person("知夏")
    page = f"/shop/{brand.merchant.code}/?l=ABC&sharer=中#/pages/product/product?id=1&x=%26"
    browser, back = await to_wechat(mall, brand, person, page)
    answer = await browser.get(back)
    assert (answer.status_code, answer.headers["location"]) == (302, page_as_sent(page))
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("bihuan_shopper=")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    session = (await browser.get("/api/shop/session")).json()
    assert session["shopper"]["nickname"] == "知夏"
    assert session["shopper"]["avatar_url"].startswith("http")
    again, back = await to_wechat(mall, brand, person)
    assert (await again.get(back)).headers["location"] == f"/shop/{brand.merchant.code}/"
    assert (await again.get("/api/shop/session")).json() == session


def page_as_sent(page: str) -> str:
    """As a Location header may carry it: non-ASCII escaped, the rest as it was."""
    return quote(page, safe="/?&=#%:@+,;!$'()*[]")


@pytest.mark.parametrize(
    "page", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nX: 1", "evil", "/" + "a" * 1100]
)
async def test_nobody_is_sent_to_another_site(mall: Mall, page: str) -> None:
    brand = await mall.brand()
    for path in ("authorize", "callback"):
        answer = await mall.http.get(f"/api/shop/{brand.merchant.code}/wechat/{path}", params={"next": page})
        assert answer.status_code == 400, path
        assert "location" not in answer.headers


async def failed(answer: httpx.Response, reason: str, status: int) -> None:
    """A page for people, with a way to try again, and nobody signed in."""
    assert (answer.status_code, answer.headers.get("x-sign-in-error")) == (status, reason)
    assert answer.headers["content-type"].startswith("text/html")
    assert "/wechat/authorize?next=" in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_state_that_is_forged_old_or_of_another_browser_signs_nobody_in(mall: Mall, clock: OffsetClock) -> None:
    brand, other, person = await mall.brand(), await mall.brand(), await mall.person()
    browser, back = await to_wechat(mall, brand, person)
    url = httpx.URL(back)
    state = url.params["state"]
    assert state.isalnum()
    assert len(state) <= 128
    async with httpx.AsyncClient(base_url=mall.url, trust_env=False) as stranger:
        await failed(await stranger.get(url), "expired", 400)
    for wrong in ("", "x", state[:-1] + ("0" if state[-1] != "0" else "1"), "f" * 8 + state[8:]):
        await failed(await browser.get(url.copy_set_param("state", wrong)), "expired", 400)
    await failed(await browser.get(url.copy_set_param("next", "/shop/elsewhere/")), "expired", 400)
    elsewhere = str(url).replace(f"/{brand.merchant.code}/wechat", f"/{other.merchant.code}/wechat")
    await failed(await browser.get(elsewhere), "expired", 400)
    clock.advance(timedelta(minutes=10, seconds=1))
    await failed(await browser.get(url), "expired", 400)
    clock.advance(-timedelta(minutes=10, seconds=1))
    assert (await browser.get("/api/shop/session")).status_code == 401
    assert (await browser.get(url)).status_code == 302


async def test_refusing_and_a_used_code_are_explained_and_back_just_goes_on(mall: Mall) -> None:
    brand, person = await mall.brand(), await mall.person()
    browser, back = await to_wechat(mall, brand, person)
    await failed(await browser.get(httpx.URL(back).copy_remove_param("code")), "refused", 403)
    await failed(await browser.get(httpx.URL(back).copy_set_param("code", "unknown")), "code", 400)
    assert (await browser.get(back)).status_code == 302
    again = await browser.get(back)
    assert (again.status_code, again.headers["location"]) == (302, f"/shop/{brand.merchant.code}/")
    browser.cookies.delete("bihuan_shopper")
    await failed(await browser.get(back), "code", 400)
    english = await browser.get(back, headers={"Accept-Language": "en"})
    assert "Try again" in english.text


async def test_a_merchant_without_an_account_cannot_sign_shoppers_in(mall: Mall) -> None:
    shop = await mall.bare_merchant()
    for call, lacks in (
        (mall.http.get(f"/api/shop/{shop.code}/wechat/authorize"), "no_official_account"),
        (mall.http.post(f"/api/shop/{shop.code}/wechat/login", json={"code": "x"}), "no_mini_program"),
        (
            mall.http.get(f"/api/shop/{shop.code}/wechat/jssdk", params={"url": f"{mall.url}/shop/"}),
            "no_official_account",
        ),
    ):
        answer = await call
        assert (answer.status_code, answer.json()["code"]) == (404, lacks)


async def test_a_mini_program_signs_in_with_a_code_once(mall: Mall) -> None:
    brand, person = await mall.brand(), await mall.person()
    code = (await person.act("jscode", appid=brand.mini["appid"]))["code"]
    path = f"/api/shop/{brand.merchant.code}/wechat/login"
    answer = await mall.http.post(path, json={"code": code})
    assert answer.status_code == 200
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    session = (await mall.http.get("/api/shop/session", headers=bearer)).json()
    assert session["shopper"]["shopper_id"] == answer.json()["shopper"]["shopper_id"]
    again = await mall.http.post(path, json={"code": code})
    assert (again.status_code, again.json()["code"]) == (400, "login_code_invalid")
    assert (await mall.http.post(path, json={"code": ""})).status_code == 400
    assert (await mall.http.post(path, json={"code": "x" * 201})).status_code == 400


async def test_pages_of_ours_are_signed_for_the_js_sdk_and_no_others(mall: Mall) -> None:
    brand = await mall.brand()
    page = f"{mall.url}/shop/{brand.merchant.code}/?l=A"
    path = f"/api/shop/{brand.merchant.code}/wechat/jssdk"
    config = (await mall.http.get(path, params={"url": f"{page}#/pages/home/home"})).json()
    assert (config["app_id"], config["script_url"]) == (brand.appid, mall.rt.settings.wechat.js)
    token = await mall.access_token(brand)
    ticket = (
        await mall.sandbox.http.get("/cgi-bin/ticket/getticket", params={"access_token": token, "type": "jsapi"})
    ).json()["ticket"]
    said = f"jsapi_ticket={ticket}&noncestr={config['nonce_str']}&timestamp={config['timestamp']}&url={page}"
    assert config["signature"] == hashlib.sha1(said.encode()).hexdigest()
    for foreign in ("https://evil.example/", f"{mall.url}.evil.example/", f"{mall.url}@evil.example/", "/shop/", ""):
        refused = await mall.http.get(path, params={"url": foreign})
        assert (refused.status_code, refused.json()["code"]) == (400, "wrong_page"), foreign
