"""Reconciliation: WeChat Pay's bills of each day against what is recorded here and the book.

Each account's trade, fund and profit-sharing bills are fetched after 10:00 of the next day (China's), kept as files,
and matched set against set in one transaction. Invariants: a bill that is cut, altered, another's or of another day
posts nothing; a row's fee is posted once, whatever is repeated; each transfer to the bank once; what differs is in
the queue until a person or a rule resolves it, and never leaves the table.
"""

from bihuan.reconciliation.checks import CHECKS
from bihuan.reconciliation.db import Unsettled, unsettled
from bihuan.reconciliation.db_origins import trace, trace_fees

__all__ = ["CHECKS", "Unsettled", "trace", "trace_fees", "unsettled"]
