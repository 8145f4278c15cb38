"""The loop by hand, in a browser: the phone, the console that sees it, and the storefront outside WeChat."""

from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.browser.window import Parts, Window, window
from tests.mall import Mall

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def labels(console: httpx.Client, kind: str) -> list[dict[str, Any]]:
    """A merchant's codes of one kind."""
    items = console.get("/api/merchant/labels?limit=100").json()["items"]
    return [label for label in items if label["kind"] == kind]


async def write_address(shop: Parts) -> None:
    """Fills in the address form and saves it."""
    await shop.write("address-name", "林小满")
    await shop.write("address-phone", "13800138000")
    await shop.tap("address-region")
    for name in ("浙江省", "杭州市", "西湖区"):
        await shop.tap("region-name", name=name)
    await shop.write("address-street", "文三路 388 号 2 幢 601 室")


async def choose_variant(shop: Parts) -> None:
    """Chooses in the open SKU sheet the first value that can be had of each option."""
    await shop.see("sku-sheet")
    for at in range(await shop("sku-option").count()):
        values = shop("sku-option").nth(at).locator('[data-testid="sku-value"][data-disabled="false"]')
        await values.first.click()


async def test_the_loop_closes_on_the_phone(browser: Browser, mall: Mall) -> None:
    label = labels(mall.staff("qingshan"), "store")[0]
    async with window(browser, f"{mall.sandbox_url}/phone/", shots=1) as phone:
        await phone.write("new-nickname", "林小满")
        await phone.shot("who")
        await phone.tap("create-shopper")
        await follow_by_code(phone, label["qr_content"])
        await phone.tap("menu-button")
        await shop_and_pay(phone)
        await what_came_of_it(phone)


async def follow_by_code(phone: Window, content: str) -> None:
    await phone.see("empty-scan")
    await phone.shot("chats-empty")
    await phone.tap("empty-scan")
    await phone.see("scan-code", content=content)
    await phone.shot("scan")
    await phone.tap("scan-code", content=content)
    await phone.see("account-name", "青衫")
    await phone.shot("account")
    await phone.tap("follow")
    await phone.see("bubble", "您好，这里是青衫")
    await phone.shot("greeting")


async def shop_and_pay(phone: Window) -> None:
    shop = phone.web
    await shop.see("merchant-name", "青衫")
    await shop.see("product-card")
    await expect(phone("web-title")).to_contain_text("青衫")
    await phone.shot("home")
    await phone.fits()
    await shop.tap("tab-products")
    await shop.see("category")
    await shop.see("product-card")
    await phone.shot("products")
    await shop.tap("product-card")
    await shop.see("product-title")
    await phone.shot("product")
    await shop.tap("add-to-cart")
    await choose_variant(shop)
    await shop.see("sku-status", "库存")
    await phone.shot("sku")
    await shop.tap("sku-add-to-cart")
    await shop.see("cart-badge", "1")
    await shop.tap("bar-cart")
    await shop.see("cart-item", state="ok")
    await phone.shot("cart")
    await shop.tap("go-checkout")
    await shop.see("checkout-total")
    await phone.shot("checkout-no-address")
    await shop.tap("checkout-address")
    await write_address(shop)
    await phone.shot("address")
    await phone.fits()
    await shop.tap("address-save")
    await shop.see("checkout-address", "文三路 388 号")
    await phone.shot("checkout")
    await phone.fits()
    total = await shop("checkout-total").inner_text()
    await shop.tap("place-order")

    await phone.see("pay-merchant", "青衫")
    await expect(phone("pay-amount")).to_have_text("".join(total.split()))
    await phone.shot("pay-sheet")
    await phone.tap("pay-confirm")
    await phone.see("paid-done")
    await phone.shot("paid")
    await phone.tap("paid-done")
    await shop.see("result-title", "支付成功")
    await shop.see("member-card")
    await phone.shot("result")


async def what_came_of_it(phone: Window) -> None:
    shop = phone.web
    await shop.tap("result-order")
    await shop.see("order-state", "待发货")
    await phone.shot("order", whole=True)
    await phone.fits()
    await phone.tap("web-back")
    await phone.tap("web-close")
    news = phone("message", kind="news").last
    await expect(news).to_contain_text("恭喜您成为青衫会员")
    await phone.shot("chat-joined")
    await phone.tap("menu-button")
    await phone.web.see("merchant-name", "青衫")
    await phone.web.tap("tab-me")
    await phone.web.see("me-name", "林小满")
    await phone.web.see("member-card")
    await phone.shot("me")
    await phone.web.tap("me-member")
    await phone.web.see("member-number")
    await phone.web.see("member-qr")
    await phone.shot("member")
    await phone.fits()
