"""A stream of shoppers who buy while the mall is being killed: what they send, and what they were told.

They repeat a command whose answer did not come, with the same Idempotency-Key, as the storefront does.
"""

import random
import threading
import time
from typing import Any

import httpx
from bench.mall import Mall, Shopper

PATIENCE_SECONDS = 45.0
"""How long a shopper repeats one command: longer than any part takes to come back."""
ORDERS_MOST = 45
"""Of one shopper; the sandbox lists no more than 500 notifications."""


class Patient:
    """An HTTP client that repeats what was not answered, or answered with "not now"."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.repeats = 0

    def call(self, method: str, path: str, body: object | None = None, **headers: str) -> httpx.Response:
        """The first answer below 500; raises AssertionError when there is none in PATIENCE_SECONDS."""
        end = time.monotonic() + PATIENCE_SECONDS
        last = "nothing"
        while time.monotonic() < end:
            try:
                answer = self.http.request(
                    method, path, json=body, headers={"Sec-Fetch-Site": "same-origin", **headers}
                )
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
                last = f"{answer.status_code} {answer.text[:300]}"
            except httpx.TransportError as error:
                last = repr(error)
            self.repeats += 1
            time.sleep(0.2)
        raise AssertionError(f"{method} {path}: no good answer in {PATIENCE_SECONDS} s, lastly {last}")


class Buyer(threading.Thread):
    """One shopper: places orders until told to stop, pays most, some twice, some after cancelling.

    Between two orders it thinks for `pace` seconds at most.
    """

    def __init__(
        self, mall: Mall, shopper: Shopper, goods: dict[str, list[dict[str, Any]]], pace: float, seed: int
    ) -> None:
        super().__init__(name=shopper.nickname, daemon=True)
        self.enough = threading.Event()
        self.goods = goods
        self.pace = pace
        self.dice = random.Random(seed)
        self.address_id = shopper.add_address()
        self.shop = Patient(shopper.http)
        self.phone = Patient(httpx.Client(base_url=mall.sandbox_url, trust_env=False, timeout=20))
        self.phone_path = f"/_sandbox/shoppers/{shopper.id}/sheets"
        self.sent: list[str] = []
        """Every Idempotency-Key under which it tried to place an order."""
        self.placed: dict[str, dict[str, Any]] = {}
        """Key -> the order that it was told is placed."""
        self.refused: dict[str, str] = {}
        """Key -> the code with which it was told that nothing is placed."""
        self.taken: list[str] = []
        """Transactions that the phone showed as paid."""
        self.error: BaseException | None = None

    def run(self) -> None:
        """Buys and buys."""
        try:
            while not self.enough.is_set() and len(self.sent) < ORDERS_MOST:
                self._buy()
                self.enough.wait(self.dice.uniform(0.05, self.pace))
        except BaseException as error:
            self.error = error

    def _buy(self) -> None:
        code = self.dice.choice(list(self.goods))
        sku = self.dice.choice(self.goods[code])
        base = f"/api/shop/{code}/orders"
        lines = [{"sku_id": sku["sku_id"], "quantity": self.dice.choice((1, 1, 2))}]
        delivery = {"method": "ship", "address_id": self.address_id}
        quoted = self.shop.call("POST", f"/api/shop/{code}/quote", {"lines": lines, "delivery": delivery})
        if quoted.status_code != 200:
            assert quoted.json()["code"] == "out_of_stock", quoted.text
            return
        priced = [{**line, "price_fen": sku["price_fen"]} for line in lines]
        order = {"lines": priced, "delivery": delivery, "total_fen": quoted.json()["total_fen"]}
        key = f"{self.name}-{len(self.sent):04}"
        self.sent.append(key)
        answer = self.shop.call("POST", base, order, **{"Idempotency-Key": key})
        if answer.status_code != 201:
            assert answer.json()["code"] == "out_of_stock", answer.text
            self.refused[key] = answer.json()["code"]
            return
        told = answer.json()
        self.placed[key] = told
        if self.dice.random() < 0.15:  # a finger that presses twice
            again = self.shop.call("POST", base, order, **{"Idempotency-Key": key})
            assert (again.status_code, again.json()["order_id"]) == (201, told["order_id"]), again.text
        act = self.dice.choices((self._pay, self._pay_twice, self._pay_cancelled, self._leave), (70, 10, 12, 8))[0]
        act(f"{base}/{told['order_id']}")

    def _pay(self, order: str) -> None:
        self._confirm(self._sheet(order, "wechat_jsapi"))

    def _pay_twice(self, order: str) -> None:
        for sheet in [self._sheet(order, "wechat_jsapi"), self._sheet(order, "wechat_native")]:
            self._confirm(sheet)

    def _pay_cancelled(self, order: str) -> None:
        sheet = self._sheet(order, "wechat_jsapi")
        answer = self.shop.call("POST", f"{order}/cancel", {"reason": "改主意了"})
        assert answer.status_code == 200 or answer.json()["code"] == "wrong_state", answer.text
        self._confirm(sheet)

    def _leave(self, order: str) -> None:
        assert self.shop.call("GET", order).status_code == 200

    def _sheet(self, order: str, method: str) -> str | None:
        """Opens the payment sheet; None when the phone shows that it cannot be paid (any more)."""
        prepared = self.shop.call("POST", f"{order}/pay", {"method": method})
        assert prepared.status_code == 200, prepared.text
        about = prepared.json()
        wanted = {"pay_params": about["pay_params"]} if about["pay_params"] else {"code_url": about["code_url"]}
        answer = self.phone.call("POST", self.phone_path, wanted)
        assert answer.status_code < 300, answer.text
        return answer.json()["sheet_id"]

    def _confirm(self, sheet_id: str | None) -> None:
        """Pays; what was paid already (its answer was lost) or is closed at WeChat shows as such."""
        self.phone.call("POST", f"/_sandbox/sheets/{sheet_id}/pay", {})
        about = self.phone.call("GET", f"/_sandbox/sheets/{sheet_id}").json()
        if about["state"] == "paid":
            self.taken.append(about["transaction_id"])


def goods_of(shopper: Shopper, code: str, most: int) -> list[dict[str, Any]]:
    """SKUs in stock of a merchant's first products."""
    found: list[dict[str, Any]] = []
    for card in shopper.call("GET", f"/api/shop/{code}/products?limit=50")["items"]:
        product = shopper.call("GET", f"/api/shop/{code}/products/{card['product_id']}")
        found += [sku for sku in product["skus"] if sku["available"] > 0][:2]
        if len(found) >= most:
            break
    return found
