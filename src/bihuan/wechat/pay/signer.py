"""The merchant's side of the signatures: requests, and what starts a payment in the shopper's hand."""

from __future__ import annotations

from typing import TypedDict

from bihuan.wechat import crypto
from bihuan.wechat.transport import Now, utc_now


class JsapiParams(TypedDict):
    appId: str
    timeStamp: str
    nonceStr: str
    package: str
    signType: str
    paySign: str


class AppParams(TypedDict):
    appid: str
    partnerid: str
    prepayid: str
    package: str
    noncestr: str
    timestamp: str
    sign: str


class Signer:
    """Signs with a merchant's private key. The key object is shared between signers of the same PEM."""

    def __init__(self, *, mchid: str, serial_no: str, private_key_pem: str, now: Now = utc_now) -> None:
        self.mchid = mchid
        self._serial_no = serial_no
        self._key = crypto.load_private_key(private_key_pem)
        self._now = now

    def sign(self, message: str | bytes) -> str:
        """SHA256withRSA in base64."""
        return crypto.rsa_sign(self._key, message.encode() if isinstance(message, str) else message)

    def decrypt_sensitive(self, ciphertext: str) -> str:
        """A sensitive field that WeChat encrypted to the merchant. Raises DecryptionFailed."""
        return crypto.rsa_decrypt(self._key, ciphertext)

    def authorization(self, method: str, target: bytes, body: bytes) -> str:
        """The Authorization header; `target` is path and query exactly as sent."""
        timestamp, nonce_str = self._timestamp(), crypto.nonce()
        message = request_message(method, target, timestamp, nonce_str, body)
        return (
            f'WECHATPAY2-SHA256-RSA2048 mchid="{self.mchid}",nonce_str="{nonce_str}",'
            f'signature="{self.sign(message)}",timestamp="{timestamp}",serial_no="{self._serial_no}"'
        )

    def jsapi_params(self, appid: str, prepay_id: str) -> JsapiParams:
        """What `WeixinJSBridge` (getBrandWCPayRequest), `wx.chooseWXPay` or `wx.requestPayment` takes."""
        timestamp, nonce_str, package = self._timestamp(), crypto.nonce(), f"prepay_id={prepay_id}"
        return {
            "appId": appid,
            "timeStamp": timestamp,
            "nonceStr": nonce_str,
            "package": package,
            "signType": "RSA",
            "paySign": self.sign(f"{appid}\n{timestamp}\n{nonce_str}\n{package}\n"),
        }

    def app_params(self, appid: str, prepay_id: str) -> AppParams:
        """What the mobile SDK's PayReq takes; here the bare prepay_id is signed."""
        timestamp, nonce_str = self._timestamp(), crypto.nonce()
        return {
            "appid": appid,
            "partnerid": self.mchid,
            "prepayid": prepay_id,
            "package": "Sign=WXPay",
            "noncestr": nonce_str,
            "timestamp": timestamp,
            "sign": self.sign(f"{appid}\n{timestamp}\n{nonce_str}\n{prepay_id}\n"),
        }

    def _timestamp(self) -> str:
        return str(int(self._now().timestamp()))


def request_message(method: str, target: bytes, timestamp: str, nonce_str: str, body: bytes) -> bytes:
    """`METHOD\\nPATH?QUERY\\nTIMESTAMP\\nNONCE\\nBODY\\n`, the text a request's signature is made over."""
    return b"%s\n%s\n%s\n%s\n%s\n" % (
        method.encode(),
        target,
        timestamp.encode(),
        nonce_str.encode(),
        body,
    )
