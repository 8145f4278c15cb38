"""The finance rooms and the proof of the books, in a browser."""

from bench.mall import Mall
from playwright.async_api import Browser, expect

from tests.browser.test_loop import buy, sign_in
from tests.browser.window import Window, window


async def test_a_bookkeeper_goes_through_the_books(browser: Browser, mall: Mall) -> None:
    order = buy(mall, "账房的客人", "maixiang")
    async with window(browser, f"{mall.url}/console/", shots=130, wide=True) as console:
        await sign_in(console, mall, "maixiang")
        await console.see("dashboard-funnel")
        await look_into_the_journal(console, mall, order["order_no"])
        await open_room(console, mall, "trial-balance")
        await console.see("trial-sums")
        await console.shot("trial-balance")
        await open_room(console, mall, "cash-flow")
        await console.see("cash-flow-channel", "微信支付结算")
        await console.see("income-net")
        await console.shot("cash-flow", whole=True)
        await open_room(console, mall, "account-codes")
        await console.see("codes")
        await console.page.get_by_test_id("code-sales").fill("5001.01")
        await console.tap("codes-save")
        await expect(console.page.get_by_text("科目对照已保存")).to_be_visible()
        await console.shot("account-codes")
        await open_room(console, mall, "months")
        await expect(console("checklist-line").filter(has_text="这个月已经过完")).to_be_visible()
        await expect(console("month-close")).to_be_disabled()
        async with console.page.expect_download() as download:
            await console.tap("vouchers")
        assert (await download.value).suggested_filename.endswith("-open.csv")
        await console("voucher-format").get_by_text("用友").click()
        async with console.page.expect_download() as download:
            await console.tap("vouchers")
        assert (await download.value).suggested_filename.endswith("-open.txt")
        await console.shot("months", whole=True)


async def look_into_the_journal(console: Window, mall: Mall, order_no: str) -> None:
    await open_room(console, mall, "ledger")
    await console.see("ledger-proof", "账是平的")
    await console.write("ledger-text", order_no)
    await console.page.keyboard.press("Enter")
    await expect(console("ledger-transaction")).to_have_count(2)  # the sale, and its commission
    await console.shot("journal", whole=True)
    await console("ledger-open").last.click()
    await console.see("transaction-origins", order_no)
    await console.shot("transaction")
    await console.tap("transaction-origin")
    await console.see("order-journey")


async def open_room(console: Window, mall: Mall, room: str) -> None:
    await console.page.goto(f"{mall.url}/console/#/{room}")
    await console.page.wait_for_load_state("networkidle")


async def test_an_operator_has_the_books_proved(browser: Browser, mall: Mall) -> None:
    async with window(browser, f"{mall.url}/console/", shots=140, wide=True) as console:
        await sign_in(console, mall, "operator")
        await console.page.wait_for_load_state("networkidle")
        await open_room(console, mall, "platform/verify")
        await expect(console("verify-now")).to_be_enabled(timeout=60_000)
        await console.tap("verify-now")
        await expect(console("finding").first).to_be_visible(timeout=60_000)
        await expect(console("verify-now")).to_be_enabled(timeout=60_000)
        await console.shot("verify", whole=True)


async def test_the_finance_rooms_fit_a_phone(browser: Browser, mall: Mall) -> None:
    buy(mall, "手机看账", "maixiang")
    async with window(browser, f"{mall.url}/console/", shots=150) as console:
        await sign_in(console, mall, "maixiang")
        await console.see("dashboard-funnel")
        for room in ("ledger", "trial-balance", "cash-flow", "months", "account-codes"):
            await open_room(console, mall, room)
            await console.shot(f"narrow-{room}", whole=True)
            await console.fits()
