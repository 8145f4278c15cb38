"""A running Bihuan for a bench: its own home, its own PostgreSQL, free ports."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import httpx

from bihuan import wiring
from bihuan.app import open_runtime
from bihuan.kernel.embedded import EmbeddedServer
from bihuan.kernel.events import Dispatcher
from bihuan.kernel.migrate import migrate
from bihuan.kernel.runtime import Runtime
from bihuan.settings import Settings, WeChatUrls

APP_WORKERS = 2


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextlib.contextmanager
def home() -> Generator[tuple[Path, EmbeddedServer], None, None]:
    """A fresh home with a migrated PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="bihuan-bench-") as folder:
        server = EmbeddedServer(Path(folder))
        server.start()
        try:
            asyncio.run(migrate(server.url))
            yield Path(folder), server
        finally:
            server.stop()


@contextlib.contextmanager
def served(target: str, port: int, env: dict[str, str]) -> Generator[str, None, None]:
    """A granian with two workers serving `target`; yields its URL when it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1",
         "--port", str(port), "--workers", str(APP_WORKERS), "--loop", "uvloop", "--http", "1", "--no-ws",
         "--backlog", "2048", "--backpressure", "1024", "--log-level", "warning", target],
        env={**os.environ, **env},
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for_url(f"{url}/readyz")
        yield url
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def child(*arguments: str, env: dict[str, str]) -> Generator[None, None, None]:
    """A Python child process for as long as the block lasts."""
    process = subprocess.Popen([sys.executable, "-m", *arguments], env={**os.environ, **env})
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def wait_for_url(url: str, timeout_seconds: float = 30) -> None:
    """Waits until a URL answers 200; raises TimeoutError."""
    end = time.monotonic() + timeout_seconds
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")


def settings(folder: Path, server: EmbeddedServer, sandbox_url: str | None = None, port: int = 8000) -> Settings:
    """Settings of this bench's installation."""
    return Settings(
        home=folder,
        database_url=server.url,
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        sandbox_url=sandbox_url,
        wechat=WeChatUrls.of_sandbox(sandbox_url) if sandbox_url else WeChatUrls(),
    )


def env_of(chosen: Settings) -> dict[str, str]:
    """The same as environment variables, for child processes."""
    env = {
        "BIHUAN_HOME": str(chosen.home),
        "BIHUAN_DATABASE_URL": chosen.database_url or "",
        "BIHUAN_PUBLIC_URL": chosen.public_url,
        "BIHUAN_PORT": str(chosen.port),
        "BIHUAN_LOG_LEVEL": "warning",
    }
    return {**env, "BIHUAN_SANDBOX_URL": chosen.sandbox_url} if chosen.sandbox_url else env


@contextlib.asynccontextmanager
async def runtime(chosen: Settings) -> AsyncGenerator[Runtime, None]:
    """A runtime in this process, for seeding and counting."""
    rt = await open_runtime(chosen)
    try:
        yield rt
    finally:
        await rt.close()


async def drain(rt: Runtime) -> int:
    """Delivers every fact that is due."""
    return await Dispatcher(rt.db, wiring.HANDLERS).drain()
