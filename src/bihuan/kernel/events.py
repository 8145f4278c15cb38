"""Facts and their deliveries: emitted in the transaction that makes them true, handled in batches.

`emit` writes a fact and one pending delivery per handler. The dispatcher takes a merchant's pending
deliveries for one handler in a batch (`for update skip locked`), runs the handler and deletes them in one
transaction: exactly once in the database. A batch that fails is run again one by one; what fails alone is
tried again later, and parked with its error after MAX_ATTEMPTS. What must be true before anybody can act on the
fact is handled at once instead: `emit` runs it, and its failure is the emitter's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol
from uuid import UUID

import msgspec
import structlog

from bihuan.kernel import metrics
from bihuan.kernel.db import Database, DatabaseUnavailable, Reaction, Routes, Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import FactId, MerchantId, new_id
from bihuan.kernel.verification import Check

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 8
BATCH = 500
MOST_REPLAYED = 10_000


class FactLike(Protocol):
    """What this file needs of a fact (`bihuan.facts.Fact`)."""

    kind: ClassVar[str]

    @property
    def merchant_id(self) -> MerchantId:
        """Whose fact it is."""
        ...


class Envelope(msgspec.Struct, frozen=True):
    """A fact as its handler gets it: `fact_id` is stable over retries, so it serves as an idempotency key."""

    fact_id: FactId
    fact: Any


class Handler(msgspec.Struct, frozen=True, kw_only=True):
    """One reaction: `run(tx, envelopes)` gets a batch of one merchant's facts in the order of their ids.

    `at_once`: in the transaction that emits them. Not for `order.placed`, which placement writes by itself.
    """

    name: str
    facts: tuple[type[Any], ...]
    run: Callable[[Tx, MerchantId, Sequence[Envelope]], Awaitable[None]]
    batch: int = BATCH
    at_once: bool = False


def routes_of(handlers: Sequence[Handler]) -> Routes:
    """Which handlers the facts of each kind go to."""
    deliveries: dict[str, tuple[str, ...]] = {}
    at_once: dict[str, tuple[Reaction, ...]] = {}
    for handler in handlers:
        for fact in handler.facts:
            if handler.at_once:
                at_once[fact.kind] = (*at_once.get(fact.kind, ()), handler.run)
            else:
                deliveries[fact.kind] = (*deliveries.get(fact.kind, ()), handler.name)
    return Routes(deliveries, at_once)


async def emit(tx: Tx, *facts: FactLike) -> None:
    """Writes facts with a pending delivery for each of their handlers; one statement per merchant and kind.

    Raises what a handler raises that runs at once.
    """
    groups: dict[tuple[MerchantId, str], list[FactLike]] = {}
    for fact in facts:
        groups.setdefault((fact.merchant_id, fact.kind), []).append(fact)
    for (merchant_id, kind), group in groups.items():
        ids = [FactId(new_id()) for _ in group]
        await tx.execute(
            "select emit_facts($1, $2, $3, $4, $5, $6)",
            merchant_id,
            kind,
            ids,
            [msgspec.json.encode(fact).decode() for fact in group],
            tx.now,
            list(tx.routes.deliveries.get(kind, ())),
        )
        for react in tx.routes.at_once.get(kind, ()):
            await react(tx, merchant_id, [Envelope(fact_id, fact) for fact_id, fact in zip(ids, group, strict=True)])


class Dispatcher:
    """Runs the handlers; any number of processes may have one."""

    def __init__(self, db: Database, handlers: Sequence[Handler]) -> None:
        self._db = db
        self._handlers: Mapping[str, Handler] = {handler.name: handler for handler in handlers}
        self._types: Mapping[str, type[Any]] = {f.kind: f for h in handlers for f in h.facts}

    async def drain(self, *, limit: int = 1_000_000, linger_seconds: float = 0.0) -> int:
        """Handles what is due until nothing is, or `limit` deliveries are done; returns how many.

        Between rounds it lingers, so that under load a round finds batches and not single facts.
        """
        done = 0
        while done < limit:
            handled = 0
            for merchant_id, name in await self._due():
                handled += await self._run_all(merchant_id, self._handlers[name], limit - done - handled)
                if done + handled >= limit:
                    break
            done += handled
            if handled == 0:
                break
            await asyncio.sleep(linger_seconds)
        return done

    async def _run_all(self, merchant_id: MerchantId, handler: Handler, limit: int) -> int:
        done = 0
        while done < limit:
            taken = await self._run_batch(merchant_id, handler)
            done += taken
            if taken < handler.batch:  # nothing more was due
                break
        return done

    async def _due(self) -> list[tuple[MerchantId, str]]:
        async with self._db.session() as tx:
            rows = await tx.fetch(
                """select distinct merchant_id, handler from deliveries
                   where parked_at is null and available_at <= $1 and handler = any($2)""",
                tx.now,
                list(self._handlers),
            )
        return [(row["merchant_id"], row["handler"]) for row in rows]

    async def _run_batch(self, merchant_id: MerchantId, handler: Handler) -> int:
        try:
            async with self._db.transaction() as tx:
                envelopes = await self._take(tx, merchant_id, handler)
                if envelopes:
                    await handler.run(tx, merchant_id, envelopes)
            metrics.FACTS.labels(handler.name).inc(len(envelopes))
            return len(envelopes)
        except DatabaseUnavailable:  # no fault of the batch; the worker begins again
            raise
        except Exception:
            log.exception("handler batch failed", handler=handler.name, merchant_id=str(merchant_id))
        return await self._run_one_by_one(merchant_id, handler)

    async def _take(self, tx: Tx, merchant_id: MerchantId, handler: Handler) -> list[Envelope]:
        rows = await tx.fetch(
            # "= any(array(...))" and not joins: a joined plan made on an empty table reads the whole queue per row.
            """with due as (
                 select fact_id from deliveries
                 where merchant_id = $1 and handler = $2 and parked_at is null and available_at <= $3
                 order by fact_id limit $4 for update skip locked
               ), gone as (
                 delete from deliveries
                 where merchant_id = $1 and handler = $2 and fact_id = any (array(select fact_id from due))
               )
               select fact_id, kind, payload::text as payload from facts
               where merchant_id = $1 and fact_id = any (array(select fact_id from due)) order by fact_id""",
            merchant_id,
            handler.name,
            tx.now,
            handler.batch,
        )
        return [Envelope(r["fact_id"], msgspec.json.decode(r["payload"], type=self._types[r["kind"]])) for r in rows]

    async def _run_one_by_one(self, merchant_id: MerchantId, handler: Handler) -> int:
        """After a failed batch: each delivery alone, so that one bad fact does not hold up its neighbours."""
        single = msgspec.structs.replace(handler, batch=1)
        done = 0
        for _ in range(handler.batch):
            async with self._db.transaction() as tx:
                envelopes: list[Envelope] = []
                failure: Exception | None = None
                try:
                    async with tx.savepoint():
                        envelopes = await self._take(tx, merchant_id, single)
                        if envelopes:
                            await handler.run(tx, merchant_id, envelopes)
                except Exception as error:
                    failure = error
                if not envelopes:
                    break
                if failure is not None:
                    await _postpone(tx, merchant_id, handler.name, envelopes[0].fact_id, failure)
                done += 1
        return done


async def _postpone(tx: Tx, merchant_id: MerchantId, handler: str, fact_id: FactId, error: Exception) -> None:
    """Backs off (2 s, 4 s, 8 s, ...) and parks after MAX_ATTEMPTS."""
    attempts = await tx.fetchval(
        """update deliveries set attempts = attempts + 1, error = $4,
             available_at = $5::timestamptz + make_interval(secs => least(2 ^ (attempts + 1), 3600)),
             parked_at = case when attempts + 1 >= $6 then $5::timestamptz end
           where merchant_id = $1 and handler = $2 and fact_id = $3 returning attempts""",
        merchant_id,
        handler,
        fact_id,
        f"{type(error).__name__}: {error}"[:2000],
        tx.now,
        MAX_ATTEMPTS,
    )
    log.warning("delivery postponed", handler=handler, fact_id=str(fact_id), attempts=attempts, error=str(error))


class ParkedDelivery(msgspec.Struct, frozen=True):
    """A delivery that failed MAX_ATTEMPTS times and waits for a person."""

    merchant_id: MerchantId
    handler: str
    fact_id: FactId
    kind: str
    attempts: int
    error: str | None
    occurred_at: datetime
    parked_at: datetime


class ParkedCount(msgspec.Struct, frozen=True):
    """How many deliveries of a handler wait for a person."""

    handler: str
    parked: int


Parked = tuple[datetime, UUID, str]
"""Where a list of parked deliveries goes on: parked_at, fact_id and handler of the last one."""


async def list_parked(
    tx: Tx,
    merchant_id: MerchantId | None,
    limit: int = 100,
    *,
    handler: str | None = None,
    after: Parked | None = None,
) -> list[ParkedDelivery]:
    """Parked deliveries, the oldest first; of all merchants when none is given."""
    whose = "d.merchant_id = $1" if merchant_id else "$1::uuid is null"  # each with its own index
    rows = await tx.fetch(
        f"""select d.merchant_id, d.handler, d.fact_id, f.kind, d.attempts, d.error, f.occurred_at, d.parked_at
            from deliveries d join facts f on f.merchant_id = d.merchant_id and f.fact_id = d.fact_id
            where d.parked_at is not null and {whose} and ($3::text is null or d.handler = $3)
              and ($4::timestamptz is null or (d.parked_at, d.fact_id, d.handler) > ($4, $5, $6))
            order by d.parked_at, d.fact_id, d.handler limit $2""",  # noqa: S608
        merchant_id,
        limit,
        handler,
        *(after or (None, None, None)),
    )
    return [ParkedDelivery(**dict(row)) for row in rows]


async def count_parked(tx: Tx, merchant_id: MerchantId | None) -> list[ParkedCount]:
    """How many are parked, by handler; of all merchants when none is given."""
    rows = await tx.fetch(
        """select handler, count(*) as parked from deliveries
           where parked_at is not null and ($1::uuid is null or merchant_id = $1) group by handler order by handler""",
        merchant_id,
    )
    return [ParkedCount(**dict(row)) for row in rows]


async def replay(tx: Tx, merchant_id: MerchantId, handler: str, fact_id: UUID) -> None:
    """Hands a parked delivery to its handler again, at once. Raises NotFound."""
    touched = await tx.execute(
        """update deliveries set parked_at = null, attempts = 0, available_at = $4
           where merchant_id = $1 and handler = $2 and fact_id = $3 and parked_at is not null""",
        merchant_id,
        handler,
        fact_id,
        tx.now,
    )
    if not touched:
        raise NotFound
    await tx.execute("select pg_notify('bihuan_facts', '')")


async def replay_all(tx: Tx, merchant_id: MerchantId | None, handler: str | None) -> int:
    """Hands up to MOST_REPLAYED parked deliveries to their handlers again, the oldest first; how many.

    Of one handler when it is named, of all merchants when none is given.
    """
    count = await tx.execute(
        """update deliveries d set parked_at = null, attempts = 0, available_at = $3
           from (select merchant_id, handler, fact_id from deliveries
                 where parked_at is not null and ($1::uuid is null or merchant_id = $1)
                   and ($2::text is null or handler = $2)
                 order by parked_at limit $4 for update skip locked) p
           where d.merchant_id = p.merchant_id and d.handler = p.handler and d.fact_id = p.fact_id""",
        merchant_id,
        handler,
        tx.now,
        MOST_REPLAYED,
    )
    if count:
        await tx.execute("select pg_notify('bihuan_facts', '')")
    return count


SWEEP_EVERY = timedelta(seconds=5)
"""How often a worker looks for deliveries whose wake-up was lost or whose time has come."""

CHECKS = (
    Check(
        "facts.all_handled_or_parked",
        "no fact waits for a handler that should have had it half a minute ago",
        """select merchant_id || '/' || fact_id as id, handler, attempts, error from deliveries
           where parked_at is null and available_at < now() - interval '30 seconds'""",
    ),
    Check(
        "facts.deliveries_have_facts",
        "each delivery has its fact",
        """select d.merchant_id || '/' || d.fact_id as id, d.handler from deliveries d
           left join facts f on f.merchant_id = d.merchant_id and f.fact_id = d.fact_id where f.fact_id is null""",
    ),
)
