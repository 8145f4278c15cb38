"""Invariants of after-sale."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "aftersale.refunds_are_the_orders",
        "what an order says is refunded equals what its cases and others (a till) decided, within what was paid",
        """select o.merchant_id || '/' || o.order_id as id, o.refunded_fen, c.decided, d.elsewhere
           from orders o join (
             select merchant_id, order_id, sum(agreed_fen) filter (where decided_at is not null) as decided
             from aftersale_cases group by merchant_id, order_id) c using (merchant_id, order_id)
           left join (
             select merchant_id, reference_id, sum(amount_fen) as elsewhere from payment_refund_decisions
             where purpose = 'order' and cause <> 'aftersale' group by merchant_id, reference_id) d
             on d.merchant_id = o.merchant_id and d.reference_id = o.order_id
           where coalesce(c.decided, 0) + coalesce(d.elsewhere, 0) <> o.refunded_fen or o.refunded_fen > o.paid_fen""",
    ),
    Check(
        "aftersale.decided_has_its_refund",
        "each decided amount has its refund decision, of that amount, and a completed case all its money back",
        """select c.merchant_id || '/' || c.case_id as id, c.case_no, c.state, c.agreed_fen, d.amount_fen
           from aftersale_cases c left join payment_refund_decisions d
             on d.merchant_id = c.merchant_id and d.cause = 'aftersale' and d.cause_id = c.case_id
           where (c.decided_at is not null and coalesce(d.amount_fen, 0) <> c.agreed_fen)
              or (c.decided_at is null and d.amount_fen is not null)
              or (c.state = 'completed' and d.amount_fen is not null and d.settled_at is null)""",
    ),
    Check(
        "aftersale.open_cases_counted",
        "an order counts its cases that are under way",
        """select o.merchant_id || '/' || o.order_id as id, o.open_cases, coalesce(c.cases, 0) as cases
           from orders o left join (
             select merchant_id, order_id, count(*) as cases from aftersale_cases
             where state not in ('completed', 'rejected', 'withdrawn') group by merchant_id, order_id) c
             using (merchant_id, order_id)
           where o.open_cases <> coalesce(c.cases, 0)""",
    ),
    Check(
        "aftersale.pieces_claimed",
        "a case claims its pieces while it is open, keeps what it refunded, and lets go of all others",
        """select c.merchant_id || '/' || c.case_id as id, c.state, l.pieces, coalesce(p.pieces, 0) as claimed
           from aftersale_cases c
           join (select merchant_id, case_id, sum(quantity) as pieces,
                        sum(coalesce(received_quantity, 0)) as received
                 from aftersale_lines group by merchant_id, case_id) l using (merchant_id, case_id)
           left join (select merchant_id, case_id, count(*) as pieces from aftersale_pieces
                      where case_id is not null group by merchant_id, case_id) p using (merchant_id, case_id)
           where coalesce(p.pieces, 0) <> case
             when c.state in ('rejected', 'withdrawn') or (c.state = 'completed' and c.kind = 'exchange') then 0
             when c.state in ('refunding', 'completed') and c.kind = 'return' then l.received
             else l.pieces end""",
    ),
    Check(
        "aftersale.held_back_by_a_case",
        "pieces are held back by open cases about unsent goods, and cancelled by decided ones",
        """select l.merchant_id || '/' || l.order_id || '/' || l.line_id as id, l.held_back_quantity,
                  l.cancelled_quantity, coalesce(c.held, 0) as held, coalesce(c.cancelled, 0) as cancelled
           from order_lines l left join (
             select a.merchant_id, a.order_id, al.line_id,
                    sum(al.quantity) filter (where a.decided_at is null) as held,
                    sum(al.quantity) filter (where a.decided_at is not null) as cancelled
             from aftersale_cases a join aftersale_lines al using (merchant_id, case_id)
             where not a.received_goods and a.state not in ('rejected', 'withdrawn')
             group by a.merchant_id, a.order_id, al.line_id) c using (merchant_id, order_id, line_id)
           where l.held_back_quantity <> coalesce(c.held, 0) or l.cancelled_quantity <> coalesce(c.cancelled, 0)""",
    ),
)
