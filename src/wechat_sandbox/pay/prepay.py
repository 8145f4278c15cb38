"""Placing an order: JSAPI (and mini program), Native, H5, App."""

import hashlib
import ipaddress
import secrets
from typing import Any, NamedTuple

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
    Ordered,
    Prepay,
    Strict,
    check_notify_url,
    decode,
    parse_expiry,
)
from wechat_sandbox.pay.rows import CombinedOrder
from wechat_sandbox.world import World

_JSAPI = msgspec.json.Decoder(JsapiPrepay)
_NATIVE = msgspec.json.Decoder(NativePrepay)
_H5 = msgspec.json.Decoder(H5Prepay)
_canonical = msgspec.json.Encoder(order="sorted").encode

REENTERED = 268498688
ALREADY_PAID = 268449538
"""Numbers in Request-ID (wire.md section 1)."""


class Owners(NamedTuple):
    """Whose order it is, and which shopper it is for where that is known."""

    appid: str
    sub_mchid: str = ""
    sub_appid: str = ""
    openid: str = ""
    sub_openid: str = ""


def jsapi(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/transactions/jsapi -> prepay_id, good for two hours."""
    asked = decode(_JSAPI, request.body)
    _check_app(merchant, asked)
    check_openid(world, asked.appid, asked.payer.openid, "/payer/openid")
    return {
        "prepay_id": place(world, merchant, asked, "JSAPI", Owners(asked.appid, "", "", asked.payer.openid)).prepay_id
    }


def app(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/transactions/app -> prepay_id."""
    asked = decode(_NATIVE, request.body)
    _check_app(merchant, asked)
    return {"prepay_id": place(world, merchant, asked, "APP", Owners(asked.appid)).prepay_id}


def native(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/transactions/native -> code_url; asking again kills the former code."""
    asked = decode(_NATIVE, request.body)
    _check_app(merchant, asked)
    return {"code_url": code_url(place(world, merchant, asked, "NATIVE", Owners(asked.appid)))}


def h5(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/pay/transactions/h5 -> h5_url, good for five minutes."""
    asked = decode(_H5, request.body)
    _check_app(merchant, asked)
    check_client_ip(asked.scene_info.payer_client_ip)
    return {"h5_url": h5_url(world, place(world, merchant, asked, "MWEB", Owners(asked.appid)))}


def _check_app(merchant: Merchant, asked: Prepay) -> None:
    if asked.mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配")
    if asked.appid not in merchant.appids:
        raise appid_mismatch()
    check_notify_url(asked.notify_url)


def appid_mismatch() -> PayError:
    """The app is not bound to the merchant."""
    return PayError(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配，请检查后再试")


def check_openid(world: World, appid: str, openid: str, field: str) -> None:
    """Raises PayError unless the openid is a shopper's in this app."""
    identity = world.openids.get(openid)
    if identity is None or identity.appid != appid:
        raise param_error(field, openid, "appid和openid不匹配", "openid is not of this appid")


def check_client_ip(address: str) -> None:
    """Raises PayError for what cannot be a shopper's address."""
    try:
        local = ipaddress.ip_address(address).is_loopback
    except ValueError:
        local = True
    if local:
        raise param_error(
            "/scene_info/payer_client_ip",
            address,
            "用户终端IP不合法",
            "payer_client_ip must be the shopper's own address",
        )


def code_url(order: Order | CombinedOrder) -> str:
    """What the QR code of a Native order says."""
    return f"weixin://wxpay/bizpayurl?pr={order.code_key}"


def h5_url(world: World, order: Order | CombinedOrder) -> str:
    """The page that calls WeChat up from a browser."""
    path = f"/cgi-bin/mmpayweb-bin/checkmweb?prepay_id={order.prepay_id}&package={secrets.randbelow(2**32)}"
    return world.settings.base_url + path


def fingerprint_of(trade_type: str, asked: Strict) -> str:
    """What two requests with the same number must have in common."""
    return hashlib.sha256(trade_type.encode() + _canonical(asked)).hexdigest()[:32]


def place(world: World, merchant: Merchant, asked: Ordered, trade_type: str, owners: Owners) -> Order:
    """The order of a checked request, new or entered again. Raises PayError."""
    now = world.clock.now()
    fingerprint = fingerprint_of(trade_type, asked)
    order = find_order(world, merchant, asked.out_trade_no)
    if order is not None:
        return _reenter(world, order, trade_type, fingerprint)
    expires_at = now + CLOSES_AFTER_SECONDS
    if asked.time_expire is not UNSET:
        expires_at = min(expires_at, parse_expiry(asked.time_expire, now))
    order = Order(
        mchid=merchant.mchid,
        appid=owners.appid,
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
        code_key=new_code_key() if trade_type == "NATIVE" else "",
        attach="" if asked.attach is UNSET else asked.attach,
        openid=owners.openid,
        profit_sharing=asked.settle_info is not UNSET and asked.settle_info.profit_sharing,
        sub_mchid=owners.sub_mchid,
        sub_appid=owners.sub_appid,
        sub_openid=owners.sub_openid,
    )
    world.index_order(order)
    return world.orders.put(order.key, order)


def new_code_key() -> str:
    """What tells one Native code from another."""
    return secrets.token_urlsafe(7)[:9]


def check_reentry(order: Order | CombinedOrder, trade_type: str, fingerprint: str) -> None:
    """The same number again is welcome with the same parameters while it is unpaid. Raises PayError otherwise."""
    if order.state in ("SUCCESS", "REFUND", "REVOKED"):
        error = PayError(400, "ORDERPAID", "该订单已支付")
        error.number = ALREADY_PAID
        raise error
    if order.state in ("CLOSED", "PAYERROR"):
        raise PayError(400, "ORDER_CLOSED", "订单已关闭，请使用新的商户订单号重新下单")
    if order.trade_type != trade_type or (isinstance(order, Order) and order.combine_key):
        raise out_trade_no_used()
    if order.fingerprint != fingerprint:
        error = invalid_request("请求重入时，参数与首次请求时不一致")
        error.number = REENTERED
        raise error


def out_trade_no_used() -> PayError:
    """The number belongs to another order."""
    return PayError(403, "OUT_TRADE_NO_USED", "商户订单号重复，请核实商户订单号是否重复提交")


def _reenter(world: World, order: Order, trade_type: str, fingerprint: str) -> Order:
    """The same number again: same parameters get a living prepay, anything else is refused."""
    check_reentry(order, trade_type, fingerprint)
    if trade_type == "JSAPI" and prepay_lives(world, order):
        return order
    renew(world, order)
    return world.orders.put(order.key, order)


def renew(world: World, order: Order | CombinedOrder) -> None:
    """Give an order a new prepay id and code; the former ones are dead."""
    world.order_of_prepay.pop(order.prepay_id, None)
    world.order_of_code.pop(order.code_key, None)
    order.prepay_id = new_prepay_id(world)
    order.prepaid_at = world.clock.now()
    if order.trade_type == "NATIVE":
        order.code_key = new_code_key()
    world.index_prepay(order)
