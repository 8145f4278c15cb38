"""Pure decisions of payments: what came compared with what was asked, states, times. No I/O."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from bihuan.alipay import Trade
from bihuan.wechat.pay import Transaction

Method = Literal["wechat_jsapi", "wechat_mini", "wechat_native", "wechat_h5", "alipay_page", "alipay_wap", "alipay_qr"]
"""How the shopper pays: at WeChat, or at Alipay by the page for desktops, the page for phones, or a code."""

ALIPAY_METHODS: frozenset[Method] = frozenset({"alipay_page", "alipay_wap", "alipay_qr"})

Tender = Literal["wechat", "wallet", "alipay", "cash", "card", "external"]
"""Where the money of an attempt is."""

CLEARING: dict[str, str] = {
    "wechat": "wechat_clearing",
    "wallet": "wallet_liability",
    "alipay": "alipay_clearing",
    "cash": "cash",
    "card": "card_clearing",
    "external": "external_clearing",
}
"""Tender -> the account of the book that its money comes from and goes back to."""

TENDER_NAMES: dict[str, str] = {
    "wechat": "微信支付",
    "wallet": "储值",
    "alipay": "支付宝",
    "cash": "现金",
    "card": "刷卡",
    "external": "其他渠道",
}
"""Tender -> its name in the books."""

RefundState = Literal["applied", "processing", "success", "closed", "abnormal"]

# Money that comes is recorded whatever we thought of the attempt: only `paid` takes nothing more.
ATTEMPT_TRANSITIONS: dict[str, frozenset[str]] = {
    "created": frozenset({"prepaid", "paid", "closed", "failed"}),
    "prepaid": frozenset({"prepaid", "paid", "closed"}),
    "closed": frozenset({"paid"}),
    "failed": frozenset({"paid"}),
    "paid": frozenset(),
}
# ABNORMAL is not WeChat's last word: once the merchant resolves it there, it succeeds or closes.
REFUND_TRANSITIONS: dict[str, frozenset[str]] = {
    "applied": frozenset({"processing", "success", "closed", "abnormal"}),
    "processing": frozenset({"success", "closed", "abnormal"}),
    "abnormal": frozenset({"processing", "success", "closed"}),
    "success": frozenset(),
    "closed": frozenset(),
}
REFUND_OF_WECHAT: dict[str, RefundState] = {
    "SUCCESS": "success",
    "PROCESSING": "processing",
    "CLOSED": "closed",
    "ABNORMAL": "abnormal",
}

MOST_ATTEMPTS = 20
PREPAY_LIFE = timedelta(minutes=110)
"""WeChat's prepay_id and code_url live two hours; we hand out none that is about to die."""

H5_LIFE = timedelta(minutes=4)
"""A payment page for browsers lives five minutes; after that a new number is ordered."""

SHORTEST_LIFE = timedelta(seconds=65)
"""WeChat takes no expiry less than a minute ahead."""

FIRST_CHECK = timedelta(minutes=2)
MOST_GENERATIONS = 3
PARKED_AFTER_TRIES = 6

MOST_REFUNDS = 50
"""WeChat takes that many refunds of one payment."""


class Asked(msgspec.Struct, frozen=True):
    """What an attempt asked for: `appid` is the app that its shopper was in, `sp_mchid` who signed for a partner."""

    mchid: str
    appid: str
    amount_fen: int
    sp_mchid: str = ""


class Judgement(msgspec.Struct, frozen=True):
    """What to do with money before its settler is asked: None to ask, or a verdict with its reason."""

    verdict: Literal["refused", "parked"] | None
    reason: str | None = None


def judge(asked: Asked, told: Transaction) -> Judgement:
    """Compares a paid transaction with its attempt.

    Money that lies at another account, or that is no CNY, we cannot give back by ourselves: parked. An other
    amount or another app: refused, so it goes back as it came.
    """
    if asked.sp_mchid:
        account = (told.sp_mchid, told.sub_mchid) == (asked.sp_mchid, asked.mchid)
    else:
        account = told.mchid == asked.mchid and not told.sub_mchid
    if not account:
        return Judgement("parked", "mchid_differs")
    if told.amount is None or told.amount.total < 1:
        return Judgement("parked", "amount_missing")
    if told.amount.currency != "CNY":
        return Judgement("parked", "currency_differs")
    if not told.transaction_id:
        return Judgement("parked", "transaction_id_missing")
    if (told.sub_appid or told.sp_appid if asked.sp_mchid else told.appid) != asked.appid:
        return Judgement("refused", "appid_differs")
    if told.amount.total != asked.amount_fen:
        return Judgement("refused", "amount_differs")
    return Judgement(None)


def judge_alipay(asked: Asked, told: Trade) -> Judgement:
    """The same for a trade at Alipay: `mchid` of what was asked is the seller. Queries name neither seller nor app."""
    if told.seller_id not in ("", asked.mchid):
        return Judgement("parked", "seller_differs")
    if told.app_id not in ("", asked.appid):
        return Judgement("parked", "app_differs")
    if told.total_fen is None or told.total_fen < 1:
        return Judgement("parked", "amount_missing")
    if not told.trade_no:
        return Judgement("parked", "transaction_id_missing")
    if told.total_fen != asked.amount_fen:
        return Judgement("refused", "amount_differs")
    return Judgement(None)


def divide(amount_fen: int, held_fen: Sequence[int]) -> list[int]:
    """Splits a refund over tenders in proportion to what each still holds, to the fen.

    Each share is rounded down; what that leaves goes to the tender that holds most, and on to the next when it
    has no more to give. No share is above what its tender holds. Raises ValueError for more than all hold.
    """
    whole = sum(held_fen)
    if not 0 <= amount_fen <= whole or min(held_fen, default=0) < 0:
        raise ValueError(f"{amount_fen} fen of {whole}")
    if whole == 0:
        return [0 for _ in held_fen]
    shares = [amount_fen * held // whole for held in held_fen]
    rest = amount_fen - sum(shares)
    for place in sorted(range(len(held_fen)), key=lambda i: (-held_fen[i], i)):
        more = min(rest, held_fen[place] - shares[place])
        shares[place] += more
        rest -= more
    return shares


def prepay_life(method: Method) -> timedelta:
    """How long what WeChat gave for an attempt may be handed out again."""
    return H5_LIFE if method == "wechat_h5" else PREPAY_LIFE


def expiry_at_wechat(now: datetime, expires_at: datetime) -> datetime:
    """When WeChat shall close the order: with the charge, but no sooner than WeChat takes."""
    return max(expires_at, now + SHORTEST_LIFE).replace(microsecond=0)


def next_check(now: datetime, checks: int, expires_at: datetime) -> datetime:
    """When to ask about an attempt again: 2, 4, 8 ... minutes on, at most an hour, and soon after its expiry."""
    pause = min(FIRST_CHECK * 2 ** min(checks, 6), timedelta(hours=1))
    after_expiry = expires_at + timedelta(seconds=30)
    return min(now + pause, after_expiry) if after_expiry > now else now + pause


def refund_pause(tries: int) -> timedelta:
    """How long to wait before a refund is tried or asked for again: 5 s doubling up to an hour."""
    return min(timedelta(seconds=5) * 2 ** min(tries, 12), timedelta(hours=1))
