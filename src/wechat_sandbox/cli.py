"""The command `wechat-sandbox`."""

import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from wechat_sandbox import __version__

if TYPE_CHECKING:
    from wechat_sandbox.world import World

DEFAULT_SEED = "bihuan"
MOST_CONNECTIONS = 4096
"""Served at once, idle ones among them: beyond it a client that connects waits for an answer until another leaves."""
GRACE_SECONDS = 3.0
"""How long a response that does not end may hold up the exit."""

cli = typer.Typer(add_completion=False, help="A WeChat for the desk.")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8001,
    state: Annotated[Path | None, typer.Option(help="SQLite file; without it, all is in memory.")] = None,
    seed: Annotated[str | None, typer.Option(help="Accounts and keys follow from it; bihuan by default.")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file of merchants, apps, shoppers, faults.")] = None,
    check_config: Annotated[Path | None, typer.Option(help="Check such a file, and do nothing else.")] = None,
    fault: Annotated[
        list[str] | None, typer.Option(help="api:cut_after,probability=0.1 or profile=bad_day,seed=7; repeatable.")
    ] = None,
    beside: Annotated[
        list[str] | None, typer.Option(help="Another sandbox in this process: /alipay=alipay_sandbox:create_app.")
    ] = None,
    public_url: Annotated[str | None, typer.Option(help="Address that others reach it by.")] = None,
    quiet: Annotated[bool, typer.Option(help="Say nothing at the start.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Run the sandbox until Ctrl-C or SIGTERM."""
    del version
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if check_config is not None:
        sys.exit(asyncio.run(_check(check_config)))
    base_url = (public_url or f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}").rstrip("/")  # noqa: S104 - compared, not bound
    start = _Start(host, port, state, seed, config, tuple(fault or ()), base_url, quiet, tuple(beside or ()))
    if sys.platform == "win32":
        sys.exit(asyncio.run(_run(start)))
    import uvloop

    sys.exit(uvloop.run(_run(start)))


class _Start(NamedTuple):
    """What the command line asks for."""

    host: str
    port: int
    state: Path | None
    seed: str | None
    config: Path | None
    faults: tuple[str, ...]
    base_url: str
    quiet: bool
    beside: tuple[str, ...] = ()


async def _check(path: Path) -> int:
    """Read the file and make everything that it names in a world that is thrown away."""
    from wechat_sandbox.config import ConfigError, apply_config, read_config
    from wechat_sandbox.store import Store
    from wechat_sandbox.world import Settings, World

    try:
        config = read_config(path)
        world = World(Store(), Settings(seed=config.file.seed or DEFAULT_SEED))
        apply_config(world, config)
    except ConfigError as error:
        typer.echo(error, err=True)
        return 1
    counts = {
        "merchants": len(world.merchants),
        "official accounts": len(world.accounts),
        "mini programs": len(world.mini_programs),
        "components": len(world.apps.components),
        "corps": len(world.apps.corps),
        "shoppers": len(world.shoppers),
        "faults": len(world.faults.rules()),
    }
    typer.echo(f"{path}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    await world.stop()
    return 0


def _make_world(start: _Start) -> "World":
    """The world that the command line asks for. Raises what `_run` tells the user."""
    from wechat_sandbox import accounts
    from wechat_sandbox.config import apply_config, read_config
    from wechat_sandbox.faults.profiles import add_any
    from wechat_sandbox.faults.rules import read_option
    from wechat_sandbox.store import Store
    from wechat_sandbox.world import Settings, World

    config = read_config(start.config) if start.config is not None else None
    seed = start.seed or (config.file.seed if config else None) or DEFAULT_SEED
    world = World(Store(start.state), Settings(seed=seed, base_url=start.base_url))
    if config is not None:
        apply_config(world, config)
    else:
        accounts.ensure_defaults(world)
    for text in start.faults:
        add_any(world.faults, read_option(text), "command line")
    return world


async def _run(start: _Start) -> int:
    from granian.constants import Interfaces
    from granian.server.embed import Server

    from wechat_sandbox import app
    from wechat_sandbox.beside import BadMountError, Beside, read_mounts
    from wechat_sandbox.config import ConfigError
    from wechat_sandbox.faults.rules import FaultError
    from wechat_sandbox.store import StateInUseError

    host, port, base_url = start.host, start.port, start.base_url
    try:
        _check_port(host, port)
        mounts = read_mounts([*start.beside])
        world = _make_world(start)
    except (PortInUseError, StateInUseError, ConfigError, FaultError, BadMountError) as error:
        typer.echo(f"wechat-sandbox: {error}", err=True)
        return 1
    whole = app.create_app(world)
    served = Beside(whole, mounts, base_url, start.state)
    server = Server(
        served if mounts else whole,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        log_enabled=False,
        websockets=False,
        backlog=MOST_CONNECTIONS,
    )
    loop = asyncio.get_running_loop()

    def give_up() -> None:
        world.faults.save()
        world.store.close()
        os._exit(0)

    def stop() -> None:
        world.hub.close()
        world.exchanges.close()
        server.stop()
        loop.call_later(GRACE_SECONDS, give_up)

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop)
    app.start(world)
    if mounts:
        world.spawn(served.load_soon())
    if not start.quiet:
        typer.echo(f"WeChat sandbox: {base_url}/_sandbox  phone: {base_url}/phone/  inspector: {base_url}/inspector/")
    try:
        await server.serve()
    finally:
        await served.stop()
        await world.stop()
    return 0


class PortInUseError(Exception):
    """Somebody listens there."""


def _check_port(host: str, port: int) -> None:
    """The server would share the port with another process and take half of its requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            raise PortInUseError(f"cannot listen on {host} port {port}: {error.strerror}") from error


def main() -> None:
    """Entry point."""
    cli()
