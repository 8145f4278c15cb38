"""From `bihuan up --demo` on a warm home to /healthz, and what the storefront's home page weighs on the wire."""

import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bench.mall import Mall, free_port
from bench.results import report

LIMIT_SECONDS = 6.0
LIMIT_KB = 180.0


def _weigh(mall: Mall, code: str) -> float | None:
    """Kilobytes that a phone-sized browser receives for the home page, headers included; None without Chromium."""
    if shutil.which("chromium") is None:
        return None
    received = 0
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 375, "height": 667})
        devtools = page.context.new_cdp_session(page)
        devtools.send("Network.enable")  # pyright: ignore[reportUnknownMemberType]

        def count(event: dict[str, Any]) -> None:
            nonlocal received
            received += int(event["encodedDataLength"])

        devtools.on("Network.loadingFinished", count)
        page.goto(f"{mall.url}/shop/{code}/", wait_until="networkidle")
        browser.close()
    return received / 1024


def main() -> None:
    """Runs the bench: one cold start to fill the home, then the one that counts."""
    with tempfile.TemporaryDirectory(prefix="bihuan-bench-") as folder:
        mall = Mall(Path(folder) / "home", free_port(), free_port(), Path(folder) / "log")
        started = time.perf_counter()
        mall.start()
        cold = time.perf_counter() - started
        weight = _weigh(mall, "qingshan")
        mall.stop()
        started = time.perf_counter()
        mall.start()
        warm = time.perf_counter() - started
        mall.stop(signal.SIGTERM)
    print(f"cold start {cold:.1f} s")
    report("start.warm", warm, "s", "6 s", LIMIT_SECONDS)
    if weight is None:
        print("no chromium: the home page was not weighed")
    else:
        report("storefront.home_page", weight, "KB", "180 KB", LIMIT_KB)
