"""Invariants of Alipay's reconciliation."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "alipay.fees_posted",
        "the fees that Alipay's bills told of stand in the book, all of them and once",
        """select coalesce(i.merchant_id, t.merchant_id)::text as id, i.fees, t.posted
           from (select merchant_id, sum(fee_fen) as fees from alipay_bill_items group by merchant_id) i
           full join (select l.merchant_id, sum(e.amount_fen) as posted from ledger_transactions l
                      join ledger_entries e on e.merchant_id = l.merchant_id
                        and e.transaction_id = l.transaction_id and e.account = 'payment_fees'
                      where l.source = 'alipay_fees' group by l.merchant_id) t on t.merchant_id = i.merchant_id
           where coalesce(i.fees, 0) <> coalesce(t.posted, 0)""",
    ),
    Check(
        "alipay.receipts_in_the_book",
        "each payment of Alipay's bills stands in the book with the bill's amount, or in the queue",
        """select i.merchant_id || '/' || i.seller_id || '/' || i.number as id, i.amount_fen, e.amount_fen as posted
           from alipay_bill_items i
           left join ledger_transactions t
             on t.merchant_id = i.merchant_id and t.source = 'receipt' and t.source_id = i.record_id
           left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
             and e.account = 'alipay_clearing'
           where i.kind = 'payment' and e.amount_fen is distinct from i.amount_fen
             and not exists (select from alipay_bill_differences f where f.merchant_id = i.merchant_id
               and f.seller_id = i.seller_id and f.subject = 'payment' and f.number = i.number)""",
    ),
)
