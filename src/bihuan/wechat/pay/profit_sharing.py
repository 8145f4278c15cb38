"""Giving parts of a payment to others (分账). https://pay.weixin.qq.com/doc/v3/merchant/4012068117.

The payment must have been ordered with `profit_sharing`. What is not shared stays frozen until it is unfrozen. A
FINISHED order is no success: each receiver has a result of its own.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

import msgspec

from .connection import PayConnection
from .types import Seller

ReceiverType = Literal["MERCHANT_ID", "PERSONAL_OPENID", "PERSONAL_SUB_OPENID"]
Relation = Literal[
    "SERVICE_PROVIDER", "STORE", "STAFF", "STORE_OWNER", "PARTNER", "HEADQUARTER", "BRAND", "DISTRIBUTOR", "USER",
    "SUPPLIER", "CUSTOM",
]  # fmt: skip


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A part for one receiver. `name` is checked by WeChat and travels encrypted."""

    type: ReceiverType
    account: str  # an mchid or an openid
    amount_fen: int
    description: str  # 1-80 characters, shown to the receiver
    name: str = ""

    def __post_init__(self) -> None:
        if self.amount_fen < 1:
            raise ValueError("amount_fen: at least 1")
        if not 1 <= len(self.description) <= 80:
            raise ValueError("description: 1-80 characters")

    def __repr__(self) -> str:
        return f"Share(type={self.type!r}, account={self.account!r}, amount_fen={self.amount_fen})"


class SharedPart(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a part."""

    type: str
    account: str
    amount: int
    result: str  # PENDING | SUCCESS | CLOSED
    description: str = ""
    fail_reason: str = ""
    detail_id: str = ""
    create_time: str = ""
    finish_time: str = ""


class SharingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A profit-sharing order, or an unfreezing."""

    transaction_id: str
    out_order_no: str
    order_id: str
    state: str  # PROCESSING | FINISHED
    sub_mchid: str = ""
    receivers: tuple[SharedPart, ...] = ()


class SharingReturn(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way back from a receiver."""

    order_id: str
    out_order_no: str
    out_return_no: str
    return_id: str
    return_mchid: str
    amount: int
    result: str  # PROCESSING | SUCCESS | FAILED
    description: str = ""
    sub_mchid: str = ""
    fail_reason: str = ""
    create_time: str = ""
    finish_time: str = ""


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may get parts."""

    type: str
    account: str
    relation_type: str = ""
    custom_relation: str = ""
    sub_mchid: str = ""


class _Unsplit(msgspec.Struct, frozen=True):
    unsplit_amount: int


class _Ratio(msgspec.Struct, frozen=True):
    max_ratio: int


class ProfitSharing:
    """`/v3/profitsharing` of one seller. Calls raise as those of `Transactions`, and may be repeated like them."""

    def __init__(self, connection: PayConnection, seller: Seller) -> None:
        self._connection = connection
        self._seller = seller

    async def add_receiver(
        self,
        *,
        appid: str,
        type: ReceiverType,
        account: str,
        relation: Relation,
        name: str = "",
        custom_relation: str = "",
    ) -> Receiver:
        """Let somebody get parts; adding again is no error. A merchant needs its full name, sent encrypted."""
        body: dict[str, object] = {**self._apps(appid), "type": type, "account": account, "relation_type": relation}
        if custom_relation:
            body["custom_relation"] = custom_relation
        serial = ""
        if name:
            serial, (body["name"],) = await self._connection.encrypt_sensitive(name)
        return await self._connection.call(
            "POST", "/v3/profitsharing/receivers/add", body=body, answer=Receiver, serial=serial
        )

    async def delete_receiver(self, *, appid: str, type: ReceiverType, account: str) -> Receiver:
        """Let somebody get no more parts; deleting again is no error."""
        body: dict[str, object] = {**self._apps(appid), "type": type, "account": account}
        return await self._connection.call("POST", "/v3/profitsharing/receivers/delete", body=body, answer=Receiver)

    async def share(
        self, *, appid: str, transaction_id: str, out_order_no: str, shares: tuple[Share, ...], unfreeze_rest: bool
    ) -> SharingOrder:
        """Share out parts of a payment: 1-50 receivers, from a minute after it was paid and within 30 days.

        `unfreeze_rest` gives what is left to the merchant, and ends the sharing of this payment. The answer is
        PROCESSING: ask later. Raises ValueError for a number of shares that WeChat does not take.
        """
        if not 1 <= len(shares) <= 50:
            raise ValueError("shares: 1-50")
        serial = ""
        names: list[str] = []
        if any(share.name for share in shares):
            serial, names = await self._connection.encrypt_sensitive(*(share.name for share in shares))
        receivers: list[dict[str, object]] = []
        for place, share in enumerate(shares):
            receiver: dict[str, object] = {
                "type": share.type,
                "account": share.account,
                "amount": share.amount_fen,
                "description": share.description,
            }
            if share.name:
                receiver["name"] = names[place]
            receivers.append(receiver)
        body = {
            **self._apps(appid),
            "transaction_id": transaction_id,
            "out_order_no": out_order_no,
            "receivers": receivers,
            "unfreeze_unsplit": unfreeze_rest,
        }
        return await self._connection.call(
            "POST", "/v3/profitsharing/orders", body=body, answer=SharingOrder, serial=serial
        )

    async def query(self, out_order_no: str, *, transaction_id: str) -> SharingOrder:
        """How an order stands."""
        path = f"/v3/profitsharing/orders/{quote(out_order_no, safe='')}"
        query = {"transaction_id": transaction_id, **self._seller.sub()}
        return await self._connection.call("GET", path, query=query, answer=SharingOrder)

    async def unfreeze(self, *, transaction_id: str, out_order_no: str, description: str) -> SharingOrder:
        """Give what is still frozen to the merchant.

        `out_order_no` must be a new one: with the number of an order WeChat answers as if all were well, and
        does nothing.
        """
        body = {
            **self._seller.sub(),
            "transaction_id": transaction_id,
            "out_order_no": out_order_no,
            "description": description,
        }
        return await self._connection.call("POST", "/v3/profitsharing/orders/unfreeze", body=body, answer=SharingOrder)

    async def take_back(
        self, *, out_order_no: str, out_return_no: str, return_mchid: str, amount_fen: int, description: str
    ) -> SharingReturn:
        """Take a part back from a merchant, within 180 days; a shopper's cannot be taken back."""
        body = {
            **self._seller.sub(),
            "out_order_no": out_order_no,
            "out_return_no": out_return_no,
            "return_mchid": return_mchid,
            "amount": amount_fen,
            "description": description,
        }
        return await self._connection.call("POST", "/v3/profitsharing/return-orders", body=body, answer=SharingReturn)

    async def query_return(self, out_return_no: str, *, out_order_no: str) -> SharingReturn:
        """How a return stands."""
        path = f"/v3/profitsharing/return-orders/{quote(out_return_no, safe='')}"
        query = {"out_order_no": out_order_no, **self._seller.sub()}
        return await self._connection.call("GET", path, query=query, answer=SharingReturn)

    async def unsplit_fen(self, transaction_id: str) -> int:
        """What of a payment is still frozen."""
        path = f"/v3/profitsharing/transactions/{quote(transaction_id, safe='')}/amounts"
        return (await self._connection.call("GET", path, answer=_Unsplit)).unsplit_amount

    async def max_ratio(self) -> int:
        """The largest part of a payment that may be shared, in hundredths of a percent (2000 is 20 %).

        Raises ValueError for a direct merchant: WeChat tells it of sub-merchants only.
        """
        if not self._seller.sub_mchid:
            raise ValueError("max_ratio: of a sub-merchant only")
        path = f"/v3/profitsharing/merchant-configs/{quote(self._seller.sub_mchid, safe='')}"
        return (await self._connection.call("GET", path, answer=_Ratio)).max_ratio

    def _apps(self, appid: str) -> dict[str, object]:
        apps: dict[str, object] = {**self._seller.sub(), "appid": appid}
        if self._seller.sub_mchid and self._seller.sub_appid:
            apps["sub_appid"] = self._seller.sub_appid
        return apps
