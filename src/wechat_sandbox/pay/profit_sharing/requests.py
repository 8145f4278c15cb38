"""What a merchant may send about profit sharing. Fields: openapi/v3/profitsharing."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from wechat_sandbox.pay.requests import AppId, Fen, MchId, Strict

ReceiverType = Literal["MERCHANT_ID", "PERSONAL_OPENID", "PERSONAL_SUB_OPENID"]
RelationType = Literal[
    "SERVICE_PROVIDER",
    "STORE",
    "STAFF",
    "STORE_OWNER",
    "PARTNER",
    "HEADQUARTER",
    "BRAND",
    "DISTRIBUTOR",
    "USER",
    "SUPPLIER",
    "CUSTOM",
]
Account = Annotated[str, Meta(min_length=1, max_length=64)]
Sealed = Annotated[str, Meta(min_length=1, max_length=10240)]
TransactionId = Annotated[str, Meta(min_length=1, max_length=32)]
Number = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*@]{1,64}$")]
Description = Annotated[str, Meta(min_length=1, max_length=80)]
OrderId = Annotated[str, Meta(min_length=1, max_length=64)]


class AddReceiver(Strict):
    """POST /v3/profitsharing/receivers/add."""

    appid: AppId
    type: ReceiverType
    account: Account
    relation_type: RelationType
    sub_mchid: MchId | UnsetType = UNSET
    sub_appid: AppId | UnsetType = UNSET
    name: Sealed | UnsetType = UNSET
    custom_relation: Annotated[str, Meta(min_length=1, max_length=10)] | UnsetType = UNSET


class DeleteReceiver(Strict):
    """POST /v3/profitsharing/receivers/delete."""

    appid: AppId
    type: ReceiverType
    account: Account
    sub_mchid: MchId | UnsetType = UNSET
    sub_appid: AppId | UnsetType = UNSET


class ShareItem(Strict):
    """One of `receivers` of a share."""

    type: ReceiverType
    account: Account
    amount: Fen
    description: Description
    name: Sealed | UnsetType = UNSET


class CreateShare(Strict):
    """POST /v3/profitsharing/orders."""

    transaction_id: TransactionId
    out_order_no: Number
    unfreeze_unsplit: bool
    receivers: Annotated[list[ShareItem], Meta(min_length=1, max_length=50)]
    appid: AppId | UnsetType = UNSET
    sub_mchid: MchId | UnsetType = UNSET
    sub_appid: AppId | UnsetType = UNSET


class Unfreeze(Strict):
    """POST /v3/profitsharing/orders/unfreeze."""

    transaction_id: TransactionId
    out_order_no: Number
    description: Description
    sub_mchid: MchId | UnsetType = UNSET


class CreateReturn(Strict):
    """POST /v3/profitsharing/return-orders."""

    out_return_no: Number
    return_mchid: MchId
    amount: Fen
    description: Description
    sub_mchid: MchId | UnsetType = UNSET
    order_id: OrderId | UnsetType = UNSET
    out_order_no: Number | UnsetType = UNSET
