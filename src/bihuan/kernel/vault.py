"""Secrets at rest: sealed under a master key that never enters the database."""

import base64
import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId

_FORMAT = b"\x01"


class VaultError(Exception):
    """A secret could not be opened: wrong master key, or the row was moved or altered."""


class Vault:
    """Seals and opens small secrets with AES-256-GCM, each bound to its merchant and name."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != 32:
            raise ValueError("the master key must be 32 bytes, given as base64")
        self._master_key = master_key
        self._aead = AESGCM(self.derive("sealed secrets"))

    @classmethod
    def load(cls, home: Path, given: str | None) -> "Vault":
        """The vault of an installation: `given` (BIHUAN_MASTER_KEY, base64) or `home`/master.key, made once.

        Raises ValueError when the key is not 32 bytes of base64.
        """
        if given:
            return cls(base64.b64decode(given, validate=True))
        path = home / "master.key"
        if not path.exists():
            _make_key(path)
        return cls(base64.b64decode(path.read_text().strip(), validate=True))

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (HKDF-SHA256), so that no key serves two ends."""
        return HKDF(hashes.SHA256(), 32, None, f"bihuan/{purpose}".encode()).derive(self._master_key)

    def seal(self, plaintext: bytes, merchant_id: MerchantId, name: str) -> bytes:
        """Encrypts; the result opens only under the same merchant and name."""
        nonce = os.urandom(12)
        return _FORMAT + nonce + self._aead.encrypt(nonce, plaintext, _bound(merchant_id, name))

    def open(self, sealed: bytes, merchant_id: MerchantId, name: str) -> bytes:
        """Decrypts; raises VaultError."""
        if sealed[:1] != _FORMAT:
            raise VaultError("unknown format")
        try:
            return self._aead.decrypt(sealed[1:13], sealed[13:], _bound(merchant_id, name))
        except InvalidTag as error:
            raise VaultError("the secret does not open under this master key") from error


def _make_key(path: Path) -> None:
    """Written aside and linked into place: two processes agree on one key, and a kill leaves no half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, aside = tempfile.mkstemp(prefix="master.key.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(os.urandom(32)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        os.unlink(aside)


def _bound(merchant_id: MerchantId, name: str) -> bytes:
    return merchant_id.bytes + name.encode()


async def put_secret(tx: Tx, vault: Vault, merchant_id: MerchantId, name: str, plaintext: str) -> None:
    """Stores or replaces a merchant's secret."""
    await tx.execute(
        """insert into sealed_secrets (merchant_id, name, ciphertext, updated_at) values ($1, $2, $3, $4)
           on conflict (merchant_id, name) do update
           set ciphertext = excluded.ciphertext, updated_at = excluded.updated_at""",
        merchant_id,
        name,
        vault.seal(plaintext.encode(), merchant_id, name),
        tx.now,
    )


async def find_secrets(tx: Tx, vault: Vault, merchant_id: MerchantId, names: list[str]) -> dict[str, str]:
    """A merchant's secrets by name; those never stored are left out."""
    rows = await tx.fetch(
        "select name, ciphertext from sealed_secrets where merchant_id = $1 and name = any($2)",
        merchant_id,
        names,
    )
    return {row["name"]: vault.open(row["ciphertext"], merchant_id, row["name"]).decode() for row in rows}
