"""What a run has done to the database, for its report."""

from bench.chaos.rows import rows
from bench.chaos.stage import Stage

HAPPENED = {
    "payments kept": "select count(*) from payment_attempts where mchid <> '' and verdict = 'accepted'",
    "payments given back": "select count(*) from payment_attempts where mchid <> '' and verdict = 'refused'",
    "paid in a browser (H5)": "select count(*) from payment_attempts where method = 'wechat_h5' and state = 'paid'",
    "paid by QR code": "select count(*) from payment_attempts where method = 'wechat_native' and state = 'paid'",
    "paid by payment code": "select count(*) from payment_attempts where method = 'wechat_code' and state = 'paid'",
    "paid by Alipay": "select count(*) from payment_attempts where tender = 'alipay' and state = 'paid'",
    "paid in cash": "select count(*) from payment_attempts where tender = 'cash' and state = 'paid'",
    "paid by card": "select count(*) from payment_attempts where tender = 'card' and state = 'paid'",
    "paid from a wallet": "select count(*) from payment_attempts where tender = 'wallet' and state = 'paid'",
    "top-ups": "select count(*) from wallet_topups where state <> 'unpaid'",
    "top-ups with a gift": "select count(*) from wallet_topups where state <> 'unpaid' and gift_fen > 0",
    "top-ups taken back": "select count(*) from wallet_topups where returned_fen > 0",
    "refunds": "select count(*) from payment_refunds where state = 'success'",
    "refunds by hand": "select count(*) from payment_refunds where state = 'success' and by_hand",
    "refunds under a new number": "select count(*) from payment_refunds where replaces is not null",
    "after-sale cases": "select count(*) from aftersale_cases",
    "refunds agreed": "select count(*) from aftersale_cases where state = 'completed' and kind = 'refund'",
    "returns completed": "select count(*) from aftersale_cases where state = 'completed' and kind = 'return'",
    "exchanges completed": "select count(*) from aftersale_cases where state = 'completed' and kind = 'exchange'",
    "disputes ruled on": "select count(*) from aftersale_cases where dispute is not null and decided_at is not null",
    "shifts closed": "select count(*) from till_shifts where state = 'closed'",
    "points entries": "select count(*) from points_entries",
    "paid with points in part": "select count(*) from points_holds where state = 'redeemed'",
    "points expired": "select count(*) from points_entries where source = 'expire'",
    "commissions": "select count(*) from commissions",
    "shares": "select count(*) from sharing_orders where kind = 'share' and state = 'success'",
    "shares given back": "select count(*) from sharing_returns where state = 'success'",
    "shares that WeChat unfroze": "select count(*) from sharings where state = 'missed'",
    "statements closed": "select count(*) from statements where state <> 'open'",
    "payouts": "select count(*) from payouts",
    "months of plans billed": "select count(*) from plan_invoices",
    "days reconciled": "select count(*) from reconciliation_days where state = 'matched'",
    "differences resolved": "select count(*) from reconciliation_differences where state = 'resolved'",
    "months closed": "select count(*) from ledger_closings",
    "postings": "select count(*) from ledger_transactions where source not in ('opening', 'import')",
}


def counts(stage: Stage) -> dict[str, int]:
    """How much of what HAPPENED names there is."""
    return {what: rows(stage, sql)[0]["count"] for what, sql in HAPPENED.items()}
