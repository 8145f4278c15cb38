"""Points by hand: a regular lets them pay a part at checkout and sees what became of them; the console's terms."""

import os

import pytest
from bench.mall import Mall
from playwright.async_api import Browser, expect

from tests.browser.shopping import come_to_the_shop, go_to_the_checkout, pay_on_the_sheet
from tests.browser.test_loop import labels, sign_in
from tests.browser.window import Window, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def grant(mall: Mall, nickname: str) -> None:
    """青衫 gives a member 50 points."""
    staff, cursor = mall.staff("qingshan"), ""
    while True:
        page = staff.get(
            "/api/merchant/members", params={"limit": 100, **({"cursor": cursor} if cursor else {})}
        ).json()
        found = [one for one in page["items"] if one["shopper"]["nickname"] == nickname]
        if found or not (cursor := page["next_cursor"]):
            break
    wish = {"kind": "grant", "points": 50, "reason": "老顾客回馈"}
    path, key = f"/api/merchant/members/{found[0]['member_id']}/points", {"Idempotency-Key": os.urandom(12).hex()}
    answer = staff.post(path, json=wish, headers=key)
    assert answer.status_code == 201, answer.text


async def test_a_regular_pays_a_part_with_points(browser: Browser, mall: Mall) -> None:
    people = mall.sandbox.get("/_sandbox/shoppers").json()["items"]
    regular = next(one["shopper_id"] for one in people if one["nickname"] == "周宁")
    content = labels(mall.staff("qingshan"), "store")[0]["qr_content"]
    async with window(browser, f"{mall.sandbox_url}/phone/?shopper={regular}", shots=160) as phone:
        shop = phone.web
        await come_to_the_shop(phone, content, "周宁")
        await go_to_the_checkout(shop)
        await shop.see("points-hint", "可用")
        await phone.shot("points-offered", whole=True)
        before = await shop("checkout-total").inner_text()
        await shop.tap("points-row")
        await shop.see("points-hint", "已用")
        await shop.see("amount-adjustment", "积分抵扣")
        assert await shop("checkout-total").inner_text() != before
        await phone.shot("points-used", whole=True)
        await phone.fits()
        total = await shop("checkout-total").inner_text()
        await shop.tap("place-order")
        await pay_on_the_sheet(phone, "".join(total.split()))
        await shop.see("result-title", "支付成功")
        await shop.tap("result-order")
        await shop.see("amount-adjustment", "积分抵扣")
        await phone.shot("points-order", whole=True)
        grant(mall, "周宁")  # who has a name here since she signed in
        await shop.tap("order-home")
        await shop.tap("tab-me")
        await shop.tap("me-member")
        await shop.see("points-entry", "订单抵扣", source="redeem")
        await shop.see("points-entry", "商家赠送", source="grant")
        await shop.see("points-entry", "老顾客回馈", source="grant")
        await shop.see("points-expiring", "到期")
        await phone.shot("points-statement", whole=True)
        await phone.fits()
    mall.verify()


async def test_the_terms_of_points_are_set_in_the_console(browser: Browser, mall: Mall) -> None:
    async with window(browser, f"{mall.url}/console/", shots=165, wide=True) as console:
        await sign_in(console, mall, "maixiang")
        await console.tap("menu-points")
        await console.see("points-example", "10000 积分，抵 ¥100")
        await number(console, "points-most", "30")
        await console.see("points-example", "6000 积分，抵 ¥60")
        await console.shot("points-terms", whole=True)
        await number(console, "points-rate", "3")
        await number(console, "points-step", "100")
        await expect(console("points-save")).to_be_disabled()
        await number(console, "points-rate", "100")
        await console.tap("points-save")
        await expect(console.page.get_by_text("已保存")).to_be_visible()
        await console.tap("menu-members")
        await console.see("members-row")
        regular = console("members-row").filter(has_text="11,000")
        while not await regular.count():  # who joined in other tests stands before the regular
            await console.tap("pager-next")
            await console.page.wait_for_load_state("networkidle")
        await regular.get_by_test_id("member-points").click()
        await console.see("member-points-facts", "11,000")
        await console.see("member-points-entry", "赠送")
        await console.shot("member-points")
        await by_hand(console)
        await console.page.keyboard.press("Escape")
        await console.tap("menu-points")
        await console.see("points-example")
        await console.page.set_viewport_size({"width": 390, "height": 844})
        await console.shot("points-terms-narrow", whole=True)
        await console.fits()
    saved = mall.staff("maixiang").get("/api/merchant/points-settings").json()
    assert (saved["most_percent"], saved["redeem"]) == (30, True)


async def by_hand(console: Window) -> None:
    """In a member's file: 300 points for an apology, 100 of them taken again, and no more than are there."""
    for kind, points, reason, facts in (
        ("grant", "300", "快递晚到，赔个不是", "11,300"),
        ("deduct", "100", "多发更正", "11,200"),
    ):
        await console.tap(f"points-{kind}")
        await console.tap("points-form-submit")
        await expect(console("points-form")).to_contain_text("请填写积分数与原因")
        await number(console, "points-form-points", points)
        await console.write("points-form-reason", reason)
        await console.shot(f"points-{kind}")
        await console.tap("points-form-submit")
        await console.see("member-points-facts", facts)
        await console.see("member-points-entry", reason)
    await console.see("member-points-entry", "商家扣减")
    await console.see("member-points-entry", "经办：")
    await console.shot("member-points-by-hand")
    await console.page.set_viewport_size({"width": 390, "height": 844})
    await console.shot("member-points-narrow")
    await console.tap("points-deduct")
    await console.shot("points-deduct-narrow")
    await console.fits()
    await console.tap("points-form-cancel")
    await console.page.set_viewport_size({"width": 1440, "height": 900})


async def number(console: Window, testid: str, value: str) -> None:
    field = console(testid).locator("input")
    await field.fill(value)
    await field.press("Tab")
