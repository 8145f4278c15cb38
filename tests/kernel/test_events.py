"""Facts reach their handlers exactly once; what fails alone does not hold up its neighbours, and is parked."""

from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta

import pytest

from bihuan.facts.orders import OrderCompleted
from bihuan.kernel import events
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.db import Database, Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.events import Dispatcher, Envelope, Handler
from bihuan.kernel.ids import MerchantId, OrderId, ShopperId, new_id
from bihuan.kernel.runtime import Runtime


class Recorder:
    """A handler that remembers what it got, and fails for order numbers that say so."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.batches: list[int] = []
        self.failing: set[str] = set()

    async def run(self, tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
        self.batches.append(len(envelopes))
        numbers = [envelope.fact.order_no for envelope in envelopes]
        if self.failing & set(numbers):
            raise ValueError(f"cannot digest {numbers}")
        self.seen += numbers


@pytest.fixture
async def recorder(rt: Runtime, database_url: str) -> AsyncGenerator[tuple[Recorder, Database, OffsetClock], None]:
    made = Recorder()
    clock = OffsetClock()
    db = await Database.connect(database_url, clock, events.routes_of([_handler(made)]))
    yield made, db, clock
    await db.close()


def _handler(recorder: Recorder) -> Handler:
    return Handler(name=f"test.record_{id(recorder)}", facts=(OrderCompleted,), run=recorder.run)


async def _emit(db: Database, merchant_id: MerchantId, numbers: Sequence[str]) -> None:
    async with db.transaction() as tx:
        facts = [
            OrderCompleted(
                merchant_id=merchant_id,
                occurred_at=tx.now,
                order_id=OrderId(new_id()),
                order_no=number,
                shopper_id=ShopperId(new_id()),
                total_fen=1,
            )
            for number in numbers
        ]
        await events.emit(tx, *facts)


async def test_a_batch_is_handled_once_in_order(recorder: tuple[Recorder, Database, OffsetClock]) -> None:
    made, db, _ = recorder
    dispatcher = Dispatcher(db, [_handler(made)])
    await _emit(db, MerchantId(new_id()), [str(n) for n in range(30)])

    assert await dispatcher.drain() == 30
    assert await dispatcher.drain() == 0
    assert made.seen == [str(n) for n in range(30)]
    assert made.batches == [30]


async def test_what_is_rolled_back_never_happened(recorder: tuple[Recorder, Database, OffsetClock]) -> None:
    made, db, _ = recorder

    async def emit_and_fail() -> None:
        async with db.transaction() as tx:
            fact = OrderCompleted(merchant_id=MerchantId(new_id()), occurred_at=tx.now, order_id=OrderId(new_id()),
                                  order_no="1", shopper_id=ShopperId(new_id()), total_fen=1)  # fmt: skip
            await events.emit(tx, fact)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await emit_and_fail()
    assert await Dispatcher(db, [_handler(made)]).drain() == 0


async def test_what_is_handled_at_once_is_true_when_the_fact_is(rt: Runtime, database_url: str) -> None:
    made, late = Recorder(), Recorder()
    at_once = Handler(name="test.at_once", facts=(OrderCompleted,), run=made.run, at_once=True)
    db = await Database.connect(database_url, OffsetClock(), events.routes_of([at_once, _handler(late)]))
    merchant_id = MerchantId(new_id())
    await _emit(db, merchant_id, ["1", "2"])
    assert (made.seen, made.batches) == (["1", "2"], [2])

    made.failing = {"3"}
    with pytest.raises(ValueError, match="cannot digest"):
        await _emit(db, merchant_id, ["3"])
    assert await Dispatcher(db, [at_once, _handler(late)]).drain() == 2
    assert (made.seen, late.seen) == (["1", "2"], ["1", "2"]), "neither twice, nor what was rolled back"
    await db.close()


async def test_one_bad_fact_is_parked_and_replayed_and_its_neighbours_pass(
    recorder: tuple[Recorder, Database, OffsetClock],
) -> None:
    made, db, clock = recorder
    merchant_id = MerchantId(new_id())
    dispatcher = Dispatcher(db, [_handler(made)])
    made.failing = {"bad"}
    await _emit(db, merchant_id, ["a", "bad", "b"])

    await dispatcher.drain()
    assert sorted(made.seen) == ["a", "b"]
    for _ in range(events.MAX_ATTEMPTS):
        clock.advance(timedelta(hours=1))
        await dispatcher.drain()
    async with db.transaction() as tx:
        (parked,) = await events.list_parked(tx, merchant_id)
    assert (parked.attempts, parked.kind) == (events.MAX_ATTEMPTS, "order.completed")
    assert "cannot digest" in (parked.error or "")

    made.failing = set()
    async with db.transaction() as tx:
        await events.replay(tx, merchant_id, parked.handler, parked.fact_id)
        with pytest.raises(NotFound):
            await events.replay(tx, MerchantId(new_id()), parked.handler, parked.fact_id)
    await dispatcher.drain()
    assert sorted(made.seen) == ["a", "b", "bad"]
