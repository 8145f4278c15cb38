"""Invariants of membership on live data."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "membership.balances_equal_their_entries",
        "a member's points and growth are the sums of her entries",
        """select m.member_id::text as id, m.points - coalesce(sum(e.points), 0) as detail from members m
           left join points_entries e on e.merchant_id = m.merchant_id and e.member_id = m.member_id
           group by m.merchant_id, m.member_id
           having m.points <> coalesce(sum(e.points), 0) or m.growth <> coalesce(sum(e.growth), 0)""",
    ),
    Check(
        "membership.paid_orders_brought_points",
        "a paid order of a yuan or more brought points to its card (a walk-in shopper has none), or waits",
        """select f.payload ->> 'order_id' as id from facts f
           left join points_entries e on e.merchant_id = f.merchant_id and e.source = 'order'
             and e.source_id = (f.payload ->> 'order_id')::uuid
           left join deliveries d on d.merchant_id = f.merchant_id and d.fact_id = f.fact_id
             and d.handler = 'membership.reward_orders'
           left join shoppers s on s.shopper_id = (f.payload ->> 'shopper_id')::uuid
           where f.kind = 'order.paid' and (f.payload ->> 'paid_fen')::bigint >= 100
             and e.entry_id is null and d.fact_id is null and s.walk_in is not true""",
    ),
)
