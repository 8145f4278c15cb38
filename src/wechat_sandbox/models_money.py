"""The rows of what merchants settle among themselves: profit sharing, its receivers and returns, their settings.

Times are seconds of sandbox time, money is fen.
"""

from typing import Literal

from msgspec import Struct, field

from wechat_sandbox.pay.bills.files import Shelf
from wechat_sandbox.store import Store, Table

RefundOutcome = Literal["", "SUCCESS", "ABNORMAL", "CLOSED"]


class MoneySettings(Struct):
    """How WeChat treats one merchant's money; what the merchant platform's pages set in the real one."""

    mchid: str
    max_ratio: int = 3000
    """The most of an order that may be shared, in hundredths of a percent."""
    share_notify_url: str = ""
    """Where it is told, as a receiver, of shares and their returns."""
    refund_outcome: RefundOutcome = ""
    """How its refunds shall end; empty: as each shopper's card lets them."""


class ShareFault(Struct):
    """An account that no share reaches, and why."""

    account: str
    fail_reason: str


class ShareReceiver(Struct):
    """Whom a merchant may share with."""

    mchid: str
    type: str
    account: str
    relation_type: str
    name: str = ""
    custom_relation: str = ""

    @property
    def key(self) -> str:
        """Its place in the table of receivers."""
        return receiver_key(self.mchid, self.type, self.account)


def receiver_key(mchid: str, kind: str, account: str) -> str:
    """A receiver's place in the table."""
    return f"{mchid}:{kind}:{account}"


class ShareDetail(Struct):
    """One receiver's part of a share."""

    type: str
    account: str
    amount: int
    description: str
    detail_id: str
    result: Literal["PENDING", "SUCCESS", "CLOSED"] = "PENDING"
    fail_reason: str = ""
    returned: int = 0
    """What of it was given back, or is asked back."""


class ShareOrder(Struct):
    """A request to share an order's money, or to unfreeze the rest of it."""

    mchid: str
    sub_mchid: str
    payee: str
    order_id: str
    out_order_no: str
    order_key: str
    transaction_id: str
    created_at: float
    due_at: float
    fingerprint: str
    unfreeze: bool
    description: str = ""
    """Of an unfreezing alone."""
    details: list[ShareDetail] = field(default_factory=list[ShareDetail])
    state: Literal["PROCESSING", "FINISHED"] = "PROCESSING"
    finished_at: float = 0.0
    unfrozen: int = 0

    @property
    def key(self) -> str:
        """Its place in the table of shares: the number is unique to whose money it is."""
        return f"{self.payee}:{self.out_order_no}"


class ShareReturn(Struct):
    """A receiver's part on its way back."""

    mchid: str
    sub_mchid: str
    payee: str
    return_id: str
    out_return_no: str
    order_id: str
    out_order_no: str
    return_mchid: str
    amount: int
    description: str
    created_at: float
    due_at: float
    fingerprint: str
    result: Literal["PROCESSING", "SUCCESS", "FAILED"] = "PROCESSING"
    fail_reason: str = ""
    finished_at: float = 0.0

    @property
    def key(self) -> str:
        """Its place in the table of returns."""
        return f"{self.payee}:{self.out_return_no}"


class MoneyTables:
    """The tables of these rows."""

    def __init__(self, store: Store) -> None:
        self._settings = Table(store, "money_settings", MoneySettings)
        self.faults = Table(store, "share_fault", ShareFault)
        self.receivers = Table(store, "share_receiver", ShareReceiver)
        self.shares = Table(store, "share", ShareOrder)
        self.returns = Table(store, "share_return", ShareReturn)
        self.bills = Shelf()
        self.share_of_id: dict[str, ShareOrder] = {row.order_id: row for row in self.shares.values()}

    def settings(self, mchid: str) -> MoneySettings:
        """A merchant's settings: as they were put, or WeChat's defaults."""
        return self._settings.get(mchid) or MoneySettings(mchid)

    def set(self, settings: MoneySettings) -> None:
        """Keep a merchant's settings."""
        self._settings.put(settings.mchid, settings)

    def keep_share(self, share: ShareOrder) -> None:
        """Keep a new or changed share."""
        self.share_of_id[share.order_id] = share
        self.shares.put(share.key, share)
