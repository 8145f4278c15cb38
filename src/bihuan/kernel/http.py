"""HTTP: who may call a route, problem details, request ids.

Every route states who may call it: `@get(path, opt=access("shopper"))`. The guard refuses a route
that does not say. Kinds: "public", "callback" (verified by its signature before it is read), "shopper",
"staff" and "operator", the last two with a permission: `access("staff:orders.write")`.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Annotated, Any, Protocol

import asyncpg
import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Histogram

from bihuan.kernel.errors import (
    BadGateway,
    BadRequest,
    Forbidden,
    NotFound,
    Problem,
    TooLarge,
    Unauthorized,
    Unavailable,
)
from bihuan.kernel.ids import new_id
from bihuan.kernel.log import REQUEST_ID
from bihuan.kernel.metrics import REQUESTS

log = structlog.get_logger(__name__)

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(name="Idempotency-Key", required=False, description="8-64 characters; a repeat is answered once."),
]

Connection = ASGIConnection[Any, Any, Any, Any]


class Principal(Protocol):
    """Somebody who signed in."""

    @property
    def permissions(self) -> frozenset[str]:
        """What they may do; "*" is everything."""
        ...


Authenticator = Callable[[Connection], Awaitable[Principal]]
"""Finds out who calls; raises Unauthorized."""


def access(who: str) -> dict[str, Any]:
    """The `opt` of a route: who may call it."""
    return {"access": who}


def make_guard(authenticators: Mapping[str, Authenticator]) -> Callable[..., Awaitable[None]]:
    """The app's guard: signs the caller in as the kind that the route states and checks the permission."""

    async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        if "\x00" in connection.scope["path"]:
            raise NotFound  # no file and no text of the database has such a name
        who = handler.opt.get("access")
        if not isinstance(who, str):
            raise Forbidden(detail=f"the route {handler} does not state who may call it")
        kind, _, permission = who.partition(":")
        if kind in ("public", "callback"):
            return
        principal = await authenticators[kind](connection)
        if permission and not {permission, "*"} & principal.permissions:
            raise Forbidden(permission=permission)
        connection.scope["state"]["principal"] = principal

    return guard


def principal_of(connection: Connection) -> Any:
    """Whom the guard signed in for this request; raises Unauthorized on a public route."""
    try:
        return connection.scope["state"]["principal"]
    except KeyError:
        raise Unauthorized from None


def bearer_or_cookie(headers: Mapping[str, str], cookies: Mapping[str, str], cookie: str) -> str | None:
    """The session token of a request: `Authorization: Bearer ...`, else the cookie."""
    given = headers.get("authorization", "")
    if given[:7].lower() == "bearer ":
        return given[7:].strip() or None
    return cookies.get(cookie)


def language_of(accept_language: str | None) -> str:
    """ "zh" or "en", by the first of the two that Accept-Language names; Chinese otherwise."""
    for part in (accept_language or "").lower().split(","):
        if part.strip().startswith("zh"):
            return "zh"
        if part.strip().startswith("en"):
            return "en"
    return "zh"


def problem_response(problem: Problem, accept_language: str | None, request_id: str | None) -> Response[bytes]:
    """The answer for a Problem."""
    body = problem.body(language_of(accept_language), request_id)
    return Response(
        msgspec.json.encode(body),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=dict(problem.headers),
    )


class ValidationFailed(BadRequest):
    """The body, a query parameter or a path does not fit its schema; `errors` names the fields."""

    code = "validation_failed"
    zh = "提交的内容格式不正确。"
    en = "The request does not fit its schema."


def handle_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Every exception of a route becomes problem details."""
    problem = problem_of(error, request.url.path)
    request_id = request.scope["state"].get("request_id")
    return problem_response(problem, request.headers.get("accept-language"), request_id)


def problem_of(error: Exception, path: str) -> Problem:
    """The Problem that an exception is to the caller; what we did not foresee is logged whole."""
    problem = _as_problem(error)
    if isinstance(problem, Unavailable | BadGateway):
        cause = error.__cause__ if error is problem else error
        if cause is not None:
            log.warning("not now", path=path, code=problem.code, cause=str(cause))
    elif problem.status >= 500:
        log.error("request failed", path=path, exc_info=error)
    return problem


class _HttpProblem(Problem):
    """A refusal of the framework itself (405, 415, ...)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail=detail)
        self.status = status  # type: ignore[misc]
        self.code = f"http_{status}"  # type: ignore[misc]
        self.zh = self.en = detail  # type: ignore[misc]


def _as_problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationException):
        extra: Any = error.extra or []
        return ValidationFailed(errors=extra, detail=_validation_detail(extra) or error.detail)
    if isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.LockNotAvailableError):
        return Unavailable()  # rolled back whole: the same request may be made again
    if unreadable := _unreadable(error):
        return ValidationFailed(detail=unreadable)
    if isinstance(error, HTTPException):
        if error.status_code == 404:
            return NotFound()
        if error.status_code == 413:
            return TooLarge()
        if error.status_code == 400:
            return BadRequest(detail=error.detail)
        if error.status_code < 500:
            return _HttpProblem(error.status_code, error.detail)
    return Problem()


def _unreadable(error: Exception) -> str | None:
    """What is wrong with the request where it came as far as the decoder or the database."""
    if isinstance(error, msgspec.MsgspecError | UnicodeDecodeError):
        return str(error)
    if isinstance(error, RecursionError) and "deserializing" in str(error):
        return "nested too deeply"
    if isinstance(error, asyncpg.CharacterNotInRepertoireError | asyncpg.UntranslatableCharacterError):
        return "a text holds a character that cannot be stored"
    return None


def _validation_detail(extra: Any) -> str | None:
    """The first field error in words, without the framework's internals."""
    if isinstance(extra, list) and extra and isinstance(extra[0], dict):
        first: dict[str, Any] = extra[0]  # pyright: ignore[reportUnknownVariableType]
        return f"{first.get('key', 'body')}: {first.get('message', '')}"
    return None


_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})


@cache
def _histogram(method: str, status_class: int) -> Histogram:
    return REQUESTS.labels(method, f"{status_class}xx")


_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


def _request_id_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.match(given := value.decode("latin-1")):
            return given
    return new_id().hex


def request_id_middleware(app: ASGIApp) -> ASGIApp:
    """Gives each request an id (or keeps the caller's), returns it as X-Request-Id, binds it to the logs."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request_id = _request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
                if status == TooLarge.status:
                    # The rest of the body is not read, so the server hangs up: no next request may come here.
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        REQUEST_ID.set(request_id)
        try:
            await app(scope, receive, send_with_id)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            _histogram(method, status // 100).observe(time.perf_counter() - started)
            REQUEST_ID.set("")

    return middleware


def text(body: str, status_code: int = 200) -> Response[str]:
    """A plain-text answer, for WeChat's callbacks."""
    return Response(body, status_code=status_code, media_type=MediaType.TEXT)
