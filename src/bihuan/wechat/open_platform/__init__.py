"""The Open Platform: a component to which merchants authorize their accounts without giving it a secret.

An authorizer's tokens come from a `TokenSource` over `authorizer_fetch`, so `OfficialAccount` and `MiniProgram`
work unchanged; sign-ins go through the `component` line. Pushes of all authorizers are sealed for the component:
`official_account.PushReceiver(appid=<component's>, mode="safe", ...)` reads them.
"""

from .client import (
    Authorization,
    Authorizer,
    AuthorizerInfo,
    AuthorizerToken,
    AuthType,
    Component,
    RefreshTokens,
    authorizer_fetch,
    fetch_component_token,
    start_push_ticket,
)
from .events import Authorized, Notice, NoticeReceiver, OtherNotice, Ticket, Unauthorized

__all__ = [
    "AuthType",
    "Authorization",
    "Authorized",
    "Authorizer",
    "AuthorizerInfo",
    "AuthorizerToken",
    "Component",
    "Notice",
    "NoticeReceiver",
    "OtherNotice",
    "RefreshTokens",
    "Ticket",
    "Unauthorized",
    "authorizer_fetch",
    "fetch_component_token",
    "start_push_ticket",
]
