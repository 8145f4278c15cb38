"""The command line. Imports are inside the commands: `bihuan --help` must not wait for a web framework."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bihuan.settings import Settings

cli = typer.Typer(
    name="bihuan",
    help="Bihuan (闭环): social commerce that closes the loop inside WeChat.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(help="Bring existing data in.", no_args_is_help=True)
cli.add_typer(imports, name="import")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


def main() -> None:
    """Entry point of `bihuan`: failures that a person can mend are one line, not a traceback."""
    from bihuan.importers.reporting import AlreadyImporting
    from bihuan.kernel.embedded import EmbeddedError
    from bihuan.kernel.migrate import MigrationError

    try:
        cli()
    except (EmbeddedError, MigrationError, AlreadyImporting, ConnectionError, FileNotFoundError) as error:
        typer.secho(f"bihuan: {error}", fg="red", err=True)
        raise SystemExit(1) from None


@cli.command()
def up(
    demo: Annotated[bool, typer.Option("--demo", help="With the WeChat sandbox and three demo merchants.")] = False,
) -> None:
    """Run everything in the foreground: PostgreSQL, migrations, web, worker (and the sandbox with --demo)."""
    from bihuan import up as supervisor
    from bihuan.kernel import log

    log.configure("warning", json=Settings.from_env().log_json)
    raise SystemExit(supervisor.run(Settings.from_env(), demo=demo))


@cli.command()
def serve() -> None:
    """Run the web processes alone, on BIHUAN_DATABASE_URL."""
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.server import Server

    import bihuan.app  # noqa: F401  # pyright: ignore[reportUnusedImport] - the workers fork with it read already

    settings = Settings.from_env()
    Server(
        "bihuan.app:asgi",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.app_workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        backlog=2048,
        backpressure=1024,
        log_access=False,
        log_level="warning",  # pyright: ignore[reportArgumentType]
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()


@cli.command()
def worker() -> None:
    """Run the worker alone, on BIHUAN_DATABASE_URL: facts, messages, periodic jobs."""
    import uvloop

    from bihuan import worker as process
    from bihuan.kernel import log

    settings = Settings.from_env()
    log.configure(settings.log_level, json=settings.log_json)
    uvloop.run(process.run(settings))


@cli.command()
def migrate(json: Json = False) -> None:
    """Apply the migrations that are not applied yet."""
    from bihuan.kernel.migrate import migrate as apply

    with _database(migrated=False) as settings:
        applied = asyncio.run(apply(_url(settings)))
    _print(json, {"applied": applied}, f"{len(applied)} applied: {', '.join(applied) or 'the schema is up to date'}")


@cli.command()
def seed(json: Json = False) -> None:
    """Make the demo merchants in a running installation whose sandbox serves."""

    async def work(rt: Any) -> Any:
        from bihuan import demo

        return await demo.seed(rt, rt.settings.sandbox_url or f"http://127.0.0.1:{rt.settings.sandbox_port}")

    _print(json, _run(work), "The demo merchants are there; sign-ins are in BIHUAN_HOME/demo.json")


@cli.command()
def verify(json: Json = False) -> None:
    """Prove the invariants on live data; exits 1 and names the offenders when one fails."""
    from bihuan import wiring
    from bihuan.kernel import verification

    async def work(rt: Any) -> list[verification.Finding]:
        async with rt.db.transaction(readonly=True) as tx:
            await tx.execute("set transaction isolation level repeatable read")
            return await verification.run(tx, wiring.CHECKS)

    findings: list[verification.Finding] = _run(work)
    holds = all(finding.holds for finding in findings)
    lines = [
        f"{'✓' if f.holds else '✗'} {f.name}: {f.means}"
        + "".join(f"\n    {offender}" for offender in f.offenders)
        + (f"\n    ... {f.count} in all" if f.count > len(f.offenders) else "")
        for f in findings
    ]
    _print(json, {"holds": holds, "checks": findings}, "\n".join(lines))
    raise SystemExit(0 if holds else 1)


@cli.command()
def replay(
    parked_id: Annotated[str, typer.Argument(metavar="[ID]", help="Of something parked, as the list names it.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Look again at all that is parked.")] = False,
    json: Json = False,
) -> None:
    """List parked money with what to do about it; with ID or --all, look again once its cause is mended.

    WeChat (or Alipay) is asked anew: again and again does no harm. Exits 1 while something is left to do.
    """
    from bihuan import payments, wiring

    if parked_id and everything:
        raise typer.BadParameter("an ID, or --all: not both", param_hint="ID")
    if not parked_id and not everything:
        _list_parked(json)
        return

    async def work(rt: Any) -> list[payments.Looked]:
        return await payments.replay_everywhere(rt, wiring.SETTLERS, None if everything else parked_id)

    looked: list[payments.Looked] = _run(work)
    if parked_id and not looked:
        raise typer.BadParameter(f"nothing parked has it: {parked_id}; `bihuan replay` lists what is", param_hint="ID")
    lines = [
        f"{'✗' if one.left else '✓'} {one.merchant} {one.kind} {one.id} {one.outcome}"
        f"{f' ({one.reason})' if one.reason else ''}\n    → {one.advice}"
        for one in looked
    ]
    left = any(one.left for one in looked)
    _print(json, {"done": not left, "replayed": looked}, "\n".join(lines) or "Nothing is parked")
    raise SystemExit(1 if left else 0)


def _list_parked(json: bool) -> None:
    """Says what is parked, and what to do about each."""
    from bihuan import payments
    from bihuan.kernel.money import yuan

    async def work(rt: Any) -> list[payments.Parked]:
        async with rt.db.transaction(readonly=True) as tx:
            return await payments.list_everywhere(tx)

    found: list[payments.Parked] = _run(work)
    lines = [
        f"{one.merchant} {one.kind} {one.id} {one.reference} "
        f"{yuan(one.amount_fen) if one.amount_fen is not None else '-'} {one.reason} since {one.since:%Y-%m-%d %H:%M}"
        f"\n    → {one.advice}"
        for one in found
    ]
    if lines:
        lines.append("\nOnce a cause is mended: `bihuan replay ID`, or `bihuan replay --all`")
    _print(json, {"parked": found}, "\n".join(lines) or "Nothing is parked")


@cli.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def sandbox(context: typer.Context) -> None:
    """Run the WeChat sandbox alone; takes the options of `wechat-sandbox`."""
    import runpy

    sys.argv = ["wechat-sandbox", *context.args]
    runpy.run_module("wechat_sandbox", run_name="__main__")


@cli.command()
def doctor(json: Json = False) -> None:
    """Look at the machine and the installation, and say what to do next."""
    from bihuan import doctor as examination

    findings = asyncio.run(examination.examine(Settings.from_env()))
    text = "\n".join(f"{'✓' if f.ok else '✗'} {f.what}" + (f"\n    → {f.remedy}" if f.remedy else "") for f in findings)
    _print(json, {"ok": all(f.ok for f in findings), "findings": findings}, text)
    raise SystemExit(0 if all(f.ok for f in findings) else 1)


@imports.command("catalog")
def import_catalog(
    folder: Annotated[Path, typer.Argument(help="A folder of litemall tables as CSV.")], json: Json = False
) -> None:
    """Import a Chinese catalogue: categories, products, SKUs, stock."""
    from bihuan.importers import catalog

    _import(catalog.run, folder, json)


@imports.command("olist")
def import_olist(
    folder: Annotated[Path, typer.Argument(help="A folder of the nine Olist tables as CSV.")], json: Json = False
) -> None:
    """Import a marketplace's history: sellers, products, orders, payments (cents are taken as fen)."""
    from bihuan.importers import olist

    _import(olist.run, folder, json)


def _import(run: Any, folder: Path, json: bool) -> None:
    """Runs an importer under a progress bar; bad rows are listed by number and reason, exit 0 all the same."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, disable=json or not sys.stderr.isatty()) as progress:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        async def work(rt: Any) -> Any:
            return await run(rt, folder, report)

        summary: Any = _run(work)
    rejected = "\n".join(f"  {r.file} row {r.row}: {r.reason}" for r in summary.rejected)
    _print(json, summary, f"{summary.text()}" + (f"\nNot imported, by row:\n{rejected}" if rejected else ""))


def _run(work: Any) -> Any:
    """Runs `work(runtime)` on the installation's database, starting the embedded one when it is not up."""
    from bihuan.app import open_runtime

    async def inside(settings: Settings) -> Any:
        rt = await open_runtime(settings)
        try:
            return await work(rt)
        finally:
            await rt.close()

    with _database() as settings:
        return asyncio.run(inside(settings))


def _database(*, migrated: bool = True) -> Any:
    """The settings with a database URL: given, of the running installation, or of a server for this command.

    Standard output is the answer's alone: logs go to standard error, from warnings upwards.
    """
    from bihuan.kernel import log
    from bihuan.up import database_for_command

    settings = Settings.from_env()
    log.configure("warning", json=settings.log_json)
    return database_for_command(settings, migrated=migrated)


def _url(settings: Settings) -> str:
    if settings.database_url is None:
        raise ConnectionError("no database: set BIHUAN_DATABASE_URL or run `bihuan up`")
    return settings.database_url


def _print(json: bool, value: object, text: str) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(value).decode() if json else text)


if __name__ == "__main__":
    main()
