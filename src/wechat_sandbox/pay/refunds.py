"""Refunds: asked for, in progress for a moment, then done, abnormal or closed, and told."""

import hashlib
from typing import Any

import msgspec
from msgspec import UNSET

from wechat_sandbox import books
from wechat_sandbox.asgi import Request
from wechat_sandbox.clock import rfc3339
from wechat_sandbox.models import Merchant, Order, Refund, refund_key
from wechat_sandbox.models_money import RefundOutcome
from wechat_sandbox.pay import complaint_acts, notify
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.orders import new_number
from wechat_sandbox.pay.refund_requests import AbnormalRefund, CreateRefund, RefundSource
from wechat_sandbox.pay.requests import check_notify_url, decode
from wechat_sandbox.pay.sealed import unseal
from wechat_sandbox.world import World

MAX_REFUNDS = 50
YEAR_SECONDS = 365 * 24 * 3600
SUMMARIES = {"SUCCESS": "退款成功", "ABNORMAL": "退款异常", "CLOSED": "退款关闭"}
_CREATE = msgspec.json.Decoder(CreateRefund)
_ABNORMAL = msgspec.json.Decoder(AbnormalRefund)
_canonical = msgspec.json.Encoder(order="sorted").encode


def create(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/refund/domestic/refunds; the same number and parameters give the same refund."""
    asked = decode(_CREATE, request.body)
    if asked.notify_url is not UNSET:
        check_notify_url(asked.notify_url)
    sub_mchid = "" if asked.sub_mchid is UNSET else asked.sub_mchid
    fingerprint = hashlib.sha256(_canonical(asked)).hexdigest()[:32]
    refund = world.refunds.get(refund_key(merchant.mchid, sub_mchid, asked.out_refund_no))
    if refund is not None:
        if refund.fingerprint != fingerprint:
            raise invalid_request("订单金额或退款金额与之前请求不一致，请核实后再试")
        return _public(refund)
    order = _order_of(world, merchant, sub_mchid, asked)
    _check_rules(world, order, asked)
    now = world.clock.now()
    refund = Refund(
        mchid=merchant.mchid,
        sub_mchid=sub_mchid,
        refund_id=new_number(world, "5030", 29),
        out_refund_no=asked.out_refund_no,
        transaction_id=order.transaction_id,
        out_trade_no=order.out_trade_no,
        order_key=order.key,
        amount=asked.amount.refund,
        total=order.total,
        created_at=now,
        due_at=now + world.settings.refund_seconds,
        fingerprint=fingerprint,
        reason="" if asked.reason is UNSET else asked.reason,
        notify_url="" if asked.notify_url is UNSET else asked.notify_url,
        funds_account="" if asked.funds_account is UNSET else asked.funds_account,
        sources={} if asked.amount.from_ is UNSET else {row.account: row.amount for row in asked.amount.from_},
        outcome=world.money.settings(order.payee).refund_outcome,
    )
    try:
        books.refunded(world, order, refund)
    except books.NotEnoughError as error:
        raise PayError(403, "NOT_ENOUGH", "商户账户余额不足，请充值后使用原单号重新发起") from error
    complaint_acts.refund_asked(world, order)
    _schedule(world, refund)
    return _public(refund)


def query(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/refund/domestic/refunds/{out_refund_no}[?sub_mchid=]"""
    sub_mchid = request.query.get("sub_mchid", "")
    refund = world.refunds.get(refund_key(merchant.mchid, sub_mchid, request.params["out_refund_no"]))
    if refund is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return _public(refund)


def apply_abnormal(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST .../refunds/{refund_id}/apply-abnormal-refund: send an abnormal refund to a bank card instead.

    To a card of the shopper's (its number and the name encrypted) or back to the merchant's own bank.
    """
    asked = decode(_ABNORMAL, request.body)
    sub_mchid = "" if asked.sub_mchid is UNSET else asked.sub_mchid
    refund = world.refunds.get(refund_key(merchant.mchid, sub_mchid, asked.out_refund_no))
    if refund is None or refund.refund_id != request.params["refund_id"]:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    if refund.state == "PROCESSING" and refund.channel == "OTHER_BANKCARD":
        return _public(refund)  # asked again
    if refund.state != "ABNORMAL":
        raise invalid_request("退款单状态不是退款异常，不支持发起异常退款")
    refund.account = "商户银行账户"
    if asked.type == "USER_BANK_CARD":
        if asked.bank_type is UNSET or asked.bank_account is UNSET or asked.real_name is UNSET:
            raise param_error("/bank_account", None, "退款至用户银行卡时，收款银行卡信息为必填项", "required")
        card = unseal(world, merchant, request, "/bank_account", asked.bank_account)
        unseal(world, merchant, request, "/real_name", asked.real_name)
        refund.account = f"{asked.bank_type}{card[-4:]}"
    refund.to_merchant = asked.type == "MERCHANT_BANK_CARD"
    refund.channel = "OTHER_BANKCARD"
    refund.state = "PROCESSING"
    refund.outcome = "SUCCESS"
    refund.due_at = world.clock.now() + world.settings.refund_seconds
    world.refunds.put(refund.key, refund)
    _schedule(world, refund)
    return _public(refund)


def decide(world: World, refund: Refund, outcome: RefundOutcome) -> None:
    """Say how a refund shall end; one that is abnormal ends at once. Raises ValueError when it has ended."""
    if refund.state not in ("PROCESSING", "ABNORMAL"):
        raise ValueError(f"the refund is {refund.state}")
    refund.outcome = outcome
    world.refunds.put(refund.key, refund)
    if refund.state == "ABNORMAL" and outcome in ("SUCCESS", "CLOSED"):
        refund.state = "PROCESSING"
        finish(world, refund)


def _schedule(world: World, refund: Refund) -> None:
    due = refund.due_at or refund.created_at + world.settings.refund_seconds
    world.clock.call_at(due, lambda: finish(world, refund))


def finish(world: World, refund: Refund) -> None:
    """The refund ends as it must; tell the merchant where it asked to be told."""
    if refund.state != "PROCESSING" or world.clock.now() < refund.due_at:
        return
    order = world.orders.get(refund.order_key or f"{refund.mchid}:{refund.out_trade_no}")
    assert order is not None, "orders are never deleted"
    refund.state = refund.outcome or ("ABNORMAL" if _card_closed(world, order) else "SUCCESS")
    refund.ended_at = world.clock.now()
    with world.store.together():
        if refund.state == "SUCCESS":
            refund.succeeded_at = refund.ended_at
            books.refund_done(world, order, refund)
            complaint_acts.refund_arrived(world, order)
        elif refund.state == "CLOSED":
            books.refund_closed(world, order, refund)
        else:
            world.refunds.put(refund.key, refund)
        if refund.notify_url:
            notify.enqueue(
                world,
                mchid=refund.mchid,
                url=refund.notify_url,
                event_type=f"REFUND.{refund.state}",
                summary=SUMMARIES[refund.state],
                original_type="refund",
                reference=refund.out_refund_no,
                data=_notice(refund),
            )


def _card_closed(world: World, order: Order) -> bool:
    identity = world.openids.get(order.payer_openid)
    shopper = world.shoppers.get(identity.shopper_id) if identity else None
    return shopper is not None and shopper.card_closed


def resume(world: World) -> None:
    """After a start: finish the refunds that were in progress."""
    for refund in world.refunds.values():
        if refund.state == "PROCESSING":
            _schedule(world, refund)


def _order_of(world: World, merchant: Merchant, sub_mchid: str, asked: CreateRefund) -> Order:
    if (asked.transaction_id is UNSET) == (asked.out_trade_no is UNSET):
        raise param_error("/transaction_id", None, "transaction_id和out_trade_no必须二选一", "give one of the two")
    order = (
        world.orders.get(f"{merchant.mchid}:{asked.out_trade_no}")
        if asked.out_trade_no is not UNSET
        else world.order_of_transaction.get(str(asked.transaction_id))
    )
    if order is None or order.mchid != merchant.mchid or order.sub_mchid != sub_mchid or not order.transaction_id:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在或未支付")
    return order


def _check_rules(world: World, order: Order, asked: CreateRefund) -> None:
    if asked.amount.total != order.total:
        raise invalid_request("订单金额不一致，请核实后再试")
    if asked.amount.from_ is not UNSET:
        _check_sources(asked, asked.amount.from_)
    if order.refunded + asked.amount.refund > order.total:
        raise invalid_request("申请退款金额超过订单剩余可退金额")
    if order.refund_count >= MAX_REFUNDS:
        raise invalid_request("单笔订单部分退款次数不能超过50次")
    if world.clock.now() - order.paid_at > YEAR_SECONDS:
        raise PayError(403, "TRADE_OVERDUE", "订单已经超过退款期限")


def _check_sources(asked: CreateRefund, sources: list[RefundSource]) -> None:
    if sum(row.amount for row in sources) != asked.amount.refund:
        raise param_error("/amount/from", None, "退款出资金额之和与退款金额不一致", "sum differs from refund")
    if len({row.account for row in sources}) < len(sources):
        raise param_error("/amount/from", None, "退款出资账户重复", "an account stands twice")
    if asked.funds_account is not UNSET:
        raise param_error("/amount/from", None, "指定退款出资账户时，不能传funds_account", "both given")


def _amount(refund: Refund) -> dict[str, Any]:
    return {
        "total": refund.total,
        "refund": refund.amount,
        "payer_total": refund.total,
        "payer_refund": refund.amount,
    }


def _sources(refund: Refund) -> list[dict[str, Any]]:
    return [{"account": account, "amount": amount} for account, amount in refund.sources.items()]


def _public(refund: Refund) -> dict[str, Any]:
    data: dict[str, Any] = {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "channel": refund.channel,
        "user_received_account": refund.account,
        "create_time": rfc3339(refund.created_at),
        "status": refund.state,
        "funds_account": "UNSETTLED" if refund.from_frozen else "AVAILABLE",
        "amount": {
            **_amount(refund),
            "settlement_refund": refund.amount,
            "settlement_total": refund.total,
            "discount_refund": 0,
            "currency": "CNY",
            "refund_fee": refund.fee_returned,
        }
        | ({"from": _sources(refund)} if refund.sources else {}),
        "promotion_detail": [],
    }
    if refund.succeeded_at:
        data["success_time"] = rfc3339(refund.succeeded_at)
    return data


def _notice(refund: Refund) -> dict[str, Any]:
    who = {"sp_mchid": refund.mchid, "sub_mchid": refund.sub_mchid} if refund.sub_mchid else {"mchid": refund.mchid}
    data: dict[str, Any] = {
        **who,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "refund_status": refund.state,
        "user_received_account": refund.account,
        "amount": _amount(refund),
    }
    if refund.succeeded_at:
        data["success_time"] = rfc3339(refund.succeeded_at)
    return data
