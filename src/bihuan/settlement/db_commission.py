"""SQL of commissions: rules, turnover, what was charged and what went back."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.settlement.rules import LineCommission, Rule


class Commission(msgspec.Struct, frozen=True, kw_only=True):
    """An order's commission: charged, and gone back with refunds."""

    order_id: OrderId
    order_no: str
    paid_fen: int
    base_fen: int
    amount_fen: int
    refunded_fen: int
    returned_fen: int
    charged_at: datetime

    @property
    def net_fen(self) -> int:
        """What the platform keeps."""
        return self.amount_fen - self.returned_fen


_RULE = """rule_id, name, for_merchant_id, category, plan_code, percent_bp, per_line_fen, per_order_fen, tiers,
           priority, valid_from, valid_until"""
_COMMISSION = "order_id, order_no, paid_fen, base_fen, amount_fen, refunded_fen, returned_fen, charged_at"


async def list_rules(tx: Tx, platform_id: MerchantId, merchant_id: MerchantId | None = None) -> list[Rule]:
    """The platform's rules, ended ones too; those that can concern a merchant when one is given."""
    rows = await tx.fetch(
        f"""select {_RULE} from commission_rules
            where merchant_id = $1 and ($2::uuid is null or for_merchant_id is null or for_merchant_id = $2)
            order by priority desc, rule_id limit 1000""",  # noqa: S608 - names of columns
        platform_id,
        merchant_id,
    )
    return db.many(Rule, rows)


async def insert_rule(tx: Tx, platform_id: MerchantId, rule: Rule) -> None:
    """A new rule."""
    await tx.execute(
        f"""insert into commission_rules (merchant_id, {_RULE}, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)""",  # noqa: S608 - names of columns
        platform_id,
        rule.rule_id,
        rule.name,
        rule.for_merchant_id,
        rule.category,
        rule.plan_code,
        rule.percent_bp,
        rule.per_line_fen,
        rule.per_order_fen,
        [msgspec.structs.asdict(tier) for tier in rule.tiers],
        rule.priority,
        rule.valid_from,
        rule.valid_until,
        tx.now,
    )


async def end_rule(tx: Tx, platform_id: MerchantId, rule_id: UUID) -> Rule | None:
    """A rule charges nothing from now on; None for an unknown one. Ended before, it stays as it is."""
    row = await tx.fetchrow(
        f"""update commission_rules set valid_until = least(coalesce(valid_until, $3), greatest($3, valid_from))
            where merchant_id = $1 and rule_id = $2 returning {_RULE}""",  # noqa: S608 - names of columns
        platform_id,
        rule_id,
        tx.now,
    )
    return db.one_or_none(Rule, row)


async def lock_turnover(tx: Tx, merchant_id: MerchantId, month: date) -> int:
    """The month's turnover so far, locked: orders of one merchant are charged one after another."""
    return await tx.fetchval(
        """insert into commission_turnover (merchant_id, month, base_fen) values ($1, $2, 0)
           on conflict (merchant_id, month) do update set base_fen = commission_turnover.base_fen returning base_fen""",
        merchant_id,
        month,
    )


async def set_turnover(tx: Tx, merchant_id: MerchantId, month: date, base_fen: int) -> None:
    """What the (locked) turnover is now."""
    await tx.execute(
        "update commission_turnover set base_fen = $3 where merchant_id = $1 and month = $2",
        merchant_id,
        month,
        base_fen,
    )


async def list_charged(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> set[OrderId]:
    """Which of these orders are charged already."""
    rows = await tx.fetch(
        "select order_id from commissions where merchant_id = $1 and order_id = any($2)", merchant_id, order_ids
    )
    return {OrderId(row["order_id"]) for row in rows}


async def insert(
    tx: Tx, merchant_id: MerchantId, charged: Sequence[tuple[Commission, Sequence[LineCommission]]]
) -> None:
    """Writes commissions with their lines."""
    heads = [head for head, _ in charged]
    await tx.execute(
        """insert into commissions (merchant_id, order_id, order_no, paid_fen, base_fen, amount_fen, charged_at)
           select $1, c.* from unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
             $7::timestamptz[]) as c""",
        merchant_id,
        [head.order_id for head in heads],
        [head.order_no for head in heads],
        [head.paid_fen for head in heads],
        [head.base_fen for head in heads],
        [head.amount_fen for head in heads],
        [head.charged_at for head in heads],
    )
    lines = [(head.order_id, line) for head, of_order in charged for line in of_order]
    await tx.execute(
        """insert into commission_lines (merchant_id, order_id, line_id, title, rule_id, rule_name, percent_bp,
             fixed_fen, base_fen, amount_fen)
           select $1, l.* from unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::int[],
             $8::bigint[], $9::bigint[], $10::bigint[]) as l""",
        merchant_id,
        [order_id for order_id, _ in lines],
        [line.line_id for _, line in lines],
        [line.title for _, line in lines],
        [line.rule_id for _, line in lines],
        [line.rule_name for _, line in lines],
        [line.percent_bp for _, line in lines],
        [line.fixed_fen for _, line in lines],
        [line.base_fen for _, line in lines],
        [line.amount_fen for _, line in lines],
    )


async def find(tx: Tx, merchant_id: MerchantId, order_id: UUID, *, lock: bool = False) -> Commission | None:
    """An order's commission; with `lock`, held until the transaction ends."""
    row = await tx.fetchrow(
        f"""select {_COMMISSION} from commissions
            where merchant_id = $1 and order_id = $2{" for no key update" if lock else ""}""",  # noqa: S608
        merchant_id,
        order_id,
    )
    return db.one_or_none(Commission, row)


async def list_lines(tx: Tx, merchant_id: MerchantId, order_id: UUID) -> list[LineCommission]:
    """The commissions of an order's lines."""
    rows = await tx.fetch(
        """select line_id, title, rule_id, rule_name, percent_bp, fixed_fen, base_fen, amount_fen
           from commission_lines where merchant_id = $1 and order_id = $2 order by line_id""",
        merchant_id,
        order_id,
    )
    return db.many(LineCommission, rows)


class Returned(msgspec.Struct, frozen=True):
    """What one refund gave back."""

    decision_id: UUID
    refund_fen: int
    amount_fen: int
    returned_at: datetime


async def list_returns(tx: Tx, merchant_id: MerchantId, order_id: UUID) -> list[Returned]:
    """What refunds gave back of an order's commission, oldest first."""
    rows = await tx.fetch(
        """select decision_id, refund_fen, amount_fen, returned_at from commission_returns
           where merchant_id = $1 and order_id = $2 order by returned_at, decision_id""",
        merchant_id,
        order_id,
    )
    return db.many(Returned, rows)


async def insert_return(
    tx: Tx, merchant_id: MerchantId, decision_id: UUID, order_id: OrderId, refund_fen: int, amount_fen: int
) -> bool:
    """Writes what a refund gives back, and adds it to the (locked) commission; False when it was written before."""
    new = await tx.fetchval(
        """insert into commission_returns (merchant_id, decision_id, order_id, refund_fen, amount_fen, returned_at)
           values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning true""",
        merchant_id,
        decision_id,
        order_id,
        refund_fen,
        amount_fen,
        tx.now,
    )
    if new:
        await tx.execute(
            """update commissions set refunded_fen = least(refunded_fen + $3, paid_fen),
                 returned_fen = returned_fen + $4
               where merchant_id = $1 and order_id = $2""",
            merchant_id,
            order_id,
            refund_fen,
            amount_fen,
        )
    return bool(new)


async def is_returned(tx: Tx, merchant_id: MerchantId, decision_id: UUID) -> bool:
    """Whether a refund was looked at."""
    return await tx.fetchval(
        "select exists (select from commission_returns where merchant_id = $1 and decision_id = $2)",
        merchant_id,
        decision_id,
    )


async def list_orders_of(tx: Tx, merchant_id: MerchantId, ids: Sequence[UUID]) -> dict[UUID, OrderId]:
    """The orders of refunds' decisions, of shares and of returns; others are left out."""
    rows = await tx.fetch(
        """select decision_id as id, order_id from commission_returns where merchant_id = $1 and decision_id = any($2)
           union all
           select sharing_order_id, order_id from sharing_orders
           where merchant_id = $1 and sharing_order_id = any($2)
           union all
           select return_id, order_id from sharing_returns where merchant_id = $1 and return_id = any($2)""",
        merchant_id,
        ids,
    )
    return {row["id"]: OrderId(row["order_id"]) for row in rows}
