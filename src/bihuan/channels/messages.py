"""The outbox: what the account says by itself, notices of the mini program, words to guides on WeCom.

Queued in the transaction that wants it said, claimed, sent outside any transaction, the outcome recorded.
WeChat lets an account speak only for a while after the shopper acted (45015) and only so often (45047): a
message with a template then goes as a template message, whose repeats WeChat folds.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from bihuan.channels import accounts, apps, links, notices
from bihuan.channels.db import messages as rows
from bihuan.channels.db.accounts import Account
from bihuan.channels.db.messages import Draft, Message
from bihuan.channels.guides import payments as guide_payments
from bihuan.channels.notice_texts import fill
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import ApiError, OfficialAccount, Unavailable, WeChatError
from bihuan.wechat.official_account import Article

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5
ABANDONED = timedelta(minutes=2)
_MERCHANTS_A_RUN = 50
_MESSAGES_A_RUN = 50
_AT_ONCE = 8

_CLOSED = frozenset({45015, 45047, 48001, 48002})
"""The chat is closed to us, or this account may not write by itself: a template message may still pass."""


async def queue(tx: Tx, merchant_id: MerchantId, drafts: Sequence[Draft]) -> None:
    """Queues messages; each purpose and source once."""
    await rows.insert_messages(tx, merchant_id, drafts)


async def send_due(rt: Runtime) -> int:
    """Sends what is due; returns how many were tried."""
    async with rt.db.session() as tx:
        due = await rows.list_due_merchants(tx, _MERCHANTS_A_RUN)
    gate = asyncio.Semaphore(_AT_ONCE)
    counts = await asyncio.gather(*(_send_of(rt, merchant_id, gate) for merchant_id in due))
    return sum(counts)


async def _send_of(rt: Runtime, merchant_id: MerchantId, gate: asyncio.Semaphore) -> int:
    """One merchant's messages; those to one person in their order."""
    async with gate:
        async with rt.db.transaction() as tx:
            account = await accounts.find_account(tx, merchant_id)
            claimed = await rows.claim_due(tx, merchant_id, _MESSAGES_A_RUN)
        client = apps.official_account(rt, account) if account and account.appid else None
        for message in claimed:
            await _send(rt, merchant_id, account, client, message)
        return len(claimed)


async def _send(
    rt: Runtime, merchant_id: MerchantId, account: Account | None, client: OfficialAccount | None, message: Message
) -> None:
    state, sent_as, error, again = "sent", "custom", None, None
    try:
        sent_as, error = await _pass_on(rt, merchant_id, account, client, message)
    except Unavailable as failure:
        # When the outcome is unknown, silence is better than saying it twice.
        retry = failure.safe_to_retry and message.attempts < MAX_ATTEMPTS
        state, sent_as, error = "queued" if retry else "failed", None, str(failure)
        again = rt.clock.now() + timedelta(seconds=2**message.attempts) if retry else None
    except (WeChatError, ValueError) as failure:
        state, sent_as, error = "failed", None, str(failure)
    if error:
        log.warning("chat message not sent", message_id=str(message.message_id), state=state, error=error)
    async with rt.db.transaction() as tx:
        await rows.finish(
            tx,
            merchant_id,
            message.message_id,
            state,
            sent_as=sent_as,
            error=error[:500] if error else None,
            available_at=again,
        )


async def _pass_on(
    rt: Runtime, merchant_id: MerchantId, account: Account | None, client: OfficialAccount | None, message: Message
) -> tuple[str, str | None]:
    """Sends by the way of its kind: which that was, and WeChat's reason where a first way was refused."""
    if message.kind == "guide":
        await guide_payments.say(rt, merchant_id, message)
        return "app", None
    refused: WeChatError | None = None
    if message.kind == "notice" and account is not None and message.content.notice and message.mini_openid:
        refused = await notices.send(rt, account, message, message.content.notice)
        if refused is None:
            return "subscribe", None
        if not message.openid:
            raise refused
    if account is None or client is None:
        raise refused or ApiError(0, "no official account")
    return await _say(rt, account, client, message), str(refused) if refused else None


async def _say(rt: Runtime, account: Account, client: OfficialAccount, message: Message) -> str:
    """Sends as customer-service message, else as template message; which it was."""
    content = message.content
    try:
        if content.card is not None:
            card = content.card
            article = Article(
                title=card.title,
                description=card.description,
                url=links.absolute(rt, card.url),
                picurl=links.absolute(rt, card.picture_url),
            )
            await client.send_news(message.openid, article)
        else:
            await client.send_text(message.openid, content.text)
    except ApiError as refusal:
        template = await _stand_in(rt, account, message) if refusal.errcode in _CLOSED else None
        if template is None:
            raise
        template_id, data, url = template
        await client.send_template(message.openid, template_id, data, url=url, client_msg_id=message.message_id.hex)
        return "template"
    return "custom"


async def _stand_in(rt: Runtime, account: Account, message: Message) -> tuple[str, dict[str, str], str] | None:
    """The template message for when the chat is closed: its id, its fields and the page; None without one."""
    content, template = message.content, account.member_template
    if content.notice is not None:
        return await notices.official_template(rt, account.merchant_id, content.notice, content.card)
    if template is None or not content.member:
        return None
    data = {name: fill(text, content.member) for name, text in template.data.items()}
    return template.template_id, data, links.absolute(rt, content.card.url) if content.card else ""


async def fail_abandoned(rt: Runtime) -> int:
    """Gives up messages whose sender died in the middle; how many."""
    async with rt.db.transaction() as tx:
        return await rows.fail_abandoned(tx, tx.now - ABANDONED)
