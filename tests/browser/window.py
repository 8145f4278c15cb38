"""A browser window on a running mall: its parts by test id, its pictures, and what must not happen in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Frame, FrameLocator, Locator, Page, Request, expect

SCREENSHOTS = Path(__file__).parents[1] / "screenshots"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}

# uni-app's button is an element of its own, whose `disabled` a browser does not know: a tap on it would be lost.
TAKES_TAPS = ":not([disabled])"

# Chromium writes every answer of 400 and more into the console. These are answers, not failures: nobody is signed
# in yet, and a shopper who has never paid is no member.
EXPECTED = (
    ("401", "/api/shop/session"),
    ("401", "/cart"),
    ("401", "/addresses"),
    ("401", "/api/merchant/session"),
    ("404", "/member"),
)


class Parts:
    """The parts of a page, or of a page framed in it, by `data-testid`."""

    def __init__(self, root: Page | FrameLocator) -> None:
        self.root = root

    def __call__(self, testid: str, **data: str) -> Locator:
        marks = "".join(f'[data-{name.replace("_", "-")}="{value}"]' for name, value in data.items())
        # Pages gone back from stay in the document, hidden.
        return self.root.locator(f'[data-testid="{testid}"]{marks}:visible')

    async def tap(self, testid: str, **data: str) -> None:
        """Taps the first of the parts with this mark that takes a tap."""
        await self(testid, **data).and_(self.root.locator(TAKES_TAPS)).first.click()

    async def write(self, testid: str, text: str) -> None:
        """Writes into a text field: the part itself, or the input in it."""
        field = self.root.locator(
            f':is(input, textarea)[data-testid="{testid}"]:visible, '
            f'[data-testid="{testid}"] :is(input, textarea):visible'
        )
        await field.first.fill(text)

    async def see(self, testid: str, text: str | None = None, timeout_seconds: float = 15, **data: str) -> None:
        """Waits until a part is there, with this text in it."""
        part = self(testid, **data).first
        if text is None:
            await expect(part).to_be_visible(timeout=timeout_seconds * 1000)
        else:
            await expect(part).to_contain_text(text, timeout=timeout_seconds * 1000)


class Window(Parts):
    """A window; `shots` is the number of its first picture."""

    def __init__(self, page: Page, shots: int, expected: tuple[tuple[str, str], ...]) -> None:
        super().__init__(page)
        self.page = page
        self.complaints: list[str] = []
        self._shots = shots
        self._expected = (*EXPECTED, *expected)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._hear)
        page.on("request", self._note)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        path = urlsplit(message.location["url"]).path
        if any(f"status of {status}" in message.text and path.endswith(end) for status, end in self._expected):
            return
        self.complaints.append(f"console: {message.text} ({message.location['url']})")

    def _note(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.hostname != "127.0.0.1":
            self.complaints.append(f"asked elsewhere: {request.url}")

    @property
    def web(self) -> Parts:
        """What the phone's web view shows."""
        return Parts(self.page.frame_locator('[data-testid="web-frame"]'))

    async def shot(self, name: str, *, whole: bool = False) -> None:
        """A picture of the window, or of the whole page, after what moves has come to rest."""
        SCREENSHOTS.mkdir(exist_ok=True)
        await self.page.wait_for_timeout(450)
        await self.page.screenshot(path=SCREENSHOTS / f"loop-{self._shots:02}-{name}.png", full_page=whole)
        self._shots += 1

    async def fits(self) -> None:
        """Nothing may stand out at the side, in the page or in what it frames."""
        for frame in self.page.frames:
            await _fits(frame)


async def _fits(frame: Frame) -> None:
    wide = await frame.evaluate("[document.documentElement.scrollWidth, window.innerWidth, location.href]")
    assert wide[0] <= wide[1], f"{wide[2]} is {wide[0]} wide in a window of {wide[1]}"


@asynccontextmanager
async def window(
    browser: Browser, url: str, *, shots: int, wide: bool = False, expected: tuple[tuple[str, str], ...] = ()
) -> AsyncGenerator[Window, None]:
    """Opens a phone's window, or a desktop's when `wide`; at its end nothing may have been complained of.

    `expected` names answers that belong to the story: (status, end of the path).
    """
    context = await browser.new_context(
        viewport=DESKTOP if wide else PHONE,  # pyright: ignore[reportArgumentType] - the type is not exported
        device_scale_factor=1 if wide else 2,
        has_touch=not wide,
        locale="zh-CN",
    )
    context.set_default_timeout(15_000)
    opened = Window(await context.new_page(), shots, expected)
    try:
        await opened.page.goto(url)
        yield opened
        assert not opened.complaints, "\n".join(opened.complaints)
    except BaseException:
        await opened.page.screenshot(path=SCREENSHOTS / f"loop-failed-{opened.page.url.split('/')[3]}.png")
        raise
    finally:
        await context.close()
