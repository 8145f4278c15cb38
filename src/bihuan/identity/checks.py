"""Invariants of identity on live data."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        name="identity.known_shoppers",
        means="every WeChat identity and unionid belongs to a shopper who is not merged into another",
        sql="""select coalesce(i.openid, 'unionid ' || i.unionid) as id
               from (select shopper_id, openid, null as unionid from shopper_identities
                     union all select shopper_id, null, unionid from shopper_unionids) i
               left join shoppers s on s.shopper_id = i.shopper_id
               where s.shopper_id is null or s.merged_into is not null""",
    ),
    Check(
        name="identity.default_address",
        means="a shopper with addresses has one default address",
        sql="""select shopper_id::text as id from addresses group by shopper_id
               having count(*) filter (where is_default) <> 1""",
    ),
)
