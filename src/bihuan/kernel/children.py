"""Child processes of a supervisor: they die with it, start again when they die alone, and leave nothing behind.

Each child leads a process group of its own. Its number is noted in a file, so that the next supervisor of the
same home can end what a killed one left running before it takes the ports.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HEALTHY_SECONDS = 10.0
"""A child that lived this long had started well: its death says nothing about the next start."""
MOST_FAILED_STARTS = 5
_GRACE_SECONDS = 5.0


def die_with_parent() -> None:
    """In a fresh child on Linux: be told to stop when the parent dies, even of kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG; SIGINT is PostgreSQL's fast shutdown


def die_with_server() -> None:
    """The same for a worker process that a server forked; one whose server is gone already ends at once."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    die_with_parent()
    if os.getppid() != parent.pid:
        os.kill(os.getpid(), signal.SIGTERM)


class Child:
    """A Python module as a child process."""

    def __init__(self, name: str, arguments: list[str], env: dict[str, str], notes: Path) -> None:
        self.name = name
        self._arguments = arguments
        self._env = env
        self._note = notes / f"{name}.pid"
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._failed_starts = 0

    def start(self) -> None:
        """Starts it, in a session of its own: Ctrl-C reaches only the supervisor, which stops it in order."""
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *self._arguments],
            env=self._env,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )
        self._started_at = time.monotonic()
        self._note.write_text(str(self._process.pid))

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def restart(self) -> bool:
        """Starts it again, and ends what it left behind; False when it cannot even start, time after time."""
        self._end_group()
        lived = time.monotonic() - self._started_at
        self._failed_starts = 0 if lived >= HEALTHY_SECONDS else self._failed_starts + 1
        if self._failed_starts > MOST_FAILED_STARTS:
            return False
        self.start()
        return True

    def stop(self, timeout_seconds: float = 15) -> None:
        """SIGTERM, then SIGKILL to its whole group."""
        if self._process is None:
            return
        if self.alive:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_seconds)
        self._end_group()
        self._process.wait(5)
        self._note.unlink(missing_ok=True)

    def _end_group(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def end_leftovers(notes: Path, home: Path) -> list[int]:
    """Ends what a killed supervisor of `home` left running; returns the process ids.

    They were told to stop when it died, and mostly have: they get a moment to finish, and are then killed.
    """
    left = [pid for note in sorted(notes.glob("*.pid")) for pid in _members(_read(note), home)]
    for pid in left:
        _send(pid, signal.SIGTERM)
    end = time.monotonic() + _GRACE_SECONDS
    while any(map(_alive, left)) and time.monotonic() < end:
        time.sleep(0.05)
    for pid in left:
        _send(pid, signal.SIGKILL)
    while any(map(_alive, left)) and time.monotonic() < end + _GRACE_SECONDS:
        time.sleep(0.02)
    for note in notes.glob("*.pid"):
        note.unlink(missing_ok=True)
    return left


def _read(note: Path) -> int:
    try:
        return int(note.read_text())
    except (OSError, ValueError):
        return 0


def _members(group: int, home: Path) -> list[int]:
    """The processes of a group that work for this home: a number alone may be somebody else's by now."""
    if group <= 1:
        return []
    mark = f"BIHUAN_HOME={home}".encode()
    if sys.platform != "linux":
        shown = subprocess.run(  # noqa: S603
            ["/bin/ps", "-Eww", "-o", "pid=,command=", "-g", str(group)], capture_output=True, check=False
        ).stdout
        return [int(line.split()[0]) for line in shown.splitlines() if mark in line]
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if int(_stat(folder.name)[2]) == group and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # A dead one that nobody has waited for yet still has a number.
        return sys.platform != "linux" or _stat(pid)[0] != "Z"
    except OSError:
        return False


def _stat(pid: int | str) -> list[str]:
    """The fields after the name in brackets: state, parent, group."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
