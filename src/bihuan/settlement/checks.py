"""Invariants of settlement."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "settlement.books_owe_each_other_equally",
        "over all books, interbook clearing and what is payable sum to zero",
        """select account as id, sum(balance_fen) as off_by from ledger_balances
           where account in ('interbook_clearing', 'merchant_payable') group by account having sum(balance_fen) <> 0""",
    ),
    Check(
        "settlement.commissions_posted",
        "each commission equals its lines and its posting in the merchant's book",
        """select c.merchant_id || '/' || c.order_id as id, c.amount_fen, l.amount as lines, e.amount_fen as posted
           from commissions c
           left join (select merchant_id, order_id, sum(amount_fen) as amount, sum(base_fen) as base
                      from commission_lines group by merchant_id, order_id) l
             on l.merchant_id = c.merchant_id and l.order_id = c.order_id
           left join ledger_transactions t
             on t.merchant_id = c.merchant_id and t.source = 'commission' and t.source_id = c.order_id
           left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
             and e.account = 'platform_fee'
           where c.amount_fen <> coalesce(l.amount, 0) or c.base_fen <> coalesce(l.base, 0)
              or coalesce(e.amount_fen, 0) <> c.amount_fen""",
    ),
    Check(
        "settlement.commission_returns_posted",
        "what refunds gave back equals its rows and postings; a full refund gave back all",
        """select c.merchant_id || '/' || c.order_id as id, c.returned_fen, r.amount, r.posted from commissions c
           left join (select r.merchant_id, r.order_id, sum(r.amount_fen) as amount,
                        -sum(coalesce(e.amount_fen, 0)) as posted
                      from commission_returns r
                      left join ledger_transactions t on t.merchant_id = r.merchant_id
                        and t.source = 'commission_return' and t.source_id = r.decision_id
                      left join ledger_entries e on e.merchant_id = t.merchant_id
                        and e.transaction_id = t.transaction_id and e.account = 'platform_fee'
                      group by r.merchant_id, r.order_id) r
             on r.merchant_id = c.merchant_id and r.order_id = c.order_id
           where c.returned_fen <> coalesce(r.amount, 0) or coalesce(r.posted, 0) <> c.returned_fen
              or (c.refunded_fen = c.paid_fen and c.paid_fen > 0 and c.returned_fen <> c.amount_fen)""",
    ),
    Check(
        "settlement.platform_books_mirror",
        "each posting between a merchant and the platform stands in both books, of opposite amounts",
        """select t.source || '/' || t.source_id as id, sum(e.amount_fen) as off_by, count(*) as books
           from ledger_transactions t join ledger_entries e
             on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
           where e.account in ('interbook_clearing', 'merchant_payable')
             and t.source in ('commission', 'commission_return', 'sharing', 'sharing_return', 'plan_invoice',
                              'settlement_adjustment', 'statement', 'payout')
           group by t.source, t.source_id having sum(e.amount_fen) <> 0""",
    ),
    Check(
        "settlement.sharings_posted",
        "what was shared and returned through WeChat equals its numbers and postings",
        """select s.merchant_id || '/' || s.order_id as id, s.shared_fen, s.returned_fen, o.shared, r.returned
           from sharings s
           left join (select o.merchant_id, o.order_id, sum(o.amount_fen) as shared,
                        sum(coalesce(e.amount_fen, 0)) as posted
                      from sharing_orders o
                      left join ledger_transactions t on t.merchant_id = o.merchant_id and t.source = 'sharing'
                        and t.source_id = o.sharing_order_id
                      left join ledger_entries e on e.merchant_id = t.merchant_id
                        and e.transaction_id = t.transaction_id and e.account = 'interbook_clearing'
                      where o.kind = 'share' and o.state = 'success' group by o.merchant_id, o.order_id) o
             on o.merchant_id = s.merchant_id and o.order_id = s.order_id
           left join (select r.merchant_id, r.order_id, sum(r.amount_fen) as returned,
                        -sum(coalesce(e.amount_fen, 0)) as posted
                      from sharing_returns r
                      left join ledger_transactions t on t.merchant_id = r.merchant_id and t.source = 'sharing_return'
                        and t.source_id = r.return_id
                      left join ledger_entries e on e.merchant_id = t.merchant_id
                        and e.transaction_id = t.transaction_id and e.account = 'interbook_clearing'
                      where r.state = 'success' group by r.merchant_id, r.order_id) r
             on r.merchant_id = s.merchant_id and r.order_id = s.order_id
           where s.shared_fen <> coalesce(o.shared, 0) or s.shared_fen <> coalesce(o.posted, 0)
              or s.returned_fen <> coalesce(r.returned, 0) or s.returned_fen <> coalesce(r.posted, 0)""",
    ),
    Check(
        "settlement.sharings_end",
        "no money waits to be shared when WeChat's thirty days are over",
        """select merchant_id || '/' || order_id as id, state, ends_at from sharings
           where state in ('waiting', 'sharing') and ends_at < now() - interval '1 hour'""",
    ),
    Check(
        "settlement.statements_add_up",
        "a closed statement is its opening and its lines, and what is due is what they left between the books",
        """select s.merchant_id || '/' || s.statement_id as id, s.statement_no, s.closing_fen, l.total, l.lines
           from statements s
           left join (select merchant_id, statement_id, count(*) as lines, sum(interbook_fen) as interbook,
                        sum(wechat_fen) as wechat, sum(wechat_fen + interbook_fen + payable_fen) as total
                      from statement_lines group by merchant_id, statement_id) l
             on l.merchant_id = s.merchant_id and l.statement_id = s.statement_id
           where s.state <> 'open' and (
             s.closing_fen <> s.opening_fen + coalesce(l.total, 0) or s.line_count <> coalesce(l.lines, 0)
             or s.due_fen <> coalesce(l.interbook, 0) + case when s.collected then coalesce(l.wechat, 0) else 0 end)""",
    ),
    Check(
        "settlement.statements_chain",
        "each statement begins with what the one before it closed with, where that ended",
        """select s.merchant_id || '/' || s.statement_id as id, s.statement_no, s.opening_fen, s.before_fen
           from (select *, lag(closing_fen) over w as before_fen, lag(period_to) over w as before_to
                 from statements window w as (partition by merchant_id order by period_from)) s
           where s.opening_fen <> coalesce(s.before_fen, 0) or s.period_from <> coalesce(s.before_to, s.period_from)""",
    ),
    Check(
        "settlement.lines_are_of_the_ledger",
        "each line is a transaction of the ledger, of its amounts",
        """select l.merchant_id || '/' || l.transaction_id as id, l.source from statement_lines l
           left join (select merchant_id, transaction_id,
                        sum(amount_fen) filter (where account = 'wechat_clearing') as wechat,
                        sum(amount_fen) filter (where account = 'interbook_clearing') as interbook,
                        sum(amount_fen) filter (where account = 'merchant_payable') as payable
                      from ledger_entries group by merchant_id, transaction_id) e
             on e.merchant_id = l.merchant_id and e.transaction_id = l.transaction_id
           where l.wechat_fen <> coalesce(e.wechat, 0) or l.interbook_fen <> coalesce(e.interbook, 0)
              or l.payable_fen <> coalesce(e.payable, 0)""",
    ),
    Check(
        "settlement.payouts_posted",
        "what was paid of a statement equals its payouts and their postings",
        """select s.merchant_id || '/' || s.statement_id as id, s.paid_fen, p.amount, p.posted from statements s
           left join (select p.merchant_id, p.statement_id, sum(p.amount_fen) as amount,
                        sum(coalesce(e.amount_fen, 0)) as posted
                      from payouts p
                      left join ledger_transactions t on t.merchant_id = p.merchant_id and t.source = 'payout'
                        and t.source_id = p.payout_id
                      left join ledger_entries e on e.merchant_id = t.merchant_id
                        and e.transaction_id = t.transaction_id and e.account = 'bank'
                      group by p.merchant_id, p.statement_id) p
             on p.merchant_id = s.merchant_id and p.statement_id = s.statement_id
           where s.paid_fen <> coalesce(p.amount, 0) or s.paid_fen <> coalesce(p.posted, 0)""",
    ),
)
