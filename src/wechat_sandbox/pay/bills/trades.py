"""The trade bill: each payment and refund of a day.

Columns: the fixture bill.ALL.csv of Tencent's wechatpay-php (wire.md 2.2); those of SUCCESS and REFUND follow the
published field lists. A refund stands in the bill of the day on which it was accepted, as it stood at that day's end.
"""

from collections.abc import Iterator

from wechat_sandbox.journal import Movement
from wechat_sandbox.models import Refund
from wechat_sandbox.pay.bills.rows import BOM, Scope, day_end, line, moment, order_of, yuan
from wechat_sandbox.world import World

_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,"
)
_TIMES = "退款申请时间,退款成功时间,"
_REFUND = "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
HEADERS = {
    "ALL": _HEAD + _REFUND + "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\n",
    "SUCCESS": _HEAD + "商品名称,商户数据包,手续费,费率,订单金额,费率备注\n",
    "REFUND": _HEAD + _TIMES + _REFUND + "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\n",
}
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\n"
_NONE = ("0", "0", "0.00", "0.00", "", "")


def lines(world: World, scope: Scope, bill_type: str) -> Iterator[str]:
    """The bill, line by line; nothing at all when the day has none."""
    count = paid = refunded = fees = 0
    end = day_end(scope.day)
    for movement in scope.movements(world):
        refund = None
        if movement.kind == "refund" and bill_type != "SUCCESS":
            refund = _refund_of(world, movement)
            if refund.state == "CLOSED" and refund.ended_at < end:
                continue  # taken back on the same day
            refunded += movement.amount
        elif movement.kind == "payment" and bill_type != "REFUND":
            paid += movement.amount
        else:
            continue
        if count == 0:
            yield BOM + HEADERS[bill_type]
        count += 1
        fees += movement.entries.get("fees", 0)
        yield line(_row(world, movement, refund, bill_type, end))
    if count:
        yield SUMMARY
        money = (paid, refunded, 0, fees, paid, refunded)
        yield line((str(count), *(yuan(fen) for fen in money)))


def _refund_of(world: World, movement: Movement) -> Refund:
    owner, sub_mchid = movement.order.partition(":")[0], movement.mchid if movement.sp_mchid else ""
    key = f"{owner}:{sub_mchid}:{movement.out_number}" if sub_mchid else f"{owner}:{movement.out_number}"
    refund = world.refunds.get(key)
    assert refund is not None, "refunds are never deleted"
    return refund


def _row(world: World, movement: Movement, refund: Refund | None, bill_type: str, end: float) -> Iterator[str]:
    order = order_of(world, movement)
    paid = yuan(0 if refund else movement.amount)
    yield from (moment(movement.at), order.appid, order.mchid, order.sub_mchid or "0", "")
    yield from (order.transaction_id, order.out_trade_no, order.payer_openid, order.trade_type)
    yield from ("REFUND" if refund else "SUCCESS", order.bank_type, "CNY", paid, "0.00")
    done = refund is not None and 0 < refund.succeeded_at < end
    if refund and bill_type == "REFUND":
        yield from (moment(refund.created_at), moment(refund.succeeded_at) if done else "")
    if refund:
        yield from (refund.refund_id, refund.out_refund_no, yuan(refund.amount), "0.00")
        yield from (refund.channel, "SUCCESS" if done else "PROCESSING")
    elif bill_type == "ALL":
        yield from _NONE
    fee = movement.entries.get("fees", 0)
    yield from (order.description, order.attach, f"{fee / 100:.5f}", f"{order.fee_bp / 100:.2f}%", paid)
    if bill_type != "SUCCESS":
        yield yuan(refund.amount if refund else 0)
    yield ""
