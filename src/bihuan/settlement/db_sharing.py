"""SQL of profit sharing: an order's sharing, its numbers at WeChat, returns, receivers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId


class Sharing(msgspec.Struct, frozen=True, kw_only=True):
    """The sharing of one order's money at WeChat."""

    merchant_id: MerchantId
    order_id: OrderId
    order_no: str
    mchid: str
    appid: str
    receiver: str
    transaction_id: str
    paid_fen: int
    paid_at: datetime
    ends_at: datetime
    state: str
    shared_fen: int
    returned_fen: int
    due_at: datetime | None
    tries: int
    error: str | None
    warned_at: datetime | None
    updated_at: datetime


class SharingOrderRow(msgspec.Struct, frozen=True):
    """A number at WeChat: a share for the platform, or the unfreezing of the rest."""

    sharing_order_id: UUID
    order_id: OrderId
    kind: str
    amount_fen: int
    returned_fen: int
    state: str
    error: str | None
    created_at: datetime
    ended_at: datetime | None

    @property
    def number(self) -> str:
        """Its out_order_no."""
        return self.sharing_order_id.hex


_SHARING = ", ".join(f.name for f in msgspec.structs.fields(Sharing))
_ORDER = ", ".join(f.name for f in msgspec.structs.fields(SharingOrderRow))


async def insert(tx: Tx, merchant_id: MerchantId, rows: Sequence[Sharing]) -> None:
    """New sharings; those that are there stay."""
    await tx.execute(
        """insert into sharings (merchant_id, order_id, order_no, mchid, appid, receiver, transaction_id, paid_fen,
             paid_at, ends_at, due_at, updated_at)
           select $1, s.*, $12 from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::bigint[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[]) as s
           on conflict do nothing""",
        merchant_id,
        [row.order_id for row in rows],
        [row.order_no for row in rows],
        [row.mchid for row in rows],
        [row.appid for row in rows],
        [row.receiver for row in rows],
        [row.transaction_id for row in rows],
        [row.paid_fen for row in rows],
        [row.paid_at for row in rows],
        [row.ends_at for row in rows],
        [row.due_at for row in rows],
        tx.now,
    )


async def claim_due(tx: Tx, lease_until: datetime, limit: int) -> list[Sharing]:
    """Takes sharings whose time has come, and keeps other workers off them until `lease_until`."""
    rows = await tx.fetch(
        f"""with due as (
              select merchant_id, order_id from sharings where due_at <= $1 order by due_at limit $3
              for update skip locked)
            update sharings s set due_at = $2, tries = s.tries + 1 from due
            where s.merchant_id = due.merchant_id and s.order_id = due.order_id
            returning {", ".join(f"s.{name}" for name in _SHARING.split(", "))}""",  # noqa: S608 - names of columns
        tx.now,
        lease_until,
        limit,
    )
    return db.many(Sharing, rows)


async def find(tx: Tx, merchant_id: MerchantId, order_id: UUID, *, lock: bool = False) -> Sharing | None:
    """An order's sharing; with `lock`, held until the transaction ends."""
    row = await tx.fetchrow(
        f"""select {_SHARING} from sharings
            where merchant_id = $1 and order_id = $2{" for no key update" if lock else ""}""",  # noqa: S608
        merchant_id,
        order_id,
    )
    return db.one_or_none(Sharing, row)


async def set_state(
    tx: Tx, row: Sharing, to: str, due_at: datetime | None, error: str | None = None, *, again: bool = False
) -> None:
    """Moves a (locked) sharing. `again`: the same step once more, so its tries go on counting."""
    await tx.execute(
        """update sharings set state = $3, due_at = $4, error = $5, tries = case when $6 then tries else 0 end,
             updated_at = $7 where merchant_id = $1 and order_id = $2""",
        row.merchant_id,
        row.order_id,
        to,
        due_at,
        error[:500] if error else None,
        again,
        tx.now,
    )


async def add_shared(tx: Tx, row: Sharing, shared_fen: int, returned_fen: int) -> None:
    """Money reached the platform, or came back from it."""
    await tx.execute(
        """update sharings set shared_fen = shared_fen + $3, returned_fen = returned_fen + $4, updated_at = $5
           where merchant_id = $1 and order_id = $2""",
        row.merchant_id,
        row.order_id,
        shared_fen,
        returned_fen,
        tx.now,
    )


async def complete(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[UUID], after_seconds: float) -> None:
    """Orders are completed: what waits is shared now, or so long after its payment."""
    await tx.execute(
        """update sharings set due_at = least(due_at, greatest($3, paid_at + make_interval(secs => $4)))
           where merchant_id = $1 and order_id = any($2) and state = 'waiting' and due_at is not null""",
        merchant_id,
        order_ids,
        tx.now,
        after_seconds,
    )


async def hurry(tx: Tx, merchant_id: MerchantId, order_id: UUID) -> None:
    """Looks at a sharing now: a refund waits for what is under way."""
    await tx.execute(
        """update sharings set due_at = least(due_at, $3) where merchant_id = $1 and order_id = $2
             and due_at is not null and state in ('sharing', 'unfreezing')""",
        merchant_id,
        order_id,
        tx.now,
    )


async def list_sharings(
    tx: Tx, merchant_id: MerchantId, state: str | None, before: UUID | None, limit: int
) -> list[Sharing]:
    """A merchant's sharings, of the newest orders first."""
    condition = "merchant_id = $1 and ($2::text is null or state = $2) and ($3::uuid is null or order_id < $3)"
    rows = await tx.fetch(
        f"select {_SHARING} from sharings where {condition} order by order_id desc limit $4",  # noqa: S608
        merchant_id,
        state,
        before,
        limit,
    )
    return db.many(Sharing, rows)


async def list_troubled(tx: Tx, limit: int) -> list[Sharing]:
    """Sharings of all merchants that wait for a person, or whose end is near; the oldest first."""
    rows = await tx.fetch(
        f"""select {_SHARING} from sharings where state in ('failed', 'waiting', 'sharing')
              and (state = 'failed' or warned_at is not null)
            order by ends_at limit $1""",  # noqa: S608 - names of columns
        limit,
    )
    return db.many(Sharing, rows)


async def warn_ending(tx: Tx, before: datetime, limit: int) -> list[Sharing]:
    """Marks sharings whose end comes before a time; each once."""
    rows = await tx.fetch(
        f"""update sharings s set warned_at = $1 from (
              select merchant_id, order_id from sharings
              where ends_at <= $2 and state in ('waiting', 'sharing', 'failed') and warned_at is null
              order by ends_at limit $3 for update skip locked) e
            where s.merchant_id = e.merchant_id and s.order_id = e.order_id
            returning {", ".join(f"s.{name}" for name in _SHARING.split(", "))}""",  # noqa: S608 - names of columns
        tx.now,
        before,
        limit,
    )
    return db.many(Sharing, rows)


async def list_ended(tx: Tx, limit: int) -> list[tuple[MerchantId, OrderId]]:
    """Failed or waiting sharings whose thirty days are over."""
    rows = await tx.fetch(
        """select merchant_id, order_id from sharings
           where ends_at <= $1 and state in ('waiting', 'failed') order by ends_at limit $2""",
        tx.now,
        limit,
    )
    return [(MerchantId(row["merchant_id"]), OrderId(row["order_id"])) for row in rows]


# -- numbers at WeChat --------------------------------------------------------------------------------


async def list_orders(tx: Tx, merchant_id: MerchantId, order_id: UUID) -> list[SharingOrderRow]:
    """The numbers of an order's sharing, oldest first."""
    rows = await tx.fetch(
        f"""select {_ORDER} from sharing_orders where merchant_id = $1 and order_id = $2
            order by sharing_order_id""",  # noqa: S608 - names of columns
        merchant_id,
        order_id,
    )
    return db.many(SharingOrderRow, rows)


async def insert_order(tx: Tx, row: Sharing, sharing_order_id: UUID, kind: str, amount_fen: int) -> None:
    """The intent to share or unfreeze."""
    await tx.execute(
        """insert into sharing_orders (merchant_id, sharing_order_id, order_id, kind, amount_fen, created_at)
           values ($1, $2, $3, $4, $5, $6)""",
        row.merchant_id,
        sharing_order_id,
        row.order_id,
        kind,
        amount_fen,
        tx.now,
    )


async def end_order(tx: Tx, merchant_id: MerchantId, sharing_order_id: UUID, to: str, error: str | None) -> bool:
    """asked, processing -> success or closed (or asked -> processing); False when it has moved on."""
    ended = to in ("success", "closed")
    return bool(
        await tx.execute(
            """update sharing_orders set state = $3, error = $4, ended_at = case when $5 then $6::timestamptz end
               where merchant_id = $1 and sharing_order_id = $2 and state in ('asked', 'processing')""",
            merchant_id,
            sharing_order_id,
            to,
            error[:500] if error else None,
            ended,
            tx.now,
        )
    )


# -- receivers ----------------------------------------------------------------------------------------


async def is_registered(tx: Tx, merchant_id: MerchantId, mchid: str, receiver: str, name: str) -> bool:
    """Whether WeChat knows the receiver under this name."""
    return await tx.fetchval(
        """select exists (select from sharing_receivers
                          where merchant_id = $1 and mchid = $2 and receiver = $3 and name = $4)""",
        merchant_id,
        mchid,
        receiver,
        name,
    )


async def set_registered(tx: Tx, merchant_id: MerchantId, mchid: str, receiver: str, name: str) -> None:
    """WeChat took the receiver."""
    await tx.execute(
        """insert into sharing_receivers (merchant_id, mchid, receiver, name, registered_at)
           values ($1, $2, $3, $4, $5)
           on conflict (merchant_id, mchid, receiver) do update set name = excluded.name,
             registered_at = excluded.registered_at""",
        merchant_id,
        mchid,
        receiver,
        name,
        tx.now,
    )


async def forget_receiver(tx: Tx, merchant_id: MerchantId, mchid: str) -> None:
    """The receiver is told to WeChat again before the next share."""
    await tx.execute("delete from sharing_receivers where merchant_id = $1 and mchid = $2", merchant_id, mchid)
