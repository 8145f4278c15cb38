"""Before a refund: its part of the commission goes back, and what WeChat shared of it comes back from the platform.

WeChat gives shared money back to nobody by itself. So a decided refund waits here until the platform's account has
returned its part; what fails is tried again with a new number, and a person can let the refund go on without it.
"""

from datetime import timedelta
from uuid import UUID

import structlog

from bihuan.kernel import bounded
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import RefundRow
from bihuan.payments.sharing import decided_fen, sharing_line
from bihuan.settlement import books, commission, db_commission, db_returns, db_sharing
from bihuan.settlement.commission import Refunded
from bihuan.settlement.db_returns import ReturnRow
from bihuan.settlement.db_sharing import Sharing
from bihuan.settlement.errors import ReturnNotFailed
from bihuan.wechat import PayError, WeChatError
from bihuan.wechat.pay import SharingReturn

log = structlog.get_logger(__name__)

PER_RUN = 50
MOST_TRIES = 4
_LEASE = timedelta(seconds=30)
_SOON = timedelta(seconds=3)
_AGAIN_AFTER = timedelta(minutes=1)


async def before_refund(rt: Runtime, refund: RefundRow) -> bool:
    """The step before a refund (`wiring.BEFORE_REFUND`): True when nothing of it is with the platform any more."""
    if refund.purpose != "order" or refund.decision_id is None:
        return True
    order_id = OrderId(refund.reference_id)
    async with rt.db.transaction() as tx:
        # first of all: a share that is planned now must know of this refund
        row = await db_sharing.find(tx, refund.merchant_id, order_id, lock=True)
        amount_fen = await decided_fen(tx, refund.merchant_id, refund.decision_id)
        part = Refunded(refund.decision_id, order_id, amount_fen)
        await commission.settle(tx, refund.merchant_id, [], [part])
        return row is None or await _ready(tx, row)


async def _ready(tx: Tx, row: Sharing) -> bool:
    """Whether the platform holds no more than its commission; takes back what is too much."""
    numbers = await db_sharing.list_orders(tx, row.merchant_id, row.order_id)
    if any(number.kind == "share" and number.state in ("asked", "processing") for number in numbers):
        await db_sharing.hurry(tx, row.merchant_id, row.order_id)
        return False
    returns = await db_returns.list_returns(tx, row.merchant_id, row.order_id)
    if any(one.state in ("asked", "processing") for one in returns):
        return False
    found = await db_commission.find(tx, row.merchant_id, row.order_id)
    waived = sum(one.amount_fen for one in returns if one.state == "waived")
    surplus = row.shared_fen - row.returned_fen - waived - (found.net_fen if found else 0)
    if surplus <= 0:
        return True
    last = returns[-1] if returns else None
    if last is not None and last.state == "failed" and last.ended_at is not None:
        failures = sum(one.state == "failed" for one in returns)
        if tx.now < last.ended_at + min(_AGAIN_AFTER * 2 ** min(failures - 1, 6), timedelta(hours=1)):
            return False
    for number in reversed(numbers):
        part = min(surplus, number.amount_fen - number.returned_fen)
        if number.kind == "share" and number.state == "success" and part > 0:
            await db_returns.insert_return(tx, row, new_id(), number.sharing_order_id, part)
            surplus -= part
            if surplus == 0:
                break
    return False


async def run_due(rt: Runtime) -> int:
    """The job: calls WeChat for returns whose time has come; returns how many."""
    async with rt.db.transaction() as tx:
        rows = await db_returns.claim_returns(tx, tx.now + _LEASE, PER_RUN)

    async def one(row: ReturnRow) -> None:
        try:
            await _advance(rt, row)
        except Exception as error:
            log.exception("sharing return failed", return_id=str(row.return_id))
            await _later(rt, row, f"{type(error).__name__}: {error}")

    await bounded.each(rows, one, parallel=PER_RUN)
    return len(rows)


async def _advance(rt: Runtime, row: ReturnRow) -> None:
    async with rt.db.session() as tx:
        sharing = await db_sharing.find(tx, row.merchant_id, row.order_id)
    line = await sharing_line(rt, row.merchant_id, sharing.mchid, sharing.appid) if sharing else None
    if sharing is None or line is None:
        await _later(rt, row, "account is not usable")
        return
    try:
        if row.state == "asked":
            told = await line.sharing.take_back(
                out_order_no=row.sharing_order_id.hex,
                out_return_no=row.return_id.hex,
                return_mchid=sharing.receiver,
                amount_fen=row.amount_fen,
                description="订单退款退回佣金",
            )
        else:
            told = await line.sharing.query_return(row.return_id.hex, out_order_no=row.sharing_order_id.hex)
    except PayError as refused:
        if refused.verified and row.tries >= MOST_TRIES and row.state == "asked":
            await _fail(rt, row, str(refused))
        else:
            await _later(rt, row, str(refused))
        return
    except WeChatError as error:
        await _later(rt, row, str(error))
        return
    await _record(rt, row, sharing, told)


async def _record(rt: Runtime, row: ReturnRow, sharing: Sharing, told: SharingReturn) -> None:
    """What WeChat says of a return; a repeat changes nothing."""
    if told.result == "FAILED":
        await _fail(rt, row, told.fail_reason or "FAILED")
        return
    async with rt.db.transaction() as tx:
        locked = await db_sharing.find(tx, row.merchant_id, row.order_id, lock=True)
        platform = await books.platform_of(tx)
        if locked is None or platform is None:
            return
        if told.result != "SUCCESS" or told.amount != row.amount_fen:
            await db_returns.set_return(tx, row, "processing", tx.now + _SOON, None)
            return
        if await db_returns.set_return(tx, row, "success", tx.now, None):
            await db_sharing.add_shared(tx, locked, 0, row.amount_fen)
            pair = books.shared_back(row.return_id, sharing.order_no, row.amount_fen)
            await books.post(tx, row.merchant_id, platform.merchant_id, [pair])


async def _fail(rt: Runtime, row: ReturnRow, error: str) -> None:
    log.error("sharing return failed", return_id=str(row.return_id), error=error)
    async with rt.db.transaction() as tx:
        await db_returns.set_return(tx, row, "failed", tx.now, error)


async def _later(rt: Runtime, row: ReturnRow, error: str) -> None:
    log.warning("sharing return postponed", return_id=str(row.return_id), tries=row.tries, error=error)
    async with rt.db.transaction() as tx:
        pause = min(timedelta(seconds=5) * 2 ** min(row.tries, 12), timedelta(hours=1))
        await db_returns.set_return(tx, row, row.state, tx.now + pause, error)


async def waive(tx: Tx, merchant_id: MerchantId, return_id: UUID) -> None:
    """Lets the refund go on without a return that failed; the statement settles it. Raises ReturnNotFailed."""
    if not await db_returns.waive_return(tx, merchant_id, return_id):
        raise ReturnNotFailed
