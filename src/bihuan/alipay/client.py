"""The client: one app of Alipay's open platform, over the application's HTTP client."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

import httpx

from bihuan.alipay import sdk
from bihuan.alipay.errors import AlipayRefused, AlipayUnavailable, AlipayUntrusted
from bihuan.alipay.types import (
    AlipayKeys,
    CodeOrder,
    Notice,
    RefundDone,
    RefundOrder,
    Trade,
    TradeOrder,
    from_china,
    to_china,
    to_fen,
)

GATEWAY = "https://openapi.alipay.com/gateway.do"
MAX_ANSWER_BYTES = 1024 * 1024
MAX_BILL_BYTES = 256 * 1024 * 1024
BILL_SECONDS = 60.0

_PAGES = {
    "page": ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
    "wap": ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
}
_BUSY = frozenset(
    {"ACQ.SYSTEM_ERROR", "AQC.SYSTEM_ERROR", "SYSTEM_ERROR", "isp.unknow-error", "isp.unknown-error",
     "aop.unknow-error", "aop.ACQ.SYSTEM_ERROR"}
)  # fmt: skip
"""Alipay's own trouble: the outcome is unknown, and the same call is made again."""


Undone = Literal["closed", "refunded", "nothing"]
"""What undoing a payment did."""

_UNDONE: dict[str, Undone] = {"close": "closed", "refund": "refunded", "": "nothing"}


class AlipayClient:
    """Payments of one app. Raises AlipayNotInstalled and KeyNotUsable at construction."""

    def __init__(self, keys: AlipayKeys, *, http: httpx.AsyncClient, gateway: str, now: Callable[[], datetime]) -> None:
        self.app_id = keys.app_id
        self.seller_id = keys.seller_id
        self._signer = sdk.new_signer(keys)
        self._http = http
        self._gateway = gateway
        self._now = now

    async def page_url(self, order: TradeOrder, kind: Literal["page", "wap"]) -> str:
        """The page to send the shopper to; nothing is called, Alipay hears of the trade when it is opened.

        "page" is for desktops, "wap" for the browser of a phone, which may change over to Alipay's app.
        """
        method, product = _PAGES[kind]
        more = {"notify_url": order.notify_url}
        if order.return_url:
            more["return_url"] = order.return_url
        signed = await self._sign(method, {**order.content(), "product_code": product}, more)
        return f"{self._gateway}?{signed}"

    async def precreate(self, order: TradeOrder) -> str:
        """The content of a code that the shopper scans; good for two hours at most."""
        told = await self._call("alipay.trade.precreate", order.content(), {"notify_url": order.notify_url})
        _expect(told, "out_trade_no", order.out_trade_no)
        code = str(told.get("qr_code") or "")
        if not code:
            raise AlipayUntrusted("malformed", "no qr_code")
        return code

    async def pay_by_code(self, order: CodeOrder) -> bool:
        """Takes money by a code that the shopper shows; False when Alipay waits for her password (10003).

        True says that the call was done, no more: what was taken may be rolled back, so `query` decides. An outcome
        that is unknown (AlipayUnavailable) is asked about too, and undone by `cancel`. https://opendocs.alipay.com/open/02ekfp
        """
        told = await self._call("alipay.trade.pay", order.content(), waits=True)
        _expect(told, "out_trade_no", order.out_trade_no)
        return told.get("code") == "10000"

    async def cancel(self, out_trade_no: str) -> Undone:
        """Undoes a payment whose outcome is not known: an unpaid one is closed, a paid one goes back at once.

        "nothing": Alipay knows no such trade. Raises AlipayUnavailable too when Alipay wants to be asked again
        (`retry_flag`). https://opendocs.alipay.com/open/02ekfr
        """
        told = await self._call("alipay.trade.cancel", {"out_trade_no": out_trade_no})
        _expect(told, "out_trade_no", out_trade_no)
        if told.get("retry_flag") == "Y":
            raise AlipayUnavailable("cancel_again", "retry_flag Y")
        undone = _UNDONE.get(str(told.get("action") or ""))
        if undone is None:
            raise AlipayUntrusted("malformed", f"action {str(told.get('action'))[:20]!r}")
        return undone

    async def query(self, out_trade_no: str) -> Trade:
        """How a trade stands. Refused with ACQ.TRADE_NOT_EXIST until the shopper has opened the page or scanned."""
        told = await self._call("alipay.trade.query", {"out_trade_no": out_trade_no})
        _expect(told, "out_trade_no", out_trade_no)
        return _trade(told)

    async def close(self, out_trade_no: str) -> None:
        """Nobody shall pay it any more. Refused with ACQ.TRADE_NOT_EXIST like `query`, or when it is paid."""
        await self._call("alipay.trade.close", {"out_trade_no": out_trade_no})

    async def refund(self, order: RefundOrder) -> bool:
        """True when money went back by this very call; False when this number did so before, or nothing moved.

        `refund_fee` of the answer is the sum of all refunds of the trade, so it says nothing about this one.
        """
        told = await self._call("alipay.trade.refund", order.content())
        _expect(told, "trade_no", order.trade_no)
        return told.get("fund_change") == "Y"

    async def find_refund(self, trade_no: str, out_request_no: str) -> RefundDone | None:
        """A refund that is done; None for one that is not, which may be asked for again under the same number."""
        content: dict[str, object] = {
            "trade_no": trade_no,
            "out_request_no": out_request_no,
            "query_options": ["gmt_refund_pay"],
        }
        told = await self._call("alipay.trade.fastpay.refund.query", content)
        # Without a status nothing was refunded, whatever else the answer repeats of the question.
        if told.get("refund_status", "") not in ("", "REFUND_SUCCESS") or not told.get("refund_amount"):
            return None
        _expect(told, "out_request_no", out_request_no)
        return RefundDone(out_request_no, to_fen(told["refund_amount"]), from_china(told.get("gmt_refund_pay")))

    async def find_bill(self, day: date) -> bytes | None:
        """A day's trade bill, a ZIP of CSV files; None when nothing happened on it. Its address lives 30 seconds."""
        content: dict[str, object] = {"bill_type": "trade", "bill_date": day.isoformat()}
        try:
            told = await self._call("alipay.data.dataservice.bill.downloadurl.query", content)
        except AlipayRefused as refused:
            if refused.verified and refused.code.rpartition(".")[2].upper() == "BILL_NOT_EXIST":
                return None
            raise
        return await self._download(str(told.get("bill_download_url") or ""))

    async def read_notification(self, body: bytes) -> Notice:
        """Verifies the bytes of a notification, then reads them. Raises AlipayUntrusted."""
        fields = notification_fields(body)
        signature = fields.pop("sign", "")
        if not signature:
            raise AlipayUntrusted("signature_missing")
        if fields.get("sign_type") != "RSA2":
            raise AlipayUntrusted("signature_invalid", "not RSA2")
        if not self._signer.knows(fields.get("alipay_cert_sn", "")):
            raise AlipayUntrusted("certificate_differs")
        signed = dict(fields)
        try:
            valid = await asyncio.to_thread(self._signer.verify, signed, signature)
        except ValueError as error:  # what is no base64
            raise AlipayUntrusted("signature_invalid") from error
        if not valid:
            raise AlipayUntrusted("signature_invalid")
        if fields.get("app_id") != self.app_id:
            raise AlipayUntrusted("app_differs")
        if not fields.get("out_trade_no") or not fields.get("notify_id"):
            raise AlipayUntrusted("malformed", "no out_trade_no or notify_id")
        return Notice(fields["notify_id"], fields.get("notify_type", ""), _trade(fields))

    async def _sign(self, method: str, content: dict[str, object], more: Mapping[str, str]) -> str:
        stamped = {**more, "timestamp": to_china(self._now())}
        return await asyncio.to_thread(self._signer.client_api, method, content, **stamped)

    async def _call(
        self, method: str, content: dict[str, object], more: Mapping[str, str] | None = None, *, waits: bool = False
    ) -> dict[str, Any]:
        """One call; `waits`: 10003 is an answer too. Raises AlipayRefused, AlipayUnavailable, AlipayUntrusted."""
        signed = await self._sign(method, content, more or {})
        try:
            answer = await self._http.post(
                self._gateway,
                content=signed,
                headers={"content-type": "application/x-www-form-urlencoded;charset=utf-8"},
            )
        except httpx.HTTPError as error:
            raise AlipayUnavailable("no_answer", f"{type(error).__name__}: {error}") from error
        if answer.status_code != 200:
            raise AlipayUnavailable("http_status", str(answer.status_code))
        if len(answer.content) > MAX_ANSWER_BYTES:
            raise AlipayUntrusted("malformed", "the answer is too long")
        kind = f"{method.replace('.', '_')}_response"
        raw = answer.content.decode("utf-8", "replace")
        told = await asyncio.to_thread(self._signer.open_answer, raw, kind)
        code, sub_code = str(told.get("code", "")), str(told.get("sub_code", ""))
        if code == "10000" or (waits and code == "10003"):
            return told
        if code == "20000" or sub_code in _BUSY:
            raise AlipayUnavailable(sub_code or code, str(told.get("sub_msg", "")))
        raise AlipayRefused(sub_code or code, str(told.get("sub_msg") or told.get("msg") or ""), verified=True)

    async def _download(self, url: str) -> bytes:
        parts: list[bytes] = []
        size, end = 0, time.monotonic() + BILL_SECONDS
        try:
            async with self._http.stream("GET", url) as answer:
                if answer.status_code != 200:
                    raise AlipayUnavailable("http_status", str(answer.status_code))
                async for part in answer.aiter_bytes():
                    size += len(part)
                    if size > MAX_BILL_BYTES or time.monotonic() > end:
                        raise AlipayUnavailable("bill_too_large", f"more than {size} bytes, or too slow")
                    parts.append(part)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise AlipayUnavailable("no_answer", f"{type(error).__name__}: {error}") from error
        return b"".join(parts)


def notification_fields(body: bytes) -> dict[str, str]:
    """The fields of a notification, unverified. Raises AlipayUntrusted for what is no form or names a field twice."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as error:
        raise AlipayUntrusted("malformed", "not a form") from error
    fields = dict(pairs)
    if not fields:
        raise AlipayUntrusted("malformed", "nothing in it")
    if len(fields) != len(pairs):
        raise AlipayUntrusted("malformed", "a field twice")
    return fields


def _trade(told: Mapping[str, Any]) -> Trade:
    amount = told.get("total_amount")
    return Trade(
        out_trade_no=str(told.get("out_trade_no") or ""),
        trade_status=str(told.get("trade_status") or ""),
        trade_no=str(told.get("trade_no") or ""),
        total_fen=None if amount in (None, "") else to_fen(amount),
        seller_id=str(told.get("seller_id") or ""),
        app_id=str(told.get("app_id") or ""),
        paid_at=from_china(told.get("gmt_payment") or told.get("send_pay_date")),
    )


def _expect(told: Mapping[str, Any], name: str, value: str) -> None:
    """An answer must be about what was asked: a signed answer to another question is no answer."""
    if str(told.get(name, "")) != value:
        raise AlipayUntrusted("of_another", f"{name} {str(told.get(name, ''))[:64]!r}")
