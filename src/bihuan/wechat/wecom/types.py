"""What WeCom says and is told, typed. Field names are WeCom's."""

from __future__ import annotations

import msgspec


class ContactWayMade(msgspec.Struct, frozen=True):
    """A new contact code: its picture's address, and the id by which it is changed."""

    config_id: str
    qr_code: str = ""


class ContactWay(msgspec.Struct, frozen=True, kw_only=True):
    """A contact code as WeCom has it; `type` 1 one member, 2 several; `scene` 2 QR code."""

    config_id: str
    type: int = 1
    scene: int = 2
    remark: str = ""
    skip_verify: bool = True
    state: str = ""
    qr_code: str = ""
    user: tuple[str, ...] = ()


class LinkAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A card that opens a page."""

    title: str
    url: str
    desc: str = ""
    picurl: str = ""

    def wire(self) -> dict[str, object]:
        """WeCom's form."""
        return {"msgtype": "link", "link": msgspec.to_builtins(self)}


class MiniProgramAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A mini program's card; `pic_media_id` is an uploaded picture's."""

    title: str
    pic_media_id: str
    appid: str
    page: str

    def wire(self) -> dict[str, object]:
        """WeCom's form."""
        return {"msgtype": "miniprogram", "miniprogram": msgspec.to_builtins(self)}


class ImageAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded picture."""

    media_id: str

    def wire(self) -> dict[str, object]:
        """WeCom's form."""
        return {"msgtype": "image", "image": msgspec.to_builtins(self)}


Attachment = LinkAttachment | MiniProgramAttachment | ImageAttachment


class ExternalContact(msgspec.Struct, frozen=True, kw_only=True):
    """A customer; `type` 1 a WeChat user, 2 a WeCom user. `unionid` needs a bound Open Platform account."""

    external_userid: str
    name: str = ""
    avatar: str = ""
    type: int = 1
    gender: int = 0
    unionid: str = ""


class FollowUser(msgspec.Struct, frozen=True, kw_only=True):
    """Who added a customer, how, and by which code (`state`)."""

    userid: str
    remark: str = ""
    description: str = ""
    createtime: int = 0
    add_way: int = 0
    state: str = ""


class CustomerDetail(msgspec.Struct, frozen=True):
    """A customer and the members who added her."""

    external_contact: ExternalContact
    follow_user: tuple[FollowUser, ...] = ()


class CustomerOfMember(msgspec.Struct, frozen=True):
    """A customer of one member."""

    external_contact: ExternalContact
    follow_info: FollowUser


class CustomerPage(msgspec.Struct, frozen=True):
    """A page of customers; `next_cursor` is empty on the last."""

    external_contact_list: tuple[CustomerOfMember, ...] = ()
    next_cursor: str = ""


class Department(msgspec.Struct, frozen=True):
    """A department; the root's `parentid` is 0."""

    id: int
    name: str = ""
    parentid: int = 0
    order: int = 0


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member. WeCom gives the phone number only to apps that were made before June 2022; `status` 1 is active."""

    userid: str
    name: str = ""
    department: tuple[int, ...] = ()
    position: str = ""
    mobile: str = ""
    status: int = 1
    avatar: str = ""


class AddressBook(msgspec.Struct, frozen=True):
    """Departments and members."""

    departments: tuple[Department, ...]
    members: tuple[Member, ...]


class MessageSent(msgspec.Struct, frozen=True):
    """What became of a message; `invaliduser` names whom it did not reach, divided by `|`."""

    msgid: str = ""
    invaliduser: str = ""
