"""A return by hand: asked for on the phone, refused at the inspection, disputed with a picture, ruled, paid back."""

import os
from typing import Any

import httpx
import pytest
from bench.mall import Mall, Shopper
from playwright.async_api import Browser, expect

from tests.aftersale.counter import jpeg
from tests.browser.test_loop import buy, labels, password_of
from tests.browser.window import DESKTOP, PHONE, Window, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOP = "qingshan"


def sent_order(mall: Mall, merchant: httpx.Client, shopper: Shopper) -> tuple[dict[str, Any], str]:
    """Two pieces that she paid and that are on their way to her; and the account that tells her of it."""
    appid = shopper.scan_and_follow(labels(merchant, "store")[0]["qr_content"])
    shopper.sign_in(SHOP)
    delivery = {"method": "ship", "address_id": shopper.add_address()}
    order = shopper.place(SHOP, shopper.first_sku(SHOP), delivery, quantity=2)
    shopper.pay(SHOP, order["order_id"])
    parcel = {"company": "顺丰速运", "tracking_no": "SF1390026112207", "lines": None}
    key = {"Idempotency-Key": os.urandom(12).hex()}
    answer = merchant.post(f"/api/merchant/orders/{order['order_id']}/ship", json=parcel, headers=key)
    assert answer.status_code == 200, answer.text
    return order, appid


def write(shopper: Shopper, appid: str) -> None:
    """Says something in the chat: for five messages the account may answer then."""
    shopper.phone(f"/chats/{appid}/text", {"content": "在吗，想问一下售后"})


async def sign_in(console: Window, mall: Mall, login: str) -> None:
    await console.write("sign-in-login", login)
    await console.write("sign-in-password", password_of(mall, login))
    await console.tap("sign-in-submit")


async def read(phone: Window, title: str) -> None:
    """Leaves the page for the chat, and follows its latest card."""
    await phone.tap("web-close")
    card = phone("message", kind="news").last
    await expect(card).to_contain_text(title, timeout=15_000)
    await card.click()


async def both_widths(console: Window, name: str) -> None:
    """A picture for a desk, and one for a phone; nothing stands out at its side."""
    await console.shot(name)
    await console.page.set_viewport_size(PHONE)  # pyright: ignore[reportArgumentType] - the type is not exported
    await console.shot(f"{name}-390", whole=True)
    await console.fits()
    await console.page.set_viewport_size(DESKTOP)  # pyright: ignore[reportArgumentType]


async def test_an_order_is_paid_back_from_its_own_page(browser: Browser, mall: Mall) -> None:
    order = buy(mall, "顾一帆", "maixiang")
    async with window(browser, f"{mall.url}/console/", shots=175, wide=True) as console:
        await sign_in(console, mall, "maixiang")
        await console.see("menu-orders")
        await console.page.goto(f"{mall.url}/console/#/orders/{order['order_id']}")
        await console.see("order-give", "主动退款")
        await both_widths(console, "order-refundable")
        await console.tap("order-give")
        await expect(console("give-number")).to_have_value(order["order_no"])
        await expect(console("give-number")).to_be_disabled()
        await expect(console("give-amount")).to_have_value(f"{order['total_fen'] / 100:g}")
        await console.write("give-note", "门店缺货，抱歉")
        await both_widths(console, "order-give")
        await console.tap("give-submit")
        await console.see("case-event", "门店缺货，抱歉")
        await console.page.goto(f"{mall.url}/console/#/orders/{order['order_id']}")
        await console.see("order-refund")
        await expect(console("order-give")).to_have_count(0)
    mall.verify()


async def ask_for_a_return(phone: Window, mall: Mall, order: dict[str, Any]) -> None:
    shop = phone.web
    await phone.tap("tab-discover")
    await phone.tap("discover-link")
    await phone.write("link-input", f"{mall.url}/shop/{SHOP}/#/pages/order/order?id={order['order_id']}")
    await phone.tap("link-open")
    await shop.tap("order-aftersale")
    await shop.tap("apply-kind-exchange")
    await shop.see("apply-variant")
    await phone.shot("aftersale-exchange")
    await shop.tap("apply-kind-return")
    await shop.tap("apply-reason")
    await shop.tap("reason", code="quality")
    await shop.see("apply-amount")
    await shop.write("apply-words", "袖口有两处开线")
    async with phone.page.expect_file_chooser() as chooser:
        await shop.tap("case-picture-add")
    await (await chooser.value).set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg("brown")})
    await shop.see("case-picture")
    await phone.shot("aftersale-apply")
    await phone.fits()
    await shop.tap("apply-submit")
    await shop.see("case-due", "商家未处理将自动同意")
    await phone.shot("aftersale-applied")
    await phone.fits()


async def agree(console: Window) -> None:
    await console.tap("menu-aftersale")
    await console.see("cases-row", "退货退款")
    await both_widths(console, "aftersale-cases")
    await console.tap("cases-row")
    await console.see("case-next", "超时将自动同意")
    await console.tap("case-agree")
    await console.see("step-outcome", "验收后退款")
    await expect(console("step-address")).to_have_value("广东省深圳市南山区科技园 1 号仓")
    await console.tap("step-submit")
    await console.see("case-state", state="agreed")


async def send_it_back(phone: Window) -> None:
    shop = phone.web
    await shop.see("case-address", "青衫售后")
    await shop.tap("parcel-company", name="京东快递")
    await shop.write("parcel-number", "JD0026112207")
    await phone.shot("aftersale-parcel")
    await shop.tap("parcel-send")
    await shop.see("case-parcel", "JD0026112207")
    await phone.fits()


async def refuse_at_inspection(console: Window) -> None:
    await console.page.reload()
    await console.tap("case-inspect")
    await console.see("step-outcome", "退款约")
    await console.tap("inspect-refuse")
    await console.write("step-words", "吊牌已剪，影响二次销售")
    await console.shot("aftersale-inspect")
    await console.tap("step-submit")
    await console.see("case-state", state="rejected")


async def call_the_platform(phone: Window) -> None:
    shop = phone.web
    await shop.see("case-refused", "吊牌已剪")
    await phone.shot("aftersale-refused")
    await shop.tap("case-dispute")
    await shop.write("case-words", "开线是质量问题，与吊牌无关")
    await shop.tap("case-say")
    await shop.see("case-state", "平台处理中")
    await phone.shot("aftersale-disputed")
    await phone.fits()


async def rule(operator: Window) -> None:
    await operator.tap("menu-disputes")
    await operator.see("cases-row", "青衫")
    await operator.tap("cases-row")
    await operator.see("case-event", "袖口有两处开线")
    await both_widths(operator, "aftersale-dispute")
    await operator.tap("case-rule")
    await operator.write("step-words", "图片显示开线，支持退款")
    await operator.shot("aftersale-ruling")
    await operator.tap("step-submit")
    await expect(operator("case-rule")).to_have_count(0)


async def test_a_return_is_refused_disputed_ruled_and_paid_back(browser: Browser, mall: Mall) -> None:
    merchant, shopper = mall.staff(SHOP), mall.new_shopper("沈知秋")
    order, appid = sent_order(mall, merchant, shopper)
    first_look = (("401", f"/orders/{order['order_id']}"),)  # the link signs her in
    phone_url, console_url = f"{mall.sandbox_url}/phone/?shopper={shopper.id}", f"{mall.url}/console/"
    async with (
        window(browser, phone_url, shots=200, expected=first_look) as phone,
        window(browser, console_url, shots=220, wide=True) as console,
        window(browser, console_url, shots=240, wide=True) as operator,
    ):
        await sign_in(console, mall, SHOP)
        await sign_in(operator, mall, "operator")
        write(shopper, appid)
        await ask_for_a_return(phone, mall, order)
        await agree(console)
        await phone.tap("web-close")
        await phone.tap("tab-chats")
        await phone.tap("chat-row")
        await expect(phone("message", kind="news").last).to_contain_text("商家已同意", timeout=15_000)
        await phone("message", kind="news").last.click()
        await send_it_back(phone)
        await refuse_at_inspection(console)
        await read(phone, "商家拒绝了您的售后申请")
        write(shopper, appid)
        await call_the_platform(phone)
        await rule(operator)
        await read(phone, "退款已到账")
        await phone.web.see("order-state", "已退款")
        await phone.web.tap("order-aftersale")
        await phone.web.tap("apply-case")
        await phone.web.see("page-case", state="completed")
        await phone.web.see("case-refund", "微信支付", state="success")
        await phone.shot("aftersale-refunded", whole=True)
        await phone.fits()
        await console.page.reload()
        await console.see("case-refund", "微信支付")
        await console.shot("aftersale-refunded")
    after = shopper.call("GET", f"/api/shop/{SHOP}/orders/{order['order_id']}")
    assert (after["refund_status"], after["refunded_fen"]) == ("refunded", after["paid_fen"])
    mall.verify()
