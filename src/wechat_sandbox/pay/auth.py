"""Who asks: the Authorization header of Pay v3, checked over the bytes as they came.

The order of the checks and their texts follow published probes of the real service: format first,
then the five minutes, then the merchant's serial, then the signature.
"""

import re
import time

from wechat_sandbox.asgi import Request
from wechat_sandbox.crypto import request_message, rsa_verify
from wechat_sandbox.models import Merchant
from wechat_sandbox.multipart import read_parts
from wechat_sandbox.pay.errors import AuthError, PayError
from wechat_sandbox.world import World

SCHEME = "WECHATPAY2-SHA256-RSA2048"
MAX_SKEW_SECONDS = 300
UPLOADS = frozenset(("/v3/merchant-service/images/upload",))
_ITEM = re.compile(r'(\w+)="([^"]*)"')
_DIGITS = re.compile(r"[0-9]{1,12}")
_ITEMS = frozenset(("mchid", "nonce_str", "timestamp", "serial_no", "signature"))


def authenticate(world: World, request: Request) -> Merchant:
    """The merchant that signed the request. Raises AuthError (401; 400 without a User-Agent)."""
    headers = request.headers
    trading = request.path.startswith("/v3/pay/")
    if not trading and not (headers.get("user-agent") and headers.get("accept")):
        raise AuthError("Http头缺少Accept或User-Agent", status=400)
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme != SCHEME:
        if trading:
            raise AuthError("签名信息错误，验签失败")
        if scheme:
            raise AuthError("Http头Authorization认证类型不正确")
        raise AuthError("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
    items = dict(_ITEM.findall(rest))
    if not items.keys() >= _ITEMS or not _DIGITS.fullmatch(items["timestamp"]):
        raise AuthError("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
    if abs(time.time() - int(items["timestamp"])) > MAX_SKEW_SECONDS:
        raise AuthError("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
    merchant = world.merchants.get(items["mchid"])
    if merchant is None:
        raise AuthError("签名错误")  # an unknown merchant and a forged signature look the same
    if items["serial_no"].upper() != merchant.serial_no:
        raise AuthError("商户证书序列号有误。请使用签名私钥匹配的证书序列号")
    body = request.body if request.path not in UPLOADS else _signed_part(request)
    message = request_message(request.method, request.target, items["timestamp"], items["nonce_str"], body)
    if not rsa_verify(world.keys.merchant(merchant).public, message, items["signature"]):
        raise AuthError("签名错误，请检查后再试", _sign_detail(request, message, body))
    _check_platform_serial(merchant, headers.get("wechatpay-serial"))
    return merchant


def _signed_part(request: Request) -> bytes:
    """Of an upload the merchant signs the `meta` alone (wire.md section 1)."""
    return next((part.content for part in read_parts(request) if part.field == "meta"), b"")


def _sign_detail(request: Request, message: bytes, body: bytes) -> dict[str, object]:
    """What WeChat tells about a failed signature: all lines of the message but only a bit of the body."""
    head = message[: len(message) - len(body) - 1]
    shown = body[:8]
    return {
        "field": "signature",
        "location": "authorization",
        "detail": {"issue": "sign not match"},
        "sign_information": {
            "method": request.method,
            "url": request.target.decode("latin-1"),
            "truncated_sign_message": (head + shown + b"\n").decode("utf-8", "replace"),
            "sign_message_length": len(message),
        },
    }


def _check_platform_serial(merchant: Merchant, serial: str | None) -> None:
    if serial and serial not in (merchant.public_key_id, merchant.platform_serial_no):
        raise PayError(400, "PARAM_ERROR", "平台证书序列号Wechatpay-Serial错误")
