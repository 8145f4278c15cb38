"""Cards with points for shoppers of a test's shop, and what must hold of them."""

import contextlib
from datetime import timedelta
from typing import Any

import httpx

from bihuan import inventory, ledger, membership, orders, wallet
from bihuan.kernel import verification
from bihuan.kernel.ids import MerchantId, SkuId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.verification import Check
from bihuan.membership import PointsSettings, db
from bihuan.membership.db import Entry
from tests.shop import Buyer, Shop

Json = dict[str, Any]
TERMS = PointsSettings(redeem=True)
"""100 points are worth 1 yuan, spent by the hundred, for at most half of the goods."""


async def set_terms(shop: Shop, settings: PointsSettings = TERMS) -> None:
    """The shop's terms of points."""
    async with shop.rt.db.transaction() as tx:
        await membership.save_settings(tx, shop.merchant.merchant_id, settings)


async def give(buyer: Buyer, points: int, days_ago: int = 0) -> None:
    """Opens her card and earns points on it."""
    mid = buyer.shop.merchant.merchant_id
    async with buyer.shop.rt.db.transaction() as tx:
        if await membership.find_member(tx, mid, buyer.shopper_id) is None:
            await db.open_cards(tx, mid, [(buyer.shopper_id, tx.now)], "normal")
        card = await membership.find_member(tx, mid, buyer.shopper_id)
        assert card is not None
        entry = Entry(
            member_id=card.member_id,
            points=points,
            growth=0,
            source="order",
            source_id=new_id(),
            occurred_at=tx.now - timedelta(days=days_ago),
        )
        await db.add_entries(tx, mid, [entry])


async def ordered(http: httpx.AsyncClient, buyer: Buyer, wanted: list[tuple[SkuId, int]]) -> Json:
    """An order that its shopper pays for with as many points as may be; not paid yet."""
    delivery = {"method": "ship", "address_id": str(buyer.address_id)}
    lines = [{"sku_id": str(sku), "quantity": quantity} for sku, quantity in wanted]
    quoted = (await buyer.post(http, "/quote", {"lines": lines, "delivery": delivery, "use_points": True})).json()
    body = {
        "lines": [
            {"sku_id": line["sku_id"], "quantity": line["quantity"], "price_fen": line["unit_price_fen"]}
            for line in quoted["lines"]
        ],
        "delivery": delivery,
        "total_fen": quoted["total_fen"],
        "use_points": quoted["points"]["used"],
    }
    placed = await buyer.place(http, body)
    assert placed.status_code == 201, placed.text
    return placed.json()


async def places(buyer: Buyer) -> tuple[int, int, int]:
    """What of her points is available, held and redeemed."""
    async with buyer.shop.rt.db.session() as tx:
        row = await tx.fetchrow(
            """select coalesce(sum(l.available), 0)::int as a, coalesce(sum(l.held), 0)::int as h,
                      coalesce(sum(l.redeemed), 0)::int as r
               from members m join points_lots l on l.merchant_id = m.merchant_id and l.member_id = m.member_id
               where m.merchant_id = $1 and m.shopper_id = $2""",
            buyer.shop.merchant.merchant_id,
            buyer.shopper_id,
        )
    assert row is not None
    return row["a"], row["h"], row["r"]


async def fill_wallet(buyer: Buyer, fen: int) -> None:
    """Stored value from elsewhere, so that she can pay without WeChat."""
    mid, source = buyer.shop.merchant.merchant_id, new_id()
    entries = [ledger.Entry("external_clearing", fen), ledger.Entry("wallet_liability", -fen)]
    async with buyer.shop.rt.db.transaction() as tx:
        await wallet.put_in(
            tx,
            mid,
            buyer.shopper_id,
            principal_fen=fen,
            gift_fen=0,
            source="topup",
            source_id=source,
            description="储值",
        )
        await ledger.post(tx, mid, [ledger.Transaction("test_topup", source, "储值", entries)])


async def balances(shop: Shop) -> dict[str, int]:
    """The book's accounts that are not zero."""
    async with shop.rt.db.session() as tx:
        return {a: b for a, b in (await ledger.balances(tx, shop.merchant.merchant_id)).items() if b}


async def holds(rt: Runtime, shop: Shop) -> None:
    """The invariants of cards, orders, stock and book on what is there of this shop."""
    mid = shop.merchant.merchant_id
    async with rt.db.transaction() as tx:
        checks = (*membership.CHECKS, *orders.CHECKS, *inventory.CHECKS, *ledger.CHECKS)
        findings = await verification.run(tx, checks)
        own: set[str] = {str(mid)}
        for column, table in (("member_id", "members"), ("lot_id", "points_lots"), ("reference_id", "points_holds")):
            rows: list[Any] = await tx.fetch(f"select {column} as id from {table} where merchant_id = $1", mid)
            own |= {str(row["id"]) for row in rows}
    wrong = [(f.name, one) for f in findings for one in f.offenders if one.split()[0].split("/")[0] in own]
    assert wrong == []


class _UndoneError(Exception):
    pass


async def found_after(rt: Runtime, check: Check, sql: str, shop_id: MerchantId) -> list[str]:
    """What a proof finds of it once `sql` ($1: the merchant) tampered with the data; nothing of that stays."""
    found: list[str] = []
    with contextlib.suppress(_UndoneError):
        async with rt.db.transaction() as tx:
            (before,) = await verification.run(tx, [check])
            assert await tx.execute(sql, shop_id)
            (after,) = await verification.run(tx, [check])
            found = [one for one in after.offenders if one not in before.offenders]
            raise _UndoneError
    return found
