"""What can go wrong between us and WeChat, with WeChat's own code and HTTP status kept.

The families, by what a caller does about them:

* `PayError`, `ApiError`: WeChat understood the call and refused it. Read `code`.
* `Unavailable`: no usable answer. `safe_to_retry` tells whether repeating the same call can do harm.
* `SignatureInvalid`, `StaleTimestamp`, `DecryptionFailed`, `MalformedMessage`: what came in must not be
  trusted; nothing of it may be used.
"""

from __future__ import annotations

from collections.abc import Mapping


class WeChatError(Exception):
    """Base of everything raised by this package on account of WeChat.

    `code` is WeChat's code where there is one, else a short lower-case reason of ours;
    `status` is the HTTP status of the answer, None when there was no answer.
    """

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.status = status


class PayError(WeChatError):
    """WeChat Pay v3 refused a call: `{"code", "message", "detail"}` with a 4xx (or a 202) status.

    `verified` is False when the refusal carried no signature (the gateway does not sign all of them):
    do not move money on the word of an unverified refusal.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int,
        detail: Mapping[str, object] | None = None,
        verified: bool = False,
        request_id: str = "",
    ) -> None:
        super().__init__(code, message, status=status)
        self.detail: Mapping[str, object] = detail or {}
        self.verified = verified
        self.request_id = request_id


class ApiError(WeChatError):
    """An `{"errcode", "errmsg"}` answer other than 0 from api.weixin.qq.com (usually with HTTP 200)."""

    def __init__(self, errcode: int, errmsg: str, *, status: int = 200) -> None:
        super().__init__(str(errcode), errmsg, status=status)
        self.errcode = errcode
        self.errmsg = errmsg


class Unavailable(WeChatError):
    """No usable answer: no connection, timeout, broken off, 5xx, or WeChat's own "busy".

    `safe_to_retry` is True when the same call may be repeated: it changes nothing, WeChat recognises the
    repetition by our number, or it certainly was not carried out. When it is False the outcome is unknown
    and has to be asked for.
    """

    def __init__(self, code: str, message: str, *, status: int | None = None, safe_to_retry: bool) -> None:
        super().__init__(code, message, status=status)
        self.safe_to_retry = safe_to_retry


class Untrusted(WeChatError):
    """Base of what makes an incoming message or answer unusable."""


class SignatureInvalid(Untrusted):
    """The signature is missing, made with an unknown key, or wrong.

    `probe` is True for WeChat's deliberate wrong signatures (`WECHATPAY/SIGNTEST/...`), which are to be
    refused like any other but are no reason for alarm. `serial` is the unknown serial, if that was it.
    """

    def __init__(self, message: str, *, probe: bool = False, serial: str = "", status: int | None = None) -> None:
        super().__init__("signature_invalid", message, status=status)
        self.probe = probe
        self.serial = serial


class StaleTimestamp(Untrusted):
    """The message was signed too long ago, or in the future: a replay, or a clock that is wrong."""

    def __init__(self, timestamp: int, age_seconds: int) -> None:
        super().__init__("stale_timestamp", f"signed {age_seconds} s ago")
        self.timestamp = timestamp
        self.age_seconds = age_seconds


class DecryptionFailed(Untrusted):
    """Ciphertext that our key does not open, or that is meant for somebody else."""

    def __init__(self, message: str) -> None:
        super().__init__("decryption_failed", message)


class MalformedMessage(Untrusted):
    """A message, or an answer, that does not have the form WeChat documents."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__("malformed_message", message, status=status)
