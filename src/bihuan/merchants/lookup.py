"""Merchants by code or id for each request, from a small memory of the process.

A merchant changes seldom and is asked for with every request, so what was read serves for KEEP_SECONDS:
that long another process may still show an old name, or sell for a merchant who was just suspended.
"""

import time
from typing import Any

from litestar import Request
from litestar.params import FromPath

from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.lean import Call
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import service
from bihuan.merchants.db import Merchant
from bihuan.merchants.errors import MerchantSuspended

KEEP_SECONDS = 30.0
_MOST = 10_000

_known: dict[str | MerchantId, tuple[float, Merchant]] = {}


async def merchant_of_code(rt: Runtime, code: str) -> Merchant:
    """The merchant of a path. Raises NotFound (which is not remembered)."""
    found = _remembered(code)
    if found is None:
        if len(code) > 32:
            raise NotFound
        async with rt.db.session() as tx:
            found = remember(await service.get_by_code(tx, code))
    return found


async def merchant_of_id(rt: Runtime, merchant_id: MerchantId) -> Merchant:
    """The merchant of a session. Raises NotFound."""
    found = _remembered(merchant_id)
    if found is None:
        async with rt.db.session() as tx:
            found = remember(await service.get(tx, merchant_id))
    return found


def _remembered(key: str | MerchantId) -> Merchant | None:
    read_at, merchant = _known.get(key, (0.0, None))
    return merchant if time.monotonic() - read_at < KEEP_SECONDS else None


def remember(merchant: Merchant) -> Merchant:
    """Puts what was just read or (after the commit) written into the memory."""
    if len(_known) >= _MOST:
        _known.clear()
    _known[merchant.code] = _known[merchant.merchant_id] = (time.monotonic(), merchant)
    return merchant


async def provide_merchant(m: FromPath[str], rt: Runtime, request: Request[Any, Any, Any]) -> Merchant:
    """The dependency `merchant`: that of the path's `{m:str}`.

    Raises NotFound for an unknown one and MerchantSuspended for a suspended one, except where what was sold
    before must go on: WeChat's callbacks, and a shopper's reading of her own things.
    """
    return await merchant_for(rt, m, request.route_handler.opt.get("access", ""), request.method)


async def merchant_for(rt: Runtime, code: str, access: str, method: str) -> Merchant:
    """The merchant of a path for a route of this access; raises as `provide_merchant` does."""
    merchant = await merchant_of_code(rt, code)
    if merchant.state != "active" and not (access == "callback" or (access.startswith("shopper") and method == "GET")):
        raise MerchantSuspended
    return merchant


async def provide_to_lean(rt: Runtime, call: Call) -> Merchant:
    """`merchant` for routes that run without the framework."""
    return await merchant_for(rt, call.parts["m"], call.access, call.method)
