"""The inspector's data: exchanges listed, explained, replayed, and as they happen."""

import asyncio
from collections.abc import AsyncIterator
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from litestar import Response, delete, get, post
from litestar.response import ServerSentEvent, ServerSentEventMessage

from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.inspector.reading import look
from wechat_sandbox.inspector.replay import ReplayError
from wechat_sandbox.inspector.replay import replay as do_again
from wechat_sandbox.inspector.ring import MAX_EXCHANGES, Exchange
from wechat_sandbox.inspector.views import detail, summary
from wechat_sandbox.world import World

PING_SECONDS = 15.0
BATCH_SECONDS = 0.1
MAX_BATCH = 200


def _find(world: World, exchange_id: int) -> Exchange:
    exchange = world.exchanges.find(exchange_id)
    if exchange is None:
        raise not_found(f"exchange {exchange_id}, or it is past")
    return exchange


def _has_status(exchange: Exchange, wanted: str) -> bool:
    if wanted == "error":
        return exchange.status >= 400 or bool(exchange.error)
    return str(exchange.status) == wanted or (wanted.endswith("xx") and wanted[:-2] == str(exchange.status // 100))


def _has_text(exchange: Exchange, text: str) -> bool:
    raw = text.encode()
    return text in exchange.target or raw in exchange.body or raw in exchange.answer_body


@get("/exchanges", tags=["inspector"])
async def list_exchanges(
    world: World,
    since: int = 0,
    path: str = "",
    mchid: str = "",
    appid: str = "",
    status: str = "",
    kind: str = "",
    text: str = "",
    limit: int = 200,
) -> dict[str, Any]:
    """The latest exchanges, newest first (2,000 are kept).

    `since`: ids above it; `path`: glob, or a part of the path; `status`: `401`, `4xx` or `error`; `kind`: api,
    notification, push, handshake; `text`: a part of address, body or answer.
    """
    glob = path if "*" in path else f"*{path}*"
    items: list[dict[str, Any]] = []
    for row in world.exchanges.latest():
        if row.number <= since or len(items) >= max(1, min(limit, MAX_EXCHANGES)):
            break
        look(world, row)
        if (
            fnmatchcase(row.path, glob)
            and mchid in ("", row.mchid)
            and appid in ("", row.appid)
            and kind in ("", row.kind)
            and (not status or _has_status(row, status))
            and (not text or _has_text(row, text))
        ):
            items.append(summary(world, row))
    return {"items": items, "last": world.exchanges.last}


@get("/exchanges/{exchange_id:int}", tags=["inspector"])
async def get_exchange(world: World, exchange_id: int) -> dict[str, Any]:
    """One exchange: headers, bodies, canonical strings, why a signature failed, plaintext, a script to repeat it."""
    return detail(world, _find(world, exchange_id))


@post("/exchanges/{exchange_id:int}/replay", tags=["inspector"], status_code=200)
async def replay(world: World, exchange_id: int) -> dict[str, Any]:
    """Do it again: a call with a fresh signature, a notification or push delivered anew. The new exchange."""
    try:
        number = await do_again(world, _find(world, exchange_id))
    except ReplayError as error:
        raise ControlError(409, "not_replayable", str(error)) from error
    return detail(world, _find(world, number))


@delete("/exchanges", tags=["inspector"])
async def forget(world: World) -> None:
    """Forget what was kept."""
    world.exchanges.clear()


@get("/exchange-events", tags=["inspector"])
async def exchange_events(world: World) -> Response[Any]:
    """Server-sent events: `exchanges` with the lines that are new or changed, and a `ping` every 15 s."""

    async def stream() -> AsyncIterator[ServerSentEventMessage]:
        queue = world.exchanges.listen()
        try:
            yield ServerSentEventMessage(event="hello", data="{}", retry=1000)
            while True:
                numbers = await _some(queue)
                if numbers is None:
                    return
                found = (world.exchanges.find(number) for number in numbers[-MAX_BATCH:])
                rows = [summary(world, row) for row in found if row is not None]
                name = "exchanges" if rows else "ping"
                yield ServerSentEventMessage(event=name, data=msgspec.json.encode({"items": rows}).decode())
        finally:
            world.exchanges.leave(queue)

    return ServerSentEvent(stream())


async def _some(queue: "asyncio.Queue[int | None]") -> list[int] | None:
    """The next few numbers, each once; empty after a silence, None at the end."""
    try:
        first = await asyncio.wait_for(queue.get(), PING_SECONDS)
    except TimeoutError:
        return []
    if first is None:
        return None
    await asyncio.sleep(BATCH_SECONDS)  # a burst makes one message
    numbers = {first: None}
    while not queue.empty():
        number = queue.get_nowait()
        if number is None:
            return None
        numbers[number] = None
    return list(numbers)


HANDLERS = [list_exchanges, get_exchange, replay, forget, exchange_events]
