"""Payment codes (付款码): what a buyer's phone shows a till, and what happens when the till uses it.

After opendocs.alipay.com/open/02ekfp (alipay.trade.pay), 02ekfr (alipay.trade.cancel) and 00f7ns: 16 to 24 digits that
begin with 25 to 30; a trade above the buyer's own limit answers 10003 and waits for the password.
"""

import re
import secrets
from typing import Any

from alipay_sandbox import trades
from alipay_sandbox.models import App, Buyer, Trade
from alipay_sandbox.trades import Refused
from alipay_sandbox.wire import china, yuan
from alipay_sandbox.world import World

CODE_SECONDS = 60.0
"""How long a code is good, unless it was used."""

_CODE = re.compile(r"(25|26|27|28|29|30)[0-9]{14,22}")

Content = dict[str, Any]


def show(world: World, buyer: Buyer) -> str:
    """The code on the buyer's phone now; a new one when the last was used or its minute is over."""
    if not buyer.code or buyer.code_until <= world.now():
        buyer.code = f"{25 + secrets.randbelow(6)}{secrets.randbelow(10**16):016}"
        buyer.code_until = world.now() + CODE_SECONDS
        world.buyers.put(buyer.buyer_id, buyer)
    return buyer.code


def pay(world: World, app: App, content: Content, params: dict[str, str]) -> Content:
    """alipay.trade.pay. Raises Refused; the same number again takes nothing again."""
    if content.get("scene", "bar_code") != "bar_code":
        raise Refused("ACQ.INVALID_PARAMETER", "scene 应为 bar_code")
    known = world.find_trade(app.app_id, str(content.get("out_trade_no", "")))
    if known is not None:
        return _waiting(trades.order(world, app, content, "code", params))
    buyer = _use(world, str(content.get("auth_code", "")))
    trade = trades.order(world, app, content, "code", params, buyer)
    if buyer.pays_up_to_fen is not None and trade.total_fen > buyer.pays_up_to_fen:
        # the trade stays: whoever asked has to undo it
        raise Refused("ACQ.BUYER_BALANCE_NOT_ENOUGH", "买家余额不足")
    if trade.total_fen > buyer.password_above_fen:
        return _waiting(trade)
    trades.pay(world, trade)
    return {
        **_about(trade),
        "total_amount": yuan(trade.total_fen),
        "receipt_amount": yuan(trade.total_fen),
        "buyer_pay_amount": yuan(trade.total_fen),
        "gmt_payment": china(trade.paid_at),
        "fund_bill_list": [{"fund_channel": "ALIPAYACCOUNT", "amount": yuan(trade.total_fen)}],
    }


def cancel(world: World, app: App, content: Content, _: dict[str, str]) -> Content:
    """alipay.trade.cancel: `action` is missing when no such trade is known. Raises Refused."""
    number = str(content.get("out_trade_no", ""))
    told = {"out_trade_no": number, "retry_flag": "N"}
    if world.cancel_again > 0:
        world.cancel_again -= 1
        return {**told, "retry_flag": "Y"}
    trade = world.find_trade(app.app_id, number, str(content.get("trade_no", "")))
    if trade is None or not trade.opened:
        return told
    return {**told, "out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no, "action": trades.undo(world, trade)}


def _use(world: World, code: str) -> Buyer:
    """The buyer who shows the code, which is no good any more then."""
    buyer = next((one for one in world.buyers.values() if one.code == code), None) if _CODE.fullmatch(code) else None
    if buyer is None or buyer.code_until <= world.now():
        raise Refused("ACQ.PAYMENT_AUTH_CODE_INVALID", "支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款")
    buyer.code = ""
    world.buyers.put(buyer.buyer_id, buyer)
    return buyer


def _waiting(trade: Trade) -> Content:
    return {"code": "10003", "msg": " order success pay inprocess", **_about(trade)}


def _about(trade: Trade) -> Content:
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_logon_id": "ali***@sandbox.test",
        "buyer_user_id": "2088102100000001",
    }
