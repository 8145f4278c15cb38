"""A guide on WeCom, by hand: her code at the console, her welcome on the phone, her customer's order and the notice."""

from typing import Any

import pytest
from bench.mall import Mall, wait_for
from playwright.async_api import Browser, expect

from tests.browser.test_loop import sign_in
from tests.browser.test_two_shoppers import buy_this, order_of
from tests.browser.window import window

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def guide_of(mall: Mall) -> dict[str, Any]:
    """The demo's first guide, and what her code says."""
    (corp,) = mall.sandbox.get("/_sandbox/accounts").json()["corps"]
    ways = mall.sandbox.get(f"/_sandbox/corps/{corp['corpid']}").json()["contact_ways"]
    way = next(w for w in ways if w["user"] == ["QingQing"])
    items = mall.staff("qingshan").get("/api/merchant/guides").json()["items"]
    return {**next(g for g in items if g["userid"] == "QingQing"), "content": way["code_url"]}


async def test_a_guide_s_customer(browser: Browser, mall: Mall) -> None:
    guide = guide_of(mall)
    async with window(browser, f"{mall.url}/console/", shots=120, wide=True) as console:
        await sign_in(console, mall, "qingshan")
        await console.tap("menu-wecom")
        await expect(console("guides-row").filter(has_text="青青")).to_contain_text("周砚", timeout=15_000)
        await expect(console("guide-code").first).to_be_visible()
        await console.fits()
        await console.shot("guides")
        await console.tap("guides-print")
        await expect(console("print-card").filter(has_text="青青").first).to_be_visible(timeout=15_000)
        await console.shot("guides-print")

    shopper = mall.new_shopper("加导购的人")
    async with window(browser, f"{mall.sandbox_url}/phone/?shopper={shopper.id}", shots=124) as phone:
        await phone.tap("empty-scan")
        await phone.tap("scan-code", content=guide["content"])
        await phone.tap("dialog-ok")
        await phone.see("bubble", "我是青衫的青青")
        await phone.see("news-item", "微信商城")
        await phone.shot("guide-welcome")
        await phone.tap("news-item")
        shop = phone.web
        await shop.see("merchant-name", "青衫")
        await shop.tap("product-card")
        await buy_this(phone, shop)
    order = order_of(mall.staff("qingshan"), "加导购的人")
    assert order["state"] == "paid"
    assert order["attribution"]["staff_id"] == guide["staff_id"]

    def told() -> bool:
        sent = mall.staff("qingshan").get("/api/merchant/messages", params={"limit": 50}).json()["items"]
        return any(m["kind"] == "guide" and m["state"] == "sent" and order["order_no"] in m["text"] for m in sent)

    wait_for(told, "the guide was not told")
    async with window(browser, f"{mall.url}/console/", shots=126, wide=True) as console:
        await sign_in(console, mall, "qingshan")
        await console.page.goto(f"{mall.url}/console/#/wecom")
        await console.page.get_by_role("tab", name="客户").click()
        await console.see("guide-customers-row", "加导购的人")
        await console.see("guide-customers-row", "已送达")
        await console.shot("guide-customers")
        await console.page.get_by_role("tab", name="接入与欢迎语").click()
        await console.see("corp-state", "企业微信已验证")
        await console.shot("corp")
        await console.page.goto(f"{mall.url}/console/#/official-account")
        await console.page.get_by_role("tab", name="小程序通知").click()
        await console.see("notice-order_paid", "付款成功")
        await console.shot("notices", whole=True)
