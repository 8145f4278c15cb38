"""WeChat Pay v3 of one merchant: its own payments, its sub-merchants', and everything beside payments."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from bihuan.wechat import crypto
from bihuan.wechat.errors import MalformedMessage
from bihuan.wechat.transport import Limits, Now, utc_now

from .account import PAY_URL, PayAccount
from .bills import Bills
from .combine import Combine
from .complaints import ComplaintDesk
from .connection import PayConnection
from .notifications import MAX_NOTIFICATION_BYTES, Notification, open_notification
from .profit_sharing import ProfitSharing
from .signer import Signer
from .transactions import PartnerClient, Transactions
from .transfers import Transfers
from .types import PlatformCertificate, Seller


class PayClient(Transactions):
    """The interfaces of one merchant. Keep it: it holds platform certificates; keys are cached besides.

    Its own methods are the payments of the merchant itself; `partner` gives those of a sub-merchant whose
    service provider it is. `combine`, `bills`, `transfers` and `complaints` are the families beside them,
    `profit_sharing` that of the merchant, or of a sub-merchant.

    Raises ValueError at construction for keys that are none.
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
        connection = PayConnection(
            signer=Signer(
                mchid=account.mchid,
                serial_no=account.serial_no,
                private_key_pem=account.private_key_pem,
                now=now,
            ),
            keys=account.key_ring(),
            apiv3_key=crypto.ApiV3Key(account.apiv3_key),
            http=http,
            base_url=base_url,
            certificate_mode=not account.public_key_id if mode is None else mode,
            now=now,
            limits=limits,
        )
        super().__init__(connection, Seller(account.mchid))
        self.combine = Combine(connection)
        self.bills = Bills(connection)
        self.transfers = Transfers(connection)
        self.complaints = ComplaintDesk(connection)

    def partner(self, sub_mchid: str, *, sub_appid: str = "") -> PartnerClient:
        """Payments of a sub-merchant, signed by this merchant as its service provider.

        `sub_appid` is the app that the sub-merchant's shoppers are known in; without it that of
        `PrepayOrder.appid`.
        """
        return PartnerClient(self.connection, Seller(self.mchid, sub_mchid, sub_appid))

    def profit_sharing(self, sub_mchid: str = "", *, sub_appid: str = "") -> ProfitSharing:
        """Profit sharing of this merchant's payments, or of a sub-merchant's."""
        return ProfitSharing(self.connection, Seller(self.mchid, sub_mchid, sub_appid))

    async def certificates(self) -> list[PlatformCertificate]:
        """Download and believe the platform certificates (certificate mode)."""
        return await self.connection.certificates()

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
