"""Taking over the followers that an account had before it was connected: page by page, in slices, restartable.

WeChat lists openids in pages of up to 10,000 and tells who they are by hundreds. Each hundred is one transaction
with the progress, so a run that is killed goes on from there. Nothing is told as a fact: these people did not
follow now.
"""

import time
from datetime import timedelta

import msgspec
import structlog

from bihuan import identity
from bihuan.channels import accounts, apps, labels
from bihuan.channels.db import syncs as rows
from bihuan.channels.db.accounts import Account
from bihuan.channels.db.followers import lock_person
from bihuan.channels.db.syncs import FollowerSync, Found
from bihuan.channels.errors import SyncRunning
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import ApiError, OfficialAccount, WeChatError
from bihuan.wechat.official_account import Follower

log = structlog.get_logger(__name__)

BATCH = 100
SLICE_SECONDS = 3.0
LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 6
_AT_ONCE = 4


async def start(tx: Tx, merchant_id: MerchantId) -> FollowerSync:
    """Begins, or goes on with what failed. Raises NoOfficialAccount, SyncRunning."""
    account = await accounts.get_account(tx, merchant_id)
    if not await rows.start(tx, merchant_id, account.appid):
        raise SyncRunning
    found = await rows.find(tx, merchant_id)
    if found is None:
        raise RuntimeError("a sync that was started is there")
    return found


async def run_due(rt: Runtime) -> int:
    """A slice of each run that is under way; how many."""
    async with rt.db.transaction() as tx:
        claimed = await rows.claim(tx, _AT_ONCE, LEASE)
    for sync in claimed:
        await _slice(rt, sync)
    return len(claimed)


async def _slice(rt: Runtime, sync: FollowerSync) -> None:
    state, error, wait = "running", None, timedelta()
    try:
        async with rt.db.session() as tx:
            account = await accounts.get_account(tx, sync.merchant_id)
        if account.appid != sync.appid:
            state, error = "failed", "another account was connected meanwhile"
        elif await _go_on(rt, account, apps.official_account(rt, account), sync):
            state = "done"
    except ApiError as refusal:  # a wrong secret, a right that the account does not have: no use in asking again
        state, error = "failed", str(refusal)
    except WeChatError as failure:
        state, error = ("running" if sync.attempts + 1 < MAX_ATTEMPTS else "failed"), str(failure)
        wait = timedelta(seconds=2**sync.attempts)
    if error:
        log.warning("follower sync", merchant_id=str(sync.merchant_id), state=state, error=error)
    async with rt.db.transaction() as tx:
        await rows.release(tx, sync.merchant_id, state, error=error[:500] if error else None, wait=wait)


async def _go_on(rt: Runtime, account: Account, client: OfficialAccount, sync: FollowerSync) -> bool:
    """Works for a while; whether it came to the end. Raises WeChatError."""
    until = time.monotonic() + SLICE_SECONDS
    while True:
        page = await client.followers.list(after=sync.next_openid)
        openids = page.openids
        sync = msgspec.structs.replace(sync, total=page.total)
        done = sync.seen - sync.before_page
        while done < len(openids):
            batch = openids[done : done + BATCH]
            told = await client.followers.get_many(batch)
            done += len(batch)
            sync = await _take_over(rt, account, told, msgspec.structs.replace(sync, seen=sync.before_page + done))
            if time.monotonic() > until:
                return False
        if not openids or not page.next_openid or sync.before_page + len(openids) >= page.total:
            return True
        sync = msgspec.structs.replace(
            sync, next_openid=page.next_openid, before_page=sync.before_page + len(openids), seen=sync.seen
        )
        async with rt.db.transaction() as tx:
            await rows.note_progress(tx, sync)


async def _take_over(rt: Runtime, account: Account, told: tuple[Follower, ...], sync: FollowerSync) -> FollowerSync:
    async with rt.db.transaction() as tx:
        who = sorted((f for f in told if f.following), key=lambda f: f.openid)
        found = [await _found(tx, account, follower) for follower in who]
        added = await rows.take_over(tx, account.merchant_id, account.appid, found) if found else 0
        sync = msgspec.structs.replace(sync, added=sync.added + added)
        await rows.note_progress(tx, sync)
    return sync


async def _found(tx: Tx, account: Account, follower: Follower) -> Found:
    await lock_person(tx, account.merchant_id, follower.openid)
    shopper = await identity.shopper_of_wechat(
        tx, account.appid, follower.openid, unionid=follower.unionid or None, merchant_id=account.merchant_id
    )
    scene = follower.qr_scene_str
    label = await labels.find_label(tx, account.merchant_id, scene) if scene else None
    return Found(
        openid=follower.openid,
        shopper_id=shopper.shopper_id,
        followed_at=min(follower.subscribed_at or tx.now, tx.now),
        label_id=label.label_id if label else None,
        home_store_id=label.store_id if label else None,
    )
