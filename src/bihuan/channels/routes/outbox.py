"""The console's room of messages: what the account said by itself, and what WeChat did not take."""

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, QueryParameter

from bihuan import identity
from bihuan.channels.db import outbox
from bihuan.channels.db.messages import MessageKind
from bihuan.channels.db.outbox import MessageState, OutboxMessage
from bihuan.identity import Shopper
from bihuan.kernel import paging
from bihuan.kernel.errors import NotFound, WrongState
from bihuan.kernel.http import access
from bihuan.kernel.ids import MessageId, ShopperId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession

InState = Annotated[MessageState | None, QueryParameter(name="state", required=False)]

_REFUSAL = re.compile(r"(-?\d+): (.*)", re.DOTALL)
"""How the sender writes down an error of WeChat's (`wechat.ApiError`); anything else is no answer of WeChat's."""


class MessageOut(msgspec.Struct, frozen=True, kw_only=True):
    """A message and what became of it. `kind`: the account's chat, a notice of the mini program, a word to a guide.

    `sent_as`: custom (customer-service message), template, subscribe (of the mini program) or app (WeCom). `errcode`
    and `error`: WeChat's reason of the last refusal, also where another way then worked; `uncertain`: it may have been
    said all the same, so that sending it again may say it twice.
    """

    message_id: MessageId
    kind: MessageKind
    shopper_id: ShopperId | None
    nickname: str | None
    purpose: str
    title: str
    text: str
    state: MessageState
    attempts: int
    sent_as: str | None
    errcode: int | None
    error: str | None
    uncertain: bool
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, message: OutboxMessage, shopper: Shopper | None) -> "MessageOut":
        """From the row."""
        card, failed = message.content.card, message.state == "failed"
        refusal = _REFUSAL.fullmatch(message.error or "")
        return cls(
            message_id=message.message_id,
            kind=message.kind,
            shopper_id=message.shopper_id,
            nickname=shopper.nickname if shopper else None,
            purpose=message.purpose,
            title=card.title if card else "",
            text=card.description if card else message.content.text,
            state=message.state,
            attempts=message.attempts,
            sent_as=message.sent_as,
            errcode=int(refusal.group(1)) if refusal else None,
            error=refusal.group(2) if refusal else message.error,
            uncertain=failed and refusal is None,
            created_at=message.created_at,
            changed_at=message.changed_at,
        )


class Queued(msgspec.Struct, frozen=True):
    """The message waits to be sent."""

    message_id: MessageId
    state: MessageState


@get("/api/merchant/messages", opt=access("staff:channels.read"))
async def list_messages(
    rt: Runtime, staff: StaffSession, in_state: InState = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[MessageOut]:
    """What the account said by itself or could not say, the latest first."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.transaction(readonly=True) as tx:
        found = await outbox.list_messages(tx, staff.merchant_id, in_state, before, limit + 1)
        shoppers = await identity.list_shoppers(tx, [m.shopper_id for m in found if m.shopper_id])
    items = [MessageOut.of(m, shoppers.get(m.shopper_id) if m.shopper_id else None) for m in found[:limit]]
    return Page(items, paging.encode(str(found[limit - 1].message_id)) if len(found) > limit else None)


@post("/api/merchant/messages/{message_id:uuid}/retry", status_code=200, opt=access("staff:channels.write"))
async def retry_message(rt: Runtime, staff: StaffSession, message_id: FromPath[UUID]) -> Queued:
    """Sends a failed message again. 409 `wrong_state` for one that did not fail."""
    async with rt.db.transaction() as tx:
        state = await outbox.find_state(tx, staff.merchant_id, message_id)
        if state is None:
            raise NotFound
        if state != "failed":
            raise WrongState(state=state)
        await outbox.queue_again(tx, staff.merchant_id, message_id)
    return Queued(MessageId(message_id), "queued")


ROUTES: tuple[Any, ...] = (list_messages, retry_message)
