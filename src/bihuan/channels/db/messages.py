"""The outbox of the chat: rows and SQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, MessageId, ShopperId, new_id

MessageKind = Literal["chat", "notice", "guide"]
"""The official account's chat, a notice of the mini program, or a word to a guide on WeCom."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A card that opens a page. Addresses may be paths of ours."""

    title: str
    description: str
    url: str
    picture_url: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice: of which kind, what its template is filled with, and the mini program's page that it opens."""

    kind: str
    values: dict[str, str]
    page: str = ""


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said: a text or a card. `member` are the values for the merchant's template message, if that
    may stand in."""

    text: str = ""
    card: Card | None = None
    member: dict[str, str] = {}
    notice: Notice | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message to queue; `purpose` and `source_id` together make it once only.

    `openid` is the follower's, or a guide's userid; a notice's may be empty where `mini_openid` is there.
    """

    openid: str
    mini_openid: str | None = None
    shopper_id: ShopperId | None = None
    kind: MessageKind = "chat"
    purpose: str
    source_id: UUID
    content: Content
    after: timedelta = timedelta()


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message to send."""

    message_id: MessageId
    kind: MessageKind
    openid: str
    mini_openid: str | None
    content: Content
    attempts: int


async def insert_messages(tx: Tx, merchant_id: MerchantId, drafts: Sequence[Draft]) -> None:
    """Queues messages; those queued before are left as they are."""
    await tx.execute(
        """insert into chat_messages (merchant_id, message_id, openid, purpose, source_id, content, state,
             available_at, created_at, changed_at, kind, mini_openid, shopper_id)
           select $1, d.message_id, d.openid, d.purpose, d.source_id, d.content::jsonb, 'queued', d.available_at,
             $2, $2, d.kind, d.mini_openid, d.shopper_id
           from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::timestamptz[], $9::text[],
             $10::text[], $11::uuid[])
             as d (message_id, openid, purpose, source_id, content, available_at, kind, mini_openid, shopper_id)
           on conflict (merchant_id, purpose, source_id) do nothing""",
        merchant_id,
        tx.now,
        [new_id() for _ in drafts],
        [d.openid for d in drafts],
        [d.purpose for d in drafts],
        [d.source_id for d in drafts],
        [msgspec.json.encode(d.content).decode() for d in drafts],
        [tx.now + d.after for d in drafts],
        [d.kind for d in drafts],
        [d.mini_openid for d in drafts],
        [d.shopper_id for d in drafts],
    )


async def list_due_merchants(tx: Tx, limit: int) -> list[MerchantId]:
    """Merchants with messages to send now."""
    rows = await tx.fetch(
        """select distinct merchant_id from chat_messages where state = 'queued' and available_at <= $1 limit $2""",
        tx.now,
        limit,
    )
    return [row["merchant_id"] for row in rows]


async def claim_due(tx: Tx, merchant_id: MerchantId, limit: int) -> list[Message]:
    """Takes a merchant's due messages: they are 'sending' from now on, and nobody else's."""
    rows = await tx.fetch(
        """with due as (
             select message_id from chat_messages
             where merchant_id = $1 and state = 'queued' and available_at <= $2
             order by available_at, message_id limit $3 for update skip locked
           )
           update chat_messages m set state = 'sending', attempts = attempts + 1, changed_at = $2
           from due where m.merchant_id = $1 and m.message_id = due.message_id
           returning m.message_id, m.kind, m.openid, m.mini_openid, m.content, m.attempts""",
        merchant_id,
        tx.now,
        limit,
    )
    return sorted(db.many(Message, rows), key=lambda message: message.message_id)


async def finish(
    tx: Tx,
    merchant_id: MerchantId,
    message_id: MessageId,
    state: str,
    *,
    sent_as: str | None = None,
    error: str | None = None,
    available_at: datetime | None = None,
) -> None:
    """From 'sending' to sent, failed, or queued again for `available_at`."""
    await tx.execute(
        """update chat_messages set state = $3, sent_as = $4, error = $5, changed_at = $6,
             available_at = coalesce($7, available_at)
           where merchant_id = $1 and message_id = $2 and state = 'sending'""",
        merchant_id,
        message_id,
        state,
        sent_as,
        error,
        tx.now,
        available_at,
    )


async def fail_abandoned(tx: Tx, before: datetime) -> int:
    """What a crash left in 'sending' may have been said: it is not said again. Returns how many."""
    return await tx.execute(
        """update chat_messages set state = 'failed', error = 'outcome unknown', changed_at = $2
           where state = 'sending' and changed_at < $1""",
        before,
        tx.now,
    )
