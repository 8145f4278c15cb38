"""`bihuan up`: one foreground process that starts, watches and stops all the others.

Children: PostgreSQL (unless BIHUAN_DATABASE_URL), the WeChat sandbox (with --demo), the web server and the
worker. Each dies with this process, even of kill -9 (Linux); one that dies alone is started again. A lock
on BIHUAN_HOME/up.lock, held by the kernel and so never stale, keeps a second `up` away; what a killed `up` left
running is ended by the next one before it starts its own.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

import httpx
import msgspec
import typer

from bihuan.kernel import migrate
from bihuan.kernel.children import MOST_FAILED_STARTS, Child, end_leftovers
from bihuan.kernel.embedded import EmbeddedServer
from bihuan.kernel.postmaster_watch import PostmasterWatch
from bihuan.settings import Settings


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
        for last in (False, False, True):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:  # held, or looked at for a moment by `read_state`
                if last:
                    file.close()
                    raise AlreadyRunning(read_state(self._path.parent)) from None
                time.sleep(0.05)
        self._file = file
        self.write()

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
    """What the running `up` noted about itself; empty when nothing runs, whatever a killed one left written."""
    try:
        with (home / "up.lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return msgspec.json.decode(file.read() or "{}")
    except (OSError, msgspec.MsgspecError):
        pass
    return {}


class Supervisor:
    """Everything that `up` runs."""

    def __init__(self, settings: Settings, *, demo: bool) -> None:
        self.settings = settings
        self.demo = demo
        self.postgres = EmbeddedServer(settings.home) if settings.database_url is None else None
        self.watch = PostmasterWatch(self.postgres.sockets) if self.postgres else None
        self.children: list[Child] = []
        self.demo_marker = settings.home / "demo.ready"
        self._stopping = False

    def start(self) -> None:
        """Starts PostgreSQL, migrates, starts the children. Raises EmbeddedError, MigrationError, ConnectionError."""
        notes = self.settings.home / "run"
        notes.mkdir(parents=True, exist_ok=True)
        if left := end_leftovers(notes, self.settings.home):
            typer.secho(
                f"ended what a killed `up` left running (pid {', '.join(map(str, left))})", fg="yellow", err=True
            )
        _check_port(self.settings.host, self.settings.port)
        if self.postgres:
            self._start_postgres()
            self.settings = msgspec.structs.replace(self.settings, database_url=self.postgres.url)
        if self.demo:
            self.settings = self.settings.at_sandbox(f"http://127.0.0.1:{self.settings.sandbox_port}")
        assert self.settings.database_url is not None
        asyncio.run(migrate.migrate(self.settings.database_url))
        env = self._env()
        if self.demo:
            state = str(self.settings.home / "sandbox.sqlite")
            port = str(self.settings.sandbox_port)
            arguments = ["wechat_sandbox", "--port", port, "--state", state, "--quiet"]
            arguments += ["--beside", "/alipay=alipay_sandbox:create_app"]
            self.children.append(Child("sandbox", arguments, env, notes))
        self.children.append(Child("web", ["bihuan.cli", "serve"], env, notes))
        self.children.append(Child("worker", ["bihuan.cli", "worker"], env, notes))
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

    def seed(self) -> None:
        """Makes the demo's data; again from where it stands when a part of the installation dies under it."""
        for last in (False, False, True):
            try:
                asyncio.run(_seed(self.settings))
                break
            except Exception as error:
                if last:
                    raise
                typer.secho(f"the demo's data: {error}; trying again", fg="yellow", err=True)
            self.wait_until_serving("/readyz")
        self.demo_marker.touch()

    def _start_postgres(self) -> None:
        assert self.postgres is not None
        assert self.watch is not None
        self.postgres.start()
        self.watch.start()

    def tend(self) -> None:
        """Starts again what died or is stuck; raises ConnectionError for what dies over and over."""
        if self.postgres and self.watch and not self._stopping:
            if self.postgres.alive() and self.watch.stuck:
                typer.secho("PostgreSQL takes no connections; ending it", fg="yellow", err=True)
                self.postgres.kill()
            if not self.postgres.alive():
                typer.secho("PostgreSQL died; starting it again", fg="yellow", err=True)
                self._start_postgres()
        for child in self.children:
            if not child.alive and not self._stopping:
                typer.secho(f"{child.name} died; starting it again", fg="yellow", err=True)
                if not child.restart():
                    raise ConnectionError(
                        f"{child.name} died {MOST_FAILED_STARTS} times as soon as it started; see its output above"
                    )

    def stop(self) -> None:
        """Stops the children, then PostgreSQL."""
        self._stopping = True
        for child in reversed(self.children):
            child.stop()
        if self.watch:
            self.watch.stop()
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
            supervisor.seed()
        health = supervisor.wait_until_serving("/healthz")
        _welcome(settings, health["links"], demo=demo)
        if demo and settings.demo_cases:
            threading.Thread(target=_make_cases, args=(supervisor.settings,), daemon=True, name="demo-cases").start()
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


def _check_port(host: str, port: int) -> None:
    """The web server would share the port with another process and take half of its requests."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            raise ConnectionError(
                f"cannot listen on {host} port {port} ({error.strerror}); set BIHUAN_PORT to a free one"
            ) from error


def _on_signals() -> list[int]:
    """A list that is empty until SIGTERM or SIGINT comes."""
    received: list[int] = []

    def note(number: int, _: object) -> None:
        received.append(number)
        if len(received) == 1:  # asked again while it stops: it stops already, and must do so in order
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


def _make_cases(settings: Settings) -> None:
    """The demo's after-sale, settlement and bills, beside what serves already.

    Decoration: what fails is told and stops nothing.
    """
    from bihuan.demo import cases, payouts, takings

    for what, make in (
        ("after-sale cases", cases.make),
        ("settlement", payouts.make),
        ("takings at the market", takings.make),
    ):
        try:
            asyncio.run(make(settings, settings.sandbox_url or ""))
        except (cases.DemoCasesFailed, httpx.HTTPError) as error:
            typer.secho(f"the demo's {what}: {error}", fg="yellow", err=True)


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
def database_for_command(settings: Settings, *, migrated: bool = True) -> Generator[Settings, None, None]:
    """Settings with a database for one command: the one given, the running installation's, or one of its own.

    The last is brought to the present schema first, unless `migrated` is False. Raises ConnectionError.
    """
    if settings.database_url is None:
        state = read_state(settings.home)
        if url := state.get("database_url"):
            if not settings.sandbox_url and (sandbox := state.get("sandbox_url")):
                settings = settings.at_sandbox(sandbox)  # whoever asks WeChat asks the one that is told of there
            yield msgspec.structs.replace(settings, database_url=url)
            return
        lock = HomeLock(settings.home)
        try:
            lock.acquire()
        except AlreadyRunning as error:
            raise ConnectionError(f"Bihuan is just starting on {settings.home}; try again in a moment") from error
        server = EmbeddedServer(settings.home)
        try:
            server.start()
            if migrated:
                asyncio.run(migrate.migrate(server.url))
            yield msgspec.structs.replace(settings, database_url=server.url)
        finally:
            server.stop()
            lock.release()
    else:
        yield settings
