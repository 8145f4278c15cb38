"""Keys as people paste them: with or without the PEM lines, PKCS#8 or PKCS#1."""

import binascii
import hashlib
from base64 import b64decode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from bihuan.alipay.errors import KeyNotUsable

LEAST_BITS = 2048


def check_private_key(text: str) -> str:
    """The key in PKCS#8 PEM. Raises KeyNotUsable for what is none, or too short."""
    return _private(text).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def check_public_key(text: str) -> str:
    """Alipay's public key in PEM. Raises KeyNotUsable."""
    return _public(text).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_fingerprint(text: str) -> str:
    """Of the public half, as `openssl rsa -pubout -outform der | sha256sum` shows it. Raises KeyNotUsable."""
    return _fingerprint(_private(text).public_key())


def public_fingerprint(text: str) -> str:
    """Of Alipay's public key. Raises KeyNotUsable."""
    return _fingerprint(_public(text))


def same_pair(private_key: str, public_key: str) -> bool:
    """Whether somebody pasted the app's own public key where Alipay's belongs: the commonest mistake."""
    return private_fingerprint(private_key) == public_fingerprint(public_key)


def _private(text: str) -> RSAPrivateKey:
    try:
        key = load_der_private_key(_der(text), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyNotUsable("private_key_pem") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_BITS:
        raise KeyNotUsable("private_key_pem")
    return key


def _public(text: str) -> RSAPublicKey:
    try:
        key = load_der_public_key(_der(text))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyNotUsable("alipay_public_key_pem") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise KeyNotUsable("alipay_public_key_pem")
    return key


def _der(text: str) -> bytes:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip() and "-----" not in line]
    try:
        return b64decode("".join(lines), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _fingerprint(key: RSAPublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()[:16]
