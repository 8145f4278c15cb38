"""One HTTP exchange with WeChat: time limit, size limit, retries of what is safe, log without secrets."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar, cast

import httpx
import msgspec
import structlog

from .errors import Unavailable, WeChatError

T = TypeVar("T")
Now = Callable[[], datetime]

USER_AGENT = "Bihuan/0.1 (+wechat)"
MAX_ANSWER_BYTES = 4 * 1024 * 1024

# httpx logs whole URLs at INFO, and WeChat's carry access tokens and app secrets.
logging.getLogger("httpx").setLevel(logging.WARNING)

_log = cast("structlog.stdlib.BoundLogger", structlog.get_logger("bihuan.wechat"))


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long one try may take, and how many tries follow the first when that is safe."""

    timeout_seconds: float = 8.0
    retries: int = 2
    backoff_seconds: float = 0.15


class Answer(msgspec.Struct, frozen=True):
    """What came back, not yet believed."""

    status: int
    headers: httpx.Headers
    body: bytes


async def _read(response: httpx.Response) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise Unavailable("answer_too_large", "", status=response.status_code, safe_to_retry=False)
        chunks.append(chunk)
    return b"".join(chunks)


async def exchange(http: httpx.AsyncClient, request: httpx.Request, *, limits: Limits, repeatable: bool) -> Answer:
    """Send once. Raises Unavailable when no whole answer arrives in time; any status is an answer.

    The log has method, host, path, status, milliseconds and WeChat's request id: never the query (it
    carries tokens and secrets), headers or bodies.
    """
    started = time.perf_counter()
    log = _log.bind(method=request.method, host=request.url.host, path=request.url.path)
    try:
        async with asyncio.timeout(limits.timeout_seconds):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                body = await _read(response)
            finally:
                await response.aclose()
    except (TimeoutError, httpx.TransportError, httpx.DecodingError) as error:
        # No connection, no request: WeChat cannot have acted on it.
        unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
        timed_out = isinstance(error, (TimeoutError, httpx.TimeoutException))
        code = "timeout" if timed_out else "no_connection" if unsent else "broken_off"
        log.warning("wechat.call", code=code, ms=_milliseconds(started))
        raise Unavailable(code, type(error).__name__, safe_to_retry=repeatable or unsent) from error
    answer = Answer(response.status_code, response.headers, body)
    log.info(
        "wechat.call",
        status=answer.status,
        ms=_milliseconds(started),
        wechat_request_id=answer.headers.get("request-id", ""),
    )
    return answer


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


async def retrying(attempt: Callable[[], Awaitable[T]], limits: Limits) -> T:
    """Repeat `attempt` while it raises Unavailable with `safe_to_retry`, `limits.retries` times at most."""
    for retry in range(limits.retries):
        try:
            return await attempt()
        except Unavailable as error:
            if not error.safe_to_retry:
                raise
            await asyncio.sleep(limits.backoff_seconds * 2**retry * random.uniform(0.5, 1.5))  # noqa: S311
    return await attempt()


def log_refusal(request: httpx.Request, error: WeChatError) -> None:
    """One line for a call that WeChat refused, with its code."""
    _log.warning(
        "wechat.refused",
        method=request.method,
        host=request.url.host,
        path=request.url.path,
        status=error.status,
        code=error.code,
    )
