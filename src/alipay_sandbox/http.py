"""A thin layer over ASGI: what the handlers need of requests and answers."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import parse_qsl

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 256 * 1024


class TooLarge(Exception):
    """The body is over MAX_BODY."""


class Request:
    """A request with its parameters, of the query and of a form together."""

    def __init__(self, method: str, path: str, query: str, body: bytes, content_type: str) -> None:
        self.method = method
        self.path = path
        self.body = body
        self.params = dict(parse_qsl(query, keep_blank_values=True))
        if content_type.startswith("application/x-www-form-urlencoded"):
            self.params |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> dict[str, Any]:
        """The body as an object; empty for anything else."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


class Answer:
    """A whole answer."""

    def __init__(self, status: int, body: bytes, content_type: str, location: str = "") -> None:
        self.status = status
        self.body = body
        self.content_type = content_type
        self.location = location


def as_json(value: object, status: int = 200) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), "application/json; charset=utf-8")


def as_text(text: str, status: int = 200, kind: str = "text/html") -> Answer:
    """A page, or a plain text."""
    return Answer(status, text.encode(), f"{kind}; charset=utf-8")


def redirect(url: str) -> Answer:
    """A 303 that no cache keeps: what comes next is fetched, not posted again."""
    return Answer(303, b"", "text/plain", url)


async def read_request(scope: Scope, receive: Receive, path: str) -> Request:
    """The whole request. Raises TooLarge."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            raise TooLarge
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope.get("query_string", b"").decode("latin-1")
    return Request(scope["method"], path, query, b"".join(parts), headers.get("content-type", "").lower())


async def send_answer(send: Send, answer: Answer) -> None:
    """Writes an answer out."""
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if answer.location:
        headers.append((b"location", answer.location.encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
