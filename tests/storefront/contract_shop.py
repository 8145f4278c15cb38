"""The state behind the contract server and the rules that the storefront must live with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from . import contract_data
from .contract_data import MERCHANT, STORES, uid

Json = dict[str, Any]
FREIGHT_FEN = 1000
FREE_FREIGHT_FROM_FEN = 30000


class Problem(Exception):
    """An error of the API: status, stable code, text, and the problem's own members."""

    def __init__(self, status: int, code: str, title: str, **extra: Any) -> None:
        super().__init__(title)
        self.status, self.code, self.title, self.extra = status, code, title, extra


def _now(minutes: int = 0) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


class Shop:
    """One merchant, one shopper."""

    def __init__(self) -> None:
        self.products = contract_data.products()
        self.unpublished: set[str] = set()
        self.shopper: Json = {"shopper_id": uid("shopper"), "nickname": "林小满", "avatar_url": "/media/avatar.svg"}
        self.items: dict[str, Json] = {}
        self.addresses: list[Json] = []
        self.orders: list[Json] = []
        self.keys: dict[str, Json] = {}
        self.touchpoints: list[Json] = []
        self.payments: dict[str, str] = {}
        self.logins: list[str] = []

    # Catalogue

    def home(self) -> Json:
        featured = [contract_data.card(product) for product in self.products[:6]]
        return {"merchant": MERCHANT, "categories": contract_data.CATEGORIES, "featured": featured, "stores": STORES}

    def list_products(self, query: dict[str, str]) -> Json:
        found = [p for p in self.products if query.get("q", "") in p["title"] + p["subtitle"]]
        if category := query.get("category_id"):
            found = [p for p in found if category in p["category_ids"]]
        if query.get("sort", "").startswith("price"):
            found.sort(key=lambda p: p["price_fen"], reverse=query["sort"] == "price_desc")
        if query.get("sort") == "sold":
            found.sort(key=lambda p: -p["sold_count"])
        # Small pages, so that a test sees the second one; the same goods again make the list long enough.
        start, size = int(query.get("cursor") or 0), 6
        cards = [contract_data.card(p) for p in found]
        following = str(start + size) if start + size < len(cards) else None
        return {"items": cards[start : start + size], "next_cursor": following}

    def product(self, product_id: str) -> Json:
        for product in self.products:
            if product["product_id"] == product_id and product_id not in self.unpublished:
                return product
        raise Problem(404, "not_found", "商品不存在或已下架")

    def sku(self, sku_id: str) -> tuple[Json, Json]:
        for product in self.products:
            for sku in product["skus"]:
                if sku["sku_id"] == sku_id:
                    return product, sku
        raise Problem(404, "not_found", "没有这个商品")

    # Session

    def login(self, body: Json, token: str) -> Json:
        self.logins.append(body["code"])
        return {"token": token, "expires_at": _now(600), "shopper": self.shopper}

    def jssdk(self, query: dict[str, str]) -> Json:
        return {"app_id": "wx0", "timestamp": 1, "nonce_str": "n", "signature": "s", "script_url": "/jweixin.js"}

    def touch(self, body: Json) -> None:
        self.touchpoints.append({key: value for key, value in body.items() if not key.startswith("_")})

    # Cart

    def cart(self) -> Json:
        items: list[Json] = []
        for sku_id, kept in self.items.items():
            product, sku = self.sku(sku_id)
            state = "ok" if kept["quantity"] <= sku["available"] else "insufficient"
            state = "sold_out" if sku["available"] <= 0 else state
            state = "unpublished" if product["product_id"] in self.unpublished else state
            items.append(
                self._named(product, sku)
                | {"price_fen": sku["price_fen"], "available": sku["available"], "state": state}
                | kept
            )
        total_fen = sum(i["price_fen"] * i["quantity"] for i in items if i["state"] == "ok")
        return {"items": items, "total_fen": total_fen}

    def put_cart(self, sku_id: str, quantity: int) -> Json:
        _, sku = self.sku(sku_id)
        if quantity <= 0:
            self.items.pop(sku_id, None)
        else:
            added = self.items.get(sku_id, {}).get("added_price_fen", sku["price_fen"])
            self.items[sku_id] = {"quantity": quantity, "added_price_fen": added}
        return self.cart()

    @staticmethod
    def _named(product: Json, sku: Json) -> Json:
        image = sku["image_url"] or product["cover_url"]
        names = {"title": product["title"], "option_values": sku["option_values"], "image_url": image}
        return {"sku_id": sku["sku_id"], "product_id": product["product_id"]} | names

    # Orders

    def quote(self, body: Json) -> Json:
        gone = [x["sku_id"] for x in body["lines"] if self.sku(x["sku_id"])[0]["product_id"] in self.unpublished]
        if gone:
            raise Problem(409, "not_on_sale", "有商品已下架", sku_ids=gone)
        lines: list[Json] = []
        for wanted in body["lines"]:
            product, sku = self.sku(wanted["sku_id"])
            subtotal = sku["price_fen"] * wanted["quantity"]
            sums = {"unit_price_fen": sku["price_fen"], "subtotal_fen": subtotal, "total_fen": subtotal}
            none: list[Json] = []
            lines.append(self._named(product, sku) | {"quantity": wanted["quantity"], "adjustments": none} | sums)
        goods = sum(line["subtotal_fen"] for line in lines)
        ships = body["delivery"]["method"] == "ship" and goods < FREE_FREIGHT_FROM_FEN
        freight = FREIGHT_FEN if ships else 0
        made = {"kind": "freight", "source": "freight", "label": "快递运费", "amount_fen": freight}
        sums = {"goods_fen": goods, "freight_fen": freight, "discount_fen": 0, "total_fen": goods + freight}
        return {"lines": lines, "adjustments": [made] if freight else []} | sums

    def place(self, body: Json) -> Json:
        key = body.pop("_key")
        if not key:
            raise Problem(400, "idempotency_key_required", "缺少 Idempotency-Key")
        if key in self.keys:
            return self.keys[key]
        quoted = self.quote(body)
        short = [x["sku_id"] for x in body["lines"] if self.sku(x["sku_id"])[1]["available"] < x["quantity"]]
        if short:
            raise Problem(409, "out_of_stock", "库存不足", sku_ids=short)
        if quoted["total_fen"] != body["total_fen"]:
            raise Problem(409, "price_changed", "价格有变动", lines=quoted["lines"], total_fen=quoted["total_fen"])
        for line in body["lines"]:
            self.sku(line["sku_id"])[1]["available"] -= line["quantity"]
            if body.get("from_cart"):
                self.items.pop(line["sku_id"], None)
        order = self._order(quoted, body)
        self.orders.insert(0, order)
        self.keys[key] = order
        return order

    def _order(self, quoted: Json, body: Json) -> Json:
        number = len(self.orders) + 1
        wanted = body["delivery"]
        address = next((a for a in self.addresses if a["address_id"] == wanted.get("address_id")), None)
        store = next((s for s in STORES if s["store_id"] == wanted.get("store_id")), None)
        none: list[Json] = []
        delivery: Json = {"method": wanted["method"], "address": address, "store": store}
        delivery |= {"pickup_code": None, "shipments": none}
        state = {"state": "unpaid", "payment_status": "unpaid", "fulfilment_status": "none", "refund_status": "none"}
        times = {"created_at": _now(), "expires_at": _now(15), "paid_at": None, "cancelled_at": None}
        for index, line in enumerate(quoted["lines"]):
            line |= {"line_id": uid(f"line-{number}-{index}"), "delivered_quantity": 0}
        more = {"terminal": False, "cancel_reason": None, "paid_fen": 0, "refunded_fen": 0}
        ids = {"order_id": uid(f"order-{number}"), "order_no": f"2026050110{number:06d}"}
        return quoted | ids | state | times | more | {"delivery": delivery, "remark": body.get("remark")}

    def list_orders(self, query: dict[str, str]) -> Json:
        state = query.get("state")
        return {"items": [o for o in self.orders if not state or o["state"] == state], "next_cursor": None}

    def order(self, order_id: str) -> Json:
        for order in self.orders:
            if order["order_id"] == order_id:
                return order
        raise Problem(404, "not_found", "没有这笔订单")

    def _move(self, order_id: str, before: str, **after: Any) -> Json:
        order = self.order(order_id)
        if order["state"] != before:
            raise Problem(409, "wrong_state", "订单状态已变化")
        order |= after
        return order

    def cancel(self, order_id: str, body: Json) -> Json:
        after = {"state": "cancelled", "terminal": True, "cancelled_at": _now()}
        return self._move(order_id, "unpaid", **after, cancel_reason=body.get("reason"))

    def receive(self, order_id: str) -> Json:
        return self._move(order_id, "delivered", state="completed", terminal=True)

    def pay(self, order_id: str, body: Json) -> Json:
        order = self._move(order_id, "unpaid")
        prepay = f"wx-prepay-{order['order_no']}"
        self.payments[prepay] = order_id
        native = body["method"] in ("wechat_native", "wechat_h5")
        params = {"appId": "wx0", "timeStamp": "1", "nonceStr": "n", "package": f"prepay_id={prepay}"}
        params |= {"signType": "RSA", "paySign": "sign"}
        return {
            "payment_id": uid(prepay),
            "method": body["method"],
            "pay_params": None if native else params,
            "code_url": f"weixin://wxpay/bizpayurl?pr={prepay}" if native else None,
            "h5_url": None,
            "expires_at": order["expires_at"],
        }

    def sheet(self, body: Json) -> Json:
        prepay = body["pay_params"]["package"].removeprefix("prepay_id=")
        return {"sheet_id": prepay, "total_fen": self.order(self.payments[prepay])["total_fen"], "state": "open"}

    def pay_sheet(self, sheet_id: str) -> Json:
        self.mark_paid(self.payments[sheet_id])
        return {"state": "paid", "transaction_id": "4200000001"}

    def mark_paid(self, order_id: str) -> None:
        """What WeChat's notification brings about."""
        order = self._move(order_id, "unpaid", state="paid", payment_status="paid", paid_at=_now())
        order["paid_fen"] = order["total_fen"]
        if order["delivery"]["method"] == "pickup":
            order["delivery"]["pickup_code"] = "83920174"

    # The shopper's own

    def put_address(self, address_id: str | None, body: Json) -> Json:
        address = {key: value for key, value in body.items() if key != "_key"}
        address["address_id"] = address_id or uid(f"address-{len(self.addresses)}")
        if address["is_default"]:
            for other in self.addresses:
                other["is_default"] = False
        self.addresses = [a for a in self.addresses if a["address_id"] != address_id] + [address]
        return address

    def drop_address(self, address_id: str) -> None:
        self.addresses = [a for a in self.addresses if a["address_id"] != address_id]

    def member(self) -> Json:
        paid = [o for o in self.orders if o["paid_at"]]
        if not paid:
            raise Problem(404, "not_a_member", "还不是会员")
        points = sum(o["paid_fen"] for o in paid) // 100
        return {
            "number": "668820260001",
            "level": {"code": "v1", "name": "青友"},
            "points": points,
            "growth": points,
            "next_level": {"name": "青悦", "growth": 2000},
            "joined_at": _now(),
            "card_code": "668820260001",
        }
