"""Payments begun by group commit: who presses 立即支付 while others do waits for the flush of the disk with them.

Two writes frame the call to WeChat: the intent, which must be on the disk before the call, and what WeChat gave for
it, which need not be (an attempt without it is asked for again).
"""

import asyncio

from bihuan.kernel.group_commit import GroupCommit, Limits, one_by_one
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import db, rules
from bihuan.payments.db import Begun, Intent, Prepaid
from bihuan.payments.errors import PaymentBusy

LIMITS = Limits(wait_seconds=8, linger_from=2, linger_seconds=0.01)


async def _begin(rt: Runtime, merchant_id: MerchantId, intents: list[Intent]) -> list[Begun | Exception]:
    async with rt.db.session() as tx:
        return [*await db.begin(tx, merchant_id, intents, rules.MOST_ATTEMPTS)]


async def _set_prepaid(rt: Runtime, merchant_id: MerchantId, prepaid: list[Prepaid]) -> list[bool | Exception]:
    async with rt.db.session() as tx:
        return [*await db.set_prepaid(tx, merchant_id, prepaid)]


INTENTS: GroupCommit[Intent, Begun] = GroupCommit(one_by_one(_begin), PaymentBusy, LIMITS)
"""Intents to pay, before WeChat is asked."""

PREPAID: GroupCommit[Prepaid, bool] = GroupCommit(one_by_one(_set_prepaid), PaymentBusy, LIMITS)
"""What WeChat gave; False where the attempt was paid or closed in the meantime."""


async def run(rt: Runtime) -> None:
    """Works both off for as long as the process lives; `wiring.BACKGROUND` runs it."""
    await asyncio.gather(INTENTS.run(rt), PREPAID.run(rt))
