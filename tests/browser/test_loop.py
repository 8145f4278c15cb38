"""The loop by hand, in a browser: the phone, the console that sees it, and the storefront outside WeChat."""

import json
from typing import Any

import httpx
import pytest
from bench.mall import Mall
from playwright.async_api import Browser, expect

from tests.browser.desk import sign_in_by_phone
from tests.browser.window import Parts, Window, window

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
    mall.verify()


async def test_the_phone_on_a_desk(browser: Browser, mall: Mall) -> None:
    shopper = mall.new_shopper("陈一诺")
    content = labels(mall.staff("xiaoman"), "campaign")[0]["qr_content"]
    async with window(browser, f"{mall.sandbox_url}/phone/?shopper={shopper.id}", shots=22, wide=True) as phone:
        await phone.tap("desk-code", content=content)
        await phone.tap("follow")
        await phone.see("bubble", "我是小满")
        await expect(phone("message", kind="news").last).to_contain_text("小满手作", timeout=15_000)
        await phone.shot("desk-greeting")
        await phone("message", kind="news").last.click()
        await phone.web.see("merchant-name", "小满手作")
        await phone.web.see("product-card")
        await phone.shot("desk-mall")


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
    await expect(phone("message", kind="news").last).to_contain_text("青衫 · 微信商城", timeout=15_000)
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
    await expect(phone("banner")).to_have_count(0)  # the note of the new card has had its time
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


def buy(mall: Mall, nickname: str, code: str, *, pickup: bool = False, pay: bool = True) -> dict[str, Any]:
    """A shopper scans a store's code, buys one piece and pays; returns the order."""
    label = labels(mall.staff(code), "store")[0]
    shopper = mall.new_shopper(nickname)
    shopper.scan_and_follow(label["qr_content"])
    shopper.sign_in(code)
    delivery = {"method": "pickup", "store_id": label["store_id"]}
    if not pickup:
        delivery = {"method": "ship", "address_id": shopper.add_address()}
    order = shopper.place(code, shopper.first_sku(code), delivery)
    return shopper.pay(code, order["order_id"]) if pay else order


def password_of(mall: Mall, login: str) -> str:
    """As `bihuan up --demo` wrote it down."""
    written = json.loads((mall.home / "demo.json").read_text())["sign_ins"]
    return next(one["password"] for one in written if one["login"] == login)


async def sign_in(console: Window, mall: Mall, login: str) -> None:
    await console.write("sign-in-login", login)
    await console.write("sign-in-password", password_of(mall, login))
    await console.shot(f"console-sign-in-{login}")
    await console.tap("sign-in-submit")


async def test_the_console_sees_the_loop(browser: Browser, mall: Mall) -> None:
    shipped, collected = buy(mall, "周小鱼", "qingshan"), buy(mall, "阿宁", "qingshan", pickup=True)
    async with window(browser, f"{mall.url}/console/", shots=30, wide=True, expected=(("409", "/pickups"),)) as console:
        await sign_in(console, mall, "qingshan")
        await console.see("dashboard-funnel")
        await console.see("dashboard-stores", "沈阳中街店")
        await console.see("dashboard-order")
        await console.page.wait_for_timeout(1000)  # the figures count up
        await console.shot("dashboard", whole=True)
        await ship(console, shipped)
        await hand_over(console, collected)
        await look_at_goods_and_places(console)
        await console.tap("menu-ledger")
        await console.see("ledger-proof")
        await console.see("ledger-transaction")
        await console.shot("ledger", whole=True)
    after = mall.staff("qingshan").get(f"/api/merchant/orders/{shipped['order_id']}").json()
    assert after["state"] == "delivered"
    assert after["attribution"]["store_name"]


async def ship(console: Window, order: dict[str, Any]) -> None:
    await console.tap("menu-orders")
    await console.see("orders-row")
    await console.shot("orders")
    await console.write("orders-search", order["order_no"])
    await console.page.keyboard.press("Enter")
    await expect(console("orders-row")).to_have_count(1)
    await console.tap("orders-open")
    await console.see("order-attribution", "青衫")
    await console.see("order-touchpoint")
    await console.see("order-payment")
    await console.shot("order", whole=True)
    await console.tap("order-ship")
    await console("ship-company").locator("input").click()
    await console.page.get_by_role("option").first.click()
    await console.write("ship-tracking", "SF1390026112201")
    await console.shot("ship")
    await console.tap("ship-submit")
    await console.see("order-shipment", "SF1390026112201")
    await console.shot("order-shipped", whole=True)


async def hand_over(console: Window, order: dict[str, Any]) -> None:
    await console.tap("menu-pickup")
    await console.write("pickup-code", "00000000")
    await console.tap("pickup-submit")
    await console.see("form-error")
    await console.shot("pickup-unknown")
    await console.write("pickup-code", order["delivery"]["pickup_code"])
    await console.tap("pickup-submit")
    await console.see("pickup-done")
    await console.shot("pickup-done")


async def look_at_goods_and_places(console: Window) -> None:
    await console.tap("menu-products")
    await console.see("products-row")
    await console.shot("products")
    await console.tap("products-open")
    await console.see("sku-editor")
    await console.shot("product", whole=True)
    await console.tap("menu-stock")
    await console.see("stock-row")
    await console.shot("stock")
    await console.tap("menu-stores")
    await console.see("store", "沈阳中街店")
    await console.shot("stores", whole=True)
    await console.tap("menu-labels")
    await console.see("label")
    await console.page.wait_for_load_state("networkidle")
    await console.shot("labels")
    async with console.page.expect_download() as download:
        await console.tap("label-mini")
    picture = await (await download.value).path()
    assert picture.read_bytes()[:4] in (b"\xff\xd8\xff\xe0", b"\x89PNG"), "the mini program's code of the label"
    await console.tap("label-print")
    await console.see("print-sheet")
    await console.page.wait_for_load_state("networkidle")
    await console.shot("print-tent")
    await console("print-layout").get_by_text("立牌").first.click()
    await console.shot("print-poster")
    await console.page.emulate_media(media="print")
    await console.shot("print-paper")
    await console.page.emulate_media(media="screen")
    await console.tap("print-back")


ROOMS = ("dashboard", "orders", "pickup", "products", "categories", "stock", "stores", "staff", "labels", "members",
         "followers", "official-account", "payment", "ledger", "deliveries")  # fmt: skip


async def test_every_room_fits_a_phone(browser: Browser, mall: Mall) -> None:
    order = buy(mall, "小屏", "qingshan")
    async with window(browser, f"{mall.url}/console/", shots=50) as console:
        await sign_in(console, mall, "qingshan")
        await console.see("dashboard-funnel")
        await console.tap("menu-open")
        await console.see("menu-orders")
        await console.shot("console-menu")
        await console.tap("menu-orders")
        for room in ROOMS:
            await console.page.goto(f"{mall.url}/console/#/{'' if room == 'dashboard' else room}")
            await console.page.wait_for_load_state("networkidle")
            await console.shot(f"narrow-{room}")
            await console.fits()
        await console.page.goto(f"{mall.url}/console/#/orders/{order['order_id']}")
        await console.see("order-attribution")
        await console.shot("narrow-order", whole=True)
        await console.fits()


async def test_the_operator_sees_all_merchants(browser: Browser, mall: Mall) -> None:
    buy(mall, "平台看", "maixiang", pickup=True)
    async with window(browser, f"{mall.url}/console/", shots=70, wide=True) as console:
        await sign_in(console, mall, "operator")
        await console.see("menu-merchants")
        await console.tap("menu-platform")
        await console.see("platform-overview")
        await console.see("platform-merchants", "麦香")
        await console.page.wait_for_timeout(1000)
        await console.shot("platform", whole=True)
        await console.tap("menu-merchants")
        await console.see("merchants-row")
        await console.shot("merchants")


async def test_a_desktop_outside_wechat(browser: Browser, mall: Mall) -> None:
    shopper = mall.new_shopper("书桌前")
    opened = f"{mall.sandbox_url}/_sandbox/webview/{shopper.id}?url={mall.url}/shop"
    async with window(browser, f"{opened}/qingshan/", shots=80, wide=True) as shop:
        await shop.see("product-card")
        await shop.page.wait_for_load_state("networkidle")
        await shop.shot("desktop-home")
        await shop.page.goto(f"{opened}/xiaoman/")
        await shop.see("merchant-name", "小满手作")
        await shop.page.wait_for_load_state("networkidle")
        await shop.shot("desktop-micro-shop")
        sold_out = product_of(mall, "qingshan", sold_out=True)
        await shop.page.goto(f"{mall.url}/shop/qingshan/#/pages/product/product?id={sold_out['product_id']}")
        await shop.see("sold-out", "已售罄")
        await shop.shot("desktop-sold-out")


async def test_prices_that_changed_are_told_and_a_code_is_paid(browser: Browser, mall: Mall) -> None:
    shopper, console = mall.new_shopper("扫码付"), mall.staff("maixiang")
    product = product_of(mall, "maixiang", sold_out=False)
    start = f"{mall.url}/shop/maixiang/"
    async with window(browser, start, shots=85, wide=True, expected=(("409", "/orders"),)) as shop:
        await shop.see("merchant-name", "麦香")
        await shop.tap("tab-me")
        await shop.see("me-name", "登录")
        await sign_in_by_phone(shop, shopper, "me-profile")
        await shop.page.goto(f"{mall.url}/shop/maixiang/#/pages/product/product?id={product['product_id']}")
        await shop.tap("buy-now")
        await choose_variant(shop)
        await shop.tap("sku-buy-now")
        await shop.tap("checkout-address")
        await write_address(shop)
        await shop.tap("address-save")
        await shop.see("checkout-address", "文三路 388 号")
        await shop.shot("desktop-checkout")
        raise_prices(console, product["product_id"], by_fen=200)
        await shop.tap("place-order")
        await shop.see("checkout-notice", product["title"])
        await shop.shot("desktop-price-changed")
        async with shop.page.expect_response("**/pay") as answered:
            await shop.tap("place-order")
        await shop.see("pay-qr")
        await shop.shot("desktop-pay-code")
        code_url = (await (await answered.value).json())["code_url"]
        scanned = shopper.phone("/scan", {"content": code_url})
        assert scanned["action"] == "pay"
        mall.sandbox.post(f"/_sandbox/sheets/{scanned['sheet']['sheet_id']}/pay").raise_for_status()
        await shop.see("result-title", "支付成功")
        await shop.see("member-card")
        await shop.shot("desktop-result")
        await shop.fits()


def product_of(mall: Mall, code: str, *, sold_out: bool) -> dict[str, Any]:
    """A product of a shop that can be had, or not."""
    items = mall.http.get(f"/api/shop/{code}/products?limit=100").json()["items"]
    return next(item for item in items if item["sold_out"] is sold_out)


def raise_prices(console: httpx.Client, product_id: str, by_fen: int) -> None:
    """As the merchant's editor does: reads the product and writes it back, dearer."""
    product = console.get(f"/api/merchant/products/{product_id}").json()
    kept = ("title", "subtitle", "description", "category_ids", "media", "options", "attributes")
    marks = ("sku_id", "code", "option_values", "market_price_fen", "image_url")
    skus = [{**{m: sku[m] for m in marks}, "price_fen": sku["price_fen"] + by_fen} for sku in product["skus"]]
    body = {**{name: product[name] for name in kept}, "skus": skus}
    console.put(f"/api/merchant/products/{product_id}", json=body).raise_for_status()
