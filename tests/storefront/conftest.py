"""A browser and the built H5 for the storefront's tests."""

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from .builds import built
from .contract_server import ContractServer

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever would come from another host fails, so that the shop depends on none.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="module")
async def browser() -> AsyncGenerator[Browser, None]:
    """Chromium; each test opens contexts of its own."""
    if not Path(CHROMIUM).exists():
        pytest.skip("no chromium on this machine: `make browser`")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def server() -> Iterator[ContractServer]:
    """The contract server with the built H5, fresh for each test."""
    with ContractServer(built("h5")) as server:
        yield server
