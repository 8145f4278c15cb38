"""Telling WeChat that what was paid in a mini program was shipped: until then it keeps the money.

https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping.html
Codes: 10060001 no such payment, 10060002 shipped already, 10060003 the one re-ship is used, 10060004 not to be
shipped (refunded ...), 10060023 nothing new, 10060031 another payer, 268485226 no tracking number.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta, timezone
from enum import IntEnum

import msgspec

from bihuan.wechat.api import AppConnection

MAX_PARCELS = 15
MAX_ITEM_DESC = 120

# WeChat documents the time with China's offset.
_CHINA = timezone(timedelta(hours=8))


class Logistics(IntEnum):
    """How the goods travel. Only express may be split over parcels, and must bear a tracking number."""

    EXPRESS = 1
    SAME_CITY = 2
    VIRTUAL = 3
    PICKUP = 4


class OrderKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which payment: WeChat's number, or a merchant with its own number."""

    order_number_type: int
    transaction_id: str = ""
    mchid: str = ""
    out_trade_no: str = ""

    @classmethod
    def of_transaction(cls, transaction_id: str) -> OrderKey:
        """By WeChat's number of the payment."""
        return cls(order_number_type=2, transaction_id=transaction_id)

    @classmethod
    def of_trade(cls, mchid: str, out_trade_no: str) -> OrderKey:
        """By the merchant's number of the payment."""
        return cls(order_number_type=1, mchid=mchid, out_trade_no=out_trade_no)


class Contact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Telephone numbers, masked (`+86-138****1234`). SF Express wants one of them."""

    consignor_contact: str = ""
    receiver_contact: str = ""


class Parcel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One parcel; `item_desc` says what is in it, in at most 120 characters.

    `express_company` is an id of `Shipping.delivery_companies`.
    """

    item_desc: str
    tracking_no: str = ""
    express_company: str = ""
    contact: Contact | None = None


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """How one payment was shipped. Several parcels, or not all of them yet, make it a split one."""

    order: OrderKey
    logistics: Logistics
    parcels: tuple[Parcel, ...]
    all_shipped: bool = True
    split: bool = False

    def wire(self) -> dict[str, object]:
        """WeChat's form. Raises ValueError for what it would refuse."""
        split = self.split or len(self.parcels) > 1 or not self.all_shipped
        if not 1 <= len(self.parcels) <= MAX_PARCELS:
            raise ValueError(f"parcels: 1-{MAX_PARCELS}")
        if split and self.logistics is not Logistics.EXPRESS:
            raise ValueError("only express is split over parcels")
        for parcel in self.parcels:
            if not 1 <= len(parcel.item_desc) <= MAX_ITEM_DESC:
                raise ValueError(f"item_desc: 1-{MAX_ITEM_DESC} characters")
            if self.logistics is Logistics.EXPRESS and not (parcel.tracking_no and parcel.express_company):
                raise ValueError("express: tracking_no and express_company")
        body: dict[str, object] = {
            "order_key": self.order,
            "logistics_type": int(self.logistics),
            "delivery_mode": 2 if split else 1,
            "shipping_list": self.parcels,
        }
        if split:
            body["is_all_delivered"] = self.all_shipped
        return body


class ShippedParcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel as WeChat has it."""

    tracking_no: str = ""
    express_company: str = ""
    goods_desc: str = ""
    upload_time: int = 0


class ShippingState(msgspec.Struct, frozen=True, kw_only=True):
    """`finish_shipping_count`: 0 not yet, 1 shipped, 2 shipped again."""

    delivery_mode: int = 0
    logistics_type: int = 0
    finish_shipping: bool = False
    finish_shipping_count: int = 0
    goods_desc: str = ""
    shipping_list: tuple[ShippedParcel, ...] = ()


class TradeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as WeChat has it.

    `order_state`: 1 to be shipped, 2 shipped, 3 received, 4 done, 5 refunded, 6 to be settled. `paid_amount` in fen.
    """

    transaction_id: str
    merchant_id: str = ""
    sub_merchant_id: str = ""
    merchant_trade_no: str = ""
    description: str = ""
    paid_amount: int = 0
    openid: str = ""
    trade_create_time: int = 0
    pay_time: int = 0
    order_state: int = 0
    in_complaint: bool = False
    shipping: ShippingState = msgspec.field(default_factory=ShippingState)


class TradeOrderPage(msgspec.Struct, frozen=True):
    """A page of payments; `last_index` goes into the next question while `has_more`."""

    order_list: tuple[TradeOrder, ...] = ()
    last_index: str = ""
    has_more: bool = False


class DeliveryCompany(msgspec.Struct, frozen=True):
    """A carrier that WeChat knows."""

    delivery_id: str
    delivery_name: str = ""


class _Order(msgspec.Struct, frozen=True):
    order: TradeOrder


class _Managed(msgspec.Struct, frozen=True):
    is_trade_managed: bool = False


class _Confirmed(msgspec.Struct, frozen=True):
    completed: bool = False


class _Companies(msgspec.Struct, frozen=True):
    delivery_list: tuple[DeliveryCompany, ...] = ()


class Shipping:
    """Shipping information of one mini program."""

    def __init__(self, connection: AppConnection) -> None:
        self._connection = connection

    async def upload(self, shipment: Shipment, *, openid: str, at: datetime) -> None:
        """Tells how a payment was shipped; telling the same again is harmless (10060023).

        `at` orders several tellings of one payment: a later one must bear a later time. One change of a payment
        that was shipped wholly is allowed. Raises ApiError with the codes above.
        """
        body = {**shipment.wire(), "upload_time": _rfc3339(at), "payer": {"openid": openid}}
        await self._connection.do("/wxa/sec/order/upload_shipping_info", body, repeatable=True)

    async def upload_combined(
        self, order: OrderKey, shipments: Sequence[Shipment], *, openid: str, at: datetime
    ) -> None:
        """Tells how the parts of a combined payment were shipped. ApiError 10060013 for a part named twice."""
        body = {
            "order_key": order,
            "sub_orders": [shipment.wire() for shipment in shipments],
            "upload_time": _rfc3339(at),
            "payer": {"openid": openid},
        }
        await self._connection.do("/wxa/sec/order/upload_combined_shipping_info", body, repeatable=True)

    async def get(self, order: OrderKey) -> TradeOrder:
        """A payment as WeChat has it. ApiError 10060001 when there is none."""
        got = await self._connection.call(
            "POST", "/wxa/sec/order/get_order", body=_named(order), answer=_Order, repeatable=True
        )
        return got.order

    async def list(
        self,
        *,
        paid_from: datetime | None = None,
        paid_until: datetime | None = None,
        order_state: int | None = None,
        openid: str = "",
        last_index: str = "",
        page_size: int = 100,
    ) -> TradeOrderPage:
        """A page of payments, by time of payment, state or payer."""
        body: dict[str, object] = {"page_size": page_size}
        if paid_from or paid_until:
            times = {"begin_time": paid_from, "end_time": paid_until}
            body["pay_time_range"] = {name: int(at.timestamp()) for name, at in times.items() if at}
        if order_state is not None:
            body["order_state"] = order_state
        if openid:
            body["openid"] = openid
        if last_index:
            body["last_index"] = last_index
        return await self._connection.call(
            "POST", "/wxa/sec/order/get_order_list", body=body, answer=TradeOrderPage, repeatable=True
        )

    async def list_all(
        self, *, order_state: int | None = None, paid_from: datetime | None = None
    ) -> AsyncGenerator[TradeOrder, None]:
        """All payments of a state, page after page."""
        last_index = ""
        while True:
            page = await self.list(order_state=order_state, paid_from=paid_from, last_index=last_index)
            for order in page.order_list:
                yield order
            if not page.has_more or not page.last_index:
                return
            last_index = page.last_index

    async def remind_to_confirm(self, order: OrderKey, *, signed_for_at: datetime) -> None:
        """Asks the shopper to confirm the receipt; once per payment, express only (10060028-10060032)."""
        body = {**_named(order), "received_time": int(signed_for_at.timestamp())}
        await self._connection.do("/wxa/sec/order/notify_confirm_receive", body, repeatable=False)

    async def set_jump_path(self, path: str) -> None:
        """Where WeChat's shipping messages lead; it adds transaction_id, merchant_id, merchant_trade_no."""
        await self._connection.do("/wxa/sec/order/set_msg_jump_path", {"path": path}, repeatable=True)

    async def is_managed(self) -> bool:
        """Whether this mini program takes part: only then WeChat wants to be told."""
        got = await self._connection.call(
            "POST",
            "/wxa/sec/order/is_trade_managed",
            body={"appid": self._connection.appid},
            answer=_Managed,
            repeatable=True,
        )
        return got.is_trade_managed

    async def is_confirmed(self) -> bool:
        """Whether all of its payment merchants agreed to the order management, or were unbound."""
        got = await self._connection.call(
            "POST",
            "/wxa/sec/order/is_trade_management_confirmation_completed",
            body={"appid": self._connection.appid},
            answer=_Confirmed,
            repeatable=True,
        )
        return got.completed

    async def delivery_companies(self) -> tuple[DeliveryCompany, ...]:
        """The carriers that WeChat knows, with the ids that `Parcel.express_company` wants."""
        got = await self._connection.call(
            "POST",
            "/cgi-bin/express/delivery/open_msg/get_delivery_list",
            body={},
            answer=_Companies,
            repeatable=True,
        )
        return got.delivery_list


def _named(order: OrderKey) -> dict[str, object]:
    """The queries name a payment by other words than the upload does."""
    if order.order_number_type == 2:
        return {"transaction_id": order.transaction_id}
    return {"merchant_id": order.mchid, "merchant_trade_no": order.out_trade_no}


def _rfc3339(at: datetime) -> str:
    return at.astimezone(_CHINA).isoformat(timespec="milliseconds")
