"""How an app that holds its own secret gets its access token."""

from __future__ import annotations

import msgspec

from .api import ApiConnection
from .tokens import IssuedToken


class _StableToken(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int


async def fetch_stable_token(
    api: ApiConnection, *, appid: str, secret: str, force_refresh: bool = False
) -> IssuedToken:
    """POST /cgi-bin/stable_token. Repeating it gives the same token until `force_refresh`.

    Raises ApiError (40013 appid, 40125 secret, 45009 too many), Unavailable.
    """
    body: dict[str, object] = {"grant_type": "client_credential", "appid": appid, "secret": secret}
    if force_refresh:
        body["force_refresh"] = True
    got = await api.call("POST", "/cgi-bin/stable_token", body=body, answer=_StableToken, repeatable=not force_refresh)
    return IssuedToken(got.access_token, got.expires_in)
