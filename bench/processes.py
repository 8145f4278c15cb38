"""The processes of an installation under test, found by descent: nothing else is ever killed. Linux only."""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""


def alive(pid: int) -> bool:
    """Whether it runs; one that is dead and not yet waited for does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def children(pid: int) -> list[int]:
    """Its running children, the oldest first."""
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if _parent(int(folder.name)) == pid and alive(int(folder.name)):
                    found.append(int(folder.name))
    return sorted(found)


def tree(pid: int) -> list[int]:
    """It and all its descendants."""
    return [pid, *(one for child in children(pid) for one in tree(child))]


def of_home(home: Path) -> list[int]:
    """Every process that was started for this home, whoever its parent is by now."""
    mark = f"BIHUAN_HOME={home}".encode()
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0") and alive(int(folder.name)):
                    found.append(int(folder.name))
    return sorted(found)


class Parts:
    """The parts of the installation under the `up` with this process id, as they are at the moment."""

    def __init__(self, up: int) -> None:
        self.up = up

    def _child(self, is_it: Callable[[str], bool]) -> list[int]:
        return [pid for pid in children(self.up) if is_it(_command(pid))]

    def find(self, part: str) -> list[int]:
        """The processes of a part: web server, web worker, worker, postmaster, backend, sandbox, supervisor."""
        if part == "supervisor":
            return [self.up]
        if part == "web worker":
            return [w for server in self.find("web server") for w in children(server) if "tracker" not in _command(w)]
        if part == "backend":
            of_clients = [(p, _command(p)) for postmaster in self.find("postmaster") for p in children(postmaster)]
            return [pid for pid, command in of_clients if "[local]" in command]
        is_it: dict[str, Callable[[str], bool]] = {
            "web server": lambda command: command.endswith("bihuan.cli serve"),
            "worker": lambda command: command.endswith("bihuan.cli worker"),
            "postmaster": lambda command: "/postgres -D " in command,
            "sandbox": lambda command: "-m wechat_sandbox" in command,
        }
        return self._child(is_it[part])


def kill(pid: int) -> None:
    """kill -9."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
