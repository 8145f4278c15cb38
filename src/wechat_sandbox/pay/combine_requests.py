"""What merchants may send about combined orders. Field lists: openapi/v3/combine-transactions."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from wechat_sandbox.pay.requests import AppId, Fen, H5Info, MchId, NotifyUrl, OutNo, Strict

CombineNo = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*]{2,32}$")]
OpenId = Annotated[str, Meta(min_length=1, max_length=128)]


class PartAmount(Strict):
    """`amount` of a part."""

    total_amount: Fen
    currency: Literal["CNY"]


class PartSettleInfo(Strict):
    """`settle_info` of a part."""

    profit_sharing: bool = False
    subsidy_amount: Annotated[int, Meta(ge=0)] | UnsetType = UNSET


class SubOrder(Strict):
    """One of `sub_orders`.

    The schema of three of the four paths requires `sub_mchid`; direct merchants have none (wire.md), and the
    fourth agrees.
    """

    mchid: MchId
    attach: Annotated[str, Meta(max_length=128)]
    amount: PartAmount
    out_trade_no: OutNo
    description: Annotated[str, Meta(min_length=1, max_length=127)]
    sub_mchid: MchId | UnsetType = UNSET
    sub_appid: AppId | UnsetType = UNSET
    detail: Annotated[str, Meta(max_length=6000)] | UnsetType = UNSET
    goods_tag: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    settle_info: PartSettleInfo | UnsetType = UNSET
    profit_sharing: bool | UnsetType = UNSET


class CombineScene(Strict):
    """`scene_info`."""

    payer_client_ip: Annotated[str, Meta(min_length=1, max_length=45)]
    device_id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET


class CombineH5Scene(Strict):
    """`scene_info` of H5."""

    payer_client_ip: Annotated[str, Meta(min_length=1, max_length=45)]
    device_id: Annotated[str, Meta(min_length=1, max_length=32)]
    h5_info: H5Info


class CombinePayer(Strict):
    """`combine_payer_info`."""

    openid: OpenId | UnsetType = UNSET
    sub_openid: OpenId | UnsetType = UNSET
    identity: dict[str, Any] | UnsetType = UNSET


class CombinePrepay(Strict, kw_only=True):
    """What all four ways of paying share."""

    combine_appid: AppId
    combine_mchid: MchId
    combine_out_trade_no: CombineNo
    sub_orders: list[SubOrder]
    notify_url: NotifyUrl
    time_start: str | UnsetType = UNSET
    time_expire: str | UnsetType = UNSET
    limit_pay: list[Literal["no_balance", "no_debit", "no_credit", "balance_only"]] | UnsetType = UNSET


class CombineJsapi(CombinePrepay, kw_only=True):
    """POST /v3/combine-transactions/jsapi."""

    combine_payer_info: CombinePayer
    scene_info: CombineScene | UnsetType = UNSET
    subsidy_info: dict[str, Any] | UnsetType = UNSET


class CombineNative(CombinePrepay, kw_only=True):
    """POST /v3/combine-transactions/native."""

    combine_payer_info: CombinePayer | UnsetType = UNSET
    scene_info: CombineScene | UnsetType = UNSET


class CombineApp(CombineNative, kw_only=True):
    """POST /v3/combine-transactions/app."""

    trade_scenario: Literal["RECOMMERCE"] | UnsetType = UNSET
    subsidy_info: dict[str, Any] | UnsetType = UNSET


class CombineH5(CombinePrepay, kw_only=True):
    """POST /v3/combine-transactions/h5."""

    scene_info: CombineH5Scene
    combine_payer_info: CombinePayer | UnsetType = UNSET


class ClosedPart(Strict):
    """One of `sub_orders` of a close."""

    mchid: MchId
    out_trade_no: OutNo
    sub_mchid: str | UnsetType = UNSET
    sub_appid: str | UnsetType = UNSET


class CombineClose(Strict):
    """POST .../close."""

    combine_appid: AppId
    sub_orders: Annotated[list[ClosedPart], Meta(min_length=1, max_length=50)]
