"""What a shopper does on her phone on the way to a payment."""

from playwright.async_api import expect

from tests.browser.test_loop import choose_variant, write_address
from tests.browser.window import Parts, Window


async def come_to_the_shop(phone: Window, content: str, nickname: str) -> None:
    """Scans a code of 青衫's, follows, opens the shop by its menu and signs in."""
    shop = phone.web
    await phone.tap("empty-scan")
    await phone.tap("scan-code", content=content)
    await phone.tap("follow")
    await phone.see("bubble", "您好，这里是青衫")
    await phone.tap("menu-button")
    await shop.see("merchant-name", "青衫")
    await shop.tap("tab-me")
    await shop.tap("me-profile")
    await shop.see("me-name", nickname)


async def go_to_the_checkout(shop: Parts) -> None:
    """Puts the first product into the cart and gives an address."""
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


async def pay_on_the_sheet(phone: Window, amount: str | None = None) -> None:
    """Pays in WeChat; the sheet asks for `amount`."""
    if amount is not None:
        await expect(phone("pay-amount")).to_have_text(amount)
    await phone.tap("pay-confirm")
    await phone.see("paid-done")
    await phone.tap("paid-done")
