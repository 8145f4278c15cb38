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
        "orders.have_their_lines",
        "each line belongs to an order, and each order has lines",
        """select coalesce(o.merchant_id, l.merchant_id) || '/' || coalesce(o.order_id, l.order_id) as id, o.order_no
           from orders o
           full join (select distinct merchant_id, order_id from order_lines) l
             on l.merchant_id = o.merchant_id and l.order_id = o.order_id
           where o.order_id is null or l.order_id is null""",
    ),
    Check(
        "orders.lines_make_the_total",
        "the lines of an order add up to its goods, less what points pay of them",
        """select o.merchant_id || '/' || o.order_id as id, o.goods_fen, sum(l.total_fen) as lines
           from orders o join order_lines l using (merchant_id, order_id)
           left join lateral (select sum((a ->> 'amount_fen')::bigint) as points
                              from jsonb_array_elements(o.adjustments) a where a ->> 'kind' = 'points') p on true
           group by o.merchant_id, o.order_id, p.points
           having sum(l.total_fen) <> o.goods_fen + coalesce(p.points, 0)""",
    ),
    Check(
        "orders.points_held_until_paid",
        "points that pay for an order are held while it is unpaid, redeemed when it was paid, else released",
        """select o.merchant_id || '/' || o.order_id as id, o.state, h.state as hold, h.worth_fen, -p.points as points
           from orders o
           left join lateral (select sum((a ->> 'amount_fen')::bigint) as points
                              from jsonb_array_elements(o.adjustments) a where a ->> 'kind' = 'points') p on true
           left join points_holds h on h.merchant_id = o.merchant_id and h.reference_id = o.order_id
           where (h.reference_id is not null or p.points is not null)
             and (h.worth_fen is distinct from -p.points
               or h.state is distinct from case when o.payment_status <> 'unpaid' then 'redeemed'
                                                when o.state = 'unpaid' then 'held' else 'released' end)""",
    ),
    Check(
        "orders.points_posted",
        "what points paid of an order stands in its posting",
        """select h.merchant_id || '/' || h.reference_id as id, h.worth_fen, e.amount as posted
           from points_holds h join orders o on o.merchant_id = h.merchant_id and o.order_id = h.reference_id
           left join lateral (
             select sum(e.amount_fen) as amount from ledger_transactions t
             join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
             where t.merchant_id = h.merchant_id and t.source = 'order' and t.source_id = h.reference_id
               and e.account = 'points_discounts') e on true
           where h.state = 'redeemed' and coalesce(e.amount, 0) <> h.worth_fen""",
    ),
)
