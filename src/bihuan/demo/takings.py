"""The demo's reconciliation: the micro-shop stood at a market, where shoppers paid by the printed code on the stall.

Only WeChat's bill of that day tells of it. The sandbox is told of the payments, the shop asks for the day's bill over
HTTP, the worker fetches and matches it; the owner books the first of what differs, and leaves the other open.
"""

import asyncio
from datetime import datetime, time, timedelta, timezone

import httpx

from bihuan.demo import plan, signins
from bihuan.demo.cases import call
from bihuan.settings import Settings

SHOP = "xiaoman"
DAYS_AGO = 2
"""Yesterday's bill is not to be had before ten o'clock."""
_CHINA = timezone(timedelta(hours=8))
_TAKEN = ((time(10, 24, 8), 12_800, "春日市集 · 手捏陶杯"), (time(16, 5, 41), 4_600, "春日市集 · 杯垫两枚"))
_ROOM = "/api/merchant/reconciliation"
_LOOK_SECONDS = 1.0
_MOST_LOOKS = 120
"""The worker looks for days that are due every few seconds, and reads the bill from WeChat then."""


async def make(settings: Settings, sandbox_url: str, code: str = SHOP) -> int:
    """Makes the day in a running installation; returns how many differences it has, none where days are there already.

    Raises DemoCasesFailed, httpx.HTTPError.
    """
    login = signins.read(settings.home).get(code)
    async with (
        httpx.AsyncClient(base_url=settings.public_url, timeout=20, trust_env=False) as desk,
        httpx.AsyncClient(base_url=sandbox_url, timeout=20, trust_env=False) as sandbox,
    ):
        session = await call(desk, "POST", "/api/merchant/session", {"login": login.login, "password": login.password})
        desk.headers["Authorization"] = f"Bearer {session['token']}"
        if (await call(desk, "GET", f"{_ROOM}/days"))["items"]:
            return 0
        return await take(desk, sandbox, plan.load(code).mchid)


async def take(desk: httpx.AsyncClient, sandbox: httpx.AsyncClient, mchid: str) -> int:
    """The same at a desk that is signed in."""
    now = await call(sandbox, "GET", "/_sandbox/clock")
    day = datetime.fromisoformat(now["now"]).astimezone(_CHINA).date() - timedelta(days=DAYS_AGO)
    for at, amount, what in _TAKEN:
        taken = {"amount": amount, "at": datetime.combine(day, at, _CHINA).isoformat(), "description": what}
        await call(sandbox, "POST", f"/_sandbox/merchants/{mchid}/collect", taken)
    await call(desk, "POST", f"{_ROOM}/days", {"day": str(day)})
    found = await _wait(desk, str(day))
    first = next((one for one in found if one["there_fen"] == _TAKEN[0][1]), None)
    if first is not None:
        decision = {"action": "post", "note": "市集摊位收款码收款，已与摊主的流水本核对"}
        await call(desk, "POST", f"{_ROOM}/differences/{first['difference_id']}/resolve", decision)
    return len(found)


async def _wait(desk: httpx.AsyncClient, day: str) -> list[dict[str, str | int]]:
    for _ in range(_MOST_LOOKS):
        found = (await call(desk, "GET", f"{_ROOM}/differences?day={day}"))["items"]
        if found:
            return found
        await asyncio.sleep(_LOOK_SECONDS)
    return []
