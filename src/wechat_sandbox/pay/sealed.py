"""Sensitive fields: RSA-OAEP (SHA-1 and MGF1-SHA1), base64, under the key that `Wechatpay-Serial` names."""

from base64 import b64decode

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1

from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Merchant
from wechat_sandbox.pay.errors import PayError, param_error
from wechat_sandbox.world import World

_OAEP = OAEP(MGF1(SHA1()), SHA1(), None)  # noqa: S303 - the protocol's hash


def unseal(world: World, merchant: Merchant, request: Request, field: str, value: str) -> str:
    """The clear text of an encrypted field; `field` is its JSON pointer. Raises PayError 400 PARAM_ERROR."""
    serial = request.headers.get("wechatpay-serial")
    if not serial:
        raise PayError(400, "PARAM_ERROR", "请求中含有敏感信息，Http头缺少Wechatpay-Serial")
    keys = world.keys
    pair = keys.public_key(merchant) if serial == merchant.public_key_id else keys.certificate(merchant)
    try:
        return pair.private.decrypt(b64decode(value, validate=True), _OAEP).decode()
    except ValueError as error:  # not base64, of another key, or no text
        raise param_error(field, value, "敏感信息解密失败，请检查加密所用的公钥", "cannot decrypt") from error
