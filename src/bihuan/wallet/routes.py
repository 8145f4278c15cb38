"""Routes of stored value: the shopper's own wallet, and the merchant's room."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody

from bihuan import identity
from bihuan.identity import ShopperSession
from bihuan.kernel import paging
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.http import access
from bihuan.kernel.ids import ShopperId
from bihuan.kernel.money import yuan
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.staff import StaffSession
from bihuan.wallet import codes, db, service
from bihuan.wallet.codes import Code
from bihuan.wallet.db import Entry, Wallet
from bihuan.wallet.rules import Settings
from bihuan.wallet.schemas import EntryOut, FreezeInput, Summary, WalletOut, WalletRow

MOST_EXPORTED = 50_000


@get("/api/shop/{m:str}/wallet", opt=access("shopper"))
async def show_wallet(rt: Runtime, merchant: Merchant, shopper: ShopperSession) -> WalletOut:
    """The shopper's wallet (empty before her first top-up) and how it works here."""
    async with rt.db.session() as tx:
        found = await service.find(tx, merchant.merchant_id, shopper.shopper_id)
        settings = await service.get_settings(tx, merchant.merchant_id)
    return WalletOut(
        enabled=settings.enabled,
        principal_fen=found.principal_fen if found else 0,
        gift_fen=found.gift_fen if found else 0,
        held_fen=found.balance_fen - sum(found.free) if found else 0,
        available_fen=sum(found.free) if found and not found.frozen_at else 0,
        frozen=bool(found and found.frozen_at),
        frozen_reason=found.frozen_reason if found else None,
        spend_order=settings.spend_order,
        least_fen=settings.least_fen,
        most_fen=settings.most_fen,
        gift_rules=settings.gift_rules,
    )


@get("/api/shop/{m:str}/wallet/entries", opt=access("shopper"))
async def list_own_entries(
    rt: Runtime, merchant: Merchant, shopper: ShopperSession, limit: Limit = 20, cursor: Cursor = None
) -> Page[EntryOut]:
    """The shopper's statement, newest first."""
    before = paging.decode(cursor, tuple[UUID])
    async with rt.db.session() as tx:
        rows = await db.list_entries(
            tx, merchant.merchant_id, shopper.shopper_id, before[0] if before else None, limit + 1
        )
    return _page(rows, limit)


@post("/api/shop/{m:str}/wallet/codes", status_code=201, opt=access("shopper"))
async def show_code(rt: Runtime, merchant: Merchant, shopper: ShopperSession) -> Code:
    """A code to show at the till: good for minutes and for one payment. 409 `wallet_short`, `wallet_frozen`."""
    async with rt.db.transaction() as tx:
        return await codes.issue(tx, merchant.merchant_id, shopper.shopper_id)


@get("/api/merchant/wallets/summary", opt=access("staff:wallets.read"))
async def show_summary(rt: Runtime, staff: StaffSession) -> Summary:
    """All wallets together; the book's account `wallet_liability` is the same."""
    async with rt.db.session() as tx:
        totals = await db.totals(tx, staff.merchant_id)
    return Summary(
        wallets=totals.wallets,
        frozen=totals.frozen,
        principal_fen=totals.principal_fen,
        gift_fen=totals.gift_fen,
        held_fen=totals.held_fen,
        liability_fen=totals.principal_fen + totals.gift_fen,
    )


@get("/api/merchant/wallets", opt=access("staff:wallets.read"))
async def list_wallets(rt: Runtime, staff: StaffSession, limit: Limit = 20, cursor: Cursor = None) -> Page[WalletRow]:
    """The wallets, the latest opened first."""
    after = paging.decode(cursor, tuple[datetime, UUID])
    async with rt.db.session() as tx:
        found = await db.list_wallets(tx, staff.merchant_id, after, limit + 1)
        people = await identity.list_shoppers(tx, [one.shopper_id for one in found[:limit]])
    last = found[limit - 1] if len(found) > limit else None
    rows = [_row(one, people[one.shopper_id].nickname if one.shopper_id in people else None) for one in found[:limit]]
    return Page(rows, paging.encode(last.opened_at.isoformat(), str(last.shopper_id)) if last else None)


@get("/api/merchant/wallets/{shopper_id:uuid}", opt=access("staff:wallets.read"))
async def get_wallet(rt: Runtime, staff: StaffSession, shopper_id: FromPath[UUID]) -> WalletRow:
    """One wallet."""
    async with rt.db.session() as tx:
        return await _read(tx, staff, ShopperId(shopper_id))


@get("/api/merchant/wallets/{shopper_id:uuid}/entries", opt=access("staff:wallets.read"))
async def list_wallet_entries(
    rt: Runtime, staff: StaffSession, shopper_id: FromPath[UUID], limit: Limit = 20, cursor: Cursor = None
) -> Page[EntryOut]:
    """A wallet's statement, newest first."""
    before = paging.decode(cursor, tuple[UUID])
    async with rt.db.session() as tx:
        if await service.find(tx, staff.merchant_id, ShopperId(shopper_id)) is None:
            raise NotFound
        rows = await db.list_entries(
            tx, staff.merchant_id, ShopperId(shopper_id), before[0] if before else None, limit + 1
        )
    return _page(rows, limit)


@post("/api/merchant/wallets/{shopper_id:uuid}/freeze", status_code=200, opt=access("staff:wallets.write"))
async def freeze_wallet(
    rt: Runtime, staff: StaffSession, shopper_id: FromPath[UUID], data: JSONBody[FreezeInput]
) -> WalletRow:
    """Stops a wallet: nothing is spent from it; refunds still go in."""
    async with rt.db.transaction() as tx:
        await service.freeze(tx, staff.merchant_id, ShopperId(shopper_id), data.reason)
        return await _read(tx, staff, ShopperId(shopper_id))


@post("/api/merchant/wallets/{shopper_id:uuid}/unfreeze", status_code=200, opt=access("staff:wallets.write"))
async def unfreeze_wallet(rt: Runtime, staff: StaffSession, shopper_id: FromPath[UUID]) -> WalletRow:
    """Lets a wallet go again."""
    async with rt.db.transaction() as tx:
        await service.unfreeze(tx, staff.merchant_id, ShopperId(shopper_id))
        return await _read(tx, staff, ShopperId(shopper_id))


@get("/api/merchant/wallet-settings", opt=access("staff:wallets.read"))
async def show_settings(rt: Runtime, staff: StaffSession) -> Settings:
    """How the merchant's wallets work."""
    async with rt.db.session() as tx:
        return await service.get_settings(tx, staff.merchant_id)


@put("/api/merchant/wallet-settings", opt=access("staff:wallets.write"))
async def write_settings(rt: Runtime, staff: StaffSession, data: JSONBody[Settings]) -> Settings:
    """Writes them; what is in wallets stays spendable when top-ups are switched off."""
    async with rt.db.transaction() as tx:
        return await service.save_settings(tx, staff.merchant_id, data)


@get("/api/merchant/wallet-statement", opt=access("staff:wallets.read"))
async def export_statement(rt: Runtime, staff: StaffSession) -> Response[bytes]:
    """Every movement of every wallet as CSV (UTF-8 with BOM, amounts in yuan), newest first, at most 50,000 rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["时间 UTC", "顾客", "摘要", "类型", "本金", "赠金", "余额", "编号"])
    async with rt.db.transaction(readonly=True) as tx:
        for e in await db.list_entries(tx, staff.merchant_id, None, None, MOST_EXPORTED):
            moment = e.occurred_at.strftime("%Y-%m-%d %H:%M:%S")
            amounts = [yuan(e.principal_fen), yuan(e.gift_fen), yuan(e.balance_fen)]
            writer.writerow([moment, e.shopper_id, e.description, e.source, *amounts, e.entry_id])
    return Response(
        out.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="wallet-statement.csv"'},
    )


async def _read(tx: Tx, staff: StaffSession, shopper_id: ShopperId) -> WalletRow:
    found = await service.find(tx, staff.merchant_id, shopper_id)
    if found is None:
        raise NotFound
    people = await identity.list_shoppers(tx, [shopper_id])
    return _row(found, people[shopper_id].nickname if shopper_id in people else None)


def _row(one: Wallet, nickname: str | None) -> WalletRow:
    return WalletRow(
        shopper_id=one.shopper_id,
        nickname=nickname,
        principal_fen=one.principal_fen,
        gift_fen=one.gift_fen,
        held_fen=one.balance_fen - sum(one.free),
        frozen_at=one.frozen_at,
        frozen_reason=one.frozen_reason,
        opened_at=one.opened_at,
    )


def _page(rows: Sequence[Entry], limit: int) -> Page[EntryOut]:
    shown = [EntryOut(**{name: getattr(row, name) for name in row.__struct_fields__}) for row in rows[:limit]]
    return Page(shown, paging.encode(str(rows[limit - 1].entry_id)) if len(rows) > limit else None)


ROUTES: tuple[Any, ...] = (
    show_wallet,
    list_own_entries,
    show_code,
    show_summary,
    list_wallets,
    get_wallet,
    list_wallet_entries,
    freeze_wallet,
    unfreeze_wallet,
    show_settings,
    write_settings,
    export_statement,
)
