"""The SDK (`python-alipay-sdk`, the extra `alipay`): what signs and verifies. docs/adr/0011 says why this one.

It is loaded when the first merchant with an Alipay account needs it, and runs beside the event loop: a signature
takes three milliseconds. Calls go over the application's own HTTP client. Three things are set right here: the
gateway is a setting, the time is China's wherever the machine stands, and the signed part of an answer ends where
its JSON ends (the SDK counts braces, also those inside of texts).
"""

import json
from functools import cache
from importlib import import_module, metadata
from typing import Any, Protocol, cast

from bihuan.alipay.errors import AlipayNotInstalled, AlipayRefused, AlipayUntrusted
from bihuan.alipay.keys import check_private_key, check_public_key
from bihuan.alipay.types import AlipayKeys


class Signer(Protocol):
    """What we use of the SDK."""

    def client_api(self, api_name: str, biz_content: dict[str, object], **more: str) -> str:
        """The signed request, encoded as a form."""
        ...

    def verify(self, data: dict[str, str], signature: str) -> bool:
        """Whether Alipay signed a notification; takes `sign_type` out of `data`."""
        ...

    def open_answer(self, raw: str, response_type: str) -> dict[str, Any]:
        """The verified content of an answer. Raises AlipayRefused (unsigned), AlipayUntrusted."""
        ...

    def knows(self, certificate_sn: str) -> bool:
        """Whether Alipay signs by the certificate that we know; always in public-key mode."""
        ...


def installed() -> bool:
    """Whether the extra is there; without loading it."""
    try:
        metadata.version("python-alipay-sdk")
    except metadata.PackageNotFoundError:
        return False
    return True


def new_signer(keys: AlipayKeys) -> Signer:
    """Loads the keys. Raises AlipayNotInstalled, KeyNotUsable."""
    certs = keys.certificates
    gateway_class = _gateway_class("DCAliPay" if certs else "AliPay")
    files = (
        {"alipay_public_key_string": check_public_key(keys.alipay_public_key_pem)}
        if certs is None
        else {
            "app_public_key_cert_string": certs.app_cert_pem,
            "alipay_public_key_cert_string": certs.alipay_cert_pem,
            "alipay_root_cert_string": certs.alipay_root_cert_pem,
        }
    )
    own = check_private_key(keys.private_key_pem)
    made = gateway_class(appid=keys.app_id, app_private_key_string=own, sign_type="RSA2", **files)
    return cast("Signer", made)


@cache
def _gateway_class(name: str) -> Any:
    try:
        module = import_module("alipay")
        exceptions = import_module("alipay.exceptions")
        base: Any = getattr(module, name)
    except (ImportError, AttributeError) as error:  # the official SDK is called `alipay` too
        raise AlipayNotInstalled from error

    class Gateway(base):
        """The SDK's client without its own way over the network."""

        def knows(self, certificate_sn: str) -> bool:
            own = getattr(self, "_alipay_public_key_cert_string", None)
            return own is None or certificate_sn == self.get_cert_sn(own)

        def open_answer(self, raw: str, response_type: str) -> dict[str, Any]:
            try:
                answer = json.loads(raw)
                if "sign" in answer and not self.knows(str(answer.get("alipay_cert_sn", ""))):
                    raise AlipayUntrusted("certificate_differs", "Alipay signs by another certificate: connect it anew")
                return self._verify_and_return_sync_response(raw, response_type)
            except exceptions.AliPayValidationError as error:
                raise AlipayUntrusted("signature_invalid") from error
            except exceptions.AliPayException as error:
                raise _unsigned(raw, response_type) from error
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                raise AlipayUntrusted("malformed", f"{type(error).__name__}: {error}") from error

        def _get_string_to_be_signed(self, raw_string: str, response_type: str) -> str:
            start = raw_string.index("{", raw_string.index(f'"{response_type}"'))
            _, end = json.JSONDecoder().raw_decode(raw_string, start)
            return raw_string[start:end]

    return Gateway


def _unsigned(raw: str, response_type: str) -> AlipayRefused | AlipayUntrusted:
    """What an answer without a signature says: never more than that the call was refused."""
    answer = json.loads(raw)
    told = answer.get(response_type) or answer.get("error_response")
    if not isinstance(told, dict):
        return AlipayUntrusted("signature_missing")
    about = cast("dict[str, Any]", told)
    code = str(about.get("sub_code") or about.get("code") or "refused")
    return AlipayRefused(code, str(about.get("sub_msg") or about.get("msg") or ""), verified=False)
