"""Alipay by hand: chosen in a browser outside WeChat, paid at the sandbox's cashier, set up in the console."""

from urllib.parse import urlsplit

import pytest
from bench.mall import Mall, Shopper
from playwright.async_api import Browser, expect

from tests.browser.test_loop import sign_in
from tests.browser.window import PHONE, Window, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOP = "qingshan"


async def as_shopper(shop: Window, mall: Mall, shopper: Shopper) -> None:
    """The browser is signed in as she is."""
    cookies = [
        {"name": cookie.name, "value": cookie.value or "", "url": f"{mall.url}/api/shop"}
        for cookie in shopper.http.cookies.jar
    ]
    await shop.page.context.add_cookies(cookies)  # pyright: ignore[reportArgumentType] - the type is not exported


async def test_a_shopper_outside_wechat_chooses_alipay(browser: Browser, mall: Mall) -> None:
    shopper = mall.new_shopper("方知远")
    shopper.sign_in(SHOP)
    delivery = {"method": "ship", "address_id": shopper.add_address()}
    order = shopper.place(SHOP, shopper.first_sku(SHOP), delivery)
    amount = f"{order['total_fen'] / 100:.2f}"
    async with window(browser, f"{mall.url}/shop/", shots=140, wide=True) as shop:
        await as_shopper(shop, mall, shopper)
        await shop.page.goto(f"{mall.url}/shop/{SHOP}/#/pages/pay/pay?id={order['order_id']}&auto=1")
        await shop.see("pay-by-alipay", "支付宝")
        await shop.shot("alipay-choice")
        await shop.tap("pay-by-alipay")
        await shop.see("pay-again", "支付宝")
        await shop.page.set_viewport_size(PHONE)  # pyright: ignore[reportArgumentType] - the type is not exported
        await shop.shot("alipay-choice-390")
        await shop.fits()
        await shop.tap("pay-again")
        await shop.see("cashier", amount)
        assert urlsplit(shop.page.url).netloc == urlsplit(mall.sandbox_url).netloc
        await expect(shop.page.get_by_text("不会真实扣款")).to_be_visible()
        await shop.shot("alipay-cashier-390")
        await shop.fits()
        await shop.tap("alipay-confirm")
        await shop.see("paid", "付款成功")
        await shop.shot("alipay-paid-390")
        await shop.see("result-title", "支付成功")  # the page leads back by itself
    paid = shopper.wait_for_state(SHOP, order["order_id"], "paid")
    assert paid["paid_fen"] == order["total_fen"]


async def test_the_console_has_a_room_for_the_account(browser: Browser, mall: Mall) -> None:
    async with window(
        browser, f"{mall.url}/console/", shots=146, wide=True, expected=(("404", "/alipay-account"),)
    ) as console:
        await sign_in(console, mall, SHOP)
        await console.tap("menu-alipay")
        await expect(console("alipay-app-id")).to_have_value(mall_app(mall)["app_id"])
        await console.see("alipay-notify", f"/alipay/{SHOP}/notify")
        await console.shot("alipay-account")
        await console.tap("alipay-mode-certificate")
        await console.tap("alipay-save")
        await expect(console.page.get_by_text("请填写三个证书")).to_be_visible()
        await console.shot("alipay-certificates", whole=True)
        await console.write("alipay-seller-id", "123")
        await console.tap("alipay-save")
        await expect(console.page.get_by_text("2088 开头")).to_be_visible()
        await console.page.set_viewport_size(PHONE)  # pyright: ignore[reportArgumentType] - the type is not exported
        await console.shot("alipay-account-390", whole=True)
        await console.fits()


def mall_app(mall: Mall) -> dict[str, str]:
    """The sandbox's app of the shop."""
    apps = mall.sandbox.get("/alipay/_sandbox/apps").json()
    return next(app for app in apps if app["key"] == SHOP)
