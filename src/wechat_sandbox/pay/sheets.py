"""The payment sheet: what a shopper sees between the merchant's call and the money."""

import secrets

from wechat_sandbox import books
from wechat_sandbox.accounts import identity_of
from wechat_sandbox.crypto import pay_message, rsa_verify
from wechat_sandbox.models import Order, Sheet, Shopper
from wechat_sandbox.pay import notify
from wechat_sandbox.pay.orders import new_number, prepay_lives, settle, transaction
from wechat_sandbox.world import World


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
    if params["appId"] != order.appid:
        raise SheetError("appid与下单时不一致")
    return _open(world, shopper, order)


def open_app(world: World, shopper: Shopper, params: dict[str, str]) -> Sheet:
    """The sheet that a mobile app calls up, whose fourth line is the bare prepay id. Raises SheetError."""
    for name in ("appid", "partnerid", "prepayid", "package", "noncestr", "timestamp", "sign"):
        if not params.get(name):
            raise SheetError(f"参数错误：缺少{name}")
    order = world.order_of_prepay.get(params["prepayid"])
    if order is None or order.trade_type != "APP" or params["partnerid"] != order.mchid:
        raise SheetError("支付验证签名失败")
    message = pay_message(params["appid"], params["timestamp"], params["noncestr"], params["prepayid"])
    _check_signature(world, order, message, params["sign"])
    if params["appid"] != order.appid:
        raise SheetError("appid与下单时不一致")
    return _open(world, shopper, order)


def _check_signature(world: World, order: Order, message: bytes, signature: str) -> None:
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


def _open(world: World, shopper: Shopper, order: Order) -> Sheet:
    _check_payable(world, order)
    if order.openid and identity_of(world, order.appid, shopper.shopper_id).openid != order.openid:
        raise SheetError("下单账号与支付账号不一致，请核实后再支付")
    sheet = Sheet("sheet_" + secrets.token_hex(8), shopper.shopper_id, order.key, world.clock.now())
    return world.sheets.put(sheet.sheet_id, sheet)


def _check_payable(world: World, order: Order) -> None:
    settle(world, order)
    if order.state in ("SUCCESS", "REFUND"):
        raise SheetError("该订单已支付")
    if order.state == "CLOSED":
        raise SheetError("订单已关闭")
    if not prepay_lives(world, order):
        raise SheetError("订单已过期，请返回商家重新下单")


def order_of(world: World, sheet: Sheet) -> Order:
    """The order that a sheet pays."""
    order = world.orders.get(sheet.order_key)
    assert order is not None, "orders are never deleted"
    return order


def pay(world: World, sheet: Sheet) -> Order:
    """The shopper pays; the merchant is told at once. Raises SheetError."""
    order = order_of(world, sheet)
    if sheet.state == "cancelled":
        raise SheetError("支付已取消")
    _check_payable(world, order)
    with world.store.together():
        _take_money(world, sheet, order)
        notify.enqueue(
            world,
            mchid=order.mchid,
            url=order.notify_url,
            event_type="TRANSACTION.SUCCESS",
            summary="支付成功",
            original_type="transaction",
            reference=order.out_trade_no,
            data=transaction(order),
        )
    return order


def _take_money(world: World, sheet: Sheet, order: Order) -> None:
    order.state = "SUCCESS"
    order.transaction_id = new_number(world, "42000", 28)
    order.paid_at = world.clock.now()
    order.payer_openid = identity_of(world, order.appid, sheet.shopper_id).openid
    order.bank_type = "OTHERS"  # paid from the balance
    world.index_order(order)
    books.order_paid(world, order)
    sheet.state = "paid"
    world.sheets.put(sheet.sheet_id, sheet)
    shopper = world.shoppers.get(sheet.shopper_id)
    if shopper is not None:
        shopper.spent_fen += order.total
        world.shoppers.put(shopper.shopper_id, shopper)


def cancel(world: World, sheet: Sheet) -> None:
    """The shopper leaves the sheet. Raises SheetError when it is paid."""
    if sheet.state == "paid":
        raise SheetError("该订单已支付")
    sheet.state = "cancelled"
    world.sheets.put(sheet.sheet_id, sheet)
