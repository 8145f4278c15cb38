"""The route that places orders, as a plain ASGI handler: the hottest one, and the framework costs more than the SQL.

`POST /api/shop/{merchant}/orders` is listed in OpenAPI by `routes_shop.place_order`, whose work this is. What
the framework would do is done here by hand: who calls, the body's limit and schema, problem details.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
import structlog
from litestar.types import Receive, Scope, Send

from bihuan import identity, merchants
from bihuan.kernel.bodies import read_body
from bihuan.kernel.errors import BadRequest, Problem
from bihuan.kernel.http import ValidationFailed, language_of
from bihuan.kernel.idempotency import check_key, hash_input
from bihuan.kernel.runtime import Runtime
from bihuan.orders.placement import Command, Flusher
from bihuan.orders.schemas import OrderInput, OrderView

log = structlog.get_logger(__name__)

PATH = re.compile(r"^/api/shop/([a-z0-9-]{1,40})/orders$")
MAX_BODY_BYTES = 32 * 1024

FLUSHER = Flusher()
"""The queue of this process; `wiring.BACKGROUND` runs it."""

_decode = msgspec.json.Decoder(OrderInput).decode
_encode = msgspec.json.Encoder().encode
_JSON = (b"content-type", b"application/json")


async def place_order(
    rt: Runtime, code: str, headers: dict[str, str], read_body: Callable[[], Awaitable[bytes]]
) -> OrderView:
    """Places one order. Raises Unauthorized, KeyRequired, ValidationFailed and what placement refuses.

    Who calls is known before a byte of the body is read.
    """
    shopper = identity.shopper_from_headers(rt, headers)
    key = check_key(headers.get("idempotency-key"))
    body = await read_body()
    try:
        order = _decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValidationFailed(detail=str(error)) from error
    merchant = await merchants.merchant_of_code(rt, code)
    if merchant.state != "active":
        raise merchants.MerchantSuspended
    command = Command(shopper.shopper_id, key, hash_input(order), order)
    return await FLUSHER.place(rt, merchant, command)


async def handle(rt: Runtime, code: str, scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI side of `place_order`."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    extra: list[tuple[bytes, bytes]] = []
    try:
        order = await place_order(rt, code, headers, partial(_read_body, headers, receive))
        status, payload = 201, _encode(order)
        extra.append(_JSON)
    except Problem as problem:
        status = problem.status
        request_id: Any = scope["state"].get("request_id")
        payload = _encode(problem.body(language_of(headers.get("accept-language")), request_id))
        extra.append((b"content-type", b"application/problem+json"))
        extra += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    except Exception as error:
        log.error("placing failed", exc_info=error)
        status, payload = 500, _encode(Problem().body(language_of(headers.get("accept-language"))))
        extra.append((b"content-type", b"application/problem+json"))
    extra.append((b"content-length", str(len(payload)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": extra})
    await send({"type": "http.response.body", "body": payload, "more_body": False})


async def _read_body(headers: dict[str, str], receive: Receive) -> bytes:
    if headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise BadRequest(detail="Content-Type: application/json")
    return await read_body(receive, MAX_BODY_BYTES)
