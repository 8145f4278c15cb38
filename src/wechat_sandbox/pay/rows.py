"""The rows of what Pay does besides plain orders. Times are seconds of sandbox time, money is fen."""

from typing import Literal

from msgspec import Struct, field

from wechat_sandbox.models import Payable

TransferState = Literal[
    "ACCEPTED",
    "PROCESSING",
    "WAIT_USER_CONFIRM",
    "TRANSFERING",
    "SUCCESS",
    "FAIL",
    "CANCELING",
    "CANCELLED",
]
ComplaintState = Literal["PENDING", "PROCESSING", "PROCESSED"]


class CombinedOrder(Payable, omit_defaults=True, kw_only=True):
    """A combined order (合单): one payment for the orders of several merchants."""

    order_keys: list[str]
    device_id: str = ""

    @property
    def payee(self) -> str:
        """Who is named on the sheet."""
        return self.mchid


class PaymentCode(Struct):
    """A payment code (付款码) that a shopper shows at a till: good for one payment within its minute."""

    code: str
    shopper_id: str
    expires_at: float
    used: bool = False


class Transfer(Struct, omit_defaults=True):
    """A transfer of a merchant to a shopper's change (商家转账); `state` is WeChat's."""

    mchid: str
    appid: str
    out_bill_no: str
    transfer_bill_no: str
    openid: str
    shopper_id: str
    amount: int
    remark: str
    scene_id: str
    fingerprint: str
    package_info: str
    created_at: float
    updated_at: float
    state: TransferState = "ACCEPTED"
    perception: str = ""
    notify_url: str = ""
    user_name: str = ""
    fail_reason: str = ""

    @property
    def key(self) -> str:
        """Its place in the table of transfers."""
        return f"{self.mchid}:{self.out_bill_no}"


class Receipt(Struct):
    """An electronic receipt (电子回单) that a merchant asked for."""

    transfer_key: str
    created_at: float
    ready_at: float


class Negotiation(Struct):
    """One line of the history between shopper and merchant."""

    log_id: str
    operator: str
    at: float
    kind: str
    details: str = ""
    media_ids: list[str] = field(default_factory=list[str])


class Complaint(Struct, omit_defaults=True):
    """A shopper's complaint about a paid order."""

    complaint_id: str
    mchid: str
    order_key: str
    shopper_id: str
    openid: str
    created_at: float
    detail: str
    problem: str
    problem_type: str
    state: ComplaintState = "PENDING"
    refund_fen: int = 0
    times: int = 1
    unanswered: bool = True
    media_ids: list[str] = field(default_factory=list[str])
    history: list[Negotiation] = field(default_factory=list[Negotiation])


class ComplaintUrl(Struct):
    """Where a merchant, or a service provider, hears of complaints."""

    mchid: str
    url: str


class Media(Struct):
    """A picture that a merchant or a shopper uploaded."""

    media_id: str
    mchid: str
    content_type: str
    body: bytes
