"""How Alipay writes things: signatures (RSA2), amounts in yuan, times of China.

After opendocs.alipay.com/common/02kf5q ("签名"): requests sign every parameter but `sign` that has a value, sorted by
name and joined as `name=value` with `&`; notifications leave out `sign_type` too; answers sign the text of their
content as it is sent. RSA2 is SHA256withRSA, in base64.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

CHINA = timezone(timedelta(hours=8))


def request_text(params: Mapping[str, str]) -> str:
    """What a request signs."""
    return _joined({name: value for name, value in params.items() if name != "sign"})


def notice_text(params: Mapping[str, str]) -> str:
    """What a notification, or the way back from a page, signs."""
    return _joined({name: value for name, value in params.items() if name not in ("sign", "sign_type")})


def _joined(params: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(params.items()) if value != "")


def new_key() -> str:
    """A private key in PEM."""
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def load_key(pem: str) -> rsa.RSAPrivateKey:
    """A private key of ours."""
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """Its public half."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(key: rsa.RSAPrivateKey, text: str) -> str:
    """RSA2 over the UTF-8 of a text."""
    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()


def verifies(key: rsa.RSAPublicKey, text: str, signature: str) -> bool:
    """Whether `signature` is RSA2 over `text`."""
    try:
        key.verify(base64.b64decode(signature, validate=True), text.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error):
        return False
    return True


def answer_json(content: Mapping[str, Any]) -> str:
    """An answer's content, with slashes escaped as Alipay escapes them."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


def yuan(fen: int) -> str:
    """12345 -> "123.45"."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def read_yuan(value: object) -> int | None:
    """Fen of an amount with two decimals at most, above zero; None for anything else."""
    text = str(value)
    whole, dot, rest = text.partition(".")
    if not whole.isascii() or not whole.isdigit() or len(whole) > 9 or (dot and not rest):
        return None
    if rest and (not rest.isascii() or not rest.isdigit() or len(rest) > 2):
        return None
    fen = int(whole) * 100 + int(rest.ljust(2, "0") or "0")
    return fen if fen > 0 else None


def china(at: float) -> str:
    """A time as Alipay writes it."""
    return datetime.fromtimestamp(at, CHINA).strftime("%Y-%m-%d %H:%M:%S")


def read_china(text: str) -> float | None:
    """A time that Alipay reads; None for what is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).timestamp()
    except ValueError:
        return None


def day_of(at: float) -> str:
    """The day of China's at a moment, as `yyyy-MM-dd`."""
    return china(at)[:10]
