"""Verbs about users: passwords, signing in, sessions.

A session's token is 256 random bits; the database holds its SHA-256 only, so that a copy of the database
opens nothing. Sessions slide by SESSION_IDLE, end after SESSION_LIFE, and end at once on signing out, on a
new password and when the person is disabled.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec
import structlog

from bihuan.identity import db
from bihuan.identity import db_sign_ins as sign_ins
from bihuan.identity.callers import Client
from bihuan.identity.db import User
from bihuan.identity.errors import (
    LoginTaken,
    SignInLocked,
    SignInThrottled,
    WrongCredentials,
    WrongPassword,
)
from bihuan.identity.passwords import hash_password, needs_rehash, verify_password
from bihuan.identity.rules import (
    ADDRESS_WINDOW,
    KEEP_ATTEMPTS,
    LOCK_FOR,
    MAX_ATTEMPTS_PER_ADDRESS,
    MAX_ATTEMPTS_PER_LOGIN,
    SESSION_EXTEND_AFTER,
    SESSION_IDLE,
    SESSION_LIFE,
    check_login,
    check_password,
    fold_login,
)
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import UserId, new_id
from bihuan.kernel.runtime import Runtime

log = structlog.get_logger(__name__)

T = TypeVar("T")


class SignedIn(msgspec.Struct, Generic[T], frozen=True):
    """A session that has just begun."""

    who: T
    token: str
    expires_at: datetime


async def create_user(tx: Tx, login: str, password: str) -> UserId:
    """A new user. Raises LoginNotAcceptable, PasswordNotAcceptable, LoginTaken."""
    folded = check_login(login)
    check_password(password, folded)
    user = User(UserId(new_id()), folded, await hash_password(password))
    if not await db.insert_user(tx, user):
        raise LoginTaken(login=folded)
    return user.user_id


async def sign_in(
    rt: Runtime,
    login: str,
    password: str,
    client: Client,
    admit: Callable[[Tx, UserId], Awaitable[T | None]],
) -> SignedIn[T]:
    """Opens a session for whoever knows the password and whom `admit` lets in (None: not).

    Raises WrongCredentials (the same, after the same work, whatever was wrong), SignInLocked after
    MAX_ATTEMPTS_PER_LOGIN wrong passwords, SignInThrottled for too many attempts from one address.
    The attempt is counted before the password is looked at, and however it ends it is on record.
    """
    folded = fold_login(login)
    async with rt.db.transaction() as tx:
        refusal = await _count(tx, folded, client)
        user = await db.find_user_by_login(tx, folded)
        if refusal:
            outcome = "locked" if isinstance(refusal, SignInLocked) else "throttled"
            await sign_ins.insert_attempt(tx, folded, user and user.user_id, outcome, client.address, client.user_agent)
    if refusal:
        raise refusal
    right = await verify_password(user.password_hash if user else None, password)
    rehashed = await hash_password(password) if user and right and needs_rehash(user.password_hash) else None
    async with rt.db.transaction() as tx:
        who = await admit(tx, user.user_id) if user and right else None
        outcome = _outcome(user, right, who)
        await sign_ins.insert_attempt(tx, folded, user and user.user_id, outcome, client.address, client.user_agent)
        if user is not None and who is not None:
            if client.address:  # before the login's row, as in _count, or two could wait for one another
                await sign_ins.take_back_attempt(tx, _address_key(client.address))
            await sign_ins.forget_attempts(tx, _login_key(folded))
            if rehashed:
                await db.update_password(tx, user.user_id, rehashed)
            token, expires_at = await open_session(tx, user.user_id, client)
            return SignedIn(who, token, expires_at)
    log.info("sign-in refused", outcome=outcome, address=client.address)
    raise WrongCredentials


async def _count(tx: Tx, login: str, client: Client) -> SignInLocked | SignInThrottled | None:
    if client.address and (
        wait := await sign_ins.count_attempt(tx, _address_key(client.address), MAX_ATTEMPTS_PER_ADDRESS, ADDRESS_WINDOW)
    ):
        return SignInThrottled(retry_after_seconds=int(wait.total_seconds()) + 1)
    if wait := await sign_ins.count_attempt(tx, _login_key(login), MAX_ATTEMPTS_PER_LOGIN, LOCK_FOR):
        return SignInLocked(retry_after_seconds=int(wait.total_seconds()) + 1)
    return None


def _login_key(login: str) -> str:
    return "login:" + login


def _address_key(address: str) -> str:
    return "address:" + address


def _outcome(user: User | None, right: bool, who: object) -> str:
    if user is None:
        return "unknown_login"
    if not right:
        return "wrong_password"
    return "not_admitted" if who is None else "signed_in"


async def open_session(tx: Tx, user_id: UserId, client: Client) -> tuple[str, datetime]:
    """A new session; returns its token, which exists nowhere else, and when it expires if not used."""
    token = secrets.token_urlsafe(32)
    expires_at = tx.now + SESSION_IDLE
    await db.insert_session(
        tx, _hash(token), user_id, expires_at, tx.now + SESSION_LIFE, (client.address, client.user_agent)
    )
    return token, expires_at


async def find_session_user(tx: Tx, token: str) -> UserId | None:
    """Whose session this token opens, lengthening it; None when there is none (any more)."""
    token_hash = _hash(token)
    session = await db.find_session(tx, token_hash)
    if session is None:
        return None
    expires_at = min(tx.now + SESSION_IDLE, session.ends_at)
    if expires_at - session.expires_at > SESSION_EXTEND_AFTER:
        await db.extend_session(tx, token_hash, expires_at)
    return session.user_id


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def close_session(tx: Tx, token: str) -> None:
    """Signs out: the token opens nothing from now on."""
    await db.delete_session(tx, _hash(token))


async def revoke_sessions(tx: Tx, user_id: UserId) -> int:
    """Signs a user out everywhere; returns how many sessions ended."""
    return await db.delete_sessions(tx, user_id)


async def change_password(rt: Runtime, user_id: UserId, old: str, new: str) -> None:
    """Replaces the user's own password and ends all sessions, this one too.

    Raises WrongPassword (wrong old ones count like failed sign-ins), SignInLocked, PasswordNotAcceptable.
    """
    async with rt.db.transaction() as tx:
        user = await db.find_user(tx, user_id)
        if user is None:
            raise NotFound
        check_password(new, user.login)
        wait = await sign_ins.count_attempt(tx, _login_key(user.login), MAX_ATTEMPTS_PER_LOGIN, LOCK_FOR)
    if wait:
        raise SignInLocked(retry_after_seconds=int(wait.total_seconds()) + 1)
    if not await verify_password(user.password_hash, old):
        raise WrongPassword
    await _store_password(rt, user, new)


async def _store_password(rt: Runtime, user: User, new: str) -> None:
    hashed = await hash_password(new)
    async with rt.db.transaction() as tx:
        await _replace(tx, user, hashed)


async def set_password(tx: Tx, user_id: UserId, new: str) -> None:
    """Gives a user a new password on somebody else's authority, unlocks the login and ends all sessions.

    Raises NotFound, PasswordNotAcceptable.
    """
    user = await db.find_user(tx, user_id)
    if user is None:
        raise NotFound
    check_password(new, user.login)
    await _replace(tx, user, await hash_password(new))


async def _replace(tx: Tx, user: User, hashed: str) -> None:
    await db.update_password(tx, user.user_id, hashed)
    await db.delete_sessions(tx, user.user_id)
    await sign_ins.forget_attempts(tx, _login_key(user.login))


async def list_logins(tx: Tx, user_ids: Sequence[UserId]) -> dict[UserId, str]:
    """Logins by user."""
    return await db.select_logins(tx, user_ids) if user_ids else {}


async def forget_old(rt: Runtime) -> int:
    """Removes expired sessions and limits, and sign-in records older than KEEP_ATTEMPTS; returns how many rows."""
    async with rt.db.transaction() as tx:
        return await sign_ins.delete_old(tx, tx.now - KEEP_ATTEMPTS)
