"""Ordering, asking for, closing and refunding payments: the same for a direct merchant and a sub-merchant.

https://pay.weixin.qq.com/doc/v3/merchant/4012791855 (direct) and https://pay.weixin.qq.com/doc/v3/partner/4012523579.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

import msgspec

from .connection import PayConnection
from .signer import AppParams, JsapiParams
from .till import CodeOrder, Reversal, Till
from .types import PrepayOrder, Refund, RefundRequest, Seller, Transaction


class BankCard(msgspec.Struct, frozen=True, kw_only=True):
    """Where the shopper wants an abnormal refund instead. Account and name travel encrypted."""

    bank_type: str  # e.g. ICBC_DEBIT
    account: str
    name: str

    def __repr__(self) -> str:
        return f"BankCard(bank_type={self.bank_type!r})"


class Transactions:
    """Payments of one seller over a signed line. `PayClient` is a direct merchant's, `PartnerClient` a sub-merchant's.

    Every call may raise `PayError` (read `code`), `Unavailable`, `SignatureInvalid`, `StaleTimestamp`,
    `MalformedMessage`. Unless a method says otherwise WeChat recognises repetitions by our number, so
    `Unavailable.safe_to_retry` is True, and up to two repetitions were made already.
    """

    def __init__(self, connection: PayConnection, seller: Seller) -> None:
        self.connection = connection
        self.seller = seller
        self._till = Till(connection, seller)

    # --- prepay: POST /v3/pay[/partner]/transactions/{jsapi,native,h5,app} ------------------------------

    async def jsapi(self, order: PrepayOrder, *, openid: str) -> str:
        """Prepay for a page inside WeChat or a mini program; answers the `prepay_id`, good for two hours.

        `openid` is the payer's under `order.appid`, or under the sub-merchant's app where there is one.
        """
        return (await self._prepay("jsapi", order, {"payer": self.seller.payer(openid)})).prepay_id

    async def native(self, order: PrepayOrder) -> str:
        """Prepay for a QR code; answers the `code_url` to draw, good for two hours."""
        return (await self._prepay("native", order, {})).code_url

    async def h5(self, order: PrepayOrder, *, payer_client_ip: str) -> str:
        """Prepay for a mobile browser outside WeChat; answers the `h5_url`, good for five minutes.

        WeChat refuses addresses that are no public ones, and opens the page only from a domain that the
        merchant has registered (it reads the Referer).
        """
        scene = {"payer_client_ip": payer_client_ip, "h5_info": {"type": "Wap"}}
        return (await self._prepay("h5", order, {"scene_info": scene})).h5_url

    async def app(self, order: PrepayOrder) -> str:
        """Prepay for a mobile app; answers the `prepay_id`."""
        return (await self._prepay("app", order, {})).prepay_id

    def jsapi_params(self, appid: str, prepay_id: str) -> JsapiParams:
        """What the page hands to `WeixinJSBridge` or `wx.requestPayment`; `appid` is the app it runs in."""
        return self.connection.signer.jsapi_params(appid, prepay_id)

    def app_params(self, appid: str, prepay_id: str) -> AppParams:
        """What the mobile SDK takes."""
        params = self.connection.signer.app_params(appid, prepay_id)
        if self.seller.sub_mchid:
            params["partnerid"] = self.seller.sub_mchid if self.seller.sub_appid else self.seller.mchid
        return params

    # --- at a till ---------------------------------------------------------------------------------------

    async def codepay(self, order: CodeOrder) -> Transaction:
        """Take the money of a payment code that the shopper shows. See `Till.codepay`."""
        return await self._till.codepay(order)

    async def take(
        self, order: CodeOrder, *, patience_seconds: float = 30.0, pause_seconds: float = 5.0
    ) -> Transaction:
        """Take the money, wait for the shopper's password, reverse what stays undecided. See `Till.take`."""
        return await self._till.take(order, patience_seconds=patience_seconds, pause_seconds=pause_seconds)

    async def reverse(self, out_trade_no: str, *, appid: str) -> Reversal:
        """Undo a payment of the till: paid money goes back, an undecided payment ends. See `Till.reverse`."""
        return await self._till.reverse(out_trade_no, appid=appid)

    # --- query, close -------------------------------------------------------------------------------------

    async def query_by_out_trade_no(self, out_trade_no: str) -> Transaction:
        """The payment of our number. PayError ORDER_NOT_EXIST (404) when WeChat has none."""
        return await self._query(f"out-trade-no/{quote(out_trade_no, safe='')}")

    async def query_by_transaction_id(self, transaction_id: str) -> Transaction:
        """The payment of WeChat's number."""
        return await self._query(f"id/{quote(transaction_id, safe='')}")

    async def close(self, out_trade_no: str) -> None:
        """Close an unpaid order; closing it again is no error. A paid one is refused (read `code`)."""
        path = f"{self.seller.transactions_path}/out-trade-no/{quote(out_trade_no, safe='')}/close"
        await self.connection.call("POST", path, body=self.seller.accounts(), answer=None)

    # --- refunds ------------------------------------------------------------------------------------------

    async def refund(self, request: RefundRequest) -> Refund:
        """Give money back; PROCESSING until a notification or a query says otherwise."""
        body = request.body(self.seller)
        return await self.connection.call("POST", "/v3/refund/domestic/refunds", body=body, answer=Refund)

    async def query_refund(self, out_refund_no: str) -> Refund:
        """The refund of our number. PayError RESOURCE_NOT_EXISTS (404) when WeChat has none."""
        path = f"/v3/refund/domestic/refunds/{quote(out_refund_no, safe='')}"
        return await self.connection.call("GET", path, query=self.seller.sub() or None, answer=Refund)

    async def apply_abnormal_refund(
        self,
        refund_id: str,
        *,
        out_refund_no: str,
        to: Literal["USER_BANK_CARD", "MERCHANT_BANK_CARD"],
        card: BankCard | None = None,
    ) -> Refund:
        """Send an ABNORMAL refund elsewhere: to a card of the shopper's, or to the merchant's own account.

        `card` goes with USER_BANK_CARD. Raises ValueError without it, or when there is no key to encrypt with.
        """
        if (to == "USER_BANK_CARD") != (card is not None):
            raise ValueError("card: with USER_BANK_CARD, and only then")
        body: dict[str, object] = {**self.seller.sub(), "out_refund_no": out_refund_no, "type": to}
        serial = ""
        if card is not None:
            serial, (account, name) = await self.connection.encrypt_sensitive(card.account, card.name)
            body |= {"bank_type": card.bank_type, "bank_account": account, "real_name": name}
        path = f"/v3/refund/domestic/refunds/{quote(refund_id, safe='')}/apply-abnormal-refund"
        return await self.connection.call("POST", path, body=body, answer=Refund, serial=serial)

    async def _prepay(self, kind: str, order: PrepayOrder, more: Mapping[str, object]) -> _Prepaid:
        body = {**order.body(self.seller), **more}
        return await self.connection.call("POST", f"{self.seller.transactions_path}/{kind}", body=body, answer=_Prepaid)

    async def _query(self, tail: str) -> Transaction:
        path = f"{self.seller.transactions_path}/{tail}"
        return await self.connection.call("GET", path, query=self.seller.accounts(), answer=Transaction)


class PartnerClient(Transactions):
    """Payments of a service provider's merchant: signed by the provider, paid to `seller.sub_mchid`."""


class _Prepaid(msgspec.Struct, frozen=True):
    prepay_id: str = ""
    code_url: str = ""
    h5_url: str = ""
