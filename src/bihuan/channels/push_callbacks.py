"""The official account's pushes as a plain ASGI handler: the framework costs more than the work.

Answers: 200 with the reply or `success` after the commit; 403 not signed by WeChat, meant for another account, too
old or a replay; 400 malformed; 404 no such account; 413 too large; 415 neither XML nor JSON; 503 busy. WeChat
delivers again what is not answered with 200 within five seconds, three times in all.
"""

import re
from urllib.parse import parse_qsl

import msgspec
from litestar.types import Receive, Scope, Send

from bihuan import merchants
from bihuan.channels import intake, refusals
from bihuan.kernel.bodies import read_body
from bihuan.kernel.errors import BadRequest, Problem
from bihuan.kernel.http import language_of, problem_of
from bihuan.kernel.runtime import Runtime
from bihuan.wechat.official_account import MAX_PUSH_BYTES

PATH = re.compile(r"^/wechat/([a-z0-9-]{1,40})/official-account$")

_XML = [(b"content-type", b"application/xml; charset=utf-8")]
_TEXT = [(b"content-type", b"text/plain; charset=utf-8")]
_PROBLEM = [(b"content-type", b"application/problem+json")]
_MOST_PARAMETERS = 50


async def handle(rt: Runtime, code: str, scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI side of `intake.receive`."""
    try:
        payload = await _take(rt, code, scope, receive)
        status, headers = 200, _XML if payload.startswith(b"<") else _TEXT
    except Exception as error:
        problem = problem_of(error, scope["path"])
        given = {name: value.decode("latin-1") for name, value in scope["headers"]}
        request_id = scope["state"].get("request_id")
        payload = msgspec.json.encode(problem.body(language_of(given.get(b"accept-language")), request_id))
        status, headers = problem.status, _PROBLEM
    length = (b"content-length", b"%d" % len(payload))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": payload, "more_body": False})


async def _take(rt: Runtime, code: str, scope: Scope, receive: Receive) -> bytes:
    merchant = await merchants.merchant_of_code(rt, code)
    body = b""
    try:
        kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        intake.check_kind(kind.decode("latin-1"))
        body = await read_body(receive, MAX_PUSH_BYTES)
        query = dict(_query(scope["query_string"]))
    except Problem as problem:
        await refusals.note(rt, merchant.merchant_id, intake.OFFICIAL, problem.code, body)
        raise
    return await intake.receive(rt, merchant, query, body)


def _query(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise BadRequest(detail="too many parameters") from error
