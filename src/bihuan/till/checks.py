"""Invariants of tills."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "till.drawers_add_up",
        "what a drawer should hold is the sum of its movements",
        """select s.merchant_id || '/' || s.shift_id as id, s.expected_fen, coalesce(m.total, 0) as movements
           from till_shifts s
           left join (select merchant_id, shift_id, sum(amount_fen) as total from till_movements
                      group by merchant_id, shift_id) m
             on m.merchant_id = s.merchant_id and m.shift_id = s.shift_id
           where s.expected_fen <> coalesce(m.total, 0)""",
    ),
    Check(
        "till.cash_is_in_drawers",
        "the book's cash is what open drawers should hold and what lies in closed ones",
        """select coalesce(b.merchant_id, d.merchant_id)::text as id, b.balance_fen as book, d.total as drawers
           from (select merchant_id, balance_fen from ledger_balances where account = 'cash') b
           full join (select merchant_id, sum(case state when 'open' then expected_fen
                        else counted_fen - carried_fen - banked_fen end) as total
                      from till_shifts group by merchant_id) d on d.merchant_id = b.merchant_id
           where coalesce(b.balance_fen, 0) <> coalesce(d.total, 0)""",
    ),
    Check(
        "till.sales_taken_once",
        "a paid sale was taken once and whole, or on the shopper's phone; its order is paid; no other sale was taken",
        """select s.merchant_id || '/' || s.sale_id as id, s.state, s.total_fen, t.takings, t.total
           from till_sales s
           join orders o on o.merchant_id = s.merchant_id and o.order_id = s.order_id
           left join (select merchant_id, sale_id, count(*) as takings,
                        sum(cash_fen + card_fen + code_fen + wallet_fen) as total
                      from till_takings where state = 'taken' group by merchant_id, sale_id) t
             on t.merchant_id = s.merchant_id and t.sale_id = s.sale_id
           where (s.state = 'paid' and (o.payment_status = 'unpaid' or t.takings > 1
                                        or coalesce(t.total, s.total_fen) <> s.total_fen))
              or (s.state <> 'paid' and t.takings > 0)""",
    ),
    Check(
        "till.open_sales_can_be_paid",
        "the order of an open sale was not cancelled an hour ago, unless a payment code of it is undecided",
        """select s.merchant_id || '/' || s.sale_id as id, s.created_at, o.cancelled_at
           from till_sales s join orders o on o.merchant_id = s.merchant_id and o.order_id = s.order_id
           where s.state = 'open' and o.state = 'cancelled' and o.cancelled_at < now() - interval '1 hour'
             and not exists (select from till_takings t where t.merchant_id = s.merchant_id
                             and t.sale_id = s.sale_id and t.state = 'pending')""",
    ),
    Check(
        "till.sales_cost_what_orders_do",
        "a sale costs what its order does, less what was taken off by hand as the order says",
        """select s.merchant_id || '/' || s.sale_id as id, s.total_fen, o.total_fen as ordered, s.discount_fen
           from till_sales s join orders o on o.merchant_id = s.merchant_id and o.order_id = s.order_id
           where s.total_fen <> o.total_fen
              or s.discount_fen <> (select coalesce(-sum((a ->> 'amount_fen')::bigint), 0)
                                    from jsonb_array_elements(o.adjustments) a where a ->> 'kind' = 'manual')""",
    ),
    Check(
        "till.wallet_sales_were_paid",
        "what a sale took of stored value was captured there, and no other",
        """select t.merchant_id || '/' || t.taking_id as id, t.state, t.wallet_fen, a.amount_fen
           from till_takings t left join payment_attempts a
             on a.merchant_id = t.merchant_id and a.payment_id = t.payment_id and a.tender = 'wallet'
               and a.state = 'paid'
           where t.wallet_fen > 0 and t.state = 'taken' and coalesce(a.amount_fen, 0) <> t.wallet_fen""",
    ),
    Check(
        "till.reports_without_gaps",
        "the closed shifts of a till are numbered without gaps",
        """select merchant_id || '/' || store_id || '/' || till as id, count(*) as closed, max(report_no) as last
           from till_shifts where state = 'closed' group by merchant_id, store_id, till
           having max(report_no) <> count(*)""",
    ),
    Check(
        "till.bankings_were_posted",
        "what was brought to the bank is posted as such, and of a shift no more than it says",
        """select b.merchant_id || '/' || b.banking_id as id, b.amount_fen, s.banked_fen, l.transaction_id
           from (select *, sum(amount_fen) over (partition by merchant_id, shift_id) as of_shift
                 from till_bankings) b
           join till_shifts s on s.merchant_id = b.merchant_id and s.shift_id = b.shift_id
           left join ledger_transactions l
             on l.merchant_id = b.merchant_id and l.source = 'till_banking' and l.source_id = b.banking_id
           where l.transaction_id is null or b.of_shift > s.banked_fen""",
    ),
    Check(
        "till.cash_sales_in_drawers",
        "cash that a sale took lies in a drawer, and no other",
        """select t.merchant_id || '/' || t.taking_id as id, t.state, t.cash_fen, m.amount_fen
           from till_takings t left join till_movements m
             on m.merchant_id = t.merchant_id and m.kind = 'sale' and m.source_id = t.taking_id
           where coalesce(m.amount_fen, 0) <> case t.state when 'taken' then t.cash_fen else 0 end""",
    ),
)
