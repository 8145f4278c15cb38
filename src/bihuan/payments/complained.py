"""What complaints need of payments: who is told of them, who asks WeChat about them, what was paid."""

from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients
from bihuan.payments.callbacks import Verified, note_refusal, verify
from bihuan.payments.db_complained import Paid, Told, find_paid, list_told, merchants_of_subs
from bihuan.wechat.pay import ComplaintDesk

__all__ = [
    "Paid",
    "Told",
    "Verified",
    "desk_of",
    "find_paid",
    "list_told",
    "merchants_of_subs",
    "note_refusal",
    "verify",
]


async def desk_of(rt: Runtime, merchant_id: MerchantId, mchid: str) -> ComplaintDesk | None:
    """Asks and answers for an account: with its own keys, or its service provider's. None when it is not usable.

    `mchid` may be the provider's itself, which is told of what its sub-merchants' shoppers complain about.
    """
    for line in (await clients.lines_of(rt, merchant_id)).lines:
        if mchid in (line.account.mchid, line.reader.mchid):
            return line.reader.complaints
    return None
