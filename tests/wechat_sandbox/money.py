"""A desk for the tests of money: a merchant whose shoppers pay, and a clock that moves."""

import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.wechat_sandbox.desk import Merchant, Sandbox, wait_for

REFUNDS = "/v3/refund/domestic/refunds"
SHARES = "/v3/profitsharing/orders"
RETURNS = "/v3/profitsharing/return-orders"
DAY = 86400


@dataclass
class Till:
    """A merchant and one of its shoppers."""

    sandbox: Sandbox = field(repr=False)
    merchant: Merchant = field(repr=False)
    shopper: str

    @property
    def openid(self) -> str:
        return self.sandbox.openid(self.shopper, self.merchant.appid)

    def pay(self, total: int = 10000, *, share: bool = False, **changes: Any) -> dict[str, Any]:
        """An order that is paid: what was asked and `transaction_id`."""
        asked = self.merchant.prepay(self.openid, amount={"total": total, "currency": "CNY"}, **changes)
        if share:
            asked["settle_info"] = {"profit_sharing": True}
        prepay_id = self.merchant.call("POST", "/v3/pay/transactions/jsapi", asked).json()["prepay_id"]
        body = {"pay_params": self.merchant.pay_params(prepay_id)}
        sheet = self.sandbox.post(f"/_sandbox/shoppers/{self.shopper}/sheets", body)
        return asked | self.sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")

    def refund(self, order: dict[str, Any], fen: int, **changes: Any) -> httpx.Response:
        asked = {
            "transaction_id": order["transaction_id"],
            "out_refund_no": "R" + secrets.token_hex(8),
            "amount": {"refund": fen, "total": order["amount"]["total"], "currency": "CNY"},
        }
        return self.merchant.call("POST", REFUNDS, asked | changes)

    def refund_now(self, order: dict[str, Any], fen: int, **changes: Any) -> dict[str, Any]:
        """A refund that is over."""
        told = self.refund(order, fen, **changes).json()
        self.advance(2)
        target = f"{REFUNDS}/{told['out_refund_no']}"
        wait_for(lambda: self.merchant.call("GET", target).json()["status"] != "PROCESSING")
        return self.merchant.call("GET", target).json()

    def share(self, order: dict[str, Any], *receivers: dict[str, Any], unfreeze: bool = False) -> httpx.Response:
        asked = {
            "appid": self.merchant.appid,
            "transaction_id": order["transaction_id"],
            "out_order_no": "P" + secrets.token_hex(8),
            "receivers": list(receivers),
            "unfreeze_unsplit": unfreeze,
        }
        return self.merchant.call("POST", SHARES, asked)

    def share_now(self, order: dict[str, Any], *receivers: dict[str, Any], unfreeze: bool = False) -> dict[str, Any]:
        """A share that is over."""
        response = self.share(order, *receivers, unfreeze=unfreeze)
        assert response.status_code == 200, response.text
        return self.settled(order, response.json()["out_order_no"])

    def settled(self, order: dict[str, Any], out_order_no: str) -> dict[str, Any]:
        self.advance(2)
        target = f"{SHARES}/{out_order_no}?transaction_id={order['transaction_id']}"
        wait_for(lambda: self.merchant.call("GET", target).json()["state"] == "FINISHED")
        return self.merchant.call("GET", target).json()

    def add_receiver(self, other: Merchant) -> httpx.Response:
        return self.call_sealed(
            "/v3/profitsharing/receivers/add",
            {
                "appid": self.merchant.appid,
                "type": "MERCHANT_ID",
                "account": other.mchid,
                "name": self.seal(other.row["name"]),
                "relation_type": "SUPPLIER",
            },
        )

    def seal(self, text: str) -> str:
        """Encrypted for the platform, as the merchant's mode has it."""
        row = self.merchant.row
        key = (
            load_pem_public_key(row["public_key_pem"].encode())
            if row["mode"] == "public_key"
            else x509.load_pem_x509_certificate(row["platform_certificate_pem"].encode()).public_key()
        )
        assert isinstance(key, RSAPublicKey)
        return b64encode(key.encrypt(text.encode(), OAEP(MGF1(SHA1()), SHA1(), None))).decode()

    def call_sealed(self, target: str, data: Any) -> httpx.Response:
        """A call with encrypted fields: it says which key they are for."""
        row = self.merchant.row
        serial = row["public_key_id"] if row["mode"] == "public_key" else row["platform_serial_no"]
        self.sandbox.http.headers["Wechatpay-Serial"] = serial
        try:
            return self.merchant.call("POST", target, data)
        finally:
            del self.sandbox.http.headers["Wechatpay-Serial"]

    def advance(self, seconds: float) -> None:
        self.sandbox.post("/_sandbox/clock", {"advance_seconds": seconds})

    def unsplit(self, order: dict[str, Any]) -> int:
        target = f"/v3/profitsharing/transactions/{order['transaction_id']}/amounts"
        return self.merchant.call("GET", target).json()["unsplit_amount"]

    def books(self) -> dict[str, Any]:
        return books_of(self.sandbox, self.merchant.mchid)

    def accounts(self) -> dict[str, int]:
        return self.books()["accounts"]


def books_of(sandbox: Sandbox, mchid: str) -> dict[str, Any]:
    return next(row for row in sandbox.get("/_sandbox/books")["merchants"] if row["mchid"] == mchid)


def balanced(sandbox: Sandbox) -> int:
    """Asserts that the books are right; how many transactions they hold."""
    told = sandbox.get("/_sandbox/books/check")
    assert told["balanced"], told["problems"]
    return told["transactions"]


def part(account: str, fen: int, kind: str = "MERCHANT_ID") -> dict[str, Any]:
    return {"type": kind, "account": account, "amount": fen, "description": "分给供应商"}
