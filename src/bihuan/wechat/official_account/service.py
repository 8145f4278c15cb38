"""Customer service by people: accounts, who is online, sessions, what was said.

https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Customer_Service_Management.html ; codes 65400
(not enabled) to 65416. Paths as in wechatpy 1.8.18 `client/api/customservice.py`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from bihuan.wechat.api import AppConnection


class ServiceAccount(msgspec.Struct, frozen=True):
    """Somebody who answers for the account: `kf_account` is `name@account`."""

    kf_account: str
    kf_nick: str = ""
    kf_id: int | str = 0
    kf_headimgurl: str = ""
    kf_wx: str = ""
    invite_wx: str = ""
    invite_status: str = ""


class OnlineAccount(msgspec.Struct, frozen=True):
    """Somebody who is online, with the number of sessions that she has."""

    kf_account: str
    status: int = 0
    kf_id: int | str = 0
    accepted_case: int = 0


class Session(msgspec.Struct, frozen=True):
    """A follower's session with somebody; `kf_account` is empty when there is none."""

    kf_account: str = ""
    openid: str = ""
    createtime: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """A follower whom nobody answers yet."""

    openid: str
    latest_time: int = 0


class Said(msgspec.Struct, frozen=True):
    """One line of a conversation; `opercode` 2002 was said by staff, 2003 by the follower."""

    openid: str
    opercode: int
    text: str = ""
    time: int = 0
    worker: str = ""


class SaidPage(msgspec.Struct, frozen=True):
    """Lines of conversations; `msgid` goes into the next question until `number` falls below what was asked."""

    recordlist: tuple[Said, ...] = ()
    number: int = 0
    msgid: int = 0


class _Accounts(msgspec.Struct, frozen=True):
    kf_list: tuple[ServiceAccount, ...] = ()


class _Online(msgspec.Struct, frozen=True):
    kf_online_list: tuple[OnlineAccount, ...] = ()


class _Sessions(msgspec.Struct, frozen=True):
    sessionlist: tuple[Session, ...] = ()


class _Waiting(msgspec.Struct, frozen=True):
    waitcaselist: tuple[Waiting, ...] = ()


class CustomerService:
    """The people who answer for one account."""

    def __init__(self, connection: AppConnection) -> None:
        self._connection = connection

    async def accounts(self) -> tuple[ServiceAccount, ...]:
        """All of them."""
        got = await self._connection.call("GET", "/cgi-bin/customservice/getkflist", answer=_Accounts, repeatable=True)
        return got.kf_list

    async def online(self) -> tuple[OnlineAccount, ...]:
        """Who is online."""
        got = await self._connection.call(
            "GET", "/cgi-bin/customservice/getonlinekflist", answer=_Online, repeatable=True
        )
        return got.kf_online_list

    async def add(self, account: str, nickname: str) -> None:
        """A new one. ApiError 65406 too many or 65404 malformed, 65403 nickname."""
        body = {"kf_account": account, "nickname": nickname}
        await self._connection.do("/customservice/kfaccount/add", body, repeatable=False)

    async def rename(self, account: str, nickname: str) -> None:
        """Another nickname. ApiError 65401 unknown."""
        body = {"kf_account": account, "nickname": nickname}
        await self._connection.do("/customservice/kfaccount/update", body, repeatable=True)

    async def invite(self, account: str, wechat_id: str) -> None:
        """Asks the owner of a WeChat id to answer as this account; valid for 24 hours."""
        body = {"kf_account": account, "invite_wx": wechat_id}
        await self._connection.do("/customservice/kfaccount/inviteworker", body, repeatable=False)

    async def delete(self, account: str) -> None:
        """Takes one away."""
        await self._connection.send(
            "GET", "/customservice/kfaccount/del", query={"kf_account": account}, repeatable=True
        )

    async def open_session(self, account: str, openid: str) -> None:
        """Hands a follower to somebody who is online. ApiError 65413, 65414, 65415 not online."""
        body = {"kf_account": account, "openid": openid}
        await self._connection.do("/customservice/kfsession/create", body, repeatable=True)

    async def close_session(self, account: str, openid: str) -> None:
        """Ends a session."""
        body = {"kf_account": account, "openid": openid}
        await self._connection.do("/customservice/kfsession/close", body, repeatable=True)

    async def session(self, openid: str) -> Session:
        """Who answers a follower now."""
        return await self._connection.call(
            "GET", "/customservice/kfsession/getsession", query={"openid": openid}, answer=Session, repeatable=True
        )

    async def sessions(self, account: str) -> tuple[Session, ...]:
        """Whom somebody answers now."""
        got = await self._connection.call(
            "GET",
            "/customservice/kfsession/getsessionlist",
            query={"kf_account": account},
            answer=_Sessions,
            repeatable=True,
        )
        return got.sessionlist

    async def waiting(self) -> tuple[Waiting, ...]:
        """Who waits for an answer (at most 100)."""
        got = await self._connection.call(
            "GET", "/customservice/kfsession/getwaitcase", answer=_Waiting, repeatable=True
        )
        return got.waitcaselist

    async def said(self, start: datetime, end: datetime, *, msgid: int = 1, number: int = 1000) -> SaidPage:
        """What was said between two moments of one day (at most 24 hours apart, 10,000 lines a page)."""
        body = {
            "starttime": int(start.timestamp()),
            "endtime": int(end.timestamp()),
            "msgid": msgid,
            "number": number,
        }
        return await self._connection.call(
            "POST", "/customservice/msgrecord/getmsglist", body=body, answer=SaidPage, repeatable=True
        )

    async def typing(self, openid: str, *, on: bool = True) -> None:
        """Shows (or hides) "is typing" in the chat. ApiError 45072, 45080, 45081 outside of its time."""
        body = {"touser": openid, "command": "Typing" if on else "CancelTyping"}
        await self._connection.do("/cgi-bin/message/custom/typing", body, repeatable=True)
