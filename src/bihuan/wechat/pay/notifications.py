"""Reading WeChat Pay's notifications: the envelope, its resource, and what we answer.

https://pay.weixin.qq.com/doc/v3/merchant/4012791861 and the pages beside it.
"""

from __future__ import annotations

import msgspec

from bihuan.wechat.crypto import ApiV3Key
from bihuan.wechat.errors import MalformedMessage

from .types import Notification, OtherResource, Refund, Transaction

MAX_NOTIFICATION_BYTES = 256 * 1024
ALGORITHM = "AEAD_AES_256_GCM"
# The body that tells WeChat to deliver again, sent with a 4xx or 5xx status. Acceptance is an empty 204.
FAIL_BODY = '{"code":"FAIL","message":"失败"}'.encode()


class EncryptedResource(msgspec.Struct, frozen=True):
    """An AEAD_AES_256_GCM envelope, in notifications and in the certificates' answer."""

    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""
    original_type: str = ""

    def open(self, key: ApiV3Key) -> bytes:
        """The plaintext. Raises DecryptionFailed, MalformedMessage."""
        if self.algorithm != ALGORITHM:
            raise MalformedMessage(f"algorithm {self.algorithm[:32]}")
        return key.open(self.ciphertext, nonce=self.nonce, associated_data=self.associated_data)


class _Envelope(msgspec.Struct, frozen=True):
    id: str
    event_type: str
    resource: EncryptedResource
    create_time: str = ""
    summary: str = ""


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_transaction = msgspec.json.Decoder(Transaction).decode
_decode_fields = msgspec.json.Decoder(dict[str, object]).decode


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


def _resource(event_type: str, original_type: str, plaintext: bytes) -> Transaction | Refund | OtherResource:
    fields = _decode_fields(plaintext)
    if event_type.startswith("TRANSACTION.") and "combine_out_trade_no" not in fields:
        return _decode_transaction(plaintext)
    if event_type.startswith("REFUND."):
        if "refund_status" in fields:
            fields["status"] = fields["refund_status"]
        return msgspec.convert(fields, Refund)
    return OtherResource(original_type, fields)
