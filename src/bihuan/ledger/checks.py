"""Invariants of the books."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "ledger.books_sum_to_zero",
        "the balances of every book sum to zero",
        """select merchant_id::text as id, sum(balance_fen) as off_by from ledger_balances
           group by merchant_id having sum(balance_fen) <> 0""",
    ),
    Check(
        "ledger.balances_equal_days",
        "each balance is the sum of what moved day by day",
        """select coalesce(b.merchant_id, d.merchant_id) || '/' || coalesce(b.account, d.account) as id,
                  b.balance_fen, d.total
           from ledger_balances b
           full join (select merchant_id, account, sum(debit_fen - credit_fen) as total from ledger_days
                      group by merchant_id, account) d
             on d.merchant_id = b.merchant_id and d.account = b.account
           where coalesce(b.balance_fen, 0) <> coalesce(d.total, 0)""",
    ),
    Check(
        "ledger.days_equal_entries",
        "what moved on an account on a day is the sum of its entries",
        """select coalesce(d.merchant_id, e.merchant_id) || '/' || coalesce(d.account, e.account) || '/'
                    || coalesce(d.day, e.day) as id, d.debit_fen - d.credit_fen as of_day, e.debit - e.credit as entries
           from ledger_days d
           full join (select merchant_id, account, booked_on as day,
                        coalesce(sum(amount_fen) filter (where amount_fen > 0), 0) as debit,
                        coalesce(-sum(amount_fen) filter (where amount_fen < 0), 0) as credit
                      from ledger_entries group by merchant_id, account, booked_on) e
             on e.merchant_id = d.merchant_id and e.account = d.account and e.day = d.day
           where d.debit_fen is distinct from e.debit or d.credit_fen is distinct from e.credit""",
        recent="""select d.merchant_id || '/' || d.account || '/' || d.day as id,
                    d.debit_fen - d.credit_fen as of_day, e.debit - e.credit as entries
           from ledger_days d cross join lateral (
             select coalesce(sum(l.amount_fen) filter (where l.amount_fen > 0), 0) as debit,
                    coalesce(-sum(l.amount_fen) filter (where l.amount_fen < 0), 0) as credit
             from ledger_entries l
             where l.merchant_id = d.merchant_id and l.account = d.account and l.booked_on = d.day) e
           where d.posted_at >= $1 and (d.debit_fen <> e.debit or d.credit_fen <> e.credit)""",
    ),
    Check(
        "ledger.transactions_sum_to_zero",
        "each transaction has entries on its own day, each entry has its transaction, and they sum to zero",
        """select coalesce(t.merchant_id, e.merchant_id) || '/' || coalesce(t.transaction_id, e.transaction_id) as id,
             t.source, e.off_by
           from ledger_transactions t
           full join (select merchant_id, transaction_id, count(*) as lines, sum(amount_fen) as off_by,
                        min(booked_on) as first, max(booked_on) as last
                      from ledger_entries group by merchant_id, transaction_id) e
             on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
           where t.transaction_id is null or e.lines is null or e.lines < 2 or e.off_by <> 0
              or e.first <> t.booked_on or e.last <> t.booked_on""",
        recent="""with ids as (
             select distinct l.merchant_id, l.transaction_id
             from ledger_days d join ledger_entries l
               on l.merchant_id = d.merchant_id and l.account = d.account and l.booked_on = d.day
             where d.posted_at >= $1
           )
           select i.merchant_id || '/' || i.transaction_id as id, t.source, e.off_by
           from ids i
           left join ledger_transactions t on t.merchant_id = i.merchant_id and t.transaction_id = i.transaction_id
           cross join lateral (
             select count(*) as lines, sum(l.amount_fen) as off_by, min(l.booked_on) as first, max(l.booked_on) as last
             from ledger_entries l
             where l.merchant_id = i.merchant_id and l.transaction_id = i.transaction_id) e
           where t.transaction_id is null or e.lines < 2 or e.off_by <> 0 or e.first <> t.booked_on
              or e.last <> t.booked_on""",
    ),
    Check(
        "ledger.closed_months_stay",
        "the balances of closed days are those that they were closed with",
        """select k.merchant_id || '/' || k.closed_through as id, present.balances as now, last.balances as then
           from ledger_books k
           cross join lateral (
             select l.closing_id, l.balances from ledger_closings l where l.merchant_id = k.merchant_id
             order by l.closing_id desc limit 1) last
           cross join lateral (
             select coalesce(jsonb_object_agg(a.account, a.fen), '{}') as balances
             from (select d.account, sum(d.debit_fen - d.credit_fen)::bigint as fen from ledger_days d
                   where d.merchant_id = k.merchant_id and d.day <= k.closed_through group by d.account) a) present
           where k.closed_through is not null and present.balances <> last.balances""",
    ),
    Check(
        "ledger.closed_to_the_application",
        "the application's role can write to the books through ledger_post alone",
        """select t.name as id, p.privilege
           from unnest(array['ledger_chart', 'ledger_accounts', 'ledger_balances', 'ledger_transactions',
                             'ledger_entries', 'ledger_days', 'ledger_books', 'ledger_closings']) as t (name)
           cross join unnest(array['insert', 'update', 'delete', 'truncate']) as p (privilege)
           where has_table_privilege('bihuan_app', t.name, p.privilege)""",
    ),
)
