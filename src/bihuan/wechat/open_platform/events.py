"""What the Open Platform pushes to the component's ticket address: tickets, and who authorized or withdrew.

https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/authorize_event.html ;
answered with `success`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from bihuan.wechat.envelope import MAX_AGE_SECONDS, MAX_PUSH_BYTES, Envelope, parse_fields
from bihuan.wechat.errors import DecryptionFailed, MalformedMessage
from bihuan.wechat.transport import Now, utc_now


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket to ask component tokens with; every ten minutes a new one, good for twelve hours."""

    ticket: str
    created_at: datetime

    def __repr__(self) -> str:
        return f"Ticket(created_at={self.created_at!r})"


class Authorized(msgspec.Struct, frozen=True, kw_only=True):
    """An account was authorized, or (`updated`) its permissions were changed. The code works once."""

    appid: str
    auth_code: str
    pre_auth_code: str
    updated: bool
    created_at: datetime

    def __repr__(self) -> str:
        return f"Authorized(appid={self.appid!r}, updated={self.updated})"


class Unauthorized(msgspec.Struct, frozen=True, kw_only=True):
    """An account's owner took the authorization back: its tokens are dead."""

    appid: str
    created_at: datetime


class OtherNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Anything else."""

    kind: str
    fields: Mapping[str, str]


Notice = Ticket | Authorized | Unauthorized | OtherNotice


class NoticeReceiver:
    """Reads the pushes to a component's ticket address. Raises ValueError for a bad key."""

    def __init__(
        self,
        *,
        appid: str,
        token: str,
        encoding_aes_key: str,
        now: Now = utc_now,
        max_age_seconds: int | None = MAX_AGE_SECONDS,
    ) -> None:
        self._appid = appid
        self._envelope = Envelope(
            token=token,
            encoding_aes_key=encoding_aes_key,
            receive_id=appid,
            now=now,
            max_age_seconds=max_age_seconds,
        )

    def parse(self, query: Mapping[str, str], body: bytes) -> Notice:
        """Verify and read. Raises SignatureInvalid, StaleTimestamp, DecryptionFailed, MalformedMessage."""
        if len(body) > MAX_PUSH_BYTES:
            raise MalformedMessage("push too large")
        fields = parse_fields(self._envelope.open(query, body))
        if fields.get("AppId") != self._appid:
            raise DecryptionFailed("meant for another component")
        created = fields.get("CreateTime", "")
        if not (created.isascii() and created.isdigit() and len(created) <= 10):
            raise MalformedMessage("notice without a time")
        created_at = datetime.fromtimestamp(int(created), UTC)
        kind = fields.get("InfoType", "")
        appid = fields.get("AuthorizerAppid", "")
        match kind:
            case "component_verify_ticket":
                if not fields.get("ComponentVerifyTicket"):
                    raise MalformedMessage("no ticket")
                return Ticket(ticket=fields["ComponentVerifyTicket"], created_at=created_at)
            case "authorized" | "updateauthorized" if appid:
                return Authorized(
                    appid=appid,
                    auth_code=fields.get("AuthorizationCode", ""),
                    pre_auth_code=fields.get("PreAuthCode", ""),
                    updated=kind == "updateauthorized",
                    created_at=created_at,
                )
            case "unauthorized" if appid:
                return Unauthorized(appid=appid, created_at=created_at)
            case _:
                return OtherNotice(kind=kind, fields=fields)
