"""Rows and SQL of finance: codes of accounts, runs of verify."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bihuan.finance.schemas import AccountCode, VerifyRun
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.verification import Finding

__all__ = ["Tx"]


class Claimed(msgspec.Struct, frozen=True):
    """A run that this process is to carry out."""

    run_id: UUID
    scope: str


_RUN = """run_id, cause, scope, asked_at, started_at, finished_at, state, since, seen_at,
  jsonb_array_length(findings) as checks,
  (select count(*) from jsonb_array_elements(findings) f
   where (f ->> 'count')::int > 0 or (f ->> 'unfinished')::boolean)::int as failing"""
_BAD = "state in ('failed', 'unfinished', 'broken')"


async def list_codes(tx: Tx, merchant_id: MerchantId) -> list[AccountCode]:
    """The codes that the merchant has chosen."""
    rows = await tx.fetch("select account, code, name from ledger_account_codes where merchant_id = $1", merchant_id)
    return db.many(AccountCode, rows)


async def put_codes(tx: Tx, merchant_id: MerchantId, codes: Sequence[AccountCode]) -> None:
    """Sets the codes of some accounts."""
    await tx.execute(
        """insert into ledger_account_codes (merchant_id, account, code, name, updated_at)
           select $1, c.account, c.code, c.name, $2 from unnest($3::text[], $4::text[], $5::text[])
             as c (account, code, name)
           on conflict (merchant_id, account) do update set code = excluded.code, name = excluded.name,
             updated_at = excluded.updated_at""",
        merchant_id,
        tx.now,
        [code.account for code in codes],
        [code.code for code in codes],
        [code.name for code in codes],
    )


async def ask_run(tx: Tx, cause: str, scope: str, asked_by: UUID | None) -> UUID | None:
    """Asks for a run; None when one is asked for or under way."""
    await tx.execute("select pg_advisory_xact_lock(hashtext('bihuan.verify'))")
    found: UUID | None = await tx.fetchval(
        """insert into verify_runs (run_id, cause, scope, asked_by, asked_at, state)
           select $1, $2, $3, $4, $5, 'asked'
           where not exists (select from verify_runs where state in ('asked', 'running')) returning run_id""",
        new_id(),
        cause,
        scope,
        asked_by,
        tx.now,
    )
    return found


async def claim_run(tx: Tx) -> Claimed | None:
    """Takes the run that was asked for."""
    row = await tx.fetchrow(
        """update verify_runs set state = 'running', started_at = $1
           where run_id = (select run_id from verify_runs where state = 'asked' order by asked_at limit 1
                           for update skip locked)
           returning run_id, scope""",
        tx.now,
    )
    return db.one_or_none(Claimed, row)


async def break_lost_runs(tx: Tx, after: timedelta) -> int:
    """Gives up runs whose worker must have been killed; returns how many."""
    return await tx.execute(
        "update verify_runs set state = 'broken', finished_at = $1 where state = 'running' and started_at < $2",
        tx.now,
        tx.now - after,
    )


async def finish_run(tx: Tx, run_id: UUID, state: str, since: datetime | None, findings: Sequence[Finding]) -> None:
    """Keeps what a run found."""
    await tx.execute(
        """update verify_runs set state = $2, since = $3, findings = $4, finished_at = $5
           where run_id = $1 and state = 'running'""",
        run_id,
        state,
        since,
        msgspec.to_builtins(list(findings)),
        tx.now,
    )


async def last_night(tx: Tx) -> datetime | None:
    """When the last night's run was asked for."""
    found: datetime | None = await tx.fetchval(
        "select asked_at from verify_runs where cause = 'night' order by asked_at desc limit 1"
    )
    return found


async def last_held(tx: Tx, *, whole: bool) -> datetime | None:
    """When the last run that held began (the last whole one)."""
    found: datetime | None = await tx.fetchval(
        """select started_at from verify_runs where state = 'held' and (not $1 or scope = 'whole')
           order by asked_at desc limit 1""",
        whole,
    )
    return found


async def latest(tx: Tx) -> VerifyRun | None:
    """The last run that has ended."""
    row = await tx.fetchrow(
        f"""select {_RUN} from verify_runs where finished_at is not null
            order by asked_at desc limit 1"""  # noqa: S608 - names of columns
    )
    return db.one_or_none(VerifyRun, row)


async def latest_failed(tx: Tx) -> bool:
    """Whether the last run that ended did not hold."""
    run = await latest(tx)
    return run is not None and run.state != "held"


async def list_runs(tx: Tx, limit: int) -> list[VerifyRun]:
    """The last runs, newest first."""
    rows = await tx.fetch(
        f"select {_RUN} from verify_runs order by asked_at desc limit $1",  # noqa: S608 - names of columns
        limit,
    )
    return db.many(VerifyRun, rows)


async def find_run(tx: Tx, run_id: UUID) -> tuple[VerifyRun, list[Finding]] | None:
    """A run with its findings."""
    row = await tx.fetchrow(f"select {_RUN}, findings from verify_runs where run_id = $1", run_id)  # noqa: S608
    if row is None:
        return None
    plain = dict(row)
    findings = msgspec.convert(plain.pop("findings"), list[Finding])
    return VerifyRun(**plain), findings


async def unseen_failures(tx: Tx) -> int:
    """How many runs did not hold and nobody has taken note of."""
    count: int = await tx.fetchval(f"select count(*) from verify_runs where {_BAD} and seen_at is null")  # noqa: S608
    return count


async def see_run(tx: Tx, run_id: UUID, by: UUID) -> bool:
    """An operator took note of a failure, and of all before it; False when there is nothing to take note of."""
    return bool(
        await tx.execute(
            f"""update verify_runs set seen_at = $2, seen_by = $3 where {_BAD} and seen_at is null
                  and asked_at <= (select asked_at from verify_runs where run_id = $1)""",  # noqa: S608
            run_id,
            tx.now,
            by,
        )
    )
