"""What shoppers do."""

import asyncio
import random
import time
from collections import deque

import httpx
import msgspec

from bench.chaos.acts import Actor, Json, Unexpected
from bench.chaos.line import PATIENCE_SECONDS, Answer, NoAnswerError
from bench.chaos.promises import Placed
from bench.chaos.stage import MERCHANTS, Goods, Stage
from bench.mall import Shopper
from bihuan.identity.callers import SHOPPER_COOKIE

UNPAYABLE = (
    "wrong_state", "already_paid", "payment_closed", "too_many_attempts", "wechat_pay_refused", "payment_plan_changed"
)  # fmt: skip
"""Refusals of a payment that are right when time jumped or somebody was quicker."""
PAID_STATES = ("paid", "partially_delivered", "delivered", "completed")
_CHANGED = ("price_changed", "points_insufficient", "points_not_usable")
_POLLS = 4
_ELSEWHERE = "X-Forwarded-For: 203.0.113.7\r\n"
"""As a reverse proxy tells it: WeChat's page in the browser is not for shoppers on the server's own machine."""


class Sheet(msgspec.Struct, frozen=True):
    """A payment sheet that is left open on the phone."""

    order_id: str
    sheet_id: str


class Buyer(Actor):
    """A shopper with her phone."""

    def __init__(self, stage: Stage, shopper: Shopper, token: str, address_id: str) -> None:
        super().__init__(stage, shopper.nickname, token)
        self._shopper = shopper
        self.phone_id = shopper.id
        self.address_id = address_id
        self.open_sheets: deque[Sheet] = deque(maxlen=20)
        self.orders: deque[Placed] = deque(maxlen=60)

    async def sign_in(self) -> None:
        """Through WeChat's page, as often as it takes."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._shopper.http.cookies.clear()
                await asyncio.to_thread(self._shopper.sign_in, MERCHANTS[0])
                self.mall.token = self._shopper.http.cookies[SHOPPER_COOKIE]
                return
            except (httpx.HTTPError, AssertionError, KeyError) as error:
                if time.monotonic() > end:
                    raise NoAnswerError(f"{self.name} cannot sign in: {error!r}") from error
                await asyncio.sleep(0.5)

    def some_goods(self, own: random.Random) -> Goods:
        """Most look at the same few things."""
        goods = self.stage.goods[own.choice(MERCHANTS)]
        return goods[min(own.randrange(len(goods)), own.randrange(len(goods)))]

    async def place(self, own: random.Random, *, pickup: bool = False) -> Placed | None:
        """Quotes and places an order; None when it was refused."""
        goods = self.some_goods(own)
        stores = self.stage.stores[goods.merchant]
        delivery: Json = {"method": "ship", "address_id": self.address_id}
        if pickup and stores:
            delivery = {"method": "pickup", "store_id": own.choice(stores)}
        lines: list[Json] = [{"sku_id": goods.sku_id, "quantity": own.choice((1, 1, 1, 2, 3))}]
        more = self.some_goods(own)
        if own.random() < 0.25 and more.merchant == goods.merchant and more.sku_id != goods.sku_id:
            lines.append({"sku_id": more.sku_id, "quantity": 1})
        twice, with_points = own.random() < 0.1, own.random() < 0.25  # a finger that presses twice
        short = ("out_of_stock", "not_on_sale")
        base = f"/api/shop/{goods.merchant}"
        wish: Json = {"lines": lines, "delivery": delivery, "use_points": with_points}
        quoted = await self.ask("POST", f"{base}/quote", wish, refusals=short)
        if not quoted.ok:
            return None
        prices = {line["sku_id"]: line["unit_price_fen"] for line in quoted.body["lines"]}
        priced = [{**line, "price_fen": prices[line["sku_id"]]} for line in lines]
        order: Json = {"lines": priced, "delivery": delivery, "total_fen": quoted.body["total_fen"]}
        if with_points and quoted.body["points"]:
            order["use_points"] = quoted.body["points"]["used"]
        key = self.key()
        self.promises.sent.add(key)
        answer = await self.ask("POST", f"{base}/orders", order, key=key, refusals=(*short, *_CHANGED))
        if not answer.ok:
            self.promises.refused[key] = answer.code
            return None
        if twice:
            again = await self.ask("POST", f"{base}/orders", order, key=key)
            if again.body["order_id"] != answer.body["order_id"]:
                raise Unexpected(f"{key} placed {answer.body['order_id']} and {again.body['order_id']}")
        told = Placed(goods.merchant, answer.body["order_id"], answer.body["total_fen"])
        self.promises.placed[key] = told
        self.orders.append(told)
        return told

    def url(self, order: Placed) -> str:
        """Where her order is."""
        return f"/api/shop/{order.merchant}/orders/{order.order_id}"

    async def sheet(self, order: Placed, method: str) -> Sheet | None:
        """Opens the payment sheet; None when there is none (any more)."""
        return await self.prepared(order.merchant, self.url(order), order.order_id, method)

    async def prepared(self, merchant: str, url: str, reference: str, method: str) -> Sheet | None:
        """The sheet of what is to be paid at `url`."""
        if method == "wechat_mini":
            await self._open_mini_program(merchant)
        headers = _ELSEWHERE if method == "wechat_h5" else ""
        told = await self.ask("POST", f"{url}/pay", {"method": method}, refusals=UNPAYABLE, headers=headers)
        return await self.open_sheet(reference, told.body) if told.ok else None

    async def open_sheet(self, reference: str, about: Json) -> Sheet | None:
        """The sheet of a payment that was prepared; None when WeChat refuses it."""
        wanted = {name: about[name] for name in ("pay_params", "code_url", "h5_url") if about.get(name)}
        opened = await self._tap(f"/_sandbox/shoppers/{self.phone_id}/sheets", wanted)
        return Sheet(reference, opened.body["sheet_id"]) if opened.ok else None

    async def _open_mini_program(self, merchant: str) -> None:
        """`wx.login`: the mall knows her in the mini program from now on."""
        appid = self.stage.mini_apps[merchant]
        last = "nothing"
        for _ in range(4):  # a code that was used although its answer was lost is not taken again
            code = await self._tap(f"/_sandbox/shoppers/{self.phone_id}/jscode", {"appid": appid})
            entered = await self.mall.call("POST", f"/api/shop/{merchant}/wechat/login", {"code": code.body["code"]})
            if entered.ok:
                return
            last = f"{entered.status} {entered.body}"
        raise Unexpected(f"wx.login at {merchant}: {last}")

    async def _tap(self, path: str, body: Json) -> Answer:
        answer = await self.sandbox.call("POST", path, body)
        if not answer.ok and answer.code != "pay_refused":
            raise Unexpected(f"{path}: {answer.status} {answer.body}")
        return answer

    async def confirm(self, sheet: Sheet | None) -> bool:
        """Pays; True when the phone shows that it is paid (its answer may have been lost)."""
        if sheet is None:
            return False
        await self._tap(f"/_sandbox/sheets/{sheet.sheet_id}/pay", {})
        shown = await self.sandbox.call("GET", f"/_sandbox/sheets/{sheet.sheet_id}")
        if shown.body["state"] == "paid":
            self.promises.taken[shown.body["transaction_id"]] = sheet.order_id
            return True
        return False

    async def look(self, order: Placed, *, sync: bool = False) -> Json:
        """Her order as the mall shows it."""
        if sync:
            shown = await self.ask("POST", f"{self.url(order)}/sync-payment", {})
        else:
            shown = await self.ask("GET", self.url(order))
        if shown.body["state"] in PAID_STATES:
            self.promises.shown_paid.add(order.order_id)
        return shown.body

    async def wait_a_moment(self, order: Placed, own: random.Random) -> None:
        """Looks a few times whether it is paid, as the page after a payment does."""
        sync = own.random() < 0.3
        for turn in range(_POLLS):
            if (await self.look(order, sync=sync and turn == _POLLS - 1))["state"] != "unpaid":
                return
            await asyncio.sleep(0.1)

    def a_method(self, own: random.Random) -> str:
        """How she pays."""
        return own.choices(("wechat_jsapi", "wechat_native", "wechat_mini", "wechat_h5"), (52, 20, 14, 14))[0]


async def browse(me: Buyer, own: random.Random) -> None:
    """Home, a product, the cart."""
    goods = me.some_goods(own)
    await me.ask("GET", f"/api/shop/{goods.merchant}/home")
    shown = f"/api/shop/{goods.merchant}/products/{goods.product_id}"
    await me.ask("GET", shown, refusals=("not_found",))
    item = f"/api/shop/{goods.merchant}/cart/items/{goods.sku_id}"
    gone = ("not_found", "not_on_sale", "out_of_stock")
    await me.ask("PUT", item, {"quantity": own.randrange(3)}, refusals=gone)
    await me.ask("GET", f"/api/shop/{goods.merchant}/cart")


async def buy(me: Buyer, own: random.Random) -> None:
    """Places an order and pays it."""
    method = me.a_method(own)
    order = await me.place(own, pickup=own.random() < 0.2)
    if order and await me.confirm(await me.sheet(order, method)):
        await me.wait_a_moment(order, own)


async def pay_twice(me: Buyer, own: random.Random) -> None:
    """Two sheets of one order, both paid: one of them comes back."""
    if order := await me.place(own):
        for sheet in [await me.sheet(order, "wechat_jsapi"), await me.sheet(order, "wechat_native")]:
            await me.confirm(sheet)
        await me.wait_a_moment(order, own)


async def pay_after_cancelling(me: Buyer, own: random.Random) -> None:
    """Cancels with the sheet open, and then pays it."""
    method = me.a_method(own)
    if order := await me.place(own):
        sheet = await me.sheet(order, method)
        await _cancel(me, order)
        await me.confirm(sheet)


async def _cancel(me: Buyer, order: Placed) -> None:
    cancelled = await me.ask("POST", f"{me.url(order)}/cancel", {"reason": "改主意了"}, refusals=("wrong_state",))
    if cancelled.ok:
        me.promises.cancelled.add(order.order_id)


async def leave_the_sheet_open(me: Buyer, own: random.Random) -> None:
    """Puts the phone away before confirming."""
    method = me.a_method(own)
    if (order := await me.place(own)) and (sheet := await me.sheet(order, method)):
        me.open_sheets.append(sheet)


async def pay_an_old_sheet(me: Buyer, own: random.Random) -> None:
    """Takes the phone out again and confirms, perhaps after the order's time."""
    if me.open_sheets:
        at = own.randrange(len(me.open_sheets))
        sheet = me.open_sheets[at]
        del me.open_sheets[at]
        await me.confirm(sheet)


async def order_and_forget(me: Buyer, own: random.Random) -> None:
    """Never opens a sheet; half of them cancel."""
    cancels = own.random() < 0.5
    if (order := await me.place(own)) and cancels:
        await _cancel(me, order)


async def look_at_orders(me: Buyer, own: random.Random) -> None:
    """The list, and one that she once placed."""
    await me.ask("GET", f"/api/shop/{own.choice(MERCHANTS)}/orders?limit=10")
    if me.orders:
        await me.look(own.choice(list(me.orders)), sync=own.random() < 0.3)


async def receive(me: Buyer, own: random.Random) -> None:
    """Confirms the oldest parcel that came."""
    merchant = own.choice(MERCHANTS)
    listed = await me.ask("GET", f"/api/shop/{merchant}/orders?state=delivered&limit=5")
    for shown in listed.body["items"][:2]:
        path = f"/api/shop/{merchant}/orders/{shown['order_id']}/confirm-receipt"
        done = await me.ask("POST", path, {}, refusals=("wrong_state", "aftersale_open"))
        if done.ok:
            me.promises.received.add(shown["order_id"])


async def look_at_the_card(me: Buyer, own: random.Random) -> None:
    """Her member card, where she has one."""
    merchant = own.choice(MERCHANTS)
    shown = await me.ask("GET", f"/api/shop/{merchant}/member", refusals=("not_a_member",))
    if shown.ok:
        me.stage.cards[merchant].add(shown.body["number"])
        await me.ask("GET", f"/api/shop/{merchant}/member/points")
