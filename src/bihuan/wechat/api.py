"""Calls to api.weixin.qq.com: JSON, `errcode` in a 200, an access token in the query.

Codes: https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import httpx
import msgspec

from .errors import ApiError, MalformedMessage, Unavailable
from .tokens import TokenSource
from .transport import USER_AGENT, Answer, Limits, exchange, log_refusal, retrying

T = TypeVar("T")

API_URL = "https://api.weixin.qq.com"

# The access token is wrong, was replaced, or ran out.
TOKEN_CODES = frozenset({40001, 40014, 42001})
_BUSY = -1


class _Outcome(msgspec.Struct, frozen=True):
    errcode: int = 0
    errmsg: str = ""


class Nothing(msgspec.Struct, frozen=True):
    """The answer of a call that only says `ok`."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file to send as multipart/form-data, with the form's other fields."""

    filename: str
    content: bytes
    content_type: str
    field: str = "media"
    form: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])

    def __repr__(self) -> str:
        return f"Upload(filename={self.filename!r}, {len(self.content)} bytes)"


class ApiConnection:
    """One line to api.weixin.qq.com, shared by all apps. Holds no secrets."""

    def __init__(self, *, http: httpx.AsyncClient, base_url: str = API_URL, limits: Limits | None = None) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._limits = limits or Limits()

    async def call(
        self,
        method: str,
        path: str,
        *,
        answer: type[T],
        query: Mapping[str, str] | None = None,
        body: object = None,
        repeatable: bool,
    ) -> T:
        """Call without an access token. `repeatable`: doing it twice does no harm.

        Raises ApiError, Unavailable, MalformedMessage.
        """
        return _decode(path, await self.send(method, path, query=query, body=body, repeatable=repeatable), answer)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        upload: Upload | None = None,
        repeatable: bool,
    ) -> Answer:
        """As `call`, with the answer's bytes as they are (pictures)."""
        content = None if body is None else msgspec.json.encode(body)
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        if content is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        files = {upload.field: (upload.filename, upload.content, upload.content_type)} if upload else None

        async def attempt() -> Answer:
            request = self._http.build_request(
                method,
                self._base_url + path,
                params=query or None,
                headers=headers,
                content=content,
                files=files,
                data=dict(upload.form) if upload else None,
            )
            got = await exchange(self._http, request, limits=self._limits, repeatable=repeatable)
            _judge(request, got, repeatable=repeatable)
            return got

        return await retrying(attempt, self._limits)


class AppConnection:
    """The line of one app (Official Account, mini program, WeCom, component), with its access token.

    `parameter` is the name under which the token goes into the query: the Open Platform's differs.
    """

    def __init__(self, *, appid: str, tokens: TokenSource, api: ApiConnection, parameter: str = "access_token") -> None:
        self.appid = appid
        self._tokens = tokens
        self._api = api
        self._parameter = parameter

    async def call(
        self,
        method: str,
        path: str,
        *,
        answer: type[T],
        query: Mapping[str, str] | None = None,
        body: object = None,
        upload: Upload | None = None,
        repeatable: bool,
    ) -> T:
        """Call with the access token; once more with a fresh one when WeChat refuses it (40001 ...)."""
        got = await self.send(method, path, query=query, body=body, upload=upload, repeatable=repeatable)
        return _decode(path, got, answer)

    async def do(self, path: str, body: object, *, repeatable: bool, query: Mapping[str, str] | None = None) -> None:
        """A POST whose answer only says `ok`."""
        await self.call("POST", path, query=query, body=body, answer=Nothing, repeatable=repeatable)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        upload: Upload | None = None,
        repeatable: bool,
    ) -> Answer:
        """As `call`, with the answer's bytes as they are."""
        token = await self._tokens.get(self.appid)

        async def attempt() -> Answer:
            given = {self._parameter: token, **(query or {})}
            return await self._api.send(method, path, query=given, body=body, upload=upload, repeatable=repeatable)

        try:
            return await attempt()
        except ApiError as error:
            if error.errcode not in TOKEN_CODES:
                raise
        token = await self._tokens.get(self.appid, rejected=token)
        return await attempt()


def _judge(request: httpx.Request, got: Answer, *, repeatable: bool) -> None:
    error: ApiError | Unavailable
    if got.status >= 500:
        error = Unavailable(f"http_{got.status}", "", status=got.status, safe_to_retry=repeatable)
    else:
        outcome = _outcome(got)
        if outcome.errcode == 0 and got.status == 200:
            return
        if outcome.errcode == _BUSY:  # 系统繁忙: not carried out, "try again later"
            error = Unavailable(str(_BUSY), outcome.errmsg, status=got.status, safe_to_retry=True)
        else:
            errcode = outcome.errcode or -got.status
            error = ApiError(errcode, outcome.errmsg or f"HTTP {got.status}", status=got.status)
    log_refusal(request, error)
    raise error


def _outcome(got: Answer) -> _Outcome:
    if got.body.lstrip()[:1] != b"{":
        return _Outcome()
    try:
        return msgspec.json.decode(got.body, type=_Outcome)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedMessage("answer is no JSON", status=got.status) from error


def _decode(path: str, got: Answer, answer: type[T]) -> T:
    try:
        return msgspec.json.decode(got.body, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedMessage(f"answer of {path}", status=got.status) from error
