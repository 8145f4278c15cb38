"""An Official Account: its interfaces, its OAuth, and what WeChat pushes about it."""

from bihuan.wechat.envelope import MAX_PUSH_BYTES

from .client import MP_URL, OfficialAccount
from .followers import Followers
from .materials import Material, MaterialPage, Materials, MediaKind, TemporaryMedia
from .oauth import OPEN_URL, OAuth
from .push import (
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
from .service import CustomerService, OnlineAccount, ServiceAccount, Session, Waiting
from .tags import OpenidPage, Tag, Tags
from .templates import Template, Templates
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
    "CustomerService",
    "Follower",
    "Followers",
    "JsSdkConfig",
    "Material",
    "MaterialPage",
    "Materials",
    "MediaKind",
    "MiniProgramLink",
    "MiniProgramPage",
    "Mode",
    "OAuth",
    "OAuthGrant",
    "OAuthScope",
    "OAuthUser",
    "OfficialAccount",
    "OnlineAccount",
    "OpenidPage",
    "Other",
    "Push",
    "PushReceiver",
    "QrTicket",
    "Scan",
    "ServiceAccount",
    "Session",
    "Subscribe",
    "Tag",
    "Tags",
    "Template",
    "Templates",
    "TemporaryMedia",
    "Text",
    "Unsubscribe",
    "View",
    "Waiting",
]
