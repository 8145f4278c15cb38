"""Refunds: asked for, in progress for a moment, then done and told."""

import hashlib
from typing import Any

import msgspec
from msgspec import UNSET

from wechat_sandbox.asgi import Request
from wechat_sandbox.clock import rfc3339
from wechat_sandbox.models import Merchant, Order, Refund
from wechat_sandbox.pay import notify
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.orders import find_order, new_number
from wechat_sandbox.pay.requests import CreateRefund, check_notify_url, decode
from wechat_sandbox.world import World

MAX_REFUNDS = 50
YEAR_SECONDS = 365 * 24 * 3600
_CREATE = msgspec.json.Decoder(CreateRefund)
_canonical = msgspec.json.Encoder(order="sorted").encode


def create(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/refund/domestic/refunds; the same number and parameters give the same refund."""
    asked = decode(_CREATE, request.body)
    if asked.notify_url is not UNSET:
        check_notify_url(asked.notify_url)
    fingerprint = hashlib.sha256(_canonical(asked)).hexdigest()[:32]
    refund = world.refunds.get(f"{merchant.mchid}:{asked.out_refund_no}")
    if refund is not None:
        if refund.fingerprint != fingerprint:
            raise invalid_request("订单金额或退款金额与之前请求不一致，请核实后再试")
        return _public(refund)
    order = _order_of(world, merchant, asked)
    _check_rules(world, order, asked)
    refund = Refund(
        mchid=merchant.mchid,
        refund_id=new_number(world, "5030", 29),
        out_refund_no=asked.out_refund_no,
        transaction_id=order.transaction_id,
        out_trade_no=order.out_trade_no,
        amount=asked.amount.refund,
        total=order.total,
        created_at=world.clock.now(),
        fingerprint=fingerprint,
        reason="" if asked.reason is UNSET else asked.reason,
        notify_url="" if asked.notify_url is UNSET else asked.notify_url,
    )
    order.refunded += refund.amount
    order.refund_count += 1
    order.state = "REFUND"
    world.orders.put(order.key, order)
    world.refunds.put(refund.key, refund)
    world.clock.call_later(world.settings.refund_seconds, lambda: finish(world, refund))
    return _public(refund)


def query(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/refund/domestic/refunds/{out_refund_no}"""
    refund = world.refunds.get(f"{merchant.mchid}:{request.params['out_refund_no']}")
    if refund is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return _public(refund)


def finish(world: World, refund: Refund) -> None:
    """The money is back; tell the merchant where it asked to be told."""
    if refund.state != "PROCESSING":
        return
    refund.state = "SUCCESS"
    refund.succeeded_at = world.clock.now()
    world.refunds.put(refund.key, refund)
    if refund.notify_url:
        notify.enqueue(
            world,
            mchid=refund.mchid,
            url=refund.notify_url,
            event_type="REFUND.SUCCESS",
            summary="退款成功",
            original_type="refund",
            reference=refund.out_refund_no,
            data=_notice(refund),
        )


def resume(world: World) -> None:
    """After a start: finish the refunds that were in progress."""
    for refund in world.refunds.values():
        if refund.state == "PROCESSING":
            due = refund.created_at + world.settings.refund_seconds
            world.clock.call_at(due, lambda refund=refund: finish(world, refund))


def _order_of(world: World, merchant: Merchant, asked: CreateRefund) -> Order:
    if (asked.transaction_id is UNSET) == (asked.out_trade_no is UNSET):
        raise param_error("/transaction_id", None, "transaction_id和out_trade_no必须二选一", "give one of the two")
    order = (
        find_order(world, merchant, asked.out_trade_no)
        if asked.out_trade_no is not UNSET
        else world.order_of_transaction.get(str(asked.transaction_id))
    )
    if order is None or order.mchid != merchant.mchid or not order.transaction_id:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在或未支付")
    return order


def _check_rules(world: World, order: Order, asked: CreateRefund) -> None:
    if asked.amount.total != order.total:
        raise invalid_request("订单金额不一致，请核实后再试")
    if order.refunded + asked.amount.refund > order.total:
        raise invalid_request("申请退款金额超过订单剩余可退金额")
    if order.refund_count >= MAX_REFUNDS:
        raise invalid_request("单笔订单部分退款次数不能超过50次")
    if world.clock.now() - order.paid_at > YEAR_SECONDS:
        raise PayError(403, "TRADE_OVERDUE", "订单已经超过退款期限")


def _public(refund: Refund) -> dict[str, Any]:
    data: dict[str, Any] = {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": rfc3339(refund.created_at),
        "status": refund.state,
        "funds_account": "AVAILABLE",
        "amount": {
            "total": refund.total,
            "refund": refund.amount,
            "payer_total": refund.total,
            "payer_refund": refund.amount,
            "settlement_refund": refund.amount,
            "settlement_total": refund.total,
            "discount_refund": 0,
            "currency": "CNY",
        },
        "promotion_detail": [],
    }
    if refund.succeeded_at:
        data["success_time"] = rfc3339(refund.succeeded_at)
    return data


def _notice(refund: Refund) -> dict[str, Any]:
    return {
        "mchid": refund.mchid,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "refund_status": refund.state,
        "success_time": rfc3339(refund.succeeded_at),
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": refund.total,
            "refund": refund.amount,
            "payer_total": refund.total,
            "payer_refund": refund.amount,
        },
    }
