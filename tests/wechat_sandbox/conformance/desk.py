# The clients carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""What the calls stand on: a sandbox, a merchant and its provider, paid orders, a follower."""

import json
import time
from collections.abc import Callable
from typing import Any

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox

Call = tuple[str, Callable[[], Any]]
"""The client's method (with a remark in brackets) and the trial of it."""


class Row:
    """A line of the table."""

    def __init__(self, client: str, call: str, result: str) -> None:
        self.client = client
        self.call = call
        self.result = result


class Desk:
    """One sandbox with what calls need to succeed."""

    def __init__(self) -> None:
        self.box = Sandbox()
        self.receiver = Receiver()
        self.merchant = self.box.merchant("1900000101")
        self.provider = self.box.merchant("1900000100")
        self.account = self.box.official_account("青衫")
        self.mini = self.box.mini_program("青衫")
        self.shopper: str = self.box.post("/_sandbox/shoppers", {"nickname": "试客"})["shopper_id"]
        self.openid = self.box.openid(self.shopper, self.account["appid"])
        self.mini_openid = self.box.openid(self.shopper, self.mini["appid"])
        self.box.post(f"/_sandbox/shoppers/{self.shopper}/follow", {"appid": self.account["appid"]})
        self.kept: dict[str, Any] = {}
        self._count = 0

    def number(self) -> str:
        self._count += 1
        return f"CONFORM{time.time_ns() % 10**12:012d}{self._count:04d}"

    def pay(self, order: dict[str, Any], path: str = "/v3/pay/transactions/jsapi", who: Merchant | None = None) -> str:
        """A paid order's transaction_id."""
        who = who or self.merchant
        placed = who.call("POST", path, order)
        assert placed.status_code == 200, placed.text
        return self.pay_prepaid(placed.json()["prepay_id"], who)

    def pay_prepaid(self, prepay_id: str, who: Merchant | None = None) -> str:
        params = (who or self.merchant).pay_params(prepay_id)
        sheet = self.box.post(f"/_sandbox/shoppers/{self.shopper}/sheets", {"pay_params": params})
        return str(self.box.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay").get("transaction_id"))

    def paid(self, **changes: Any) -> tuple[str, str]:
        """out_trade_no and transaction_id of a fresh paid order."""
        order = self.merchant.prepay(self.openid, self.receiver.url, out_trade_no=self.number(), **changes)
        return order["out_trade_no"], self.pay(order)

    def payment_code(self) -> str:
        """What a shopper who has not paid yet shows at the till."""
        shopper = self.box.post("/_sandbox/shoppers")["shopper_id"]
        return str(self.box.get(f"/_sandbox/shoppers/{shopper}/payment-code")["code"])

    def complaint(self) -> str:
        """A fresh complaint's id."""
        _, transaction_id = self.paid()
        body = {"transaction_id": transaction_id, "detail": "没收到货", "problem_type": "REFUND"}
        return str(self.box.post(f"/_sandbox/shoppers/{self.shopper}/complaints", body)["complaint_id"])

    def answered_complaint(self) -> str:
        """One that the merchant has answered, as it must before completing it."""
        complaint_id = self.complaint()
        answer = {"complainted_mchid": self.merchant.mchid, "response_content": "马上处理"}
        self.merchant.call("POST", f"/v3/merchant-service/complaints-v2/{complaint_id}/response", answer)
        return complaint_id

    def failed_refund(self) -> tuple[str, str]:
        """refund_id and out_refund_no of a refund that the bank returned."""
        number, _ = self.paid()
        amount = {"refund": 100, "total": 12900, "currency": "CNY"}
        refund: dict[str, Any] = {"out_trade_no": number, "out_refund_no": self.number(), "amount": amount}
        told = self.merchant.call("POST", "/v3/refund/domestic/refunds", refund).json()
        self.box.post(f"/_sandbox/refunds/{refund['out_refund_no']}/outcome", {"outcome": "ABNORMAL"})
        self.later(5)
        return told["refund_id"], told["out_refund_no"]

    def later(self, seconds: float) -> None:
        self.box.post("/_sandbox/clock", {"advance_seconds": seconds})
        time.sleep(0.05)

    def close(self) -> None:
        self.receiver.close()
        self.box.stop()


def short(text: Any) -> str:
    """An error's code alone, since messages may be reworded."""
    try:
        told = json.loads(text)
    except (TypeError, ValueError):
        return ""
    return str(told.get("code", ""))
