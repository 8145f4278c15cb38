"""Invariants of insight on live data."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "insight.paid_orders_are_all_counted",
        "the orders and fen paid that the dashboards show are those of the facts that were handled",
        """select coalesce(f.merchant_id, l.merchant_id)::text as id,
             coalesce(l.paid_fen, 0) - coalesce(f.paid_fen, 0) as detail
           from (select f.merchant_id, count(*) as paid_orders, sum((f.payload ->> 'paid_fen')::bigint) as paid_fen
                 from facts f where f.kind = 'order.paid' and not exists (
                   select from deliveries d where d.merchant_id = f.merchant_id and d.fact_id = f.fact_id
                     and d.handler = 'insight.count')
                 group by f.merchant_id) f
           full join (select merchant_id, sum(paid_orders) as paid_orders, sum(paid_fen) as paid_fen from loop_daily
                      group by merchant_id) l on l.merchant_id = f.merchant_id
           where coalesce(f.paid_orders, 0) <> coalesce(l.paid_orders, 0)
              or coalesce(f.paid_fen, 0) <> coalesce(l.paid_fen, 0)""",
    ),
)
