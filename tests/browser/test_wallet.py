"""Stored value by hand: topped up on the phone, spent beside WeChat, seen in the console."""

import pytest
from bench.mall import Mall
from playwright.async_api import Browser

from tests.browser.shopping import come_to_the_shop, go_to_the_checkout, pay_on_the_sheet
from tests.browser.test_loop import labels
from tests.browser.window import window

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_a_wallet_is_topped_up_and_pays_a_part(browser: Browser, mall: Mall) -> None:
    shopper = mall.new_shopper("周小满")
    content = labels(mall.staff("qingshan"), "store")[0]["qr_content"]
    before = mall.staff("qingshan").get("/api/merchant/wallets/summary").json()
    async with window(browser, f"{mall.sandbox_url}/phone/?shopper={shopper.id}", shots=60) as phone:
        shop = phone.web
        await come_to_the_shop(phone, content, "周小满")
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
        await go_to_the_checkout(shop)
        await shop.tap("place-order")
        await shop.see("pay-split", "储值支付 ¥20.00，微信支付")
        await phone.shot("pay-split")
        await phone.fits()
        await shop.tap("pay-again")
        await pay_on_the_sheet(phone)
        await shop.see("result-title", "支付成功")
    summary = mall.staff("qingshan").get("/api/merchant/wallets/summary").json()
    assert (summary["wallets"], summary["liability_fen"]) == (before["wallets"] + 1, before["liability_fen"])
    mall.verify()
