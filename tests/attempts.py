"""What one merchant's staff try at the console with another merchant's ids (`test_neighbours`)."""

from typing import Any, NamedTuple

from bihuan.kernel.ids import new_id
from tests.aftersale.cases import ADDRESS, PARCEL
from tests.aftersale.complained import PICTURE_NAME
from tests.business import PASSWORD, Business
from tests.till import counter


class Attempt(NamedTuple):
    """One request; `route` as the application lists it."""

    route: str
    path: str
    body: object = None

    @property
    def method(self) -> str:
        """GET, POST, ..."""
        return self.route.split(" ")[0]

    @property
    def url(self) -> str:
        """Below the console's prefix."""
        return f"/api/merchant/{self.path}"


def goods(mine: Business, theirs: Business) -> list[Attempt]:
    """Of products, categories and stock."""
    product, products = "/api/merchant/products/{product_id:uuid}", "POST /api/merchant/products"
    category, categories = "/api/merchant/categories/{category_id:uuid}", "POST /api/merchant/categories"
    adjust = "POST /api/merchant/stock/adjustments"

    def written(of_sku: dict[str, Any] | None = None, **more: object) -> dict[str, Any]:
        sku = {"code": f"N{new_id().hex[-8:]}", "price_fen": 1, **(of_sku or {})}
        return {"title": "别人的", "skus": [sku], **more}

    tries = [
        Attempt(f"GET {product}", f"products/{theirs.product}"),
        Attempt(f"PUT {product}", f"products/{theirs.product}", written({"sku_id": theirs.sku})),
        Attempt(f"PUT {product}", f"products/{mine.product}", written({"sku_id": theirs.sku})),
        Attempt(f"POST {product}/unpublish", f"products/{theirs.product}/unpublish"),
        Attempt(f"POST {product}/publish", f"products/{theirs.draft}/publish"),
        Attempt(products, "products", written(category_ids=[theirs.category])),
        Attempt(products, "products", written(media=[{"kind": "image", "url": theirs.picture}])),
        Attempt(products, "products", written({"image_url": theirs.picture})),
        Attempt(categories, "categories", {"name": "挂靠", "parent_id": theirs.category}),
        Attempt(categories, "categories", {"name": "盗图", "icon_url": theirs.picture}),
        Attempt(f"PUT {category}", f"categories/{theirs.category}", {"name": "改名"}),
        Attempt(f"DELETE {category}", f"categories/{theirs.spare}"),
    ]
    if mine is not theirs:
        tries.append(
            Attempt(f"PUT {category}", f"categories/{mine.category}", {"name": "x", "parent_id": theirs.category})
        )
    for one, place in ((theirs.sku, theirs.warehouse), (theirs.sku, mine.warehouse), (mine.sku, theirs.warehouse)):
        for delta in (1, -1, 1_000_000):
            body = {"sku_id": one, "location_id": place, "delta": delta, "reason": "盘点"}
            tries.append(Attempt(adjust, "stock/adjustments", body))
    return tries


def people_and_places(mine: Business, theirs: Business) -> list[Attempt]:
    """Of staff, stores, counters and labels."""
    person, people = "PUT /api/merchant/staff/{staff_id:uuid}", "POST /api/merchant/staff"
    store, label = "/api/merchant/stores/{store_id:uuid}", "/api/merchant/labels/{label_id:uuid}"
    clerk = {"name": "借调", "role": "clerk", "login": None}
    new = {**clerk, "login": f"n-{new_id().hex}", "password": PASSWORD}
    named = {"name": "冒用"}
    return [
        Attempt(person, f"staff/{theirs.clerk}", {**clerk, "password": "taken over 1"}),
        Attempt(person, f"staff/{mine.clerk}", {**clerk, "store_id": theirs.store}),
        Attempt(people, "staff", {**new, "store_id": theirs.store}),
        Attempt(f"PUT {store}", f"stores/{theirs.store}", {"code": "s9", "name": "我的了"}),
        Attempt(f"GET {store}/counters", f"stores/{theirs.store}/counters"),
        Attempt(
            f"PUT {store}/counters/{{counter_id:uuid}}",
            f"stores/{theirs.store}/counters/{theirs.counter}",
            {"name": "改名"},
        ),
        Attempt(
            f"PUT {store}/counters/{{counter_id:uuid}}", f"stores/{mine.store}/counters/{theirs.counter}", {"name": "x"}
        ),
        Attempt(f"POST {store}/retire", f"stores/{theirs.store}/retire"),
        Attempt(f"POST {store}/counters", f"stores/{theirs.store}/counters", {"code": "c9", "name": "插柜"}),
        Attempt("POST /api/merchant/labels", "labels", {**named, "kind": "store", "store_id": theirs.store}),
        Attempt("POST /api/merchant/labels", "labels", {**named, "kind": "counter", "counter_id": theirs.counter}),
        Attempt("POST /api/merchant/labels", "labels", {**named, "kind": "staff", "staff_id": theirs.clerk}),
        Attempt(
            "POST /api/merchant/labels",
            "labels",
            {**named, "kind": "staff", "staff_id": mine.clerk, "store_id": theirs.store},
        ),
        Attempt(f"GET {label}/qr.svg", f"labels/{theirs.label}/qr.svg"),
        Attempt(f"GET {label}/qr.png", f"labels/{theirs.label}/qr.png"),
        Attempt(f"GET {label}/mini-program.jpg", f"labels/{theirs.label}/mini-program.jpg"),
        *guides(mine, theirs),
    ]


def guides(mine: Business, theirs: Business) -> list[Attempt]:
    """Of members of the corp."""
    guide = "/api/merchant/guides/{userid:str}"
    return [
        Attempt(f"PUT {guide}", f"guides/{theirs.guide}", {"staff_id": None}),
        Attempt(f"PUT {guide}", f"guides/{mine.guide}", {"staff_id": theirs.clerk}),
        Attempt(f"POST {guide}/code", f"guides/{theirs.guide}/code"),
        Attempt(f"GET {guide}/code", f"guides/{theirs.guide}/code"),
    ]


def by_hand(kind: str) -> dict[str, Any]:
    """Points to give or to take."""
    return {"kind": kind, "points": 1, "reason": "别家的会员"}


def trade(mine: Business, theirs: Business) -> list[Attempt]:
    """Of orders, what is handed over, and facts that wait for a person."""
    order = "/api/merchant/orders/{order_id:uuid}"
    parcel = {"company": "顺丰", "tracking_no": "SF1"}
    line = {"line_id": theirs.paid_line, "quantity": 1}
    fact, handler = theirs.parked[0]
    member = "/api/merchant/members/{member_id:uuid}"
    return [
        Attempt(f"GET {member}/points", f"members/{theirs.member}/points"),
        Attempt(f"GET {member}/points-summary", f"members/{theirs.member}/points-summary"),
        *(
            Attempt(f"POST {member}/points", f"members/{theirs.member}/points", by_hand(kind))
            for kind in ("grant", "deduct")
        ),
        Attempt(f"GET {order}", f"orders/{theirs.paid}"),
        Attempt(f"POST {order}/cancel", f"orders/{theirs.unpaid}/cancel", {"reason": "不卖了"}),
        Attempt(f"POST {order}/ship", f"orders/{mine.paid}/ship", {**parcel, "lines": [line]}),
        Attempt(f"POST {order}/ship", f"orders/{theirs.paid}/ship", parcel),
        Attempt("POST /api/merchant/messages/{message_id:uuid}/retry", f"messages/{theirs.message}/retry"),
        Attempt(
            "POST /api/merchant/shipping-uploads/{upload_id:uuid}/retry", f"shipping-uploads/{theirs.upload}/retry"
        ),
        Attempt("POST /api/merchant/pickups", "pickups", {"code": theirs.pickup_code}),
        Attempt(
            "POST /api/merchant/deliveries/{fact_id:uuid}/{handler:str}/replay", f"deliveries/{fact}/{handler}/replay"
        ),
    ]


def complaints(theirs: Business) -> list[Attempt]:
    """Of complaints at WeChat."""
    complaint, whose = "/api/merchant/complaints/{complaint_id:uuid}", f"complaints/{theirs.complaint}"
    return [
        Attempt(f"GET {complaint}", whose),
        Attempt(f"GET {complaint}/pictures/{{name:str}}", f"{whose}/pictures/{PICTURE_NAME}"),
        Attempt(f"POST {complaint}/reply", f"{whose}/reply", {"content": "您好"}),
        Attempt(f"POST {complaint}/complete", f"{whose}/complete"),
    ]


def goods_back(theirs: Business) -> list[Attempt]:
    """Of after-sale cases, and money that is stuck."""
    case, cases = "/api/merchant/aftersale/{case_id:uuid}", theirs.cases
    seen = [{"line_id": theirs.case_line, "received": 1, "sellable": 1}]
    order = "/api/merchant/orders/{order_id:uuid}/aftersale"
    gift = {  # it was sent by then
        "received_goods": True,
        "lines": [{"line_id": theirs.paid_line, "quantity": 1}],
        "reason": "negotiated",
    }
    return [
        Attempt(f"GET {order}", f"orders/{theirs.paid}/aftersale"),
        Attempt(f"POST {order}/quote", f"orders/{theirs.paid}/aftersale/quote", gift),
        Attempt(f"POST {order}", f"orders/{theirs.paid}/aftersale", gift),
        Attempt(f"GET {case}", f"aftersale/{cases['applied']}"),
        Attempt(f"POST {case}/evidence", f"aftersale/{cases['applied']}/evidence", {"text": "看看"}),
        Attempt(f"POST {case}/propose", f"aftersale/{cases['applied']}/propose", {"amount_fen": 1}),
        Attempt(f"POST {case}/reject", f"aftersale/{cases['applied']}/reject", {"reason": "不行"}),
        Attempt(f"POST {case}/agree", f"aftersale/{cases['to_agree']}/agree", {"return_address": ADDRESS}),
        Attempt(f"POST {case}/inspect", f"aftersale/{cases['returning']}/inspect", {"lines": seen, "accept": False}),
        Attempt(f"POST {case}/ship-exchange", f"aftersale/{cases['received']}/ship-exchange", PARCEL),
        Attempt(
            "POST /api/merchant/payments/refunds/{refund_id:uuid}/apply-abnormal",
            f"payments/refunds/{cases['refund']}/apply-abnormal",
            {"to": "merchant_bank"},
        ),
        Attempt(
            "POST /api/merchant/payments/parked/{kind:str}/{parked_id:str}/replay",
            f"payments/parked/notification/{theirs.notice}/replay",
            None,
        ),
        Attempt(
            "POST /api/merchant/payments/parked/{kind:str}/{parked_id:str}/resolve",
            f"payments/parked/notification/{theirs.notice}/resolve",
            {"note": "线下已退"},
        ),
    ]


def stored_value(theirs: Business) -> list[Attempt]:
    """Of wallets and top-ups, and of the book."""
    wallet, whose = "/api/merchant/wallets/{shopper_id:uuid}", f"wallets/{theirs.buyer.shopper_id}"
    body = {"amount_fen": 100, "reason": "退回"}
    posting = "GET /api/merchant/finance/transactions/{transaction_id:uuid}"
    return [
        Attempt(posting, f"finance/transactions/{theirs.posting}"),
        Attempt(f"GET {wallet}", whose),
        Attempt(f"GET {wallet}/entries", f"{whose}/entries"),
        Attempt(f"GET {wallet}/topups", f"{whose}/topups"),
        Attempt(f"POST {wallet}/freeze", f"{whose}/freeze", {"reason": "冒用"}),
        Attempt(f"POST {wallet}/unfreeze", f"{whose}/unfreeze"),
        Attempt(
            "POST /api/merchant/wallet-topups/{topup_id:uuid}/returns", f"wallet-topups/{theirs.topup}/returns", body
        ),
    ]


def bills(theirs: Business) -> list[Attempt]:
    """Of reconciliation: days and bills are found by the caller's own accounts alone."""
    day, of_day = (
        "/api/merchant/reconciliation/days/{day:date}/{mchid:str}",
        f"reconciliation/days/2026-08-03/{theirs.mchid}",
    )
    one, of_one = "/api/merchant/reconciliation/differences/{difference_id:uuid}", "reconciliation/differences"
    return [
        Attempt(f"GET {day}", of_day),
        Attempt(f"GET {day}/bills/{{kind:str}}", f"{of_day}/bills/trade"),
        Attempt(f"GET {one}", f"{of_one}/{theirs.difference}"),
        Attempt(f"POST {one}/resolve", f"{of_one}/{theirs.difference}/resolve", {"action": "accept", "note": "我的"}),
        Attempt(
            "POST /api/merchant/alipay-bills/{seller_id:str}/{day:date}/retry",
            f"alipay-bills/{theirs.alipay_seller}/2026-08-03/retry",
        ),
        Attempt(
            "POST /api/merchant/alipay-differences/{difference_id:uuid}/accept",
            f"alipay-differences/{theirs.alipay_difference}/accept",
            {"note": "我的"},
        ),
    ]


def settlement(theirs: Business) -> list[Attempt]:
    """Of statements, and of what an order's commission became."""
    statement, order = "GET /api/merchant/settlement/statements/{statement_id:uuid}", "{order_id:uuid}"
    tails = ("", "/lines", "/statement.xlsx", "/statement.pdf")
    return [
        *(Attempt(f"{statement}{tail}", f"settlement/statements/{theirs.statement}{tail}") for tail in tails),
        Attempt(f"GET /api/merchant/settlement/orders/{order}", f"settlement/orders/{theirs.paid}"),
        Attempt(f"POST /api/merchant/settlement/sharings/{order}/retry", f"settlement/sharings/{theirs.paid}/retry"),
    ]


def at_a_till(theirs: Business) -> list[Attempt]:
    """Of shifts, sales and drawers."""
    found: list[Attempt] = []
    for route, path, body in counter.tries(theirs.store, theirs.sku, theirs.till):
        method, _, tail = route.partition(" ")
        found.append(Attempt(f"{method} /api/merchant/till/{tail}", f"till/{path}", body))
    return found


def attempts(mine: Business, theirs: Business) -> list[Attempt]:
    """Every request of the console that names something, naming what is theirs."""
    return [
        *at_a_till(theirs),
        *goods(mine, theirs),
        *people_and_places(mine, theirs),
        *settlement(theirs),
        *bills(theirs),
        *trade(mine, theirs),
        *goods_back(theirs),
        *complaints(theirs),
        *stored_value(theirs),
    ]
