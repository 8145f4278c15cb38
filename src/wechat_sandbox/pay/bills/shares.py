"""The profit-sharing bill: each part that arrived or was closed on a day, each unfreezing and each return.

Tencent publishes its field names but no sample; the summary line is our guess.
"""

from collections.abc import Iterator

from wechat_sandbox.journal import Movement
from wechat_sandbox.pay.bills.rows import BOM, Scope, line, moment, order_of, yuan
from wechat_sandbox.world import World

HEADER = (
    "分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,商户分账/回退单号,订单金额(元),"
    "分账接收方,分账金额(元),业务类型,处理状态,分账描述,备注\n"
)
SUMMARY = "总笔数,总金额(元)\n"
KINDS = {
    "share_done": ("分账", "SUCCESS"),
    "share_closed": ("分账", "CLOSED"),
    "unfreeze": ("解冻", "SUCCESS"),
    "return_in": ("分账回退", "SUCCESS"),
}


def lines(world: World, scope: Scope, _: str) -> Iterator[str]:
    """The bill, line by line; nothing at all when the day has none."""
    count = total = 0
    for movement in scope.movements(world):
        if movement.kind not in KINDS:
            continue
        if count == 0:
            yield BOM + HEADER
        count += 1
        total += movement.amount
        yield line(_row(world, movement))
    if count:
        yield SUMMARY
        yield line((str(count), yuan(total)))


def _row(world: World, movement: Movement) -> Iterator[str]:
    order = order_of(world, movement)
    business, state = KINDS[movement.kind]
    yield from (moment(movement.at), order.mchid, order.payee, order.transaction_id, movement.number)
    yield from ("" if movement.kind == "return_in" else movement.note, movement.out_number, yuan(order.total))
    yield from (movement.party or order.payee, yuan(movement.amount), business, state)
    yield from (_description(world, movement), "")


def _description(world: World, movement: Movement) -> str:
    if movement.kind == "return_in":
        back = world.money.returns.get(f"{movement.mchid}:{movement.out_number}")
        return back.description if back else ""
    share = world.money.share_of_id.get(movement.number)
    if share is None:
        return "到期自动解冻"
    for detail in share.details:
        if detail.detail_id == movement.note:
            return detail.description
    return share.description or "解冻给分账方"
