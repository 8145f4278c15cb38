"""Invariants of top-ups."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "topups.paid_is_in_the_wallet",
        "a paid top-up has its entry in the wallet and its payment kept, of its amount; an unpaid one has neither",
        """select t.merchant_id || '/' || t.topup_id as id, t.state, e.principal_fen, e.gift_fen, p.state as payment
           from wallet_topups t
           left join wallet_entries e
             on e.merchant_id = t.merchant_id and e.source = 'topup' and e.source_id = t.topup_id
           left join payments p
             on p.merchant_id = t.merchant_id and p.purpose = 'wallet_topup' and p.reference_id = t.topup_id
           where (t.state = 'unpaid' and (e.entry_id is not null or p.state = 'paid'))
              or (t.state <> 'unpaid' and (e.principal_fen is distinct from t.amount_fen
                  or e.gift_fen is distinct from t.gift_fen or p.state is distinct from 'paid'))""",
    ),
)
