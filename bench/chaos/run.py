"""One run: the stage, the actors, the blows, the end, the report."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import msgspec

from bench.chaos import aftersale, audit, decisions, money, staff
from bench.chaos.acts import ACTS, Actor, playable
from bench.chaos.decisions import Blow
from bench.chaos.monkey import Monkey
from bench.chaos.shoppers import Buyer
from bench.chaos.stage import MERCHANTS, Stage, opened
from bihuan.identity.callers import SHOPPER_COOKIE

TABLES = (aftersale, money, staff)
"""The modules whose acts are in the table."""

RESULTS = Path(__file__).parent.parent / "results"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is to be."""

    seed: str
    minutes: float
    shoppers: int = 32
    goods_each: int = 10
    befalls: Literal["chaos", "day", "nothing"] = "chaos"
    """Kills with jumps of the clock; a whole day that passes and no kills; or neither."""
    kill_every_seconds: float = 4.0
    """On average."""
    kill_supervisor: bool = True
    faults: dict[str, Any] | None = None
    pause_seconds: float = 0.25
    """How long an actor thinks between two acts, at most."""
    acts_most: int = 10**9
    """Of one actor."""


class Report(msgspec.Struct, kw_only=True):
    """What happened, and what was wrong in the end."""

    seed: str
    seconds: float
    acts: dict[str, int]
    kills: dict[str, int]
    jumps: int
    time_passed_seconds: float
    orders: int
    refused: int
    paid: int
    given_back: int
    happened: dict[str, int]
    promises: int
    calls: int
    repeats: dict[str, int]
    not_at_rest: dict[str, int]
    differences: dict[str, list[str]]
    unexpected: list[str]
    blows: list[str]
    faults: dict[str, int]
    not_played: list[str]

    @property
    def total_kills(self) -> int:
        """All kills."""
        return sum(self.kills.values())

    @property
    def holds(self) -> bool:
        """Nothing lost, doubled, unexplained or left behind."""
        return not (self.differences or self.not_at_rest or self.unexpected)


def play(plan: Plan) -> Report:
    """Plays a run on a mall of its own; what its processes said is kept when something does not hold."""
    # Not in a folder that only this user may enter: PostgreSQL drops root's rights.
    with (
        tempfile.TemporaryDirectory(prefix="bihuan-chaos-") as folder,
        opened(Path(folder), plan.seed, plan.goods_each) as stage,
    ):
        report = play_on(stage, plan)
        if not report.holds:
            kept = RESULTS / f"chaos-{plan.seed}"
            kept.mkdir(parents=True, exist_ok=True)
            for log in (stage.mall.log, stage.mall.home / "postgres.log"):
                with contextlib.suppress(OSError):
                    shutil.copy(log, kept)
        return report


def play_on(stage: Stage, plan: Plan) -> Report:
    """Plays a run on a mall that serves already."""
    buyers = _buyers(stage, plan.shoppers)
    desks = staff.clerks(stage, stage.mall)
    operator = staff.operator(stage, stage.mall)
    if plan.faults:
        stage.set_faults(plan.faults)
    monkey = Monkey(stage, _blows(plan))
    started = time.monotonic()
    monkey.start()
    actors: list[tuple[Actor, str]] = [
        *((one, "shopper") for one in buyers),
        *((one, "staff") for one in desks),
        (operator, "operator"),
    ]
    unexpected = asyncio.run(_act(actors, stage, plan, monkey))
    if plan.befalls == "day":
        monkey.join(120)  # the day passes whole, however quick its shoppers were
    monkey.enough.set()
    monkey.join(150)
    seconds = time.monotonic() - started
    if monkey.error is not None or monkey.is_alive():
        unexpected.append(f"the monkey: {monkey.error!r}")
    stage.wait_until_healthy()
    did = stage.end_faults()
    not_at_rest = audit.quiet_down(stage)
    differences = audit.check(stage)
    if forged := [f"{row['fault']}: {n}" for row in did if (n := row.get("probes_accepted", 0))]:
        differences["forged notifications that were believed"] = forged
    return _report(stage, plan, actors, monkey, seconds, did, not_at_rest, differences, unexpected)


def _blows(plan: Plan) -> Iterator[Blow]:
    if plan.befalls == "day":
        return decisions.day(plan.seed)
    if plan.befalls == "chaos":
        return decisions.blows(plan.seed, plan.kill_every_seconds, supervisor=plan.kill_supervisor)
    return iter(())


def _report(
    stage: Stage,
    plan: Plan,
    actors: Sequence[tuple[Actor, str]],
    monkey: Monkey,
    seconds: float,
    did: list[dict[str, Any]],
    not_at_rest: dict[str, int],
    differences: dict[str, list[str]],
    unexpected: list[str],
) -> Report:
    acts = sum((actor.done for actor, _ in actors), Counter[str]())
    verdicts = audit.rows(stage, "select verdict, count(*) as count from payment_attempts where mchid <> '' group by 1")
    counts = {row["verdict"]: row["count"] for row in verdicts}
    fired = Counter[str]()
    for row in did:
        fired[f"{row['kind']} {row['fault']}"] += row["fired"]
    return Report(
        seed=plan.seed,
        seconds=round(seconds, 1),
        acts=dict(acts.most_common()),
        kills=dict(monkey.kills.most_common()),
        jumps=monkey.jumps,
        time_passed_seconds=round(stage.jumped_seconds),
        orders=len(stage.promises.placed),
        refused=len(stage.promises.refused),
        paid=counts.get("accepted", 0),
        given_back=counts.get("refused", 0),
        happened=audit.happened(stage),
        promises=stage.promises.count,
        calls=sum(actor.mall.calls + actor.sandbox.calls for actor, _ in actors),
        repeats=dict(sum((a.mall.causes + a.sandbox.causes for a, _ in actors), Counter[str]()).most_common()),
        not_at_rest=not_at_rest,
        differences=differences,
        unexpected=unexpected,
        blows=monkey.dealt,
        faults=dict(fired.most_common()),
        not_played=[one.name for one in ACTS if not all(need in stage.routes for need in one.needs)],
    )


def _buyers(stage: Stage, count: int) -> list[Buyer]:
    """Shoppers who are signed in at all merchants, with an address."""

    def one(number: int) -> Buyer:
        shopper = stage.mall.new_shopper(f"buyer-{number}")
        for code in MERCHANTS:
            shopper.sign_in(code)
        token = shopper.http.cookies[SHOPPER_COOKIE]
        return Buyer(stage, shopper, token, shopper.add_address())

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(one, range(count)))


async def _act(actors: Sequence[tuple[Actor, str]], stage: Stage, plan: Plan, monkey: Monkey) -> list[str]:
    """Everybody acts until the time is over; what went wrong for whom."""
    end = time.monotonic() + plan.minutes * 60
    wrong: list[str] = []

    async def one(actor: Actor, kind: Any) -> None:
        acts = playable(kind, stage.routes)
        try:
            while time.monotonic() < end and actor.number < plan.acts_most and monkey.error is None:
                number = actor.number
                try:
                    await actor.play(acts)
                except AssertionError as error:
                    wrong.append(f"{actor.name} act {number}: {error}"[:600])
                except Exception as error:
                    wrong.append(f"{actor.name} act {number}: {error!r}"[:600])
                pause = decisions.dice(plan.seed, f"{actor.name}/pause", number).uniform(0, plan.pause_seconds)
                await asyncio.sleep(pause)
        finally:
            actor.close()

    await asyncio.gather(*(one(actor, kind) for actor, kind in actors))
    return wrong


def save(report: Report) -> Path:
    """Keeps a report as JSON in bench/results."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"chaos-{report.seed}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return path


def show(report: Report) -> str:
    """The report for a person."""
    lines = [
        f"seed {report.seed}: {report.seconds:.0f} s, in which {report.time_passed_seconds / 3600:.1f} h passed",
        f"kills    {report.total_kills}: " + ", ".join(f"{n} {part}" for part, n in report.kills.items()),
        f"jumps    {report.jumps} of the clock",
        f"orders   {report.orders} placed, {report.refused} refused, {report.paid} payments kept, "
        f"{report.given_back} given back",
        f"acts     {sum(report.acts.values())}: " + ", ".join(f"{n} {name}" for name, n in report.acts.items()),
        "so much  " + ", ".join(f"{n} {what}" for what, n in report.happened.items()),
        f"calls    {report.calls}; {report.promises} promises; repeated: "
        + ", ".join(f"{n} {cause}" for cause, n in report.repeats.items()),
        "faults   " + (", ".join(f"{n} {name}" for name, n in report.faults.items()) or "none since the last restart"),
    ]
    if report.not_played:
        lines.append("not there yet: " + ", ".join(report.not_played))
    for what, count in report.not_at_rest.items():
        lines.append(f"NOT AT REST: {count} {what}")
    for what, ids in report.differences.items():
        lines.append(f"DIFFERS: {what}: {len(ids)}")
        lines += [f"    {one}" for one in ids[:20]]
    lines += [f"UNEXPECTED: {one}" for one in report.unexpected[:20]]
    lines.append("all holds" if report.holds else f"DOES NOT HOLD; the same again: make chaos SEED={report.seed}")
    return "\n".join(lines)
