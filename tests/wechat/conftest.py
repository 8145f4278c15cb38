"""The WeChat sandbox as a process of its own, and a server for it to deliver to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from .desk import Desk
from .listener import Listener


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Generator[str, None, None]:
    """The origin of a running sandbox."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "wechat_sandbox", "--port", str(port)],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        base = f"http://127.0.0.1:{port}"
        try:
            for _ in range(150):
                try:
                    if httpx.get(f"{base}/_sandbox/healthz", trust_env=False).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
                assert process.poll() is None, (folder / "log").read_text()
            else:
                pytest.fail((folder / "log").read_text())
            yield base
        finally:
            process.terminate()
            process.wait(10)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(sandbox: str) -> AsyncGenerator[Desk, None]:
    """Its control API."""
    async with httpx.AsyncClient(trust_env=False) as http:
        yield Desk(sandbox, http)


@pytest_asyncio.fixture(loop_scope="session")
async def listener() -> AsyncGenerator[Listener, None]:
    """Where the sandbox delivers to."""
    async with Listener() as made:
        yield made
