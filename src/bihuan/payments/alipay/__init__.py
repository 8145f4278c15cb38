"""Payments by Alipay, behind the face of payments: `prepare` with an alipay method, notifications, refunds, asking.

The same policies as WeChat's: late, second, partial and foreign money are judged by `settling`, and what is refused
goes back by itself. The SDK is loaded for merchants that have an account, and only then. `billed` is what
reconciliation asks for.
"""

from bihuan.payments.alipay import billed
from bihuan.payments.alipay.accounts import AlipayAccountIn, connect_account, get_account
from bihuan.payments.alipay.db_accounts import AlipayAccount

__all__ = ["AlipayAccount", "AlipayAccountIn", "billed", "connect_account", "get_account"]
