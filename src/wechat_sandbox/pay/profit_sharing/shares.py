"""Shares of an order's money: asked for, on their way for a moment, then each part arrives or is closed."""

import hashlib
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from wechat_sandbox import books
from wechat_sandbox.asgi import Request
from wechat_sandbox.clock import rfc3339
from wechat_sandbox.models import Merchant, Order
from wechat_sandbox.models_money import ShareDetail, ShareOrder, receiver_key
from wechat_sandbox.pay import notify
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.orders import new_number
from wechat_sandbox.pay.profit_sharing.receivers import check_apps, payee_of
from wechat_sandbox.pay.profit_sharing.requests import CreateShare, ShareItem, Unfreeze
from wechat_sandbox.pay.requests import decode
from wechat_sandbox.pay.sealed import unseal
from wechat_sandbox.world import World

MIN_AGE_SECONDS = 60
MAX_SHARES = 50
_CREATE = msgspec.json.Decoder(CreateShare)
_UNFREEZE = msgspec.json.Decoder(Unfreeze)
_canonical = msgspec.json.Encoder(order="sorted").encode


def create(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/profitsharing/orders; the same number and parameters give the same share."""
    asked = decode(_CREATE, request.body)
    payee = payee_of(world, merchant, asked.sub_mchid)
    check_apps(world, merchant, payee, asked.appid, asked.sub_appid)
    names = [_name(world, merchant, request, place, item) for place, item in enumerate(asked.receivers)]
    for item in asked.receivers:
        item.name = UNSET  # encrypted anew each time that it is asked
    fingerprint = hashlib.sha256(_canonical([asked, names])).hexdigest()[:32]
    share = world.money.shares.get(f"{payee}:{asked.out_order_no}")
    if share is not None:
        if share.fingerprint != fingerprint:
            raise invalid_request("请求重入时，参数与首次请求时不一致")
        return public(share)
    order = order_of(world, merchant, payee, asked.transaction_id)
    _check_rules(world, order)
    _check_receivers(world, order, asked.receivers, names)
    details = [
        ShareDetail(item.type, item.account, item.amount, item.description, new_number(world, "3600", 28))
        for item in asked.receivers
    ]
    share = _new(world, merchant, order, asked.out_order_no, fingerprint, unfreeze=asked.unfreeze_unsplit)
    share.details = details
    return _accept(world, order, share)


def unfreeze(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/profitsharing/orders/unfreeze: the rest is the payee's own. Needs a number of its own:
    one that a share has already answers that share, and nothing is unfrozen."""
    asked = decode(_UNFREEZE, request.body)
    payee = payee_of(world, merchant, asked.sub_mchid)
    share = world.money.shares.get(f"{payee}:{asked.out_order_no}")
    if share is not None:
        return _bare(share)
    order = order_of(world, merchant, payee, asked.transaction_id)
    if not order.profit_sharing:
        raise invalid_request("非分账订单，无需解冻")
    if order.sharing_done:
        raise invalid_request("订单剩余资金已解冻")
    share = _new(world, merchant, order, asked.out_order_no, "", unfreeze=True)
    share.description = asked.description
    _accept(world, order, share)
    return _bare(share)


def query(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/profitsharing/orders/{out_order_no}?transaction_id=[&sub_mchid=]"""
    transaction_id = request.query.get("transaction_id")
    if not transaction_id:
        raise param_error(
            "transaction_id",
            "",
            "输入源“/query/transaction_id”映射到值字段“微信订单号”必填性规则校验失败，此字段为必填项",
            "required",
            "query",
        )
    payee = payee_of(world, merchant, request.query.get("sub_mchid", ""))
    share = world.money.shares.get(f"{payee}:{request.params['out_order_no']}")
    if share is None or share.transaction_id != transaction_id or share.mchid != merchant.mchid:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "分账单不存在")
    return public(share)


def amounts(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/profitsharing/transactions/{transaction_id}/amounts -> what is still frozen."""
    order = world.order_of_transaction.get(request.params["transaction_id"])
    if order is None or merchant.mchid not in (order.mchid, order.payee):
        raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
    return {"transaction_id": order.transaction_id, "unsplit_amount": order.frozen}


def order_of(world: World, merchant: Merchant, payee: str, transaction_id: str) -> Order:
    """A paid order that the caller placed for this payee. Raises PayError 404."""
    order = world.order_of_transaction.get(transaction_id)
    if order is None or order.mchid != merchant.mchid or order.payee != payee:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
    return order


def _name(world: World, merchant: Merchant, request: Request, place: int, item: ShareItem) -> str:
    if isinstance(item.name, UnsetType):
        return ""
    return unseal(world, merchant, request, f"/receivers/{place}/name", item.name)


def _check_rules(world: World, order: Order) -> None:
    if not order.profit_sharing:
        raise invalid_request("非分账订单不支持分账")
    if order.sharing_done:
        raise invalid_request("分账已完结，剩余资金已解冻")
    if world.clock.now() - order.paid_at < MIN_AGE_SECONDS:
        raise invalid_request("订单支付成功1分钟后才能发起分账，请稍后再试")
    if order.share_count >= MAX_SHARES:
        raise PayError(403, "RULE_LIMIT", "同一笔订单最多能发起50次分账请求")


def _check_receivers(world: World, order: Order, receivers: list[ShareItem], names: list[str]) -> None:
    if len({(item.type, item.account) for item in receivers}) < len(receivers):
        raise param_error("/receivers", None, "分账接收方不能重复", "duplicate receiver")
    shared = order.shared
    for place, (item, name) in enumerate(zip(receivers, names, strict=True)):
        if item.type == "MERCHANT_ID" and item.account == order.payee:
            continue  # releases money to itself: no relation, no limit
        known = world.money.receivers.get(receiver_key(order.payee, item.type, item.account))
        if known is None:
            raise invalid_request("分账接收方不存在，请先添加分账接收方")
        if name and known.name and name != known.name:
            raise param_error(f"/receivers/{place}/name", None, "分账接收方姓名不匹配", "name differs")
        shared += item.amount
    if shared * 10000 > order.total * world.money.settings(order.payee).max_ratio:
        raise PayError(403, "RULE_LIMIT", "分账金额超过最大分账比例")


def _new(
    world: World, merchant: Merchant, order: Order, out_order_no: str, fingerprint: str, *, unfreeze: bool
) -> ShareOrder:
    now = world.clock.now()
    return ShareOrder(
        mchid=merchant.mchid,
        sub_mchid=order.sub_mchid,
        payee=order.payee,
        order_id=new_number(world, "3000", 28),
        out_order_no=out_order_no,
        order_key=order.key,
        transaction_id=order.transaction_id,
        created_at=now,
        due_at=now + world.settings.share_seconds,
        fingerprint=fingerprint,
        unfreeze=unfreeze,
    )


def _accept(world: World, order: Order, share: ShareOrder) -> dict[str, Any]:
    try:
        books.share_out(world, order, share)
    except books.NotEnoughError as error:
        raise PayError(403, "NOT_ENOUGH", "分账金额不足，订单剩余待分金额小于请求的分账金额") from error
    _schedule(world, share)
    return public(share)


def _schedule(world: World, share: ShareOrder) -> None:
    world.clock.call_at(share.due_at, lambda: finish(world, share))


def resume(world: World) -> None:
    """After a start: finish the shares that were in progress."""
    for share in world.money.shares.values():
        if share.state == "PROCESSING":
            _schedule(world, share)


def finish(world: World, share: ShareOrder) -> None:
    """Each part arrives or is closed; receivers that are merchants are told."""
    order = world.orders.get(share.order_key)
    assert order is not None, "orders are never deleted"
    if share.state == "FINISHED":
        return
    with world.store.together():
        share.state = "FINISHED"
        share.finished_at = world.clock.now()
        for detail in share.details:
            detail.fail_reason = _fail_reason(world, order, detail)
            detail.result = "CLOSED" if detail.fail_reason else "SUCCESS"
            (books.share_closed if detail.fail_reason else books.share_done)(world, order, share, detail)
        if share.unfreeze:
            share.unfrozen = books.unfreeze(world, order, share.order_id, share.out_order_no)
        world.money.keep_share(share)
        for detail in share.details:
            if detail.result == "SUCCESS" and detail.account != order.payee:
                tell(world, order, detail.account, "分账", share.order_id, share.out_order_no, detail)


def _fail_reason(world: World, order: Order, detail: ShareDetail) -> str:
    if (fault := world.money.faults.get(detail.account)) is not None:
        return fault.fail_reason
    if detail.account == order.payee:
        return ""
    known = receiver_key(order.payee, detail.type, detail.account) in world.money.receivers
    return "" if known else "NO_RELATION"


def tell(
    world: World, order: Order, mchid: str, summary: str, order_id: str, out_order_no: str, detail: ShareDetail
) -> None:
    """Notify a receiver that is a merchant and has said where (分账动账通知)."""
    url = world.money.settings(mchid).share_notify_url
    if detail.type != "MERCHANT_ID" or not url:
        return
    who = {"sp_mchid": order.mchid, "sub_mchid": order.sub_mchid} if order.sub_mchid else {"mchid": order.mchid}
    notify.enqueue(
        world,
        mchid=mchid,
        url=url,
        event_type="TRANSACTION.SUCCESS",
        summary=summary,
        original_type="profitsharing",
        reference=out_order_no,
        data={
            **who,
            "transaction_id": order.transaction_id,
            "order_id": order_id,
            "out_order_no": out_order_no,
            "receiver": {
                "type": detail.type,
                "account": detail.account,
                "amount": detail.amount,
                "description": detail.description,
            },
            "success_time": rfc3339(world.clock.now()),
        },
    )


def _bare(share: ShareOrder) -> dict[str, Any]:
    data: dict[str, Any] = {
        "transaction_id": share.transaction_id,
        "out_order_no": share.out_order_no,
        "order_id": share.order_id,
        "state": share.state,
    }
    if share.sub_mchid:
        data["sub_mchid"] = share.sub_mchid
    return data


def public(share: ShareOrder) -> dict[str, Any]:
    """A share as queries tell it; what was unfrozen stands among the receivers as the payee's own part."""
    times = {
        "create_time": rfc3339(share.created_at),
        "finish_time": rfc3339(share.finished_at or share.due_at),
    }
    receivers: list[dict[str, Any]] = []
    for detail in share.details:
        row: dict[str, Any] = {
            "type": detail.type,
            "account": detail.account,
            "amount": detail.amount,
            "description": detail.description,
            "detail_id": detail.detail_id,
            "result": detail.result,
            **times,
        }
        if detail.fail_reason:
            row["fail_reason"] = detail.fail_reason
        receivers.append(row)
    if share.unfrozen:
        receivers.append(
            {
                "type": "MERCHANT_ID",
                "account": share.payee,
                "amount": share.unfrozen,
                "description": share.description or "解冻给分账方",
                "detail_id": "36" + share.order_id[2:],
                "result": "SUCCESS",
                **times,
            }
        )
    return {**_bare(share), "receivers": receivers}
