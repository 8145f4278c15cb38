"""WeCom: a corp's contact codes, customers, welcome words, messages, address book, and its events."""

from .client import API_URL, MAX_STATE, WELCOME_SECONDS, WeCom, fetch_wecom_token
from .events import ContactAdded, ContactRemoved, EventReceiver, OtherEvent, WeComEvent
from .types import (
    AddressBook,
    Attachment,
    ContactWay,
    ContactWayMade,
    CustomerDetail,
    CustomerOfMember,
    CustomerPage,
    Department,
    ExternalContact,
    FollowUser,
    ImageAttachment,
    LinkAttachment,
    Member,
    MessageSent,
    MiniProgramAttachment,
)

__all__ = [
    "API_URL",
    "MAX_STATE",
    "WELCOME_SECONDS",
    "AddressBook",
    "Attachment",
    "ContactAdded",
    "ContactRemoved",
    "ContactWay",
    "ContactWayMade",
    "CustomerDetail",
    "CustomerOfMember",
    "CustomerPage",
    "Department",
    "EventReceiver",
    "ExternalContact",
    "FollowUser",
    "ImageAttachment",
    "LinkAttachment",
    "Member",
    "MessageSent",
    "MiniProgramAttachment",
    "OtherEvent",
    "WeCom",
    "WeComEvent",
    "fetch_wecom_token",
]
