"""Taking money at a till: the shopper shows a payment code, the merchant sends it to WeChat.

https://pay.weixin.qq.com/doc/v3/merchant/4012791893. Nobody is notified of these payments: who takes the money
asks until it is decided.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import msgspec

from bihuan.wechat.errors import PayError, Unavailable

from .connection import PayConnection
from .types import OUT_NO, Seller, Transaction

_AUTH_CODE = re.compile(r"1[0-5][0-9]{16}")
# WeChat's words for "not decided yet"; everything else that it says of a code is a refusal.
_UNDECIDED = frozenset({"USERPAYING", "USER_PAYING", "SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR"})

Sleep = Callable[[float], Awaitable[None]]


class CodeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid at a till. Raises ValueError at construction for what WeChat would refuse anyway."""

    appid: str
    description: str  # 1-127 characters
    out_trade_no: str
    total_fen: int
    auth_code: str  # 18 digits that begin with 10 to 15, good for a minute
    store_out_id: str  # the merchant's own number of the store
    device_id: str = ""
    device_ip: str = ""
    attach: str = ""
    goods_tag: str = ""
    profit_sharing: bool = False

    def __post_init__(self) -> None:
        if not OUT_NO.fullmatch(self.out_trade_no):
            raise ValueError("out_trade_no: 6-32 of 0-9A-Za-z_-|*")
        if not _AUTH_CODE.fullmatch(self.auth_code):
            raise ValueError("auth_code: 18 digits that begin with 10 to 15")
        if not 1 <= len(self.description) <= 127:
            raise ValueError("description: 1-127 characters")
        if self.total_fen < 1:
            raise ValueError("total_fen: at least 1")
        if not self.store_out_id:
            raise ValueError("store_out_id: which store")

    def body(self, seller: Seller) -> dict[str, object]:
        """The JSON of POST .../transactions/codepay."""
        scene: dict[str, object] = {"store_info": {"out_id": self.store_out_id}}
        for name in ("device_id", "device_ip"):
            if value := getattr(self, name):
                scene[name] = value
        out: dict[str, object] = {
            **seller.names(self.appid),
            "description": self.description,
            "out_trade_no": self.out_trade_no,
            "payer": {"auth_code": self.auth_code},
            "amount": {"total": self.total_fen, "currency": "CNY"},
            "scene_info": scene,
        }
        for name in ("attach", "goods_tag"):
            if value := getattr(self, name):
                out[name] = value
        if self.profit_sharing:
            out["settle_info"] = {"profit_sharing": True}
        return out

    def __repr__(self) -> str:
        return f"CodeOrder(out_trade_no={self.out_trade_no!r}, total_fen={self.total_fen})"


class Reversal(msgspec.Struct, frozen=True, kw_only=True):
    """That a payment is undone."""

    out_trade_no: str
    appid: str = ""
    mchid: str = ""
    sp_mchid: str = ""
    sub_mchid: str = ""


class Till:
    """Codepay, its waiting, and its undoing."""

    def __init__(self, connection: PayConnection, seller: Seller, *, sleep: Sleep = asyncio.sleep) -> None:
        self._connection = connection
        self._seller = seller
        self._sleep = sleep

    async def codepay(self, order: CodeOrder) -> Transaction:
        """Send the code once. PayError USERPAYING (202) or a state USERPAYING: the shopper types a password.

        Never repeated by itself: a lost answer is asked for by `query_by_out_trade_no`.
        """
        path = f"{self._seller.transactions_path}/codepay"
        body = order.body(self._seller)
        return await self._connection.call("POST", path, body=body, answer=Transaction, repeatable=False)

    async def reverse(self, out_trade_no: str, *, appid: str) -> Reversal:
        """Undo within seven days; doing it again is no error."""
        path = f"{self._seller.transactions_path}/out-trade-no/{quote(out_trade_no, safe='')}/reverse"
        return await self._connection.call("POST", path, body=self._seller.names(appid), answer=Reversal)

    async def take(self, order: CodeOrder, *, patience_seconds: float, pause_seconds: float) -> Transaction:
        """Send the code, ask every `pause_seconds` until it is decided, and reverse it when patience ends.

        Answers a paid transaction, or one that ended (PAYERROR, CLOSED, REVOKED). Raises the PayError of a
        refusal, with which no money moved. Raises Unavailable when WeChat does not answer even to the
        reversal: then nothing is known, and the caller reverses or asks later.
        """
        try:
            found: Transaction | None = await self.codepay(order)
        except PayError as error:
            if error.code not in _UNDECIDED:
                raise
            found = None
        except Unavailable:
            found = None
        until = time.monotonic() + patience_seconds
        while found is None or found.trade_state in {"USERPAYING", "NOTPAY"}:
            if time.monotonic() >= until:
                await self._reverse_surely(order)
                return await self._query(order.out_trade_no)
            await self._sleep(pause_seconds)
            try:
                found = await self._query(order.out_trade_no)
            except Unavailable:
                continue
            except PayError as error:
                # The code may still be on its way, or never have come: the reversal settles either.
                if error.code != "ORDER_NOT_EXIST":
                    raise
        return found

    async def _reverse_surely(self, order: CodeOrder) -> None:
        """WeChat answers USERPAYING to a reversal that comes while the shopper confirms: again, thrice at most."""
        for last in (False, False, True):
            try:
                await self.reverse(order.out_trade_no, appid=order.appid)
            except PayError as error:
                if last or error.code not in _UNDECIDED:
                    raise
                await self._sleep(1.0)
            else:
                return

    async def _query(self, out_trade_no: str) -> Transaction:
        path = f"{self._seller.transactions_path}/out-trade-no/{quote(out_trade_no, safe='')}"
        return await self._connection.call("GET", path, query=self._seller.accounts(), answer=Transaction)
