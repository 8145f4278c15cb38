"""The outbound HTTP client: httpx's face over aiohttp's connections.

A call to WeChat cost 0.7 ms of CPU over httpx's own connections, a third of that over aiohttp's (measured beside a
checkout, `python -m bench checkout`). What breaks is told apart exactly, since payments and messages hang on it:
`ConnectError` and `ConnectTimeout` mean that not a byte was sent, so that anything may be repeated; every failure
after that is a `ReadTimeout`, `ReadError` or `RemoteProtocolError`. (The ready-made adapter reports a connection
that broke after sending as a `ConnectTimeout`; a chat message would be sent twice.)
"""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import httpx
from yarl import URL

CONNECTIONS = 200
KEEP_ALIVE_SECONDS = 25.0
"""A little less than servers keep idle connections, so that we rarely write to one that is just closing."""

_OWN_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


def new_http_client() -> httpx.AsyncClient:
    """The outbound client: short timeouts, bounded connections, no proxies from the environment, no redirects."""
    return httpx.AsyncClient(transport=AiohttpTransport(), timeout=httpx.Timeout(8.0, connect=3.0), trust_env=False)


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends httpx requests through an aiohttp session, which is opened by the first of them."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one request; the answer's body is read by whoever iterates it. Raises httpx.TransportError."""
        limits: dict[str, float | None] = request.extensions.get("timeout", {})
        with _told_apart(request):
            answer = await self._open_session().request(
                request.method,
                URL(str(request.url), encoded=True),  # the very bytes that were signed
                headers=[(name, value) for name, value in request.headers.multi_items() if name != "transfer-encoding"],
                data=await request.aread() or None,
                allow_redirects=False,
                skip_auto_headers=_OWN_HEADERS,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=limits.get("connect"),
                    sock_connect=limits.get("connect"),
                    sock_read=limits.get("read"),
                ),
            )
        return httpx.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=_Body(answer, request),
            request=request,
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (answer.reason or "").encode("latin-1", "replace"),
            },
        )

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS, ttl_dns_cache=60
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts():
            yield part

    async def _parts(self) -> AsyncGenerator[bytes, None]:
        with _told_apart(self._request):
            async for part in self._answer.content.iter_any():
                yield part

    async def aclose(self) -> None:
        """Gives the connection back, or closes it when the body was not read to its end."""
        if self._answer.content.at_eof():
            self._answer.release()
        else:
            self._answer.close()


@contextmanager
def _told_apart(request: httpx.Request) -> Any:
    """aiohttp's exceptions as httpx's, by whether anything was sent."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout(str(error), request=request) from error
    except aiohttp.ClientConnectorError as error:  # no route, nobody listens, no such name, no TLS
        raise httpx.ConnectError(str(error), request=request) from error
    except (TimeoutError, aiohttp.SocketTimeoutError) as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except aiohttp.InvalidURL as error:
        raise httpx.UnsupportedProtocol(str(error), request=request) from error
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
        raise httpx.RemoteProtocolError(str(error), request=request) from error
    except (aiohttp.ClientError, ssl.SSLError, OSError) as error:
        raise httpx.ReadError(str(error), request=request) from error
