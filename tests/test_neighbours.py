"""One merchant's staff try every route of the console with another merchant's ids: nothing is theirs to see or move."""

from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar

from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from tests.aftersale.cases import ADDRESS, PARCEL
from tests.business import PASSWORD, Business, open_business
from tests.shop import new_shop
from tests.test_routes import routes_of

CLOSED = {404, 409, 422}

WITHOUT_IDS = {
    # lists, which the tests below read whole
    *(
        f"GET /api/merchant/{name}"
        for name in (
            *("categories", "dashboard", "deliveries", "deliveries/handlers", "followers", "labels"),
            *("reconciliation/alert", "reconciliation/days", "reconciliation/days.csv"),
            *("reconciliation/differences", "reconciliation/differences.csv"),
            *("ledger/accounts", "ledger/transactions", "member-levels", "members", "menu", "messages"),
            *("official-account", "orders", "payment-account", "payments/parked", "products", "profile"),
            "payments/refused-callbacks",
            *("settlement/running", "settlement/statements", "settlement/sharings", "settlement/plan"),
            *("ledger/sources", "ledger/turnovers", "finance/cash-flow", "finance/income", "finance/journal"),
            *("finance/months", "finance/months/{month:str}/checklist", "finance/months/{month:str}/vouchers"),
            "finance/account-codes",
            *("wallets", "wallets/summary", "wallet-settings", "wallet-statement", "points-settings"),
            *("wecom", "guides", "guide-customers", "notices", "notices/library"),
            *("wechat/authorizations", "wechat/authorization-return", "wechat/refused-pushes", "wechat/shipping"),
            *("shipping-uploads", "followers/sync"),
            *("aftersale", "aftersale/counts", "aftersale-settings"),
            *("replies", "session", "sign-ins", "staff", "stock", "stores"),
        )
    ),
    # settings of the merchant's own, and one's own session
    "POST /api/merchant/reconciliation/days",
    "PUT /api/merchant/member-levels",
    "PUT /api/merchant/finance/account-codes",
    "POST /api/merchant/finance/months/{month:str}/close",
    "PUT /api/merchant/wallet-settings",
    "PUT /api/merchant/points-settings",
    "PUT /api/merchant/menu",
    "POST /api/merchant/menu/publish",
    "PUT /api/merchant/replies",
    "PUT /api/merchant/official-account",
    "PUT /api/merchant/payment-account",
    "PUT /api/merchant/payment-account/partner",
    "PUT /api/merchant/profile",
    "PUT /api/merchant/aftersale-settings",
    "POST /api/merchant/aftersale/pictures",
    "POST /api/merchant/deliveries/replay",
    "POST /api/merchant/media",
    "POST /api/merchant/followers/sync",
    "POST /api/merchant/guides/sync",
    "PUT /api/merchant/wecom",
    "PUT /api/merchant/notices",
    "POST /api/merchant/wechat/authorizations",
    "PUT /api/merchant/wechat/shipping",
    "POST /api/merchant/password",
    "POST /api/merchant/session",
    "POST /api/merchant/stores",
    "DELETE /api/merchant/session",
}
"""Routes of the console that take nobody's id. A new route belongs here, or into `attempts`."""


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


def trade(mine: Business, theirs: Business) -> list[Attempt]:
    """Of orders, what is handed over, and facts that wait for a person."""
    order = "/api/merchant/orders/{order_id:uuid}"
    parcel = {"company": "顺丰", "tracking_no": "SF1"}
    line = {"line_id": theirs.paid_line, "quantity": 1}
    fact, handler = theirs.parked[0]
    return [
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


def goods_back(theirs: Business) -> list[Attempt]:
    """Of after-sale cases, and money that is stuck."""
    case, cases = "/api/merchant/aftersale/{case_id:uuid}", theirs.cases
    seen = [{"line_id": theirs.case_line, "received": 1, "sellable": 1}]
    return [
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
        "reconciliation/days/2026-08-03/1900000001",
    )
    one, of_one = "/api/merchant/reconciliation/differences/{difference_id:uuid}", "reconciliation/differences"
    return [
        Attempt(f"GET {day}", of_day),
        Attempt(f"GET {day}/bills/{{kind:str}}", f"{of_day}/bills/trade"),
        Attempt(f"GET {one}", f"{of_one}/{theirs.product}"),
        Attempt(f"POST {one}/resolve", f"{of_one}/{theirs.product}/resolve", {"action": "accept", "note": "我的"}),
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


def attempts(mine: Business, theirs: Business) -> list[Attempt]:
    """Every request of the console that names something, naming what is theirs."""
    return [
        *goods(mine, theirs),
        *people_and_places(mine, theirs),
        *settlement(theirs),
        *bills(theirs),
        *trade(mine, theirs),
        *goods_back(theirs),
        *stored_value(theirs),
    ]


class Street(NamedTuple):
    """Two merchants who know each other's ids."""

    mine: Business
    theirs: Business


@pytest.fixture
async def street(rt: Runtime, client: httpx.AsyncClient) -> Street:
    """Me and my neighbour."""
    return Street(await open_business(rt, client), await open_business(rt, client))


async def test_every_route_of_the_console_is_tried(app: Litestar, street: Street) -> None:
    console = {str(route) for route in routes_of(app) if route.path.startswith("/api/merchant/")}
    tried = {attempt.route for attempt in attempts(street.mine, street.theirs)}
    assert console - tried - WITHOUT_IDS == set()
    assert (tried | WITHOUT_IDS) - console == set(), "no such route any more"


async def test_nothing_of_anothers_is_there_and_nothing_moves(
    rt: Runtime, client: httpx.AsyncClient, street: Street
) -> None:
    mine, theirs = street
    before = await theirs.rows(rt)
    for attempt in attempts(mine, theirs):
        answer = await mine.send(client, attempt.method, attempt.url, attempt.body)
        assert answer.status_code in CLOSED, (attempt, answer.status_code, answer.text)
        assert answer.json()["code"] != "no_official_account", "refused for another reason: it proves nothing"
        assert answer.json()["code"] != "no_official_account", "refused for another reason: it proves nothing"
        assert theirs.order_no not in answer.text
    assert await theirs.rows(rt) == before


async def test_their_owner_may_do_what_was_refused(client: httpx.AsyncClient, street: Street) -> None:
    """The attempts above fail for whose the things are, not for what they say."""
    theirs = street.theirs
    conflicts = {
        "POST /api/merchant/orders/{order_id:uuid}/ship",  # by line, then all that is left: nothing
        "POST /api/merchant/stores/{store_id:uuid}/retire",  # goods lie there
        "POST /api/merchant/wallet-topups/{topup_id:uuid}/returns",  # its payment was never at WeChat
        "POST /api/merchant/payments/refunds/{refund_id:uuid}/apply-abnormal",  # it goes its way
    }
    for attempt in attempts(theirs, theirs):
        answer = await theirs.send(client, attempt.method, attempt.url, attempt.body)
        if attempt.path.endswith("mini-program.jpg"):  # WeChat draws it, and no account of hers is connected
            assert answer.json()["code"] == "no_mini_program", answer.text
        elif attempt.route.endswith("{userid:str}/code"):  # the same of WeCom
            assert answer.json()["code"] == "no_wecom", answer.text
        else:
            assert answer.status_code < 300 or (attempt.route in conflicts and answer.status_code == 409), answer.text


async def test_lists_and_searches_hold_ones_own_only(client: httpx.AsyncClient, street: Street) -> None:
    mine, theirs = street
    lists = [route.removeprefix("GET ") for route in WITHOUT_IDS if route.startswith("GET ")]
    asked = [
        *lists,
        f"/api/merchant/orders?store_id={theirs.store}",
        f"/api/merchant/labels?store_id={theirs.store}",
        f"/api/merchant/orders?q={theirs.order_no}",
        "/api/merchant/deliveries?state=parked",
    ]
    for path in asked:
        answer = await mine.send(client, "GET", path)
        assert answer.status_code in {200, 400, 404}, (path, answer.text)  # 404: no account; 400: not without its query
        told = [name for name in theirs.names() if name in answer.text and name not in path]
        assert told == [], path
    for path in asked[-4:-1]:
        assert (await mine.send(client, "GET", path)).json()["items"] == [], path


async def test_a_cursor_from_next_door_opens_nothing(client: httpx.AsyncClient, street: Street) -> None:
    mine, theirs = street
    for name in ("orders", "products", "stock", "stores", "staff", "labels", "ledger/transactions", "sign-ins"):
        page = await theirs.send(client, "GET", f"/api/merchant/{name}?limit=1")
        cursor = page.json()["next_cursor"]
        if cursor is None:
            continue
        answer = await mine.send(client, "GET", f"/api/merchant/{name}?limit=100&cursor={cursor}")
        assert answer.status_code == 200, (name, answer.text)
        assert [one for one in theirs.names() if one in answer.text] == [], name


async def test_a_login_of_anothers_is_taken_and_stays_theirs(client: httpx.AsyncClient, street: Street) -> None:
    mine, theirs = street
    clerk = {"name": "冒名", "role": "clerk", "login": theirs.clerk_login, "password": "taken over 1"}
    answer = await mine.send(client, "POST", "/api/merchant/staff", clerk)
    assert answer.status_code in CLOSED, answer.text
    for password, status in (("taken over 1", 401), (PASSWORD, 200)):
        signed_in = await client.post("/api/merchant/session", json={"login": theirs.clerk_login, "password": password})
        assert signed_in.status_code == status
    assert signed_in.json()["merchant"]["code"] == theirs.code


async def test_a_shopper_gets_at_nothing_of_anothers(rt: Runtime, client: httpx.AsyncClient, street: Street) -> None:
    mine, theirs = street
    before = await theirs.rows(rt)
    thief = mine.buyer
    for shop in (mine, theirs):  # by either door
        base = f"/api/shop/{shop.code}"
        for method, path, body in (
            ("GET", f"/orders/{theirs.unpaid}", None),
            ("POST", f"/orders/{theirs.unpaid}/cancel", {}),
            ("POST", f"/orders/{theirs.unpaid}/pay", {"method": "wechat_native"}),
            ("POST", f"/orders/{theirs.unpaid}/sync-payment", None),
            ("POST", f"/orders/{theirs.paid}/confirm-receipt", None),
            ("GET", f"/orders/{theirs.paid}/aftersale", None),
            ("POST", "/aftersale/quote", theirs.wish),
            ("POST", "/aftersale", theirs.wish),
            ("GET", f"/aftersale/{theirs.cases['applied']}", None),
            *(
                ("POST", f"/aftersale/{theirs.cases[case]}/{step}", body)
                for case, step, body in (
                    ("applied", "withdraw", None),
                    ("applied", "accept-proposal", None),
                    ("applied", "insist", {"text": "不行"}),
                    ("applied", "evidence", {"text": "看看"}),
                    ("applied", "dispute", {"text": "看看"}),
                    ("returning", "parcel", PARCEL),
                )
            ),
        ):
            headers = {**thief.headers, "Idempotency-Key": new_id().hex}
            answer = await client.request(method, base + path, json=body, headers=headers)
            assert answer.status_code == 404, (path, answer.status_code, answer.text)
    foreign = [
        {**thief.order(mine.shop.skus[0]), "delivery": {"method": "ship", "address_id": str(theirs.buyer.address_id)}},
        {**thief.order(mine.shop.skus[0]), "delivery": {"method": "pickup", "store_id": theirs.store}},
        thief.order(theirs.shop.skus[0]),
    ]
    for body in foreign:
        answer = await thief.place(client, body)
        assert answer.status_code in CLOSED, answer.text
    path = f"{mine.shop.url}/cart/items/{theirs.sku}"
    assert (await client.put(path, json={"quantity": 1}, headers=thief.headers)).status_code in CLOSED
    assert await theirs.rows(rt) == before


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"total_fen": 1}, {}),
        ({"total_fen": 0}, {"price_fen": 0}),
        ({"total_fen": -1000}, {}),
        ({}, {"price_fen": -1000}),
        ({"total_fen": -1000}, {"quantity": -1}),
        ({"total_fen": 0}, {"quantity": 0}),
        ({"total_fen": 100}, {"quantity": 0.1}),
        ({"total_fen": 1000.5}, {}),
        ({"total_fen": "1000"}, {}),
        ({"total_fen": True}, {}),
        ({"total_fen": 2**63}, {"price_fen": 2**63}),
        ({"total_fen": 10**400}, {}),
        ({}, {"quantity": 2**31}),
        ({"goods_fen": 1, "discount_fen": 999, "total_fen": 1}, {}),
    ],
)
async def test_nobody_names_her_own_price(
    rt: Runtime, client: httpx.AsyncClient, changes: dict[str, Any], line: dict[str, Any]
) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku(price_fen=1000, stock=3)
    buyer = await shop.new_shopper()
    body = {**buyer.order(sku), **changes}
    body["lines"] = [{**body["lines"][0], **line}]
    answer = await buyer.place(client, body)
    assert answer.status_code in {400, 409, 422}, answer.text
    assert await shop.stock(sku) == (3, 0, 0)
    assert (await buyer.get(client, "/orders")).json()["items"] == []
