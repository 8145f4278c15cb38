"""After-sale's SQL: cases, lines, pieces, events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from bihuan.aftersale.rules import Kind, PricedPiece, State
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LineId, MerchantId, OrderId, PoolId, ProductId, ShopperId, SkuId, StaffId, new_id


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A case."""

    merchant_id: MerchantId
    case_id: UUID
    case_no: str
    order_id: OrderId
    order_no: str
    shopper_id: ShopperId
    kind: Kind
    state: State
    waiting_for: str | None
    reason: str
    explanation: str
    pictures: list[str]
    received_goods: bool
    most_fen: int
    asked_fen: int
    proposed_fen: int | None
    agreed_fen: int | None
    refuse_reason: str | None
    return_address: dict[str, str] | None
    return_company: str | None
    return_no: str | None
    exchange_company: str | None
    exchange_no: str | None
    dispute: str | None
    dispute_at: datetime | None
    due_at: datetime | None
    created_at: datetime
    agreed_at: datetime | None
    sent_at: datetime | None
    received_at: datetime | None
    decided_at: datetime | None
    ended_at: datetime | None


class CaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a case with the price of each of its pieces."""

    case_id: UUID
    line_id: LineId
    product_id: ProductId
    sku_id: SkuId
    title: str
    option_values: list[str]
    image_url: str | None
    quantity: int
    pieces: list[PricedPiece]
    received_quantity: int | None
    sellable_quantity: int | None
    exchange_sku_id: SkuId | None
    exchange_title: str | None
    exchange_pool_id: PoolId | None


class ClaimedPiece(msgspec.Struct, frozen=True):
    """A piece that a case claims, or that was exchanged: then with the hold that it came from.

    `decided`: the case was, so that the order counts the piece as refunded.
    """

    line_id: LineId
    piece: int
    case_id: UUID | None
    hold_reference: UUID | None
    pool_id: PoolId | None
    decided: bool = False


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a case."""

    case_id: UUID
    actor: str
    staff_id: StaffId | None
    step: str
    note: str
    pictures: list[str]
    amount_fen: int | None
    happened_at: datetime


CASE = ", ".join(f.name for f in msgspec.structs.fields(CaseRow))
_LINE = ", ".join(f.name for f in msgspec.structs.fields(CaseLine))


async def insert_case(tx: Tx, case: CaseRow, lines: Sequence[CaseLine]) -> None:
    """Writes a case with its lines."""
    fields = msgspec.structs.asdict(case)
    places = ", ".join(f"${place}" for place in range(1, len(fields) + 1))
    await tx.execute(f"insert into aftersale_cases ({CASE}) values ({places})", *fields.values())  # noqa: S608
    await tx.executemany(
        f"""insert into aftersale_lines (merchant_id, {_LINE})
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)""",  # noqa: S608
        [
            (case.merchant_id, *(msgspec.to_builtins(v) if k == "pieces" else v for k, v in _fields(line)))
            for line in lines
        ],
    )


def _fields(line: CaseLine) -> list[tuple[str, Any]]:
    return list(msgspec.structs.asdict(line).items())


async def find_case(tx: Tx, merchant_id: MerchantId, case_id: UUID, *, lock: bool = False) -> CaseRow | None:
    """One case; with `lock`, its row is held until the transaction ends."""
    row = await tx.fetchrow(
        f"""select {CASE} from aftersale_cases where merchant_id = $1 and case_id = $2
            {"for no key update" if lock else ""}""",  # noqa: S608
        merchant_id,
        case_id,
    )
    return db.one_or_none(CaseRow, row)


async def list_lines(tx: Tx, merchant_id: MerchantId, case_ids: Sequence[UUID]) -> list[CaseLine]:
    """The lines of cases."""
    rows = await tx.fetch(
        f"""select {_LINE} from aftersale_lines where merchant_id = $1 and case_id = any($2)
            order by case_id, line_id""",  # noqa: S608
        merchant_id,
        case_ids,
    )
    return db.many(CaseLine, rows)


async def change(tx: Tx, case: CaseRow, **changes: Any) -> CaseRow:
    """Changes columns of a case whose row is held; returns it as it is then.

    Raises RuntimeError when the case is no longer in the state in which it was read.
    """
    names = list(changes)
    places = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, 4))
    touched = await tx.execute(
        f"update aftersale_cases set {places} where merchant_id = $1 and case_id = $2 and state = $3",  # noqa: S608
        case.merchant_id,
        case.case_id,
        case.state,
        *(changes[name] for name in names),
    )
    if touched != 1:
        raise RuntimeError("a case changed under its lock")
    return msgspec.structs.replace(case, **changes)


async def set_inspected(
    tx: Tx, merchant_id: MerchantId, case_id: UUID, counts: Mapping[LineId, tuple[int, int]]
) -> None:
    """What came back of each line, and what of it can be sold again."""
    await tx.execute(
        """update aftersale_lines l set received_quantity = w.received, sellable_quantity = w.sellable
           from unnest($3::uuid[], $4::int[], $5::int[]) as w (line_id, received, sellable)
           where l.merchant_id = $1 and l.case_id = $2 and l.line_id = w.line_id""",
        merchant_id,
        case_id,
        list(counts),
        [received for received, _ in counts.values()],
        [sellable for _, sellable in counts.values()],
    )


async def set_exchange_pools(tx: Tx, merchant_id: MerchantId, case_id: UUID, pools: Mapping[LineId, PoolId]) -> None:
    """Where the goods of an exchange are held."""
    await tx.execute(
        """update aftersale_lines l set exchange_pool_id = w.pool_id
           from unnest($3::uuid[], $4::uuid[]) as w (line_id, pool_id)
           where l.merchant_id = $1 and l.case_id = $2 and l.line_id = w.line_id""",
        merchant_id,
        case_id,
        list(pools),
        list(pools.values()),
    )


async def list_pieces(tx: Tx, merchant_id: MerchantId, order_id: OrderId) -> list[ClaimedPiece]:
    """The pieces of an order that are claimed or were exchanged."""
    rows = await tx.fetch(
        """select p.line_id, p.piece, p.case_id, p.hold_reference, p.pool_id,
             coalesce(c.decided_at is not null and c.kind <> 'exchange', false) as decided
           from aftersale_pieces p
           left join aftersale_cases c on c.merchant_id = p.merchant_id and c.case_id = p.case_id
           where p.merchant_id = $1 and p.order_id = $2 order by p.line_id, p.piece""",
        merchant_id,
        order_id,
    )
    return db.many(ClaimedPiece, rows)


async def claim(
    tx: Tx, merchant_id: MerchantId, order_id: OrderId, case_id: UUID, pieces: Sequence[tuple[LineId, int]]
) -> int:
    """Claims free pieces for a case; returns how many were free."""
    return await tx.execute(
        """insert into aftersale_pieces (merchant_id, order_id, line_id, piece, case_id)
           select $1, $2, w.line_id, w.piece, $3 from unnest($4::uuid[], $5::int[]) as w (line_id, piece)
           on conflict (merchant_id, order_id, line_id, piece) do update set case_id = excluded.case_id
             where aftersale_pieces.case_id is null""",
        merchant_id,
        order_id,
        case_id,
        [line_id for line_id, _ in pieces],
        [piece for _, piece in pieces],
    )


async def let_go(tx: Tx, merchant_id: MerchantId, case_id: UUID, pieces: Sequence[tuple[LineId, int]]) -> None:
    """Pieces that a case claims no longer; of exchanged ones it is remembered where they came from."""
    await tx.execute(
        """with wanted as (select * from unnest($3::uuid[], $4::int[]) as w (line_id, piece)),
           freed as (
             update aftersale_pieces p set case_id = null from wanted w
             where p.merchant_id = $1 and p.case_id = $2 and p.line_id = w.line_id and p.piece = w.piece
               and p.hold_reference is not null)
           delete from aftersale_pieces p using wanted w
           where p.merchant_id = $1 and p.case_id = $2 and p.line_id = w.line_id and p.piece = w.piece
             and p.hold_reference is null""",
        merchant_id,
        case_id,
        [line_id for line_id, _ in pieces],
        [piece for _, piece in pieces],
    )


async def set_exchanged(
    tx: Tx, merchant_id: MerchantId, case_id: UUID, pieces: Sequence[tuple[LineId, int, PoolId]]
) -> None:
    """Pieces whose place another one took, from the hold that bears the case's id; they may be claimed again."""
    await tx.execute(
        """update aftersale_pieces p set case_id = null, hold_reference = $2, pool_id = w.pool_id
           from unnest($3::uuid[], $4::int[], $5::uuid[]) as w (line_id, piece, pool_id)
           where p.merchant_id = $1 and p.case_id = $2 and p.line_id = w.line_id and p.piece = w.piece""",
        merchant_id,
        case_id,
        [line_id for line_id, _, _ in pieces],
        [piece for _, piece, _ in pieces],
        [pool_id for _, _, pool_id in pieces],
    )


async def insert_event(tx: Tx, merchant_id: MerchantId, event: EventRow) -> None:
    """Adds to the story of a case."""
    await tx.execute(
        """insert into aftersale_events (merchant_id, event_id, case_id, actor, staff_id, step, note, pictures,
             amount_fen, happened_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        merchant_id,
        new_id(),
        event.case_id,
        event.actor,
        event.staff_id,
        event.step,
        event.note,
        event.pictures,
        event.amount_fen,
        event.happened_at,
    )


async def list_events(tx: Tx, merchant_id: MerchantId, case_id: UUID) -> list[EventRow]:
    """The story of a case, from its beginning."""
    rows = await tx.fetch(
        """select case_id, actor, staff_id, step, note, pictures, amount_fen, happened_at from aftersale_events
           where merchant_id = $1 and case_id = $2 order by event_id limit 500""",
        merchant_id,
        case_id,
    )
    return db.many(EventRow, rows)
