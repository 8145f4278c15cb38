"""What a cashier finds and keeps: goods by text, code or barcode; members; baskets that wait."""

from collections.abc import Sequence
from uuid import UUID

from bihuan import catalog, identity, inventory, membership, merchants, wallet
from bihuan.catalog import Sellable
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, SkuId, StoreId, new_id
from bihuan.membership import Member
from bihuan.staff import StaffSession
from bihuan.till import db_goods, rules, shifts, views
from bihuan.till.db_goods import ParkedRow
from bihuan.till.errors import BarcodeNotUsable, MemberUnknown, TooManyParked
from bihuan.till.schemas_sales import (
    Barcode,
    Basket,
    GoodsItem,
    MemberView,
    ParkedView,
    PointsOffer,
    PointsWish,
    Resumed,
    ResumedLine,
)

_MOST_OF_A_PHONE = 10


async def find_goods(tx: Tx, merchant_id: MerchantId, store_id: StoreId, words: str, limit: int) -> list[GoodsItem]:
    """What the store can sell by a text, or by a code: the SKU whose code or barcode it is exactly comes first."""
    scanned = await db_goods.sku_of_barcode(tx, merchant_id, words) if rules.BARCODE.fullmatch(words) else None
    page = await catalog.list_skus(tx, merchant_id, words=words or None, limit=limit, cursor=None)
    ids = [sku.sku_id for sku in page.items if sku.sku_id != scanned]
    found = await _items(tx, merchant_id, store_id, [scanned, *ids] if scanned else ids, words, scanned)
    return sorted(found, key=lambda one: not one.exact)[:limit]


async def _items(
    tx: Tx,
    merchant_id: MerchantId,
    store_id: StoreId,
    ids: Sequence[SkuId],
    words: str = "",
    scanned: SkuId | None = None,
) -> list[GoodsItem]:
    """What of these is on sale, with what the store has of it."""
    location = await merchants.store_location(tx, merchant_id, store_id)
    sellables = await catalog.list_sellable(tx, merchant_id, ids)
    stock = await inventory.availability(tx, merchant_id, ids, [location])

    def item(one: Sellable) -> GoodsItem:
        return GoodsItem(
            sku_id=one.sku_id,
            code=one.code,
            title=one.title,
            option_values=one.option_values,
            image_url=one.image_url,
            price_fen=one.price_fen,
            available=stock.get(one.sku_id, 0),
            exact=one.sku_id == scanned or (bool(words) and one.code.lower() == words.lower()),
        )

    return [item(one) for sku_id in ids if (one := sellables.get(sku_id)) is not None and one.on_sale]


async def learn_barcode(tx: Tx, staff: StaffSession, store_id: StoreId, wish: Barcode) -> GoodsItem:
    """A barcode stands for this SKU from now on, at all tills. Raises BarcodeNotUsable."""
    if not rules.BARCODE.fullmatch(wish.barcode):
        raise BarcodeNotUsable
    known = await _items(tx, staff.merchant_id, store_id, [wish.sku_id], wish.barcode, wish.sku_id)
    if not known:
        raise BarcodeNotUsable
    await db_goods.put_barcode(tx, staff.merchant_id, wish.barcode, wish.sku_id, staff.staff_id)
    return known[0]


async def find_members(tx: Tx, merchant_id: MerchantId, words: str) -> list[MemberView]:
    """Members by the code of a card, by a telephone number, or by the code of stored value on a phone.

    Raises MemberUnknown, WalletCodeUnknown.
    """
    words = words.strip()
    if wallet.codes.LOOKS_LIKE.fullmatch(words):
        shopper_id = await wallet.codes.whose(tx, merchant_id, words)
        held = await wallet.find(tx, merchant_id, shopper_id)
        member = await membership.find_member(tx, merchant_id, shopper_id)
        if member is None:
            raise MemberUnknown
        return await _members(tx, [member], sum(held.free) if held and not held.frozen_at else 0)
    member = await membership.find_by_number(tx, merchant_id, words.upper())
    if member is not None:
        return await _members(tx, [member])
    shoppers = await identity.shoppers_of_phone(tx, words, _MOST_OF_A_PHONE)
    known = await membership.members_of(tx, merchant_id, shoppers) if shoppers else {}
    if not known:
        raise MemberUnknown
    return await _members(tx, list(known.values()))


async def _members(tx: Tx, found: Sequence[Member], wallet_fen: int | None = None) -> list[MemberView]:
    people = await identity.list_shoppers(tx, [one.shopper_id for one in found])
    return [
        MemberView(
            number=one.number,
            nickname=people[one.shopper_id].nickname if one.shopper_id in people else None,
            points=one.points,
            growth=one.growth,
            wallet_fen=wallet_fen,
        )
        for one in found
    ]


async def offer_points(tx: Tx, merchant_id: MerchantId, wish: PointsWish) -> PointsOffer:
    """What a member's points can pay of a sale. Raises MemberUnknown."""
    member = await membership.find_by_number(tx, merchant_id, wish.member_no)
    if member is None:
        raise MemberUnknown
    available = (await membership.spendable(tx, merchant_id, [member.shopper_id]))[member.shopper_id]
    settings = await membership.get_settings(tx, merchant_id)
    if not settings.redeem:
        return PointsOffer(available=available, points=0, worth_fen=0)
    found = membership.quote_points(settings, available, True, goods_fen=wish.goods_fen, total_fen=wish.goods_fen)
    return PointsOffer(available=available, points=found.used, worth_fen=found.used_fen)


async def park(tx: Tx, staff: StaffSession, shift_id: UUID, basket: Basket) -> UUID:
    """Keeps a basket at the store of one's own shift; nothing is held. Raises ShiftClosed, TooManyParked."""
    shift = await shifts.own_shift(tx, staff, shift_id, lock=True)
    await db_goods.forget_parked(tx, staff.merchant_id, shift.store_id, tx.now - rules.PARKED_LIFE)
    waiting = await db_goods.list_parked(tx, staff.merchant_id, shift.store_id, rules.MOST_PARKED)
    if len(waiting) >= rules.MOST_PARKED:
        raise TooManyParked(most=rules.MOST_PARKED)
    row = ParkedRow(
        parked_id=new_id(),
        store_id=shift.store_id,
        label=basket.label.strip(),
        member_no=basket.member_no or None,
        lines=basket.lines,
        total_fen=basket.total_fen,
        staff_id=staff.staff_id,
        parked_at=tx.now,
    )
    await db_goods.insert_parked(tx, staff.merchant_id, row)
    return row.parked_id


async def list_parked(tx: Tx, staff: StaffSession, shift_id: UUID) -> list[ParkedView]:
    """What waits at the store of a shift that one may see. Raises NotFound."""
    shift = await shifts.get_shift(tx, staff, shift_id)
    names = await views.names_of(tx, staff.merchant_id)
    return [
        ParkedView(
            parked_id=row.parked_id,
            label=row.label,
            member_no=row.member_no,
            total_fen=row.total_fen,
            pieces=sum(line.quantity for line in row.lines),
            staff_name=names.get(row.staff_id, ""),
            parked_at=row.parked_at,
        )
        for row in await db_goods.list_parked(tx, staff.merchant_id, shift.store_id, rules.MOST_PARKED)
    ]


async def resume(tx: Tx, staff: StaffSession, shift_id: UUID, parked_id: UUID) -> Resumed:
    """Takes a basket up again, at today's prices; it is not parked any more.

    Raises ShiftClosed, NotFound when another till of the store was faster.
    """
    shift = await shifts.own_shift(tx, staff, shift_id)
    row = await db_goods.take_parked(tx, staff.merchant_id, shift.store_id, parked_id)
    if row is None:
        raise NotFound
    items = await _items(tx, staff.merchant_id, shift.store_id, [line.sku_id for line in row.lines])
    by_id = {one.sku_id: one for one in items}
    member = await membership.find_by_number(tx, staff.merchant_id, row.member_no) if row.member_no else None
    return Resumed(
        label=row.label,
        member=(await _members(tx, [member]))[0] if member else None,
        lines=[ResumedLine(by_id[line.sku_id], line.quantity) for line in row.lines if line.sku_id in by_id],
        gone=sum(line.sku_id not in by_id for line in row.lines),
    )
