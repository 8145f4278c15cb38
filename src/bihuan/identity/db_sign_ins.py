"""Rows and SQL of sign-in: limits on attempts, and the record of how each ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bihuan.identity.rules import LOCK_FOR, Suspicion, suspicion_of
from bihuan.kernel.db import Row, Tx
from bihuan.kernel.ids import UserId, new_id


class Attempt(msgspec.Struct, frozen=True):
    """One attempt to sign in. `outcome`: signed_in, wrong_password, unknown_login, not_admitted, locked, throttled.

    `suspicion` says why somebody should look at it (`rules.suspicion_of`); None: nothing odd.
    """

    attempt_id: UUID
    user_id: UserId | None
    login: str
    outcome: str
    address: str | None
    user_agent: str | None
    occurred_at: datetime
    suspicion: Suspicion | None


async def count_attempt(tx: Tx, key: str, limit: int, window: timedelta) -> timedelta | None:
    """Counts an attempt; None when it is within the limit, else how long to wait.

    The window runs from the first attempt, and begins anew with the last one that the limit allows, so that
    a lock lasts the whole window; attempts during a lock do not lengthen it.
    """
    row = await tx.fetchrow(
        """insert into sign_in_throttles as t (key, attempts, resets_at) values ($1, 1, $2::timestamptz + $3::interval)
           on conflict (key) do update set
             attempts = case when t.resets_at <= $2 then 1 else least(t.attempts + 1, $4::int + 1) end,
             resets_at = case when t.resets_at <= $2 or t.attempts + 1 = $4
                              then $2::timestamptz + $3::interval else t.resets_at end
           returning attempts, resets_at""",
        key,
        tx.now,
        window,
        limit,
    )
    assert row is not None
    return row["resets_at"] - tx.now if row["attempts"] > limit else None


async def take_back_attempt(tx: Tx, key: str) -> None:
    """After a success: this attempt does not count."""
    await tx.execute("update sign_in_throttles set attempts = greatest(attempts - 1, 0) where key = $1", key)


async def forget_attempts(tx: Tx, key: str) -> None:
    """After a success, or a new password: the count begins at zero."""
    await tx.execute("delete from sign_in_throttles where key = $1", key)


async def insert_attempt(
    tx: Tx, login: str, user_id: UserId | None, outcome: str, address: str | None, user_agent: str | None
) -> None:
    """Records an attempt and how it ended."""
    await tx.execute(
        """insert into sign_in_attempts (attempt_id, login, user_id, outcome, address, user_agent, occurred_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        new_id(),
        login,
        user_id,
        outcome,
        address,
        user_agent,
        tx.now,
    )


async def list_attempts(tx: Tx, user_ids: Sequence[UserId], before: UUID | None, limit: int) -> list[Attempt]:
    """Attempts on these users' logins, the newest first, from before `before`."""
    rows = await tx.fetch(
        """select a.attempt_id, a.user_id, a.login, a.outcome, a.address, a.user_agent, a.occurred_at,
             past.came, past.came_from_here, past.failures
           from (select * from sign_in_attempts
                 where user_id = any($1) and ($2::uuid is null or attempt_id < $2)
                 order by attempt_id desc limit $3) a
           cross join lateral (
             select coalesce(bool_or(p.outcome = 'signed_in'), false) as came,
               coalesce(bool_or(p.outcome = 'signed_in' and p.address is not distinct from a.address), false)
                 as came_from_here,
               count(*) filter (where p.outcome in ('wrong_password', 'locked')
                 and p.occurred_at > a.occurred_at - $4::interval) as failures
             from sign_in_attempts p where p.user_id = a.user_id and p.attempt_id < a.attempt_id) past
           order by a.attempt_id desc""",
        list(user_ids),
        before,
        limit,
        LOCK_FOR,
    )
    return [_attempt(row) for row in rows]


def _attempt(row: Row) -> Attempt:
    said = dict(row)
    past = (said.pop("came"), said.pop("came_from_here"), said.pop("failures"))
    return Attempt(**said, suspicion=suspicion_of(said["outcome"], *past))


async def delete_old(tx: Tx, attempts_before: datetime) -> int:
    """Removes old records, limits that are over and expired sessions; returns how many rows."""
    gone = await tx.execute("delete from sign_in_attempts where occurred_at < $1", attempts_before)
    gone += await tx.execute("delete from sign_in_throttles where resets_at < $1", tx.now)
    return gone + await tx.execute("delete from sessions where expires_at < $1", tx.now)
