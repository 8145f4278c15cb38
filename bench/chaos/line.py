"""A patient HTTP client: repeats what was not answered, with the same Idempotency-Key, as the storefront does."""

import asyncio
import time
from collections import Counter
from typing import Any

import msgspec

from bench.client import Connection

PATIENCE_SECONDS = 90.0
"""How long one command is repeated: longer than any part takes to come back."""
TRY_SECONDS = 20.0


class NoAnswerError(AssertionError):
    """A command that nobody answered well for PATIENCE_SECONDS."""


class Answer(msgspec.Struct, frozen=True):
    """The first answer below 500."""

    status: int
    body: Any
    repeats: int

    @property
    def ok(self) -> bool:
        """2xx: what it says is a promise."""
        return self.status < 300

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


class Line:
    """One keep-alive connection of one actor to one host; begun anew when it breaks."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url
        self.token = token
        self.causes: Counter[str] = Counter()
        """Why commands were repeated, and how often."""
        self.calls = 0
        self._connection: Connection | None = None

    async def call(
        self, method: str, path: str, body: object | None = None, key: str | None = None, headers: str = ""
    ) -> Answer:
        """The first answer below 500 that is not "too many"; raises NoAnswerError when there is none in time.

        `headers`: more of them, each line ended by CRLF.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        last = "nothing"
        extra = headers + (f"Idempotency-Key: {key}\r\n" if key else "")
        if self.token:
            extra += f"Authorization: Bearer {self.token}\r\n"
        repeats = 0
        self.calls += 1
        while time.monotonic() < end:
            try:
                self._connection = self._connection or Connection(self._url)
                async with asyncio.timeout(TRY_SECONDS):
                    status, told = await self._connection.call(method, path, body, extra)
                if status < 500 and status != 429:
                    return Answer(status, told, repeats)
                last = f"{status} {str(told)[:300]}"
                self.causes[f"{status} {Answer(status, told, 0).code}"] += 1
            except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError) as error:
                last = repr(error)
                self.causes[type(error).__name__] += 1
                self.close()
            repeats += 1
            await asyncio.sleep(0.2)
        raise NoAnswerError(f"{method} {path}: no good answer in {PATIENCE_SECONDS:.0f} s, lastly {last}")

    @property
    def repeats(self) -> int:
        """How often a command was sent again."""
        return self.causes.total()

    def close(self) -> None:
        """Hangs up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
