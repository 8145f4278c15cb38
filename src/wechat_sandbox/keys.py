"""RSA keys and certificates: made when first needed, kept for good, their objects cached."""

import asyncio
from datetime import UTC, datetime, timedelta

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
from wechat_sandbox.store import Table

_VALID = timedelta(days=5 * 365)  # as long as the platform's own certificates


class KeyPair:
    """A loaded key with the texts that the sandbox hands out."""

    def __init__(self, row: KeyRow) -> None:
        key = load_pem_private_key(row.private_pem.encode(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.private = key
        self.public = key.public_key()
        self.private_pem = row.private_pem
        self.certificate_pem = row.certificate_pem
        self.public_pem = self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _certificate(key: rsa.RSAPrivateKey, common_name: str, serial_no: str) -> str:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "WeChat Sandbox"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    start = datetime.now(UTC) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(int(serial_no, 16))
        .not_valid_before(start)
        .not_valid_after(start + _VALID)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


class KeyRing:
    """The keys of every merchant: its own, the platform's certificate and the platform's public key."""

    def __init__(self, table: Table[KeyRow]) -> None:
        self._table = table
        self._loaded: dict[str, KeyPair] = {}

    def merchant(self, merchant: Merchant) -> KeyPair:
        """The merchant's API certificate (apiclient_key.pem, apiclient_cert.pem)."""
        return self._pair(f"merchant:{merchant.mchid}", merchant.mchid, merchant.serial_no)

    def certificate(self, merchant: Merchant) -> KeyPair:
        """The platform's key for a merchant in certificate mode."""
        return self._pair(f"platform:{merchant.mchid}", "Tenpay.com sign", merchant.platform_serial_no)

    def public_key(self, merchant: Merchant) -> KeyPair:
        """The platform's key for a merchant in public-key mode."""
        return self._pair(f"public:{merchant.mchid}", "", "")

    def platform(self, merchant: Merchant) -> tuple[str, KeyPair]:
        """Serial and key with which the platform signs for this merchant."""
        if merchant.mode == "public_key":
            return merchant.public_key_id, self.public_key(merchant)
        return merchant.platform_serial_no, self.certificate(merchant)

    async def make_ahead(self, merchants: list[Merchant]) -> None:
        """Make what is missing in threads, so that no request waits for a prime."""
        for merchant in merchants:
            for get, name in (
                (self.merchant, "merchant"),
                (self.certificate, "platform"),
                (self.public_key, "public"),
            ):
                if f"{name}:{merchant.mchid}" not in self._table:
                    key = await asyncio.to_thread(_new_key)
                    if f"{name}:{merchant.mchid}" not in self._table:
                        self._spare = key
                        get(merchant)

    _spare: rsa.RSAPrivateKey | None = None

    def _pair(self, name: str, common_name: str, serial_no: str) -> KeyPair:
        loaded = self._loaded.get(name)
        if loaded is not None:
            return loaded
        row = self._table.get(name)
        if row is None:
            key, self._spare = self._spare or _new_key(), None
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
            row = KeyRow(pem, _certificate(key, common_name, serial_no) if serial_no else "")
            self._table.put(name, row)
        pair = self._loaded[name] = KeyPair(row)
        return pair
