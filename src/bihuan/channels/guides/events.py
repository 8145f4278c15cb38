"""What WeCom pushes: a customer added a guide, or left. The first words go out at once: WeCom gives them 20 seconds.

Verified and written down first; then, outside any transaction and after the answer to WeCom, the welcome is sent and
WeCom asked who the customer is. What a crash leaves is found by `ask_again` and `fail_abandoned`.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog

from bihuan import identity
from bihuan.channels import labels, links, refusals
from bihuan.channels.db.labels import Label
from bihuan.channels.db.labels import select_labels as labels_by_id
from bihuan.channels.errors import NoCorp, PushRefused
from bihuan.channels.guides import corps
from bihuan.channels.guides import db as rows
from bihuan.channels.guides import db_customers as customers
from bihuan.channels.guides.db import Corp, Guide
from bihuan.channels.notice_texts import fill
from bihuan.facts.channels import LabelScanned
from bihuan.kernel.db import Tx
from bihuan.kernel.events import emit
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat import ApiError, Limits, WeChatError
from bihuan.wechat.wecom import ContactAdded, ContactRemoved, CustomerDetail, EventReceiver, LinkAttachment, WeComEvent

log = structlog.get_logger(__name__)

ADDRESS = "wecom"
KEEP = timedelta(days=7)
ABANDONED = timedelta(minutes=2)
_QUICK = Limits(timeout_seconds=5.0, retries=1)
_MOST_ATTEMPTS = 8

_background: set[asyncio.Task[None]] = set()


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """A customer whom a guide has now, with what is still to be done for her."""

    merchant: Merchant
    corp: Corp
    customer_id: UUID
    external_userid: str
    welcome_code: str
    guide: Guide | None
    label: Label | None


async def _open(rt: Runtime, merchant_id: MerchantId) -> tuple[Corp, EventReceiver]:
    async with rt.db.session() as tx:
        corp = await corps.get(tx, merchant_id)
        secrets = await corps.read_secrets(tx, rt.vault, merchant_id)
    if not secrets.get(corps.TOKEN) or not secrets.get(corps.AES_KEY):
        raise NoCorp
    return corp, corps.receiver(rt, corp, secrets)


async def handshake(rt: Runtime, merchant: Merchant, query: Mapping[str, str]) -> str:
    """WeCom's check of our address: the echo, decrypted. Raises NoCorp, PushRefused, PushStale, PushMalformed."""
    _, receiver = await _open(rt, merchant.merchant_id)
    async with refusals.recorded(rt, merchant.merchant_id, ADDRESS, b""):
        echo = receiver.verify_handshake(query)
    async with rt.db.transaction() as tx:
        await rows.set_verified(tx, merchant.merchant_id)
    return echo


async def receive(rt: Runtime, merchant: Merchant, query: Mapping[str, str], body: bytes) -> None:
    """An event, each once. Raises as `handshake`; nothing was changed then."""
    corp, receiver = await _open(rt, merchant.merchant_id)
    async with refusals.recorded(rt, merchant.merchant_id, ADDRESS, body):
        event = receiver.parse(query, body)
        added = await _take_in(rt, merchant, corp, event, query.get("msg_signature", ""))
    if added is not None:  # WeCom waits five seconds for our answer; the customer, for her welcome, twenty
        task = asyncio.create_task(_greet_and_ask(rt, added))
        _background.add(task)
        task.add_done_callback(_background.discard)


async def _take_in(rt: Runtime, merchant: Merchant, corp: Corp, event: WeComEvent, signature: str) -> Added | None:
    merchant_id = merchant.merchant_id
    async with rt.db.transaction() as tx:
        kind = type(event).__name__
        if not await rows.claim_event(tx, merchant_id, event.dedupe_key, signature, kind):
            if not await rows.knows_event(tx, merchant_id, event.dedupe_key):
                raise PushRefused  # another event under a signature that was used
            return None
        at = min(event.created_at, tx.now)
        match event:
            case ContactAdded():
                guide = await rows.find_guide(tx, merchant_id, event.userid)
                label = await labels.find_label(tx, merchant_id, event.state) if event.state else None
                greet = bool(event.welcome_code and corp.welcome)
                customer_id = await customers.add_customer(
                    tx,
                    merchant_id,
                    event.userid,
                    event.external_userid,
                    label_id=label.label_id if label else None,
                    added_at=at,
                    greet=greet,
                )
                if label is not None:
                    await labels.count_scan(tx, merchant_id, label.label_id)
                return Added(
                    merchant=merchant,
                    corp=corp,
                    customer_id=customer_id,
                    external_userid=event.external_userid,
                    welcome_code=event.welcome_code if greet else "",
                    guide=guide,
                    label=label,
                )
            case ContactRemoved():
                state = "left" if event.by_customer else "dropped"
                await customers.end_customer(tx, merchant_id, event.userid, event.external_userid, state, at)
            case _:
                pass
    return None


async def _greet_and_ask(rt: Runtime, added: Added) -> None:
    try:
        if added.welcome_code:
            await _greet(rt, added)
        await ask(rt, added.merchant.merchant_id, added.customer_id)
    except Exception:  # nobody awaits this task; jobs find what is left of it
        log.exception("customer not greeted or not asked about", merchant=added.merchant.code)


async def _greet(rt: Runtime, added: Added) -> None:
    """The first words, with the mall opened by the guide's label."""
    merchant, label = added.merchant, added.label
    mall = links.label_url(rt, merchant.code, label.code) if label else links.mall_url(rt, merchant.code)
    words = {"merchant": merchant.name, "guide": added.guide.name if added.guide else merchant.name, "mall": mall}
    card = LinkAttachment(
        title=f"{merchant.name} · 微信商城",
        url=mall,
        desc=merchant.intro or "点击进入商城",
        picurl=links.absolute(rt, merchant.logo_url),
    )
    error = None
    try:
        text = fill(added.corp.welcome, words)
        await corps.client(rt, added.corp, _QUICK).send_welcome(added.welcome_code, text, [card])
    except (WeChatError, ValueError) as failure:
        error = str(failure)
        log.warning("customer not greeted", merchant=merchant.code, error=error)
    async with rt.db.transaction() as tx:
        outcome = "failed" if error else "sent"
        await customers.set_welcome(tx, merchant.merchant_id, added.customer_id, outcome, error)


# -- who it is --------------------------------------------------------------------------------------


async def ask(rt: Runtime, merchant_id: MerchantId, customer_id: UUID) -> bool:
    """Asks WeCom who a customer is; whether it said. With a unionid she is a shopper, and her coming a scan."""
    async with rt.db.session() as tx:
        corp = await rows.find_corp(tx, merchant_id)
        customer = await customers.find_customer(tx, merchant_id, customer_id)
    if corp is None or customer is None or customer.asked:
        return False
    try:
        detail = await corps.client(rt, corp, _QUICK).customer(customer.external_userid)
    except WeChatError as error:
        final = isinstance(error, ApiError) or customer.attempts + 1 >= _MOST_ATTEMPTS
        async with rt.db.transaction() as tx:
            again = timedelta(seconds=30 * 2**customer.attempts)
            await customers.set_unasked(tx, merchant_id, customer_id, give_up=final, again=again)
        log.warning("customer not known yet", merchant_id=str(merchant_id), error=str(error))
        return False
    async with rt.db.transaction() as tx:
        await _note(tx, corp, customer_id, detail)
    return True


async def _note(tx: Tx, corp: Corp, customer_id: UUID, detail: CustomerDetail) -> None:
    merchant_id, told = corp.merchant_id, detail.external_contact
    customer = await customers.find_customer(tx, merchant_id, customer_id, lock=True)
    if customer is None or customer.asked:
        return
    shopper_id = None
    if told.unionid:
        shopper = await identity.shopper_of_wechat(
            tx, corp.corpid, told.external_userid, unionid=told.unionid, merchant_id=merchant_id
        )
        shopper_id = shopper.shopper_id
    await customers.set_told(tx, merchant_id, customer_id, told.name, told.avatar, shopper_id)
    known = await labels_by_id(tx, merchant_id, [customer.label_id]) if customer.label_id else {}
    label = known.get(customer.label_id) if customer.label_id else None
    if shopper_id is None or label is None:
        return  # without a unionid the link of the welcome says whose she is, once she opens it
    await emit(
        tx,
        LabelScanned(
            merchant_id=merchant_id,
            occurred_at=customer.added_at,
            shopper_id=shopper_id,
            label_id=label.label_id,
            label_code=label.code,
            store_id=label.store_id,
            counter_id=label.counter_id,
            staff_id=label.staff_id,
        ),
    )


async def ask_again(rt: Runtime) -> int:
    """Asks about customers of whom WeCom did not say in time who they are; how many it named."""
    async with rt.db.session() as tx:
        waiting = await customers.list_to_ask(tx, 50)
    return sum([await ask(rt, merchant_id, customer_id) for merchant_id, customer_id in waiting])


async def fail_abandoned(rt: Runtime) -> int:
    """Gives up first words whose process died, and forgets old events; how many were given up."""
    async with rt.db.transaction() as tx:
        await rows.forget_events(tx, tx.now - KEEP)
        return await customers.fail_welcomes(tx, tx.now - ABANDONED)
