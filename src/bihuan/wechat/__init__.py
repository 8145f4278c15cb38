"""WeChat, spoken over HTTP: a thin, typed, asynchronous client that keeps no state but keys and tokens.

* `bihuan.wechat.pay`: `PayClient` for WeChat Pay v3. Requests are signed, answers and notifications
  verified (freshness first) before anything in them is used.
* `bihuan.wechat.official_account`: `OfficialAccount`, `OAuth`, `PushReceiver`.
* `bihuan.wechat.mini_program`: `MiniProgram`.
* Tokens come from a `TokenSource`; errors keep WeChat's code; base URLs are parameters, so that the real
  WeChat and the sandbox differ by configuration alone.

Lowest layer: knows nothing of merchants, orders or databases.
"""

from .api import API_URL, ApiConnection, AppConnection
from .errors import (
    ApiError,
    DecryptionFailed,
    MalformedMessage,
    PayError,
    SignatureInvalid,
    StaleTimestamp,
    Unavailable,
    Untrusted,
    WeChatError,
)
from .mini_program import MiniProgram, MiniSession, PhoneNumber
from .official_account import OAuth, OfficialAccount, PushReceiver
from .pay import PayAccount, PayClient
from .stable_token import fetch_stable_token
from .tokens import IssuedToken, MemoryTokens, TokenSource
from .transport import Limits

__all__ = [
    "API_URL",
    "ApiConnection",
    "ApiError",
    "AppConnection",
    "DecryptionFailed",
    "IssuedToken",
    "Limits",
    "MalformedMessage",
    "MemoryTokens",
    "MiniProgram",
    "MiniSession",
    "OAuth",
    "OfficialAccount",
    "PayAccount",
    "PayClient",
    "PayError",
    "PhoneNumber",
    "PushReceiver",
    "SignatureInvalid",
    "StaleTimestamp",
    "TokenSource",
    "Unavailable",
    "Untrusted",
    "WeChatError",
    "fetch_stable_token",
]
