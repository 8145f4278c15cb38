"""Invariants of reconciliation."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "reconciliation.fees_posted",
        "the fees of each posting are the sum of its rows, and stand in the book",
        """select coalesce(i.merchant_id, t.merchant_id) || '/' || coalesce(i.fee_posting, t.source_id) as id,
             i.fees, e.amount_fen as posted
           from (select merchant_id, fee_posting, sum(fee_fen) as fees from reconciliation_items
                 where fee_posting is not null group by merchant_id, fee_posting) i
           full join (select merchant_id, source_id, transaction_id from ledger_transactions
                      where source = 'payment_fees') t
             on t.merchant_id = i.merchant_id and t.source_id = i.fee_posting
           left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
             and e.account = 'payment_fees'
           where i.fee_posting is null or coalesce(e.amount_fen, 0) <> i.fees""",
    ),
    Check(
        "reconciliation.transfers_posted",
        "each transfer between the account and the bank stands in the book, with its amount",
        """select m.merchant_id || '/' || m.move_id as id, m.amount_fen, e.amount_fen as posted
           from reconciliation_moves m
           left join ledger_transactions t
             on t.merchant_id = m.merchant_id and t.source = 'bank_transfer' and t.source_id = m.move_id
           left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
             and e.account = 'wechat_clearing'
           where m.kind <> 'other' and e.amount_fen is distinct from m.amount_fen""",
    ),
    Check(
        "reconciliation.days_add_up",
        "a matched day's sums are those of its rows and bills, but for rows that stand in two days' bills",
        """select d.merchant_id || '/' || d.mchid || '/' || d.day as id, d.paid_fen - d.refunded_fen as told, i.total
           from reconciliation_days d
           left join (select merchant_id, mchid, day,
                        sum(case kind when 'payment' then amount_fen else -amount_fen end) as total
                      from reconciliation_items where kind in ('payment', 'refund') group by merchant_id, mchid, day) i
             on i.merchant_id = d.merchant_id and i.mchid = d.mchid and i.day = d.day
           where d.state = 'matched' and d.paid_fen - d.refunded_fen <> coalesce(i.total, 0)
             and not exists (select from reconciliation_differences f where f.merchant_id = d.merchant_id
               and f.mchid = d.mchid and f.day = d.day and f.kind = 'twice')""",
    ),
    Check(
        "reconciliation.receipts_in_the_book",
        "each payment of a bill that is received here stands in the book with the bill's amount, or in the queue",
        """select i.merchant_id || '/' || i.mchid || '/' || i.number as id, i.amount_fen, e.amount_fen as posted
           from reconciliation_items i
           left join ledger_transactions t
             on t.merchant_id = i.merchant_id and t.source = 'receipt' and t.source_id = i.record_id
           left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
             and e.account = 'wechat_clearing'
           where i.kind = 'payment' and e.amount_fen is distinct from i.amount_fen
             and not exists (select from reconciliation_differences f where f.merchant_id = i.merchant_id
               and f.mchid = i.mchid and f.subject = 'payment' and f.number = i.number)""",
    ),
    Check(
        "reconciliation.differences_posted",
        "a difference resolved by posting stands in the book with its amount, and no other does",
        """select coalesce(f.merchant_id, t.merchant_id) || '/' || coalesce(f.difference_id, t.source_id) as id,
             f.book_fen, e.amount_fen as posted
           from (select merchant_id, difference_id, book_fen from reconciliation_differences
                 where resolution = 'posted') f
           full join (select merchant_id, source_id, transaction_id from ledger_transactions
                      where source = 'reconciliation') t
             on t.merchant_id = f.merchant_id and t.source_id = f.difference_id
           left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
             and e.account = 'wechat_clearing'
           where f.difference_id is null or e.amount_fen is distinct from f.book_fen""",
    ),
    Check(
        "reconciliation.nothing_unexplained",
        "what nothing explains between the book and the fund bill of a day is in the queue",
        """select d.merchant_id || '/' || d.mchid || '/' || d.day as id, d.unexplained_fen
           from reconciliation_days d
           where d.state = 'matched' and d.unexplained_fen <> 0 and not exists (
             select from reconciliation_differences f where f.merchant_id = d.merchant_id and f.mchid = d.mchid
               and f.day = d.day and f.kind = 'balance')""",
    ),
)
