"""A browser and one running mall for the tests that close the loop by hand."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from bench import mall as malls
from bench.mall import Mall
from playwright.async_api import Browser, async_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever would come from another host fails, so that no face depends on one.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser; skips where there is none, before anything else is started."""
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM} on this machine: `make browser` installs it")
    return str(CHROMIUM)


@pytest.fixture(scope="session")
def mall(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Mall, None, None]:
    """`bihuan up --demo` on a home of its own."""
    with malls.running(tmp_path_factory.mktemp("mall") / "home") as running:
        malls.wait_for(lambda: running.health() and "Ctrl-C" in running.tail(), "the demo's merchants never came", 90)
        yield running


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncGenerator[Browser, None]:
    """Chromium; each test opens windows of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()
