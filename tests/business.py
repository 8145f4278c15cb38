"""A merchant with one of everything, so that a test can try to get at it, and see whether anything moved."""

import io
from typing import Any
from uuid import UUID

import httpx
import msgspec
from litestar import Litestar
from PIL import Image

from bihuan import catalog, channels, identity, inventory, membership, merchants, orders, staff, topups, wallet
from bihuan.catalog import NewCategory
from bihuan.channels import Content, Draft, NewLabel
from bihuan.kernel.ids import PaymentId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import Receipt
from bihuan.settlement import closing
from tests.aftersale.cases import open_cases
from tests.aftersale.complained import make_complaint
from tests.alipay.neighbour import make_alipay_day
from tests.reconciliation.neighbour import make_day
from tests.shop import Buyer, Shop, new_shop
from tests.test_routes import Route, routes_of
from tests.till.counter import Counter, open_counter

Json = dict[str, Any]
PASSWORD = "correct horse battery"


class Business:
    """A merchant's people, goods, places and orders. Its members are ids, as text, for paths and bodies."""

    def __init__(self, shop: Shop, buyer: Buyer) -> None:
        self.shop = shop
        self.buyer = buyer
        self.code = shop.merchant.code
        self.merchant_id = shop.merchant.merchant_id
        self.warehouse = str(shop.warehouse)
        self.store = str(shop.store_id)
        self.login = f"boss-{new_id().hex}"
        self.clerk_login = f"clerk-{new_id().hex}"
        self.headers: dict[str, str] = {}
        self.product = self.draft = self.sku = self.category = self.spare = self.picture = ""
        self.counter = self.clerk = self.label = self.message = self.upload = self.guide = ""
        self.unpaid = self.paid = self.to_pick_up = self.paid_line = self.pickup_code = self.order_no = ""
        self.topup = self.posting = ""
        self.statement = self.adjusted_for = ""
        self.mchid = self.difference = self.complaint = ""
        self.alipay_seller = self.alipay_difference = ""
        self.parked: list[tuple[str, str]] = []
        self.cases: dict[str, str] = {}
        self.notice = self.case_line = self.member = ""
        self.till = Counter()

    async def send(self, client: httpx.AsyncClient, method: str, path: str, body: object = None) -> httpx.Response:
        """A request of its owner's."""
        headers = {**self.headers, "Idempotency-Key": new_id().hex}
        return await client.request(method, path, json=body, headers=headers)

    @property
    def wish(self) -> Json:
        """What its shopper could apply for."""
        line = {"line_id": self.paid_line, "quantity": 1}
        about = {"order_id": self.paid, "kind": "refund", "reason": "changed_mind", "received_goods": False}
        return {**about, "lines": [line]}

    def names(self) -> list[str]:
        """What must not show up at anybody else's."""
        ids = [
            *(self.store, self.warehouse, self.product, self.draft, self.sku, self.category, self.spare, self.picture),
            *(self.counter, self.clerk, self.clerk_login, self.login, self.label, self.message, self.upload),
            *(self.posting, self.difference, self.mchid, self.adjusted_for, self.complaint),
            *(self.alipay_seller, self.alipay_difference),
            *(self.unpaid, self.paid, self.to_pick_up, self.paid_line, self.pickup_code, self.order_no),
            *(str(self.merchant_id), self.code, str(self.buyer.shopper_id)),
            *(fact for fact, _ in self.parked),
            *(*self.cases.values(), self.notice, self.guide, self.member),
        ]
        assert all(ids)
        return ids

    async def rows(self, rt: Runtime) -> dict[str, list[Any]]:
        """Every row of this merchant in every table that keeps merchants apart."""
        async with rt.db.session() as tx:
            tables = await tx.fetch(
                """select c.table_name as name from information_schema.columns c
                   join information_schema.tables t using (table_schema, table_name)
                   where c.table_schema = 'public' and c.column_name = 'merchant_id'
                     and t.table_type = 'BASE TABLE' order by 1"""
            )
            assert len(tables) > 30
            return {
                row["name"]: [
                    found["row"]
                    for found in await tx.fetch(
                        f"select t::text as row from {row['name']} t where merchant_id = $1 order by 1",
                        self.merchant_id,
                    )
                ]
                for row in tables
            }


def png(colour: str = "teal") -> bytes:
    """A small picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (24, 24), colour).save(buffer, "PNG")
    return buffer.getvalue()


async def open_business(rt: Runtime, client: httpx.AsyncClient) -> Business:
    """A new merchant with goods in stock, people, a label, orders in three states and parked deliveries."""
    shop = await new_shop(rt)
    sku = await shop.add_sku(price_fen=1000, stock=20, at_store=5)
    draft = await shop.add_sku(price_fen=1000, stock=1)
    business = Business(shop, await shop.new_shopper())
    await _employ(rt, business)
    async with rt.db.transaction() as tx:
        mid = business.merchant_id
        products = (await catalog.list_products(tx, mid)).items
        by_sku = {product.sku_ids[0]: product.product_id for product in products}
        business.sku, business.product, business.draft = str(sku), str(by_sku[sku]), str(by_sku[draft])
        await catalog.change_state(tx, mid, by_sku[draft], "unpublished")
        business.category = str((await catalog.create_category(tx, mid, NewCategory(name="衣"))).category_id)
        business.spare = str((await catalog.create_category(tx, mid, NewCategory(name="空"))).category_id)
        counter = await merchants.create_counter(tx, mid, shop.store_id, code="c1", name="一号柜")
        business.counter = str(counter.counter_id)
        label = await channels.create_label(tx, mid, NewLabel(kind="store", name="门店码", store_id=shop.store_id))
        business.label = str(label.label_id)
        await inventory.receive(tx, mid, [(sku, shop.warehouse, 1)], "补货")
        said = Draft(openid=f"o-{new_id().hex}", purpose="notice", source_id=new_id(), content=Content(text="您好"))
        await channels.queue_messages(tx, mid, [said])
        failed = "update chat_messages set state = 'failed', error = '43004: no' where merchant_id = $1"
        business.message = str(await tx.fetchval(f"{failed} returning message_id", mid))
        parcel = channels.SentParcel(company="某某专线", tracking_no="X1", items=["商品×1"])
        trade = channels.Trade(
            reference_id=new_id(),
            reference_no=new_id().hex,
            out_trade_no=new_id().hex,
            transaction_id="4200",
            openid="o",
        )
        await channels.add_parcel(tx, mid, trade, parcel, all_shipped=True, receiver_phone="")
        parked = "update shipping_uploads set state = 'parked' where merchant_id = $1 returning upload_id"
        business.upload = str(await tx.fetchval(parked, mid))
        business.mchid, business.difference = await make_day(rt, tx, mid)
        business.alipay_seller, business.alipay_difference = await make_alipay_day(tx, mid)
        business.guide = f"g-{new_id().hex}"
        await tx.execute(
            """insert into wecom_members (merchant_id, userid, name, position, department_ids, listed, staff_id,
                 changed_at) values ($1, $2, '青青', '', '{}', true, $3, $4)""",
            mid,
            business.guide,
            business.clerk,
            tx.now,
        )
    colour = f"#{new_id().hex[-6:]}"
    sent = {"file": ("a.png", png(colour), "image/png")}
    answer = await client.post("/api/merchant/media", files=sent, headers=business.headers)
    assert answer.status_code == 201, answer.text
    business.picture = answer.json()["url"]
    await _sell(rt, client, business)
    async with rt.db.transaction() as tx:
        business.statement = str((await closing.open_statement(tx, business.merchant_id)).statement_id)
        await merchants.ensure_platform(tx)
        business.adjusted_for = f"补贴 {new_id().hex}"
        await closing.adjust(tx, business.merchant_id, 100, business.adjusted_for, UUID(business.clerk))
        business.complaint = await make_complaint(tx, business.merchant_id, business.paid, business.order_no)
    await _store_value(rt, business)
    await _open_card(rt, business)
    async with rt.db.session() as tx:
        posted = "select transaction_id from ledger_transactions where merchant_id = $1 limit 1"
        business.posting = str(await tx.fetchval(posted, business.merchant_id))
    business.till = await open_counter(rt, client, business.headers, business.merchant_id, business.store, business.sku)
    return business


async def _open_card(rt: Runtime, business: Business) -> None:
    async with rt.db.transaction() as tx:
        mid, shopper_id = business.merchant_id, business.buyer.shopper_id
        await membership.gift(tx, mid, shopper_id, 100, new_id(), tx.now)
        card = await membership.find_member(tx, mid, shopper_id)
        business.member = str(card.member_id) if card else ""


async def _employ(rt: Runtime, business: Business) -> None:
    async with rt.db.transaction() as tx:
        people: tuple[tuple[str, staff.Role], ...] = ((business.clerk_login, "clerk"), (business.login, "owner"))
        for login, role in people:
            person = await staff.create(
                tx, business.merchant_id, login=login, password=PASSWORD, name="店员", role=role, store_id=None
            )
            token, _ = await identity.open_session(tx, person.user_id, identity.Client())
            business.headers = {"Authorization": f"Bearer {token}"}  # the owner's, who comes last
            business.clerk = business.clerk or str(person.staff_id)


async def _sell(rt: Runtime, client: httpx.AsyncClient, business: Business) -> None:
    buyer, shop = business.buyer, business.shop
    ship = buyer.order(shop.skus[0])
    pickup = buyer.order(shop.skus[0], delivery={"method": "pickup", "store_id": business.store})
    placed: list[Json] = []
    for body in (ship, ship, pickup, buyer.order(shop.skus[0], quantity=5)):
        answer = await buyer.place(client, body)
        assert answer.status_code == 201, answer.text
        placed.append(answer.json())
    of_cases = placed.pop()
    business.case_line = of_cases["lines"][0]["line_id"]
    business.unpaid, business.paid, business.to_pick_up = (order["order_id"] for order in placed)
    business.notice = f"EV-{new_id().hex}"
    business.order_no, business.paid_line = placed[1]["order_no"], placed[1]["lines"][0]["line_id"]
    async with rt.db.transaction() as tx:
        receipts = [
            Receipt(
                payment_id=PaymentId(new_id()),
                purpose="order",
                reference_id=msgspec.convert(order["order_id"], type=UUID),
                amount_fen=order["total_fen"],
                out_trade_no=order["order_no"],
                transaction_id=new_id().hex,
                paid_at=tx.now,
            )
            for order in placed[1:]
        ]
        verdicts = await orders.settle(tx, business.merchant_id, receipts)
        assert all(verdict.accepted for verdict in verdicts)
        # as the dispatcher leaves what a handler could not digest
        parked = await tx.fetch(
            """update deliveries set parked_at = $2, attempts = 9, error = 'broken' where merchant_id = $1
               returning fact_id, handler""",
            business.merchant_id,
            tx.now,
        )
        business.parked = sorted((str(row["fact_id"]), row["handler"]) for row in parked)
        await tx.execute(
            """insert into payment_notifications (merchant_id, notification_id, event_type, reference, outcome, reason,
                 content, received_at)
               values ($1, $2, 'TRANSACTION.SUCCESS', $3, 'parked', 'unknown_order', '{}', $4)""",
            business.merchant_id,
            business.notice,
            business.order_no,
            tx.now,
        )
    business.cases = await open_cases(rt, business, of_cases)
    shown = await buyer.get(client, f"/orders/{business.to_pick_up}")
    business.pickup_code = shown.json()["delivery"]["pickup_code"]


async def _store_value(rt: Runtime, business: Business) -> None:
    """A wallet with a top-up in it."""
    async with rt.db.transaction() as tx:
        await wallet.save_settings(tx, business.merchant_id, wallet.Settings())
        topup = await topups.order(tx, business.merchant_id, business.buyer.shopper_id, 50_00)
        receipt = Receipt(
            payment_id=PaymentId(new_id()),
            purpose="wallet_topup",
            reference_id=topup.topup_id,
            amount_fen=50_00,
            out_trade_no=new_id().hex,
            transaction_id=new_id().hex,
            paid_at=tx.now,
        )
        assert [verdict.accepted for verdict in await topups.settle(tx, business.merchant_id, [receipt])] == [True]
    business.topup = str(topup.topup_id)


NOT_THERE = (
    "difference_id",
    "parked_id",
    "return_id",
    "rule_id",
    "run_id",
    "sale_id",
    "shift_id",
    "transaction_id",
)
"""What this business has none of: its routes answer that it is not there."""


def filled(route: Route, business: Business) -> str:
    """The route's path with what is there to be read."""
    path = route.path.replace("{m:str}", business.code).replace("{appid:str}", "wx0000000000nobody")
    fact, handler = business.parked[0]
    for name, value in {
        "product_id": business.product,
        "shopper_id": str(business.buyer.shopper_id),
        "topup_id": business.topup,
        "category_id": business.category,
        "order_id": business.paid,
        "statement_id": business.statement,
        "store_id": business.store,
        "label_id": business.label,
        "message_id": business.message,
        "upload_id": business.upload,
        "sign_in_id": str(new_id()),
        "counter_id": business.counter,
        "staff_id": business.clerk,
        "sku_id": business.sku,
        "address_id": str(business.buyer.address_id),
        "fact_id": fact,
        "merchant_id": str(business.merchant_id),
        "case_id": business.cases["disputed"],
        "complaint_id": business.complaint,
        "refund_id": business.cases["refund"],
        "member_id": business.member,
    }.items():
        path = path.replace(f"{{{name}:uuid}}", value)
    for name, value in {
        "handler:str": handler,
        "userid:str": business.guide,
        "name:str": "x.webp",
        "month:str": "2024-10",
        "rest:path": "x",
        "file_path:path": "/x",
        "day:date": "2026-01-02",
        "mchid:str": "1900000109",
        "kind:str": "payment",
        "parked_id:str": str(new_id()),
        "number:str": "10000001",
        "plan_code:str": "basic",
        "purpose:str": "order",
        "seller_id:str": "2088000000000001",
        "reference_id:uuid": business.paid,
    }.items():
        path = path.replace(f"{{{name}}}", value)
    for name in NOT_THERE:
        path = path.replace(f"{{{name}:uuid}}", str(new_id()))
    assert "{" not in path, f"{path}: teach this test what to fill in"
    return path


def readable(app: Litestar) -> list[Route]:
    """What answers to GET. What WeChat makes is asked over the network, and tested with the sandbox."""
    of_wechat = ("wechat/jssdk", "notices/library", "{sign_in_id:uuid}", "mini-program.jpg", "qr.svg", "qr.png")
    return [route for route in routes_of(app) if route.method == "GET" and not route.path.endswith(of_wechat)]
