"""How a payment code's payment stands, whoever's code it is."""

from typing import Literal

import msgspec

from bihuan.alipay import Trade
from bihuan.wechat.pay import Transaction


class Answer(msgspec.Struct, frozen=True):
    """What came of charging, asking or undoing; `code` is WeChat's or Alipay's word.

    paid: `transaction` tells. refused, ended: nothing is left of it there; with a `transaction` its money came and
    went back, else none moved. unknown: the number is not known there (yet). undecided: the shopper types her
    password, or nobody answered.
    """

    state: Literal["paid", "refused", "ended", "unknown", "undecided"]
    transaction: Transaction | Trade | None = None
    code: str = ""
    message: str = ""
