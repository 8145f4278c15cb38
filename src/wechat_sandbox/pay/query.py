"""Asking about orders, closing them, and the platform certificates."""

import secrets
from typing import Any

import msgspec
from cryptography import x509

from wechat_sandbox.asgi import Request
from wechat_sandbox.clock import rfc3339
from wechat_sandbox.crypto import gcm_encrypt
from wechat_sandbox.models import Merchant, Order
from wechat_sandbox.pay.errors import PayError, param_error
from wechat_sandbox.pay.orders import find_order, settle, transaction
from wechat_sandbox.pay.requests import CloseOrder, decode
from wechat_sandbox.world import World

_CLOSE = msgspec.json.Decoder(CloseOrder)


def by_out_trade_no(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/pay/transactions/out-trade-no/{out_trade_no}?mchid="""
    _check_mchid(merchant, request)
    order = find_order(world, merchant, request.params["out_trade_no"])
    if order is None or not order.appid:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    return transaction(order)


def by_transaction_id(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/pay/transactions/id/{transaction_id}?mchid="""
    _check_mchid(merchant, request)
    order = world.order_of_transaction.get(request.params["transaction_id"])
    if order is None or order.mchid != merchant.mchid:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    return transaction(settle(world, order))


def close(world: World, merchant: Merchant, request: Request) -> None:
    """POST .../out-trade-no/{out_trade_no}/close -> 204.

    Closing again is allowed. Closing a number that was never ordered answers 204 as well, and
    burns it: that is what merchants report of the real service.
    """
    asked = decode(_CLOSE, request.body)
    if asked.mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配")
    out_trade_no = request.params["out_trade_no"]
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
        order = Order(merchant.mchid, "", out_trade_no, "", "", 0, "", now, now, "", "", now)
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


def _check_mchid(merchant: Merchant, request: Request) -> None:
    mchid = request.query.get("mchid")
    if not mchid:
        raise param_error(
            "mchid",
            "",
            "输入源“/query/mchid”映射到值字段“直连商户号”必填性规则校验失败，此字段为必填项",
            "required",
            "query",
        )
    if mchid != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与query中的mchid不匹配")
