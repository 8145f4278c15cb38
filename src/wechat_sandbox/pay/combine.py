"""Combined orders (合单): prepay, query, close; one payment for the orders of several merchants.

Direct merchants combine 2 to 10 orders, service providers 1 to 50. The parts are refunded one by
one under their own numbers, but asked for and closed as one. Source: openapi/v3/combine-transactions,
wire.md section 2.
"""

from typing import Any

import msgspec
from msgspec import UNSET

from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Merchant, Order
from wechat_sandbox.pay.combine_requests import (
    CombineApp,
    CombineClose,
    CombineH5,
    CombineJsapi,
    CombineNative,
    CombinePrepay,
    SubOrder,
)
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.orders import (
    CLOSES_AFTER_SECONDS,
    combined_transaction,
    end,
    find_order,
    new_number,
    new_prepay_id,
    prepay_lives,
    settle,
)
from wechat_sandbox.pay.partner import sub_merchant
from wechat_sandbox.pay.prepay import (
    ALREADY_PAID,
    appid_mismatch,
    check_client_ip,
    check_openid,
    check_reentry,
    code_url,
    fingerprint_of,
    h5_url,
    new_code_key,
    out_trade_no_used,
    renew,
)
from wechat_sandbox.pay.requests import check_notify_url, decode, parse_expiry
from wechat_sandbox.pay.rows import CombinedOrder
from wechat_sandbox.world import World

AnyPrepay = CombineJsapi | CombineNative | CombineH5
DIRECT_PARTS = (2, 10)
PARTNER_PARTS = (1, 50)
_JSAPI = msgspec.json.Decoder(CombineJsapi)
_NATIVE = msgspec.json.Decoder(CombineNative)
_APP = msgspec.json.Decoder(CombineApp)
_H5 = msgspec.json.Decoder(CombineH5)
_CLOSE = msgspec.json.Decoder(CombineClose)


def jsapi(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/combine-transactions/jsapi -> prepay_id."""
    asked = decode(_JSAPI, request.body)
    payer = asked.combine_payer_info
    if payer.openid is UNSET and payer.sub_openid is UNSET:
        raise param_error("/combine_payer_info/openid", None, "支付者标识不能为空", "give openid or sub_openid")
    return {"prepay_id": _place(world, merchant, asked, "JSAPI").prepay_id}


def native(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/combine-transactions/native -> code_url."""
    return {"code_url": code_url(_place(world, merchant, decode(_NATIVE, request.body), "NATIVE"))}


def app(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/combine-transactions/app -> prepay_id."""
    return {"prepay_id": _place(world, merchant, decode(_APP, request.body), "APP").prepay_id}


def h5(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/combine-transactions/h5 -> h5_url."""
    asked = decode(_H5, request.body)
    check_client_ip(asked.scene_info.payer_client_ip)
    return {"h5_url": h5_url(world, _place(world, merchant, asked, "MWEB"))}


def _place(world: World, merchant: Merchant, asked: AnyPrepay, trade_type: str) -> CombinedOrder:
    _check(world, merchant, asked)
    fingerprint = fingerprint_of(trade_type, asked)
    combined = _find(world, merchant, asked.combine_out_trade_no)
    if combined is not None:
        check_reentry(combined, trade_type, fingerprint)
        if trade_type != "JSAPI" or not prepay_lives(world, combined):
            renew(world, combined)
        return world.pay.combined.put(combined.key, combined)
    sub_openid = _check_payer(world, asked)
    for row in asked.sub_orders:
        if f"{row.mchid}:{row.out_trade_no}" in world.orders:
            raise out_trade_no_used()
    now = world.clock.now()
    expires_at = now + CLOSES_AFTER_SECONDS
    if asked.time_expire is not UNSET:
        expires_at = min(expires_at, parse_expiry(asked.time_expire, now))
    payer, scene = asked.combine_payer_info, asked.scene_info
    combined = CombinedOrder(
        mchid=merchant.mchid,
        appid=asked.combine_appid,
        out_trade_no=asked.combine_out_trade_no,
        trade_type=trade_type,
        order_keys=[f"{row.mchid}:{row.out_trade_no}" for row in asked.sub_orders],
        total=sum(row.amount.total_amount for row in asked.sub_orders),
        description=asked.sub_orders[0].description,
        notify_url=asked.notify_url,
        created_at=now,
        expires_at=expires_at,
        fingerprint=fingerprint,
        prepay_id=new_prepay_id(world),
        prepaid_at=now,
        transaction_id=new_number(world, "42000", 28),
        code_key=new_code_key() if trade_type == "NATIVE" else "",
        openid="" if payer is UNSET or payer.openid is UNSET else payer.openid,
        sub_appid=_sub_appid(asked) if sub_openid else "",
        sub_openid=sub_openid,
        device_id="" if scene is UNSET or scene.device_id is UNSET else scene.device_id,
    )
    with world.store.together():
        for row in asked.sub_orders:
            order = _part(combined, row)
            world.orders.put(order.key, order)
        world.pay.combined.put(combined.key, combined)
    world.index_prepay(combined)
    return combined


def _part(combined: CombinedOrder, row: SubOrder) -> Order:
    shared = row.settle_info is not UNSET and row.settle_info.profit_sharing
    if row.profit_sharing is not UNSET:
        shared = shared or row.profit_sharing
    return Order(
        mchid=row.mchid,
        appid=combined.appid,
        out_trade_no=row.out_trade_no,
        trade_type=combined.trade_type,
        description=row.description,
        total=row.amount.total_amount,
        notify_url=combined.notify_url,
        created_at=combined.created_at,
        expires_at=combined.expires_at,
        fingerprint=combined.fingerprint,
        prepay_id="",
        prepaid_at=combined.prepaid_at,
        attach=row.attach,
        profit_sharing=shared,
        sub_mchid="" if row.sub_mchid is UNSET else row.sub_mchid,
        sub_appid="" if row.sub_appid is UNSET else row.sub_appid,
        combine_key=combined.key,
    )


def _check(world: World, merchant: Merchant, asked: CombinePrepay) -> None:
    if asked.combine_mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的combine_mchid不匹配")
    if asked.combine_appid not in merchant.appids:
        raise appid_mismatch()
    check_notify_url(asked.notify_url)
    partner = [row.sub_mchid is not UNSET for row in asked.sub_orders]
    if any(partner) and not all(partner):
        raise param_error("/sub_orders", None, "子单的sub_mchid须全部填写或全部不填", "sub_mchid in all or none")
    least, most = PARTNER_PARTS if any(partner) else DIRECT_PARTS
    if not least <= len(partner) <= most:
        raise param_error(
            "/sub_orders", len(partner), f"子单数量不合法，应为{least}到{most}笔", f"{least} to {most} sub orders"
        )
    if len({(row.mchid, row.out_trade_no) for row in asked.sub_orders}) != len(partner):
        raise param_error("/sub_orders", None, "子单商户订单号重复", "an out_trade_no stands twice")
    for row in asked.sub_orders:
        _check_part(world, asked.combine_appid, row)


def _check_part(world: World, combine_appid: str, row: SubOrder) -> None:
    seller = world.merchants.get(row.mchid)
    if seller is None:
        raise PayError(400, "MCH_NOT_EXISTS", "商户号不存在")
    if combine_appid not in seller.appids:
        raise appid_mismatch()
    if row.sub_mchid is not UNSET:
        sub = sub_merchant(world, seller, row.sub_mchid)
        if row.sub_appid is not UNSET and row.sub_appid not in sub.appids:
            raise appid_mismatch()


def _check_payer(world: World, asked: AnyPrepay) -> str:
    """The shopper is one of the apps named. Returns the sub_openid, if there is one."""
    payer = asked.combine_payer_info
    if payer is UNSET:
        return ""
    if payer.openid is not UNSET:
        check_openid(world, asked.combine_appid, payer.openid, "/combine_payer_info/openid")
    if payer.sub_openid is UNSET:
        return ""
    check_openid(world, _sub_appid(asked), payer.sub_openid, "/combine_payer_info/sub_openid")
    return payer.sub_openid


def _sub_appid(asked: CombinePrepay) -> str:
    return next((row.sub_appid for row in asked.sub_orders if row.sub_appid is not UNSET), "")


def _find(world: World, merchant: Merchant, out_trade_no: str) -> CombinedOrder | None:
    combined = world.pay.combined.get(f"{merchant.mchid}:{out_trade_no}")
    return settle(world, combined) if combined is not None else None


def by_out_trade_no(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/combine-transactions/out-trade-no/{combine_out_trade_no}"""
    combined = _find(world, merchant, request.params["combine_out_trade_no"])
    if combined is None:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    return combined_transaction(world, combined)


def close(world: World, merchant: Merchant, request: Request) -> None:
    """POST .../out-trade-no/{combine_out_trade_no}/close -> 204; the list must be that of the prepay."""
    asked = decode(_CLOSE, request.body)
    combined = _find(world, merchant, request.params["combine_out_trade_no"])
    if combined is None:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    if asked.combine_appid != combined.appid:
        raise invalid_request("combine_appid与下单时不一致")
    wanted = {
        (row.mchid, row.out_trade_no, row.sub_mchid if row.sub_mchid is not UNSET else "") for row in asked.sub_orders
    }
    orders = [find_order(world, _owner(world, key), key.partition(":")[2]) for key in combined.order_keys]
    placed = {(row.mchid, row.out_trade_no, row.sub_mchid) for row in orders if row is not None}
    if wanted != placed or len(asked.sub_orders) != len(placed):
        raise invalid_request("关单的子单信息与下单时不一致，合单不支持关闭部分子单")
    if combined.state == "SUCCESS":
        error = PayError(400, "ORDERPAID", "该订单已支付，不能关单")
        error.number = ALREADY_PAID
        raise error
    end(world, combined, "CLOSED")


def _owner(world: World, key: str) -> Merchant:
    owner = world.merchants.get(key.partition(":")[0])
    assert owner is not None, "merchants are never deleted"
    return owner
