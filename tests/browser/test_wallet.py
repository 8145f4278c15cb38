"""Stored value by hand: topped up on the phone, spent beside WeChat, seen in the console."""

import pytest
from bench.mall import Mall
from playwright.async_api import Browser, expect

from tests.browser.test_loop import choose_variant, labels, write_address
from tests.browser.window import Window, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def pay_on_the_sheet(phone: Window, amount: str) -> None:
    await expect(phone("pay-amount")).to_have_text(amount)
    await phone.tap("pay-confirm")
    await phone.see("paid-done")
    await phone.tap("paid-done")


async def test_a_wallet_is_topped_up_and_pays_a_part(browser: Browser, mall: Mall) -> None:
    shopper = mall.new_shopper("周小满")
    content = labels(mall.staff("qingshan"), "store")[0]["qr_content"]
    before = mall.staff("qingshan").get("/api/merchant/wallets/summary").json()
    async with window(browser, f"{mall.sandbox_url}/phone/?shopper={shopper.id}", shots=60) as phone:
        shop = phone.web
        await phone.tap("empty-scan")
        await phone.tap("scan-code", content=content)
        await phone.tap("follow")
        await phone.see("bubble", "您好，这里是青衫")
        await phone.tap("menu-button")
        await shop.see("merchant-name", "青衫")

        await shop.tap("tab-me")
        await shop.tap("me-profile")  # signs her in
        await shop.see("me-name", "周小满")
        await shop.tap("me-wallet")
        await shop.see("wallet-available", "0.00")
        await phone.shot("wallet-empty")
        await phone.fits()
        await shop.tap("wallet-choice")
        await shop.see("wallet-pay", "¥100.00")
        await shop.write("wallet-amount", "20")
        await shop.see("wallet-pay", "¥20.00")
        await shop.tap("wallet-pay")
        await pay_on_the_sheet(phone, "¥20.00")
        await shop.see("wallet-available", "20.00")
        await shop.see("wallet-entry", "充值")
        await phone.shot("wallet", whole=True)
        await phone.fits()
        await shop.tap("wallet-code-open")
        await shop.see("wallet-code", "88")
        await phone.shot("wallet-code")
        await phone.fits()
        await shop.tap("wallet-code-close")

        await phone.tap("web-back")
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
        await shop.tap("place-order")
        await shop.see("pay-split", "储值支付 ¥20.00，微信支付")
        await phone.shot("pay-split")
        await phone.fits()
        await shop.tap("pay-again")
        await phone.tap("pay-confirm")
        await phone.see("paid-done")
        await phone.tap("paid-done")
        await shop.see("result-title", "支付成功")
    summary = mall.staff("qingshan").get("/api/merchant/wallets/summary").json()
    assert (summary["wallets"], summary["liability_fen"]) == (before["wallets"] + 1, before["liability_fen"])
    mall.verify()
