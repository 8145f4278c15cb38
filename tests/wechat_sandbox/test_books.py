"""The books: whatever is done, each transaction sums to zero, nobody owes anything, and the bills say the same."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.wechat_sandbox.desk import Merchant, Sandbox, wait_for
from tests.wechat_sandbox.money import REFUNDS, RETURNS, SHARES, Till, balanced, books_of, part
from tests.wechat_sandbox.test_bills import ask, bill, fen, go_to, now

TRANSFERS = "/v3/fund-app/mch-transfer/transfer-bills"
OWN = ("available", "frozen", "in_transit")
FLOW = "bill/fundflowbill"


@pytest.fixture(scope="module")
def town() -> Iterator[Sandbox]:
    """A sandbox whose clock these tests move."""
    town = Sandbox()
    yield town
    assert town.stop() == 0


@pytest.fixture(scope="module")
def mill(town: Sandbox) -> Merchant:
    return town.merchant("1900000102")


@pytest.fixture(scope="module")
def till(town: Sandbox, mill: Merchant) -> Till:
    till = Till(town, town.merchant("1900000101"), town.post("/_sandbox/shoppers")["shopper_id"])
    till.add_receiver(mill).raise_for_status()
    return till


class Day:
    """One day of a merchant: does what it is told, and keeps an account of its own of what was accepted."""

    def __init__(self, till: Till, mill: Merchant) -> None:
        self.till, self.mill, self.town = till, mill, till.sandbox
        self.openid = till.openid
        self.orders: list[dict[str, Any]] = []
        self.refunds: list[dict[str, Any]] = []
        self.shares: list[tuple[dict[str, Any], str]] = []
        self.returns: list[str] = []
        self.transfers: list[str] = []
        self.moved = 0
        """What came from the bank less what went there."""

    def do(self, act: tuple[Any, ...]) -> None:
        name, *values = act
        response = getattr(self, name)(*values)
        assert response is None or response.status_code in (200, 400, 403, 409), response.text

    def pay(self, total: int, share: bool) -> None:
        self.orders.append(self.till.pay(total, share=share))

    def pick(self, place: int) -> dict[str, Any] | None:
        return self.orders[place % len(self.orders)] if self.orders else None

    def refund(self, place: int, percent: int, funds: str) -> Any:
        if (order := self.pick(place)) is None:
            return None
        amount = max(1, order["amount"]["total"] * percent // 100)
        changes = {"funds_account": funds} if funds else {}
        response = self.till.refund(order, amount, **changes)
        if response.status_code == 200:
            self.refunds.append(response.json())
        return response

    def share(self, place: int, percent: int, own: int, unfreeze: bool) -> Any:
        if (order := self.pick(place)) is None:
            return None
        amount = max(1, order["amount"]["total"] * percent // 100)
        parts = [part(self.mill.mchid, amount)]
        if own:
            parts.append(part(self.till.merchant.mchid, own))
        response = self.till.share(order, *parts, unfreeze=unfreeze)
        if response.status_code == 200:
            self.shares.append((order, response.json()["out_order_no"]))
        return response

    def unfreeze(self, place: int) -> Any:
        if (order := self.pick(place)) is None:
            return None
        asked = {
            "transaction_id": order["transaction_id"],
            "out_order_no": "U" + secrets.token_hex(8),
            "description": "解冻",
        }
        return self.till.merchant.call("POST", SHARES + "/unfreeze", asked)

    def give_back(self, place: int, amount: int) -> Any:
        if not self.shares:
            return None
        asked = {
            "out_order_no": self.shares[place % len(self.shares)][1],
            "out_return_no": "B" + secrets.token_hex(8),
            "return_mchid": self.mill.mchid,
            "amount": amount,
            "description": "用户退款",
        }
        response = self.till.merchant.call("POST", RETURNS, asked)
        if response.status_code == 200:
            self.returns.append(f"{asked['out_return_no']}?out_order_no={asked['out_order_no']}")
        return response

    def transfer(self, amount: int, end: str) -> Any:
        number = "B" + secrets.token_hex(12)
        asked = {
            "appid": self.till.merchant.appid,
            "out_bill_no": number,
            "transfer_scene_id": "1000",
            "openid": self.openid,
            "transfer_amount": amount,
            "transfer_remark": "红包",
            "transfer_scene_report_infos": [
                {"info_type": "活动名称", "info_content": "新会员有礼"},
                {"info_type": "奖励说明", "info_content": "注册"},
            ],
        }
        response = self.till.merchant.call("POST", TRANSFERS, asked)
        if response.status_code == 200:
            self.transfers.append(number)
            if end == "confirm":
                told = response.json()["transfer_bill_no"]
                self.town.post(f"/_sandbox/shoppers/{self.till.shopper}/transfers/{told}/confirm")
            elif end == "cancel":
                self.till.merchant.call("POST", f"{TRANSFERS}/out-bill-no/{number}/cancel")
        return response

    def bank(self, amount: int) -> Any:
        way = "top-up" if amount > 0 else "withdraw"
        response = self.town.http.post(
            f"/_sandbox/merchants/{self.till.merchant.mchid}/{way}", json={"amount": abs(amount)}
        )
        if response.status_code == 200:
            self.moved += amount
        return response

    def set(self, outcome: str, fault: str | None) -> None:
        put = self.town.http.put
        put(f"/_sandbox/merchants/{self.till.merchant.mchid}/money", json={"refund_outcome": outcome})
        put(f"/_sandbox/share-faults/{self.mill.mchid}", json={"fail_reason": fault})

    def wait(self, seconds: int) -> None:
        self.till.advance(seconds)

    def end(self) -> None:
        """Let all that is under way arrive."""
        self.till.advance(2)
        ask = self.till.merchant.call
        for told in self.refunds:
            target = f"{REFUNDS}/{told['out_refund_no']}"
            wait_for(lambda target=target: ask("GET", target).json()["status"] != "PROCESSING")
        for order, number in self.shares:
            target = f"{SHARES}/{number}?transaction_id={order['transaction_id']}"
            wait_for(lambda target=target: ask("GET", target).json()["state"] == "FINISHED")
        for number in self.returns:
            wait_for(lambda n=number: ask("GET", f"{RETURNS}/{n}").json()["result"] != "PROCESSING")

    def expected(self) -> dict[str, int]:
        """What the merchant must own more than before, from the answers alone."""
        ask = self.till.merchant.call
        paid = sum(order["amount"]["total"] for order in self.orders)
        stands: dict[str, int] = {}
        arrived = refunded = 0
        for told in self.refunds:
            row = ask("GET", f"{REFUNDS}/{told['out_refund_no']}").json()
            fen = row["amount"]["refund"]
            if row["status"] != "CLOSED":
                stands[row["transaction_id"]] = stands.get(row["transaction_id"], 0) + fen
                refunded += fen
            arrived += fen if row["status"] == "SUCCESS" else 0
        fees = 0
        for order in self.orders:
            total = order["amount"]["total"]
            fee = int(total * 0.006 + 0.5)
            fees += fee - int(fee * stands.get(order["transaction_id"], 0) / total + 0.5)
        given = 0
        for order, number in self.shares:
            row = ask("GET", f"{SHARES}/{number}?transaction_id={order['transaction_id']}").json()
            for detail in row["receivers"]:
                if detail["account"] == self.mill.mchid and detail["result"] == "SUCCESS":
                    given += detail["amount"]
        for number in self.returns:
            row = ask("GET", f"{RETURNS}/{number}").json()
            given -= row["amount"] if row["result"] == "SUCCESS" else 0
        sent = 0
        for number in self.transfers:
            row = ask("GET", f"{TRANSFERS}/out-bill-no/{number}").json()
            sent += row["transfer_amount"] if row["state"] == "SUCCESS" else 0
        own = paid - fees - arrived - given - sent + self.moved
        return {"paid_fen": paid, "refunded_fen": refunded, "fee_fen": fees, "own": own}


QUIET = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
place = st.integers(0, 5)
ACTS = st.one_of(
    st.tuples(st.just("pay"), st.integers(1, 50000), st.booleans()),
    st.tuples(st.just("pay"), st.sampled_from([1, 83, 84, 10000, 9999]), st.just(True)),
    st.tuples(st.just("refund"), place, st.integers(1, 100), st.sampled_from(["", "", "AVAILABLE", "UNSETTLED"])),
    st.tuples(st.just("share"), place, st.integers(1, 31), st.sampled_from([0, 0, 7, 5000]), st.booleans()),
    st.tuples(st.just("unfreeze"), place),
    st.tuples(st.just("give_back"), place, st.integers(1, 3000)),
    st.tuples(st.just("transfer"), st.integers(10, 20000), st.sampled_from(["", "confirm", "cancel"])),
    st.tuples(st.just("bank"), st.integers(-20000, 20000).filter(bool)),
    st.tuples(
        st.just("set"),
        st.sampled_from(["", "SUCCESS", "ABNORMAL", "CLOSED"]),
        st.sampled_from([None, None, "ACCOUNT_ABNORMAL"]),
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 2, 61, 600])),
)


@settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=QUIET, derandomize=True)
@given(acts=st.lists(ACTS, min_size=8, max_size=20))
def test_whatever_is_done(till: Till, acts: list[tuple[Any, ...]]) -> None:
    town = till.sandbox
    mill = town.merchant("1900000102")
    go_to(town, 1, 1)
    day = f"{now(town):%Y-%m-%d}"
    accounts = till.accounts()
    before = sum(accounts[account] for account in OWN)
    work = Day(till, mill)
    work.set("", None)
    for act in (("pay", 30000, True), ("wait", 61), *acts):
        work.do(act)
        accounts = till.accounts()
        assert all(accounts[account] >= 0 for account in OWN)
        assert sum(accounts.values()) == 0
    work.end()
    balanced(town)
    book = till.books()
    expected = work.expected()
    assert sum(book["accounts"][account] for account in OWN) - before == expected["own"]
    row = next(row for row in book["days"] if row["day"] == day)
    for name in ("paid_fen", "refunded_fen", "fee_fen"):
        assert row[name] == expected[name], name

    held = book["accounts"]["available"]
    go_to(town, 10, 1)
    _, trades = bill(till.merchant, day)
    assert fen(trades["订单总金额"]) == row["paid_fen"]
    assert fen(trades["申请退款总金额"]) == row["refunded_fen"]
    change = row["accounts"].get("available", 0)
    told = ask(till.merchant, day, FLOW)
    if told.status_code == 200:
        flow, summary = bill(till.merchant, day, FLOW)
        assert fen(summary["收入金额"]) - fen(summary["支出金额"]) == change
        assert fen(flow[-1]["账户结余(元)"]) == held
    else:
        assert change == 0
    work.set("", None)


def test_entries_page_by_page(town: Sandbox, till: Till) -> None:
    for _ in range(3):
        till.pay(100)
    path = f"/_sandbox/books/{till.merchant.mchid}/entries"
    whole = town.get(path, params={"limit": 1000})["items"]
    pages: list[Any] = []
    after: int | None = 0
    while after is not None:
        page = town.get(path, params={"limit": 7, "after": after})
        assert len(page["items"]) <= 7
        pages += page["items"]
        after = page["next"]
    assert pages[: len(whole)] == whole
    assert all(sum(row["entries"].values()) == 0 for row in pages)
    today = f"{now(town):%Y-%m-%d}"
    assert [row["kind"] for row in town.get(path, params={"day": today})["items"]][-3:] == ["payment"] * 3
    assert town.http.get("/_sandbox/books/1999999999/entries").status_code == 404


def test_fee_comes_back_whole_by_parts(till: Till) -> None:
    order = till.pay(1000)  # 6 fen
    fees = till.accounts()["fees"]
    backs = [till.refund(order, part).json()["amount"]["refund_fee"] for part in (1, 99, 233, 333, 334)]
    assert sum(backs) == 6
    assert till.accounts()["fees"] == fees - 6


def test_a_crash_keeps_money_and_business_together(tmp_path: Path) -> None:
    town = Sandbox("--state", str(tmp_path / "state.db"))
    try:
        till = Till(town, town.merchant("1900000101"), town.post("/_sandbox/shoppers")["shopper_id"])
        mill = town.merchant("1900000102")
        till.add_receiver(mill).raise_for_status()
        shared, plain = till.pay(10000, share=True), till.pay(10000)
        till.advance(120)
        number = till.share(shared, part(mill.mchid, 1000), unfreeze=True).json()["out_order_no"]
        refund = till.refund(plain, 5000).json()
        books, entries = till.books(), balanced(town)
        town.restart(hard=True)
        assert till.books()["accounts"]["in_transit"] in (0, books["accounts"]["in_transit"])
        done = till.settled(shared, number)
        assert done["receivers"][0]["result"] == "SUCCESS"
        target = f"{REFUNDS}/{refund['out_refund_no']}"
        wait_for(lambda: till.merchant.call("GET", target).json()["status"] == "SUCCESS")
        assert till.accounts()["in_transit"] == 0
        assert till.accounts()["available"] == 10000 - 60 - 5000 + 30 + 9940 - 1000
        assert books_of(town, mill.mchid)["accounts"]["available"] == 1000
        assert balanced(town) > entries
    finally:
        assert town.stop() == 0


def test_a_state_file_from_before_the_books(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    town = Sandbox("--state", str(path))
    try:
        till = Till(town, town.merchant("1900000101"), town.post("/_sandbox/shoppers")["shopper_id"])
        order = till.pay(10000)
        till.refund_now(order, 5000)
        accounts = till.accounts()
        town.process.terminate()
        town.process.wait(10)
        with closing(sqlite3.connect(path)) as state, state:
            state.execute("drop table movements")
            state.execute("delete from rows where kind = 'book_day'")
        town.restart(hard=False)
        assert till.accounts() == accounts
        assert balanced(town) == 3
        assert till.refund(order, 5000).status_code == 200
    finally:
        assert town.stop() == 0
