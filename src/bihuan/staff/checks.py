"""Invariants of staff on live data."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        name="staff.one_place",
        means="every person has the one way from her user to her, and no way leads to nobody",
        sql="""select s.staff_id::text as id from staff s
               where not exists (select from staff_users u where u.user_id = s.user_id
                                   and u.merchant_id = s.merchant_id and u.staff_id = s.staff_id)
               union all
               select u.staff_id::text from staff_users u
               where not exists (select from staff s where s.merchant_id = u.merchant_id
                                   and s.staff_id = u.staff_id and s.user_id = u.user_id)""",
    ),
    Check(
        name="staff.owner",
        means="a merchant with staff has an owner who can sign in",
        sql="""select s.merchant_id::text as id from staff s group by s.merchant_id
               having count(*) filter (where s.role = 'owner' and s.state = 'active') = 0""",
    ),
)
