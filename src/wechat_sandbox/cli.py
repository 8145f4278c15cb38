"""The command `wechat-sandbox`."""

import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from wechat_sandbox import __version__

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
    seed: Annotated[str, typer.Option(help="Default accounts follow from it.")] = "bihuan",
    config: Annotated[Path | None, typer.Option(help="YAML file of merchants and apps.")] = None,
    public_url: Annotated[str | None, typer.Option(help="Address that others reach it by.")] = None,
    quiet: Annotated[bool, typer.Option(help="Say nothing at the start.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Run the sandbox until Ctrl-C or SIGTERM."""
    del version
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    base_url = (public_url or f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}").rstrip("/")  # noqa: S104 - compared, not bound
    run = _run(host, port, state, seed, config, base_url, quiet=quiet)
    if sys.platform == "win32":
        sys.exit(asyncio.run(run))
    import uvloop

    sys.exit(uvloop.run(run))


async def _run(
    host: str,
    port: int,
    state: Path | None,
    seed: str,
    config: Path | None,
    base_url: str,
    *,
    quiet: bool,
) -> int:
    from granian.constants import Interfaces
    from granian.server.embed import Server

    from wechat_sandbox import accounts, app
    from wechat_sandbox.store import StateInUseError, Store
    from wechat_sandbox.world import Settings, World

    try:
        _check_port(host, port)
        world = World(Store(state), Settings(seed=seed, base_url=base_url))
        if config is not None:
            accounts.apply_config(world, accounts.read_config(config))
        else:
            accounts.ensure_defaults(world)
    except (PortInUseError, StateInUseError, accounts.AccountError) as error:
        typer.echo(f"wechat-sandbox: {error}", err=True)
        return 1
    server = Server(
        app.create_app(world),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        log_enabled=False,
        websockets=False,
    )
    loop = asyncio.get_running_loop()

    def give_up() -> None:
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
    if not quiet:
        typer.echo(f"WeChat sandbox: {base_url}  phone: {base_url}/phone/  API: {base_url}/_sandbox/openapi.json")
    try:
        await server.serve()
    finally:
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
