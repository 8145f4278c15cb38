"""The fund-flow bill: each change of a merchant's account and what was left.

Columns and the words of refunds: Tencent's published field list and samples of it. BASIC is the available money,
FEES what WeChat kept and gave back (it is taken from the payment at once, so nothing is ever left there); the
sandbox's merchants have no OPERATION account.
"""

from collections.abc import Iterator

from wechat_sandbox.journal import Movement
from wechat_sandbox.pay.bills.rows import BOM, Scope, line, moment, yuan
from wechat_sandbox.world import World

HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号\n"
)
SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n"
FEE = ("交易", "扣除交易手续费")
KINDS = {
    "payment": ("交易", "交易"),
    "refund": ("退款", "退款"),
    "refund_closed": ("退款", "退款退回"),
    "share_in": ("分账", "分账"),
    "share_done": ("分账", "分账"),
    "share_closed": ("分账", "分账解冻"),
    "unfreeze": ("分账", "分账解冻"),
    "settled": ("交易", "资金解冻"),
    "return_in": ("分账回退", "分账回退"),
    "return_out": ("分账回退", "分账回退"),
    "transfer": ("商家转账", "商家转账"),
    "transfer_returned": ("商家转账", "商家转账退回"),
    "top_up": ("充值", "充值"),
    "withdraw": ("提现", "提现"),
}


def lines(world: World, scope: Scope, account_type: str) -> Iterator[str]:
    """The bill, line by line; nothing at all when nothing changed on the day."""
    if account_type == "OPERATION":
        return
    mchid = scope.sub_mchid or scope.mchid
    left = sum(row.accounts.get("available", 0) for row in world.journal.days(mchid) if row.day < scope.day)
    counts, sums = {"收入": 0, "支出": 0}, {"收入": 0, "支出": 0}
    for movement in world.journal.movements(mchid, day=scope.day):
        for part, change in enumerate(_changes(movement, account_type)):
            if not change:
                continue
            if not counts["收入"] + counts["支出"]:
                yield BOM + HEADER
            left += change if account_type == "BASIC" else 0
            way = "收入" if change > 0 else "支出"
            counts[way] += 1
            sums[way] += abs(change)
            yield line(_row(world, movement, account_type, part, change, left if account_type == "BASIC" else 0))
    if total := sum(counts.values()):
        yield SUMMARY
        yield line((str(total), str(counts["收入"]), yuan(sums["收入"]), str(counts["支出"]), yuan(sums["支出"])))


def _changes(movement: Movement, account_type: str) -> tuple[int, ...]:
    """What a movement does to the account: a payment's price and fee are two lines of it, in that order."""
    fee = movement.entries.get("fees", 0)
    if account_type == "FEES":
        return (-fee,)
    change = movement.entries.get("available", 0)
    if movement.kind == "payment" and change:
        return (change + fee, -fee)
    return (change,)


def _row(world: World, movement: Movement, account_type: str, part: int, change: int, left: int) -> Iterator[str]:
    order = world.orders.get(movement.order)
    transaction_id = order.transaction_id if order else movement.number
    yield from (moment(movement.at), movement.number or transaction_id, transaction_id)
    yield from FEE if part or account_type == "FEES" else KINDS[movement.kind]
    yield from ("收入" if change > 0 else "支出", yuan(abs(change)), yuan(left), f"{movement.mchid}API")
    note = movement.note
    if movement.kind in ("refund", "refund_closed"):
        fee = abs(movement.entries.get("fees", 0))
        note = f"退款总金额{yuan(movement.amount)}元;含手续费{yuan(fee)}元"
    yield from (note, movement.out_number)
