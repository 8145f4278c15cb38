"""The worker process: delivers facts to their handlers and runs periodic jobs."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from bihuan import wiring
from bihuan.app import DATABASE_PATIENCE_SECONDS, open_runtime
from bihuan.kernel import heartbeat, jobs
from bihuan.kernel.db import DatabaseUnavailable
from bihuan.kernel.events import SWEEP_EVERY, Dispatcher
from bihuan.kernel.runtime import Runtime
from bihuan.settings import Settings

log = structlog.get_logger(__name__)


async def run(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT."""
    rt = await open_runtime(settings, max_connections=8, patience_seconds=DATABASE_PATIENCE_SECONDS)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log.info("worker started", handlers=len(wiring.HANDLERS), jobs=len(wiring.PERIODIC))
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(_forever(_deliver, rt)),
        asyncio.create_task(_forever(_tick, rt)),
        asyncio.create_task(stop.wait()),
    ]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await rt.close()


async def _forever(loop_body: Callable[[Runtime], Coroutine[Any, Any, None]], rt: Runtime) -> None:
    """Runs a loop for ever; a failure (the database went away) is logged and it begins again."""
    while True:
        try:
            await loop_body(rt)
        except asyncio.CancelledError:
            raise
        except DatabaseUnavailable as outage:
            log.warning("worker waits for the database", loop=loop_body.__name__, cause=str(outage.__cause__))
            await asyncio.sleep(0.5)
        except Exception:
            log.exception("worker loop failed; beginning again", loop=loop_body.__name__)
            await asyncio.sleep(1)


LINGER_SECONDS = 0.1
"""Between rounds of deliveries: facts of a rush are handled in batches, and nobody waits for them."""


async def _deliver(rt: Runtime) -> None:
    """Drains deliveries at each wake-up, and sweeps for those whose wake-up was lost."""
    dispatcher = Dispatcher(rt.db, wiring.HANDLERS)
    wake = asyncio.Event()
    lost = asyncio.Event()

    def woken(*_: object) -> None:
        wake.set()

    def ended(*_: object) -> None:
        lost.set()
        wake.set()

    async with rt.db.raw() as connection:
        connection.add_termination_listener(ended)
        await connection.add_listener("bihuan_facts", woken)
        try:
            while not lost.is_set():
                wake.clear()
                await dispatcher.drain(linger_seconds=LINGER_SECONDS)
                try:
                    async with asyncio.timeout(SWEEP_EVERY.total_seconds()):
                        await wake.wait()
                except TimeoutError:
                    continue
        finally:
            if not lost.is_set():
                connection.remove_termination_listener(ended)
                await connection.remove_listener("bihuan_facts", woken)


async def _tick(rt: Runtime) -> None:
    """Runs due jobs every second and tells that this worker lives."""
    while True:
        async with rt.db.session() as tx:
            await heartbeat.beat(tx, "worker")
        await jobs.run_due(rt, wiring.PERIODIC)
        await asyncio.sleep(1)
