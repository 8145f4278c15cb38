"""The outbox as a person looks at it: rows and SQL."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.channels.db.messages import Content, MessageKind
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, MessageId, ShopperId

MessageState = Literal["queued", "sending", "sent", "failed"]


class OutboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message and what became of it. `error` is WeChat's reason, of the last try."""

    message_id: MessageId
    kind: MessageKind
    openid: str
    shopper_id: ShopperId | None
    purpose: str
    content: Content
    state: MessageState
    attempts: int
    sent_as: str | None
    error: str | None
    created_at: datetime
    changed_at: datetime


async def list_messages(
    tx: Tx, merchant_id: MerchantId, state: MessageState | None, before: UUID | None, limit: int
) -> list[OutboxMessage]:
    """The latest first."""
    rows = await tx.fetch(
        """select m.message_id, m.kind, m.openid, coalesce(m.shopper_id, f.shopper_id) as shopper_id, m.purpose,
             m.content, m.state, m.attempts, m.sent_as, m.error, m.created_at, m.changed_at
           from (select * from chat_messages
                 where merchant_id = $1 and ($2::text is null or state = $2)
                   and ($3::uuid is null or message_id < $3)
                 order by message_id desc limit $4) m
           left join followers f on f.merchant_id = m.merchant_id and f.openid = m.openid and m.kind = 'chat'
           order by m.message_id desc""",
        merchant_id,
        state,
        before,
        limit,
    )
    return db.many(OutboxMessage, rows)


async def find_state(tx: Tx, merchant_id: MerchantId, message_id: UUID) -> MessageState | None:
    """A message's state, its row held until the transaction ends."""
    return await tx.fetchval(
        "select state from chat_messages where merchant_id = $1 and message_id = $2 for update",
        merchant_id,
        message_id,
    )


async def queue_again(tx: Tx, merchant_id: MerchantId, message_id: UUID) -> None:
    """A failed message is to be sent now."""
    await tx.execute(
        """update chat_messages set state = 'queued', attempts = 0, available_at = $3, changed_at = $3
           where merchant_id = $1 and message_id = $2 and state = 'failed'""",
        merchant_id,
        message_id,
        tx.now,
    )
