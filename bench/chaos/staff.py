"""What people at the desks do: send, hand over, restock, cancel and look."""

import random

from bench.chaos.acts import Actor, Json, Unexpected
from bench.chaos.stage import Stage


class Clerk(Actor):
    """Somebody with a login of the console."""

    def __init__(self, stage: Stage, name: str, login: str, password: str) -> None:
        super().__init__(stage, name, None)
        self.merchant = login
        self._login = {"login": login, "password": password}

    async def sign_in(self) -> None:
        """With her password."""
        self.mall.token = None
        entered = await self.mall.call("POST", "/api/merchant/session", self._login)
        if not entered.ok:
            raise Unexpected(f"sign-in of {self.merchant}: {entered.status} {entered.body}")
        self.mall.token = entered.body["token"]


_LATE = ("wrong_state", "too_many_to_ship", "aftersale_open")


async def ship(me: Clerk, own: random.Random) -> None:
    """Sends some of what is paid, some in two parcels."""
    listed = await me.ask("GET", "/api/merchant/orders?state=paid&limit=20")
    ships = [row for row in listed.body["items"] if row["delivery"]["method"] == "ship"]
    for number in range(6):
        split, at = own.random() < 0.2, own.random()
        if not ships:
            return
        order = ships.pop(int(at * len(ships)))
        lines: list[Json] | None = None
        if split:
            lines = [{"line_id": order["lines"][0]["line_id"], "quantity": 1}]
        tracking = me.key(f"-{number}")[-60:]
        body = {"company": "顺丰", "tracking_no": tracking, "lines": lines}
        path = f"/api/merchant/orders/{order['order_id']}/ship"
        if (await me.ask("POST", path, body, key=tracking, refusals=_LATE)).ok:
            me.promises.shipped[tracking] = order["order_id"]


async def ship_the_rest(me: Clerk, own: random.Random) -> None:
    """Sends what is left of orders that went in parts."""
    listed = await me.ask("GET", "/api/merchant/orders?state=partially_delivered&limit=10")
    for number, order in enumerate(listed.body["items"][: own.randrange(1, 5)]):
        tracking = me.key(f"-{number}")[-60:]
        body = {"company": "中通", "tracking_no": tracking, "lines": None}
        path = f"/api/merchant/orders/{order['order_id']}/ship"
        if (await me.ask("POST", path, body, key=tracking, refusals=_LATE)).ok:
            me.promises.shipped[tracking] = order["order_id"]


async def hand_over(me: Clerk, own: random.Random) -> None:
    """Hands over what is picked up: the order's page knows the code."""
    listed = await me.ask("GET", "/api/merchant/orders?state=paid&limit=30")
    for order in [row for row in listed.body["items"] if row["delivery"]["method"] == "pickup"][: own.randrange(1, 6)]:
        if code := order["delivery"]["pickup_code"]:
            done = await me.ask(
                "POST", "/api/merchant/pickups", {"code": code}, refusals=("pickup_code_unknown", "aftersale_open")
            )
            if done.ok:
                me.promises.received.add(order["order_id"])


async def count_stock(me: Clerk, own: random.Random) -> None:
    """Restocks what sells, and sometimes finds that something is missing."""
    sold = {goods.sku_id for goods in me.stage.goods[me.merchant]}
    listed = await me.ask("GET", "/api/merchant/stock?limit=100")
    rows = [row for row in listed.body["items"] if row["sku_id"] in sold]
    scarce = sorted(rows, key=lambda row: row["available"])[:8]
    for number, row in enumerate(own.sample(scarce, min(4, len(scarce)))):
        delta = own.choice((60, 25, 9, -1, -3))  # things sell out all the same
        reason = f"盘点 {me.key(f'-{number}')}"
        body = {"sku_id": row["sku_id"], "location_id": row["location_id"], "delta": delta, "reason": reason}
        done = await me.ask(
            "POST", "/api/merchant/stock/adjustments", body, key=me.key(f"-{number}"), refusals=("stock_below_zero",)
        )
        if done.ok:
            me.promises.stocked[reason] = delta


async def cancel_unpaid(me: Clerk, own: random.Random) -> None:
    """Cancels an order that nobody paid yet; perhaps somebody is just paying it."""
    listed = await me.ask("GET", "/api/merchant/orders?state=unpaid&limit=20")
    if rows := listed.body["items"]:
        order = own.choice(rows)
        path = f"/api/merchant/orders/{order['order_id']}/cancel"
        if (await me.ask("POST", path, {"reason": "断货"}, refusals=("wrong_state",))).ok:
            me.promises.cancelled.add(order["order_id"])


async def rearrange(me: Clerk, own: random.Random) -> None:
    """Takes a product off sale and puts it back."""
    goods = own.choice(me.stage.goods[me.merchant])
    for verb in ("unpublish", "publish"):
        await me.ask("POST", f"/api/merchant/products/{goods.product_id}/{verb}", {}, refusals=("wrong_state",))


async def look_at_the_figures(me: Clerk, own: random.Random) -> None:
    """Dashboard, books, what is parked."""
    await me.ask("GET", "/api/merchant/dashboard")
    await me.ask("GET", f"/api/merchant/orders?limit={own.choice((5, 20))}")
    await me.ask("GET", "/api/merchant/ledger/accounts")
    await me.ask("GET", "/api/merchant/payments/parked")
