"""A day's trade bill as Alipay gives it: a ZIP with two CSV files in GBK, one of rows and one of sums."""

import io
import zipfile

from alipay_sandbox.models import App, Refund, Trade
from alipay_sandbox.wire import china, day_of, yuan
from alipay_sandbox.world import World

_COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
_RULE = "-" * 40


def make(world: World, app: App, day: str) -> bytes:
    """The bill of a day."""
    paid = [t for t in world.trades.values() if t.app_id == app.app_id and t.paid_at and day_of(t.paid_at) == day]
    back = [r for r in world.refunds.values() if r.app_id == app.app_id and day_of(r.at) == day]
    rows = [(t.paid_at, _paid_row(t, _first_fee(world, t))) for t in paid]
    rows += [(r.at, _refund_row(r, world.by_trade_no[r.trade_no])) for r in back]
    year, month, date = day.split("-")
    head = [
        "#支付宝业务明细查询",
        f"#账号：[{app.seller_id}0156]",
        f"#起始日期：[{year}年{month}月{date}日 00:00:00]   终止日期：[{year}年{month}月{date}日 23:59:59]",
        f"#{_RULE}业务明细列表{_RULE}",
        _COLUMNS,
        *(row for _, row in sorted(rows)),
        f"#{_RULE}业务明细列表结束{_RULE}",
        f"#交易合计：{len(paid)}笔，商家实收共{yuan(sum(t.total_fen for t in paid))}元",
        f"#退款合计：{len(back)}笔，退款共{yuan(sum(r.amount_fen for r in back))}元",
        f"#导出时间：[{china(world.now())}]",
    ]
    sums = ["#支付宝业务汇总查询", f"#账号：[{app.seller_id}0156]", f"#{_RULE}业务汇总列表{_RULE}"]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as files:
        name = f"{app.seller_id}0156_{year}{month}{date}_业务明细"
        files.writestr(f"{name}(汇总).csv", _gbk(sums))
        files.writestr(f"{name}.csv", _gbk(head))
    return out.getvalue()


def _first_fee(world: World, trade: Trade) -> int:
    """The fee of the payment, before refunds gave any of it back."""
    return trade.fee_fen + sum(r.fee_fen for r in world.refunds.values() if r.trade_no == trade.trade_no)


def _paid_row(trade: Trade, fee_fen: int) -> str:
    times = f"{china(trade.created_at)},{china(trade.paid_at)}"
    return _row(trade, "交易", times, trade.total_fen, "", -fee_fen)


def _refund_row(refund: Refund, trade: Trade) -> str:
    times = f"{china(trade.created_at)},{china(refund.at)}"
    # What stands here of an undone payment is not documented: nothing is what is harder to read.
    number = "" if trade.undone and refund.out_request_no == trade.out_trade_no else f"{refund.out_request_no}\t"
    return _row(trade, "退款", times, -refund.amount_fen, number, refund.fee_fen)


def _row(trade: Trade, kind: str, times: str, amount_fen: int, request_no: str, fee_fen: int) -> str:
    amount = yuan(amount_fen)
    subject = trade.subject.replace(",", "，").replace('"', "”")
    return (
        f"{trade.trade_no}\t,{trade.out_trade_no}\t,{kind},{subject},{times},,,,,ali***@sandbox.test,{amount},{amount},"
        f"0.00,0.00,0.00,0.00,0.00,,0.00,0.00,{request_no},{yuan(fee_fen)},0.00,"
    )


def _gbk(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")
