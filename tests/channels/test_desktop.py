"""A browser outside WeChat is signed in by a phone: what each step says, and what a stranger cannot do with it."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bihuan.channels import desktop
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.ids import new_id
from tests.channels.desk import Brand, Mall, Person

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"


class Browser:
    """A desktop browser at a brand's mall."""

    def __init__(self, mall: Mall, brand: Brand) -> None:
        headers = {"User-Agent": CHROME, "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": f"10.0.0.{id(self) % 250}"}
        self.http = httpx.AsyncClient(base_url=mall.url, trust_env=False, timeout=20, headers=headers)
        self.path = f"/api/shop/{brand.merchant.code}/wechat/desktop-sign-ins"
        self.code: dict[str, Any] = {}

    async def begin(self) -> dict[str, Any]:
        """Shows a new code."""
        answer = await self.http.post(self.path)
        assert answer.status_code == 201, answer.text
        assert "HttpOnly" in answer.headers["set-cookie"]
        self.code = answer.json()
        return self.code

    async def status(self) -> dict[str, Any]:
        """What the page is told when it asks."""
        answer = await self.http.get(f"{self.path}/{self.code['sign_in_id']}")
        return answer.json()

    async def finish(self) -> httpx.Response:
        """Exchanges the sign-in for a session."""
        return await self.http.post(f"{self.path}/{self.code['sign_in_id']}/session")

    async def who(self) -> httpx.Response:
        """Who is signed in."""
        return await self.http.get("/api/shop/session")


async def texts(person: Person, brand: Brand) -> list[str]:
    """What the chat said in words."""
    return [m["content"] for m in await person.chat(brand.appid) if m["kind"] == "text"]


async def next_words(person: Person, brand: Brand, said_before: int) -> str:
    """What the chat says after `said_before` texts: WeChat pushes and answers in its own time."""
    for _ in range(200):
        if len(said := await texts(person, brand)) > said_before:
            return said[said_before]
        await asyncio.sleep(0.05)
    raise AssertionError("the chat says nothing")


async def scan(person: Person, brand: Brand, code: dict[str, Any]) -> str:
    """Scans a code, following the account where it asks for that; what the chat says."""
    before = len(await texts(person, brand))
    seen = await person.act("scan", content=code["qr_content"])
    if seen["action"] == "follow_page":
        await person.act("follow", appid=brand.appid, ticket=seen["ticket"])
    return await next_words(person, brand, before)


async def reply(person: Person, brand: Brand, text: str) -> str:
    """Writes into the chat; what it says."""
    before = len(await texts(person, brand))
    await person.act(f"chats/{brand.appid}/text", content=text)
    return await next_words(person, brand, before)


@pytest.mark.parametrize("follows", [False, True], ids=["new", "follower"])
async def test_scanning_and_answering_the_digits_signs_the_browser_in(mall: Mall, follows: bool) -> None:
    brand, person = await mall.brand(), await mall.person()
    if follows:
        await person.act("follow", appid=brand.appid)
        await next_words(person, brand, 0)
    browser = Browser(mall, brand)
    code = await browser.begin()
    assert (await browser.status())["state"] == "waiting"
    assert (await browser.status())["digits"] is None
    asked = await scan(person, brand, code)
    assert "Chrome · Windows" in asked
    assert "两位数字" in asked
    shown = await browser.status()
    assert shown["state"] == "scanned"
    early = await browser.finish()
    assert (early.status_code, early.json()["code"]) == (409, "wrong_state")
    said = "".join(line for line in asked.splitlines() if not line.startswith("时间："))  # a date has digits of its own
    assert shown["digits"] not in said
    assert "登录成功" in await reply(person, brand, f" {shown['digits']} ")
    assert await browser.status() == {**shown, "state": "confirmed", "digits": None}
    done = await browser.finish()
    assert done.status_code == 200, done.text
    assert (await browser.who()).json()["shopper"] == done.json()["shopper"]
    again = await browser.finish()
    assert again.status_code == 404  # the cookie is gone with the code's use
    inside = await mall.browse(person, brand.merchant.code)
    assert (await inside.get("/api/shop/session")).json()["shopper"]["shopper_id"] == (
        done.json()["shopper"]["shopper_id"]
    )


async def test_a_sign_in_serves_only_the_browser_that_began_it_and_only_once(mall: Mall) -> None:
    brand, person = await mall.brand(), await mall.person()
    browser, thief = Browser(mall, brand), Browser(mall, brand)
    code = await browser.begin()
    cookie = browser.http.cookies[desktop.COOKIE]
    await scan(person, brand, code)
    await reply(person, brand, (await browser.status())["digits"])
    await thief.begin()  # has a cookie of his own
    thief.code = code
    assert (await thief.finish()).status_code == 404
    assert (await thief.status())["code"] == "not_found"
    assert (await browser.finish()).status_code == 200
    browser.http.cookies.set(desktop.COOKIE, cookie, path="/api")
    spent = await browser.finish()
    assert (spent.status_code, spent.json()["code"], spent.json()["state"]) == (409, "wrong_state", "used")
    assert (await thief.who()).status_code == 401


async def test_a_code_is_the_first_scanner_s_and_wrong_digits_end_it(mall: Mall) -> None:
    brand, person, other = await mall.brand(), await mall.person(), await mall.person("路人")
    browser = Browser(mall, brand)
    code = await browser.begin()
    await scan(person, brand, code)
    assert "已失效" in await scan(other, brand, code)
    digits = (await browser.status())["digits"]
    await person.act(f"chats/{brand.appid}/text", content="在吗")  # no digits: no answer, and no mistake
    wrong = f"{(int(digits) + 1) % 100:02d}"
    assert "请核对" in await reply(person, brand, wrong)
    assert "请核对" in await reply(person, brand, wrong)
    assert "已取消" in await reply(person, brand, wrong)
    assert (await browser.status())["state"] == "refused"
    await other.act(f"chats/{brand.appid}/text", content=digits)
    await person.act(f"chats/{brand.appid}/text", content=digits)
    assert (await browser.finish()).status_code == 409
    assert (await browser.who()).status_code == 401


async def test_a_code_ends(mall: Mall, clock: OffsetClock) -> None:
    brand, person = await mall.brand(), await mall.person()
    browser = Browser(mall, brand)
    code = await browser.begin()
    await scan(person, brand, code)
    digits = (await browser.status())["digits"]
    async with mall.rt.db.transaction() as tx:
        await tx.execute(
            "update desktop_sign_ins set expires_at = $2 where merchant_id = $1",
            brand.merchant.merchant_id,
            tx.now - timedelta(seconds=1),
        )
    assert "已失效" in await scan(await mall.person(), brand, code)
    await person.act(f"chats/{brand.appid}/text", content=digits)
    assert (await browser.finish()).status_code == 404
    clock.advance(timedelta(hours=2))
    assert await desktop.forget_old(mall.rt) >= 1
    assert await brand.rows("select 1 from desktop_sign_ins where merchant_id = $1") == []


async def test_another_site_can_neither_begin_nor_finish_one(mall: Mall) -> None:
    brand = await mall.brand()
    browser = Browser(mall, brand)
    await browser.begin()
    for path in (browser.path, f"{browser.path}/{browser.code['sign_in_id']}/session"):
        answer = await browser.http.post(path, headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


async def test_one_address_does_not_use_up_the_account_s_codes(mall: Mall) -> None:
    brand = await mall.brand()
    browser = Browser(mall, brand)
    browser.http.headers["X-Forwarded-For"] = f"203.0.113.{new_id().int % 250}"
    statuses = [(await browser.http.post(browser.path)).status_code for _ in range(desktop.MOST_OF_AN_ADDRESS + 1)]
    assert statuses == [201] * desktop.MOST_OF_AN_ADDRESS + [429]


async def test_where_nothing_waits_digits_are_words_like_others(mall: Mall) -> None:
    brand, person = await mall.brand(), await mall.person()
    await person.act("follow", appid=brand.appid)
    await next_words(person, brand, 0)
    owner = await mall.sign_in_staff(brand)
    keywords = [{"keyword": "88", "match": "exact", "reply": "八八折正在进行"}]
    saved = await owner.put("/api/merchant/replies", json={"welcome": "您好", "keywords": keywords})
    assert saved.status_code == 200, saved.text
    assert await reply(person, brand, "88") == "八八折正在进行"
    bare = await mall.bare_merchant()
    refused = await mall.http.post(
        f"/api/shop/{bare.code}/wechat/desktop-sign-ins", headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert (refused.status_code, refused.json()["code"]) == (404, "no_official_account")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME, "Chrome · Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Version/17 Safari/605", "Safari · macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox · Linux"),
        ("<a href=evil>", "浏览器"),
        ("", "浏览器"),
    ],
)
def test_a_browser_has_a_name(agent: str, name: str) -> None:
    assert desktop.browser_name(agent) == name
