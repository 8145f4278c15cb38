"""What settlement needs of payments: which account received an order's money, and the client that shares it."""

from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import PLATFORM_CODE, MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import merchant_of_code
from bihuan.payments import clients, db_decisions
from bihuan.payments.db_sharing import KeptMoney, Origin, account_mchid, list_kept, list_origins
from bihuan.wechat.pay import ProfitSharing

__all__ = [
    "KeptMoney",
    "Origin",
    "SharingLine",
    "account_mchid",
    "decided_fen",
    "list_kept",
    "list_origins",
    "platform_mchid",
    "sharing_line",
]


class SharingLine(msgspec.Struct, frozen=True):
    """The client of an account's profit sharing, and the app to name. `partner`: the platform signs for it."""

    sharing: ProfitSharing
    appid: str
    partner: bool


async def sharing_line(rt: Runtime, merchant_id: MerchantId, mchid: str, appid: str) -> SharingLine | None:
    """The client for an account of the merchant's; None when its keys are not there.

    `appid` is the app that the payment was made under: of a partner's, the provider's own app stands first.
    """
    line = (await clients.lines_of(rt, merchant_id)).of_mchid(mchid)
    if line is None:
        return None
    if not line.account.sp_mchid:
        return SharingLine(line.reader.profit_sharing(), appid, partner=False)
    if line.provider_appid is None:
        return None
    return SharingLine(line.reader.profit_sharing(mchid), line.provider_appid, partner=True)


async def platform_mchid(rt: Runtime) -> str | None:
    """The platform's account at WeChat Pay; None before it has one."""
    platform = await merchant_of_code(rt, PLATFORM_CODE)
    lines = (await clients.lines_of(rt, platform.merchant_id)).lines
    return lines[0].account.mchid if lines and lines[0].account.active else None


async def decided_fen(tx: Tx, merchant_id: MerchantId, decision_id: UUID) -> int:
    """The whole amount of a decided refund. Raises LookupError."""
    return (await db_decisions.get(tx, merchant_id, decision_id)).amount_fen
