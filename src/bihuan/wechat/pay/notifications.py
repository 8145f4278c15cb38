"""Reading WeChat Pay's notifications: the envelope, its resource, and what we answer.

https://pay.weixin.qq.com/doc/v3/merchant/4012791861 and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bihuan.wechat.crypto import ApiV3Key
from bihuan.wechat.errors import MalformedMessage

from .combine import CombineTransaction
from .complaints import ComplaintEvent
from .sealed import EncryptedResource
from .transfers import Transfer
from .types import Refund, Transaction

MAX_NOTIFICATION_BYTES = 256 * 1024
# The body that tells WeChat to deliver again, sent with a 4xx or 5xx status. Acceptance is an empty 204.
FAIL_BODY = '{"code":"FAIL","message":"失败"}'.encode()


class SharedReceiver(msgspec.Struct, frozen=True):
    """Who got a part."""

    type: str
    account: str
    amount: int
    description: str = ""


class SharingNotice(msgspec.Struct, frozen=True, kw_only=True):
    """The resource of `PROFITSHARING.SUCCESS` and `PROFITSHARING.RETURN`: only receivers that are merchants get it."""

    transaction_id: str
    order_id: str
    out_order_no: str
    receiver: SharedReceiver
    success_time: str = ""
    mchid: str = ""
    sp_mchid: str = ""
    sub_mchid: str = ""


class OtherResource(msgspec.Struct, frozen=True):
    """A resource of a kind that has no type here."""

    original_type: str
    fields: Mapping[str, object]


Resource = Transaction | CombineTransaction | Refund | Transfer | SharingNotice | ComplaintEvent | OtherResource


class Notification(msgspec.Struct, frozen=True):
    """A verified and decrypted notification. `id` is the same each time WeChat repeats it."""

    id: str
    event_type: str  # e.g. TRANSACTION.SUCCESS, REFUND.SUCCESS, REFUND.ABNORMAL, REFUND.CLOSED
    create_time: str
    summary: str
    resource: Resource
    plaintext: bytes


class _Envelope(msgspec.Struct, frozen=True):
    id: str
    event_type: str
    resource: EncryptedResource
    create_time: str = ""
    summary: str = ""


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_transaction = msgspec.json.Decoder(Transaction).decode
_decode_fields = msgspec.json.Decoder(dict[str, object]).decode
_TYPES: tuple[tuple[str, type[Transfer] | type[SharingNotice] | type[ComplaintEvent]], ...] = (
    ("MCHTRANSFER.BILL.", Transfer),
    ("PROFITSHARING.", SharingNotice),
    ("COMPLAINT.", ComplaintEvent),
)


def open_notification(body: bytes, key: ApiV3Key) -> Notification:
    """Decrypt a notification that has been verified. Raises DecryptionFailed, MalformedMessage."""
    try:
        envelope = _decode_envelope(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedMessage("notification") from error
    plaintext = envelope.resource.open(key)
    try:
        resource = _resource(envelope.event_type, envelope.resource.original_type, plaintext)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedMessage(f"resource of {envelope.event_type[:64]}") from error
    return Notification(envelope.id, envelope.event_type, envelope.create_time, envelope.summary, resource, plaintext)


def _resource(event_type: str, original_type: str, plaintext: bytes) -> Resource:
    if event_type.startswith("TRANSACTION.") and b'"combine_out_trade_no"' not in plaintext:
        return _decode_transaction(plaintext)
    fields = _decode_fields(plaintext)
    if event_type.startswith("TRANSACTION."):
        return msgspec.convert(fields, CombineTransaction if "combine_out_trade_no" in fields else Transaction)
    if event_type.startswith("REFUND."):
        if "refund_status" in fields:
            fields["status"] = fields["refund_status"]
        return msgspec.convert(fields, Refund)
    for prefix, kind in _TYPES:
        if event_type.startswith(prefix):
            return msgspec.convert(fields, kind)
    return OtherResource(original_type, fields)
