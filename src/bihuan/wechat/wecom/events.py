"""What WeCom pushes: always sealed, the handshake's echo too.

https://developer.work.weixin.qq.com/document/path/90930 (envelope), 92130 (customer events). Unlike the
Official Account's handshake the answer is the decrypted echo. Answered with nothing or `success` within 5 s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from bihuan.wechat.envelope import MAX_AGE_SECONDS, MAX_PUSH_BYTES, Envelope, parse_fields
from bihuan.wechat.errors import DecryptionFailed, MalformedMessage
from bihuan.wechat.transport import Now, utc_now


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    """What all events have; `dedupe_key` is the same for each delivery of one event."""

    created_at: datetime
    dedupe_key: str
    fields: Mapping[str, str]


class ContactAdded(_Event, frozen=True, kw_only=True):
    """A customer and a member became contacts. With `welcome_code` the first words may be said, within 20 s.

    `half`: the customer added the member without being confirmed yet (`add_half_external_contact`).
    """

    userid: str
    external_userid: str
    state: str
    welcome_code: str
    half: bool

    def __repr__(self) -> str:
        return f"ContactAdded(userid={self.userid!r}, external_userid={self.external_userid!r})"


class ContactRemoved(_Event, frozen=True, kw_only=True):
    """They are contacts no more; `by_customer` says who left."""

    userid: str
    external_userid: str
    by_customer: bool


class OtherEvent(_Event, frozen=True, kw_only=True):
    """Anything else."""

    event: str
    change_type: str


WeComEvent = ContactAdded | ContactRemoved | OtherEvent


class EventReceiver:
    """Reads the pushes of one corp's app. Raises ValueError for a bad key."""

    def __init__(
        self,
        *,
        corpid: str,
        token: str,
        encoding_aes_key: str,
        now: Now = utc_now,
        max_age_seconds: int | None = MAX_AGE_SECONDS,
    ) -> None:
        self._corpid = corpid
        self._envelope = Envelope(
            token=token,
            encoding_aes_key=encoding_aes_key,
            receive_id=corpid,
            now=now,
            max_age_seconds=max_age_seconds,
        )

    def verify_handshake(self, query: Mapping[str, str]) -> str:
        """The GET by which WeCom checks our address: answers the plaintext of `echostr`.

        Raises SignatureInvalid, StaleTimestamp, DecryptionFailed, MalformedMessage.
        """
        return self._envelope.echo(query)

    def parse(self, query: Mapping[str, str], body: bytes) -> WeComEvent:
        """Verify and read. Raises as `verify_handshake`."""
        if len(body) > MAX_PUSH_BYTES:
            raise MalformedMessage("push too large")
        fields = parse_fields(self._envelope.open(query, body))
        if fields.get("ToUserName") != self._corpid:
            raise DecryptionFailed("meant for another corp")
        created = fields.get("CreateTime", "")
        if not (created.isascii() and created.isdigit() and len(created) <= 10):
            raise MalformedMessage("event without a time")
        event, change = fields.get("Event", ""), fields.get("ChangeType", "")
        userid, external = fields.get("UserID", ""), fields.get("ExternalUserID", "")
        created_at = datetime.fromtimestamp(int(created), UTC)
        # Within a second somebody may leave and come back: the welcome code is each adding's own.
        once = fields.get("MsgId", "") or fields.get("WelcomeCode", "")
        key = _dedupe_key(created, event, change, userid, external, once)
        if event != "change_external_contact" or not userid or not external:
            return OtherEvent(created_at=created_at, dedupe_key=key, fields=fields, event=event, change_type=change)
        if change in ("add_external_contact", "add_half_external_contact"):
            return ContactAdded(
                created_at=created_at,
                dedupe_key=key,
                fields=fields,
                userid=userid,
                external_userid=external,
                state=fields.get("State", ""),
                welcome_code=fields.get("WelcomeCode", ""),
                half=change == "add_half_external_contact",
            )
        if change in ("del_external_contact", "del_follow_user"):
            return ContactRemoved(
                created_at=created_at,
                dedupe_key=key,
                fields=fields,
                userid=userid,
                external_userid=external,
                by_customer=change == "del_follow_user",
            )
        return OtherEvent(created_at=created_at, dedupe_key=key, fields=fields, event=event, change_type=change)


def _dedupe_key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
