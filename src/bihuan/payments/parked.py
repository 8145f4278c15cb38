"""What is parked at every merchant, and looking at it again from a terminal (`bihuan replay`)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from bihuan import merchants
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound, Problem
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import db_replays, db_watch, replays
from bihuan.payments.inbox import INBOX
from bihuan.payments.settlers import Settlers

PAGE = 200

_MENDED = {
    "mchid_differs": "another merchant number received it: compare the account in the console (微信支付), replay then",
    "seller_differs": "another seller at Alipay received it: compare the account (支付宝), replay then",
    "app_differs": "another app of Alipay: compare the app id of the account (支付宝), replay then",
    "unknown_order": "no payment here has this number: look it up in the payment platform's console, give it back "
    "there, and note that under 待处理款项",
    "other_channel": "another channel told of a known number: look it up there, note what was done under 待处理款项",
    "other_transaction_id": "a second payment under one number: give it back in the payment platform's console, and "
    "note that under 待处理款项",
    "refund_differs": "the platform refunded another amount: compare both sides, and post the difference (对账差异)",
    "unknown_refund": "no refund here has this number: it was made elsewhere; note it under 待处理款项",
}
_TO_DO = {
    "accepted": "settled: nothing is left to do",
    "refused": "not kept: the money goes back by itself",
    "repeat": "was settled before: nothing is left to do",
    "refund": "the refund is recorded: nothing is left to do",
    "queued": "the worker tries the refund now: `bihuan replay` tells whether it is still parked",
    "gone": "no longer parked: it was settled with another, or a person noted it",
    "not_paid_there": "nobody paid under this number: note it under 待处理款项 in the console",
    "no_answer_from_payments": "nobody answered: check the account's number, certificate and keys in the console, "
    "replay then",
    "payment_not_configured": "the merchant has no payment account: set it in the console, replay then",
}
_LOOK = "look at both sides (the console's 待处理款项, and the payment platform's own), replay once the cause is mended"


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """Something parked; `advice` says what to do."""

    merchant: str
    kind: str
    id: str
    reference: str
    amount_fen: int | None
    reason: str
    since: datetime
    advice: str


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of another look. `outcome`: as of a replay, `gone`, or the code of what refused it; `left`: whether
    somebody has to do something still, as `advice` says."""

    merchant: str
    kind: str
    id: str
    reference: str
    outcome: str
    reason: str | None
    left: bool
    advice: str


async def list_everywhere(tx: Tx) -> list[Parked]:
    """All that is parked, by merchant, the oldest first."""
    return [_show(code, row) for _, code, row in await _everything(tx)]


async def replay_everywhere(rt: Runtime, settlers: Settlers, only: str | None) -> list[Looked]:
    """Looks again at all that is parked, or at what has the id `only`; none when nothing has it."""
    INBOX.settlers = settlers
    async with rt.db.session() as tx:
        chosen = [one for one in await _everything(tx) if only in (None, one[2].id)]
    return [await _look(rt, *one) for one in chosen]


async def _everything(tx: Tx) -> Sequence[tuple[MerchantId, str, db_watch.ParkedRow]]:
    found: list[tuple[MerchantId, str, db_watch.ParkedRow]] = []
    for merchant_id in await db_replays.list_merchants(tx):
        code = (await merchants.get(tx, merchant_id)).code
        after: tuple[datetime, str] | None = None
        while True:
            rows = await db_watch.list_parked(tx, merchant_id, None, after, PAGE)
            found += [(merchant_id, code, row) for row in rows]
            if len(rows) < PAGE:
                break
            after = rows[-1].since, rows[-1].id
    return found


async def _look(rt: Runtime, merchant_id: MerchantId, code: str, row: db_watch.ParkedRow) -> Looked:
    outcome: str
    reason: str | None = None
    try:
        done = await replays.replay(rt, merchant_id, row.kind, row.id)
        outcome, reason = done.outcome, done.reason
    except NotFound:
        outcome = "gone"
    except Problem as problem:
        outcome, reason = problem.code, problem.text("en")
    return Looked(
        merchant=code,
        kind=row.kind,
        id=row.id,
        reference=row.reference,
        outcome=outcome,
        reason=reason,
        left=outcome not in ("accepted", "refused", "repeat", "refund", "queued", "gone"),
        advice=_MENDED.get(reason or "", _LOOK) if outcome == "parked" else _TO_DO.get(outcome, _LOOK),
    )


def _show(code: str, row: db_watch.ParkedRow) -> Parked:
    return Parked(
        merchant=code,
        kind=row.kind,
        id=row.id,
        reference=row.reference,
        amount_fen=row.amount_fen,
        reason=row.reason,
        since=row.since,
        advice=_MENDED.get(row.reason, _LOOK),
    )
