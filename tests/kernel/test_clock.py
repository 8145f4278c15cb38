"""A desk's clock goes by its file, and signatures by the machine."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bihuan.kernel.clock import DeskClock

NEAR = timedelta(seconds=30)


def test_a_desks_clock_jumps_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeskClock, "LOOK_EVERY_SECONDS", 0.0)
    file = tmp_path / "offset"
    clock = DeskClock(file)
    assert abs(clock.now() - datetime.now(UTC)) < NEAR
    file.write_text("7200.5\n")
    assert abs(clock.now() - datetime.now(UTC) - timedelta(hours=2)) < NEAR
    file.write_text("")  # half written: what it said last still holds
    assert abs(clock.now() - datetime.now(UTC) - timedelta(hours=2)) < NEAR
    file.write_text("1e300")
    assert abs(clock.now() - datetime.now(UTC) - timedelta(hours=2)) < NEAR
    assert abs(clock.wall() - datetime.now(UTC)) < NEAR
    file.write_text("0")
    assert abs(clock.now() - datetime.now(UTC)) < NEAR
