"""A cashier sells at a till, in a browser: cash with change, a payment code, the blind count."""

import json

from bench.mall import Mall
from playwright.async_api import Browser, expect

from tests.browser.window import Window, window


async def test_a_cashier_sells_and_counts(browser: Browser, mall: Mall) -> None:
    shopper = mall.new_shopper("柜台前")
    login, password = _clerk(mall)
    async with window(browser, f"{mall.url}/console/", shots=140, wide=True) as console:
        await console.write("sign-in-login", login)
        await console.write("sign-in-password", password)
        await console.tap("sign-in-submit")
        await console.tap("menu-till")
        await console.see("till-goods")
        await _fill(console)
        await console.shot("till-basket")
        await console.tap("till-checkout")
        await console.see("till-pay")
        await console.tap("till-way-cash")
        await console.write("till-tendered", "9999")
        await console.shot("till-cash")
        await console.tap("till-take")
        await console.see("till-change")
        await console.shot("till-paid")
        await console.tap("till-next")
        await _fill(console)
        await console.tap("till-checkout")
        await console.write(
            "till-code", mall.sandbox.get(f"/_sandbox/shoppers/{shopper.id}/payment-code").json()["code"]
        )
        await console.tap("till-take")
        await console.see("till-paid")
        await console.tap("till-next")
        await console.page.get_by_role("tab", name="钱箱").click()
        await console.see("till-counted")
        await console.write("till-counted", "500")
        await console.shot("till-drawer")
        await console.tap("till-close")
        await console.see("till-open")


async def _fill(console: Window) -> None:
    await console("till-goods").and_(console.page.locator(":enabled")).first.click()
    await expect(console("till-line")).to_have_count(1)


def _clerk(mall: Mall) -> tuple[str, str]:
    """The clerk whose drawer the demo opened."""
    (shift,) = mall.staff("qingshan").get("/api/merchant/till/shifts").json()["items"]
    known = json.loads((mall.home / "demo.json").read_text())
    found = next(one for one in known["staff"] if one["code"] == "qingshan" and one["name"] == shift["staff_name"])
    return found["login"], found["password"]
