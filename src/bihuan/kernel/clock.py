"""The clock that everything reads, so that tests can set it."""

import contextlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC: what expires, retries and is recorded goes by it."""
        ...

    def wall(self) -> datetime:
        """The time of signatures and of their freshness, which the other side compares with its own."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The machine's time in UTC."""
        return datetime.now(UTC)

    def wall(self) -> datetime:
        """The same."""
        return datetime.now(UTC)


class OffsetClock:
    """The machine's clock plus an offset that tests move."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """The machine's time plus the offset."""
        return datetime.now(UTC) + self.offset

    def wall(self) -> datetime:
        """The same: a test that moves it asks what happens to stale signatures."""
        return self.now()

    def advance(self, by: timedelta) -> None:
        """Moves the time forward (or back, when negative)."""
        self.offset += by


class DeskClock:
    """The machine's clock plus the seconds written in a file: all processes of a desk's installation jump together.

    Only an installation that talks to the sandbox has one. Signatures keep the wall clock, as the sandbox's do.
    """

    LOOK_EVERY_SECONDS = 0.1

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = timedelta()
        self._look_at = 0.0

    def now(self) -> datetime:
        """The machine's time plus what the file says; a file that is missing or half written says what it said."""
        moment = time.monotonic()
        if moment >= self._look_at:
            self._look_at = moment + self.LOOK_EVERY_SECONDS
            with contextlib.suppress(OSError, ValueError, OverflowError):
                self._offset = timedelta(seconds=float(self._file.read_text()))
        return datetime.now(UTC) + self._offset

    def wall(self) -> datetime:
        """The machine's time."""
        return datetime.now(UTC)
