"""Other sandboxes of a desk, served by the same process: `/alipay=alipay_sandbox:create_app`.

They are loaded when the first request for their path comes, or a moment after the start, so that they delay nothing.
"""

import asyncio
import importlib
import logging
from pathlib import Path
from typing import Any

from wechat_sandbox.asgi import AsgiApp, Receive, Scope, Send

log = logging.getLogger("wechat_sandbox")

LOAD_AFTER_SECONDS = 3.0


class BadMountError(Exception):
    """Not of the form `/path=module:factory`."""


class Beside:
    """An application with others beside it, each below a path of its own.

    A factory is called as `factory(base_url, prefix, state_folder)`; what it gives may have an async `stop`.
    """

    def __init__(self, app: AsgiApp, mounts: dict[str, str], base_url: str, state: Path | None) -> None:
        self._app = app
        self._mounts = mounts
        self._base_url = base_url
        self._state_folder = state.parent if state is not None else None
        self._loaded: dict[str, AsgiApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or has it answered."""
        if scope["type"] == "http":
            path: str = scope["path"]
            for prefix in self._mounts:
                if path.startswith(f"{prefix}/"):
                    await self._load(prefix)(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def load_soon(self) -> None:
        """Loads what nobody asked for yet: it may have work left from a former run."""
        await asyncio.sleep(LOAD_AFTER_SECONDS)
        for prefix in self._mounts:
            self._load(prefix)

    async def stop(self) -> None:
        """Ends them."""
        for app in self._loaded.values():
            if (stop := getattr(app, "stop", None)) is not None:
                await stop()

    def _load(self, prefix: str) -> AsgiApp:
        if prefix not in self._loaded:
            module, _, factory = self._mounts[prefix].partition(":")
            make: Any = getattr(importlib.import_module(module), factory)
            self._loaded[prefix] = make(f"{self._base_url}{prefix}", prefix, self._state_folder)
        return self._loaded[prefix]


def read_mounts(texts: list[str]) -> dict[str, str]:
    """Options of the command line by path. Raises BadMountError."""
    mounts: dict[str, str] = {}
    for text in texts:
        prefix, _, target = text.partition("=")
        if not prefix.startswith("/") or prefix.endswith("/") or target.count(":") != 1:
            raise BadMountError(f"not /path=module:factory: {text}")
        mounts[prefix] = target
    return mounts
