"""Returns: a merchant that received a share gives it back to the payee, mostly for a refund."""

import hashlib
from typing import Any

import msgspec
from msgspec import UNSET

from wechat_sandbox import books
from wechat_sandbox.asgi import Request
from wechat_sandbox.clock import rfc3339
from wechat_sandbox.models import Merchant
from wechat_sandbox.models_money import ShareDetail, ShareOrder, ShareReturn
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.orders import new_number
from wechat_sandbox.pay.profit_sharing.receivers import payee_of
from wechat_sandbox.pay.profit_sharing.requests import CreateReturn
from wechat_sandbox.pay.profit_sharing.shares import tell
from wechat_sandbox.pay.requests import decode
from wechat_sandbox.world import World

RETURN_SECONDS = 180 * 24 * 3600
_CREATE = msgspec.json.Decoder(CreateReturn)
_canonical = msgspec.json.Encoder(order="sorted").encode


def create(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/profitsharing/return-orders; the same number and parameters give the same return."""
    asked = decode(_CREATE, request.body)
    payee = payee_of(world, merchant, asked.sub_mchid)
    fingerprint = hashlib.sha256(_canonical(asked)).hexdigest()[:32]
    back = world.money.returns.get(f"{payee}:{asked.out_return_no}")
    if back is not None:
        if back.fingerprint != fingerprint:
            raise invalid_request("请求重入时，参数与首次请求时不一致")
        return public(back)
    share = _share_of(world, merchant, payee, asked)
    detail = _detail_of(share, asked.return_mchid)
    now = world.clock.now()
    if now - share.finished_at > RETURN_SECONDS:
        raise PayError(403, "RULE_LIMIT", "分账完成已超过180天，不支持回退")
    if detail.returned + asked.amount > detail.amount:
        raise invalid_request("回退金额超过原分账金额")
    back = ShareReturn(
        mchid=merchant.mchid,
        sub_mchid=share.sub_mchid,
        payee=payee,
        return_id=new_number(world, "3008", 28),
        out_return_no=asked.out_return_no,
        order_id=share.order_id,
        out_order_no=share.out_order_no,
        return_mchid=asked.return_mchid,
        amount=asked.amount,
        description=asked.description,
        created_at=now,
        due_at=now + world.settings.share_seconds,
        fingerprint=fingerprint,
    )
    with world.store.together():
        detail.returned += back.amount
        world.money.keep_share(share)
        world.money.returns.put(back.key, back)
    _schedule(world, back)
    return public(back)


def query(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/profitsharing/return-orders/{out_return_no}?out_order_no=[&sub_mchid=]"""
    payee = payee_of(world, merchant, request.query.get("sub_mchid", ""))
    back = world.money.returns.get(f"{payee}:{request.params['out_return_no']}")
    if back is None or back.mchid != merchant.mchid or back.out_order_no != request.query.get("out_order_no"):
        raise PayError(404, "RESOURCE_NOT_EXISTS", "分账回退单不存在")
    return public(back)


def _share_of(world: World, merchant: Merchant, payee: str, asked: CreateReturn) -> ShareOrder:
    if (asked.order_id is UNSET) == (asked.out_order_no is UNSET):
        raise param_error("/order_id", None, "order_id和out_order_no必须二选一", "give one of the two")
    share = (
        world.money.shares.get(f"{payee}:{asked.out_order_no}")
        if asked.out_order_no is not UNSET
        else world.money.share_of_id.get(str(asked.order_id))
    )
    if share is None or share.payee != payee or share.mchid != merchant.mchid:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "分账单不存在")
    return share


def _detail_of(share: ShareOrder, return_mchid: str) -> ShareDetail:
    for detail in share.details:
        if detail.type == "MERCHANT_ID" and detail.account == return_mchid and return_mchid != share.payee:
            if detail.result != "SUCCESS":
                break
            return detail
    raise invalid_request("原分账单中没有该商户成功的分账，不支持回退")


def _schedule(world: World, back: ShareReturn) -> None:
    world.clock.call_at(back.due_at, lambda: finish(world, back))


def resume(world: World) -> None:
    """After a start: finish the returns that were in progress."""
    for back in world.money.returns.values():
        if back.result == "PROCESSING":
            _schedule(world, back)


def finish(world: World, back: ShareReturn) -> None:
    """The receiver's available money pays it back, or it fails for want of that."""
    share = world.money.share_of_id[back.order_id]
    order = world.orders.get(share.order_key)
    assert order is not None, "orders are never deleted"
    if back.result != "PROCESSING":
        return
    detail = _detail_of(share, back.return_mchid)
    with world.store.together():
        back.finished_at = world.clock.now()
        try:
            books.share_returned(world, order, share, back)
            back.result = "SUCCESS"
            told = ShareDetail("MERCHANT_ID", back.return_mchid, back.amount, back.description, "")
            tell(world, order, back.return_mchid, "分账回退", back.return_id, back.out_return_no, told)
        except books.NotEnoughError:
            back.result = "FAILED"
            back.fail_reason = "BALANCE_NOT_ENOUGH"
            detail.returned -= back.amount
            world.money.keep_share(share)
        world.money.returns.put(back.key, back)


def public(back: ShareReturn) -> dict[str, Any]:
    """A return as queries tell it."""
    data: dict[str, Any] = {
        "order_id": back.order_id,
        "out_order_no": back.out_order_no,
        "out_return_no": back.out_return_no,
        "return_id": back.return_id,
        "return_mchid": back.return_mchid,
        "amount": back.amount,
        "description": back.description,
        "result": back.result,
        "create_time": rfc3339(back.created_at),
        "finish_time": rfc3339(back.finished_at or back.due_at),
    }
    if back.sub_mchid:
        data["sub_mchid"] = back.sub_mchid
    if back.fail_reason:
        data["fail_reason"] = back.fail_reason
    return data
