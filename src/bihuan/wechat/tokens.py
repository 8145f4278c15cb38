"""Access tokens and JS tickets: two hours of life, few refreshes a day, one value for all processes.

A `TokenSource` hides where the current value is kept. `MemoryTokens` serves one process; one that shares
values between processes implements the same protocol over a row and its lock. The fetchers stand
beside the interfaces that they call (`stable_token`, `wecom`, `open_platform`): this module calls nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from .transport import Now, utc_now

# Renewed this long before WeChat ends it, so that no call is under way with a dead token.
MARGIN_SECONDS = 300


class IssuedToken(msgspec.Struct, frozen=True):
    """A fresh value and its life in seconds. Its `repr` does not show the value."""

    value: str
    expires_in_seconds: int

    def __repr__(self) -> str:
        return f"IssuedToken(expires_in_seconds={self.expires_in_seconds})"


class TokenSource(Protocol):
    """Where calls get their token."""

    async def get(self, appid: str, *, rejected: str = "") -> str:
        """A token that should be valid.

        `rejected` is a token that WeChat has just refused: another one has to be answered. Naming it, in
        place of a bare "refresh", lets many calls that fail together cause one refresh only (WeChat
        allows 20 forced ones a day, 30 s apart). Raises ApiError, Unavailable; KeyError for an unknown appid.
        """
        ...


# (appid, force) -> a fresh value; `force` asks WeChat to replace a token that it still thinks valid.
Fetch = Callable[[str, bool], Awaitable[IssuedToken]]


class _Held(msgspec.Struct, frozen=True):
    value: str
    until: datetime


class MemoryTokens:
    """A TokenSource in this process's memory; one fetch at a time per app, however many wait."""

    def __init__(self, fetch: Fetch, *, now: Now = utc_now) -> None:
        self._fetch = fetch
        self._now = now
        self._held: dict[str, _Held] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, appid: str, *, rejected: str = "") -> str:
        """See TokenSource."""
        if (value := self._current(appid, rejected)) is not None:
            return value
        async with self._locks.setdefault(appid, asyncio.Lock()):
            if (value := self._current(appid, rejected)) is not None:
                return value
            issued = await self._fetch(appid, False)
            if rejected and issued.value == rejected:
                issued = await self._fetch(appid, True)
            margin = min(MARGIN_SECONDS, issued.expires_in_seconds // 2)
            until = self._now() + timedelta(seconds=issued.expires_in_seconds - margin)
            self._held[appid] = _Held(issued.value, until)
            return issued.value

    def _current(self, appid: str, rejected: str) -> str | None:
        held = self._held.get(appid)
        if held is None or held.value == rejected or self._now() >= held.until:
            return None
        return held.value
