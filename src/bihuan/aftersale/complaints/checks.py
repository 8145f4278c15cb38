"""Invariants of complaints."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "complaints.have_their_history",
        "each complaint is written with its history, and was first answered when that says so",
        """select c.merchant_id || '/' || c.complaint_id as id, c.complaint_no, c.answered_at, e.answered
           from complaints c left join (
             select merchant_id, complaint_id, count(*) as steps,
                    min(happened_at) filter (where kind in
                      ('MERCHANT_RESPONSE', 'MERCHANT_APPROVE_REFUND', 'MERCHANT_REFUSE_RERUND')) as answered
             from complaint_events group by merchant_id, complaint_id) e using (merchant_id, complaint_id)
           where e.steps is null or e.answered is distinct from c.answered_at""",
    ),
    Check(
        "complaints.sent_is_in_the_history",
        "what is noted as sent stands in WeChat's history, once it was asked for",
        """select c.merchant_id || '/' || c.complaint_id as id, a.sent, coalesce(e.there, 0) as there
           from complaints c
           join (select merchant_id, complaint_id, count(*) as sent, max(ended_at) as last from complaint_answers
                 where kind = 'reply' and state = 'sent' group by merchant_id, complaint_id) a
             using (merchant_id, complaint_id)
           left join (select merchant_id, complaint_id, count(*) as there from complaint_events
                      where kind = 'MERCHANT_RESPONSE' group by merchant_id, complaint_id) e
             using (merchant_id, complaint_id)
           where a.sent > coalesce(e.there, 0) and a.last < c.fetched_at""",
    ),
)
