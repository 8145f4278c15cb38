"""Invariants of finance."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "finance.closings_were_proved",
        "every month that was closed had a checklist, and each of its lines held",
        """select merchant_id || '/' || closing_id as id, month from ledger_closings c
           where kind = 'close' and (checklist = '[]' or exists (
             select from jsonb_array_elements(c.checklist) e where not (e ->> 'holds')::boolean))""",
    ),
)
