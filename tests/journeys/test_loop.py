"""The loop closes: scan, follow, open, buy, pay, join; the sale is attributed and the books balance."""

from typing import Any

import httpx
from bench.mall import Mall, wait_for


def _store_label(console: httpx.Client) -> dict[str, Any]:
    labels = console.get("/api/merchant/labels?limit=100").json()["items"]
    return next(label for label in labels if label["kind"] == "store")


def test_the_loop_closes(mall: Mall) -> None:
    console = mall.staff("qingshan")
    label = _store_label(console)
    before = console.get("/api/merchant/dashboard").json()["totals"]
    shopper = mall.new_shopper("闭环小林")

    appid = shopper.scan_and_follow(label["qr_content"])
    wait_for(lambda: shopper.chat(appid), "no greeting came")
    shopper.sign_in("qingshan")
    home = shopper.call("GET", "/api/shop/qingshan/home")
    assert home["featured"]
    sku = shopper.first_sku("qingshan")
    shopper.call("PUT", f"/api/shop/qingshan/cart/items/{sku['sku_id']}", {"quantity": 1})
    assert shopper.http.get("/api/shop/qingshan/member").json()["code"] == "not_a_member"
    order = shopper.place("qingshan", sku, {"method": "ship", "address_id": shopper.add_address()})
    assert shopper.call("GET", "/api/shop/qingshan/cart")["items"] == []
    paid = shopper.pay("qingshan", order["order_id"])
    assert (paid["paid_fen"], paid["payment_status"]) == (order["total_fen"], "paid")

    def card() -> dict[str, Any] | None:
        answer = shopper.http.get("/api/shop/qingshan/member")
        return answer.json() if answer.status_code == 200 else None

    member = wait_for(card, "paying opened no member card")
    assert member["number"]
    assert member["points"] == order["total_fen"] // 100

    seen = console.get(f"/api/merchant/orders/{order['order_id']}").json()
    assert seen["attribution"]["store_id"] == label["store_id"]
    assert label["code"] in {t["label_code"] for t in seen["attribution"]["touchpoints"]}
    assert [p["state"] for p in seen["payments"]]
    said = len(shopper.chat(appid))
    assert wait_for(lambda: len(shopper.chat(appid)) >= 2, f"no chat message about the card ({said} messages)")

    def counted() -> bool:
        after = console.get("/api/merchant/dashboard").json()["totals"]
        names = ("scans", "follows", "orders", "paid_orders", "members")
        return all(after[name] > before[name] for name in names) and (
            after["paid_fen"] == before["paid_fen"] + order["total_fen"]
        )

    assert wait_for(counted, "the dashboard does not count the loop")
    mall.verify()


def test_pickup_with_a_code_completes_the_order(mall: Mall) -> None:
    shopper = mall.new_shopper("自提阿宁")
    shopper.sign_in("maixiang")
    console = mall.staff("maixiang")
    stores = shopper.call("GET", "/api/shop/maixiang/stores")["items"]
    store = next(s for s in stores if s["pickup"])
    sku = shopper.first_sku("maixiang")
    order = shopper.place("maixiang", sku, {"method": "pickup", "store_id": store["store_id"]})
    assert order["delivery"]["pickup_code"] is None  # it is worth the goods: it comes with the payment
    paid = shopper.pay("maixiang", order["order_id"])

    handed = console.post("/api/merchant/pickups", json={"code": paid["delivery"]["pickup_code"]})
    again = console.post("/api/merchant/pickups", json={"code": paid["delivery"]["pickup_code"]})

    assert (handed.status_code, handed.json()["state"]) == (200, "completed")
    assert (again.status_code, again.json()["code"]) == (409, "pickup_code_unknown")


def test_shipping_in_two_parcels(mall: Mall) -> None:
    shopper = mall.new_shopper("收货小周")
    shopper.sign_in("qingshan")
    console = mall.staff("qingshan")
    sku = shopper.first_sku("qingshan", 1)
    delivery = {"method": "ship", "address_id": shopper.add_address()}
    order = shopper.place("qingshan", sku, delivery, quantity=2)
    shopper.pay("qingshan", order["order_id"])
    line = order["lines"][0]["line_id"]
    url = f"/api/merchant/orders/{order['order_id']}/ship"

    def ship(tracking_no: str, quantity: int | None) -> httpx.Response:
        lines = [{"line_id": line, "quantity": quantity}] if quantity else None
        body = {"company": "顺丰", "tracking_no": tracking_no, "lines": lines}
        return console.post(url, json=body, headers={"Idempotency-Key": f"ship-{tracking_no}"})

    assert ship("SF0000001", 1).json()["state"] == "partially_delivered"
    assert ship("SF0000001", 1).json()["state"] == "partially_delivered"  # the same command again ships nothing more
    assert ship("SF0000002", 2).json()["code"] == "too_many_to_ship"
    assert ship("SF0000003", None).json()["state"] == "delivered"
    done = shopper.call("POST", f"/api/shop/qingshan/orders/{order['order_id']}/confirm-receipt", {})
    assert (done["state"], len(done["delivery"]["shipments"])) == ("completed", 2)
