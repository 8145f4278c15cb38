"""Invariants of attribution on live data."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "attribution.homes_have_their_follow",
        "a shopper's home is the store of a follow of hers",
        """select h.shopper_id::text as id from shopper_homes h
           left join touchpoints t on t.merchant_id = h.merchant_id and t.touchpoint_id = h.touchpoint_id
           where t.kind is distinct from 'follow' or t.store_id is distinct from h.store_id
              or t.shopper_id is distinct from h.shopper_id""",
    ),
    Check(
        "attribution.touchpoints_of_known_labels",
        "a touchpoint by a label speaks for whom the label speaks",
        """select t.touchpoint_id::text as id from touchpoints t
           join labels l on l.merchant_id = t.merchant_id and l.label_id = t.label_id
           where (t.store_id, t.counter_id, t.staff_id) is distinct from (l.store_id, l.counter_id, l.staff_id)""",
    ),
)
