"""What a merchant may send about refunds. Fields: openapi/v3/refund/domestic."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wechat_sandbox.pay.requests import Fen, MchId, NotifyUrl, OutRefundNo, Strict

BANK_TYPES = Literal[
    "CMB_DEBIT",
    "COMM_DEBIT",
    "ABC_DEBIT",
    "CCB_DEBIT",
    "ICBC_DEBIT",
    "BOC_DEBIT",
    "PAB_DEBIT",
    "SPDB_DEBIT",
    "CITIC_DEBIT",
    "CEB_DEBIT",
    "CMBC_DEBIT",
    "CIB_DEBIT",
    "GDB_DEBIT",
    "PSBC_DEBIT",
    "NBCB_DEBIT",
]


class RefundSource(Strict):
    """One of `amount.from`."""

    account: Literal["AVAILABLE", "UNAVAILABLE"]
    amount: Fen


class RefundAmount(Strict):
    """`amount` of a refund."""

    refund: Fen
    total: Fen
    currency: Literal["CNY"]
    from_: list[RefundSource] | UnsetType = msgspec.field(default=UNSET, name="from")


class RefundGoods(Strict):
    """One of `goods_detail` of a refund."""

    merchant_goods_id: str
    unit_price: int
    refund_amount: int
    refund_quantity: int
    wechatpay_goods_id: str | UnsetType = UNSET
    goods_name: str | UnsetType = UNSET


class CreateRefund(Strict):
    """POST /v3/refund/domestic/refunds; `sub_mchid` in partner mode."""

    out_refund_no: OutRefundNo
    amount: RefundAmount
    sub_mchid: MchId | UnsetType = UNSET
    transaction_id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    out_trade_no: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=80)] | UnsetType = UNSET
    notify_url: NotifyUrl | UnsetType = UNSET
    funds_account: Literal["AVAILABLE", "UNSETTLED"] | UnsetType = UNSET
    goods_detail: list[RefundGoods] | UnsetType = UNSET


class AbnormalRefund(Strict):
    """POST /v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund."""

    out_refund_no: OutRefundNo
    type: Literal["USER_BANK_CARD", "MERCHANT_BANK_CARD"]
    sub_mchid: MchId | UnsetType = UNSET
    bank_type: BANK_TYPES | UnsetType = UNSET
    bank_account: Annotated[str, Meta(max_length=1024)] | UnsetType = UNSET
    real_name: Annotated[str, Meta(max_length=1024)] | UnsetType = UNSET
