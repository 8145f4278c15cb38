"""A day is settled, in two browsers: the operator's and the merchant's."""

import io
from pathlib import Path

import openpyxl
import pytest
from bench.mall import Mall
from playwright.async_api import Browser, expect
from pypdf import PdfReader

from bihuan.kernel.ids import new_id
from tests.browser.test_loop import buy, sign_in
from tests.browser.window import Window, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_a_day_is_settled_and_paid(browser: Browser, mall: Mall) -> None:
    order = buy(mall, "结算的客人", "maixiang")
    reference = f"CMB{new_id().hex[:12].upper()}"
    async with (
        window(browser, f"{mall.url}/console/", shots=200, wide=True) as merchant,
        window(browser, f"{mall.url}/console/", shots=220, wide=True) as operator,
    ):
        await sign_in(merchant, mall, "maixiang")
        await merchant.see("dashboard-funnel")
        await see_the_commission(merchant, mall, order["order_id"])
        await sign_in(operator, mall, "operator")
        await expect(operator("sign-in-submit")).to_have_count(0)
        await agree_and_adjust(operator, mall)
        number = await close_the_day(operator, order["order_no"])
        await download(operator, number, order["order_no"])
        await pay(operator, reference)
        await see_it_paid(merchant, mall, number, reference)


async def open_room(console: Window, mall: Mall, room: str) -> None:
    await console.page.goto(f"{mall.url}/console/#/{room}")
    await console.page.wait_for_load_state("networkidle")


async def row(console: Window, testid: str, text: str) -> None:
    """Waits for a row with this text among others."""
    await expect(console(testid).filter(has_text=text).first).to_be_visible(timeout=15_000)


async def see_the_commission(console: Window, mall: Mall, order_id: str) -> None:
    for _ in range(20):  # the worker charges it a moment after the payment
        await open_room(console, mall, f"orders/{order_id}")
        await console.page.reload()
        await console.see("order-journey")
        if await console("order-commission").count():
            break
        await console.page.wait_for_timeout(300)
    await console.see("order-commission", "通用费率")
    await console.shot("order-commission", whole=True)
    await open_room(console, mall, "settlement/statements")
    await console.see("statement-running", "平台佣金")
    await row(console, "my-rule", "面包类目")
    await console.shot("merchant-settlement", whole=True)


async def agree_and_adjust(console: Window, mall: Mall) -> None:
    await open_room(console, mall, "platform/settlement-accounts")
    await row(console, "accounts-row", "麦香")
    await console.shot("accounts")
    await console("accounts-row").filter(has_text="麦香").click()
    await console.see("account")
    await console.tap("terms-edit")
    await console("terms-cycle").get_by_text("每日").click()
    await console.write("terms-delay", "1")
    await console.shot("terms")
    await console.tap("terms-form-submit")
    await expect(console("tile").filter(has_text="每日 · T+1 结账")).to_be_visible()
    await console.tap("adjustment-new")
    await console.write("adjustment-amount", "88")
    await console.write("adjustment-reason", "开业补贴")
    await console.tap("adjustment-form-submit")
    await console("account-tabs").get_by_text("调整记录").click()
    await row(console, "adjustments-row", "开业补贴")
    await console.shot("account", whole=True)


async def close_the_day(console: Window, order_no: str) -> str:
    await console("account-tabs").get_by_text("结算单").click()
    await console("statements-row").filter(has_text="未结账").click()
    await console.see("statement-sums")
    number = await console.page.locator("h1").inner_text()
    await expect(console("statement-lines-row").filter(has_text=order_no).first).to_be_visible()
    await console.tap("statement-close")
    await console.page.get_by_role("button", name="提前结账").last.click()
    await console.see("sum-left")
    await expect(console("statement-pay")).to_be_visible()
    await console.shot("statement-closed", whole=True)
    await console.tap("line-order")
    await console.see("order-commission", "通用费率")
    await console.shot("statement-order")
    await console.page.keyboard.press("Escape")
    return number.split()[0]


async def download(console: Window, number: str, order_no: str) -> None:
    texts: list[str] = []
    for kind in ("xlsx", "pdf"):
        async with console.page.expect_download() as got:
            await console.tap(f"statement-{kind}")
        file = await got.value
        assert file.suggested_filename == f"{number}.{kind}"
        content = Path(await file.path()).read_bytes()
        if kind == "xlsx":
            book = openpyxl.load_workbook(io.BytesIO(content))
            texts.append(str([list(row) for row in book["明细"].iter_rows(values_only=True)]))
        else:
            texts.append("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))
    for text in texts:
        assert order_no in text
        assert "平台佣金" in text


async def pay(console: Window, reference: str) -> None:
    left = await console("sum-left").inner_text()
    await console.tap("statement-pay")
    await console.write("payout-reference", reference)
    await console.write("payout-note", "招商银行网银")
    await console.shot("payout")
    await console.tap("payout-form-submit")
    await row(console, "statement-payouts", reference)
    await expect(console("sum-paid")).to_have_text(left)
    await expect(console("sum-left")).to_have_text("¥0.00")
    await expect(console("statement-pay")).to_have_count(0)
    await console.shot("statement-paid", whole=True)


async def see_it_paid(console: Window, mall: Mall, number: str, reference: str) -> None:
    await open_room(console, mall, "settlement/plan")
    await console.see("plan-card")
    await console.shot("merchant-plan")
    await open_room(console, mall, "settlement/statements")
    await expect(console("statements-row").filter(has_text=number)).to_contain_text("已付清")
    await console("statement-tabs").get_by_text("付款记录").click()
    await row(console, "payouts-row", reference)
    await console("statement-tabs").get_by_text("调整记录").click()
    await row(console, "adjustments-row", "开业补贴")
    await console.shot("merchant-adjustments", whole=True)
    await open_room(console, mall, "ledger")
    await console.write("ledger-text", f"结算付款 {number}")
    await console.page.keyboard.press("Enter")
    await expect(console("ledger-transaction")).to_have_count(1)
    await console.tap("ledger-open")
    await console.see("transaction-origins", number)
    await console.shot("payout-posting")
    await console("transaction-origins").locator('[data-kind="statement"] a').click()
    await console.see("statement-payouts", reference)


async def test_operators_write_rules_and_plans(browser: Browser, mall: Mall) -> None:
    async with window(browser, f"{mall.url}/console/", shots=250, wide=True) as console:
        await sign_in(console, mall, "operator")
        await expect(console("sign-in-submit")).to_have_count(0)
        await open_room(console, mall, "platform/tool-plans")
        await row(console, "tool-plans-row", "连锁版")
        await console.tap("plan-new")
        code = f"p{new_id().hex[-6:]}"
        await console.write("plan-name", "旗舰版")
        await console.write("plan-code", code)
        await console.write("plan-price", "599")
        await console.write("plan-includes", "门店不限\n专属客服")
        await console.tap("plan-form-submit")
        await row(console, "tool-plans-row", "旗舰版")
        await console.shot("tool-plans", whole=True)
        await open_room(console, mall, "platform/commission-rules")
        await console.tap("rule-new")
        await write_a_rule(console)
        await expect(console("rules-row").filter(has_text="小满手作手工费率")).to_contain_text("满 ¥50,000.00 → 6%")
        await console("preview-merchant").click()
        await console.page.get_by_role("option", name="小满手作").last.click()
        await console.tap("preview-run")
        await console.see("preview-said", "佣金 ¥8.50（小满手作手工费率 8%）")
        await console.shot("rules", whole=True)
        await console("rules-row").filter(has_text="小满手作手工费率").get_by_test_id("rule-end").click()
        await console.page.get_by_role("button", name="结束").last.click()
        await expect(console("rules-row").filter(has_text="小满手作手工费率")).to_have_count(0)
        await open_room(console, mall, "platform/tool-plans")
        await console("tool-plans-row").filter(has_text=code).get_by_test_id("plan-turn").click()
        await expect(console("tool-plans-row").filter(has_text=code)).to_contain_text("已停售")
        await open_room(console, mall, "platform/settlement")
        await console.see("all-statements-row")
        await console.shot("settle", whole=True)


async def write_a_rule(console: Window) -> None:
    await console.write("rule-name", "小满手作手工费率")
    await console("rule-merchant").click()
    await console.page.get_by_role("option", name="小满手作").last.click()
    await console.write("rule-percent", "8")
    await console.write("rule-priority", "500")
    await console.write("rule-order", "0.5")
    await console.tap("rule-tier-add")
    fields = console("rule-tier").first.locator("input")
    await fields.nth(0).fill("50000")
    await console.tap("rule-form-submit")  # a tier without its percentage is refused in place
    await expect(console.page.get_by_text("每档都要写比例")).to_be_visible()
    await fields.nth(1).fill("6")
    await console.shot("rule-form")
    await console.tap("rule-form-submit")


async def test_the_settlement_rooms_fit_a_phone(browser: Browser, mall: Mall) -> None:
    async with window(browser, f"{mall.url}/console/", shots=280) as console:
        await sign_in(console, mall, "maixiang")
        await console.see("dashboard-funnel")
        for room, seen in (("statements", "my-terms"), ("plan", "plan-card"), ("sharings", "sharings")):
            await look_at(console, mall, f"settlement/{room}", seen)
    async with window(browser, f"{mall.url}/console/", shots=285) as console:
        await sign_in(console, mall, "operator")
        await expect(console("sign-in-submit")).to_have_count(0)
        for room, seen in (
            ("settlement-accounts", "accounts-row"),
            ("settlement", "receiver-name"),
            ("tool-plans", "tool-plans-row"),
            ("commission-rules", "rules-row"),
        ):
            await look_at(console, mall, f"platform/{room}", seen)
        await open_room(console, mall, "platform/settlement-accounts")
        await console("accounts-row").filter(has_text="麦香").click()
        await console.see("statements-row")
        await console.shot("narrow-account", whole=True)
        await console.fits()
        await console("statements-row").first.click()
        await console.see("statement-sums")
        await console.shot("narrow-statement", whole=True)
        await console.fits()


async def look_at(console: Window, mall: Mall, room: str, seen: str) -> None:
    await open_room(console, mall, room)
    await console.see(seen)
    await console.shot(f"narrow-{room.replace('/', '-')}", whole=True)
    await console.fits()
