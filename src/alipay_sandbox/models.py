"""What the sandbox knows. Money in fen, times in seconds since 1970."""

import msgspec


class App(msgspec.Struct):
    """An app of the open platform with its seller. `key` names it for whoever set it up."""

    key: str
    name: str
    app_id: str
    seller_id: str
    private_key_pem: str  # the app's: whoever calls signs with it
    alipay_key_pem: str  # Alipay's for this app: signs answers and notifications
    app_cert_pem: str = ""  # of an app in certificate mode, with the two others
    alipay_cert_pem: str = ""
    root_cert_pem: str = ""


class Trade(msgspec.Struct):
    """A trade. Not `opened`: ordered by a code that nobody scanned, which queries do not know yet."""

    app_id: str
    out_trade_no: str
    trade_no: str
    token: str  # in the addresses of its pages
    subject: str
    total_fen: int
    product: str  # page | wap | qr | code
    notify_url: str
    return_url: str
    created_at: float
    expires_at: float
    opened: bool
    status: str = "WAIT_BUYER_PAY"
    paid_at: float = 0.0
    refunded_fen: int = 0
    fee_fen: int = 0  # taken, less what refunds gave back
    buyer_id: str = ""  # whose payment code it was
    undone: str = ""  # what alipay.trade.cancel did: close | refund

    @property
    def id(self) -> str:
        """Its key in the store."""
        return f"{self.app_id}/{self.out_trade_no}"


class Buyer(msgspec.Struct):
    """Somebody with a payment code on her phone. `key` names her for whoever set her up."""

    buyer_id: str
    key: str
    password_above_fen: int = 100_000
    """A code pays up to this without the password: 1000 yuan, as Alipay says; 0 asks always."""
    pays_up_to_fen: int | None = None
    """Payments above it fail for want of money; None: none does."""
    code: str = ""
    code_until: float = 0.0


class Refund(msgspec.Struct):
    """Money that went back."""

    app_id: str
    trade_no: str
    out_trade_no: str
    out_request_no: str
    amount_fen: int
    fee_fen: int  # of Alipay's fee, given back with it
    reason: str
    at: float

    @property
    def id(self) -> str:
        """Its key in the store: the number is unique within a trade."""
        return f"{self.trade_no}/{self.out_request_no}"


class Notice(msgspec.Struct):
    """A notification until it is answered "success", or given up. `fields` are signed when it is sent."""

    notify_id: str
    app_id: str
    url: str
    fields: dict[str, str]
    tries: int = 0
    done: bool = False
    last: str = ""  # what came of the last try


class Clock(msgspec.Struct):
    """How far the sandbox's time is ahead of the machine's."""

    ahead_seconds: float = 0.0
