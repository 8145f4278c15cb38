"""Passwords: argon2id with the parameters of RFC 9106's second choice (64 MiB), off the event loop.

At most two hashes at once per process, since each takes 64 MiB and a core; who waits too long is told so.
"""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bihuan.kernel.errors import Unavailable

T = TypeVar("T")

hasher = PasswordHasher()
"""64 MiB, 3 passes, 4 lanes: a hash takes about 50 ms of two cores."""
_slots = asyncio.Semaphore(2)
_WAIT_SECONDS = 10


@cache
def _nobodys() -> str:
    """A hash that no password has: an unknown login costs as much as a known one. Made when first wanted."""
    return hasher.hash("the password of nobody")


async def hash_password(password: str) -> str:
    """The hash to store, with its parameters and salt. Raises Unavailable when too many wait."""
    return await _in_thread(lambda: hasher.hash(password))


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password is right; without a stored hash the same work is done and the answer is no."""

    def verify() -> bool:
        try:
            return hasher.verify(stored or _nobodys(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    return await _in_thread(verify)


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return hasher.check_needs_rehash(stored)


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            await _slots.acquire()
    except TimeoutError:
        raise Unavailable from None
    try:
        return await asyncio.to_thread(work)
    finally:
        _slots.release()
