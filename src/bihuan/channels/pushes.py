"""What WeChat pushes about an official account: written down once, acted on, answered.

`intake` verified it. Facts of a person whom we cannot name yet (WeChat
did not say who an openid is in time) wait in `pushes` until `identify` names her.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid5

import msgspec
import structlog

from bihuan import identity, merchants
from bihuan.channels import accounts, apps, desktop, labels, links, messages, replies
from bihuan.channels.db import followers as rows
from bihuan.channels.db import labels as label_rows
from bihuan.channels.db.accounts import Account
from bihuan.channels.db.followers import Moment, Untold, lock_person
from bihuan.channels.db.labels import Label
from bihuan.channels.db.messages import Card, Content, Draft
from bihuan.channels.errors import PushRefused
from bihuan.channels.replies import Replies
from bihuan.facts.channels import ChannelFact, LabelScanned, ShopperFollowed, ShopperUnfollowed
from bihuan.kernel.db import Tx
from bihuan.kernel.events import emit
from bihuan.kernel.ids import MerchantId, ShopperId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant, Store
from bihuan.wechat import ApiError, Limits, WeChatError
from bihuan.wechat.official_account import Click, Push, Scan, Subscribe, Text, Unsubscribe, View

log = structlog.get_logger(__name__)

KEEP = timedelta(days=7)
_ASK_SECONDS = 2.0
"""WeChat waits five seconds for our answer; asking it who somebody is may take this much of them."""

_QUICK = Limits(timeout_seconds=_ASK_SECONDS, retries=0)

_Kind = Literal["subscribe", "scan", "unsubscribe", "click", "view", "text", "other"]


class Known(msgspec.Struct, frozen=True):
    """WeChat told who an openid is, as far as it does: without a unionid where there is no open-platform account."""

    unionid: str | None


async def take_in(
    rt: Runtime, merchant: Merchant, account: Account, push: Push, signature: str, seen_at: datetime
) -> str:
    """Handles a push that was verified and came at `seen_at`; the reply. Raises PushRefused for a used signature."""
    who = await _ask_who(rt, account, push)
    moment = Moment(min(push.created_at, seen_at), seen_at)
    async with rt.db.transaction() as tx:
        return await _act_once(tx, rt, merchant, account, push, signature, who, moment)


async def _ask_who(rt: Runtime, account: Account, push: Push) -> Known | None:
    """Who follows, where we do not know; None when we do, need not, or WeChat does not tell in time."""
    if not isinstance(push, Subscribe | Scan):
        return None
    async with rt.db.session() as tx:
        follower = await rows.find_follower(tx, account.merchant_id, push.openid)
    if follower is not None and follower.shopper_id is not None:
        return None
    try:
        async with asyncio.timeout(_ASK_SECONDS):
            return await _ask(rt, account, push.openid)
    except (WeChatError, TimeoutError) as error:
        log.warning("follower not identified yet", merchant_id=str(account.merchant_id), error=str(error))
        return None


async def _ask(rt: Runtime, account: Account, openid: str) -> Known:
    """Raises Unavailable. A refusal means that WeChat will not tell: then the openid alone is who it is."""
    try:
        told = await apps.official_account(rt, account, _QUICK).user_info(openid)
    except ApiError:
        return Known(None)
    return Known(told.unionid or None)


async def _act_once(
    tx: Tx,
    rt: Runtime,
    merchant: Merchant,
    account: Account,
    push: Push,
    signature: str,
    who: Known | None,
    moment: Moment,
) -> str:
    """Does what a push asks for unless that was done; the reply either way. Raises PushRefused."""
    merchant_id = merchant.merchant_id
    kind, scene = kind_of(push), scene_of(push)
    await lock_person(tx, merchant_id, push.openid)
    claimed = await rows.claim_push(
        tx,
        merchant_id,
        dedupe_key=push.dedupe_key,
        signature=signature,
        openid=push.openid,
        kind=kind,
        scene=scene,
        moment=moment,
    )
    if not claimed:
        reply = await rows.find_reply(tx, merchant_id, push.dedupe_key)
        if reply is None:  # another message under a signature that was used: plain mode does not sign the body
            raise PushRefused
        return reply
    label = await labels.find_label(tx, merchant_id, scene) if scene else None
    first = await _note(tx, account, push, label, moment)
    reply = await _reply(tx, rt, merchant, push, label)
    has_fact = kind in ("subscribe", "unsubscribe") or (kind == "scan" and label is not None)
    await rows.finish_push(
        tx,
        merchant_id,
        push.dedupe_key,
        label_id=label.label_id if label else None,
        first=first,
        reply=reply,
        has_fact=has_fact,
    )
    if who is not None:
        await identify(tx, account, push.openid, who)
    elif has_fact:
        follower = await rows.find_follower(tx, merchant_id, push.openid)
        if follower is not None and follower.shopper_id is not None:
            await tell(tx, merchant_id, push.openid, follower.shopper_id)
    if isinstance(push, Subscribe):
        await _queue_card(tx, rt, merchant, push)
    if label is not None:  # last: the row of a code that many scan at once is locked until the commit
        await labels.count_scan(tx, merchant_id, label.label_id)
    return reply


def kind_of(push: Push) -> _Kind:
    """How a push is written down."""
    match push:
        case Subscribe():
            return "subscribe"
        case Scan():
            return "scan"
        case Unsubscribe():
            return "unsubscribe"
        case Click():
            return "click"
        case Text():
            return "text"
        case View():
            return "view"
        case _:
            return "other"


def scene_of(push: Push) -> str:
    """The scene of the code that was scanned; empty for none."""
    return push.scene[:64] if isinstance(push, Subscribe | Scan) else ""


async def _note(tx: Tx, account: Account, push: Push, label: Label | None, moment: Moment) -> bool:
    """Writes down who follows; whether she does for the first time."""
    merchant_id, appid = account.merchant_id, account.appid
    if isinstance(push, Subscribe):
        place = (label.label_id, label.store_id) if label else None
        return await rows.note_follow(tx, merchant_id, appid, push.openid, place, moment)
    if isinstance(push, Unsubscribe | Scan | Click | Text):
        following = not isinstance(push, Unsubscribe)
        await rows.note_state(tx, merchant_id, appid, push.openid, moment, following=following)
    return False


async def _reply(tx: Tx, rt: Runtime, merchant: Merchant, push: Push, label: Label | None) -> str:
    if not isinstance(push, Subscribe | Scan | Click | Text):
        return ""
    if (answer := await desktop.heard(tx, merchant, push, scene_of(push))) is not None:
        return answer
    wanted = await replies.get_replies(tx, merchant.merchant_id)
    store = await merchants.find_store(tx, merchant.merchant_id, label.store_id) if label and label.store_id else None
    return answer_to(rt, merchant, push, label, wanted, store)


def answer_to(
    rt: Runtime, merchant: Merchant, push: Push, label: Label | None, wanted: Replies, store: Store | None
) -> str:
    """What the account's replies say to a push; empty for nothing. `store` is the label's."""
    match push:
        case Subscribe():
            template = wanted.welcome
        case Scan():
            template = replies.SCANNED if label else ""
        case Click():
            template = replies.choose(wanted.keywords, push.key) or "{mall}"
        case Text():
            template = replies.choose(wanted.keywords, push.content) or ""
        case _:
            template = ""
    if not template:
        return ""
    return replies.fill(
        template,
        merchant=merchant.name,
        store=f"{merchant.name}·{store.name}" if store else merchant.name,
        mall=links.mall_url(rt, merchant.code),
    )


async def _queue_card(tx: Tx, rt: Runtime, merchant: Merchant, push: Push) -> None:
    """After the welcome: a card that opens the mall."""
    card = Card(
        title=f"{merchant.name} · 微信商城",
        description=merchant.intro or "点击进入商城",
        url=links.mall_url(rt, merchant.code),
        picture_url=merchant.logo_url or "",
    )
    draft = Draft(
        openid=push.openid,
        purpose="welcome",
        source_id=uuid5(merchant.merchant_id, push.dedupe_key),
        content=Content(card=card),
        after=timedelta(seconds=1),  # the reply to the push shows first
    )
    await messages.queue(tx, merchant.merchant_id, [draft])


# -- who it was -------------------------------------------------------------------------------------


async def identify(tx: Tx, account: Account, openid: str, who: Known) -> ShopperId:
    """Names a follower, and tells the facts that waited for it."""
    shopper = await identity.shopper_of_wechat(
        tx, account.appid, openid, unionid=who.unionid, merchant_id=account.merchant_id
    )
    await name_follower(tx, account.merchant_id, openid, shopper.shopper_id)
    return shopper.shopper_id


async def name_follower(tx: Tx, merchant_id: MerchantId, openid: str, shopper_id: ShopperId) -> None:
    """Says who a follower is, if this is one, and tells the facts that waited for it; under `lock_person`."""
    if await rows.set_shopper(tx, merchant_id, openid, shopper_id):
        await tell(tx, merchant_id, openid, shopper_id)


async def tell(tx: Tx, merchant_id: MerchantId, openid: str, shopper_id: ShopperId) -> None:
    """Emits the facts of a person's pushes that were not told yet."""
    untold = await rows.take_untold(tx, merchant_id, openid)
    known = await label_rows.select_labels(tx, merchant_id, [p.label_id for p in untold if p.label_id])
    for push in untold:
        if push.kind == "unsubscribe":
            await emit(
                tx,
                ShopperUnfollowed(merchant_id=merchant_id, occurred_at=push.occurred_at, shopper_id=shopper_id),
            )
            continue
        label = known.get(push.label_id) if push.label_id else None
        await emit(tx, fact_of(merchant_id, shopper_id, push, label))


def fact_of(
    merchant_id: MerchantId, shopper_id: ShopperId, push: Untold, label: Label | None
) -> ShopperFollowed | LabelScanned:
    """What a push of somebody known tells."""
    fact = ShopperFollowed(
        merchant_id=merchant_id,
        occurred_at=push.occurred_at,
        shopper_id=shopper_id,
        label_id=label.label_id if label else None,
        label_code=label.code if label else None,
        store_id=label.store_id if label else None,
        counter_id=label.counter_id if label else None,
        staff_id=label.staff_id if label else None,
        first=push.first,
    )
    if push.kind == "subscribe":
        return fact
    shared = {name: getattr(fact, name) for name in ChannelFact.__struct_fields__}
    return LabelScanned(**shared)


async def identify_unknown(rt: Runtime) -> int:
    """Asks WeChat again who the followers are whom it did not name in time; how many it named."""
    async with rt.db.session() as tx:
        unknown = await rows.list_unknown(tx, 100)
    named = 0
    for merchant_id, openid in unknown:
        async with rt.db.session() as tx:
            account = await accounts.get_account(tx, merchant_id)
        try:
            who = await _ask(rt, account, openid)
        except WeChatError:  # WeChat is down for all of them
            break
        async with rt.db.transaction() as tx:
            await lock_person(tx, merchant_id, openid)
            await identify(tx, account, openid, who)
        named += 1
    return named


async def forget_old(rt: Runtime) -> int:
    """Forgets pushes older than KEEP; how many."""
    async with rt.db.transaction() as tx:
        return await rows.delete_old_pushes(tx, tx.now - KEEP)
