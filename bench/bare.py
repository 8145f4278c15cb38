"""The limits that `bench.orders` is held against, served by the same server.

`echo`: a bare ASGI handler that parses an order and answers the JSON of a placed one. `single`: the same work
as one transaction per order in its best form: one statement (CTE), two connections per worker.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import msgspec
from litestar.types import LifeSpanScope, Receive, Scope, Send

from bihuan.kernel.ids import new_id
from bihuan.orders.schemas import OrderInput

_decode = msgspec.json.Decoder(OrderInput).decode
_HEADERS = [(b"content-type", b"application/json")]


async def _answer(send: Send, status: int, payload: bytes) -> None:
    length = (b"content-length", str(len(payload)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*_HEADERS, length]})
    await send({"type": "http.response.body", "body": payload, "more_body": False})


async def _body(receive: Receive) -> bytes:
    message: Any = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


def echo() -> Any:
    """Parses the order, answers JSON of the size of a placed one."""
    order = msgspec.json.decode(os.environ["BENCH_ORDER_JSON"])
    encode = msgspec.json.Encoder().encode

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/readyz":
            await _answer(send, 200, b"{}")
            return
        wanted = _decode(await _body(receive))
        await _answer(send, 201, encode({**order, "total_fen": wanted.total_fen}))

    return app


_SINGLE = """
with pool as (
  update pools set available = available - $4, held = held + $4
  where merchant_id = $1 and kind = 'stock' and subject_id = $3 and available >= $4 returning pool_id
), hold as (
  insert into holds (merchant_id, reference_id, pool_id, quantity, expires_at)
  select $1, $2, pool_id, $4, now() + interval '15 min' from pool
), placed as (
  insert into orders (merchant_id, order_id, order_no, shopper_id, goods_fen, freight_fen, discount_fen, total_fen,
    adjustments, delivery_method, delivery, attribution, idempotency_key, input_hash, created_at, expires_at)
  select $1, $2, $5, $6, $7, 0, 0, $7, '[]', 'ship', $10::text::jsonb, '{"rule": "none", "touchpoint_ids": []}',
    $5, '\\x00', now(), now() + interval '15 min' from pool returning order_id
), line as (
  insert into order_lines (merchant_id, order_id, line_id, sku_id, product_id, pool_id, title, option_values,
    quantity, unit_price_fen, subtotal_fen, adjustments, total_fen)
  select $1, $2, $8, $3, $3, pool_id, '商品', '[]', $4, $7 / $4, $7, '[]', $7 from pool
), fact as (
  insert into facts (merchant_id, fact_id, kind, payload, occurred_at)
  select $1, $9, 'order.placed', $10::text::jsonb, now() from pool
)
insert into deliveries (merchant_id, handler, fact_id, available_at)
select $1, 'bench', $9, now() from pool
"""


def single() -> Any:
    """One transaction per order."""
    merchant_id = os.environ["BENCH_MERCHANT"]
    document = os.environ["BENCH_ORDER_JSON"]
    holder: dict[str, asyncpg.Pool[Any]] = {}

    async def app(scope: Scope | LifeSpanScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            holder["pool"] = await asyncpg.create_pool(os.environ["BIHUAN_DATABASE_URL"], min_size=2, max_size=2)
            tell: Callable[[Any], Awaitable[None]] = send
            await tell({"type": "lifespan.startup.complete"})
            await receive()
            await tell({"type": "lifespan.shutdown.complete"})
            return
        if scope["path"] == "/readyz":
            await _answer(send, 200, b"{}")
            return
        wanted = _decode(await _body(receive))
        line = wanted.lines[0]
        order_id = new_id()
        await holder["pool"].fetch(
            _SINGLE, merchant_id, order_id, line.sku_id, line.quantity, order_id.hex, new_id(), wanted.total_fen,
            new_id(), new_id(), document,
        )  # fmt: skip
        await _answer(send, 201, document.encode())

    return app
