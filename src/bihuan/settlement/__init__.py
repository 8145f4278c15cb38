"""Settlement between merchants and the platform: commissions, tool plans, profit sharing, statements, payouts.

A commission is frozen on the order's lines when it is paid, goes back in proportion with refunds, and reaches the
platform through WeChat's profit sharing or by the statement. Invariants: what is posted in a merchant's book
stands mirrored in the platform's; a full refund returns a whole commission; nothing of a refund is with the
platform when WeChat is asked for it; each ledger transaction stands on one statement, and statements chain.
"""

from bihuan.settlement.checks import CHECKS
from bihuan.settlement.db_billed import BilledShares
from bihuan.settlement.db_commission import insert_rule, list_rules
from bihuan.settlement.db_origins import trace
from bihuan.settlement.db_plans import Plan, find_terms, set_plan, set_terms
from bihuan.settlement.plans import subscribe
from bihuan.settlement.returning import before_refund
from bihuan.settlement.rules import Rule, Tier

__all__ = [
    "CHECKS",
    "BilledShares",
    "Plan",
    "Rule",
    "Tier",
    "before_refund",
    "find_terms",
    "insert_rule",
    "list_rules",
    "set_plan",
    "set_terms",
    "subscribe",
    "trace",
]
