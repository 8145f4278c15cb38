"""`bihuan up`: one foreground process that starts, watches and stops all the others.

Children: PostgreSQL (unless BIHUAN_DATABASE_URL), the WeChat sandbox (with --demo), the web server and the
worker. Each dies with this process, even of kill -9 (Linux); one that dies alone is started again. A lock
on BIHUAN_HOME/up.lock, held by the kernel and so never stale, keeps a second `up` away.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

import httpx
import msgspec
import typer

from bihuan.kernel import migrate
from bihuan.kernel.embedded import EmbeddedServer, die_with_parent
from bihuan.settings import Settings, WeChatUrls

RESTARTS_ALLOWED = 5
RESTART_WINDOW_SECONDS = 60


class AlreadyRunning(Exception):
    """Another `up` holds this home; `state` is what it wrote about itself."""

    def __init__(self, state: dict[str, Any]) -> None:
        super().__init__(str(state))
        self.state = state


class HomeLock:
    """The exclusive lock on a home, with a note of who holds it."""

    def __init__(self, home: Path) -> None:
        self._path = home / "up.lock"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Takes the lock or raises AlreadyRunning."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            state = read_state(self._path.parent)
            file.close()
            raise AlreadyRunning(state) from None
        self._file = file

    def write(self, **state: object) -> None:
        """Notes who holds the lock."""
        if self._file:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(msgspec.json.encode({"pid": os.getpid(), **state}).decode())
            self._file.flush()

    def release(self) -> None:
        """Lets go."""
        if self._file:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def read_state(home: Path) -> dict[str, Any]:
    """What the running `up` noted about itself; empty when nothing runs."""
    try:
        return msgspec.json.decode((home / "up.lock").read_text() or "{}")
    except (OSError, msgspec.MsgspecError):
        return {}


class Child:
    """A child process that is started again when it dies, within limits."""

    def __init__(self, name: str, arguments: list[str], env: dict[str, str]) -> None:
        self.name = name
        self._arguments = arguments
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths: list[float] = []

    def start(self) -> None:
        """Starts it, in a session of its own: Ctrl-C reaches only this process, which stops it in order."""
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *self._arguments],
            env=self._env,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def restart(self) -> bool:
        """Starts it again; False when it died too often."""
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if now - at < RESTART_WINDOW_SECONDS] + [now]
        if len(self._deaths) > RESTARTS_ALLOWED:
            return False
        self.start()
        return True

    def stop(self, timeout_seconds: float = 15) -> None:
        """SIGTERM, then SIGKILL to its whole session."""
        if not self.alive or self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)


class Supervisor:
    """Everything that `up` runs."""

    def __init__(self, settings: Settings, *, demo: bool) -> None:
        self.settings = settings
        self.demo = demo
        self.postgres = EmbeddedServer(settings.home) if settings.database_url is None else None
        self.children: list[Child] = []
        self.demo_marker = settings.home / "demo.ready"
        self._stopping = False

    def start(self) -> None:
        """Starts PostgreSQL, migrates, starts the children. Raises EmbeddedError, MigrationError."""
        if self.postgres:
            self.postgres.start()
            self.settings = msgspec.structs.replace(self.settings, database_url=self.postgres.url)
        if self.demo:
            url = f"http://127.0.0.1:{self.settings.sandbox_port}"
            self.settings = msgspec.structs.replace(self.settings, sandbox_url=url, wechat=WeChatUrls.of_sandbox(url))
        assert self.settings.database_url is not None
        asyncio.run(migrate.migrate(self.settings.database_url))
        env = self._env()
        if self.demo:
            state = str(self.settings.home / "sandbox.sqlite")
            port = str(self.settings.sandbox_port)
            self.children.append(Child("sandbox", ["wechat_sandbox", "--port", port, "--state", state, "--quiet"], env))
        self.children.append(Child("web", ["bihuan.cli", "serve"], env))
        self.children.append(Child("worker", ["bihuan.cli", "worker"], env))
        for child in self.children:
            child.start()

    def _env(self) -> dict[str, str]:
        metrics = self.settings.home / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir(parents=True)
        env = {
            **os.environ,
            "BIHUAN_HOME": str(self.settings.home),
            "BIHUAN_DATABASE_URL": self.settings.database_url or "",
            "BIHUAN_PUBLIC_URL": self.settings.public_url,
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        }
        if self.settings.sandbox_url:
            env["BIHUAN_SANDBOX_URL"] = self.settings.sandbox_url
        if self.demo:
            self.demo_marker.unlink(missing_ok=True)
            env["BIHUAN_DEMO_MARKER"] = str(self.demo_marker)
        return env

    def wait_until_serving(self, path: str, timeout_seconds: float = 60) -> dict[str, Any]:
        """Polls a health route until it answers 200; raises ConnectionError with its last answer."""
        host = "127.0.0.1" if self.settings.host == "0.0.0.0" else self.settings.host  # noqa: S104
        last = "no answer"
        end = time.monotonic() + timeout_seconds
        with httpx.Client(trust_env=False, timeout=3) as http:
            while time.monotonic() < end and not self._stopping:
                self.tend()
                try:
                    answer = http.get(f"http://{host}:{self.settings.port}{path}")
                    if answer.status_code == 200:
                        return answer.json()
                    last = answer.text
                except httpx.HTTPError as error:
                    last = str(error)
                time.sleep(0.1)
        raise ConnectionError(f"Bihuan does not serve at port {self.settings.port}: {last}")

    def tend(self) -> None:
        """Starts again what died; raises ConnectionError for what dies over and over."""
        if self.postgres and not self.postgres.alive() and not self._stopping:
            typer.secho("PostgreSQL died; starting it again", fg="yellow", err=True)
            self.postgres.start()
        for child in self.children:
            if not child.alive and not self._stopping:
                typer.secho(f"{child.name} died; starting it again", fg="yellow", err=True)
                if not child.restart():
                    raise ConnectionError(
                        f"{child.name} died {RESTARTS_ALLOWED} times in a minute; see its output above"
                    )

    def stop(self) -> None:
        """Stops the children, then PostgreSQL."""
        self._stopping = True
        for child in reversed(self.children):
            child.stop()
        if self.postgres:
            self.postgres.stop()


def run(settings: Settings, *, demo: bool) -> int:
    """Runs `up` until Ctrl-C or SIGTERM; returns the exit status."""
    lock = HomeLock(settings.home)
    try:
        lock.acquire()
    except AlreadyRunning as error:
        where = error.state.get("url", "another port")
        pid = error.state.get("pid", "?")
        typer.secho(f"Bihuan already runs on {settings.home} (pid {pid}) at {where}", fg="yellow", err=True)
        typer.echo(
            "Stop it with Ctrl-C in its terminal, or set BIHUAN_HOME and BIHUAN_PORT for a second one.", err=True
        )
        return 1
    supervisor = Supervisor(settings, demo=demo)
    stop = _on_signals()
    try:
        supervisor.start()
        lock.write(url=settings.public_url, database_url=supervisor.settings.database_url,
                   sandbox_url=supervisor.settings.sandbox_url)  # fmt: skip
        supervisor.wait_until_serving("/readyz")
        if demo:
            asyncio.run(_seed(supervisor.settings))
            supervisor.demo_marker.touch()
        health = supervisor.wait_until_serving("/healthz")
        _welcome(settings, health["links"], demo=demo)
        while not stop:
            time.sleep(0.25)
            supervisor.tend()
    except KeyboardInterrupt:
        pass
    except ConnectionError as error:
        if not stop:
            typer.secho(f"bihuan: {error}", fg="red", err=True)
            return 1
    finally:
        supervisor.stop()
        lock.release()
    typer.echo("Bihuan has stopped.", err=True)
    return 0


def _on_signals() -> list[int]:
    """A list that is empty until SIGTERM or SIGINT comes."""
    received: list[int] = []

    def note(number: int, _: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, note)
    return received


async def _seed(settings: Settings) -> None:
    from bihuan import demo
    from bihuan.app import open_runtime
    from bihuan.kernel import log

    log.configure("warning", json=settings.log_json)
    rt = await open_runtime(settings)
    try:
        await demo.seed(rt, settings.sandbox_url or "")
    finally:
        await rt.close()


def _welcome(settings: Settings, links: dict[str, str | None], *, demo: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Bihuan 闭环", show_header=False, title_style="bold", border_style="dim")
    if links.get("phone"):
        table.add_row("手机 Phone", links["phone"])
    table.add_row("商城 Storefront", links["storefront"])
    table.add_row("后台 Console", links["console"])
    table.add_row("接口 API docs", links["docs"])
    if demo:
        accounts = msgspec.json.decode((settings.home / "demo.json").read_bytes())
        for sign_in in accounts["sign_ins"]:
            table.add_row(f"登录 {sign_in['merchant']}", f"{sign_in['login']} / {sign_in['password']}")
    Console().print(table)
    Console().print("Ctrl-C 停止 stops everything.", style="dim")


@contextlib.contextmanager
def database_for_command(settings: Settings) -> Generator[Settings, None, None]:
    """Settings with a database for one command: the one given, the running installation's, or one of its own."""
    if settings.database_url is None:
        state = read_state(settings.home)
        if url := state.get("database_url"):
            sandbox = settings.sandbox_url or state.get("sandbox_url")
            yield msgspec.structs.replace(settings, database_url=url, sandbox_url=sandbox)
            return
        lock = HomeLock(settings.home)
        lock.acquire()
        server = EmbeddedServer(settings.home)
        server.start()
        try:
            asyncio.run(migrate.migrate(server.url))
            yield msgspec.structs.replace(settings, database_url=server.url)
        finally:
            server.stop()
            lock.release()
    else:
        yield settings
