"""Invariants of merchants on live data."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        name="merchants.default_location",
        means="every merchant has exactly one default location, a warehouse",
        sql="""select m.merchant_id::text as id, count(l.location_id)::text as detail
               from merchants m left join locations l
                 on l.merchant_id = m.merchant_id and l.is_default and l.kind = 'warehouse'
               group by m.merchant_id having count(l.location_id) <> 1""",
    ),
    Check(
        name="merchants.store_location",
        means="every store has a location of its own",
        sql="""select s.store_id::text as id from stores s
               where not exists (select from locations l
                                 where l.merchant_id = s.merchant_id and l.store_id = s.store_id)""",
    ),
)
