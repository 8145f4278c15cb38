"""Invariants of received money."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "payments.kept_or_refunded",
        "money that came is applied to a paid payment, or has its refund under way or done",
        """select a.merchant_id || '/' || a.attempt_id as id, a.out_trade_no, a.verdict, a.reason
           from payment_attempts a
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           where (a.verdict = 'accepted' and p.state <> 'paid')
              or (a.verdict = 'refused' and a.paid_fen <> (
                   select coalesce(sum(r.amount_fen), 0) from payment_refunds r
                   where r.merchant_id = a.merchant_id and r.attempt_id = a.attempt_id and r.state <> 'closed'))""",
    ),
    Check(
        "payments.accepted_once",
        "a paid payment kept the whole of its amount: of one attempt elsewhere, or that and a part of the wallet",
        """select p.merchant_id || '/' || p.payment_id as id, count(a.attempt_id) as accepted
           from payments p left join payment_attempts a
             on a.merchant_id = p.merchant_id and a.payment_id = p.payment_id and a.verdict = 'accepted'
           where p.state = 'paid' group by p.merchant_id, p.payment_id
           having coalesce(sum(a.paid_fen), 0) <> p.amount_fen
              or count(a.attempt_id) filter (where a.tender in ('wechat', 'alipay')) > 1
              or count(a.attempt_id) filter (where a.tender = 'wallet') > 1""",
    ),
    Check(
        "payments.receipts_posted",
        "each receipt has its posting, of its amount",
        """select a.merchant_id || '/' || a.attempt_id as id, a.out_trade_no, a.paid_fen, e.amount_fen as posted
           from payment_attempts a
           left join ledger_transactions t
             on t.merchant_id = a.merchant_id and t.source = 'receipt' and t.source_id = a.attempt_id
           left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
             and e.account = case a.tender when 'wallet' then 'wallet_liability' when 'cash' then 'cash'
                                           else a.tender || '_clearing' end
           where a.verdict in ('accepted', 'refused') and e.amount_fen is distinct from a.paid_fen""",
    ),
    Check(
        "payments.refunds_posted",
        "each refund that succeeded has its posting, and no other has",
        """select r.merchant_id || '/' || r.refund_id as id, r.state from payment_refunds r
           left join ledger_transactions t
             on t.merchant_id = r.merchant_id and t.source = 'refund' and t.source_id = r.refund_id
           where (r.state = 'success') <> (t.source_id is not null)""",
    ),
    Check(
        "payments.refunds_within_paid",
        "refunds of an attempt add up to what was set aside for them, at most what was paid",
        """select a.merchant_id || '/' || a.attempt_id as id, a.paid_fen, a.refund_fen, r.total
           from payment_attempts a
           join (select merchant_id, attempt_id, sum(amount_fen) as total from payment_refunds
                 where state <> 'closed' group by merchant_id, attempt_id) r
             on r.merchant_id = a.merchant_id and r.attempt_id = a.attempt_id
           where r.total <> a.refund_fen or r.total > a.paid_fen""",
    ),
    Check(
        "payments.decisions_carried_out",
        "a decided refund is posted, its parts add up to it, and what succeeded of them to what is settled",
        """select d.merchant_id || '/' || d.decision_id as id, d.cause, d.amount_fen, d.settled_fen
           from payment_refund_decisions d
           left join (select merchant_id, decision_id, sum(amount_fen) filter (where state <> 'closed') as total,
                        coalesce(sum(amount_fen) filter (where state = 'success'), 0) as done
                      from payment_refunds where decision_id is not null group by merchant_id, decision_id) r
             on r.merchant_id = d.merchant_id and r.decision_id = d.decision_id
           left join ledger_transactions t
             on t.merchant_id = d.merchant_id and t.source = 'refund_decision' and t.source_id = d.decision_id
           where r.total is distinct from d.amount_fen or r.done is distinct from d.settled_fen
              or t.source_id is null""",
    ),
    Check(
        "payments.parts_held",
        "a payment's wallet part is held while it may be paid, taken when it is, and given back when not",
        """select a.merchant_id || '/' || a.attempt_id as id, a.state, h.state as held, p.state as payment
           from payment_attempts a
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           left join wallet_holds h on h.merchant_id = a.merchant_id and h.hold_id = a.attempt_id
           where a.tender = 'wallet' and (
             h.state is distinct from case a.state when 'created' then 'held' when 'paid' then 'captured'
                                        else 'released' end
             or h.principal_fen + h.gift_fen <> a.amount_fen or (a.state = 'created' and p.state = 'paid'))""",
    ),
    Check(
        "payments.receipts_applied",
        "nothing received is left unapplied",
        """select merchant_id::text as id, balance_fen from ledger_balances
           where account = 'receipts' and balance_fen <> 0""",
    ),
)
