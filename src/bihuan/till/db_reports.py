"""SQL of shifts' reports."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId, ShopperId


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What a shift took and gave back, by tender."""

    sales: int
    sales_fen: int
    discounts: int  # sales with something off by hand
    discount_fen: int
    voids: int
    cash_fen: int
    card_fen: int
    code_fen: int
    alipay_fen: int  # of code_fen
    wallet_fen: int
    elsewhere_fen: int  # paid by shoppers on their own phones
    refunds: int
    refunded_cash_fen: int
    refunded_card_fen: int
    refunded_other_fen: int
    first_no: str | None  # of the paid sales
    last_no: str | None


async def totals_of(tx: Tx, merchant_id: MerchantId, shift_ids: Sequence[UUID]) -> dict[UUID, Totals]:
    """By shift, in one statement."""
    rows = await tx.fetch(
        """select w.shift_id, coalesce(s.sales, 0)::int as sales, coalesce(s.sales_fen, 0)::bigint as sales_fen,
             coalesce(s.cash_fen, 0)::bigint as cash_fen, coalesce(s.card_fen, 0)::bigint as card_fen,
             coalesce(s.code_fen, 0)::bigint as code_fen,
             coalesce(s.alipay_fen, 0)::bigint as alipay_fen, coalesce(s.wallet_fen, 0)::bigint as wallet_fen,
             coalesce(s.discounts, 0)::int as discounts, coalesce(s.discount_fen, 0)::bigint as discount_fen,
             coalesce(v.voids, 0)::int as voids, s.first_no, s.last_no,
             (coalesce(s.sales_fen, 0) - coalesce(s.taken_fen, 0))::bigint as elsewhere_fen,
             coalesce(r.refunds, 0)::int as refunds, coalesce(r.cash_fen, 0)::bigint as refunded_cash_fen,
             coalesce(r.card_fen, 0)::bigint as refunded_card_fen,
             coalesce(r.other_fen, 0)::bigint as refunded_other_fen
           from unnest($2::uuid[]) as w (shift_id)
           left join lateral (
             select count(*) as sales, sum(s.total_fen) as sales_fen, sum(t.cash_fen) as cash_fen,
               sum(t.card_fen) as card_fen, sum(t.code_fen) as code_fen, sum(t.wallet_fen) as wallet_fen,
               sum(t.code_fen) filter (where t.code ->> 'tender' = 'alipay') as alipay_fen,
               sum(t.cash_fen + t.card_fen + t.code_fen + t.wallet_fen) as taken_fen,
               count(*) filter (where s.discount_fen > 0) as discounts, sum(s.discount_fen) as discount_fen,
               min(s.order_no) as first_no, max(s.order_no) as last_no
             from till_sales s left join till_takings t
               on t.merchant_id = s.merchant_id and t.sale_id = s.sale_id and t.state = 'taken'
             where s.merchant_id = $1 and s.shift_id = w.shift_id and s.state = 'paid') s on true
           left join lateral (
             select count(*) as voids from till_sales s
             where s.merchant_id = $1 and s.shift_id = w.shift_id and s.state = 'void') v on true
           left join lateral (
             select count(*) as refunds, sum(r.cash_fen) as cash_fen, sum(r.card_fen) as card_fen,
               sum(r.other_fen) as other_fen
             from till_refunds r where r.merchant_id = $1 and r.shift_id = w.shift_id) r on true""",
        merchant_id,
        shift_ids,
    )
    return {row["shift_id"]: Totals(**{k: v for k, v in row.items() if k != "shift_id"}) for row in rows}


async def floats_of(tx: Tx, merchant_id: MerchantId, shift_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What drawers were opened with."""
    rows = await tx.fetch(
        """select shift_id, amount_fen from till_movements
           where merchant_id = $1 and kind = 'float' and source_id = any($2)""",
        merchant_id,
        shift_ids,
    )
    return {row["shift_id"]: row["amount_fen"] for row in rows}


async def list_paid(tx: Tx, merchant_id: MerchantId, shift_id: UUID, nobody: ShopperId) -> list[tuple[OrderId, int]]:
    """The orders of a shift's paid sales and what was paid for each; not those of `nobody`."""
    rows = await tx.fetch(
        """select order_id, total_fen from till_sales
           where merchant_id = $1 and shift_id = $2 and state = 'paid' and shopper_id <> $3""",
        merchant_id,
        shift_id,
        nobody,
    )
    return [(OrderId(row["order_id"]), row["total_fen"]) for row in rows]


async def list_refunds(tx: Tx, merchant_id: MerchantId, shift_id: UUID) -> list[UUID]:
    """What was given back at a shift's drawer."""
    rows = await tx.fetch(
        "select refund_id from till_refunds where merchant_id = $1 and shift_id = $2", merchant_id, shift_id
    )
    return [row["refund_id"] for row in rows]
