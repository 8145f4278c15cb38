"""The sandbox's own time, and things due at a time.

Business times (expiries, windows, retries) follow this clock, which can be moved forward.
Timestamps inside signatures follow the wall clock, since a client compares them with its own.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))


class Clock:
    """Wall clock plus an offset, with a queue of actions that wait for their time."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Sandbox time, in seconds since the epoch."""
        return time.time() + self.offset_seconds

    def call_at(self, when: float, action: Callable[[], None]) -> None:
        """Run `action` on the event loop once sandbox time reaches `when`. Needs a running loop."""
        heapq.heappush(self._due, (when, next(self._order), action))
        if self._due[0][0] >= when:
            self._arm()

    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` after `seconds` of sandbox time."""
        self.call_at(self.now() + seconds, action)

    def advance(self, seconds: float) -> None:
        """Move sandbox time forward; what becomes due runs on the next turn of the loop."""
        if seconds < 0:
            raise ValueError("the clock does not run backwards")
        self.offset_seconds += seconds
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due:
            delay = max(0.0, self._due[0][0] - self.now())
            self._timer = asyncio.get_running_loop().call_later(delay, self._run_due)

    def _run_due(self) -> None:
        self._timer = None
        while self._due and self._due[0][0] <= self.now():
            heapq.heappop(self._due)[2]()
        self._arm()

    def stop(self) -> None:
        """Forget everything that waits (persistent work is taken up again at the next start)."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def rfc3339(epoch: float) -> str:
    """A time as WeChat Pay writes it: whole seconds, +08:00."""
    return datetime.fromtimestamp(int(epoch), SHANGHAI).isoformat()


def rfc3339_utc(epoch: float) -> str:
    """A time as the control API writes it: UTC, milliseconds."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
