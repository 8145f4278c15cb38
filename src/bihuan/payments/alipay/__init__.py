"""Payments by Alipay, behind the face of payments: `prepare` with an alipay method, notifications, refunds, asking.

The same policies as WeChat's: late, second, partial and foreign money are judged by `settling`, and what is refused
goes back by itself. The SDK is loaded for merchants that have an account, and only then.
"""

from bihuan.payments.alipay.accounts import AlipayAccount, AlipayAccountIn, connect_account, get_account

__all__ = ["AlipayAccount", "AlipayAccountIn", "connect_account", "get_account"]
