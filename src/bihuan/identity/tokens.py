"""Shoppers' tokens: stateless and signed, so that the hot routes know the shopper without the database.

A token is base64url of: version (1 byte), shopper id (16), expiry in Unix seconds (8, big endian),
HMAC-SHA256 of all that (32). Being stateless it cannot be revoked one by one: signing out forgets the
cookie, and a new master key ends all.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import msgspec

from bihuan.kernel.errors import Unauthorized
from bihuan.kernel.ids import ShopperId
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.vault import Vault

TOKEN_LIFE = timedelta(days=30)

_VERSION = b"\x01"
_SIZE = 1 + 16 + 8 + 32
_LENGTH = _SIZE * 4 // 3


class ShopperSession(msgspec.Struct, frozen=True):
    """A signed-in shopper."""

    shopper_id: ShopperId
    permissions: frozenset[str] = frozenset()


def token_key(rt: Runtime) -> bytes:
    """The key that signs this installation's shopper tokens."""
    return _key_of(rt.vault)


@lru_cache(maxsize=8)
def _key_of(vault: Vault) -> bytes:
    return vault.derive("shopper tokens")


def issue_shopper_token(rt: Runtime, shopper_id: ShopperId) -> tuple[str, datetime]:
    """A token for TOKEN_LIFE and when it expires."""
    expires_at = (rt.clock.now() + TOKEN_LIFE).replace(microsecond=0)
    return sign(token_key(rt), shopper_id, expires_at), expires_at


def sign(key: bytes, shopper_id: ShopperId, expires_at: datetime) -> str:
    """The token itself."""
    said = _VERSION + shopper_id.bytes + int(expires_at.timestamp()).to_bytes(8)
    return base64.urlsafe_b64encode(said + hmac.digest(key, said, hashlib.sha256)).decode()


def read_shopper_token(key: bytes, token: str, now: datetime) -> ShopperSession:
    """Who holds this token. Raises Unauthorized when it is malformed, forged or expired."""
    shopper, expires_at = _verify(key, token)
    if expires_at <= now.timestamp():
        raise Unauthorized
    return shopper


@lru_cache(maxsize=10_000)
def _verify(key: bytes, token: str) -> tuple[ShopperSession, int]:
    """The shopper and the expiry in a token that we signed; a shopper shows the same one many times."""
    if len(token) != _LENGTH:
        raise Unauthorized
    try:
        raw = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Unauthorized from None
    said, given = raw[:-32], raw[-32:]
    if said[:1] != _VERSION or not hmac.compare_digest(hmac.digest(key, said, hashlib.sha256), given):
        raise Unauthorized
    return ShopperSession(ShopperId(UUID(bytes=said[1:17]))), int.from_bytes(said[17:25])
