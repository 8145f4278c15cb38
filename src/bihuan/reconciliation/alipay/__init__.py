"""Alipay's trade bill of each day against what is recorded here and the book.

Simpler than WeChat's: one bill a day, which tells of payments, refunds and fees. It is fetched after 10:00 of the next
day (China's), read whole or not at all, matched set against set in one transaction; a day's fees are posted once. What
differs is in a queue until a rule or a person resolves it, and never leaves the table.
"""

from bihuan.reconciliation.alipay.checks import CHECKS

__all__ = ["CHECKS"]
