"""Invariants of inventory."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "inventory.no_pool_below_zero",
        "no pool has less than nothing",
        """select merchant_id || '/' || pool_id as id from pools
           where available < 0 or held < 0 or sold < 0""",
    ),
    Check(
        "inventory.held_equals_open_holds",
        "what a pool says is held equals its open holds",
        """select p.merchant_id || '/' || p.pool_id as id, 'held ' || p.held as held, 'open ' || coalesce(h.open, 0)
           from pools p left join (
             select merchant_id, pool_id, sum(quantity) as open from holds
             where state = 'open' group by merchant_id, pool_id) h using (merchant_id, pool_id)
           where p.held <> coalesce(h.open, 0)""",
    ),
    Check(
        "inventory.sold_equals_confirmed_holds",
        "what a pool says is sold equals its confirmed holds without what came back",
        """select p.merchant_id || '/' || p.pool_id as id, 'sold ' || p.sold as sold, 'holds ' || coalesce(h.sold, 0)
           from pools p left join (
             select merchant_id, pool_id, sum(quantity - returned_quantity) as sold from holds
             where state = 'confirmed' group by merchant_id, pool_id) h using (merchant_id, pool_id)
           where p.sold <> coalesce(h.sold, 0)""",
    ),
)
