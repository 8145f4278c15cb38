"""The payment sheet: what a shopper sees between the merchant's call and the money."""

import secrets
from typing import Any

from wechat_sandbox import books
from wechat_sandbox.accounts import identity_of, merchant_name
from wechat_sandbox.crypto import pay_message, rsa_verify
from wechat_sandbox.models import Order, Sheet, Shopper
from wechat_sandbox.pay import notify
from wechat_sandbox.pay.orders import (
    combined_transaction,
    end,
    new_number,
    parts,
    prepay_lives,
    settle,
    transaction,
)
from wechat_sandbox.pay.rows import CombinedOrder
from wechat_sandbox.world import World

AnyOrder = Order | CombinedOrder


class SheetError(Exception):
    """What WeChat shows instead of the sheet, or instead of the tick."""


def open_jsapi(world: World, shopper: Shopper, params: dict[str, str]) -> Sheet:
    """The sheet of a JSAPI or mini-program call. Raises SheetError when WeChat would refuse it."""
    for name in ("appId", "timeStamp", "nonceStr", "package", "signType", "paySign"):
        if not params.get(name):
            raise SheetError(f"调用支付JSAPI缺少参数：{name}")
    if params["signType"] != "RSA":
        raise SheetError("支付验证签名失败")  # the v3 interfaces sign with RSA alone
    order = world.order_of_prepay.get(params["package"].removeprefix("prepay_id="))
    if order is None or order.trade_type != "JSAPI" or not params["package"].startswith("prepay_id="):
        raise SheetError("支付验证签名失败")
    message = pay_message(params["appId"], params["timeStamp"], params["nonceStr"], params["package"])
    _check_signature(world, order, message, params["paySign"])
    if params["appId"] not in callers(order):
        raise SheetError("appid与下单时不一致")
    return _open(world, shopper, order)


def open_app(world: World, shopper: Shopper, params: dict[str, str]) -> Sheet:
    """The sheet that a mobile app calls up, whose fourth line is the bare prepay id. Raises SheetError."""
    for name in ("appid", "partnerid", "prepayid", "package", "noncestr", "timestamp", "sign"):
        if not params.get(name):
            raise SheetError(f"参数错误：缺少{name}")
    order = world.order_of_prepay.get(params["prepayid"])
    partners = (order.mchid, order.sub_mchid) if order is not None else ()
    if order is None or order.trade_type != "APP" or params["partnerid"] not in partners:
        raise SheetError("支付验证签名失败")
    message = pay_message(params["appid"], params["timestamp"], params["noncestr"], params["prepayid"])
    _check_signature(world, order, message, params["sign"])
    if params["appid"] not in callers(order):
        raise SheetError("appid与下单时不一致")
    return _open(world, shopper, order)


def callers(order: AnyOrder) -> tuple[str, ...]:
    """The apps that may call the sheet up: the ordering one; the sub-merchant's, where the order names it."""
    if order.sub_openid and not order.openid:
        return (order.sub_appid,)
    return (order.appid, order.sub_appid) if order.sub_appid else (order.appid,)


def _check_signature(world: World, order: AnyOrder, message: bytes, signature: str) -> None:
    merchant = world.merchants.get(order.mchid)
    if merchant is None or not rsa_verify(world.keys.merchant(merchant).public, message, signature):
        raise SheetError("支付验证签名失败")


def open_code(world: World, shopper: Shopper, code_url: str) -> Sheet:
    """The sheet behind a scanned Native code. Raises SheetError."""
    order = world.order_of_code.get(code_url.partition("pr=")[2])
    if order is None:
        raise SheetError("二维码已失效")
    return _open(world, shopper, order)


def open_h5(world: World, shopper: Shopper, h5_url: str) -> Sheet:
    """The sheet that an H5 page calls up. Raises SheetError."""
    order = world.order_of_prepay.get(h5_url.partition("prepay_id=")[2].partition("&")[0])
    if order is None or order.trade_type != "MWEB":
        raise SheetError("商家参数格式有误，请联系商家解决")
    return _open(world, shopper, order)


def _open(world: World, shopper: Shopper, order: AnyOrder) -> Sheet:
    _check_payable(world, order)
    if not _is_payer(world, shopper, order.appid, order.openid) or not _is_payer(
        world, shopper, order.sub_appid, order.sub_openid
    ):
        raise SheetError("下单账号与支付账号不一致，请核实后再支付")
    return new_sheet(world, shopper, order)


def new_sheet(world: World, shopper: Shopper, order: AnyOrder) -> Sheet:
    """A sheet on the shopper's phone."""
    combined = isinstance(order, CombinedOrder)
    now = world.clock.now()
    sheet = Sheet("sheet_" + secrets.token_hex(8), shopper.shopper_id, order.key, now, combined=combined)
    return world.sheets.put(sheet.sheet_id, sheet)


def _is_payer(world: World, shopper: Shopper, appid: str, openid: str) -> bool:
    return not openid or identity_of(world, appid, shopper.shopper_id).openid == openid


def _check_payable(world: World, order: AnyOrder) -> None:
    settle(world, order)
    if order.state in ("SUCCESS", "REFUND"):
        raise SheetError("该订单已支付")
    if order.state in ("CLOSED", "REVOKED"):
        raise SheetError("订单已关闭")
    if order.state == "PAYERROR":
        raise SheetError("支付失败，请重新下单支付")
    if order.state != "USERPAYING" and not prepay_lives(world, order):
        raise SheetError("订单已过期，请返回商家重新下单")


def order_of(world: World, sheet: Sheet) -> AnyOrder:
    """The order that a sheet pays."""
    order = world.pay.combined.get(sheet.order_key) if sheet.combined else world.orders.get(sheet.order_key)
    assert order is not None, "orders are never deleted"
    return order


def describe(world: World, sheet: Sheet) -> dict[str, Any]:
    """What the shopper sees of a sheet."""
    order = order_of(world, sheet)
    combined = parts(world, order) if isinstance(order, CombinedOrder) else []
    return {
        "sheet_id": sheet.sheet_id,
        "merchant_name": merchant_name(world, order.payee),
        "description": order.description,
        "total_fen": order.total,
        "state": sheet.state,
        "transaction_id": order.transaction_id if sheet.state == "paid" else None,
        "parts": [
            {
                "merchant_name": merchant_name(world, part.payee),
                "description": part.description,
                "total_fen": part.total,
            }
            for part in combined
        ],
    }


def pay(world: World, sheet: Sheet) -> AnyOrder:
    """The shopper pays, all orders or none; the merchant is told at once. Raises SheetError."""
    order = order_of(world, sheet)
    if sheet.state == "cancelled":
        raise SheetError("支付已取消")
    _check_payable(world, order)
    shopper = world.shoppers.get(sheet.shopper_id)
    if shopper is not None and shopper.pays_up_to_fen is not None and order.total > shopper.pays_up_to_fen:
        raise SheetError("余额不足，请更换支付方式")
    with world.store.together():
        take_money(world, sheet.shopper_id, order)
        sheet.state = "paid"
        world.sheets.put(sheet.sheet_id, sheet)
        if order.notify_url:
            combined = isinstance(order, CombinedOrder)
            notify.enqueue(
                world,
                mchid=order.mchid,
                url=order.notify_url,
                event_type="TRANSACTION.SUCCESS",
                summary="支付成功",
                original_type="transaction",
                reference=order.out_trade_no,
                data=combined_transaction(world, order) if combined else transaction(order),
            )
    return order


def take_money(world: World, shopper_id: str, order: AnyOrder) -> None:
    """The shopper's money goes to whom the order, or each part of it, is paid to."""
    if isinstance(order, CombinedOrder):
        for part in parts(world, order):
            take_money(world, shopper_id, part)
        order.state = "SUCCESS"
        order.payer_openid = identity_of(world, order.appid, shopper_id).openid
        world.pay.combined.put(order.key, order)
        return
    order.state = "SUCCESS"
    order.transaction_id = new_number(world, "42000", 28)
    order.paid_at = world.clock.now()
    order.payer_openid = identity_of(world, order.appid, shopper_id).openid
    if order.sub_appid:
        order.payer_sub_openid = identity_of(world, order.sub_appid, shopper_id).openid
    order.bank_type = "OTHERS"  # paid from the balance
    world.index_order(order)
    books.order_paid(world, order)
    shopper = world.shoppers.get(shopper_id)
    if shopper is not None:
        shopper.spent_fen += order.total
        world.shoppers.put(shopper.shopper_id, shopper)


def cancel(world: World, sheet: Sheet) -> None:
    """The shopper leaves the sheet; a payment at a till has failed then. Raises SheetError when it is paid."""
    if sheet.state == "paid":
        raise SheetError("该订单已支付")
    with world.store.together():
        sheet.state = "cancelled"
        world.sheets.put(sheet.sheet_id, sheet)
        order = order_of(world, sheet)
        if order.state == "USERPAYING":
            end(world, order, "PAYERROR")
