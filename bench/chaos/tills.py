"""What cashiers do: shifts, sales in cash, by card, by payment code and mixed, pieces that come back, the count."""

import asyncio
import random
from collections import deque

from bench.chaos.acts import Json, Unexpected
from bench.chaos.promises import Drawer
from bench.chaos.staff import Clerk
from bench.chaos.stage import Stage

TILL = "/api/merchant/till"
_GONE = ("out_of_stock", "not_on_sale", "price_changed", "sale_expired")
_UNPAYABLE = ("sale_ended", "sale_expired", "sale_pending", "already_paid", "payment_closed")
_NOT_BACK = ("too_many_pieces", "aftersale_open", "drawer_short", "refund_too_large", "sale_ended", "too_many_refunds")
_ASKS_PASSWORD_ABOVE_FEN = 20_000
_TURNS = 6


class Cashier(Clerk):
    """An owner at a drawer of her store; who stands before her pays with the phone of a shopper of hers."""

    def __init__(self, stage: Stage, name: str, login: str, password: str) -> None:
        super().__init__(stage, name, login, password)
        self.phone = f"/_sandbox/shoppers/{stage.mall.new_shopper(f'{name} 柜台').id}"
        self.store_id = stage.stores[login][0]
        self.left: tuple[str, int] | None = None
        """The shift that was closed last, and what lies in its drawer."""
        self.sold: deque[Json] = deque(maxlen=30)
        stage.mall.sandbox.put(
            f"{self.phone}/payment-settings", json={"password_above_fen": _ASKS_PASSWORD_ABOVE_FEN}
        ).raise_for_status()

    async def shift(self, own: random.Random) -> str:
        """Her open shift; she opens one where there is none, with the cash of the last one if she can."""
        current = (await self.ask("GET", f"{TILL}/shifts/current")).body
        if current != b"null":
            return current["shift"]["shift_id"]
        carried = self.left is not None and own.random() < 0.6
        amount = self.left[1] if self.left and carried else own.choice((0, 20_000, 50_000))
        wish = {"store_id": self.store_id, "till": "9", "float_fen": amount, "carried": carried and amount > 0}
        opened = (await self.ask("POST", f"{TILL}/shifts", wish, key=self.key("-open"))).body["shift"]["shift_id"]
        drawer = self.promises.drawers.setdefault(opened, Drawer())
        if amount:
            drawer.moved["float", amount] += 1
        self.left = None
        return opened

    def note_end(self, sale: Json, *, cash_fen: int = 0) -> None:
        """Keeps what she was told of a sale; one that is open still may end either way."""
        sale_id = sale["sale_id"]
        if sale["state"] == "open":
            self.promises.open_sales.add(sale_id)
            return
        self.promises.sales[sale_id] = (sale["state"], sale["total_fen"])
        if sale["state"] == "paid":
            self.sold.append(sale)
            if cash_fen:
                self.promises.drawers[self.at].moved["sale", cash_fen] += 1

    at: str = ""
    """The shift of the act under way."""


async def sell(me: Cashier, own: random.Random) -> None:
    """A sale: in cash, by card, by payment code, or a part of each; to a member, or to nobody known."""
    way = own.choices(("cash", "card", "code", "mixed", "void"), (36, 18, 26, 12, 8))[0]
    member, pieces, at = own.random() < 0.4, own.choice((1, 1, 2)), own.random()
    me.at = await me.shift(own)
    goods = (await me.ask("GET", f"{TILL}/goods?store_id={me.store_id}&limit=40")).body["items"]
    there = [one for one in goods if one["available"] >= pieces]
    if not there:
        return
    one = there[int(at * at * len(there))]
    wish: Json = {
        "lines": [{"sku_id": one["sku_id"], "quantity": pieces, "price_fen": one["price_fen"]}],
        "total_fen": one["price_fen"] * pieces,
    }
    known = sorted(me.stage.cards.get(me.merchant, ()))
    if member and known:
        wish["member_no"] = own.choice(known)
    key = me.key("-sale")
    me.promises.sent.add(f"till-{key}")
    begun = await me.ask("POST", f"{TILL}/shifts/{me.at}/sales", wish, key=key, refusals=_GONE)
    if not begun.ok:
        return
    sale: Json = begun.body
    if way != "void":
        sale = await _take(me, own, sale, way)
    if sale["state"] == "open" and (way == "void" or own.random() < 0.5):
        ended = await me.ask(
            "POST", f"{TILL}/sales/{sale['sale_id']}/void", {}, refusals=("sale_ended", "sale_pending")
        )
        sale = ended.body if ended.ok else sale
        me.note_end(sale)


async def _take(me: Cashier, own: random.Random, sale: Json, way: str) -> Json:
    """Takes a sale's money; the sale as she sees it last."""
    total = sale["total_fen"]
    cash = {"cash": total, "mixed": total // 3}.get(way, 0)
    code = {"code": total, "mixed": total // 3}.get(way, 0)
    card = total - cash - code
    pay: Json = {}
    if cash:
        pay["cash"] = {"amount_fen": cash, "tendered_fen": -(-cash // 10_000) * 10_000}
    if card:
        pay["card"] = {"amount_fen": card, "slip_no": f"S{own.randrange(10**9):09}"}
    if code:
        shown = await me.sandbox.call("GET", f"{me.phone}/payment-code")
        pay["code"] = {"amount_fen": code, "auth_code": shown.body["code"]}
    path = f"{TILL}/sales/{sale['sale_id']}"
    paid = await me.ask("POST", f"{path}/pay", pay, key=me.key("-pay"), refusals=_UNPAYABLE)
    told: Json = paid.body if paid.ok else (await me.ask("GET", path)).body
    types, gives_up = own.random() < 0.8, own.random() < 0.4
    for turn in range(_TURNS):
        if told["state"] != "open" or not told["paying"] or told["paying"]["state"] != "pending":
            break
        await _at_the_phone(me, types=types)
        last = turn == _TURNS - 1 and gives_up
        told = (await me.ask("POST", f"{path}/decide?give_up={str(last).lower()}", {})).body
        await asyncio.sleep(0.1)
    me.note_end(told, cash_fen=cash)
    return told


async def _at_the_phone(me: Cashier, *, types: bool) -> None:
    """Who stands there types the password, or leaves the sheet."""
    for sheet in (await me.sandbox.call("GET", f"{me.phone}/sheets")).body["items"]:
        path = f"/_sandbox/sheets/{sheet['sheet_id']}"
        told = await me.sandbox.call("POST", f"{path}/{'pay' if types else 'cancel'}", {})
        if not told.ok and told.code != "pay_refused":
            raise Unexpected(f"{path}: {told.status} {told.body}")


async def take_back(me: Cashier, own: random.Random) -> None:
    """Pieces of a sale come back over the counter; their money goes back as it came."""
    if not me.sold:
        return
    sale, restock = own.choice(list(me.sold)), own.random() < 0.8
    me.at = await me.shift(own)
    wish: Json = {
        "lines": [{"line_id": line["line_id"], "quantity": own.randint(1, line["quantity"])} for line in sale["lines"]],
        "reason": "不合适",
        "restock": restock,
        "card_slip": f"R{own.randrange(10**9):09}",
    }
    path = f"{TILL}/shifts/{me.at}/sales/{sale['sale_id']}/refunds"
    told = await me.ask("POST", path, wish, key=me.key(), refusals=_NOT_BACK)
    if told.ok:
        me.promises.given_back[sale["sale_id"]] += told.body["amount_fen"]
        if told.body["cash_fen"]:
            me.promises.drawers[me.at].moved["refund", -told.body["cash_fen"]] += 1


async def give_out(me: Cashier, own: random.Random) -> None:
    """Refunds of cash and by card that were decided elsewhere."""
    waiting = (await me.ask("GET", f"{TILL}/hand-refunds?limit=5")).body["items"]
    if not waiting:
        return
    me.at = await me.shift(own)
    for number, one in enumerate(waiting):
        path = f"{TILL}/shifts/{me.at}/hand-refunds/{one['refund_id']}"
        slip = {"card_slip": f"H{own.randrange(10**9):09}"}
        told = await me.ask("POST", path, slip, key=me.key(f"-{number}"), refusals=("drawer_short", "not_found"))
        if told.ok and told.body["cash_fen"]:
            me.promises.drawers[me.at].moved["refund", -told.body["cash_fen"]] += 1


async def move_cash(me: Cashier, own: random.Random) -> None:
    """Change from outside, towards the bank, or something small for the shop."""
    kind, amount = own.choice(("pay_in", "pay_out", "expense")), own.choice((500, 2_000, 10_000))
    me.at = await me.shift(own)
    wish = {"kind": kind, "amount_fen": amount, "reason": "零星"}
    done = await me.ask(
        "POST", f"{TILL}/shifts/{me.at}/movements", wish, key=me.key(), refusals=("drawer_short", "shift_closed")
    )
    if done.ok:
        me.promises.drawers[me.at].moved[kind, amount if kind == "pay_in" else -amount] += 1


async def close_the_shift(me: Cashier, own: random.Random) -> None:
    """Counts the drawer, now and then wrongly; a part of it goes to the bank."""
    wrong, banks = own.choice((0, 0, 0, 5, -100)), own.random()
    me.at = await me.shift(own)
    report = (await me.ask("GET", f"{TILL}/shifts/{me.at}")).body
    counted = max(0, report["shift"]["expected_fen"] + wrong)
    path = f"{TILL}/shifts/{me.at}"
    done = await me.ask("POST", f"{path}/close", {"counted_fen": counted}, key=me.key(), refusals=("sale_pending",))
    if not done.ok:
        return
    drawer = me.promises.drawers[me.at]
    drawer.counted_fen = counted
    if amount := int(counted * banks):
        await me.ask("POST", f"{path}/banking", {"amount_fen": amount}, key=me.key("-bank"))
        drawer.banked_fen += amount
    me.left = (me.at, counted - amount)
