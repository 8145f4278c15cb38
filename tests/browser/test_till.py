"""A cashier's day in a browser: a sale by four tenders, one by Alipay, a refund handed out, the blind count."""

import json
import os
from typing import Any

import pytest
from bench.mall import Mall, Shopper, wait_for
from playwright.async_api import Browser, expect

from tests.browser.window import Window, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOP = "/api/shop/qingshan"
TABLET = {"width": 1024, "height": 768}
PHONE = {"width": 390, "height": 844}


async def test_a_cashier_sells_gives_back_and_counts(browser: Browser, mall: Mall) -> None:
    shopper = _member_with_stored_value(mall)
    login, password = _clerk(mall)
    refused = (("422", "/discount"),)  # a wrong password, on purpose
    async with window(browser, f"{mall.url}/console/", shots=140, wide=True, expected=refused) as console:
        await console.write("sign-in-login", login)
        await console.write("sign-in-password", password)
        await console.tap("sign-in-submit")
        await console.tap("menu-till")
        await console.see("till-goods")
        await console.write("till-member", _code(shopper))
        await console.tap("till-member-find")
        await console.see("till-member-found", "储值")
        await console("till-goods").and_(console.page.locator(":enabled")).first.click()
        await expect(console("till-line")).to_have_count(1)
        await _everywhere(console, "till-basket")
        await console.tap("till-park")
        await expect(console("till-line")).to_have_count(0)
        await console.tap("till-parked-open")
        await console.tap("till-resume")
        await expect(console("till-line")).to_have_count(1)
        await console.tap("till-checkout")
        await _discount(console, mall)
        await _pay_in_parts(console, mall, shopper)
        await console.tap("till-next")
        await _pay_by_alipay(console, mall)

        order = shopper.call("GET", f"{SHOP}/orders?limit=1")["items"][0]
        _decide_refund(mall, shopper, order)
        await console.page.get_by_role("tab", name="待付退款").click()
        await expect(console("till-hand")).to_have_count(2)
        for left in (1, 0):
            await _hand_out(console, mall, left)
        await console.see("till-hand-none")
        await console.see("till-refund-slip")
        await console.page.get_by_role("tab", name="钱箱").click()
        await console.see("till-counted")
        await _everywhere(console, "till-drawer")
        await console.write("till-counted", "499")
        await console.tap("till-close")
        await console.see("till-report", "Z 报表")
        await console.see("till-report", "支付宝")
        await console.see("till-difference", "¥1.00")
        await _everywhere(console, "till-z-report")
    mall.verify()


async def _everywhere(console: Window, name: str) -> None:
    """The page at a desktop, at a tablet and at a phone: pictures, and nothing stands out at the side."""
    desktop = console.page.viewport_size
    await console.shot(name)
    for about, size in (("tablet", TABLET), ("phone", PHONE)):
        await console.page.set_viewport_size(size)  # pyright: ignore[reportArgumentType] - the type is not exported
        await console.fits()
        await console.shot(f"{name}-{about}", whole=True)
    if desktop is not None:
        await console.page.set_viewport_size(desktop)


async def _discount(console: Window, mall: Mall) -> None:
    """The clerk may not, the owner approves."""
    await console.tap("till-discount")
    await console.write("till-discount-amount", "1")
    await console.write("till-discount-reason", "老顾客")
    await console.write("till-approval-login", "qingshan")
    await console.write("till-approval-password", "wrong password")
    await console.tap("till-discount-form-submit")
    await console.see("form-error", "授权未通过")
    await console.write("till-approval-password", _owner(mall)["password"])
    await console.shot("till-discount")
    await console.tap("till-discount-form-submit")
    await console.see("till-discounted", "老顾客")


async def _pay_in_parts(console: Window, mall: Mall, shopper: Shopper) -> None:
    await console.tap("till-way-split")
    await console.write("till-part-cash", "10")
    await console.write("till-part-card", "5")
    await console.write("till-part-wallet", "20")
    await console.tap("till-fill-code")
    await console.see("till-missing", "¥0.00")
    await console.write("till-tendered", "50")
    await console.write("till-slip", "000123")
    payment_code = mall.sandbox.get(f"/_sandbox/shoppers/{shopper.id}/payment-code").json()["code"]
    await console.write("till-code", payment_code)
    await console.write("till-wallet-code", _code(shopper))
    await _everywhere(console, "till-pay")
    await console.tap("till-take")
    await console.see("till-change", "¥40.00")
    await console.see("till-receipt", "储值")
    await _everywhere(console, "till-receipt")


async def _pay_by_alipay(console: Window, mall: Mall) -> None:
    """Somebody without a card shows Alipay's code in the same field."""
    buyer = mall.sandbox.post("/alipay/_sandbox/buyers", json={}).json()
    await console("till-goods").and_(console.page.locator(":enabled")).first.click()
    await console.tap("till-checkout")
    code = mall.sandbox.get(f"/alipay/_sandbox/buyers/{buyer['buyer_id']}/payment-code").json()["code"]
    await console.write("till-code", code)
    await console.see("till-code-whose", "支付宝")
    await _everywhere(console, "till-alipay")
    await console.tap("till-take")
    await console.see("till-receipt", "支付宝")
    await _everywhere(console, "till-alipay-receipt")
    await console.tap("till-next")


async def _hand_out(console: Window, mall: Mall, left: int) -> None:
    if left:
        await _everywhere(console, "till-hand")
    await console.tap("till-hand-out")
    if await console("till-hand-slip").count():
        await console.write("till-hand-slip", "000124")
    await console.write("till-approval-login", "qingshan")
    await console.write("till-approval-password", _owner(mall)["password"])
    await console.tap("till-hand-form-submit")
    await expect(console("till-hand")).to_have_count(left)


def _clerk(mall: Mall) -> tuple[str, str]:
    """The clerk whose drawer the demo opened."""
    (shift,) = mall.staff("qingshan").get("/api/merchant/till/shifts").json()["items"]
    known = json.loads((mall.home / "demo.json").read_text())
    found = next(one for one in known["staff"] if one["code"] == "qingshan" and one["name"] == shift["staff_name"])
    return found["login"], found["password"]


def _owner(mall: Mall) -> dict[str, Any]:
    known = json.loads((mall.home / "demo.json").read_text())
    return next(one for one in known["sign_ins"] if one["login"] == "qingshan")


def _member_with_stored_value(mall: Mall) -> Shopper:
    """She bought once, so she has a card, and put something into her wallet."""
    shopper = mall.new_shopper("柜台前")
    shopper.sign_in("qingshan")
    address = shopper.add_address()
    order = shopper.place("qingshan", shopper.first_sku("qingshan"), {"method": "ship", "address_id": address})
    shopper.pay("qingshan", order["order_id"])
    topup = shopper.call("POST", f"{SHOP}/wallet/topups", {"amount_fen": 2000}, **_key())
    prepared = shopper.call("POST", f"{SHOP}/wallet/topups/{topup['topup_id']}/pay", {"method": "wechat_jsapi"})
    sheet = shopper.phone("/sheets", {"pay_params": prepared["pay_params"]})
    mall.sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    wait_for(lambda: shopper.call("GET", f"{SHOP}/wallet")["available_fen"] == 2000, "the top-up never came")
    wait_for(lambda: shopper.http.get(f"{SHOP}/member").status_code == 200, "the card never came")
    return shopper


def _code(shopper: Shopper) -> str:
    """What her phone shows at the till."""
    return shopper.call("POST", f"{SHOP}/wallet/codes", {})["code"]


def _decide_refund(mall: Mall, shopper: Shopper, order: dict[str, Any]) -> None:
    """She complains, the owner agrees: cash and card wait for a hand, the rest goes back by itself."""
    line = {"line_id": order["lines"][0]["line_id"], "quantity": 1}
    wish = {"order_id": order["order_id"], "kind": "refund", "reason": "quality", "received_goods": True}
    case = shopper.call("POST", f"{SHOP}/aftersale", {**wish, "lines": [line]}, **_key())
    agreed = mall.staff("qingshan").post(f"/api/merchant/aftersale/{case['case_id']}/agree", json={}, headers=_key())
    assert agreed.status_code == 200, agreed.text


def _key() -> dict[str, str]:
    return {"Idempotency-Key": os.urandom(12).hex()}
