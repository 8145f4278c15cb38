"""`bihuan doctor`: looks at the machine and the installation, and says what to do next."""

import asyncpg
import httpx
import msgspec

from bihuan.kernel import embedded, migrate
from bihuan.pages import STATIC
from bihuan.settings import Settings
from bihuan.up import read_state


class Examined(msgspec.Struct, frozen=True):
    """One thing that was looked at; `remedy` says what to do when it is not well."""

    what: str
    ok: bool
    remedy: str | None = None


async def examine(settings: Settings) -> list[Examined]:
    """Looks at the binaries, the built pages, the database, the schema and the sandbox."""
    state = read_state(settings.home)
    url = settings.database_url or state.get("database_url")
    found = [
        Examined("PostgreSQL binaries for this machine", embedded.available() or bool(url),
                 None if embedded.available() else "set BIHUAN_DATABASE_URL to a PostgreSQL 16 or newer"),
        _pages(),
    ]  # fmt: skip
    if not url:
        found.append(Examined("Bihuan runs", False, "start it with `make run` or `bihuan up --demo`"))
        return found
    found.append(await _database(url))
    sandbox = settings.sandbox_url or state.get("sandbox_url")
    if sandbox:
        found.append(await _serves("the WeChat sandbox", f"{sandbox}/_sandbox/healthz"))
    found.append(await _serves("Bihuan", f"{settings.public_url}/healthz"))
    return found


def _pages() -> Examined:
    built = all((STATIC / name / "index.html").is_file() for name in ("storefront", "console"))
    return Examined("storefront and console are built", built, None if built else "run `make web` (or `uv sync`)")


async def _database(url: str) -> Examined:
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        return Examined(f"database: {error}", False, "check BIHUAN_DATABASE_URL and that the server runs")
    try:
        version = connection.get_server_version()
        applied = {row["name"] for row in await connection.fetch("select name from schema_migrations")}
    except asyncpg.UndefinedTableError:
        return Examined("the schema is empty", False, "run `bihuan migrate`")
    finally:
        await connection.close()
    missing = [path.name for path in migrate.files() if path.name not in applied]
    return Examined(
        f"PostgreSQL {version.major}.{version.minor}, {len(applied)} migrations applied",
        not missing and version.major >= 16,
        f"run `bihuan migrate` ({', '.join(missing)})" if missing else None,
    )


async def _serves(name: str, url: str) -> Examined:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            answer = await http.get(url)
        ok = answer.status_code == 200
    except httpx.HTTPError:
        ok = False
    return Examined(f"{name} serves at {url}", ok, None if ok else "look at the output of `bihuan up`")
