"""A WeChat Pay platform small enough to read, for the client's unit tests."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from bihuan.wechat import Limits, PayAccount, PayClient, crypto
from bihuan.wechat.pay import PrepayOrder
from bihuan.wechat.pay.signer import request_message

BASE = "https://pay.test"
APIV3_KEY = "a" * 31 + "Z"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001012026030100"
FAST = Limits(timeout_seconds=2, retries=2, backoff_seconds=0.001)

Json = dict[str, Any]

ORDER = PrepayOrder(
    appid="wx1",
    description="青衫 外套",
    out_trade_no="T20260301-1",
    total_fen=12900,
    notify_url="https://shop.test/wechat/qingshan/pay/notify",
    expires_at=NOW + timedelta(minutes=15),
)

PAID: Json = {
    "appid": "wx1",
    "mchid": "1900000101",
    "out_trade_no": "T20260301-1",
    "transaction_id": "420000000120260301",
    "trade_type": "JSAPI",
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "bank_type": "OTHERS",
    "attach": "",
    "success_time": "2026-03-01T20:00:00+08:00",
    "payer": {"openid": "o1"},
    "amount": {"total": 12900, "payer_total": 12900, "currency": "CNY", "payer_currency": "CNY"},
    "some_new_field": [1],
}


def now() -> datetime:
    return NOW


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """One key per name for the whole run: making them is slow."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(name: str) -> str:
    return (
        key(name)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def public_pem(name: str) -> str:
    return (
        key(name)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@cache
def certificate(name: str, serial: int, *, expired: bool = False) -> tuple[str, str]:
    """(serial as WeChat writes it, PEM)."""
    start = NOW - timedelta(days=800 if expired else 10)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key(name).public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .sign(key(name), hashes.SHA256())
    )
    return f"{serial:X}", made.public_bytes(serialization.Encoding.PEM).decode()


def sign(name: str, message: bytes) -> str:
    return base64.b64encode(key(name).sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


def seal(plaintext: bytes, *, aad: str, apiv3_key: str = APIV3_KEY, nonce: str = "0123456789ab") -> Json:
    sealed = AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), plaintext, aad.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": aad,
        "nonce": nonce,
    }


def signed_headers(
    body: bytes, *, signer: str = "platform", serial: str = PUBLIC_KEY_ID, at: datetime = NOW
) -> dict[str, str]:
    timestamp, nonce = str(int(at.timestamp())), "n0nce"
    message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": sign(signer, message),
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Request-ID": "req-1",
    }


def notification(
    plaintext: Json, *, event_type: str = "TRANSACTION.SUCCESS", original_type: str = "transaction"
) -> Json:
    sealed = seal(json.dumps(plaintext).encode(), aad=original_type)
    return {
        "id": "EV-1",
        "create_time": "2026-03-01T20:00:00+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": "支付成功",
        "resource": {**sealed, "original_type": original_type},
    }


def certificates_answer(*names: tuple[str, int]) -> bytes:
    data: list[Json] = []
    for name, serial in names:
        number, pem = certificate(name, serial)
        data.append(
            {
                "serial_no": number,
                "effective_time": "2026-02-19T20:00:00+08:00",
                "expire_time": "2027-02-19T20:00:00+08:00",
                "encrypt_certificate": seal(pem.encode(), aad="certificate"),
            }
        )
    return json.dumps({"data": data}).encode()


def account(**changes: Any) -> PayAccount:
    fields: Json = {
        "mchid": "1900000101",
        "serial_no": "7F01AB",
        "private_key_pem": private_pem("merchant"),
        "apiv3_key": APIV3_KEY,
        "public_key_id": PUBLIC_KEY_ID,
        "public_key_pem": public_pem("platform"),
        **changes,
    }
    return PayAccount(**fields)


def certificate_account(**changes: Any) -> PayAccount:
    return account(public_key_id="", public_key_pem="", **changes)


Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, who: PayAccount | None = None, limits: Limits = FAST) -> PayClient:
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return PayClient(who or account(), http=http, base_url=BASE, now=now, limits=limits)


def answer(status: int, content: Json | bytes | None = None, **signing: Any) -> httpx.Response:
    """A response signed as WeChat Pay signs; 204 over the empty body."""
    body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
    return httpx.Response(status, content=body, headers=signed_headers(body, **signing))


def load_vectors() -> dict[str, Json]:
    text = (Path(__file__).parent / "vectors.json").read_text(encoding="utf-8")
    return cast("dict[str, Json]", json.loads(text))


def check_authorization(request: httpx.Request, *, signed: bytes | None = None) -> None:
    """`signed`: what stands for the body in the signature, of an upload."""
    scheme, _, rest = request.headers["Authorization"].partition(" ")
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    items = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    assert items["mchid"] == "1900000101"
    assert items["serial_no"] == "7F01AB"
    assert items["timestamp"] == str(int(NOW.timestamp()))
    message = request_message(
        request.method,
        request.url.raw_path,
        items["timestamp"],
        items["nonce_str"],
        request.content if signed is None else signed,
    )
    assert crypto.rsa_verify(key("merchant").public_key(), message, items["signature"])


class Recorder:
    """Answers in turn and keeps what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        got = self.answers.pop(0)
        if isinstance(got, Exception):
            raise got
        return got


def unsigned(status: int, content: Json) -> httpx.Response:
    return httpx.Response(status, json=content)


def delivered(content: Json, **signing: Any) -> tuple[dict[str, str], bytes]:
    body = json.dumps(content).encode()
    return signed_headers(body, **signing), body
