"""Reconciliation in a browser: a day, what differs in it, a person's decision, and its posting."""

import asyncio

import httpx
from bench.mall import Mall
from playwright.async_api import Browser, expect

from bihuan.demo import takings
from bihuan.kernel.ids import new_id
from tests.browser.test_finance import open_room
from tests.browser.window import Window, window

PASSWORD = "long enough 1"
SECRETS = ("mchid", "serial_no", "private_key_pem", "apiv3_key", "public_key_id", "public_key_pem")


async def open_stall(mall: Mall) -> str:
    """A shop of this test's own with an account at WeChat Pay, and its takings at the market; the owner's login."""
    code = f"stall{new_id().hex[-12:]}"
    owner = {"login": f"{code}-owner", "name": "摊主", "password": PASSWORD}
    form = {"code": code, "name": "市集小摊", "intro": "手作", "owner": owner}
    added = mall.staff("operator").post("/api/platform/merchants", json=form, headers={"Idempotency-Key": code})
    assert added.status_code == 201, added.text
    app = mall.sandbox.post("/_sandbox/official-accounts", json={"name": code}).json()
    made = mall.sandbox.post("/_sandbox/merchants", json={"name": code, "appids": [app["appid"]]}).json()
    async with (
        httpx.AsyncClient(base_url=mall.url, timeout=20, trust_env=False) as desk,
        httpx.AsyncClient(base_url=mall.sandbox_url, timeout=20, trust_env=False) as sandbox,
    ):
        signed = await desk.post("/api/merchant/session", json={"login": owner["login"], "password": PASSWORD})
        desk.headers["Authorization"] = f"Bearer {signed.json()['token']}"
        account = {name: made[name] for name in SECRETS}
        (await desk.put("/api/merchant/payment-account", json=account)).raise_for_status()
        assert await takings.take(desk, sandbox, made["mchid"]) == 2
    return owner["login"]


async def enter(console: Window, login: str) -> None:
    await console.write("sign-in-login", login)
    await console.write("sign-in-password", PASSWORD)
    await console.tap("sign-in-submit")


async def test_a_bookkeeper_resolves_what_the_bill_has_and_the_mall_has_not(browser: Browser, mall: Mall) -> None:
    login = await open_stall(mall)
    async with window(browser, f"{mall.url}/console/", shots=160, wide=True) as console:
        await enter(console, login)
        await console.see("dashboard-funnel")
        await open_room(console, mall, "reconciliation")
        await console.see("day-sums", "174.00")
        await console.shot("reconciliation-day", whole=True)
        await console.tap("day-differences")
        await expect(console("difference")).to_have_count(2)
        await console("difference").filter(has_text="46.00").click()
        await console.see("difference-panel", "平台没有")
        await console.shot("difference-open", whole=True)
        await expect(console("resolve-submit")).to_be_disabled()  # a reason is asked for
        await console.write("resolve-note", "市集收款码，已与流水本核对")
        await console.tap("resolve-submit")
        await console.see("difference-ended", "已入账")
        await console.see("difference-posting", "46.00")
        await console.shot("difference-posted", whole=True)
        await open_room(console, mall, "reconciliation")
        await console.page.get_by_text("账户余额").click()
        await console.see("accounts-sheet", "174.00")
        await console.shot("reconciliation-accounts", whole=True)
    async with window(browser, f"{mall.url}/console/", shots=170) as console:
        await enter(console, login)
        await console.see("dashboard-funnel")
        for room in ("reconciliation", "differences"):
            await open_room(console, mall, room)
            await console.shot(f"narrow-{room}", whole=True)
            await console.fits()
        await console.page.get_by_text("已处理", exact=True).first.click()
        await console.see("difference-panel", "已入账")
        await console.shot("narrow-difference", whole=True)
    await asyncio.to_thread(mall.verify)
