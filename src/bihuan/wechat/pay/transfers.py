"""Paying a shopper (商家转账): the merchant makes a bill, the shopper confirms it in WeChat.

https://pay.weixin.qq.com/doc/v3/merchant/4012716434
"""

from __future__ import annotations

import re
from typing import TypedDict
from urllib.parse import quote

import msgspec

from .connection import PayConnection

_OUT_BILL_NO = re.compile(r"[0-9A-Za-z]{1,32}")
_PATH = "/v3/fund-app/mch-transfer/transfer-bills"
_NAME_FROM_FEN = 200_000  # from 2,000 yuan on WeChat wants the payee's name


class TransferReport(msgspec.Struct, frozen=True):
    """What WeChat wants to know for a scene, e.g. 活动名称 and 奖励说明 for 1000."""

    info_type: str
    info_content: str


class TransferOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Money for a shopper. Raises ValueError at construction for what WeChat would refuse anyway."""

    appid: str
    out_bill_no: str  # 1-32 letters and digits; repeating it repeats nothing
    openid: str
    amount_fen: int
    remark: str  # 1-32 characters, shown to the shopper
    scene_id: str  # 1000 marketing, 1005 commission, ...
    reports: tuple[TransferReport, ...]
    user_name: str = ""  # travels encrypted; required from 2,000 yuan on, refused below 0.3 yuan
    notify_url: str = ""
    perception: str = ""  # what the shopper reads, of the scene's choices

    def __post_init__(self) -> None:
        if not _OUT_BILL_NO.fullmatch(self.out_bill_no):
            raise ValueError("out_bill_no: 1-32 letters and digits")
        if self.amount_fen < 1:
            raise ValueError("amount_fen: at least 1")
        if not 1 <= len(self.remark) <= 32:
            raise ValueError("remark: 1-32 characters")
        if self.amount_fen >= _NAME_FROM_FEN and not self.user_name:
            raise ValueError("user_name: required from 2,000 yuan on")
        if self.amount_fen < 30 and self.user_name:
            raise ValueError("user_name: not below 0.3 yuan")
        if "?" in self.notify_url:
            raise ValueError("notify_url: without a query")

    def __repr__(self) -> str:
        return f"TransferOrder(out_bill_no={self.out_bill_no!r}, amount_fen={self.amount_fen})"


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A bill as its creation, its cancelling, its query and its notification tell it."""

    out_bill_no: str
    transfer_bill_no: str
    state: str  # ACCEPTED PROCESSING WAIT_USER_CONFIRM TRANSFERING (sic) SUCCESS FAIL CANCELING CANCELLED
    create_time: str = ""
    update_time: str = ""
    package_info: str = ""  # only while WAIT_USER_CONFIRM, and only from the creation
    fail_reason: str = ""
    mch_id: str = ""
    appid: str = ""
    openid: str = ""
    transfer_amount: int | None = None
    transfer_remark: str = ""

    @property
    def is_final(self) -> bool:
        """Nothing changes any more."""
        return self.state in {"SUCCESS", "FAIL", "CANCELLED"}


class TransferParams(TypedDict):
    mchId: str
    appId: str
    package: str


class Transfers:
    """`/v3/fund-app/mch-transfer`. Calls raise as those of `Transactions`, and may be repeated like them."""

    def __init__(self, connection: PayConnection) -> None:
        self._connection = connection

    async def create(self, order: TransferOrder) -> Transfer:
        """Make a bill. In WAIT_USER_CONFIRM, hand `params` of its `package_info` to the shopper's page."""
        body: dict[str, object] = {
            "appid": order.appid,
            "out_bill_no": order.out_bill_no,
            "transfer_scene_id": order.scene_id,
            "openid": order.openid,
            "transfer_amount": order.amount_fen,
            "transfer_remark": order.remark,
            "transfer_scene_report_infos": [
                {"info_type": r.info_type, "info_content": r.info_content} for r in order.reports
            ],
        }
        if order.notify_url:
            body["notify_url"] = order.notify_url
        if order.perception:
            body["user_recv_perception"] = order.perception
        serial = ""
        if order.user_name:
            serial, (body["user_name"],) = await self._connection.encrypt_sensitive(order.user_name)
        return await self._connection.call("POST", _PATH, body=body, answer=Transfer, serial=serial)

    async def query_by_out_bill_no(self, out_bill_no: str) -> Transfer:
        """The bill of our number. PayError NOT_FOUND (404) when WeChat has none."""
        return await self._connection.call("GET", f"{_PATH}/out-bill-no/{quote(out_bill_no, safe='')}", answer=Transfer)

    async def query_by_transfer_bill_no(self, transfer_bill_no: str) -> Transfer:
        """The bill of WeChat's number."""
        return await self._connection.call(
            "GET", f"{_PATH}/transfer-bill-no/{quote(transfer_bill_no, safe='')}", answer=Transfer
        )

    async def cancel(self, out_bill_no: str) -> Transfer:
        """Cancel a bill that the shopper has not confirmed; CANCELING until a query says CANCELLED."""
        path = f"{_PATH}/out-bill-no/{quote(out_bill_no, safe='')}/cancel"
        return await self._connection.call("POST", path, answer=Transfer)

    def params(self, appid: str, package_info: str) -> TransferParams:
        """What `wx.requestMerchantTransfer` takes; nothing of it is signed."""
        return {"mchId": self._connection.signer.mchid, "appId": appid, "package": package_info}
