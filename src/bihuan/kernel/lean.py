"""Routes run without the framework, where all they need is a path, a body and who calls.

The framework declares them (paths, OpenAPI, access); what it does for each request costs more than a storefront's
short reads and commands themselves. A route qualifies by its signature: the runtime, what `wiring.LEAN_PROVIDERS`
provides by name, parts of the path, a JSON body and an idempotency key. Whatever else comes (query parameters, other
media types, another method) goes to the framework, and both answer alike: `tests/test_lean.py` compares them.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast, get_args, get_origin
from uuid import UUID

import brotli  # pyright: ignore[reportMissingTypeStubs]
import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import Response
from litestar.types import Receive, Scope, Send

from bihuan.kernel.bodies import read_body
from bihuan.kernel.errors import BadRequest, TooLarge
from bihuan.kernel.http import ValidationFailed, language_of, problem_of
from bihuan.kernel.runtime import Runtime

MAX_BODY_BYTES = 1024 * 1024
COMPRESS_FROM_BYTES = 1000

_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")
_PART = re.compile(r"\{(\w+):(str|uuid)\}")
_encode = msgspec.json.Encoder().encode


class Call(msgspec.Struct, frozen=True):
    """A request as far as providers need it: header names in lower case, parts of the path decoded."""

    method: str
    headers: Mapping[str, str]
    parts: Mapping[str, str]
    access: str
    peer: str | None


Provider = Callable[[Runtime, Call], Awaitable[Any]]
"""Gives the argument of its name; raises the Problem that refuses the call."""


class LeanRoute(msgspec.Struct, frozen=True):
    """One route, taken apart."""

    method: str
    path: re.Pattern[str]
    access: str
    run: Callable[..., Awaitable[Any]]
    status: int
    authenticate: Provider | None
    takes_caller: bool
    providers: tuple[tuple[str, Provider], ...]
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    body: msgspec.json.Decoder[Any] | None
    has_key: bool


class LeanRoutes:
    """The routes that qualify, found by method and path."""

    def __init__(
        self,
        handlers: Sequence[Any],
        providers: Mapping[str, Provider],
        authenticators: Mapping[str, Provider | None],
    ) -> None:
        self._by_shape: dict[tuple[str, int], list[LeanRoute]] = {}
        for handler in handlers:
            if not isinstance(handler, HTTPRouteHandler) or handler.opt.get("access") not in authenticators:
                continue
            authenticate = authenticators[handler.opt["access"]]
            for path in handler.paths:
                if (route := _take_apart(handler, path, providers, authenticate)) is not None:
                    self._by_shape.setdefault((route.method, path.count("/")), []).append(route)

    def __iter__(self) -> Any:
        return (route for routes in self._by_shape.values() for route in routes)

    def find(self, scope: Scope) -> tuple[LeanRoute, dict[str, str]] | None:
        """The route of a request and the parts of its path; None is for the framework."""
        path = scope["path"]
        method: str = cast("Any", scope)["method"]
        for route in self._by_shape.get((method, path.count("/")), ()):
            if found := route.path.match(path):
                if scope["query_string"]:
                    return None
                return route, found.groupdict()
        return None


def _take_apart(
    handler: HTTPRouteHandler, path: str, providers: Mapping[str, Provider], authenticate: Provider | None
) -> LeanRoute | None:
    own: Any = handler
    if len(handler.http_methods) != 1 or own.guards or own.dependencies:
        return None
    run: Any = handler.fn
    signature = inspect.signature(run, eval_str=True)
    returned: Any = signature.return_annotation
    if inspect.isclass(get_origin(returned) or returned) and issubclass(get_origin(returned) or returned, Response):
        return None
    parts = dict(cast("list[tuple[str, str]]", _PART.findall(path)))
    names = set(signature.parameters) - {"rt", handler.opt["access"]}
    given = [name for name in names if name in providers]
    in_path = names & set(parts)
    if names - set(given) - in_path - {"data", "idempotency_key"}:
        return None
    body = None
    if "data" in names:
        wanted = signature.parameters["data"].annotation
        wanted = get_args(wanted)[0] if hasattr(wanted, "__metadata__") else wanted
        if not (inspect.isclass(wanted) and issubclass(wanted, msgspec.Struct)):
            return None
        body = msgspec.json.Decoder(cast("type[Any]", wanted))
    pattern = re.sub(r"\\\{(\w+):(?:str|uuid)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return LeanRoute(
        method=next(iter(handler.http_methods)),
        path=re.compile(f"^{pattern}$"),
        access=handler.opt["access"],
        run=run,
        status=handler.status_code,
        authenticate=authenticate,
        takes_caller=handler.opt["access"] in signature.parameters,
        providers=tuple((name, providers[name]) for name in given),
        ids=tuple(name for name in in_path if parts[name] == "uuid"),
        texts=tuple(name for name in in_path if parts[name] == "str"),
        body=body,
        has_key="idempotency_key" in names,
    )


async def answer(
    rt: Runtime, route: LeanRoute, parts: dict[str, str], scope: Scope, receive: Receive, send: Send, rest: Any
) -> None:
    """Runs a route and answers; hands the request to `rest`, the framework, where only that can read it."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    arguments: dict[str, Any] = {"rt": rt}
    try:
        for name in route.ids:
            arguments[name] = UUID(parts[name])
    except ValueError:
        await rest(scope, receive, send)
        return
    if "\x00" in scope["path"] or (route.body is not None and not _is_json(headers)):
        await rest(scope, receive, send)
        return
    extra: list[tuple[bytes, bytes]] = []
    try:
        client: Any = scope["client"]
        call = Call(route.method, headers, parts, route.access, client[0] if client else None)
        result = await _run(rt, route, call, arguments, receive)
        status = route.status
        payload = b"" if result is None and status == 204 else _encode(result)
        if payload:
            extra.append(_JSON)
            payload = _compressed(payload, headers, extra)
    except Exception as error:
        problem = problem_of(error, scope["path"])
        status = problem.status
        payload = _encode(problem.body(language_of(headers.get("accept-language")), scope["state"].get("request_id")))
        extra = [_PROBLEM, *((name.lower().encode(), value.encode()) for name, value in problem.headers.items())]
    if status != 204:
        extra.append((b"content-length", b"%d" % len(payload)))
    await send({"type": "http.response.start", "status": status, "headers": extra})
    await send({"type": "http.response.body", "body": payload, "more_body": False})


async def _run(rt: Runtime, route: LeanRoute, call: Call, arguments: dict[str, Any], receive: Receive) -> Any:
    if route.authenticate is not None:  # also where the route does not ask who it was
        caller = await route.authenticate(rt, call)
        if route.takes_caller:
            arguments[route.access] = caller
    for name, provide in route.providers:
        arguments[name] = await provide(rt, call)
    for name in route.texts:
        arguments[name] = call.parts[name]
    if route.has_key:
        arguments["idempotency_key"] = call.headers.get("idempotency-key")
    if route.body is not None:
        raw = await _read(call.headers, receive)
        try:
            arguments["data"] = route.body.decode(raw)
        except (msgspec.ValidationError, RecursionError, UnicodeDecodeError) as error:
            raise _unfit(str(error)) from error
        except msgspec.DecodeError as error:
            raise (BadRequest(detail=str(error)) if raw else _unfit("no body")) from error
    return await route.run(**arguments)


_AT = re.compile(r"^(.*?) - at `\$\.?(.*)`$", re.DOTALL)


def _unfit(text: str) -> ValidationFailed:
    """What is wrong with a body, and where."""
    found = _AT.match(text)
    message, key = (found.group(1), found.group(2)) if found else (text, "")
    return ValidationFailed(
        errors=[{"message": message, "key": key, "source": "body"}], detail=f"{key or 'body'}: {message}"
    )


def _is_json(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


async def _read(headers: Mapping[str, str], receive: Receive) -> bytes:
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise TooLarge
    return await read_body(receive, MAX_BODY_BYTES)


def _compressed(payload: bytes, headers: Mapping[str, str], extra: list[tuple[bytes, bytes]]) -> bytes:
    """Long answers in brotli, where the client takes it."""
    if len(payload) < COMPRESS_FROM_BYTES or "br" not in headers.get("accept-encoding", ""):
        return payload
    extra += [(b"content-encoding", b"br"), (b"vary", b"Accept-Encoding")]
    packed: bytes = cast("Any", brotli).compress(payload, quality=5)
    return packed
