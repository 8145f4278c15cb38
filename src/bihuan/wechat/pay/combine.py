"""One payment for the orders of several merchants (合单支付).

https://pay.weixin.qq.com/doc/v3/merchant/4012556893. Each sub-order is refunded and shared as a payment of its own;
asking for it and closing it goes by the whole.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from urllib.parse import quote

import msgspec

from .connection import PayConnection
from .types import OUT_NO, PromotionDetail, from_rfc3339, to_rfc3339


class SubOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One merchant's part. Raises ValueError at construction for what WeChat would refuse anyway."""

    mchid: str
    out_trade_no: str
    total_fen: int
    description: str  # 1-127 characters
    attach: str  # required here; comes back in notifications and queries
    sub_mchid: str = ""
    sub_appid: str = ""
    goods_tag: str = ""
    profit_sharing: bool = False

    def __post_init__(self) -> None:
        if not OUT_NO.fullmatch(self.out_trade_no):
            raise ValueError("out_trade_no: 6-32 of 0-9A-Za-z_-|*")
        if not 1 <= len(self.description) <= 127:
            raise ValueError("description: 1-127 characters")
        if not 1 <= len(self.attach) <= 128:
            raise ValueError("attach: 1-128 characters")
        if self.total_fen < 1:
            raise ValueError("total_fen: at least 1")

    def name(self) -> dict[str, object]:
        """Which sub-order it is, as closing names it."""
        out: dict[str, object] = {"mchid": self.mchid, "out_trade_no": self.out_trade_no}
        for name in ("sub_mchid", "sub_appid"):
            if value := getattr(self, name):
                out[name] = value
        return out

    def body(self) -> dict[str, object]:
        """Its JSON within a prepay."""
        out: dict[str, object] = {
            **self.name(),
            "attach": self.attach,
            "amount": {"total_amount": self.total_fen, "currency": "CNY"},
            "description": self.description,
        }
        if self.goods_tag:
            out["goods_tag"] = self.goods_tag
        if self.profit_sharing:
            out["settle_info"] = {"profit_sharing": True}
        return out


class CombineOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid at once: 2-10 sub-orders of direct merchants, 1-50 of sub-merchants."""

    appid: str
    out_trade_no: str
    sub_orders: tuple[SubOrder, ...]
    notify_url: str  # absolute, without a query
    expires_at: datetime | None = None
    payer_client_ip: str = ""
    device_id: str = ""

    def __post_init__(self) -> None:
        if not OUT_NO.fullmatch(self.out_trade_no):
            raise ValueError("out_trade_no: 6-32 of 0-9A-Za-z_-|*")
        if not 1 <= len(self.sub_orders) <= 50:
            raise ValueError("sub_orders: 1-50")
        if len({(s.mchid, s.out_trade_no) for s in self.sub_orders}) != len(self.sub_orders):
            raise ValueError("sub_orders: a number twice")
        if "?" in self.notify_url or not self.notify_url.startswith(("https://", "http://")):
            raise ValueError("notify_url: absolute, without a query")
        if self.expires_at is not None and self.expires_at.tzinfo is None:
            raise ValueError("expires_at: needs a time zone")

    def body(self, mchid: str) -> dict[str, object]:
        """The JSON that the four prepay interfaces share."""
        out: dict[str, object] = {
            "combine_appid": self.appid,
            "combine_mchid": mchid,
            "combine_out_trade_no": self.out_trade_no,
            "sub_orders": [s.body() for s in self.sub_orders],
            "notify_url": self.notify_url,
        }
        if self.expires_at is not None:
            out["time_expire"] = to_rfc3339(self.expires_at)
        scene = {"payer_client_ip": self.payer_client_ip, "device_id": self.device_id}
        if self.payer_client_ip:
            out["scene_info"] = {name: value for name, value in scene.items() if value}
        return out


class SubAmount(msgspec.Struct, frozen=True):
    """`total_amount` is the sub-order's, `payer_amount` what the shopper gave."""

    total_amount: int
    payer_amount: int = 0
    currency: str = "CNY"
    payer_currency: str = "CNY"


class SubTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A sub-order as queries and notifications tell it."""

    mchid: str
    out_trade_no: str
    trade_state: str = ""
    sub_mchid: str = ""
    sub_appid: str = ""
    sub_openid: str = ""
    transaction_id: str = ""
    trade_type: str = ""
    bank_type: str = ""
    attach: str = ""
    success_time: str = ""
    amount: SubAmount | None = None
    promotion_detail: tuple[PromotionDetail, ...] = ()

    @property
    def is_paid(self) -> bool:
        """The money was taken (REFUND: and some of it given back since)."""
        return self.trade_state in {"SUCCESS", "REFUND"}

    @property
    def paid_at(self) -> datetime | None:
        """When the money was taken, UTC."""
        return from_rfc3339(self.success_time)


class CombinePayer(msgspec.Struct, frozen=True):
    """Who paid."""

    openid: str = ""


class CombineTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A combined payment as its query and its notification tell it."""

    combine_appid: str
    combine_mchid: str
    combine_out_trade_no: str
    sub_orders: tuple[SubTransaction, ...]
    combine_transaction_id: str = ""
    combine_payer_info: CombinePayer = msgspec.field(default_factory=CombinePayer)

    @property
    def is_paid(self) -> bool:
        """All parts are: a combined payment is taken whole or not at all."""
        return bool(self.sub_orders) and all(s.is_paid for s in self.sub_orders)


class _Prepaid(msgspec.Struct, frozen=True):
    prepay_id: str = ""
    code_url: str = ""
    h5_url: str = ""


class Combine:
    """`/v3/combine-transactions`. Calls raise as those of `Transactions`, and may be repeated like them."""

    def __init__(self, connection: PayConnection) -> None:
        self._connection = connection
        self._mchid = connection.signer.mchid

    async def jsapi(self, order: CombineOrder, *, openid: str) -> str:
        """Prepay inside WeChat or a mini program; answers the `prepay_id`."""
        return (await self._prepay("jsapi", order, {"combine_payer_info": {"openid": openid}})).prepay_id

    async def native(self, order: CombineOrder) -> str:
        """Prepay for a QR code; answers the `code_url`."""
        return (await self._prepay("native", order, {})).code_url

    async def app(self, order: CombineOrder) -> str:
        """Prepay for a mobile app; answers the `prepay_id`."""
        return (await self._prepay("app", order, {})).prepay_id

    async def h5(self, order: CombineOrder) -> str:
        """Prepay for a mobile browser; answers the `h5_url`. `order` needs `payer_client_ip` and `device_id`.

        Raises ValueError without them.
        """
        if not (order.payer_client_ip and order.device_id):
            raise ValueError("payer_client_ip and device_id: WeChat wants both for H5")
        scene: dict[str, object] = {
            "payer_client_ip": order.payer_client_ip,
            "device_id": order.device_id,
            "h5_info": {"type": "Wap"},
        }
        return (await self._prepay("h5", order, {"scene_info": scene})).h5_url

    async def query(self, out_trade_no: str) -> CombineTransaction:
        """The combined payment of our number."""
        return await self._connection.call("GET", _path(out_trade_no), answer=CombineTransaction)

    async def close(self, order: CombineOrder) -> None:
        """Close an unpaid one; all its sub-orders, as they were ordered."""
        body = {"combine_appid": order.appid, "sub_orders": [s.name() for s in order.sub_orders]}
        await self._connection.call("POST", f"{_path(order.out_trade_no)}/close", body=body, answer=None)

    async def _prepay(
        self, kind: Literal["jsapi", "native", "app", "h5"], order: CombineOrder, more: dict[str, object]
    ) -> _Prepaid:
        body = {**order.body(self._mchid), **more}
        return await self._connection.call("POST", f"/v3/combine-transactions/{kind}", body=body, answer=_Prepaid)


def _path(out_trade_no: str) -> str:
    return f"/v3/combine-transactions/out-trade-no/{quote(out_trade_no, safe='')}"
