"""Friends on one desk: one shares a product, the other buys it from the card; and a purchase in the mini program."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest
from bench.mall import Mall, Shopper, wait_for
from playwright.async_api import Browser, expect

from tests.browser.window import Parts, Window, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MERCHANT = "qingshan"


def product_in_stock(mall: Mall) -> dict[str, Any]:
    items = mall.http.get(f"/api/shop/{MERCHANT}/products?limit=100").json()["items"]
    return next(item for item in items if not item["sold_out"])


def order_of(console: httpx.Client, nickname: str) -> dict[str, Any]:
    """The one order of a shopper, as the merchant sees it."""
    items = console.get("/api/merchant/orders?limit=50").json()["items"]
    (found,) = [item for item in items if item["shopper"]["nickname"] == nickname]
    return console.get(f"/api/merchant/orders/{found['order_id']}").json()


async def open_link(phone: Parts, url: str) -> None:
    await phone.tap("tab-discover")
    await phone.tap("discover-link")
    await phone.write("link-input", url)
    await phone.tap("link-open")


async def buy_this(phone: Parts, shop: Parts, *, agree: bool = False) -> None:
    """From the product's page to the sheet: any variant, collected at a store.

    `agree`: a mini program asks first whether it may send its notices.
    """
    await shop.see("product-title")
    await shop.tap("buy-now")
    await shop.see("sku-sheet")
    for at in range(await shop("sku-option").count()):
        values = shop("sku-option").nth(at).locator('[data-testid="sku-value"][data-disabled="false"]')
        await values.first.click()
    await shop.tap("sku-buy-now")
    await shop.see("checkout-total")
    await shop.tap("method-pickup")
    await shop.tap("checkout-store")
    await shop.tap("store-choice")
    await expect(shop("store-sheet")).to_have_count(0)
    await shop.tap("place-order")
    if agree:
        await phone.see("subscribe-sheet", "订单支付成功通知")
        await phone.tap("subscribe-allow")
    await phone.see("pay-merchant", "青衫")
    await phone.tap("pay-confirm")
    await phone.tap("paid-done")
    await shop.see("result-title", "支付成功")


def besides(desk: Window) -> tuple[Parts, Parts]:
    """The other phone on the desk, and what its web view shows."""
    frame = desk.page.frame_locator('[data-testid="beside-frame"]')
    return Parts(frame), Parts(frame.frame_locator('[data-testid="web-frame"]'))


async def offered(desk: Window) -> None:
    """Waits until the page has told WeChat what to send: it says who shares as soon as it knows her itself."""
    card = desk.page.locator('[data-testid="share-card"][data-link*="sharer="]')
    for _ in range(10):
        await desk.tap("web-more")
        await desk.tap("web-share")
        await desk.see("share-words")
        told = await card.count()
        await desk.page.keyboard.press("Escape")
        await expect(desk("share-words")).to_have_count(0)
        if told:
            return
    raise AssertionError("the page never offers a card of hers")


async def share_with(desk: Window, friend: Shopper) -> None:
    await offered(desk)
    await desk.tap("web-more")
    await desk.shot("share-menu")
    await desk.tap("web-share")
    await desk.write("share-words", "这件好看，快看看")
    await desk.shot("share-to")
    await desk.tap("share-friend", shopper=friend.id)
    await desk.see("toast", "已发送")


async def test_a_friend_buys_from_a_shared_card(browser: Browser, mall: Mall) -> None:
    ann, ben = mall.new_shopper("分享的人"), mall.new_shopper("买的朋友")
    product = product_in_stock(mall)
    page = f"/shop/{MERCHANT}/#/pages/product/product?id={product['product_id']}"
    signed_in = f"{mall.url}/api/shop/{MERCHANT}/wechat/authorize?next={quote(page, safe='')}"
    url = f"{mall.sandbox_url}/phone/?shopper={ann.id}&beside={ben.id}"
    async with window(browser, url, shots=100, wide=True) as desk:
        other, other_web = besides(desk)
        await open_link(desk, signed_in)
        await desk.web.see("product-title", product["title"])
        await desk.web.see("buy-now")
        await share_with(desk, ben)

        await other.see("unread", "2")
        await other.tap("chat-row", chat=ann.id)
        await other.see("link-card", product["title"])
        link = str(await other("link-card").first.get_attribute("data-link"))
        await desk.shot("card-arrives")
        await other.tap("link-card")
        await desk.see("web-resume")  # the jar of cookies is the friend's now
        await buy_this(other, other_web)
        await desk.shot("friend-paid")

        await desk.tap("web-resume")
        await desk.web.see("product-title", product["title"])
        order = order_of(mall.staff(MERCHANT), "买的朋友")
        assert order["state"] == "paid"
        assert order["attribution"]["sharer_id"]
        assert f"sharer={order['attribution']['sharer_id']}" in link
        sharer = order["attribution"]["sharer_id"]
        assert order["shopper"]["shopper_id"] != sharer


async def test_a_purchase_in_the_mini_program(browser: Browser, mall: Mall) -> None:
    cat = mall.new_shopper("小程序客")
    dan = mall.new_shopper("小程序友")
    async with window(browser, f"{mall.sandbox_url}/phone/?shopper={cat.id}", shots=110) as phone:
        await phone.tap("tab-discover")
        await phone("mini-row").filter(has_text="青衫").first.click()
        mini = Parts(phone.page.frame_locator('[data-testid="mini-frame"]'))
        await mini.see("merchant-name", "青衫")
        await phone.shot("mini-home")
        await phone.fits()
        await mini.tap("product-card")
        await buy_this(phone, mini, agree=True)
        await phone.shot("mini-paid")
        # A mini program's sign-in tells no nickname: the newest order is this one.
        console = mall.staff(MERCHANT)
        newest = console.get("/api/merchant/orders?limit=1").json()["items"][0]
        order = console.get(f"/api/merchant/orders/{newest['order_id']}").json()
        assert order["state"] == "paid"
        assert [payment["method"] for payment in order["payments"]] == ["wechat_mini"]
        wait_for(lambda: told_of(mall, cat, order), "the mini program did not tell of the payment")

        await mini.tap("result-home")
        await mini.tap("product-card")
        await mini.see("product-title")
        await phone.tap("mini-more")
        await phone.tap("mini-share")
        await phone.tap("share-friend", shopper=dan.id)
        await phone.see("toast", "已发送")
    async with window(browser, f"{mall.sandbox_url}/phone/?shopper={dan.id}", shots=115) as phone:
        await phone.tap("chat-row", chat=cat.id)
        path = str(await phone("mini-card").first.get_attribute("data-path"))
        assert path.startswith("/pages/product/product?")
        assert "sharer=" in path
        await phone.shot("mini-card")
        await phone.tap("mini-card")
        await Parts(phone.page.frame_locator('[data-testid="mini-frame"]')).see("product-title")
        await phone.see("mini-title")
    assert dan.phone("/mini-programs/" + appid_of(mall) + "/open", {})["url"].startswith(mall.url)


def told_of(mall: Mall, shopper: Shopper, order: dict[str, Any]) -> bool:
    """Whether the phone's 服务通知 has the order."""
    items = mall.sandbox.get(f"/_sandbox/shoppers/{shopper.id}/service-messages").json()["items"]
    return any(order["order_no"] in item["data"].values() for item in items)


def appid_of(mall: Mall) -> str:
    """The demo merchant's mini program."""
    rows = mall.sandbox.get("/_sandbox/accounts").json()["mini_programs"]
    return next(row["appid"] for row in rows if row["name"] == "青衫")
