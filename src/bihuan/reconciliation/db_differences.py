"""SQL of differences."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, StaffId, new_id
from bihuan.reconciliation.db_match import Found
from bihuan.reconciliation.rules import Action, Resolution, State
from bihuan.reconciliation.schemas import DifferenceRow

_ROW = """merchant_id, difference_id, mchid, day, kind, subject, number, out_number, at, here_fen, there_fen,
  here_state, there_state, book_fen, action, record_id, purpose, reference_id, state, resolution, rule, note,
  staff_name, found_at, resolved_at"""


async def insert(
    tx: Tx, merchant_id: MerchantId, mchid: str, day: date, rows: Sequence[tuple[Found, Action, State]]
) -> int:
    """Puts differences into the queue; one that was ever there stays as it is. How many were new."""
    return await tx.execute(
        """insert into reconciliation_differences (merchant_id, mchid, day, found_at, difference_id, kind, subject,
             number, out_number, at, here_fen, there_fen, here_state, there_state, book_fen, record_id, purpose,
             reference_id, action, state)
           select $1, $2, $3, $4, f.* from unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
             $10::timestamptz[], $11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::bigint[], $16::uuid[],
             $17::text[], $18::uuid[], $19::text[], $20::text[]) as f
           on conflict do nothing""",
        merchant_id,
        mchid,
        day,
        tx.now,
        [new_id() for _ in rows],
        [f.kind for f, _, _ in rows],
        [f.subject for f, _, _ in rows],
        [f.number for f, _, _ in rows],
        [f.out_number for f, _, _ in rows],
        [f.at for f, _, _ in rows],
        [f.here_fen for f, _, _ in rows],
        [f.there_fen for f, _, _ in rows],
        [f.here_state for f, _, _ in rows],
        [f.there_state for f, _, _ in rows],
        [f.book_fen for f, _, _ in rows],
        [f.record_id for f, _, _ in rows],
        [f.purpose for f, _, _ in rows],
        [f.reference_id for f, _, _ in rows],
        [action for _, action, _ in rows],
        [state for _, _, state in rows],
    )


async def resolve_appeared(tx: Tx, merchant_id: MerchantId, mchid: str, day: date) -> int:
    """By rule: what was missing in an earlier bill stands in this day's, or in another's since. How many."""
    return await tx.execute(
        """update reconciliation_differences d set state = 'resolved', resolution = 'appeared', rule = 'next_bill',
             note = to_char(i.day, 'YYYY-MM-DD'), resolved_at = $4
           from reconciliation_items i
           where d.merchant_id = $1 and d.mchid = $2 and d.day <= $3 and d.kind = 'missing_there'
             and d.state <> 'resolved' and i.merchant_id = d.merchant_id and i.mchid = d.mchid
             and i.kind = d.subject and i.number = d.number and i.amount_fen = d.here_fen""",
        merchant_id,
        mchid,
        day,
        tx.now,
    )


async def open_waiting(tx: Tx, merchant_id: MerchantId, mchid: str, before: date) -> int:
    """What was to appear in the next day's bill and did not is for a person. How many."""
    return await tx.execute(
        """update reconciliation_differences set state = 'open'
           where merchant_id = $1 and mchid = $2 and day < $3 and state = 'waiting'""",
        merchant_id,
        mchid,
        before,
    )


async def list_agreeing(tx: Tx, merchant_id: MerchantId, mchid: str) -> list[UUID]:
    """Open differences that `payments_recorded` agrees with by now."""
    rows = await tx.fetch(
        """select d.difference_id from reconciliation_differences d
           join payments_recorded r on r.kind = d.subject and r.out_number = d.out_number
           where d.merchant_id = $1 and d.mchid = $2 and d.state <> 'resolved'
             and d.kind in ('missing_here', 'state') and (r.amount_fen = d.there_fen or d.subject = 'unfreeze')
             and ((d.subject = 'payment' and r.state = 'received' and r.number = d.number)
               or (d.subject = 'refund' and d.kind = 'missing_here')
               or (d.subject <> 'payment' and d.there_state = 'SUCCESS' and r.state = 'success'))""",
        merchant_id,
        mchid,
    )
    return [row["difference_id"] for row in rows]


async def list_to_ask_again(tx: Tx, limit: int) -> list[tuple[MerchantId, str, str, list[str]]]:
    """Unresolved differences that may agree by now: merchant, mchid, subject, our numbers."""
    rows = await tx.fetch(
        """select merchant_id, mchid, subject, array_agg(out_number) as numbers from (
             select merchant_id, mchid, subject, out_number from reconciliation_differences
             where state <> 'resolved' and kind in ('missing_here', 'state') and subject not in ('move', 'day')
             order by day desc, difference_id limit $1) d
           group by merchant_id, mchid, subject""",
        limit,
    )
    return [(row["merchant_id"], row["mchid"], row["subject"], row["numbers"]) for row in rows]


async def resolve_by_rule(
    tx: Tx, merchant_id: MerchantId, ids: Sequence[UUID], resolution: Resolution, rule: str, note: str
) -> int:
    """Resolves by a rule. How many were open."""
    return await tx.execute(
        """update reconciliation_differences set state = 'resolved', resolution = $3, rule = $4, note = $5,
             resolved_at = $6
           where merchant_id = $1 and difference_id = any($2) and state <> 'resolved'""",
        merchant_id,
        ids,
        resolution,
        rule,
        note,
        tx.now,
    )


async def resolve_by_person(
    tx: Tx, merchant_id: MerchantId, difference_id: UUID, resolution: Resolution, note: str, who: tuple[StaffId, str]
) -> bool:
    """Resolves by a person; False when it was resolved before."""
    return bool(
        await tx.execute(
            """update reconciliation_differences set state = 'resolved', resolution = $3, note = $4, staff_id = $5,
                 staff_name = $6, resolved_at = $7
               where merchant_id = $1 and difference_id = $2 and state <> 'resolved'""",
            merchant_id,
            difference_id,
            resolution,
            note,
            who[0],
            who[1],
            tx.now,
        )
    )


async def find(tx: Tx, merchant_id: MerchantId, difference_id: UUID) -> DifferenceRow | None:
    """A difference."""
    row = await tx.fetchrow(
        f"select {_ROW} from reconciliation_differences where merchant_id = $1 and difference_id = $2",  # noqa: S608
        merchant_id,
        difference_id,
    )
    return db.one_or_none(DifferenceRow, row)


async def lock(tx: Tx, merchant_id: MerchantId, difference_id: UUID) -> DifferenceRow | None:
    """A difference, locked."""
    row = await tx.fetchrow(
        f"select {_ROW} from reconciliation_differences where merchant_id = $1 and difference_id = $2 for update",  # noqa: S608
        merchant_id,
        difference_id,
    )
    return db.one_or_none(DifferenceRow, row)


async def list_page(
    tx: Tx,
    merchant_id: MerchantId | None,
    *,
    state: str | None,
    kind: str | None,
    day: date | None,
    before: tuple[date, UUID] | None,
    limit: int,
) -> list[DifferenceRow]:
    """The latest first; of every merchant without `merchant_id`. `state` "unresolved" is waiting or open."""
    rows = await tx.fetch(
        f"""select {_ROW} from reconciliation_differences
            where ($1::uuid is null or merchant_id = $1)
              and ($2::text is null or state = $2 or ($2 = 'unresolved' and state <> 'resolved'))
              and ($3::text is null or kind = $3) and ($4::date is null or day = $4)
              and ($5::date is null or (day, difference_id) < ($5, $6))
            order by day desc, difference_id desc limit $7""",  # noqa: S608 - names of columns
        merchant_id,
        state,
        kind,
        day,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return db.many(DifferenceRow, rows)
