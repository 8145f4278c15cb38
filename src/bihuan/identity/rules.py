"""Pure decisions of identity: logins, passwords, limits of sign-in."""

import re
import unicodedata
from datetime import timedelta
from typing import Literal

from bihuan.identity.errors import LoginNotAcceptable, PasswordNotAcceptable

MAX_ADDRESSES = 50

MAX_ATTEMPTS_PER_LOGIN = 5
"""Wrong passwords in a row before a login is locked."""
LOCK_FOR = timedelta(minutes=15)
MAX_ATTEMPTS_PER_ADDRESS = 60
"""Failed attempts from one address within ADDRESS_WINDOW: a router's worth of people, not a list of logins."""
ADDRESS_WINDOW = timedelta(minutes=5)

SESSION_IDLE = timedelta(hours=12)
"""A session ends when it was not used for so long."""
SESSION_LIFE = timedelta(days=30)
"""A session ends then, however much it is used."""
SESSION_EXTEND_AFTER = timedelta(minutes=5)
"""Sliding a session writes a row, so it is done at most this often."""

KEEP_ATTEMPTS = timedelta(days=200)
"""Sign-in records are kept for more than the six months that the Cybersecurity Law (art. 23) asks for."""

Suspicion = Literal["guessing", "after_failures", "new_address"]
"""Why an attempt to sign in deserves a look."""

_MANY_FAILURES = 3

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,63}")

_COMMON_TEXT = """password
password1 password123 passw0rd p@ssw0rd 12345678 123456789 1234567890 87654321 11111111 00000000
88888888 66666666 99999999 12341234 11223344 qwertyui qwerty123 1qaz2wsx 1q2w3e4r abcd1234 a1234567 a12345678
abc12345 asdf1234 iloveyou woaini1314 5201314520 aa123456 123123123 admin123 admin888 administrator letmein1
welcome1 changeme qq123456 wechat123 weixin123"""
_COMMON = frozenset(_COMMON_TEXT.split())


def fold_login(login: str) -> str:
    """The login as it is stored and looked up: NFKC, trimmed, lower case. Any text gives one."""
    return unicodedata.normalize("NFKC", login).strip().lower()[:200]


def check_login(login: str) -> str:
    """The folded login of a new user; raises LoginNotAcceptable."""
    folded = fold_login(login)
    if not _LOGIN.fullmatch(folded):
        raise LoginNotAcceptable
    return folded


def check_password(password: str, login: str) -> None:
    """Raises PasswordNotAcceptable; length and not being guessed first is what counts (NIST SP 800-63B, 3.1.1)."""
    plain = password.strip().lower()
    if not 8 <= len(password) <= 128 or plain in _COMMON or plain == login or len(set(plain)) < 3:
        raise PasswordNotAcceptable


def suspicion_of(outcome: str, came_before: bool, came_from_here: bool, failures: int) -> Suspicion | None:
    """What is odd about an attempt; None: nothing.

    `came_before`: this user signed in earlier; `came_from_here`: from this address; `failures`: wrong passwords
    within LOCK_FOR before it.
    """
    if outcome in ("locked", "throttled") or (outcome == "wrong_password" and failures + 1 >= _MANY_FAILURES):
        return "guessing"
    if outcome != "signed_in":
        return None
    if failures >= _MANY_FAILURES:
        return "after_failures"
    return "new_address" if came_before and not came_from_here else None
