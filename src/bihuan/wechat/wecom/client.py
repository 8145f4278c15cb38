"""WeCom (企业微信): contact codes of members, welcome words, customers, app messages, the address book.

https://developer.work.weixin.qq.com/document/path/92114 (customers), 96311 (contact way), 92599 (welcome),
90236 (app message), 90200 (members). Paths as in wechatpy 1.8.18 `enterprise/client/api`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bihuan.wechat.api import ApiConnection, AppConnection
from bihuan.wechat.errors import ApiError
from bihuan.wechat.tokens import IssuedToken, TokenSource

from .types import (
    AddressBook,
    Attachment,
    ContactWay,
    ContactWayMade,
    CustomerDetail,
    CustomerPage,
    Department,
    Member,
    MessageSent,
)

API_URL = "https://qyapi.weixin.qq.com"
MAX_STATE = 30
MAX_ATTACHMENTS = 9
WELCOME_SECONDS = 20
"""How long after the event a welcome code may be used."""

_NO_CUSTOMERS = 84061
"""not external contact: what a member without customers gets for a list."""


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int


class _Way(msgspec.Struct, frozen=True):
    contact_way: ContactWay


class _Ids(msgspec.Struct, frozen=True):
    external_userid: tuple[str, ...] = ()


class _FollowUsers(msgspec.Struct, frozen=True):
    follow_user: tuple[str, ...] = ()


class _Departments(msgspec.Struct, frozen=True):
    department: tuple[Department, ...] = ()


class _Members(msgspec.Struct, frozen=True):
    userlist: tuple[Member, ...] = ()


async def fetch_wecom_token(api: ApiConnection, *, corpid: str, secret: str) -> IssuedToken:
    """GET /cgi-bin/gettoken. Each app of a corp has its own secret and token; repeating gives the same one.

    Raises ApiError (40001 secret, 40013 corpid, 60020 our address is not listed), Unavailable.
    """
    query = {"corpid": corpid, "corpsecret": secret}
    got = await api.call("GET", "/cgi-bin/gettoken", query=query, answer=_Token, repeatable=True)
    return IssuedToken(got.access_token, got.expires_in)


class WeCom:
    """One corp, as one of its apps. Every call may raise `ApiError` (read `errcode`) and `Unavailable`.

    `api` has WeCom's base URL (`API_URL`).
    """

    def __init__(self, *, corpid: str, tokens: TokenSource, api: ApiConnection) -> None:
        self.corpid = corpid
        self.connection = AppConnection(appid=corpid, tokens=tokens, api=api)

    # --- contact codes -----------------------------------------------------------------------------------

    async def add_contact_way(
        self, userids: Sequence[str], *, state: str, remark: str = "", skip_verify: bool = True
    ) -> ContactWayMade:
        """A QR code that adds one of `userids`; the event and the customer's detail then bear `state` (1-30).

        Codes last until deleted; a corp has 500,000. ApiError 40098 member not usable, 84074 no permission.
        """
        if not 1 <= len(state) <= MAX_STATE:
            raise ValueError(f"state: 1-{MAX_STATE} characters")
        if not userids:
            raise ValueError("userids: at least one")
        body: dict[str, object] = {
            "type": 1 if len(userids) == 1 else 2,
            "scene": 2,
            "skip_verify": skip_verify,
            "state": state,
            "user": list(userids),
        }
        if remark:
            body["remark"] = remark[:30]
        return await self.connection.call(
            "POST",
            "/cgi-bin/externalcontact/add_contact_way",
            body=body,
            answer=ContactWayMade,
            repeatable=False,
        )

    async def get_contact_way(self, config_id: str) -> ContactWay:
        """A code as WeCom has it."""
        got = await self.connection.call(
            "POST",
            "/cgi-bin/externalcontact/get_contact_way",
            body={"config_id": config_id},
            answer=_Way,
            repeatable=True,
        )
        return got.contact_way

    async def update_contact_way(
        self,
        config_id: str,
        *,
        userids: Sequence[str] = (),
        state: str = "",
        remark: str = "",
        skip_verify: bool | None = None,
    ) -> None:
        """Changes what is given, and leaves the rest; the printed picture stays good."""
        body: dict[str, object] = {"config_id": config_id}
        if userids:
            body["user"] = list(userids)
        if state:
            body["state"] = state
        if remark:
            body["remark"] = remark[:30]
        if skip_verify is not None:
            body["skip_verify"] = skip_verify
        await self.connection.do("/cgi-bin/externalcontact/update_contact_way", body, repeatable=True)

    async def delete_contact_way(self, config_id: str) -> None:
        """The code adds nobody any more."""
        body = {"config_id": config_id}
        await self.connection.do("/cgi-bin/externalcontact/del_contact_way", body, repeatable=True)

    # --- customers ---------------------------------------------------------------------------------------

    async def send_welcome(self, welcome_code: str, text: str, attachments: Sequence[Attachment] = ()) -> None:
        """The first words to a new customer: within 20 seconds of the event, once.

        ApiError 41051 the chat began already, 41096 another app is at it. Not repeated when the outcome is
        unknown: better nothing than twice.
        """
        if not text and not attachments:
            raise ValueError("text or attachments")
        if len(attachments) > MAX_ATTACHMENTS:
            raise ValueError(f"attachments: at most {MAX_ATTACHMENTS}")
        body: dict[str, object] = {"welcome_code": welcome_code}
        if text:
            body["text"] = {"content": text}
        if attachments:
            body["attachments"] = [attachment.wire() for attachment in attachments]
        await self.connection.do("/cgi-bin/externalcontact/send_welcome_msg", body, repeatable=False)

    async def customer(self, external_userid: str) -> CustomerDetail:
        """A customer, and who added her by which code (`follow_user[].state`)."""
        return await self.connection.call(
            "GET",
            "/cgi-bin/externalcontact/get",
            query={"external_userid": external_userid},
            answer=CustomerDetail,
            repeatable=True,
        )

    async def customer_ids(self, userid: str) -> tuple[str, ...]:
        """The customers of a member; none is no error."""
        try:
            got = await self.connection.call(
                "GET", "/cgi-bin/externalcontact/list", query={"userid": userid}, answer=_Ids, repeatable=True
            )
        except ApiError as error:
            if error.errcode == _NO_CUSTOMERS:
                return ()
            raise
        return got.external_userid

    async def customers(self, userids: Sequence[str], *, cursor: str = "", limit: int = 100) -> CustomerPage:
        """Details of the customers of 1-100 members, at most 100 at a time."""
        body = {"userid_list": list(userids), "cursor": cursor, "limit": limit}
        return await self.connection.call(
            "POST", "/cgi-bin/externalcontact/batch/get_by_user", body=body, answer=CustomerPage, repeatable=True
        )

    async def members_with_customers(self) -> tuple[str, ...]:
        """The members who may have customers ("客户联系" is switched on for them)."""
        got = await self.connection.call(
            "GET", "/cgi-bin/externalcontact/get_follow_user_list", answer=_FollowUsers, repeatable=True
        )
        return got.follow_user

    # --- messages and the address book -------------------------------------------------------------------

    async def send_text(self, agentid: int, userids: Sequence[str], content: str) -> MessageSent:
        """A text from the app to 1-1000 members (2,048 bytes)."""
        return await self._send(agentid, userids, "text", {"content": content})

    async def send_card(
        self, agentid: int, userids: Sequence[str], *, title: str, description: str, url: str
    ) -> MessageSent:
        """A card that opens a page."""
        return await self._send(agentid, userids, "textcard", {"title": title, "description": description, "url": url})

    async def _send(self, agentid: int, userids: Sequence[str], kind: str, content: object) -> MessageSent:
        if not 1 <= len(userids) <= 1000:
            raise ValueError("userids: 1-1000")
        # WeCom itself drops repetitions within half an hour.
        body = {
            "touser": "|".join(userids),
            "msgtype": kind,
            "agentid": agentid,
            kind: content,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 1800,
        }
        return await self.connection.call(
            "POST", "/cgi-bin/message/send", body=body, answer=MessageSent, repeatable=True
        )

    async def departments(self, below: int | None = None) -> tuple[Department, ...]:
        """All departments that the app sees, or those below one."""
        query = {"id": str(below)} if below is not None else None
        got = await self.connection.call(
            "GET", "/cgi-bin/department/list", query=query, answer=_Departments, repeatable=True
        )
        return got.department

    async def members(self, department: int) -> tuple[Member, ...]:
        """The members of a department, without those of departments below."""
        got = await self.connection.call(
            "GET",
            "/cgi-bin/user/list",
            query={"department_id": str(department)},
            answer=_Members,
            repeatable=True,
        )
        return got.userlist

    async def address_book(self) -> AddressBook:
        """All departments and members that the app sees; a member of several departments once."""
        departments = await self.departments()
        found: dict[str, Member] = {}
        for department in departments:
            for member in await self.members(department.id):
                found.setdefault(member.userid, member)
        return AddressBook(departments, tuple(found.values()))
