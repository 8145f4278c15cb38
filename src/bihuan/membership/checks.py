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
    Check(
        "membership.lots_make_the_balance",
        "what can be spent or is held of a card's lots is its balance",
        """select m.member_id::text as id, m.points, coalesce(sum(l.available + l.held), 0) as lots from members m
           left join points_lots l on l.merchant_id = m.merchant_id and l.member_id = m.member_id
           group by m.merchant_id, m.member_id having m.points <> coalesce(sum(l.available + l.held), 0)""",
    ),
    Check(
        "membership.earned_is_somewhere",
        "held + redeemed + expired + taken back + left of a card = what it earned",
        """select m.member_id::text as id, m.points as balance, l.* from members m
           join (select merchant_id, member_id, sum(points) as points, sum(available) as free, sum(held) as held,
                        sum(redeemed) as redeemed, sum(expired) as expired, sum(revoked) as revoked
                 from points_lots group by 1, 2) l on l.merchant_id = m.merchant_id and l.member_id = m.member_id
           where l.points <> l.free + l.held + l.redeemed + l.expired + l.revoked
              or m.points <> l.points - l.redeemed - l.expired - l.revoked""",
    ),
    Check(
        "membership.by_hand_says_who",
        "points given or taken by hand are on the card as they were written down, with who and why; and no others",
        """select coalesce(a.adjustment_id, e.source_id)::text as id, a.points, e.points as on_card
           from points_adjustments a
           full join (select * from points_entries where source in ('grant', 'deduct')) e
             on e.merchant_id = a.merchant_id and e.source_id = a.adjustment_id
           where a.points is distinct from e.points or a.member_id is distinct from e.member_id
              or e.source <> case when a.points > 0 then 'grant' else 'deduct' end""",
    ),
    Check(
        "membership.holds_are_in_lots",
        "held and redeemed points of a lot are those of the holds that took them",
        """select l.lot_id::text as id, l.held, l.redeemed, p.held as of_holds, p.redeemed as of_redeemed
           from points_lots l left join (
             select p.merchant_id, p.lot_id, sum(p.points) filter (where h.state = 'held') as held,
                    sum(p.points - p.returned) filter (where h.state = 'redeemed') as redeemed
             from points_hold_parts p join points_holds h
               on h.merchant_id = p.merchant_id and h.reference_id = p.reference_id
             group by 1, 2) p on p.merchant_id = l.merchant_id and p.lot_id = l.lot_id
           where l.held <> coalesce(p.held, 0) or l.redeemed <> coalesce(p.redeemed, 0)""",
    ),
    Check(
        "membership.holds_are_whole",
        "a hold's parts are its points, spent once when redeemed; what refunds returned is what it and its parts say",
        """select h.reference_id::text as id, h.state, h.points, p.points as parts from points_holds h
           left join lateral (
             select coalesce(sum(points), 0) as points, coalesce(sum(returned), 0) as returned
             from points_hold_parts where merchant_id = h.merchant_id and reference_id = h.reference_id) p on true
           left join lateral (
             select coalesce(sum(points), 0) as points, coalesce(sum(worth_fen), 0) as worth_fen
             from points_returns where merchant_id = h.merchant_id and reference_id = h.reference_id) r on true
           left join lateral (
             select -sum(points) as spent from points_entries
             where merchant_id = h.merchant_id and source = 'redeem' and source_id = h.reference_id) e on true
           where p.points <> case h.state when 'released' then 0 else h.points end
             or coalesce(e.spent, 0) <> case h.state when 'redeemed' then h.points else 0 end
             or p.returned <> h.returned_points or r.points <> h.returned_points or r.worth_fen <> h.returned_fen""",
    ),
)
