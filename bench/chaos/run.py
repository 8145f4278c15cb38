"""One run: the stage, the actors, the blows, the end."""

import asyncio
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from bench.chaos import audit, decisions, happened, mix
from bench.chaos.acts import Actor
from bench.chaos.decisions import Blow
from bench.chaos.mix import Cast
from bench.chaos.monkey import Monkey
from bench.chaos.report import Report
from bench.chaos.shoppers import Buyer
from bench.chaos.staff import Clerk
from bench.chaos.stage import MERCHANTS, Stage, opened
from bench.chaos.tills import Cashier
from bihuan.identity.callers import SHOPPER_COOKIE

Playing = Sequence[tuple[Cast, Sequence[Actor]]]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is to be."""

    seed: str
    minutes: float
    shoppers: int = 32
    goods_each: int = 10
    kill_every_seconds: float = 3.0
    """On average; 0: nothing dies, and the clock does not jump."""
    supervisor_every: int = 5
    """In which round of kills the supervisor dies too."""
    rounds: int | None = None
    """Ends the run after so many rounds of kills, however long they take, and"""
    orders_least: int = 0
    """so many orders of shoppers, on a machine that is slow."""
    faults: dict[str, Any] | None = None
    leisure: float = 1.0
    """How much longer than the table says everybody thinks between two acts."""
    days_after: int = 2
    """How many days pass in the end, so that WeChat's bills of what happened are matched."""
    month_after: bool = False
    """Whether they pass over the end of a month: plans are billed, points expire, what was left is completed."""
    keep: bool = False
    """Whether the folder of a run that does not hold is kept."""


Tell = Callable[[str], None]


def play(plan: Plan, tell: Tell = lambda _: None) -> Report:
    """Plays a run on a mall of its own. `tell` hears now and then how far it is."""
    # Not in a folder that only this user may enter: PostgreSQL drops root's rights.
    folder = Path(tempfile.mkdtemp(prefix=f"bihuan-chaos-{plan.seed}-"))
    keep = plan.keep  # also when it breaks off: somebody has to look at it
    try:
        tell("starting an installation")
        with opened(folder, plan.seed, plan.goods_each) as stage:
            report = play_on(stage, plan, tell)
        keep = plan.keep and not report.holds
        if keep:
            folder.chmod(0o755)
            report.kept = str(folder)
            report.ports = (stage.mall.port, stage.mall.sandbox_port)
    finally:
        if keep:
            tell(f"kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return report


def play_on(stage: Stage, plan: Plan, tell: Tell = lambda _: None) -> Report:
    """Plays a run on a mall that serves already."""
    playing = _everybody(stage, plan)
    if plan.faults:
        stage.set_faults(plan.faults)
    monkey = Monkey(stage, _blows(plan))
    started = time.monotonic()
    monkey.start()
    unexpected = asyncio.run(_act(playing, stage, plan, monkey, tell))
    monkey.enough.set()
    monkey.join(150)
    seconds = time.monotonic() - started
    if monkey.error is not None or monkey.is_alive():
        unexpected.append(f"the monkey: {monkey.error!r}")
    tell("faults are lifted; waiting until all has come to rest")
    passed = stage.jumped_seconds
    stage.wait_until_healthy()
    did = stage.end_faults()
    not_at_rest = audit.quiet_down(stage, plan.days_after, month=plan.month_after, tell=tell)
    tell("comparing")
    differences = audit.check(stage)
    if forged := [f"{row['fault']}: {n}" for row in did if (n := row.get("probes_accepted", 0))]:
        differences["forged notifications that were believed"] = forged
    people = [actor for _, actors in playing for actor in actors]
    fired = Counter[str]()
    for row in did:
        fired[f"{row['kind']} {row['fault']}"] += row["fired"]
    return Report(
        seed=plan.seed,
        minutes=plan.minutes,
        seconds=round(seconds, 1),
        quiet_seconds=round(time.monotonic() - started - seconds, 1),
        acts={cast.name: dict(sum((a.done for a in actors), Counter[str]()).most_common()) for cast, actors in playing},
        act_seconds={cast.name: _each_took(actors) for cast, actors in playing},
        kills=dict(monkey.kills.most_common()),
        jumps=monkey.jumps,
        time_passed_seconds=round(passed),
        orders=len(stage.promises.placed),
        sales=len(stage.promises.sales),
        refused=len(stage.promises.refused),
        happened=happened.counts(stage),
        promises=stage.promises.count,
        calls=sum(actor.mall.calls + actor.sandbox.calls for actor in people),
        repeats=dict(sum((a.mall.causes + a.sandbox.causes for a in people), Counter[str]()).most_common()),
        not_at_rest=not_at_rest,
        differences=differences,
        unexpected=unexpected,
        blows=monkey.dealt,
        faults=dict(fired.most_common()),
        not_played=mix.missing(stage.routes),
    )


def _each_took(actors: Sequence[Actor]) -> dict[str, float]:
    """Seconds that an act of each kind took on average, the slowest first."""
    done = sum((actor.done for actor in actors), Counter[str]())
    took = {name: sum(actor.spent.get(name, 0.0) for actor in actors) / count for name, count in done.items()}
    return {name: round(took[name], 2) for name in sorted(took, key=lambda name: -took[name])}


def _blows(plan: Plan) -> Iterator[Blow]:
    if plan.kill_every_seconds == 0:
        return iter(())
    rounds = plan.rounds or 10**9
    return decisions.blows(plan.seed, plan.kill_every_seconds, supervisor_every=plan.supervisor_every, rounds=rounds)


def _everybody(stage: Stage, plan: Plan) -> Playing:
    sign_ins = {row["login"]: row for row in json.loads((stage.mall.home / "demo.json").read_text())["sign_ins"]}

    def hired(kind: type[Clerk], what: str, login: str) -> Clerk:
        return kind(stage, f"{what}-{login}", login, sign_ins[login]["password"])

    return [
        (mix.SHOPPERS, _buyers(stage, plan.shoppers)),
        (mix.DESKS, [hired(Clerk, "desk", code) for code in MERCHANTS]),
        (mix.CASHIERS, [hired(Cashier, "till", code) for code in MERCHANTS if stage.stores[code]]),
        (mix.OFFICES, [hired(Clerk, "office", code) for code in MERCHANTS]),
        (mix.OPERATOR, [hired(Clerk, "platform", "operator")]),
    ]


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


async def _act(playing: Playing, stage: Stage, plan: Plan, monkey: Monkey, tell: Tell) -> list[str]:
    """Everybody acts until the time or the rounds are over; what went wrong for whom."""
    started = time.monotonic()
    end = started + plan.minutes * 60
    wrong: list[str] = []

    def note(what: str) -> None:
        wrong.append(what[:600])
        tell(f"WRONG: {wrong[-1]}")

    def goes_on() -> bool:
        dealt = plan.rounds is not None and not monkey.is_alive()
        enough = dealt and len(stage.promises.placed) >= plan.orders_least
        return time.monotonic() < end and monkey.error is None and not enough

    async def one(actor: Actor, cast: Cast) -> None:
        acts = cast.playable(stage.routes)
        try:
            while goes_on():
                number = actor.number
                try:
                    await actor.play(acts)
                except AssertionError as error:
                    note(f"{actor.name} act {number}: {error}")
                except Exception as error:
                    note(f"{actor.name} act {number}: {error!r}")
                own = decisions.dice(plan.seed, f"{actor.name}/pause", number)
                await asyncio.sleep(own.uniform(0, cast.pause_seconds * plan.leisure))
        finally:
            actor.close()

    async def watch() -> None:
        while True:
            await asyncio.sleep(1)
            orders = len(stage.promises.placed) + len(stage.promises.sales)
            passed = time.monotonic() - started
            days = stage.jumped_seconds / decisions.DAY_SECONDS
            tell(
                f"{passed / 60:4.1f} of {plan.minutes:g} min, {orders:,} orders, {monkey.kills.total()} kills, "
                f"{monkey.jumps} jumps ({days:.1f} days)" + (f", {len(wrong)} WRONG" if wrong else "")
            )

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(one(actor, cast) for cast, actors in playing for actor in actors))
    watching.cancel()
    return wrong
