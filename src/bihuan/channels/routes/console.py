"""The console's WeChat rooms: the official account, replies, the menu, followers."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody

from bihuan import identity, merchants
from bihuan.channels import accounts, follower_sync, menus, replies, tokens
from bihuan.channels.db import followers, labels, syncs
from bihuan.channels.db.accounts import Account, Menu
from bihuan.channels.db.followers import Follower
from bihuan.channels.db.syncs import FollowerSync
from bihuan.channels.replies import Replies
from bihuan.channels.schemas import AccountIn, AccountOut, FollowerOut, MenuIn, RepliesIn
from bihuan.kernel import paging
from bihuan.kernel.db import Tx
from bihuan.kernel.http import access
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession


@get("/api/merchant/official-account", opt=access("staff:channels.write"))
async def show_account(rt: Runtime, staff: StaffSession) -> AccountOut:
    """The official account's settings; `app_id` is empty while none is connected."""
    async with rt.db.session() as tx:
        account = await accounts.find_account(tx, staff.merchant_id)
        return await _account_out(rt, tx, staff.merchant_id, account)


@put("/api/merchant/official-account", opt=access("staff:channels.write"))
async def save_account(rt: Runtime, staff: StaffSession, data: JSONBody[AccountIn]) -> AccountOut:
    """Writes the settings. Secrets can be written, not read."""
    async with rt.db.transaction() as tx:
        before = await accounts.find_account(tx, staff.merchant_id)
        account = await accounts.connect_account(tx, rt.vault, staff.merchant_id, data.as_account(before))
        await tokens.forget_tokens(tx, staff.merchant_id)
        return await _account_out(rt, tx, staff.merchant_id, account)


async def _account_out(rt: Runtime, tx: Tx, merchant_id: MerchantId, account: Account | None) -> AccountOut:
    merchant = await merchants.get(tx, merchant_id)
    secrets = await accounts.read_secrets(tx, rt.vault, merchant_id)
    return AccountOut.of(rt, merchant, account, secrets)


@get("/api/merchant/replies", opt=access("staff:channels.read"))
async def show_replies(rt: Runtime, staff: StaffSession) -> Replies:
    """The welcome and the keyword replies."""
    async with rt.db.session() as tx:
        return await replies.get_replies(tx, staff.merchant_id)


@put("/api/merchant/replies", opt=access("staff:channels.write"))
async def save_replies(rt: Runtime, staff: StaffSession, data: JSONBody[RepliesIn]) -> Replies:
    """Writes all replies in place of those of before."""
    async with rt.db.transaction() as tx:
        return await replies.save_replies(tx, staff.merchant_id, data.as_replies())


@get("/api/merchant/menu", opt=access("staff:channels.read"))
async def show_menu(rt: Runtime, staff: StaffSession) -> Menu:
    """The menu as it was written; `published_at`: when WeChat got it last."""
    async with rt.db.session() as tx:
        return await menus.get_menu(tx, staff.merchant_id)


@put("/api/merchant/menu", opt=access("staff:channels.write"))
async def save_menu(rt: Runtime, staff: StaffSession, data: JSONBody[MenuIn]) -> Menu:
    """Writes the menu; publishing shows it."""
    async with rt.db.transaction() as tx:
        return await menus.save_menu(tx, staff.merchant_id, tuple(data.buttons))


@post("/api/merchant/menu/publish", opt=access("staff:channels.write"), status_code=200)
async def publish_menu(rt: Runtime, staff: StaffSession) -> Menu:
    """Gives the menu to WeChat."""
    return await menus.publish(rt, staff.merchant_id)


@get("/api/merchant/followers", opt=access("staff:members.read"))
async def list_followers(
    rt: Runtime, staff: StaffSession, following: bool | None = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[FollowerOut]:
    """Who follows, or did; the latest first."""
    after = paging.decode(cursor, tuple[datetime, str])
    async with rt.db.transaction(readonly=True) as tx:
        found = await followers.list_followers(tx, staff.merchant_id, following, after, limit + 1)
        items = await _followers_out(tx, staff.merchant_id, found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return Page(items, paging.encode(last.followed_at.isoformat(), last.openid) if last else None)


class FollowerSyncOut(msgspec.Struct, frozen=True, kw_only=True):
    """How far the taking over of followers is; `state` is null when there never was one."""

    state: str | None
    seen: int
    total: int
    added: int
    error: str | None
    started_at: datetime | None
    changed_at: datetime | None
    following: int


def _sync_out(sync: FollowerSync | None, following: int) -> FollowerSyncOut:
    return FollowerSyncOut(
        state=sync.state if sync else None,
        seen=sync.seen if sync else 0,
        total=sync.total if sync else 0,
        added=sync.added if sync else 0,
        error=sync.error if sync else None,
        started_at=sync.started_at if sync else None,
        changed_at=sync.changed_at if sync else None,
        following=following,
    )


@get("/api/merchant/followers/sync", opt=access("staff:members.read"))
async def show_follower_sync(rt: Runtime, staff: StaffSession) -> FollowerSyncOut:
    """How far the taking over of followers is, and how many follow now."""
    async with rt.db.transaction(readonly=True) as tx:
        return _sync_out(await syncs.find(tx, staff.merchant_id), await syncs.count_followers(tx, staff.merchant_id))


@post("/api/merchant/followers/sync", opt=access("staff:channels.write"), status_code=202)
async def start_follower_sync(rt: Runtime, staff: StaffSession) -> FollowerSyncOut:
    """Takes over who followed before; 409 `sync_running` while that is under way."""
    async with rt.db.transaction() as tx:
        sync = await follower_sync.start(tx, staff.merchant_id)
        return _sync_out(sync, await syncs.count_followers(tx, staff.merchant_id))


async def _followers_out(tx: Tx, merchant_id: MerchantId, found: list[Follower]) -> list[FollowerOut]:
    shoppers = await identity.list_shoppers(tx, [f.shopper_id for f in found if f.shopper_id])
    stores = {s.store_id: s.name for s in await merchants.list_stores(tx, merchant_id)}
    known = await labels.select_labels(tx, merchant_id, [f.label_id for f in found if f.label_id])
    items: list[FollowerOut] = []
    for f in found:
        shopper = shoppers.get(f.shopper_id) if f.shopper_id else None
        items.append(
            FollowerOut(
                openid=f.openid,
                shopper_id=f.shopper_id,
                nickname=shopper.nickname if shopper else None,
                avatar_url=shopper.avatar_url if shopper else None,
                following=f.following,
                store_id=f.home_store_id,
                store_name=stores.get(f.home_store_id) if f.home_store_id else None,
                label_name=known[f.label_id].name if f.label_id and f.label_id in known else None,
                followed_at=f.followed_at,
            )
        )
    return items


ROUTES: tuple[Any, ...] = (
    show_account,
    save_account,
    show_replies,
    save_replies,
    show_menu,
    save_menu,
    publish_menu,
    list_followers,
    show_follower_sync,
    start_follower_sync,
)
