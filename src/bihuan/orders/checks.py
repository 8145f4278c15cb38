"""Invariants of orders."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "orders.paid_has_posting",
        "each paid order has its posting, of its amount",
        """select o.merchant_id || '/' || o.order_id as id, o.order_no from orders o
           left join ledger_transactions t
             on t.merchant_id = o.merchant_id and t.source = 'order' and t.source_id = o.order_id
           where o.payment_status <> 'unpaid' and o.total_fen > 0 and t.source_id is null""",
    ),
    Check(
        "orders.unpaid_holds_stock",
        "an unpaid order holds its stock, a paid one has sold it, a cancelled one holds nothing",
        """select distinct o.merchant_id || '/' || o.order_id as id, o.state, h.state as hold
           from orders o join holds h on h.merchant_id = o.merchant_id and h.reference_id = o.order_id
           where h.state <> case o.state when 'unpaid' then 'open' when 'cancelled' then 'released'
                                         else 'confirmed' end
             -- refunded before anything was sent: sold, and given back
             and not (o.state = 'cancelled' and o.payment_status <> 'unpaid'
                      and h.state = 'confirmed' and h.returned_quantity = h.quantity)""",
    ),
    Check(
        "orders.lines_make_the_total",
        "the lines of an order add up to its goods",
        """select o.merchant_id || '/' || o.order_id as id, o.goods_fen, sum(l.total_fen) as lines
           from orders o join order_lines l using (merchant_id, order_id)
           group by o.merchant_id, o.order_id having sum(l.total_fen) <> o.goods_fen""",
    ),
)
