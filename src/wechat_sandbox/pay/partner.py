"""A service provider (服务商) orders for its sub-merchants: prepays, queries, closing.

The provider signs, is answered and notified under its own keys; the money is the sub-merchant's.
Source: openapi/v3/pay/partner/transactions, wire.md section 2.
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Merchant, Order
from wechat_sandbox.pay import query
from wechat_sandbox.pay.errors import PayError, param_error
from wechat_sandbox.pay.orders import find_order, settle, transaction
from wechat_sandbox.pay.prepay import (
    Owners,
    appid_mismatch,
    check_client_ip,
    check_openid,
    code_url,
    h5_url,
    place,
)
from wechat_sandbox.pay.requests import (
    AppId,
    H5SceneInfo,
    MchId,
    OptionalPayer,
    Ordered,
    SceneInfo,
    Strict,
    check_notify_url,
    decode,
)
from wechat_sandbox.world import World

OpenId = Annotated[str, Meta(min_length=1, max_length=128)]


class PartnerPayer(Strict):
    """`payer`: the shopper in the provider's app, in the sub-merchant's, or both."""

    sp_openid: OpenId | UnsetType = UNSET
    sub_openid: OpenId | UnsetType = UNSET
    identity: dict[str, Any] | UnsetType = UNSET


class PartnerPrepay(Ordered):
    """What all four ways of paying share."""

    sp_appid: AppId
    sp_mchid: MchId
    sub_mchid: MchId
    sub_appid: AppId | UnsetType = UNSET


class PartnerJsapi(PartnerPrepay, kw_only=True):
    """POST /v3/pay/partner/transactions/jsapi."""

    payer: PartnerPayer
    scene_info: SceneInfo | UnsetType = UNSET
    subsidy_info: dict[str, Any] | UnsetType = UNSET


class PartnerNative(PartnerPrepay, kw_only=True):
    """POST /v3/pay/partner/transactions/native and /app."""

    payer: OptionalPayer | UnsetType = UNSET
    scene_info: SceneInfo | UnsetType = UNSET
    subsidy_info: dict[str, Any] | UnsetType = UNSET


class PartnerH5(PartnerPrepay, kw_only=True):
    """POST /v3/pay/partner/transactions/h5."""

    scene_info: H5SceneInfo
    payer: OptionalPayer | UnsetType = UNSET


class PartnerClose(Strict):
    """POST .../close."""

    sp_mchid: MchId
    sub_mchid: MchId


_JSAPI = msgspec.json.Decoder(PartnerJsapi)
_NATIVE = msgspec.json.Decoder(PartnerNative)
_H5 = msgspec.json.Decoder(PartnerH5)
_CLOSE = msgspec.json.Decoder(PartnerClose)


def jsapi(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/partner/transactions/jsapi -> prepay_id."""
    asked = decode(_JSAPI, request.body)
    owners = _owners(world, merchant, asked)
    if asked.payer.sp_openid is UNSET and asked.payer.sub_openid is UNSET:
        raise param_error("/payer", None, "sp_openid和sub_openid不能同时为空", "give one of the two")
    if asked.payer.sp_openid is not UNSET:
        check_openid(world, owners.appid, asked.payer.sp_openid, "/payer/sp_openid")
        owners = owners._replace(openid=asked.payer.sp_openid)
    if asked.payer.sub_openid is not UNSET:
        if not owners.sub_appid:
            raise param_error("/sub_appid", None, "传sub_openid时，sub_appid必填", "sub_openid needs sub_appid")
        check_openid(world, owners.sub_appid, asked.payer.sub_openid, "/payer/sub_openid")
        owners = owners._replace(sub_openid=asked.payer.sub_openid)
    return {"prepay_id": place(world, merchant, asked, "JSAPI", owners).prepay_id}


def app(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/partner/transactions/app -> prepay_id."""
    asked = decode(_NATIVE, request.body)
    return {"prepay_id": place(world, merchant, asked, "APP", _owners(world, merchant, asked)).prepay_id}


def native(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/partner/transactions/native -> code_url."""
    asked = decode(_NATIVE, request.body)
    return {"code_url": code_url(place(world, merchant, asked, "NATIVE", _owners(world, merchant, asked)))}


def h5(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/partner/transactions/h5 -> h5_url."""
    asked = decode(_H5, request.body)
    owners = _owners(world, merchant, asked)
    check_client_ip(asked.scene_info.payer_client_ip)
    return {"h5_url": h5_url(world, place(world, merchant, asked, "MWEB", owners))}


def _owners(world: World, merchant: Merchant, asked: PartnerPrepay) -> Owners:
    sub_appid = "" if asked.sub_appid is UNSET else asked.sub_appid
    owners = owners_of(world, merchant, asked.sp_mchid, asked.sp_appid, asked.sub_mchid, sub_appid)
    check_notify_url(asked.notify_url)
    return owners


def owners_of(world: World, merchant: Merchant, sp_mchid: str, sp_appid: str, sub_mchid: str, sub_appid: str) -> Owners:
    """Whose order it is, once the numbers and apps are known to belong together. Raises PayError."""
    if sp_mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的sp_mchid不匹配")
    sub = sub_merchant(world, merchant, sub_mchid)
    if sp_appid not in merchant.appids or (sub_appid and sub_appid not in sub.appids):
        raise appid_mismatch()
    return Owners(sp_appid, sub_mchid, sub_appid)


def sub_merchant(world: World, merchant: Merchant, sub_mchid: str) -> Merchant:
    """The sub-merchant that the provider may act for. Raises PayError 403 NO_AUTH."""
    sub = world.merchants.get(sub_mchid)
    if sub is None or merchant.mchid not in sub.sp_mchids:
        raise PayError(403, "NO_AUTH", "子商户号与服务商户号未建立受理关系，无权限")
    return sub


def by_out_trade_no(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/pay/partner/transactions/out-trade-no/{out_trade_no}?sp_mchid=&sub_mchid="""
    sub_mchid = _check_query(world, merchant, request)
    order = find_order(world, merchant, request.params["out_trade_no"])
    if order is None or order.sub_mchid != sub_mchid or not order.appid:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    query.refuse_part(order)
    return transaction(order)


def by_transaction_id(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/pay/partner/transactions/id/{transaction_id}?sp_mchid=&sub_mchid="""
    sub_mchid = _check_query(world, merchant, request)
    order = world.order_of_transaction.get(request.params["transaction_id"])
    if order is None or order.mchid != merchant.mchid or order.sub_mchid != sub_mchid:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    query.refuse_part(order)
    return transaction(settle(world, order))


def _check_query(world: World, merchant: Merchant, request: Request) -> str:
    query.check_query_mchid(merchant, request, "sp_mchid", "服务商户号")
    sub_mchid = query.required_query(request, "sub_mchid", "子商户号")
    return sub_merchant(world, merchant, sub_mchid).mchid


def close(world: World, merchant: Merchant, request: Request) -> None:
    """POST .../out-trade-no/{out_trade_no}/close -> 204."""
    asked = decode(_CLOSE, request.body)
    if asked.sp_mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的sp_mchid不匹配")
    sub_merchant(world, merchant, asked.sub_mchid)
    query.close_order(world, merchant, request.params["out_trade_no"], asked.sub_mchid)


def find(world: World, merchant: Merchant, out_trade_no: str, sub_mchid: str) -> Order | None:
    """The provider's order for this sub-merchant."""
    order = find_order(world, merchant, out_trade_no)
    return order if order is not None and order.sub_mchid == sub_mchid else None
