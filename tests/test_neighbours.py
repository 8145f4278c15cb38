"""One merchant's staff try every route of the console with another merchant's ids: nothing is theirs to see or move."""

from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar

from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from tests.aftersale.cases import PARCEL
from tests.attempts import attempts
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
            *("reconciliation/accounts", "reconciliation/alert", "reconciliation/days", "reconciliation/days.csv"),
            *("reconciliation/differences", "reconciliation/differences.csv"),
            *("ledger/accounts", "ledger/transactions", "member-levels", "members", "menu", "messages"),
            *("official-account", "orders", "payment-account", "payments/parked", "products", "profile"),
            *("payments/refused-callbacks", "alipay-account", "alipay-bills", "alipay-differences"),
            *("settlement/running", "settlement/statements", "settlement/sharings", "settlement/plan"),
            *("settlement/terms", "settlement/adjustments", "settlement/payouts"),
            *("ledger/sources", "ledger/turnovers", "finance/cash-flow", "finance/income", "finance/journal"),
            *("finance/months", "finance/months/{month:str}/checklist", "finance/months/{month:str}/vouchers"),
            "finance/account-codes",
            *("wallets", "wallets/summary", "wallet-settings", "wallet-statement", "points-settings"),
            *("wecom", "guides", "guide-customers", "notices", "notices/library"),
            *("wechat/authorizations", "wechat/authorization-return", "wechat/refused-pushes", "wechat/shipping"),
            *("shipping-uploads", "followers/sync"),
            *("aftersale", "aftersale/counts", "aftersale-settings", "complaints", "complaints/counts"),
            *("till/shifts", "till/shifts/current", "till/sales", "till/hand-refunds"),
            *("replies", "session", "sign-ins", "staff", "stock", "stores"),
        )
    ),
    # settings of the merchant's own, and one's own session
    "POST /api/merchant/reconciliation/days",
    "POST /api/merchant/till/members",
    "POST /api/merchant/till/points",
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
    "PUT /api/merchant/alipay-account",
    "DELETE /api/merchant/alipay-account",
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
        "POST /api/merchant/orders/{order_id:uuid}/aftersale",  # nobody really paid it
        "GET /api/merchant/complaints/{complaint_id:uuid}/pictures/{name:str}",  # she has no account to ask with
        "POST /api/merchant/complaints/{complaint_id:uuid}/reply",
        "POST /api/merchant/complaints/{complaint_id:uuid}/complete",
        "POST /api/merchant/stores/{store_id:uuid}/retire",  # goods lie there
        "POST /api/merchant/till/shifts",  # she has one open
        "POST /api/merchant/till/shifts/{shift_id:uuid}/banking",  # hers is not closed
        "POST /api/merchant/wallet-topups/{topup_id:uuid}/returns",  # its payment was never at WeChat
        "POST /api/merchant/payments/refunds/{refund_id:uuid}/apply-abnormal",  # it goes its way
        "POST /api/merchant/settlement/sharings/{order_id:uuid}/retry",  # nothing failed
        "POST /api/merchant/payments/parked/{kind:str}/{parked_id:str}/replay",  # she has no account to ask with
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
