"""What WeChat pushes about a mini program: each once, and what it means told as a fact."""

import structlog

from bihuan.channels.db import followers as rows
from bihuan.channels.db import notices
from bihuan.channels.db.followers import Moment
from bihuan.channels.errors import PushRefused
from bihuan.facts.channels import TradeReceived
from bihuan.kernel.db import Tx
from bihuan.kernel.events import emit
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat.mini_program import ConsentWithdrawn, MessageSent, ShippingWanted, TradeSettlement, read_event
from bihuan.wechat.official_account import Push

log = structlog.get_logger(__name__)


async def take_in(rt: Runtime, merchant: Merchant, push: Push, signature: str) -> None:
    """Handles a push that was verified. Raises PushRefused for another message under a used signature."""
    seen_at = rt.clock.now()
    moment = Moment(min(push.created_at, seen_at), seen_at)
    async with rt.db.transaction() as tx:
        claimed = await rows.claim_push(
            tx,
            merchant.merchant_id,
            dedupe_key=f"mini:{push.dedupe_key}",
            signature=signature,
            openid=push.openid,
            kind="other",
            scene="",
            moment=moment,
        )
        if claimed:
            await _act(tx, merchant, push)
        elif await rows.find_reply(tx, merchant.merchant_id, f"mini:{push.dedupe_key}") is None:
            raise PushRefused


async def _act(tx: Tx, merchant: Merchant, push: Push) -> None:
    event = read_event(push)
    match event:
        case TradeSettlement() if event.received_at is not None and event.out_trade_no:
            await emit(
                tx,
                TradeReceived(
                    merchant_id=merchant.merchant_id,
                    occurred_at=min(event.received_at, tx.now),
                    out_trade_no=event.out_trade_no,
                    transaction_id=event.transaction_id,
                    by_itself=event.received_by_itself,
                ),
            )
        case ShippingWanted():
            log.warning("wechat waits for shipping", merchant=merchant.code, out_trade_no=event.out_trade_no)
        case ConsentWithdrawn():
            for template_id in event.template_ids:
                await notices.drop_consents(tx, merchant.merchant_id, event.openid, template_id)
        case MessageSent() if event.error_code not in ("", "0"):
            log.warning("a notice did not come through", merchant=merchant.code, errcode=event.error_code)
        case _:
            pass
