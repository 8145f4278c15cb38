"""Channels: where a merchant meets its shoppers inside WeChat.

The official account (its pushes, replies, menu, messages), the labels on printed codes, followers, and the
sign-in of shoppers by OAuth, `wx.login` and the JS-SDK's signature.

Invariants: nothing of a push is used before its signature holds, and each push acts once; a follower's home
store is that of her first follow; secrets are written, never read, and tokens are stored sealed, one for all
processes; a chat message is sent at most once.
"""

from . import guides
from .accounts import NewAccount, connect_account, find_account, get_account
from .checks import CHECKS
from .db.accounts import Account, KeywordReply, MemberTemplate, Menu
from .db.followers import Follower, openids_of
from .db.labels import Label, LabelKind, select_labels
from .db.messages import Card, Content, Draft
from .db.notices import NoticeKind, NoticeTemplate
from .db.shipping import SentParcel
from .db.shipping import set_received as note_received
from .labels import NewLabel, count_scan, create_label, ensure_qr, find_label
from .menus import publish as publish_menu
from .menus import save_menu
from .messages import queue as queue_messages
from .notices import NewNotice, list_library
from .notices import queue as queue_notices
from .notices import save_templates as save_notice_templates
from .notices import sends as sends_notices
from .replies import Replies, save_replies
from .shipping import Trade, add_handover, add_parcel

__all__ = [
    "CHECKS",
    "Account",
    "Card",
    "Content",
    "Draft",
    "Follower",
    "KeywordReply",
    "Label",
    "LabelKind",
    "MemberTemplate",
    "Menu",
    "NewAccount",
    "NewLabel",
    "NewNotice",
    "NoticeKind",
    "NoticeTemplate",
    "Replies",
    "SentParcel",
    "Trade",
    "add_handover",
    "add_parcel",
    "connect_account",
    "count_scan",
    "create_label",
    "ensure_qr",
    "find_account",
    "find_label",
    "get_account",
    "guides",
    "list_library",
    "note_received",
    "openids_of",
    "publish_menu",
    "queue_messages",
    "queue_notices",
    "save_menu",
    "save_notice_templates",
    "save_replies",
    "select_labels",
    "sends_notices",
]
