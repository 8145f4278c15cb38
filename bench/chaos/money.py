"""Money besides plain orders: stored value, two hands at once, and what merchants do to WeChat in between."""

import asyncio
import random

from bench.chaos.acts import Actor, Unexpected
from bench.chaos.line import Line
from bench.chaos.promises import Placed
from bench.chaos.shoppers import UNPAYABLE, Buyer
from bench.chaos.staff import Clerk
from bench.chaos.stage import MERCHANTS

WALLET = ("wallet_short", "wallet_frozen", "wallet_closed", "whole_by_wallet", *UNPAYABLE)


async def top_up(me: Buyer, own: random.Random) -> None:
    """Puts money into her wallet, with a gift from a hundred yuan on; some pay twice, some never."""
    merchant, amount = own.choice(MERCHANTS), own.choice((1_000, 5_000, 12_345, 30_000))
    how = own.choices(("once", "twice", "never"), (70, 15, 15))[0]
    base = f"/api/shop/{merchant}/wallet/topups"
    ordered = await me.ask(
        "POST", base, {"amount_fen": amount}, key=me.key(), refusals=("wallet_closed", "wallet_frozen")
    )
    if not ordered.ok or how == "never":
        return
    topup = ordered.body["topup_id"]
    for method in (me.a_method(own), "wechat_native")[: 1 if how == "once" else 2]:
        await me.confirm(await me.prepared(merchant, f"{base}/{topup}", topup, method))
    shown = (await me.ask("GET", f"{base}/{topup}")).body
    if shown["state"] == "paid":
        me.promises.topped_up[topup] = (shown["amount_fen"], shown["gift_fen"])


async def pay_with_the_wallet(me: Buyer, own: random.Random) -> None:
    """The whole from the wallet, or a part and the rest at WeChat; some never pay the rest."""
    part, leaves = own.random(), own.random() < 0.2
    order = await me.place(own)
    if order is None:
        return
    free = (await me.ask("GET", f"/api/shop/{order.merchant}/wallet")).body["available_fen"]
    if free >= order.total_fen:
        paid = await me.ask("POST", f"{me.url(order)}/pay", {"method": "wallet"}, refusals=WALLET)
        if paid.ok:
            await me.look(order)
        return
    wallet_fen = int(min(free, order.total_fen - 1) * part)
    body = {"method": "wechat_jsapi", "wallet_fen": wallet_fen}
    prepared = await me.ask("POST", f"{me.url(order)}/pay", body, refusals=WALLET)
    if prepared.ok and not leaves:
        await me.confirm(await me.open_sheet(order.order_id, prepared.body))
        await me.wait_a_moment(order, own)


async def pay_by_alipay(me: Buyer, own: random.Random) -> None:
    """By Alipay's QR code, where the merchant takes it; some have paid by WeChat already, or do so now."""
    when = own.choices(("never", "before", "after"), (80, 10, 10))[0]
    order = await me.place(own)
    if order is None:
        return
    sheet = await me.sheet(order, "wechat_jsapi") if when != "never" else None
    told = None
    if order.merchant in me.stage.alipay_apps:
        told = await me.ask("POST", f"{me.url(order)}/pay", {"method": "alipay_qr"}, refusals=UNPAYABLE)
    if when == "before":
        await me.confirm(sheet)
    if told is not None and told.ok:
        token = told.body["code_url"].rpartition("/")[2]
        await me.sandbox.call("GET", f"/alipay/qr/{token}")
        await me.sandbox.call("POST", f"/alipay/cashier/{token}/pay", {})
    if when == "after":
        await me.confirm(sheet)
    await me.wait_a_moment(order, own)


async def with_two_hands(me: Buyer, own: random.Random) -> None:
    """Cancels in one tab in the moment in which she pays in the other."""
    method, late = me.a_method(own), own.uniform(0, 0.05)
    order = await me.place(own)
    if order is None:
        return
    sheet = await me.sheet(order, method)

    async def cancel(other: Line) -> None:
        await asyncio.sleep(late)
        told = await other.call("POST", f"{me.url(order)}/cancel", {"reason": "两只手"})
        if told.ok:
            me.promises.cancelled.add(order.order_id)
        elif told.code != "wrong_state":
            raise Unexpected(f"cancelling with the other hand: {told.status} {told.body}")

    other = Line(me.stage.mall.url, me.mall.token)
    try:
        await asyncio.gather(me.confirm(sheet), cancel(other))
    finally:
        me.mall.causes += other.causes
        other.close()
    await me.wait_a_moment(order, own)


async def press_in_two_tabs(me: Buyer, own: random.Random) -> None:
    """The same key at the same moment over two connections: one order, told twice."""
    goods = me.some_goods(own)
    delivery = {"method": "ship", "address_id": me.address_id}
    base = f"/api/shop/{goods.merchant}"
    lines = [{"sku_id": goods.sku_id, "quantity": 1}]
    short = ("out_of_stock", "not_on_sale")
    quoted = await me.ask("POST", f"{base}/quote", {"lines": lines, "delivery": delivery}, refusals=short)
    if not quoted.ok:
        return
    priced = [{**lines[0], "price_fen": quoted.body["lines"][0]["unit_price_fen"]}]
    body = {"lines": priced, "delivery": delivery, "total_fen": quoted.body["total_fen"]}
    key = me.key()
    me.promises.sent.add(key)
    other = Line(me.stage.mall.url, me.mall.token)
    try:
        told = await asyncio.gather(
            me.mall.call("POST", f"{base}/orders", body, key), other.call("POST", f"{base}/orders", body, key)
        )
    finally:
        other.close()
    placed = {answer.body["order_id"] for answer in told if answer.ok}
    if len(placed) > 1:
        raise Unexpected(f"{key} placed {placed}")
    for answer in told:
        if answer.ok:
            me.promises.placed[key] = Placed(goods.merchant, answer.body["order_id"], answer.body["total_fen"])
        elif answer.code not in (*short, "price_changed"):
            raise Unexpected(f"{key}: {answer.status} {answer.body}")
        elif not placed:
            me.promises.refused[key] = answer.code


async def _at_wechat(me: Actor, method: str, path: str, body: object) -> None:
    told = await me.sandbox.call(method, path, body)
    if not told.ok and told.code not in ("not_enough", "refused"):
        raise Unexpected(f"{path}: {told.status} {told.body}")


async def take_money_out(me: Clerk, own: random.Random) -> None:
    """The merchant takes most of it to the bank, and pays some in again: refunds may have to wait for money."""
    mchid = (await me.ask("GET", "/api/merchant/payment-account")).body["mchid"]
    share = own.uniform(0.5, 1.0)
    books = await me.sandbox.call("GET", "/_sandbox/books")
    sheet = next(row for row in books.body["merchants"] if row["mchid"] == mchid)
    if (amount := int(sheet["accounts"]["available"] * share)) > 0:
        await _at_wechat(me, "POST", f"/_sandbox/merchants/{mchid}/withdraw", {"amount": amount})
    await asyncio.sleep(own.uniform(0, 2))
    await _at_wechat(me, "POST", f"/_sandbox/merchants/{mchid}/top-up", {"amount": own.randrange(1, 200_000)})


async def trouble_refunds(me: Clerk, own: random.Random) -> None:
    """For a moment WeChat closes this merchant's refunds for good: each needs a new number."""
    mchid = (await me.ask("GET", "/api/merchant/payment-account")).body["mchid"]
    await _at_wechat(me, "PUT", f"/_sandbox/merchants/{mchid}/money", {"refund_outcome": "CLOSED"})
    await asyncio.sleep(own.uniform(0.2, 1.0))
    await _at_wechat(me, "PUT", f"/_sandbox/merchants/{mchid}/money", {"refund_outcome": ""})
