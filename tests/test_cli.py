"""The command line's contract: what scripts and people rely on of `up` and of the commands beside it."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from bench.mall import Mall, free_port
from bench.processes import alive, kill, of_home

from bihuan.kernel import migrate

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")


@pytest.fixture(scope="module")
def folder() -> Generator[Path, None, None]:
    """A place outside pytest's, which every run of pytest shuts to the user that PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="bihuan-cli-") as path:
        yield Path(path)


@pytest.fixture(scope="module")
def running(folder: Path) -> Generator[Mall, None, None]:
    """A plain `bihuan up`, without the demo."""
    mall = Mall(folder / "running", free_port(), free_port(), folder / "log", demo=False)
    try:
        mall.start()
        yield mall
    finally:
        if mall.process and mall.process.poll() is None:
            mall.stop()
        for pid in of_home(mall.home):
            kill(pid)


def _idle(folder: Path, name: str) -> Mall:
    """An installation that nobody has started."""
    return Mall(folder / name, free_port(), free_port(), folder / "log", demo=False)


def _answer(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON on standard output: nothing but that may stand there."""
    return json.loads(done.stdout)


def _as_owner(mall: Mall, sql: str, *args: object) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(json.loads((mall.home / "up.lock").read_text())["database_url"])
        try:
            await connection.execute(sql, *args)
        finally:
            await connection.close()

    asyncio.run(work())


def test_health_says_where_to_go(running: Mall) -> None:
    answer = running.http.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "links": {
            "storefront": f"{running.url}/shop/",
            "console": f"{running.url}/console/",
            "phone": None,  # no sandbox without --demo
            "docs": f"{running.url}/docs",
        },
    }


def test_a_second_up_says_who_runs_and_where(running: Mall) -> None:
    assert running.process is not None
    second = running.cli("up")
    assert second.returncode == 1
    assert f"pid {running.process.pid}" in second.stderr
    assert running.url in second.stderr
    assert "Traceback" not in second.stderr
    assert running.health()


def test_up_says_that_its_port_is_taken_and_leaves_nothing(running: Mall, folder: Path) -> None:
    other = _idle(folder, "taken")
    other.env["BIHUAN_PORT"] = str(httpx.URL(running.url).port)
    done = other.cli("up")
    assert done.returncode == 1
    assert "BIHUAN_PORT" in done.stderr
    assert "Traceback" not in done.stderr
    assert of_home(other.home) == []


def test_verify_names_the_offenders(running: Mall) -> None:
    sound = running.cli("verify", "--json")
    assert (sound.returncode, _answer(sound)["holds"]) == (0, True)
    merchant_id, pool_id = uuid4(), uuid4()
    _as_owner(
        running,
        """insert into pools (merchant_id, pool_id, kind, subject_id, location_id, available, held)
           values ($1, $2, 'stock', $3, $4, 5, 2)""",
        merchant_id, pool_id, uuid4(), uuid4(),
    )  # fmt: skip
    try:
        broken = running.cli("verify", "--json")
        spoken = running.cli("verify")
    finally:
        _as_owner(running, "delete from pools where merchant_id = $1", merchant_id)
    answer = _answer(broken)
    assert (broken.returncode, answer["holds"]) == (1, False)
    (found,) = [check for check in answer["checks"] if check["count"]]
    assert (found["name"], found["count"]) == ("inventory.held_equals_open_holds", 1)
    assert found["offenders"][0].startswith(f"{merchant_id}/{pool_id}")
    assert spoken.returncode == 1
    assert f"{merchant_id}/{pool_id}" in spoken.stdout
    assert running.cli("verify", "--json").returncode == 0


def test_replay_lists_what_is_parked_and_says_what_to_do(running: Mall) -> None:
    nothing = running.cli("replay", "--all")
    assert (nothing.returncode, nothing.stdout) == (0, "Nothing is parked\n")
    _as_owner(
        running,
        """insert into merchants (merchant_id, code, name, intro, theme_color, state, is_platform, freight_fen,
             order_ttl_seconds, created_at, updated_at)
           values (gen_random_uuid(), 'parked', '青衫', '', '#256b5b', 'active', false, 0, 900, now(), now());
           insert into payment_notifications (merchant_id, notification_id, event_type, reference, outcome, reason,
             received_at)
           select merchant_id, 'N-1', 'TRANSACTION.SUCCESS', 'lost', 'parked', 'unknown_order', now()
           from merchants where code = 'parked'""",
    )
    try:
        listed, spoken = running.cli("replay", "--json"), running.cli("replay")
        again, unknown = running.cli("replay", "N-1", "--json"), running.cli("replay", "N-2")
    finally:
        _as_owner(running, "delete from payment_notifications; delete from merchants where code = 'parked'")
    (parked,) = _answer(listed)["parked"]
    assert (parked["merchant"], parked["kind"], parked["id"], parked["reference"]) == (
        *("parked", "notification", "N-1", "lost"),
    )
    assert (listed.returncode, spoken.returncode) == (0, 0)
    assert parked["advice"] in spoken.stdout
    assert "bihuan replay --all" in spoken.stdout
    answer = _answer(again)
    (looked,) = answer["replayed"]
    assert (again.returncode, answer["done"], looked["outcome"]) == (1, False, "payment_not_configured")
    assert "set it in the console" in looked["advice"]
    assert unknown.returncode == 2
    assert "N-2" in unknown.stderr


def test_doctor_looks_at_what_runs(running: Mall) -> None:
    done = running.cli("doctor", "--json")
    answer = _answer(done)
    assert done.returncode == (0 if answer["ok"] else 1)  # the pages may not be built here
    well = {finding["what"]: finding["ok"] for finding in answer["findings"]}
    assert well[f"Bihuan serves at {running.url}/healthz"]
    assert any(what.startswith("PostgreSQL 18") and ok for what, ok in well.items())
    assert all(finding["remedy"] for finding in answer["findings"] if not finding["ok"])


def test_doctor_says_how_to_start(folder: Path) -> None:
    done = _idle(folder, "never").cli("doctor", "--json")
    answer = _answer(done)
    assert (done.returncode, answer["ok"]) == (1, False)
    (stopped,) = [finding for finding in answer["findings"] if finding["what"] == "Bihuan runs"]
    assert "make run" in stopped["remedy"]


def test_migrate_tells_what_it_applied(running: Mall, folder: Path) -> None:
    assert _answer(running.cli("migrate", "--json")) == {"applied": []}
    fresh = _idle(folder, "fresh")
    assert _answer(fresh.cli("migrate", "--json")) == {"applied": [path.name for path in migrate.files()]}
    assert _answer(fresh.cli("migrate", "--json")) == {"applied": []}
    assert of_home(fresh.home) == []


def test_commands_say_in_one_line_what_they_lack(folder: Path) -> None:
    lost = _idle(folder, "lost")
    lost.env["BIHUAN_DATABASE_URL"] = f"postgresql://postgres@127.0.0.1:{free_port()}/bihuan"
    done = lost.cli("verify", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("bihuan: ")
    assert "Traceback" not in done.stderr


def test_help_of_the_sandbox_is_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bihuan.cli", "sandbox", "--help"],
        env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    for option in ("--port", "--state", "--seed", "--config", "--public-url"):
        assert option in done.stdout


def test_sigterm_stops_every_child(folder: Path) -> None:
    mall = _idle(folder, "stopping")
    mall.start()
    assert mall.process is not None
    started = of_home(mall.home)
    assert len(started) >= 4  # up, web server, web worker, worker
    postmaster = int((mall.home / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    assert alive(postmaster)

    assert mall.stop() == 0

    assert [pid for pid in [*started, postmaster] if alive(pid)] == []
    with socket.socket() as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port.bind(("127.0.0.1", httpx.URL(mall.url).port or 0))
    assert "Traceback" not in mall.tail()
    assert mall.cli("verify", "--json").returncode == 0  # the lock is free: the command starts a server of its own
