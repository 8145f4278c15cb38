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
        "ledger.balances_equal_entries",
        "each balance is the sum of its entries",
        """select coalesce(b.merchant_id, e.merchant_id) || '/' || coalesce(b.account, e.account) as id,
                  b.balance_fen, e.total
           from ledger_balances b
           full join (select merchant_id, account, sum(amount_fen) as total from ledger_entries
                      group by merchant_id, account) e
             on e.merchant_id = b.merchant_id and e.account = b.account
           where coalesce(b.balance_fen, 0) <> coalesce(e.total, 0)""",
    ),
    Check(
        "ledger.transactions_sum_to_zero",
        "each transaction has entries, and they sum to zero",
        """select t.merchant_id || '/' || t.transaction_id as id, t.source, sum(e.amount_fen) as off_by
           from ledger_transactions t left join ledger_entries e
             on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
           group by t.merchant_id, t.transaction_id, t.source
           having count(e.line) < 2 or sum(e.amount_fen) <> 0""",
    ),
    Check(
        "ledger.closed_to_the_application",
        "the application's role can write to the books through ledger_post alone",
        """select t.name as id, p.privilege
           from unnest(array['ledger_chart', 'ledger_accounts', 'ledger_balances', 'ledger_transactions',
                             'ledger_entries']) as t (name)
           cross join unnest(array['insert', 'update', 'delete', 'truncate']) as p (privilege)
           where has_table_privilege('bihuan_app', t.name, p.privilege)""",
    ),
)
