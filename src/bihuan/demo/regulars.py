"""A shopper who has been here before: a person of the sandbox with points on her cards, so that they can be spent."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from bihuan import channels, membership
from bihuan.demo.wechat import Accounts, SandboxProblem
from bihuan.kernel.ids import ShopperId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.membership import PointsSettings
from bihuan.merchants import Merchant

NAME = "周宁"
TERMS = PointsSettings(redeem=True, life_months=12)
"""100 points are worth 1 yuan, for at most half of the goods; they live for a year."""
_GIFTS = ((2_600, 360), (8_400, 60))
"""Points, and days ago: the first will expire soon."""


async def set_terms(rt: Runtime, merchant: Merchant) -> None:
    """Lets points pay at a demo shop; what its people changed meanwhile stays."""
    async with rt.db.transaction() as tx:
        if await membership.get_settings(tx, merchant.merchant_id) == PointsSettings():
            await membership.save_settings(tx, merchant.merchant_id, TERMS)


async def give_points(rt: Runtime, sandbox_url: str, accounts: Accounts, merchant: Merchant) -> None:
    """Gives the regular her card with points, once. Raises SandboxProblem when the sandbox refuses."""
    async with rt.db.session() as tx:
        account = await channels.find_account(tx, merchant.merchant_id)
    appid = account.mini_program_appid if account else None
    mini = next((row for row in accounts.mini_programs if row.appid == appid), None)
    if mini is None:
        return
    try:
        person = await _person(rt, sandbox_url)
        code = await _post(rt, f"{sandbox_url}/_sandbox/shoppers/{person}/jscode", {"appid": mini.appid})
        login = f"{rt.settings.public_url}/api/shop/{merchant.code}/wechat/login"
        shopper = (await _post(rt, login, {"code": code["code"]}))["shopper"]
    except (httpx.HTTPError, KeyError) as error:
        raise SandboxProblem(f"{merchant.code}: {NAME} cannot sign in: {error}") from error
    async with rt.db.transaction() as tx:
        shopper_id = ShopperId(UUID(shopper["shopper_id"]))
        if await membership.find_member(tx, merchant.merchant_id, shopper_id) is None:
            for points, days in _GIFTS:
                at = tx.now - timedelta(days=days)
                await membership.gift(tx, merchant.merchant_id, shopper_id, points, new_id(), at)


async def _person(rt: Runtime, sandbox_url: str) -> str:
    known = (await rt.http.get(f"{sandbox_url}/_sandbox/shoppers")).raise_for_status().json()["items"]
    found = next((row["shopper_id"] for row in known if row["nickname"] == NAME), None)
    return found or (await _post(rt, f"{sandbox_url}/_sandbox/shoppers", {"nickname": NAME}))["shopper_id"]


async def _post(rt: Runtime, url: str, body: object) -> Any:
    return (await rt.http.post(url, json=body)).raise_for_status().json()
