"""Ids derived from a source's own ids: what is brought in twice gets the same id twice.

For imports: a run that was killed, or that is repeated, finds what it wrote before by id.
"""

import hashlib
from datetime import datetime
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VERSION_8 = 0x8 << 76
_VARIANT = 0b10 << 62
_LAST_62_BITS = (1 << 62) - 1
_MAX_PLACE = (1 << 12) - 1


def derived_id(*names: str) -> UUID:
    """An id that `names` alone decide, for rows without a time (UUIDv8, RFC 9562: 122 bits of a hash)."""
    bits = int.from_bytes(_digest(names), "big") & ~(0xF << 76) & ~(0b11 << 62)
    return UUID(int=bits | _VERSION_8 | _VARIANT)


def derived_id_at(at: datetime, *names: str, place: int = 0) -> UUID:
    """An id of the form of UUIDv7 that `at`, `place` and `names` decide.

    Lists are ordered by id, newest first: what happened years ago must lie years back, not where the import
    ran. `place` (0 to 4095) orders what happened in one millisecond. `at` must not be before 1970.
    """
    if not 0 <= place <= _MAX_PLACE:
        raise ValueError(f"place is 0 to {_MAX_PLACE}")
    milliseconds = round(at.timestamp() * 1000)
    hashed = int.from_bytes(_digest(names), "big") & _LAST_62_BITS
    return UUID(int=(milliseconds << 80) | _VERSION_7 | (place << 64) | _VARIANT | hashed)


def _digest(names: tuple[str, ...]) -> bytes:
    return hashlib.blake2b("\0".join(names).encode(), digest_size=16).digest()
