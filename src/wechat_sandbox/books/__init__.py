"""Each merchant's money: what may be done with it, and what the books say.

Every function posts whole transactions (see `journal`) together with the rows that belong to them. Amounts are fen
and positive. `NotEnoughError` is raised before anything has changed.
"""

from wechat_sandbox.books.moves import (
    available,
    collected,
    order_paid,
    refund_closed,
    refund_done,
    refunded,
    resume,
    settled,
    top_up,
    transfer_done,
    transfer_out,
    transfer_returned,
    unfreeze,
    withdraw,
)
from wechat_sandbox.books.report import balance_sheet, check
from wechat_sandbox.books.sharing import share_closed, share_done, share_out, share_returned
from wechat_sandbox.journal import NotEnoughError

__all__ = [
    "NotEnoughError",
    "available",
    "balance_sheet",
    "check",
    "collected",
    "order_paid",
    "refund_closed",
    "refund_done",
    "refunded",
    "resume",
    "settled",
    "share_closed",
    "share_done",
    "share_out",
    "share_returned",
    "top_up",
    "transfer_done",
    "transfer_out",
    "transfer_returned",
    "unfreeze",
    "withdraw",
]
