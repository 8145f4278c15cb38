"""The demo's settlement rooms: terms of two shops, adjustments with their reasons, periods that were closed, a payout.

An operator does it over HTTP, as in the console, once the demo's orders are there: what the statements show is what
really stands in the books. One statement is paid, the other waits for the merchant's transfer.
"""

import asyncio
from typing import Any
from uuid import UUID

import httpx

from bihuan.demo import signins
from bihuan.demo.cases import call
from bihuan.settings import Settings

OPERATOR = "operator"
_ROOM = "/api/platform/settlement"
_REFERENCE = "CMB202600001{no:04d}"
_LOOK_SECONDS = 0.5
_MOST_LOOKS = 20
"""The worker charges commissions within a moment of the payment."""

_DAILY = {"cycle": "day", "delay_days": 1, "share_at": "completed"}
_WEEKLY = {"cycle": "week", "delay_days": 3, "share_at": "completed"}
SHOPS: tuple[tuple[str, dict[str, Any], tuple[tuple[int, str], ...]], ...] = (
    ("qingshan", _DAILY, ((80_000, "开业扶持"), (-1_500, "渠道码物料代付"))),
    ("xiaoman", _WEEKLY, ((-8_000, "春日市集摊位费"),)),
)
"""Shop, its terms, what the platform gave (or, negative, charged) and why."""


async def make(settings: Settings, sandbox_url: str) -> int:
    """Settles with the demo's shops in a running installation; returns how many statements, none where some are paid.

    Raises DemoCasesFailed, httpx.HTTPError.
    """
    assert sandbox_url
    login = signins.read(settings.home).get(OPERATOR)
    async with httpx.AsyncClient(base_url=settings.public_url, timeout=20, trust_env=False) as desk:
        session = await call(desk, "POST", "/api/merchant/session", {"login": login.login, "password": login.password})
        desk.headers["Authorization"] = f"Bearer {session['token']}"
        if (await call(desk, "GET", f"{_ROOM}/payouts?limit=1"))["items"]:
            return 0
        closed = [await settle(desk, code, terms, given) for code, terms, given in SHOPS]
        merchant_id, statement = closed[0]
        if statement["due_fen"]:
            await pay(desk, merchant_id, statement, 1)
        return len(closed)


async def settle(
    desk: httpx.AsyncClient, code: str, terms: dict[str, Any], given: tuple[tuple[int, str], ...]
) -> tuple[UUID, dict[str, Any]]:
    """Agrees terms with a shop, adjusts, and closes its running period; returns the shop and the statement."""
    found = (await call(desk, "GET", f"{_ROOM}/merchants?q={code}"))["items"]
    merchant_id = next(one["merchant_id"] for one in found if one["code"] == code)
    of = f"{_ROOM}/merchants/{merchant_id}"
    await call(desk, "PUT", f"{of}/terms", terms)
    for amount, reason in given:
        await call(desk, "POST", f"{of}/adjustments", {"amount_fen": amount, "reason": reason})
    running = await _charged(desk, of)
    return UUID(merchant_id), await call(desk, "POST", f"{of}/statements/{running['statement_id']}/cut")


async def _charged(desk: httpx.AsyncClient, of: str) -> dict[str, Any]:
    """The running period, with the commissions of what was sold in it."""
    running: dict[str, Any] = {}
    for _ in range(_MOST_LOOKS):
        running = (await call(desk, "GET", f"{of}/running"))["statement"]
        if running["commissions_fen"] or not running["sales_fen"]:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    return running


async def pay(desk: httpx.AsyncClient, merchant_id: UUID, statement: dict[str, Any], number: int) -> None:
    """Records the transfer of a whole statement, made on the day of its close."""
    of = f"{_ROOM}/merchants/{merchant_id}/statements/{statement['statement_id']}"
    transfer = {
        "amount_fen": statement["due_fen"],
        "reference": _REFERENCE.format(no=number),
        "paid_on": statement["closed_at"][:10],
        "note": "招商银行网银",
    }
    await call(desk, "POST", f"{of}/payouts", transfer)
