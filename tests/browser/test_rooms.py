"""Signing in at a desktop by phone, and the console's rooms of records, in a browser."""

from bench.mall import Mall
from playwright.async_api import Browser, expect

from tests.browser.desk import sign_in_by_phone
from tests.browser.test_loop import buy, sign_in
from tests.browser.window import Window, window


async def test_a_phone_signs_a_desktop_in(browser: Browser, mall: Mall) -> None:
    shopper = mall.new_shopper("书桌前")
    async with window(browser, f"{mall.url}/shop/maixiang/", shots=90, wide=True) as shop:
        await shop.see("product-card")
        await shop.tap("tab-me")
        await shop.see("me-name", "登录")
        await shop.shot("desktop-me")
        await shop.tap("me-profile")
        await shop.see("desktop-sign-in-qr")
        await shop.page.keyboard.press("Escape")
        await expect(shop("desktop-sign-in")).to_have_count(0)
        await sign_in_by_phone(shop, shopper, "me-profile", shots=True)
        await shop.see("me-not-member")
        await expect(shop("me-sign-out")).to_be_visible()
        await shop.page.reload()
        await shop.tap("tab-me")
        await expect(shop("me-sign-out")).to_be_visible()


async def test_the_shop_s_own_rooms(browser: Browser, mall: Mall) -> None:
    order = buy(mall, "看后台", "maixiang")
    async with window(browser, f"{mall.url}/console/", shots=100, wide=True) as console:
        await sign_in(console, mall, "maixiang")
        await console.see("dashboard-funnel")
        await write_profile(console)
        await console.tap("menu-sign-ins")
        await console.see("sign-ins-row", "登录成功")
        await console.shot("sign-ins")
        await console.tap("menu-levels")
        await console.see("level")
        await console.write("level-benefits", "满 99 元包邮\n生日当月双倍积分")
        await console.tap("levels-save")
        await expect(console.page.get_by_text("已保存，会员已按新门槛重新定级")).to_be_visible()
        await console.shot("levels")
        await console.tap("menu-messages")
        await console.see("messages-row", "麦香")
        await console.shot("messages")
        await console.page.goto(f"{mall.url}/console/#/orders/{order['order_id']}")
        await console.see("order-journey", "决定归属")
        await console.shot("order-journey", whole=True)
        for room in ("parked-payments", "deliveries"):
            await console.page.goto(f"{mall.url}/console/#/{room}")
            await console.page.wait_for_load_state("networkidle")
            await console.shot(room)


async def write_profile(console: Window) -> None:
    await console.tap("menu-profile")
    await console.see("profile-form")
    await console.write("profile-intro", "每天现烤，麦子的香")
    await console("profile-freight").get_by_text("满额包邮").click()
    await console.write("profile-fee", "8")
    await console.write("profile-limit", "99")
    await console.shot("profile")
    await console.tap("profile-save")
    await expect(console.page.get_by_text("已保存，商城马上更新")).to_be_visible()


async def test_counters_are_renamed_and_retired_and_stores_not_while_full(browser: Browser, mall: Mall) -> None:
    expected = (("409", "/retire"),)
    async with window(browser, f"{mall.url}/console/", shots=110, wide=True, expected=expected) as console:
        await sign_in(console, mall, "qingshan")
        await console.tap("menu-stores")
        await console.see("counter")
        await console.tap("counter")
        await console.write("counter-name", "收银台（新）")
        await console.shot("counter")
        await console.tap("counter-form-submit")
        await console.see("counter", "收银台（新）")
        await console.tap("counter")
        await console("counter-state").click()
        await console.tap("counter-form-submit")
        await expect(console("counter").filter(has_text="收银台（新）")).to_have_count(0)
        await console("stores-retired-too").click()
        await expect(console("counter").filter(has_text="收银台（新）")).to_be_visible()
        await console("store-retire").last.click()  # nobody else's test leaves an order to pick up there
        await console.page.get_by_role("button", name="撤店").last.click()
        await expect(console.page.get_by_text("还有库存")).to_be_visible()
        await console.shot("stores-retire", whole=True)


async def test_the_new_rooms_fit_a_phone(browser: Browser, mall: Mall) -> None:
    async with window(browser, f"{mall.url}/console/", shots=120) as console:
        await sign_in(console, mall, "maixiang")
        await console.see("dashboard-funnel")
        for room in ("profile", "sign-ins", "member-levels", "messages", "parked-payments", "stores"):
            await console.page.goto(f"{mall.url}/console/#/{room}")
            await console.page.wait_for_load_state("networkidle")
            await console.shot(f"narrow-{room}", whole=True)
            await console.fits()
