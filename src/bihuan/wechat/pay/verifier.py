"""Believing WeChat Pay: which key signed, how long ago, and whether the signature holds.

Two modes exist, and during a merchant's migration both at once: a WeChat Pay public key
(`PUB_KEY_ID_...`), and platform certificates, which rotate. The serial of each message picks the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from bihuan.wechat import crypto
from bihuan.wechat.errors import SignatureInvalid, StaleTimestamp
from bihuan.wechat.transport import Now, utc_now

MAX_AGE_SECONDS = 300
_PROBE = "WECHATPAY/SIGNTEST/"
_PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"


class _Known(msgspec.Struct, frozen=True):
    key: rsa.RSAPublicKey
    not_before: datetime | None = None
    not_after: datetime | None = None


class KeyRing:
    """WeChat Pay's keys that one merchant believes, by serial."""

    def __init__(self) -> None:
        self._keys: dict[str, _Known] = {}
        self._public_key_id = ""

    @property
    def public_key_id(self) -> str:
        """The id of the WeChat Pay public key, empty in certificate mode."""
        return self._public_key_id

    def add_public_key(self, key_id: str, pem: str) -> None:
        """Believe a WeChat Pay public key. Raises ValueError for a bad key or id."""
        if not key_id.startswith(_PUBLIC_KEY_PREFIX):
            raise ValueError("the id of a WeChat Pay public key begins with PUB_KEY_ID_")
        self._keys[key_id] = _Known(crypto.load_public_key(pem))
        self._public_key_id = key_id

    def add_certificate(self, certificate: x509.Certificate | str) -> str:
        """Believe a platform certificate while it is valid; answers its serial. Raises ValueError."""
        known = crypto.load_certificate(certificate) if isinstance(certificate, str) else certificate
        serial = crypto.certificate_serial(known)
        self._keys[serial] = _Known(
            crypto.certificate_key(known), known.not_valid_before_utc, known.not_valid_after_utc
        )
        return serial

    def find(self, serial: str, at: datetime) -> rsa.RSAPublicKey | None:
        """The key of a serial, if it is known and valid at that time."""
        known = self._keys.get(serial) or self._keys.get(serial.upper())
        if known is None:
            return None
        if known.not_before is not None and at < known.not_before:
            return None
        if known.not_after is not None and at > known.not_after:
            return None
        return known.key

    def encryption_key(self, at: datetime) -> tuple[str, rsa.RSAPublicKey] | None:
        """Serial and key for sensitive fields: the public key, else the newest valid certificate."""
        if self._public_key_id:
            return self._public_key_id, self._keys[self._public_key_id].key
        valid = [(k.not_before, s, k.key) for s, k in self._keys.items() if self.find(s, at) and k.not_before]
        if not valid:
            return None
        _, serial, key = max(valid, key=lambda item: item[0])
        return serial, key


class Signed(msgspec.Struct, frozen=True):
    """The four headers that WeChat Pay signs its messages with."""

    timestamp: str
    nonce: str
    signature: str
    serial: str

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Signed:
        """Read them, whatever their letter case. Raises SignatureInvalid when one is missing."""
        found = {name.lower(): value for name, value in headers.items()}
        values: list[str] = []
        for name in ("timestamp", "nonce", "signature", "serial"):
            value = found.get(f"wechatpay-{name}", "")
            if not value:
                raise SignatureInvalid(f"no Wechatpay-{name.capitalize()}")
            values.append(value)
        return cls(*values)


class Verifier:
    """Checks `TIMESTAMP\\nNONCE\\nBODY\\n` over the raw bytes, freshness first."""

    def __init__(self, keys: KeyRing, *, now: Now = utc_now, max_age_seconds: int = MAX_AGE_SECONDS) -> None:
        self.keys = keys
        self._now = now
        self._max_age_seconds = max_age_seconds

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Return if the message is WeChat Pay's.

        Raises StaleTimestamp, or SignatureInvalid; with its `serial` filled when only the key is missing.
        """
        signed = Signed.of(headers)
        now = self._now()
        self._check_age(signed.timestamp, now)
        if signed.signature.startswith(_PROBE):
            raise SignatureInvalid("signature probe", probe=True)
        key = self.keys.find(signed.serial, now)
        if key is None:
            raise SignatureInvalid(f"unknown serial {signed.serial[:64]}", serial=signed.serial[:64])
        message = b"%s\n%s\n%s\n" % (signed.timestamp.encode(), signed.nonce.encode(errors="surrogatepass"), body)
        if not crypto.rsa_verify(key, message, signed.signature):
            raise SignatureInvalid("wrong signature")

    def _check_age(self, timestamp: str, now: datetime) -> None:
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise SignatureInvalid("Wechatpay-Timestamp is no time")
        age = int(now.timestamp()) - int(timestamp)
        if abs(age) > self._max_age_seconds:
            raise StaleTimestamp(int(timestamp), age)
