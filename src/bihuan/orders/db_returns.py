"""Orders' SQL of what goes back."""

from collections.abc import Mapping

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LineId, MerchantId, OrderId


async def add_held_back(tx: Tx, merchant_id: MerchantId, order_id: OrderId, pieces: Mapping[LineId, int]) -> int:
    """Counts pieces as held back (negative: no longer); returns how many lines took them."""
    return await tx.execute(
        """update order_lines l set held_back_quantity = l.held_back_quantity + w.quantity
           from unnest($3::uuid[], $4::int[]) as w (line_id, quantity)
           where l.merchant_id = $1 and l.order_id = $2 and l.line_id = w.line_id
             and l.held_back_quantity + w.quantity >= 0
             and l.delivered_quantity + l.cancelled_quantity + l.held_back_quantity + w.quantity <= l.quantity""",
        merchant_id,
        order_id,
        list(pieces),
        list(pieces.values()),
    )


async def add_cancelled(tx: Tx, merchant_id: MerchantId, order_id: OrderId, pieces: Mapping[LineId, int]) -> int:
    """Held-back pieces are cancelled; returns how many lines took them."""
    return await tx.execute(
        """update order_lines l set held_back_quantity = l.held_back_quantity - w.quantity,
             cancelled_quantity = l.cancelled_quantity + w.quantity
           from unnest($3::uuid[], $4::int[]) as w (line_id, quantity)
           where l.merchant_id = $1 and l.order_id = $2 and l.line_id = w.line_id
             and l.held_back_quantity >= w.quantity""",
        merchant_id,
        order_id,
        list(pieces),
        list(pieces.values()),
    )


async def set_refunded_unsent(tx: Tx, merchant_id: MerchantId, order_id: OrderId, state: str) -> int:
    """A paid order of which nothing was sent, and nothing will be: cancelled. Returns 0 when somebody was faster."""
    return await tx.execute(
        """update orders set state = 'cancelled', cancelled_at = $4, cancel_reason = 'refunded'
           where merchant_id = $1 and order_id = $2 and state = $3""",
        merchant_id,
        order_id,
        state,
        tx.now,
    )


async def add_refunded(
    tx: Tx, merchant_id: MerchantId, order_id: OrderId, amount_fen: int, pieces: Mapping[LineId, int]
) -> None:
    """Counts money and pieces as refunded. Raises CheckViolationError for more than was paid, or than there are."""
    await tx.execute(
        """update orders set refunded_fen = refunded_fen + $3,
             refund_status = case when refunded_fen + $3 = 0 then refund_status
                                  when refunded_fen + $3 = paid_fen then 'refunded' else 'partially_refunded' end,
             payment_status = case when refunded_fen + $3 = paid_fen and paid_fen > 0 then 'refunded'
                                   else payment_status end
           where merchant_id = $1 and order_id = $2""",
        merchant_id,
        order_id,
        amount_fen,
    )
    await tx.execute(
        """update order_lines l set refunded_quantity = l.refunded_quantity + w.quantity
           from unnest($3::uuid[], $4::int[]) as w (line_id, quantity)
           where l.merchant_id = $1 and l.order_id = $2 and l.line_id = w.line_id""",
        merchant_id,
        order_id,
        list(pieces),
        list(pieces.values()),
    )


async def add_open_cases(tx: Tx, merchant_id: MerchantId, order_id: OrderId, count: int) -> None:
    """An after-sale case opened (1) or ended (-1)."""
    await tx.execute(
        "update orders set open_cases = open_cases + $3 where merchant_id = $1 and order_id = $2",
        merchant_id,
        order_id,
        count,
    )
