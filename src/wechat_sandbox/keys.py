"""RSA keys and certificates: derived from the seed when first needed, kept for good, their objects cached.

Keys and certificates are the same at every start with the same seed, byte for byte.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from wechat_sandbox.models import KeyRow, Merchant
from wechat_sandbox.places import find_place, keep_place
from wechat_sandbox.primes import derive_key
from wechat_sandbox.store import Table

_VALID_FROM = datetime(2025, 1, 1, tzinfo=UTC)
_VALID_UNTIL = datetime(2045, 1, 1, tzinfo=UTC)
"""Fixed, so that certificates follow from the seed; WeChat's own last five years."""


class KeyPair:
    """A loaded key with the texts that the sandbox hands out."""

    def __init__(self, row: KeyRow) -> None:
        key = load_pem_private_key(row.private_pem.encode(), None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.private = key
        self.public = key.public_key()
        self.private_pem = row.private_pem
        self.certificate_pem = row.certificate_pem
        self.public_pem = self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _certificate(key: rsa.RSAPrivateKey, common_name: str, serial_no: str) -> str:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "WeChat Sandbox"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(int(serial_no, 16))
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_UNTIL)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


class _Slot(NamedTuple):
    """A key's place in the table, and what its certificate says (no serial: no certificate)."""

    name: str
    common_name: str = ""
    serial_no: str = ""


class KeyRing:
    """The keys of every merchant: its own, the platform's certificate and the platform's public key."""

    def __init__(self, table: Table[KeyRow], derive: Callable[[str], bytes]) -> None:
        self._table = table
        self._derive = derive
        self._loaded: dict[str, KeyPair] = {}

    def merchant(self, merchant: Merchant) -> KeyPair:
        """The merchant's API certificate (apiclient_key.pem, apiclient_cert.pem)."""
        return self._pair(_merchant_slot(merchant))

    def certificate(self, merchant: Merchant) -> KeyPair:
        """The platform's key for a merchant in certificate mode."""
        return self._pair(_certificate_slot(merchant))

    def public_key(self, merchant: Merchant) -> KeyPair:
        """The platform's key for a merchant in public-key mode."""
        return self._pair(_public_slot(merchant))

    def platform(self, merchant: Merchant) -> tuple[str, KeyPair]:
        """Serial and key with which the platform signs for this merchant."""
        if merchant.mode == "public_key":
            return merchant.public_key_id, self.public_key(merchant)
        return merchant.platform_serial_no, self.certificate(merchant)

    async def make_ahead(self, merchants: list[Merchant]) -> None:
        """Make what is missing in threads, so that no request waits for a prime."""
        for merchant in merchants:
            for slot in (_merchant_slot(merchant), _certificate_slot(merchant), _public_slot(merchant)):
                if slot.name not in self._table:
                    key = await asyncio.to_thread(self._new_key, slot.name)
                    if slot.name not in self._table:  # nobody was quicker
                        self._keep(slot, key)

    def _new_key(self, name: str) -> rsa.RSAPrivateKey:
        secret = self._derive(f"key:{name}")
        key, place = derive_key(secret, find_place(secret))
        keep_place(secret, place)
        return key

    def _keep(self, slot: _Slot, key: rsa.RSAPrivateKey) -> KeyRow:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        certificate = _certificate(key, slot.common_name, slot.serial_no) if slot.serial_no else ""
        return self._table.put(slot.name, KeyRow(pem, certificate))

    def _pair(self, slot: _Slot) -> KeyPair:
        loaded = self._loaded.get(slot.name)
        if loaded is None:
            row = self._table.get(slot.name) or self._keep(slot, self._new_key(slot.name))
            loaded = self._loaded[slot.name] = KeyPair(row)
        return loaded


def _merchant_slot(merchant: Merchant) -> _Slot:
    return _Slot(f"merchant:{merchant.mchid}", merchant.mchid, merchant.serial_no)


def _certificate_slot(merchant: Merchant) -> _Slot:
    return _Slot(f"platform:{merchant.mchid}", "Tenpay.com sign", merchant.platform_serial_no)


def _public_slot(merchant: Merchant) -> _Slot:
    return _Slot(f"public:{merchant.mchid}")
