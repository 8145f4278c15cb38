"""SQL of wallets."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, ShopperId, new_id
from bihuan.wallet.rules import Settings


class Wallet(msgspec.Struct, frozen=True, kw_only=True):
    """A shopper's stored value; held parts are set aside for payments under way."""

    shopper_id: ShopperId
    principal_fen: int
    gift_fen: int
    held_principal_fen: int
    held_gift_fen: int
    frozen_at: datetime | None
    frozen_reason: str | None
    opened_at: datetime

    @property
    def balance_fen(self) -> int:
        """All that is hers."""
        return self.principal_fen + self.gift_fen

    @property
    def free(self) -> tuple[int, int]:
        """Principal and gift that no payment has set aside."""
        return self.principal_fen - self.held_principal_fen, self.gift_fen - self.held_gift_fen


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment set aside; `back_*` is what refunds gave back."""

    hold_id: UUID
    shopper_id: ShopperId
    principal_fen: int
    gift_fen: int
    state: str
    back_principal_fen: int
    back_gift_fen: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A movement of a wallet, with the balance after it."""

    entry_id: UUID
    shopper_id: ShopperId
    principal_fen: int
    gift_fen: int
    balance_fen: int
    source: str
    source_id: UUID
    description: str
    occurred_at: datetime


WALLET = """shopper_id, principal_fen, gift_fen, held_principal_fen, held_gift_fen, frozen_at, frozen_reason,
            opened_at"""
_HOLD = "hold_id, shopper_id, principal_fen, gift_fen, state, back_principal_fen, back_gift_fen"
_ENTRY = "entry_id, shopper_id, principal_fen, gift_fen, balance_fen, source, source_id, description, occurred_at"


async def find(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, *, lock: bool = False) -> Wallet | None:
    """A wallet; locked when asked for."""
    row = await tx.fetchrow(
        f"""select {WALLET} from wallets where merchant_id = $1 and shopper_id = $2
            {"for no key update" if lock else ""}""",  # noqa: S608 - names of columns
        merchant_id,
        shopper_id,
    )
    return db.one_or_none(Wallet, row)


async def open_wallet(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId) -> None:
    """An empty wallet where there is none."""
    await tx.execute(
        "insert into wallets (merchant_id, shopper_id, opened_at) values ($1, $2, $3) on conflict do nothing",
        merchant_id,
        shopper_id,
        tx.now,
    )


async def insert_hold(
    tx: Tx, merchant_id: MerchantId, hold_id: UUID, shopper_id: ShopperId, principal_fen: int, gift_fen: int
) -> None:
    """Sets parts of a (locked) wallet aside."""
    await tx.execute(
        """with held as (
             update wallets set held_principal_fen = held_principal_fen + $4, held_gift_fen = held_gift_fen + $5
             where merchant_id = $1 and shopper_id = $3
           )
           insert into wallet_holds (merchant_id, hold_id, shopper_id, principal_fen, gift_fen, created_at)
           values ($1, $2, $3, $4, $5, $6)""",
        merchant_id,
        hold_id,
        shopper_id,
        principal_fen,
        gift_fen,
        tx.now,
    )


async def find_hold(tx: Tx, merchant_id: MerchantId, hold_id: UUID) -> Hold | None:
    """A hold as it stands; lock its wallet before deciding by it."""
    row = await tx.fetchrow(
        f"select {_HOLD} from wallet_holds where merchant_id = $1 and hold_id = $2",  # noqa: S608 - names of columns
        merchant_id,
        hold_id,
    )
    return db.one_or_none(Hold, row)


async def end_hold(tx: Tx, merchant_id: MerchantId, hold: Hold, to: str) -> bool:
    """held -> captured or released, under the wallet's lock; False when it was ended before."""
    return bool(
        await tx.fetchval(
            """with ended as (
                 update wallet_holds set state = $3, ended_at = $4
                 where merchant_id = $1 and hold_id = $2 and state = 'held' returning 1
               ), freed as (
                 update wallets set held_principal_fen = held_principal_fen - $6, held_gift_fen = held_gift_fen - $7
                 where merchant_id = $1 and shopper_id = $5 and exists (select from ended)
               )
               select count(*) from ended""",
            merchant_id,
            hold.hold_id,
            to,
            tx.now,
            hold.shopper_id,
            hold.principal_fen,
            hold.gift_fen,
        )
    )


async def add_back(tx: Tx, merchant_id: MerchantId, hold_id: UUID, principal_fen: int, gift_fen: int) -> None:
    """Notes what a refund gave back of a captured hold."""
    await tx.execute(
        """update wallet_holds set back_principal_fen = back_principal_fen + $3, back_gift_fen = back_gift_fen + $4
           where merchant_id = $1 and hold_id = $2 and state = 'captured'""",
        merchant_id,
        hold_id,
        principal_fen,
        gift_fen,
    )


async def move(
    tx: Tx,
    merchant_id: MerchantId,
    shopper_id: ShopperId,
    principal_fen: int,
    gift_fen: int,
    source: str,
    source_id: UUID,
    description: str,
) -> int:
    """Changes a (locked) wallet and writes the entry; returns the balance after it."""
    return await tx.fetchval(
        """with changed as (
             update wallets set principal_fen = principal_fen + $3, gift_fen = gift_fen + $4
             where merchant_id = $1 and shopper_id = $2 returning principal_fen + gift_fen as balance
           )
           insert into wallet_entries (merchant_id, entry_id, shopper_id, principal_fen, gift_fen, balance_fen, source,
             source_id, description, occurred_at)
           select $1, $5, $2, $3, $4, balance, $6, $7, $8, $9 from changed returning balance_fen""",
        merchant_id,
        shopper_id,
        principal_fen,
        gift_fen,
        new_id(),
        source,
        source_id,
        description[:200],
        tx.now,
    )


async def list_entries(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId | None, before: UUID | None, limit: int
) -> list[Entry]:
    """A statement, newest first, from below `before`; of all wallets without `shopper_id`."""
    if shopper_id is None:
        rows = await tx.fetch(
            f"""select {_ENTRY} from wallet_entries where merchant_id = $1 and ($2::uuid is null or entry_id < $2)
                order by entry_id desc limit $3""",  # noqa: S608 - names of columns
            merchant_id,
            before,
            limit,
        )
    else:
        rows = await tx.fetch(
            f"""select {_ENTRY} from wallet_entries
                where merchant_id = $1 and shopper_id = $4 and ($2::uuid is null or entry_id < $2)
                order by entry_id desc limit $3""",  # noqa: S608 - names of columns
            merchant_id,
            before,
            limit,
            shopper_id,
        )
    return db.many(Entry, rows)


async def list_wallets(
    tx: Tx, merchant_id: MerchantId, after: tuple[datetime, UUID] | None, limit: int
) -> list[Wallet]:
    """The wallets, the latest opened first."""
    rows = await tx.fetch(
        f"""select {WALLET} from wallets
            where merchant_id = $1 and ($2::timestamptz is null or (opened_at, shopper_id) < ($2, $3))
            order by opened_at desc, shopper_id desc limit $4""",  # noqa: S608 - names of columns
        merchant_id,
        *(after or (None, None)),
        limit,
    )
    return db.many(Wallet, rows)


class Totals(msgspec.Struct, frozen=True):
    """A merchant's wallets together."""

    wallets: int
    frozen: int
    principal_fen: int
    gift_fen: int
    held_fen: int


async def totals(tx: Tx, merchant_id: MerchantId) -> Totals:
    """What the merchant owes its shoppers in stored value."""
    rows = await tx.fetch(
        """select count(*)::int as wallets, count(frozen_at)::int as frozen,
                  coalesce(sum(principal_fen), 0)::bigint as principal_fen,
                  coalesce(sum(gift_fen), 0)::bigint as gift_fen,
                  coalesce(sum(held_principal_fen + held_gift_fen), 0)::bigint as held_fen
           from wallets where merchant_id = $1""",
        merchant_id,
    )
    return db.one(Totals, rows[0])


async def set_frozen(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, reason: str | None) -> bool:
    """Freezes with a reason, or lets go without one; False when there is no such wallet."""
    return bool(
        await tx.execute(
            """update wallets set frozen_reason = $3,
                 frozen_at = case when $3::text is null then null else coalesce(frozen_at, $4::timestamptz) end
               where merchant_id = $1 and shopper_id = $2""",
            merchant_id,
            shopper_id,
            reason,
            tx.now,
        )
    )


async def find_settings(tx: Tx, merchant_id: MerchantId) -> Settings | None:
    """The merchant's settings."""
    row = await tx.fetchrow(
        """select enabled, spend_order, least_fen, most_fen, gift_rules from wallet_settings
           where merchant_id = $1""",
        merchant_id,
    )
    return db.one_or_none(Settings, row)


async def write_settings(tx: Tx, merchant_id: MerchantId, settings: Settings) -> None:
    """Sets the merchant's settings."""
    await tx.execute(
        """insert into wallet_settings (merchant_id, enabled, spend_order, least_fen, most_fen, gift_rules, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (merchant_id) do update set enabled = excluded.enabled, spend_order = excluded.spend_order,
             least_fen = excluded.least_fen, most_fen = excluded.most_fen, gift_rules = excluded.gift_rules,
             updated_at = excluded.updated_at""",
        merchant_id,
        settings.enabled,
        settings.spend_order,
        settings.least_fen,
        settings.most_fen,
        msgspec.to_builtins(settings.gift_rules),
        tx.now,
    )


async def move_holds(tx: Tx, merchant_id: MerchantId, former_id: ShopperId, shopper_id: ShopperId) -> None:
    """Points the holds of one (locked) wallet at another, with what they hold."""
    await tx.execute(
        """with moved as (
             update wallet_holds set shopper_id = $3 where merchant_id = $1 and shopper_id = $2
             returning case when state = 'held' then principal_fen else 0 end as principal,
                       case when state = 'held' then gift_fen else 0 end as gift
           ), held as (select coalesce(sum(principal), 0) as principal, coalesce(sum(gift), 0) as gift from moved)
           update wallets w set
             held_principal_fen = held_principal_fen
               + case when shopper_id = $3 then h.principal else -h.principal end,
             held_gift_fen = held_gift_fen + case when shopper_id = $3 then h.gift else -h.gift end
           from held h where w.merchant_id = $1 and w.shopper_id in ($2, $3)""",
        merchant_id,
        former_id,
        shopper_id,
    )


async def holds_of(tx: Tx, merchant_id: MerchantId, hold_ids: Sequence[UUID]) -> list[Hold]:
    """Holds by their ids, in the order of their wallets."""
    rows = await tx.fetch(
        f"""select {_HOLD} from wallet_holds where merchant_id = $1 and hold_id = any($2)
            order by shopper_id, hold_id""",  # noqa: S608 - names of columns
        merchant_id,
        hold_ids,
    )
    return db.many(Hold, rows)
