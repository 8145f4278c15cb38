"""An Official Account: its interfaces, its OAuth, and what WeChat pushes about it."""

from .client import MP_URL, OfficialAccount
from .oauth import OPEN_URL, OAuth
from .push import (
    MAX_PUSH_BYTES,
    NO_REPLY,
    Click,
    Mode,
    Other,
    Push,
    PushReceiver,
    Scan,
    Subscribe,
    Text,
    Unsubscribe,
    View,
)
from .types import (
    Article,
    Button,
    Follower,
    JsSdkConfig,
    MiniProgramLink,
    MiniProgramPage,
    OAuthGrant,
    OAuthScope,
    OAuthUser,
    QrTicket,
)

__all__ = [
    "MAX_PUSH_BYTES",
    "MP_URL",
    "NO_REPLY",
    "OPEN_URL",
    "Article",
    "Button",
    "Click",
    "Follower",
    "JsSdkConfig",
    "MiniProgramLink",
    "MiniProgramPage",
    "Mode",
    "OAuth",
    "OAuthGrant",
    "OAuthScope",
    "OAuthUser",
    "OfficialAccount",
    "Other",
    "Push",
    "PushReceiver",
    "QrTicket",
    "Scan",
    "Subscribe",
    "Text",
    "Unsubscribe",
    "View",
]
