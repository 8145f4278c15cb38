"""Who calls: cookies, bearer tokens, and the guard against requests that another site sends with our cookie.

Cross-site requests: cookies are SameSite (Lax for shoppers, Strict for staff), and on top of that an unsafe
method that is authenticated by a cookie must show that our own page sent it:

1. `Sec-Fetch-Site`, where the browser sends it, must be `same-origin`. Not `same-site`: ports and sibling
   subdomains count as the same site, and the sandbox's phone is one of them.
2. Else `Origin`, where it is sent, must be the host asked (`Host`) or that of BIHUAN_PUBLIC_URL.
3. With neither (old web views, scripts with a cookie jar) the request must be one that a cross-site form
   cannot make without a CORS preflight, which we never grant: a method other than POST, a JSON body, or an
   Idempotency-Key header.

Bearer tokens are not sent by a browser on its own, so they need none of this.
"""

from collections.abc import Mapping
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import msgspec
from litestar import Request
from litestar.datastructures import Cookie

from bihuan.identity.errors import CrossSite
from bihuan.identity.tokens import TOKEN_LIFE, ShopperSession, read_shopper_token, token_key
from bihuan.kernel.errors import Unauthorized
from bihuan.kernel.http import Connection, bearer_or_cookie, principal_of
from bihuan.kernel.lean import Call
from bihuan.kernel.runtime import Runtime

SHOPPER_COOKIE = "bihuan_shopper"
COOKIE_PATH = "/api"
"""Nothing but the API reads the cookies, so pages, pictures and callbacks never get them."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class Client(msgspec.Struct, frozen=True):
    """Where a request came from, for limits and the record of sign-ins."""

    address: str | None = None
    user_agent: str | None = None


def client_of(connection: Connection) -> Client:
    """The network address and user agent of a request.

    A peer on this machine is a reverse proxy if it says for whom it asks: then the last entry of
    X-Forwarded-For, the one that the proxy itself wrote, is the address. Everybody else's header is ignored.
    """
    return client_from_headers(connection.client.host if connection.client else None, connection.headers)


def client_from_headers(peer: str | None, headers: Mapping[str, str]) -> Client:
    """The same where only the peer's address and the headers (lower-case names) are known."""
    address = peer
    if address in _LOOPBACK and (forwarded := headers.get("x-forwarded-for")):
        address = forwarded.rsplit(",", 1)[-1].strip() or address
    agent = headers.get("user-agent")
    return Client(address[:64] if address else None, agent[:300] if agent else None)


def provide_client(request: Request[Any, Any, Any]) -> Client:
    """The dependency `client`: where the request came from."""
    return client_of(request)


async def provide_client_to_lean(rt: Runtime, call: Call) -> Client:
    """`client` for routes that run without the framework."""
    return client_from_headers(call.peer, call.headers)


def refuse_cross_site(rt: Runtime, headers: Mapping[str, str], method: str) -> None:
    """Raises CrossSite for an unsafe request that the page of another site may have sent (see the module)."""
    if method in _SAFE:
        return
    if site := headers.get("sec-fetch-site"):
        if site != "same-origin":
            raise CrossSite
        return
    if origin := headers.get("origin"):
        if urlsplit(origin).netloc not in {headers.get("host"), urlsplit(rt.settings.public_url).netloc}:
            raise CrossSite
        return
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if method == "POST" and content_type != "application/json" and "idempotency-key" not in headers:
        raise CrossSite


def token_of(rt: Runtime, connection: Connection, cookie: str) -> str:
    """The session token of a request, guarded against other sites. Raises Unauthorized, CrossSite."""
    token = bearer_or_cookie(connection.headers, connection.cookies, cookie)
    if token is None:
        raise Unauthorized
    if _by_cookie(connection.headers):
        refuse_cross_site(rt, connection.headers, _method_of(connection))
    return token


def _method_of(connection: Connection) -> str:
    scope = cast("dict[str, Any]", connection.scope)
    return scope.get("method", "GET")


def _by_cookie(headers: Mapping[str, str]) -> bool:
    return headers.get("authorization", "")[:7].lower() != "bearer "


async def authenticate_shopper(connection: Connection) -> ShopperSession:
    """The authenticator of `access("shopper")`."""
    rt: Runtime = connection.app.state.runtime
    return read_shopper_token(token_key(rt), token_of(rt, connection, SHOPPER_COOKIE), rt.clock.now())


def shopper_from_headers(rt: Runtime, headers: Mapping[str, str], method: str = "POST") -> ShopperSession:
    """The shopper of a request of which only the headers are known (lower-case names), for bare ASGI routes.

    Raises Unauthorized, CrossSite.
    """
    given = headers.get("authorization", "")
    if given[:7].lower() == "bearer ":
        token = given[7:].strip()
    else:
        token = _cookie(headers.get("cookie", ""), SHOPPER_COOKIE)
        if token is None:
            raise Unauthorized
        refuse_cross_site(rt, headers, method)
    return read_shopper_token(token_key(rt), token, rt.clock.now())


def _cookie(header: str, name: str) -> str | None:
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value.strip('"') or None
    return None


async def provide_to_lean(rt: Runtime, call: Call) -> ShopperSession:
    """`shopper` for routes that run without the framework. Raises Unauthorized, CrossSite."""
    return shopper_from_headers(rt, call.headers, call.method)


def provide_shopper(request: Request[Any, Any, Any]) -> ShopperSession:
    """The dependency `shopper`. Raises Unauthorized on a route that does not ask for a shopper."""
    principal = principal_of(request)
    if not isinstance(principal, ShopperSession):
        raise Unauthorized
    return principal


def session_cookie(
    rt: Runtime, name: str, token: str, max_age_seconds: int, same_site: Literal["lax", "strict"]
) -> Cookie:
    """A cookie that scripts cannot read and other sites cannot use."""
    return Cookie(
        key=name,
        value=token,
        max_age=max_age_seconds,
        path=COOKIE_PATH,
        httponly=True,
        secure=rt.settings.secure_cookies,
        samesite=same_site,
    )


def shopper_cookie(rt: Runtime, token: str | None) -> Cookie:
    """The cookie that signs a shopper in, or out (None)."""
    age = int(TOKEN_LIFE.total_seconds()) if token else 0
    return session_cookie(rt, SHOPPER_COOKIE, token or "", age, "lax")
