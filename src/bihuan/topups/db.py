"""SQL of top-ups."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, ShopperId


class TopUp(msgspec.Struct, frozen=True, kw_only=True):
    """A top-up as it is stored."""

    topup_id: UUID
    shopper_id: ShopperId
    amount_fen: int
    gift_fen: int
    state: str
    returned_fen: int
    clawed_fen: int
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None


_TOPUP = """topup_id, shopper_id, amount_fen, gift_fen, state, returned_fen, clawed_fen, created_at, expires_at,
            paid_at"""


async def insert(
    tx: Tx,
    merchant_id: MerchantId,
    topup_id: UUID,
    shopper_id: ShopperId,
    amount_fen: int,
    gift_fen: int,
    expires_at: datetime,
) -> None:
    """A top-up that waits for its payment."""
    await tx.execute(
        """insert into wallet_topups (merchant_id, topup_id, shopper_id, amount_fen, gift_fen, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        merchant_id,
        topup_id,
        shopper_id,
        amount_fen,
        gift_fen,
        tx.now,
        expires_at,
    )


async def find(tx: Tx, merchant_id: MerchantId, topup_id: UUID, *, lock: bool = False) -> TopUp | None:
    """A top-up; locked when asked for."""
    row = await tx.fetchrow(
        f"""select {_TOPUP} from wallet_topups where merchant_id = $1 and topup_id = $2
            {"for no key update" if lock else ""}""",  # noqa: S608 - names of columns
        merchant_id,
        topup_id,
    )
    return db.one_or_none(TopUp, row)


async def lock_many(tx: Tx, merchant_id: MerchantId, topup_ids: Sequence[UUID]) -> dict[UUID, TopUp]:
    """Top-ups by id, locked in the order of their ids."""
    rows = await tx.fetch(
        f"""select {_TOPUP} from wallet_topups where merchant_id = $1 and topup_id = any($2)
            order by topup_id for no key update""",  # noqa: S608 - names of columns
        merchant_id,
        topup_ids,
    )
    return {row["topup_id"]: TopUp(**dict(row)) for row in rows}


async def set_paid(tx: Tx, merchant_id: MerchantId, topup_id: UUID) -> bool:
    """unpaid -> paid."""
    return bool(
        await tx.execute(
            """update wallet_topups set state = 'paid', paid_at = $3
               where merchant_id = $1 and topup_id = $2 and state = 'unpaid'""",
            merchant_id,
            topup_id,
            tx.now,
        )
    )


async def add_returned(tx: Tx, merchant_id: MerchantId, topup_id: UUID, returned_fen: int, clawed_fen: int) -> None:
    """Notes what was taken back of a (locked) top-up; all of it: paid -> refunded."""
    await tx.execute(
        """update wallet_topups set returned_fen = returned_fen + $3, clawed_fen = clawed_fen + $4,
             state = case when returned_fen + $3 = amount_fen then 'refunded' else state end
           where merchant_id = $1 and topup_id = $2 and state = 'paid'""",
        merchant_id,
        topup_id,
        returned_fen,
        clawed_fen,
    )


async def list_of(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, before: UUID | None, limit: int, *, paid_only: bool
) -> list[TopUp]:
    """A shopper's top-ups, newest first."""
    rows = await tx.fetch(
        f"""select {_TOPUP} from wallet_topups
            where merchant_id = $1 and shopper_id = $2 and ($3::uuid is null or topup_id < $3)
              and (not $5 or state <> 'unpaid')
            order by topup_id desc limit $4""",  # noqa: S608 - names of columns
        merchant_id,
        shopper_id,
        before,
        limit,
        paid_only,
    )
    return db.many(TopUp, rows)


async def move_shopper(tx: Tx, merchant_id: MerchantId, former_id: ShopperId, shopper_id: ShopperId) -> None:
    """Two shoppers were one person."""
    await tx.execute(
        "update wallet_topups set shopper_id = $3 where merchant_id = $1 and shopper_id = $2",
        merchant_id,
        former_id,
        shopper_id,
    )
