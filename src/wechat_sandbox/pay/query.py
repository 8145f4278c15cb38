"""Asking about orders, closing them, and the platform certificates."""

import secrets
from typing import Any

import msgspec
from cryptography import x509

from wechat_sandbox.asgi import Request
from wechat_sandbox.clock import rfc3339
from wechat_sandbox.crypto import gcm_encrypt
from wechat_sandbox.models import Merchant, Order
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.orders import find_order, settle, transaction
from wechat_sandbox.pay.requests import CloseOrder, decode
from wechat_sandbox.world import World

_CLOSE = msgspec.json.Decoder(CloseOrder)


def by_out_trade_no(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/pay/transactions/out-trade-no/{out_trade_no}?mchid="""
    check_query_mchid(merchant, request, "mchid", "直连商户号")
    order = find_order(world, merchant, request.params["out_trade_no"])
    if order is None or not order.appid or order.sub_mchid:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    refuse_part(order)
    return transaction(order)


def by_transaction_id(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/pay/transactions/id/{transaction_id}?mchid="""
    check_query_mchid(merchant, request, "mchid", "直连商户号")
    order = world.order_of_transaction.get(request.params["transaction_id"])
    if order is None or order.mchid != merchant.mchid or order.sub_mchid:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    refuse_part(order)
    return transaction(settle(world, order))


def refuse_part(order: Order) -> None:
    """A part of a combined order is asked for and closed with the whole only. Raises PayError."""
    if order.combine_key:
        raise invalid_request("该订单为合单支付子单，请使用合单接口查询或关闭")


def close(world: World, merchant: Merchant, request: Request) -> None:
    """POST .../out-trade-no/{out_trade_no}/close -> 204."""
    asked = decode(_CLOSE, request.body)
    if asked.mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配")
    close_order(world, merchant, request.params["out_trade_no"], "")


def close_order(world: World, merchant: Merchant, out_trade_no: str, sub_mchid: str) -> None:
    """Close an order. Raises PayError.

    Closing again is allowed. Closing a number that was never ordered succeeds as well, and burns
    it: that is what merchants report of the real service.
    """
    if not 6 <= len(out_trade_no) <= 32:
        rule = "小于最小值 6" if len(out_trade_no) < 6 else "大于最大值 32"
        raise param_error(
            "out_trade_no",
            len(out_trade_no),
            f"输入源“/uri_template/out_trade_no”映射到值字段“商户订单号”字符串规则校验失败，"
            f"字节数 {len(out_trade_no)}，{rule}",
            "length",
            "uri_template",
        )
    order = find_order(world, merchant, out_trade_no)
    if order is None:
        now = world.clock.now()
        order = Order(
            mchid=merchant.mchid,
            sub_mchid=sub_mchid,
            appid="",
            out_trade_no=out_trade_no,
            trade_type="",
            description="",
            total=0,
            notify_url="",
            created_at=now,
            expires_at=now,
            fingerprint="",
            prepay_id="",
            prepaid_at=now,
        )
    if order.sub_mchid != sub_mchid:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    refuse_part(order)
    if order.trade_type == "MICROPAY":
        raise invalid_request("付款码支付的订单请使用撤销接口")
    if order.state in ("SUCCESS", "REFUND"):
        raise PayError(400, "ORDERPAID", "该订单已支付，不能关单")
    order.state = "CLOSED"
    world.orders.put(order.key, order)


def certificates(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/certificates: the platform's certificate, encrypted under the APIv3 key.

    A merchant in public-key mode still has one, as those have that switched over.
    """
    del request
    pem = world.keys.certificate(merchant).certificate_pem
    certificate = x509.load_pem_x509_certificate(pem.encode())
    nonce = secrets.token_hex(6)
    return {
        "data": [
            {
                "serial_no": merchant.platform_serial_no,
                "effective_time": rfc3339(certificate.not_valid_before_utc.timestamp()),
                "expire_time": rfc3339(certificate.not_valid_after_utc.timestamp()),
                "encrypt_certificate": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "nonce": nonce,
                    "associated_data": "certificate",
                    "ciphertext": gcm_encrypt(merchant.apiv3_key, nonce, "certificate", pem.encode()),
                },
            }
        ]
    }


def check_query_mchid(merchant: Merchant, request: Request, name: str, title: str) -> None:
    """The number in the query is the caller's own. Raises PayError."""
    if required_query(request, name, title) != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", f"http header中的mchid与query中的{name}不匹配")


def required_query(request: Request, name: str, title: str) -> str:
    """A value of the query. Raises PayError when it is missing."""
    value = request.query.get(name)
    if not value:
        raise param_error(
            name,
            "",
            f"输入源“/query/{name}”映射到值字段“{title}”必填性规则校验失败，此字段为必填项",
            "required",
            "query",
        )
    return value
