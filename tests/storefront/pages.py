"""The storefront in a browser: a phone's window, and its parts by test id."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.window import TAKES_TAPS

from .contract_server import ContractServer

SCREENSHOTS = Path(__file__).parents[1] / "screenshots"
WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.50"


class Shopper:
    """One shopper's browser at one shop."""

    def __init__(self, page: Page, server: ContractServer) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith((self.server.url, "data:")):
            self.foreign.append(url)

    @classmethod
    async def come(
        cls, browser: Browser, server: ContractServer, *, bridge: str | None = None, wide: bool = False
    ) -> Shopper:
        """Opens a window: a phone's, or a desktop's when `wide`; inside WeChat when `bridge` names an outcome."""
        if wide:
            context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
        else:
            context = await browser.new_context(
                viewport={"width": 375, "height": 667},
                device_scale_factor=2,
                has_touch=True,
                is_mobile=True,
                locale="zh-CN",
                user_agent=WECHAT if bridge else None,
            )
        if bridge:
            await context.add_init_script(f"sessionStorage.setItem('bridge', '{bridge}')")
        context.set_default_timeout(15_000)
        return cls(await context.new_page(), server)

    def __call__(self, testid: str, **data: str) -> Locator:
        marks = "".join(f'[data-{name.replace("_", "-")}="{value}"]' for name, value in data.items())
        # Pages gone back from stay in the document, hidden.
        return self.page.locator(f'[data-testid="{testid}"]{marks}:visible')

    async def open(self, page: str = "", *, query: str = "") -> None:
        """Opens a page of the shop: `product/product?id=...`; `query` stands before the hash."""
        await self.page.goto(f"{self.server.url}/shop/qingshan/{query}#/pages/{page}" if page else self._home(query))

    def _home(self, query: str) -> str:
        return f"{self.server.url}/shop/qingshan/{query}"

    async def tap(self, testid: str, **data: str) -> None:
        """Taps the first of the parts with this mark that takes a tap."""
        await self(testid, **data).and_(self.page.locator(TAKES_TAPS)).first.click()

    async def see(self, testid: str, text: str | None = None) -> None:
        """Waits until a part is there, with this text in it."""
        if text is None:
            await expect(self(testid).first).to_be_visible()
        else:
            await expect(self(testid).first).to_contain_text(text)

    async def choose(self, *values: str) -> None:
        """Chooses values in the open SKU sheet."""
        await self.see("sku-sheet")
        for value in values:
            await self.tap("sku-value", value=value)

    async def shot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"storefront-{name}.png")

    async def verify_clean(self) -> None:
        """Closes the window; nothing may have failed on the way, and nothing come from elsewhere."""
        await self.page.context.close()
        assert self.errors == []
        assert self.foreign == []
