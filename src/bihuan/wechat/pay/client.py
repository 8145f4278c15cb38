"""WeChat Pay v3 for a merchant of its own (direct mode)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import httpx
import msgspec

from bihuan.wechat import crypto
from bihuan.wechat.errors import MalformedMessage
from bihuan.wechat.transport import Limits, Now, utc_now

from .connection import PayConnection
from .notifications import MAX_NOTIFICATION_BYTES, open_notification
from .signer import AppParams, JsapiParams, Signer
from .types import Notification, PlatformCertificate, PrepayOrder, Refund, RefundRequest, Transaction
from .verifier import KeyRing

PAY_URL = "https://api.mch.weixin.qq.com"


class PayAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's credentials. Its `repr` shows no secrets.

    Public-key mode: `public_key_id` and `public_key_pem`. Certificate mode: neither;
    `platform_certificate_pems` may hold certificates known already, others are downloaded.
    `certificate_mode=True` beside a public key is the migration, when both sign.
    """

    mchid: str
    serial_no: str  # of the merchant's own API certificate, upper-case hex
    private_key_pem: str
    apiv3_key: str  # 32 bytes
    public_key_id: str = ""
    public_key_pem: str = ""
    platform_certificate_pems: tuple[str, ...] = ()
    certificate_mode: bool | None = None  # None: exactly when there is no public key

    def __repr__(self) -> str:
        return f"PayAccount(mchid={self.mchid!r}, serial_no={self.serial_no!r})"

    def key_ring(self) -> KeyRing:
        """The platform's keys that this account knows at the start. Raises ValueError for a bad one."""
        keys = KeyRing()
        if self.public_key_id:
            keys.add_public_key(self.public_key_id, self.public_key_pem)
        for pem in self.platform_certificate_pems:
            keys.add_certificate(pem)
        return keys


class PayClient:
    """The interfaces of one merchant. Keep it: it holds platform certificates; keys are cached besides.

    Raises ValueError at construction for keys that are none. Every call may raise `PayError` (read
    `code`), `Unavailable` (`safe_to_retry` is True for all calls here: WeChat recognises repetitions by
    our numbers; up to two were made already), `SignatureInvalid`, `StaleTimestamp`, `MalformedMessage`.
    """

    def __init__(
        self,
        account: PayAccount,
        *,
        http: httpx.AsyncClient,
        base_url: str = PAY_URL,
        now: Now = utc_now,
        limits: Limits | None = None,
    ) -> None:
        self.mchid = account.mchid
        mode = account.certificate_mode
        self._signer = Signer(
            mchid=account.mchid,
            serial_no=account.serial_no,
            private_key_pem=account.private_key_pem,
            now=now,
        )
        self.connection = PayConnection(
            signer=self._signer,
            keys=account.key_ring(),
            apiv3_key=crypto.ApiV3Key(account.apiv3_key),
            http=http,
            base_url=base_url,
            certificate_mode=not account.public_key_id if mode is None else mode,
            now=now,
            limits=limits,
        )

    # --- prepay: POST /v3/pay/transactions/{jsapi,native,h5,app} ---------------------------------------

    async def jsapi(self, order: PrepayOrder, *, openid: str) -> str:
        """Prepay for a page inside WeChat or a mini program; answers the `prepay_id`, good for two hours.

        `openid` is the payer's under `order.appid`.
        """
        return (await self._prepay("jsapi", order, {"payer": {"openid": openid}})).prepay_id

    async def native(self, order: PrepayOrder) -> str:
        """Prepay for a QR code; answers the `code_url` to draw, good for two hours."""
        return (await self._prepay("native", order, {})).code_url

    async def h5(self, order: PrepayOrder, *, payer_client_ip: str) -> str:
        """Prepay for a mobile browser outside WeChat; answers the `h5_url`, good for five minutes."""
        scene = {"payer_client_ip": payer_client_ip, "h5_info": {"type": "Wap"}}
        return (await self._prepay("h5", order, {"scene_info": scene})).h5_url

    async def app(self, order: PrepayOrder) -> str:
        """Prepay for a mobile app; answers the `prepay_id`."""
        return (await self._prepay("app", order, {})).prepay_id

    def jsapi_params(self, appid: str, prepay_id: str) -> JsapiParams:
        """What the page hands to `WeixinJSBridge` or `wx.requestPayment`: appId, ..., paySign."""
        return self._signer.jsapi_params(appid, prepay_id)

    def app_params(self, appid: str, prepay_id: str) -> AppParams:
        """What the mobile SDK takes."""
        return self._signer.app_params(appid, prepay_id)

    # --- query, close, refund --------------------------------------------------------------------------

    async def query_by_out_trade_no(self, out_trade_no: str) -> Transaction:
        """The payment of our number. PayError ORDER_NOT_EXIST (404) when WeChat has none."""
        return await self._query(f"out-trade-no/{quote(out_trade_no, safe='')}")

    async def query_by_transaction_id(self, transaction_id: str) -> Transaction:
        """The payment of WeChat's number."""
        return await self._query(f"id/{quote(transaction_id, safe='')}")

    async def close(self, out_trade_no: str) -> None:
        """Close an unpaid order; closing it again is no error. A paid one is refused (read `code`)."""
        path = f"/v3/pay/transactions/out-trade-no/{quote(out_trade_no, safe='')}/close"
        await self.connection.call("POST", path, body={"mchid": self.mchid}, answer=None)

    async def refund(self, request: RefundRequest) -> Refund:
        """Give money back; PROCESSING until a notification or a query says otherwise."""
        return await self.connection.call("POST", "/v3/refund/domestic/refunds", body=request.body(), answer=Refund)

    async def query_refund(self, out_refund_no: str) -> Refund:
        """The refund of our number. PayError RESOURCE_NOT_EXISTS (404) when WeChat has none."""
        path = f"/v3/refund/domestic/refunds/{quote(out_refund_no, safe='')}"
        return await self.connection.call("GET", path, answer=Refund)

    async def certificates(self) -> list[PlatformCertificate]:
        """Download and believe the platform certificates (certificate mode)."""
        return await self.connection.certificates()

    # --- notifications ---------------------------------------------------------------------------------

    async def parse_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """Verify over the raw bytes, then decrypt. Nothing is returned that WeChat did not sign.

        The caller still compares mchid, appid, amount and currency with its own order, and ignores an `id`
        that it has seen. Raises SignatureInvalid, StaleTimestamp, DecryptionFailed, MalformedMessage;
        Unavailable when a certificate had to be fetched and could not be.
        """
        if len(body) > MAX_NOTIFICATION_BYTES:
            raise MalformedMessage("notification too large")
        await self.connection.believe(headers, body)
        return open_notification(body, self.connection.apiv3_key)

    async def _prepay(self, kind: str, order: PrepayOrder, more: Mapping[str, object]) -> _Prepaid:
        body = {**order.body(self.mchid), **more}
        return await self.connection.call("POST", f"/v3/pay/transactions/{kind}", body=body, answer=_Prepaid)

    async def _query(self, tail: str) -> Transaction:
        return await self.connection.call(
            "GET", f"/v3/pay/transactions/{tail}", query={"mchid": self.mchid}, answer=Transaction
        )


class _Prepaid(msgspec.Struct, frozen=True):
    prepay_id: str = ""
    code_url: str = ""
    h5_url: str = ""
