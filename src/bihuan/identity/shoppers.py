"""Verbs about shoppers: found or created by their WeChat identity; their addresses."""

from collections.abc import Sequence

import msgspec
import structlog

from bihuan.facts.identity import ShoppersMerged
from bihuan.identity import db
from bihuan.identity.db import Address, Identity, Shopper
from bihuan.identity.errors import TooManyAddresses
from bihuan.identity.rules import MAX_ADDRESSES
from bihuan.kernel.db import Tx
from bihuan.kernel.derived_ids import derived_id
from bihuan.kernel.errors import NotFound, Unauthorized
from bihuan.kernel.events import emit
from bihuan.kernel.ids import AddressId, MerchantId, ShopperId, new_id

log = structlog.get_logger(__name__)


async def shopper_of_wechat(
    tx: Tx,
    appid: str,
    openid: str,
    *,
    unionid: str | None = None,
    nickname: str | None = None,
    avatar_url: str | None = None,
    merchant_id: MerchantId | None = None,
) -> Shopper:
    """Finds or creates the shopper of a WeChat identity; safe when two calls come at once.

    One unionid is one shopper: a second app's identity with a known unionid joins that shopper. Pass the
    unionid whenever WeChat tells it, at the first sight of a follower already (`user/info`): an identity that
    was seen without one, and then turns out to be a known person, is handed over to her, and what other
    modules wrote for the shopper of before is theirs to move. For that `ShoppersMerged` is emitted for
    `merchant_id`, the merchant whose app this is.
    """
    known = await db.find_identity(tx, appid, openid)
    if known is None or (unionid and not known.has_unionid):
        keys = [f"identity:{appid}:{openid}", *([f"unionid:{unionid}"] if unionid else [])]
        await db.lock_identity(tx, *keys)
        known = await _find_create_or_merge(tx, appid, openid, unionid, merchant_id)
    shopper = Shopper(known.shopper_id, nickname or known.nickname, avatar_url or known.avatar_url)
    if (shopper.nickname, shopper.avatar_url) != (known.nickname, known.avatar_url):
        await db.update_profile(tx, shopper)
    return shopper


async def _find_create_or_merge(
    tx: Tx, appid: str, openid: str, unionid: str | None, merchant_id: MerchantId | None
) -> Shopper:
    """Under the locks: reads again what another transaction may have written meanwhile."""
    known: Identity | None = await db.find_identity(tx, appid, openid)
    owner = await db.find_by_unionid(tx, unionid) if unionid else None
    if known is not None:
        if unionid is None or known.has_unionid or owner == known.shopper_id:
            return Shopper(known.shopper_id, known.nickname, known.avatar_url)
        if owner is None:
            await db.insert_unionid(tx, unionid, known.shopper_id)
            return Shopper(known.shopper_id, known.nickname, known.avatar_url)
        await _merge(tx, known.shopper_id, owner, merchant_id)
    elif owner is None:
        owner = ShopperId(new_id())
        await db.insert_shopper(tx, Shopper(owner, None, None))
        await db.insert_identity(tx, appid, openid, owner)
        if unionid:
            await db.insert_unionid(tx, unionid, owner)
    else:
        await db.insert_identity(tx, appid, openid, owner)
    return await get_shopper(tx, owner)


async def _merge(tx: Tx, source: ShopperId, target: ShopperId, merchant_id: MerchantId | None) -> None:
    await db.merge_shopper(tx, source, target)
    await db.make_newest_default(tx, target)
    log.info("shoppers merged", source=str(source), target=str(target))
    if merchant_id:
        await emit(tx, ShoppersMerged(merchant_id=merchant_id, occurred_at=tx.now, shopper_id=target, former_id=source))


async def get_shopper(tx: Tx, shopper_id: ShopperId) -> Shopper:
    """One shopper. Raises NotFound."""
    shopper = await db.find_shopper(tx, shopper_id)
    if shopper is None:
        raise NotFound
    return shopper


def walk_in_id(merchant_id: MerchantId) -> ShopperId:
    """The shopper of a merchant's sales to nobody in particular: who pays at a till without showing a card."""
    return ShopperId(derived_id("walk-in", str(merchant_id)))


async def walk_in_shopper(tx: Tx, merchant_id: MerchantId) -> ShopperId:
    """The same, made when it is not there yet. She signs in nowhere, and gets no card."""
    shopper_id = walk_in_id(merchant_id)
    await db.ensure_walk_in(tx, shopper_id, "散客")
    return shopper_id


async def list_shoppers(tx: Tx, shopper_ids: Sequence[ShopperId]) -> dict[ShopperId, Shopper]:
    """Shoppers by id; unknown ids are left out."""
    if not shopper_ids:
        return {}
    return {shopper.shopper_id: shopper for shopper in await db.select_shoppers(tx, shopper_ids)}


async def save_address(tx: Tx, shopper_id: ShopperId, address: Address, *, new: bool) -> Address:
    """Adds or replaces an address; the first is the default one, and a new default one takes over.

    Raises NotFound for an address to replace that is not hers, TooManyAddresses, and Unauthorized when the
    shopper of the token does not exist (any more).
    """
    if not await db.lock_shopper(tx, shopper_id):
        raise Unauthorized
    held = await db.list_addresses(tx, shopper_id)
    if new and len(held) >= MAX_ADDRESSES:
        raise TooManyAddresses(limit=MAX_ADDRESSES)
    if not new and all(one.address_id != address.address_id for one in held):
        raise NotFound
    others = [one for one in held if one.address_id != address.address_id]
    if address.is_default:
        await db.clear_default(tx, shopper_id)
    elif not any(one.is_default for one in others):
        address = msgspec.structs.replace(address, is_default=True)
    await db.upsert_address(tx, shopper_id, address)
    return address


async def delete_address(tx: Tx, shopper_id: ShopperId, address_id: AddressId) -> None:
    """Removes an address; the newest of the rest becomes the default one if it was that. Raises NotFound."""
    await db.lock_shopper(tx, shopper_id)
    if not await db.delete_address(tx, shopper_id, address_id):
        raise NotFound
    await db.make_newest_default(tx, shopper_id)
