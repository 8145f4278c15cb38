"""Placing an order: JSAPI (and mini program), Native, H5, App."""

import hashlib
import ipaddress
import secrets
from typing import Any

import msgspec
from msgspec import UNSET

from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Merchant, Order
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.orders import CLOSES_AFTER_SECONDS, find_order, new_prepay_id, prepay_lives
from wechat_sandbox.pay.requests import (
    H5Prepay,
    JsapiPrepay,
    NativePrepay,
    Prepay,
    check_notify_url,
    decode,
    parse_expiry,
)
from wechat_sandbox.world import World

_JSAPI = msgspec.json.Decoder(JsapiPrepay)
_NATIVE = msgspec.json.Decoder(NativePrepay)
_H5 = msgspec.json.Decoder(H5Prepay)
_canonical = msgspec.json.Encoder(order="sorted").encode


def jsapi(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/transactions/jsapi -> prepay_id, good for two hours."""
    asked = decode(_JSAPI, request.body)
    _check_app(merchant, asked)
    identity = world.openids.get(asked.payer.openid)
    if identity is None or identity.appid != asked.appid:
        raise param_error("/payer/openid", asked.payer.openid, "appid和openid不匹配", "openid is not of this appid")
    return {"prepay_id": _place(world, merchant, asked, "JSAPI", asked.payer.openid).prepay_id}


def app(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/transactions/app -> prepay_id."""
    asked = decode(_NATIVE, request.body)
    _check_app(merchant, asked)
    return {"prepay_id": _place(world, merchant, asked, "APP").prepay_id}


def native(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/transactions/native -> code_url; asking again kills the former code."""
    asked = decode(_NATIVE, request.body)
    _check_app(merchant, asked)
    order = _place(world, merchant, asked, "NATIVE")
    return {"code_url": f"weixin://wxpay/bizpayurl?pr={order.code_key}"}


def h5(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/transactions/h5 -> h5_url, good for five minutes."""
    asked = decode(_H5, request.body)
    _check_app(merchant, asked)
    try:
        local = ipaddress.ip_address(asked.scene_info.payer_client_ip).is_loopback
    except ValueError:
        local = True
    if local:
        raise param_error(
            "/scene_info/payer_client_ip",
            asked.scene_info.payer_client_ip,
            "用户终端IP不合法",
            "payer_client_ip must be the shopper's own address",
        )
    order = _place(world, merchant, asked, "MWEB")
    path = f"/cgi-bin/mmpayweb-bin/checkmweb?prepay_id={order.prepay_id}&package={secrets.randbelow(2**32)}"
    return {"h5_url": world.settings.base_url + path}


def _check_app(merchant: Merchant, asked: Prepay) -> None:
    if asked.mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配")
    if asked.appid not in merchant.appids:
        raise PayError(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配，请检查后再试")
    check_notify_url(asked.notify_url)


def _fingerprint(trade_type: str, asked: Prepay) -> str:
    return hashlib.sha256(trade_type.encode() + _canonical(asked)).hexdigest()[:32]


def _place(world: World, merchant: Merchant, asked: Prepay, trade_type: str, openid: str = "") -> Order:
    now = world.clock.now()
    fingerprint = _fingerprint(trade_type, asked)
    order = find_order(world, merchant, asked.out_trade_no)
    if order is not None:
        return _reenter(world, order, trade_type, fingerprint)
    expires_at = now + CLOSES_AFTER_SECONDS
    if asked.time_expire is not UNSET:
        expires_at = min(expires_at, parse_expiry(asked.time_expire, now))
    order = Order(
        mchid=merchant.mchid,
        appid=asked.appid,
        out_trade_no=asked.out_trade_no,
        trade_type=trade_type,
        description=asked.description,
        total=asked.amount.total,
        notify_url=asked.notify_url,
        created_at=now,
        expires_at=expires_at,
        fingerprint=fingerprint,
        prepay_id=new_prepay_id(world),
        prepaid_at=now,
        code_key=secrets.token_urlsafe(7)[:9] if trade_type == "NATIVE" else "",
        attach="" if asked.attach is UNSET else asked.attach,
        openid=openid,
        profit_sharing=asked.settle_info is not UNSET and asked.settle_info.profit_sharing,
    )
    world.index_order(order)
    return world.orders.put(order.key, order)


def _reenter(world: World, order: Order, trade_type: str, fingerprint: str) -> Order:
    """The same number again: same parameters get a living prepay, anything else is refused."""
    if order.state in ("SUCCESS", "REFUND"):
        raise PayError(400, "ORDERPAID", "该订单已支付")
    if order.state == "CLOSED":
        raise PayError(400, "ORDER_CLOSED", "订单已关闭，请使用新的商户订单号重新下单")
    if order.trade_type != trade_type:
        raise PayError(403, "OUT_TRADE_NO_USED", "商户订单号重复，请核实商户订单号是否重复提交")
    if order.fingerprint != fingerprint:
        raise invalid_request("请求重入时，参数与首次请求时不一致")
    if trade_type == "JSAPI" and prepay_lives(world, order):
        return order
    world.order_of_prepay.pop(order.prepay_id, None)
    world.order_of_code.pop(order.code_key, None)
    order.prepay_id = new_prepay_id(world)
    order.prepaid_at = world.clock.now()
    if trade_type == "NATIVE":
        order.code_key = secrets.token_urlsafe(7)[:9]
    world.index_order(order)
    return world.orders.put(order.key, order)
