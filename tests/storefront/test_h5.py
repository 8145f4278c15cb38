"""The H5 in a real browser, against the contract server: the purchase, and what goes wrong on the way."""

import pytest
from playwright.async_api import Browser, Response, Route, expect

from .contract_server import ContractServer
from .pages import Shopper

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOME_LIMIT_BYTES = 180 * 1024
SHIRT, LINEN, BAG, SCARF = 0, 1, 5, 6


def product(server: ContractServer, index: int) -> str:
    return f"product/product?id={server.shop.products[index]['product_id']}"


async def test_buys_inside_wechat(browser: Browser, server: ContractServer) -> None:
    shopper = await Shopper.come(browser, server, bridge="ok")
    await shopper.open(query="?l=QS01")
    await shopper.tap("product-card")
    await shopper.tap("buy-now")
    await shopper.choose("月白", "M")
    await shopper.tap("sku-buy-now")
    # Signing in leaves the page and comes back to it, with what was being bought.
    await shopper.tap("method-pickup")
    await shopper.tap("checkout-store")
    await shopper("store-choice").nth(1).click()
    await shopper.see("checkout-store", "西湖店")
    await shopper.tap("place-order")
    await shopper.see("result-title", "支付成功")
    await shopper.see("result-pickup-code", "83920174")
    await shopper.see("member-card")
    await shopper.shot("result")
    await shopper.tap("result-order")
    await shopper.see("order-state", "待自提")
    await shopper.see("pickup-qr")
    await shopper.shot("order")
    await shopper.verify_clean()
    [order] = server.shop.orders
    assert order["state"] == "paid"
    assert order["total_fen"] == 25900, "pickup has no freight"
    [touch] = server.shop.touchpoints
    assert touch["label"] == "QS01"


async def test_pays_by_code_outside_wechat(browser: Browser, server: ContractServer) -> None:
    server.shop.put_address(None, ADDRESS)
    shopper = await Shopper.come(browser, server)
    await shopper.open(product(server, LINEN))
    await shopper.tap("buy-now")
    await shopper.choose("米白", "M")
    await shopper.tap("sku-buy-now")
    await shopper.see("amount-freight", "¥10.00")
    await shopper.tap("place-order")
    await shopper.see("pay-qr")
    await shopper.shot("pay-code")
    server.shop.mark_paid(server.shop.orders[0]["order_id"])
    await shopper.see("result-title", "支付成功")
    await shopper.verify_clean()


ADDRESS = {
    "name": "林小满",
    "phone": "13800138000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "street": "文三路 388 号",
    "is_default": True,
}


async def test_writes_an_address_on_the_way(browser: Browser, server: ContractServer) -> None:
    shopper = await Shopper.come(browser, server)
    await shopper.open(product(server, LINEN))
    await shopper.tap("buy-now")
    await shopper.choose("米白", "M")
    await shopper.tap("sku-buy-now")
    await expect(shopper("place-order")).to_have_attribute("disabled", "true")
    await shopper.tap("checkout-address")
    await shopper.tap("address-save")
    await expect(shopper.page.get_by_text("请填写正确的手机号")).to_be_visible()
    await shopper("address-name").locator("input").fill("林小满")
    await shopper("address-phone").locator("input").fill("13800138000")
    await shopper("address-street").locator("input").fill("文三路 388 号")
    await shopper.tap("address-region")
    for name in ("浙江省", "杭州市", "西湖区"):
        await shopper.tap("region-name", name=name)
    await shopper.tap("address-save")
    await shopper.see("checkout-address", "浙江省 杭州市 西湖区 文三路 388 号")
    await shopper.verify_clean()
    [address] = server.shop.addresses
    assert (address["province"], address["city"], address["district"]) == ("浙江省", "杭州市", "西湖区")


async def test_says_what_changed_at_checkout(browser: Browser, server: ContractServer) -> None:
    shop = server.shop
    shop.put_address(None, ADDRESS)
    linen, bag = shop.products[LINEN]["skus"][0], shop.products[BAG]["skus"][0]
    shop.put_cart(linen["sku_id"], 2)
    shop.put_cart(bag["sku_id"], 1)
    shopper = await Shopper.come(browser, server)
    await shopper.open("cart/cart")
    await shopper.see("cart-total", "527.00")
    await shopper.tap("go-checkout")
    await shopper.see("checkout-total", "527.00")
    linen["price_fen"] += 1000
    await shopper.tap("place-order")
    await shopper.see("checkout-notice", "合计 ¥527.00 → ¥547.00")
    await shopper.see("checkout-notice", "亚麻立领短袖衬衫：¥199.00 → ¥209.00")
    linen["available"] = 1
    await shopper.tap("place-order")
    await shopper.see("checkout-notice", "库存不足")
    await shopper.see("line-problem", "库存不足")
    await shopper.shot("checkout-short")
    await shopper.tap("drop-lines")
    await shopper.see("checkout-total", "139.00")
    await shopper.tap("place-order")
    await shopper.see("pay-qr")
    await shopper.verify_clean()
    assert [line["sku_id"] for line in shop.orders[0]["lines"]] == [bag["sku_id"]]
    assert list(shop.items) == [linen["sku_id"]], "what was left out stays in the cart"


async def test_a_lost_answer_orders_once(browser: Browser, server: ContractServer) -> None:
    server.shop.put_address(None, ADDRESS)
    shopper = await Shopper.come(browser, server)
    sku = server.shop.products[BAG]["skus"][0]["sku_id"]
    await shopper.open(f"checkout/checkout?lines={sku}_1")
    await shopper.see("checkout-total")

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await shopper.page.route("**/orders", lose, times=1)
    await shopper.tap("place-order")
    await shopper.see("checkout-notice", "网络没有接通")
    await shopper.tap("place-order")
    await shopper.see("pay-qr")
    await shopper.verify_clean()
    assert len(server.shop.orders) == 1


async def test_cart_tells_every_state(browser: Browser, server: ContractServer) -> None:
    shop = server.shop
    few, gone, out = (shop.products[index]["skus"][0] for index in (LINEN, BAG, SCARF))
    for sku in (few, gone, out):
        shop.put_cart(sku["sku_id"], 1)
    few["price_fen"] -= 500
    shop.unpublished.add(shop.products[BAG]["product_id"])
    shopper = await Shopper.come(browser, server)
    await shopper.open("cart/cart")
    await shopper.see("cart-price-changed", "便宜 ¥5.00")
    await expect(shopper("cart-item", state="unpublished")).to_have_count(1)
    await expect(shopper("cart-item", state="sold_out")).to_have_count(1)
    few["available"] = 3
    shop.put_cart(few["sku_id"], 9)
    await shopper.page.reload()
    await shopper.see("cart-insufficient", "仅剩 3 件")
    await shopper.tap("cart-quantity-less")
    await shopper.tap("cart-clear-gone")
    await expect(shopper("cart-item")).to_have_count(1)
    await shopper.verify_clean()
    assert shop.items[few["sku_id"]]["quantity"] == 3, "one tap brings it down to what there is"


async def test_sold_out_values_cannot_be_chosen(browser: Browser, server: ContractServer) -> None:
    for sku in server.shop.products[SHIRT]["skus"]:
        if sku["option_values"][1] == "S" or sku["option_values"] == ["月白", "M"]:
            sku["available"] = 0
    shopper = await Shopper.come(browser, server)
    await shopper.open(product(server, SHIRT))
    await shopper.tap("add-to-cart")
    await shopper.choose("月白")
    await expect(shopper("sku-value", value="S")).to_have_attribute("data-disabled", "true")
    await expect(shopper("sku-value", value="M")).to_have_attribute("data-disabled", "true")
    await shopper.tap("sku-value", value="M")
    await shopper.see("sku-status", "请选择")
    await shopper.choose("L")
    await shopper.see("sku-status", "库存")
    # Nobody is signed in: the item goes into the cart all the same, after the sign-in page.
    await shopper.tap("sku-add-to-cart")
    await shopper.see("cart-badge", "1")
    await shopper.open(product(server, SCARF))
    await shopper.see("sold-out", "已售罄")
    await shopper.verify_clean()


async def test_home_is_light_and_needs_no_other_host(browser: Browser, server: ContractServer) -> None:
    shopper = await Shopper.come(browser, server)
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    shopper.page.on("response", note)
    await shopper.open()
    await shopper.see("product-card")
    await shopper.page.wait_for_load_state("networkidle")
    sizes = [await answer.request.sizes() for answer in answers]
    total = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    assert total <= HOME_LIMIT_BYTES, f"{total} bytes in {len(answers)} answers"
    await shopper.shot("home")
    await shopper.verify_clean()


async def test_errors_say_what_to_do(browser: Browser, server: ContractServer) -> None:
    shopper = await Shopper.come(browser, server)
    await shopper.open("product/product?id=none")
    await shopper.see("state-error", "商品不存在或已下架")
    await shopper.tap("state-action")
    await shopper.see("page-products")
    await shopper("search-input").locator("input").fill("没有的东西")
    await shopper.tap("search-go")
    await shopper.see("state-empty", "没有找到“没有的东西”")
    await shopper.page.route("**/api/**", lambda route: route.abort())
    await shopper.open("member/member")
    await shopper.see("state-error", "网络没有接通")
    await shopper.page.unroute("**/api/**")
    await shopper.tap("state-action")
    await shopper.see("not-a-member", "还不是会员")
    await shopper.verify_clean()


async def test_sign_in_does_not_go_round_for_ever(browser: Browser, server: ContractServer) -> None:
    shopper = await Shopper.come(browser, server)
    # A sign-in that never takes.
    await shopper.page.route("**/api/shop/session", lambda route: route.fulfill(status=401, json=REFUSED))
    await shopper.page.route("**/api/shop/qingshan/cart", lambda route: route.fulfill(status=401, json=REFUSED))
    await shopper.open("cart/cart")
    await shopper.see("state-error", "微信登录没有完成")
    await shopper.verify_clean()


REFUSED = {"type": "about:blank", "title": "请先登录", "status": 401, "code": "sign_in_required"}


async def test_english_and_a_wide_window(browser: Browser, server: ContractServer) -> None:
    shopper = await Shopper.come(browser, server, wide=True)
    await shopper.open("me/me")
    await shopper.tap("me-language")
    await shopper.see("me-orders", "My orders")
    await shopper.tap("tab-home")
    await shopper.see("home-all", "See all")
    box = await shopper("page-home").bounding_box()
    assert box
    assert box["width"] == 430
    assert abs(box["x"] - (1280 - 430) / 2) < 1
    await shopper.shot("desktop")
    await shopper.verify_clean()


async def test_a_share_carries_the_sharer(browser: Browser, server: ContractServer) -> None:
    server.shop.put_address(None, ADDRESS)
    shopper = await Shopper.come(browser, server, bridge="cancel")
    await shopper.open("cart/cart")
    await shopper.see("state-empty", "购物车还是空的")
    await shopper.open(product(server, SHIRT))
    await shopper.see("product-title")
    await shopper.page.wait_for_function("window.__share && window.__share.title.includes('衬衫')")
    share = await shopper.page.evaluate("window.__share")
    assert share["link"].startswith(f"{server.url}/shop/qingshan/?sharer={server.shop.shopper['shopper_id']}#/pages/")
    assert share["imgUrl"].startswith(server.url)
    assert await shopper.page.locator("uni-page-head:visible").count() == 0, "WeChat has a bar of its own"
    # A cancelled payment loses nothing: the order waits, and says how long.
    await shopper.tap("buy-now")
    await shopper.choose("月白", "M")
    await shopper.tap("sku-buy-now")
    await shopper.tap("place-order")
    await shopper.see("pay-stage", "支付已取消")
    await shopper.tap("pay-order")
    await shopper.see("order-state", "待付款")
    await shopper.tap("order-cancel")
    await shopper.page.get_by_text("取消订单", exact=True).last.click()
    await shopper.see("order-state", "已取消")
    await shopper.verify_clean()
    assert [order["state"] for order in server.shop.orders] == ["cancelled"]
