"""What happens to a trade: it is opened, paid, closed, refunded."""

import re
import secrets
from typing import Any

from alipay_sandbox import notify
from alipay_sandbox.models import App, Buyer, Refund, Trade
from alipay_sandbox.wire import china, read_china, read_yuan, yuan
from alipay_sandbox.world import FEE_BASIS_POINTS, World, new_trade_no

LIFE_SECONDS = 15 * 24 * 3600.0
"""A trade without `time_expire` stays payable that long."""

CODE_LIFE_SECONDS = 3 * 3600.0
"""The same of a trade by payment code without `timeout_express`."""

UNDO_SECONDS = 24 * 3600.0
"""So long after its payment a trade can be undone."""

_TIMEOUT = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": 60.0, "h": 3600.0, "d": 24 * 3600.0}


class Refused(Exception):
    """40004 with a `sub_code`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def order(
    world: World, app: App, content: dict[str, Any], product: str, more: dict[str, str], buyer: Buyer | None = None
) -> Trade:
    """A trade that may be paid; the same number with the same amount is the same trade. Raises Refused.

    One of a `buyer` who showed her code is known to queries at once.
    """
    number, subject = str(content.get("out_trade_no", "")), str(content.get("subject", ""))
    total_fen = read_yuan(content.get("total_amount"))
    if not 1 <= len(number) <= 64 or not 1 <= len(subject) <= 256 or total_fen is None or total_fen > 10_000_000_000:
        raise Refused("ACQ.INVALID_PARAMETER", "参数无效")
    now = world.now()
    expires_at = _expiry(content, now, CODE_LIFE_SECONDS if product == "code" else LIFE_SECONDS)
    known = world.find_trade(app.app_id, number)
    if known is not None:
        return _again(world, known, total_fen, expires_at, more)
    trade = Trade(
        app_id=app.app_id,
        out_trade_no=number,
        trade_no=new_trade_no(now),
        token=secrets.token_urlsafe(18),
        subject=subject,
        total_fen=total_fen,
        product=product,
        notify_url=more.get("notify_url", ""),
        return_url=more.get("return_url", ""),
        created_at=now,
        expires_at=expires_at,
        opened=buyer is not None,
        buyer_id=buyer.buyer_id if buyer else "",
    )
    if expires_at <= now:
        raise Refused("ACQ.INVALID_PARAMETER", "time_expire 已过")
    world.add_trade(trade)
    return trade


def _expiry(content: dict[str, Any], now: float, life: float) -> float:
    """`time_expire` goes before `timeout_express` (5m, 2h, 1d)."""
    if text := str(content.get("time_expire", "")):
        asked = read_china(text)
        if asked is None:
            raise Refused("ACQ.INVALID_PARAMETER", "time_expire 参数无效")
        return asked
    if text := str(content.get("timeout_express", "")):
        found = _TIMEOUT.fullmatch(text)
        if found is None:
            raise Refused("ACQ.INVALID_PARAMETER", "timeout_express 参数无效")
        return now + min(int(found[1]) * _UNITS[found[2]], LIFE_SECONDS)
    return now + life


def _again(world: World, known: Trade, total_fen: int, expires_at: float, more: dict[str, str]) -> Trade:
    if known.status in ("TRADE_SUCCESS", "TRADE_FINISHED"):
        raise Refused("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
    if known.status == "TRADE_CLOSED":
        raise Refused("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    if known.total_fen != total_fen:
        raise Refused("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
    known.expires_at = expires_at
    known.notify_url = more.get("notify_url", known.notify_url)
    known.return_url = more.get("return_url", known.return_url)
    world.trades.put(known.id, known)
    return known


def open_trade(world: World, trade: Trade) -> None:
    """The shopper looks at it: from now on queries know it."""
    if not trade.opened:
        trade.opened = True
        world.trades.put(trade.id, trade)


def pay(world: World, trade: Trade) -> bool:
    """The shopper pays; False when it cannot be paid any more. A paid one stays paid."""
    world.settle_expiry(trade)
    if trade.status == "TRADE_CLOSED":
        return False
    if trade.status == "WAIT_BUYER_PAY":
        trade.opened = True
        trade.status = "TRADE_SUCCESS"
        trade.paid_at = world.now()
        trade.fee_fen = fee_of(trade.total_fen)
        world.trades.put(trade.id, trade)
        notify.tell(world, trade)
    return True


def close(world: World, trade: Trade) -> None:
    """Nobody pays it any more. Raises Refused when it is paid or closed."""
    if trade.status != "WAIT_BUYER_PAY":
        paid = trade.status != "TRADE_CLOSED"
        raise Refused("ACQ.TRADE_STATUS_ERROR" if paid else "ACQ.TRADE_HAS_CLOSE", "交易状态不合法")
    trade.status = "TRADE_CLOSED"
    world.trades.put(trade.id, trade)


def undo(world: World, trade: Trade) -> str:
    """close: nobody pays it any more. refund: it was paid, and the money goes back. Again says the same."""
    if trade.undone:
        return trade.undone
    if trade.status == "TRADE_FINISHED":
        raise Refused("ACQ.TRADE_HAS_FINISHED", "交易已经完结")
    if not trade.paid_at:
        trade.status = "TRADE_CLOSED"
        trade.undone = "close"
    elif trade.paid_at + UNDO_SECONDS < world.now():
        raise Refused("ACQ.TRADE_CANCEL_TIME_OUT", "超过撤销时间范围")
    elif trade.refunded_fen:
        raise Refused("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
    else:
        refund(world, trade, {"refund_amount": yuan(trade.total_fen), "refund_reason": "撤销"})
        trade.undone = "refund"
    world.trades.put(trade.id, trade)
    return trade.undone


def refund(world: World, trade: Trade, content: dict[str, Any]) -> tuple[Refund, bool]:
    """Gives money back; False when this number did so before. Raises Refused."""
    amount_fen = read_yuan(content.get("refund_amount"))
    number = str(content.get("out_request_no") or trade.out_trade_no)
    if amount_fen is None or not 1 <= len(number) <= 64:
        raise Refused("ACQ.INVALID_PARAMETER", "参数无效")
    known = world.refunds.get(f"{trade.trade_no}/{number}")
    if known is not None:
        if known.amount_fen != amount_fen:
            raise Refused("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致")
        return known, False
    if trade.status == "TRADE_CLOSED":
        raise Refused("ACQ.TRADE_HAS_CLOSE", "交易已关闭")
    if trade.status != "TRADE_SUCCESS":
        raise Refused("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    if amount_fen > trade.total_fen - trade.refunded_fen:
        raise Refused("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
    trade.refunded_fen += amount_fen
    kept_fee = fee_of(trade.total_fen - trade.refunded_fen)
    row = Refund(
        app_id=trade.app_id,
        trade_no=trade.trade_no,
        out_trade_no=trade.out_trade_no,
        out_request_no=number,
        amount_fen=amount_fen,
        fee_fen=trade.fee_fen - kept_fee,
        reason=str(content.get("refund_reason", ""))[:256],
        at=world.now(),
    )
    trade.fee_fen = kept_fee
    if trade.refunded_fen == trade.total_fen:
        trade.status = "TRADE_CLOSED"
    world.refunds.put(row.id, row)
    world.trades.put(trade.id, trade)
    notify.tell(world, trade, row)
    return row, True


def fee_of(amount_fen: int) -> int:
    """Half a fen is rounded up."""
    return (amount_fen * FEE_BASIS_POINTS + 5_000) // 10_000


def describe(trade: Trade) -> dict[str, str]:
    """A trade as queries tell it."""
    told = {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_logon_id": "ali***@sandbox.test",
        "trade_status": trade.status,
        "total_amount": yuan(trade.total_fen),
    }
    if trade.paid_at:
        told |= {"send_pay_date": china(trade.paid_at), "buyer_pay_amount": yuan(trade.total_fen)}
        told["receipt_amount"] = yuan(trade.total_fen)
    return told
