"""A complaint in WeChat by hand: made on the phone, answered with a picture in the console, ended."""

import httpx
import pytest
from bench.mall import Mall, wait_for
from playwright.async_api import Browser, expect

from tests.aftersale.counter import jpeg
from tests.browser.test_aftersale import both_widths, sign_in
from tests.browser.window import Window, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOP = "maixiang"
COMPLAINT = "少了一件赠品，客服一直没有回复"


def told(merchant: httpx.Client) -> bool:
    """Whether WeChat knows where to tell of complaints."""
    desks = merchant.get("/api/merchant/complaints/counts").json()["desks"]
    return any(desk["told"] for desk in desks)


async def complain(phone: Window) -> None:
    """In the bill of what she paid last."""
    await phone.tap("tab-me")
    await phone.tap("me-wallet")
    await phone.tap("payment", kind="payment")
    await phone.tap("receipt-complain")
    await phone.write("complaint-words", COMPLAINT)
    await phone.tap("complaint-refund")
    await phone.tap("complaint-send")


async def answer(console: Window) -> None:
    await console.tap("menu-complaints")
    await console.see("complaints-row", COMPLAINT)
    await both_widths(console, "complaints")
    await console.page.get_by_text(COMPLAINT).locator("visible=true").first.click()
    await console.see("complaint-next", "首次回复须在 24 小时内")
    await console.see("complaint-detail", COMPLAINT)
    await expect(console("complaint-complete")).to_be_disabled()
    await both_widths(console, "complaint")
    await console.tap("complaint-give")
    await console.see("give-amount")
    await console.tap("give-cancel")
    await console.tap("complaint-send")
    await console.see("complaint-reply", "请填写回复内容")
    await console.write("complaint-words", "抱歉，赠品今天补寄，单号稍后发您。")
    async with console.page.expect_file_chooser() as chooser:
        await console.page.locator('label:has([data-testid="complaint-pictures"])').click()
    await (await chooser.value).set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg("teal")})
    await console.see("complaint-reply")
    await expect(console("complaint-reply").locator("img")).to_have_count(1)
    await console.tap("complaint-send")
    await console.see("complaint-event", "赠品今天补寄", kind="MERCHANT_RESPONSE")
    await console.see("complaint-state", state="processing")
    picture = console("complaint-picture").last
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("naturalWidth", 60)
    await both_widths(console, "complaint-answered")


async def test_a_complaint_on_the_phone_is_answered_and_ended(browser: Browser, mall: Mall) -> None:
    merchant, shopper = mall.staff(SHOP), mall.new_shopper("沈知秋")
    wait_for(lambda: told(merchant), "WeChat is never asked to tell of complaints", 60)
    shopper.sign_in(SHOP)
    delivery = {"method": "ship", "address_id": shopper.add_address()}
    order = shopper.place(SHOP, shopper.first_sku(SHOP), delivery)
    shopper.pay(SHOP, order["order_id"])
    async with (
        window(browser, f"{mall.sandbox_url}/phone/?shopper={shopper.id}", shots=250) as phone,
        window(browser, f"{mall.url}/console/", shots=252, wide=True) as console,
    ):
        await sign_in(console, mall, SHOP)
        await complain(phone)
        wait_for(lambda: merchant.get("/api/merchant/complaints?waiting=true").json()["items"], "it never came")
        await answer(console)
        await phone.tap("payment", kind="payment")
        await phone.tap("receipt-complaint")
        await phone.see("complaint-line", "赠品今天补寄", kind="MERCHANT_RESPONSE")
        await phone.write("complaint-reply", "好的，谢谢")
        await phone.tap("complaint-say")
        await console.see("complaint-event", "好的，谢谢", 30, kind="USER_RESPONSE")
        await console.see("complaint-next", "用户有新留言")
        await console.tap("complaint-complete")
        await console.page.locator(".el-message-box__btns .el-button--primary").click()
        await console.see("complaint-state", state="processed")
        await expect(console("complaint-complete")).to_have_count(0)
    mall.verify()
