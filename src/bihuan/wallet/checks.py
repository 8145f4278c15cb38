"""Invariants of stored value."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "wallet.balances_are_entries",
        "a wallet's balance is the sum of its entries, principal and gift each",
        """select w.merchant_id || '/' || w.shopper_id as id, w.principal_fen, w.gift_fen, e.principal, e.gift
           from wallets w
           left join (select merchant_id, shopper_id, sum(principal_fen) as principal, sum(gift_fen) as gift
                      from wallet_entries group by merchant_id, shopper_id) e
             on e.merchant_id = w.merchant_id and e.shopper_id = w.shopper_id
           where w.principal_fen <> coalesce(e.principal, 0) or w.gift_fen <> coalesce(e.gift, 0)""",
    ),
    Check(
        "wallet.holds_add_up",
        "what a wallet has set aside is the sum of its live holds",
        """select w.merchant_id || '/' || w.shopper_id as id, w.held_principal_fen, w.held_gift_fen
           from wallets w
           left join (select merchant_id, shopper_id, sum(principal_fen) as principal, sum(gift_fen) as gift
                      from wallet_holds where state = 'held' group by merchant_id, shopper_id) h
             on h.merchant_id = w.merchant_id and h.shopper_id = w.shopper_id
           where w.held_principal_fen <> coalesce(h.principal, 0) or w.held_gift_fen <> coalesce(h.gift, 0)""",
    ),
    Check(
        "wallet.liability_posted",
        "the book owes its shoppers what is in their wallets",
        """select coalesce(b.merchant_id, w.merchant_id)::text as id, b.balance_fen, w.total
           from (select merchant_id, balance_fen from ledger_balances
                 where account = 'wallet_liability' and balance_fen <> 0) b
           full join (select merchant_id, sum(principal_fen + gift_fen)::bigint as total from wallets
                      group by merchant_id having sum(principal_fen + gift_fen) <> 0) w
             on w.merchant_id = b.merchant_id
           where -coalesce(b.balance_fen, 0) <> coalesce(w.total, 0)""",
    ),
)
