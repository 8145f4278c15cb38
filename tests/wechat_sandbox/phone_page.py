"""A phone in a real browser, and its parts by test id."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, FrameLocator, Locator, Page, async_playwright

from tests.wechat_sandbox.desk import Sandbox

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever would come from another host fails, so that the phone depends on none.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SCREENSHOTS = Path(__file__).parents[1] / "screenshots"


class Phone:
    """A phone page and its parts by test id."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def __call__(self, testid: str, **data: str) -> Locator:
        marks = "".join(f'[data-{name}="{value}"]' for name, value in data.items())
        return self.page.locator(f'[data-testid="{testid}"]{marks}')

    @property
    def web(self) -> FrameLocator:
        return self.page.frame_locator('[data-testid="web-frame"]')

    async def scan(self, content: str) -> None:
        """Open the scanner from the chats and paste what the code says."""
        await self("plus").click()
        await self("plus-scan").click()
        await self("scan-paste").click()
        await self("scan-content").fill(content)
        await self("scan-submit").click()

    async def open_link(self, url: str) -> None:
        await self("tab-discover").click()
        await self("discover-link").click()
        await self("link-input").fill(url)
        await self("link-open").click()

    async def shot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        await self.page.wait_for_timeout(350)  # let the slide end
        await self.page.screenshot(path=SCREENSHOTS / f"phone-{name}.png")


@asynccontextmanager
async def phone_of(
    browser: Browser, desk: Sandbox, shopper: str | None, *, wide: bool = False
) -> AsyncGenerator[Phone, None]:
    size = {"width": 1440, "height": 900} if wide else {"width": 375, "height": 667}
    context = await browser.new_context(
        viewport=size,  # pyright: ignore[reportArgumentType] - the type is not exported
        device_scale_factor=1 if wide else 2,
        has_touch=not wide,
        locale="zh-CN",
    )
    context.set_default_timeout(8000)
    phone = Phone(await context.new_page())
    await phone.page.goto(f"{desk.url}/phone/" + (f"?shopper={shopper}" if shopper else ""))
    yield phone
    assert phone.errors == []
    await context.close()


def new_shopper(desk: Sandbox, nickname: str) -> str:
    return desk.post("/_sandbox/shoppers", {"nickname": nickname})["shopper_id"]


@pytest.fixture(scope="module")
async def browser() -> AsyncGenerator[Browser, None]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()
