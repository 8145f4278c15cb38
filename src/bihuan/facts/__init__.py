"""Facts: what happened, one file per emitting module.

A fact holds ids, fen and times, never entities, so that a handler of any module can react to it without
importing the module that made it. Each has a `kind` ("order.paid") that never changes once released;
fields may be added with defaults, never renamed.
"""

from datetime import datetime
from typing import ClassVar

import msgspec

from bihuan.kernel.ids import MerchantId


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What every fact has; `kind` names it in the database and on the wire."""

    kind: ClassVar[str]

    merchant_id: MerchantId
    occurred_at: datetime
