"""From `bihuan up --demo` on a warm home to /healthz, and what the storefront's home page weighs on the wire."""

import re
import signal
import tempfile
import time
from pathlib import Path

import httpx
from tests.mall import Mall, free_port

from bench.results import report

LIMIT_SECONDS = 6.0
LIMIT_KB = 180.0


def _weigh(mall: Mall, code: str) -> float:
    """Kilobytes of the home page with its scripts, styles, data and the pictures above the fold, compressed."""
    total = 0

    def fetch(path: str) -> bytes:
        nonlocal total
        with httpx.stream(
            "GET", f"{mall.url}{path}", headers={"Accept-Encoding": "gzip, br"}, trust_env=False
        ) as answer:
            raw = b"".join(answer.iter_raw())
            total += len(raw)
        return httpx.get(f"{mall.url}{path}", trust_env=False).content

    page = fetch(f"/shop/{code}/").decode()
    for path in dict.fromkeys(re.findall(r'(?:src|href)="(/shop-assets/[^"]+\\.(?:js|css))"', page)):
        fetch(path)
    home = httpx.get(f"{mall.url}/api/shop/{code}/home", trust_env=False).json()
    fetch(f"/api/shop/{code}/home")
    for card in home["featured"][:4]:
        fetch(card["cover_url"])
    return total / 1024


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
    report("storefront.home_page", weight, "KB", "180 KB", LIMIT_KB)
