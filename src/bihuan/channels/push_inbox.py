"""Pushes by group commit: what WeChat told waits in the process, and one transaction takes in many.

For what followers do whom we know, and what needs nobody to be known: scans, menu taps, texts, events. A new
follower, whom WeChat has to name, and whatever concerns a desktop's sign-in go one by one (`pushes.take_in`).
The answer waits for the commit; while a batch is at the database the next one gathers.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from bihuan import merchants
from bihuan.channels import desktop, labels, pushes, replies
from bihuan.channels.db import labels as label_rows
from bihuan.channels.db import push_batches as rows
from bihuan.channels.db.accounts import Account
from bihuan.channels.db.followers import Moment, Untold
from bihuan.channels.db.labels import Label
from bihuan.channels.db.push_batches import KnownFollower, Record, StateChange
from bihuan.channels.errors import PushesBusy, PushRefused
from bihuan.facts.channels import ShopperUnfollowed
from bihuan.kernel.db import Tx
from bihuan.kernel.events import FactLike, emit
from bihuan.kernel.group_commit import GroupCommit, Limits
from bihuan.kernel.ids import LabelId, MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat.official_account import Click, Push, Scan, Subscribe, Text, Unsubscribe

log = structlog.get_logger(__name__)

LIMITS = Limits(parallel_merchants=3, wait_seconds=4.5)
"""WeChat waits five seconds for an answer, and tells again what was taken in later."""


class Arrival(msgspec.Struct, frozen=True):
    """A verified push of one account."""

    merchant: Merchant
    account: Account
    push: Push
    signature: str
    moment: Moment


class _Alone(Exception):
    """This one goes one by one."""


_Outcome = str | Exception


class PushInbox:
    """The queue of one process, and what takes it in."""

    def __init__(self) -> None:
        self._gathered: GroupCommit[Arrival, str] = GroupCommit(_take_safely, PushesBusy, LIMITS)

    async def take_in(
        self, rt: Runtime, merchant: Merchant, account: Account, push: Push, signature: str, seen_at: datetime
    ) -> str:
        """The reply to what came at `seen_at`, once committed. Raises PushRefused for a used signature, PushesBusy."""
        if isinstance(push, Subscribe) or desktop.concerns(push, pushes.scene_of(push)):
            return await pushes.take_in(rt, merchant, account, push, signature, seen_at)
        arrival = Arrival(merchant, account, push, signature, Moment(min(push.created_at, seen_at), seen_at))
        try:
            return await self._gathered.submit(rt, merchant.merchant_id, arrival)
        except _Alone:
            return await pushes.take_in(rt, merchant, account, push, signature, seen_at)

    async def run(self, rt: Runtime) -> None:
        """Takes in for as long as the process lives; `wiring.BACKGROUND` runs it."""
        await self._gathered.run(rt)


async def _take_safely(rt: Runtime, _: MerchantId, group: list[Arrival]) -> list[_Outcome]:
    """Takes a batch in; when it fails as a whole, each goes alone, so that one does not hold up its neighbours."""
    try:
        async with rt.db.transaction() as tx:
            return await _take(tx, rt, group)
    except Exception as error:
        log.warning("push batch failed; one by one", error=str(error), size=len(group))
        return [_Alone() for _ in group]


async def _take(tx: Tx, rt: Runtime, group: Sequence[Arrival]) -> list[_Outcome]:
    """One merchant's pushes. What is not known well enough goes alone."""
    merchant, account = group[0].merchant, group[0].account
    merchant_id = merchant.merchant_id
    openids = [a.push.openid for a in group]
    await rows.lock_persons(tx, merchant_id, openids)
    known = await rows.find_followers(tx, merchant_id, openids)
    batch = [a for a in group if _fits(a.push, known.get(a.push.openid))]
    scenes = {a.push.scene for a in batch if isinstance(a.push, Scan)}
    codes = {scene: labels.stored_code(scene[:64]) for scene in scenes}
    found = await label_rows.select_by_codes(tx, merchant_id, [c for c in codes.values() if c]) if scenes else {}
    by_scene = {scene: found[code] for scene, code in codes.items() if code in found}
    texts = await _replies(tx, rt, merchant, batch, by_scene)
    records = [_record(a, by_scene, texts[i]) for i, a in enumerate(batch)]
    fresh = await rows.insert_pushes(tx, merchant_id, records) if records else set[str]()
    stale = [r.dedupe_key for r in records if r.dedupe_key not in fresh]
    before = await rows.find_replies(tx, merchant_id, stale) if stale else {}
    # Of two deliveries in one batch only the first acts.
    acted: dict[str, Arrival] = {}
    for arrival, record in zip(batch, records, strict=True):
        if record.dedupe_key in fresh:
            acted.setdefault(record.dedupe_key, arrival)
    await _act(tx, account, list(acted.values()), known, by_scene)
    outcome: dict[int, _Outcome] = {}
    for arrival, record in zip(batch, records, strict=True):
        reply = record.reply if record.dedupe_key in fresh else before.get(record.dedupe_key)
        outcome[id(arrival)] = PushRefused() if reply is None else reply
    return [outcome.get(id(a), _Alone()) for a in group]


def _fits(push: Push, follower: KnownFollower | None) -> bool:
    """A scan or a farewell tells a fact about a person: she has to be known."""
    if isinstance(push, Scan | Unsubscribe):
        return follower is not None and follower.shopper_id is not None
    return True


async def _replies(
    tx: Tx, rt: Runtime, merchant: Merchant, batch: Sequence[Arrival], by_scene: dict[str, Label]
) -> list[str]:
    if not any(isinstance(a.push, Scan | Click | Text) for a in batch):
        return [""] * len(batch)
    wanted = await replies.get_replies(tx, merchant.merchant_id)
    stores = {label.store_id for label in by_scene.values() if label.store_id}
    named = {s.store_id: s for s in await merchants.list_stores(tx, merchant.merchant_id)} if stores else {}
    texts: list[str] = []
    for arrival in batch:
        label = by_scene.get(arrival.push.scene) if isinstance(arrival.push, Scan) else None
        store = named.get(label.store_id) if label and label.store_id else None
        texts.append(pushes.answer_to(rt, merchant, arrival.push, label, wanted, store))
    return texts


def _record(arrival: Arrival, by_scene: dict[str, Label], reply: str) -> Record:
    push = arrival.push
    scene = pushes.scene_of(push)
    label = by_scene.get(push.scene) if isinstance(push, Scan) else None
    return Record(
        dedupe_key=push.dedupe_key,
        signature=arrival.signature,
        openid=push.openid,
        kind=pushes.kind_of(push),
        scene=scene,
        label_id=label.label_id if label else None,
        reply=reply,
        moment=arrival.moment,
    )


async def _act(
    tx: Tx,
    account: Account,
    acted: Sequence[Arrival],
    known: dict[str, KnownFollower],
    by_scene: dict[str, Label],
) -> None:
    """Who follows, the facts, the count of scans: of pushes that were not seen before."""
    merchant_id = account.merchant_id
    changes: dict[str, StateChange] = {}
    facts: list[FactLike] = []
    scans: Counter[LabelId] = Counter()
    for arrival in acted:
        push = arrival.push
        if not isinstance(push, Scan | Click | Text | Unsubscribe):
            continue
        change = StateChange(push.openid, not isinstance(push, Unsubscribe), arrival.moment)
        if (latest := changes.get(push.openid)) is None or _order(latest) <= _order(change):
            changes[push.openid] = change
        label = by_scene.get(push.scene) if isinstance(push, Scan) else None
        if label is not None:
            scans[label.label_id] += 1
        facts += _facts(merchant_id, arrival, known.get(push.openid), label)
    wanted = [c for c in changes.values() if (f := known.get(c.openid)) is None or f.following != c.following]
    if wanted:
        await rows.note_states(tx, merchant_id, account.appid, wanted)
    if facts:
        await emit(tx, *facts)
    if scans:  # last: the row of a code that many scan at once is locked until the commit
        await rows.add_scans(tx, merchant_id, scans)


def _facts(
    merchant_id: MerchantId, arrival: Arrival, follower: KnownFollower | None, label: Label | None
) -> list[FactLike]:
    """What a push of somebody known tells: a farewell, or the scan of a label."""
    push, at = arrival.push, arrival.moment.at
    if follower is None or follower.shopper_id is None:
        return []
    if isinstance(push, Unsubscribe):
        return [ShopperUnfollowed(merchant_id=merchant_id, occurred_at=at, shopper_id=follower.shopper_id)]
    if label is None:
        return []
    told = Untold(push.dedupe_key, "scan", label.label_id, False, at, arrival.moment.seen_at)
    return [pushes.fact_of(merchant_id, follower.shopper_id, told, label)]


def _order(change: StateChange) -> tuple[datetime, datetime]:
    return change.moment.at, change.moment.seen_at


INBOX = PushInbox()
"""The queue of this process."""
