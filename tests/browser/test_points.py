"""Points by hand: a regular lets them pay a part at checkout and sees what became of them; the console's terms."""

import pytest
from bench.mall import Mall
from playwright.async_api import Browser, expect

from tests.browser.test_loop import choose_variant, labels, sign_in, write_address
from tests.browser.test_wallet import pay_on_the_sheet
from tests.browser.window import Window, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_a_regular_pays_a_part_with_points(browser: Browser, mall: Mall) -> None:
    people = mall.sandbox.get("/_sandbox/shoppers").json()["items"]
    regular = next(one["shopper_id"] for one in people if one["nickname"] == "周宁")
    content = labels(mall.staff("qingshan"), "store")[0]["qr_content"]
    async with window(browser, f"{mall.sandbox_url}/phone/?shopper={regular}", shots=160) as phone:
        shop = phone.web
        await phone.tap("empty-scan")
        await phone.tap("scan-code", content=content)
        await phone.tap("follow")
        await phone.see("bubble", "您好，这里是青衫")
        await phone.tap("menu-button")
        await shop.see("merchant-name", "青衫")
        await shop.tap("tab-me")
        await shop.tap("me-profile")
        await shop.see("me-name", "周宁")

        await shop.tap("tab-products")
        await shop.tap("product-card")
        await shop.tap("add-to-cart")
        await choose_variant(shop)
        await shop.tap("sku-add-to-cart")
        await shop.tap("bar-cart")
        await shop.tap("go-checkout")
        await shop.tap("checkout-address")
        await write_address(shop)
        await shop.tap("address-save")
        await shop.see("checkout-address", "文三路 388 号")
        await shop.see("points-hint", "可用")
        await phone.shot("points-offered", whole=True)
        before = await shop("checkout-total").inner_text()
        await shop.tap("points-row")
        await shop.see("points-hint", "已用")
        await shop.see("amount-adjustment", "积分抵扣")
        assert await shop("checkout-total").inner_text() != before
        await phone.shot("points-used", whole=True)
        await phone.fits()
        total = await shop("checkout-total").inner_text()
        await shop.tap("place-order")
        await pay_on_the_sheet(phone, "".join(total.split()))
        await shop.see("result-title", "支付成功")
        await shop.tap("result-order")
        await shop.see("amount-adjustment", "积分抵扣")
        await phone.shot("points-order", whole=True)
        await shop.tap("order-home")
        await shop.tap("tab-me")
        await shop.tap("me-member")
        await shop.see("points-entry", "订单抵扣", source="redeem")
        await shop.see("points-expiring", "到期")
        await phone.shot("points-statement", whole=True)
        await phone.fits()
    mall.verify()


async def test_the_terms_of_points_are_set_in_the_console(browser: Browser, mall: Mall) -> None:
    async with window(browser, f"{mall.url}/console/", shots=165, wide=True) as console:
        await sign_in(console, mall, "maixiang")
        await console.tap("menu-points")
        await console.see("points-example", "10000 积分，抵 ¥100")
        await number(console, "points-most", "30")
        await console.see("points-example", "6000 积分，抵 ¥60")
        await console.shot("points-terms", whole=True)
        await number(console, "points-rate", "3")
        await number(console, "points-step", "100")
        await expect(console("points-save")).to_be_disabled()
        await number(console, "points-rate", "100")
        await console.tap("points-save")
        await expect(console.page.get_by_text("已保存")).to_be_visible()
        await console.tap("menu-members")
        await console.see("members-row")
        regular = console("members-row").filter(has_text="周宁")
        while not await regular.count():  # who joined in other tests stands before her
            await console.tap("pager-next")
            await console.page.wait_for_load_state("networkidle")
        await regular.get_by_test_id("member-points").click()
        await console.see("member-points-facts", "11,000")
        await console.see("member-points-entry", "赠送")
        await console.shot("member-points")
        await console.page.keyboard.press("Escape")
        await console.tap("menu-points")
        await console.see("points-example")
        await console.page.set_viewport_size({"width": 390, "height": 844})
        await console.shot("points-terms-narrow", whole=True)
        await console.fits()
    saved = mall.staff("maixiang").get("/api/merchant/points-settings").json()
    assert (saved["most_percent"], saved["redeem"]) == (30, True)


async def number(console: Window, testid: str, value: str) -> None:
    field = console(testid).locator("input")
    await field.fill(value)
    await field.press("Tab")
