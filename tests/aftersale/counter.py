"""A counter where goods come back: orders that were really paid, and what both sides do over HTTP."""

import io
from typing import Any
from uuid import UUID

import httpx
from PIL import Image

from bihuan import catalog, inventory, merchants, wiring
from bihuan.catalog import NewProduct, NewSku, Option
from bihuan.kernel import verification
from bihuan.kernel.events import Dispatcher
from bihuan.kernel.ids import SkuId, new_id
from tests.payments.desk import Till
from tests.shop import Buyer, new_shop
from tests.test_routes import staff_token

Json = dict[str, Any]
PARCEL = {"company": "顺丰速运", "tracking_no": "SF1234567890"}
ADDRESS = {"name": "售后部", "phone": "0755-12345678", "address": "深圳市南山区科技园 2 号"}


def jpeg(colour: str = "teal") -> bytes:
    """A small photo."""
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(buffer, "JPEG")
    return buffer.getvalue()


class Counter:
    """The shop's side and its shoppers' side of what goes back."""

    def __init__(self, till: Till, http: httpx.AsyncClient, owner: dict[str, str], operator: dict[str, str]) -> None:
        self.till = till
        self.shop = till.shop
        self.http = http
        self.owner = owner
        self.operator = operator

    async def buy(
        self, wanted: list[tuple[SkuId, int, int]], *, ship: bool = False, more_fen: int = 600
    ) -> tuple[Buyer, Json]:
        """A paid order of (SKU, price, pieces), sent when `ship`; with the shop's freight on top."""
        buyer = await self.till.buyer()
        body = {
            "lines": [{"sku_id": str(s), "price_fen": p, "quantity": q} for s, p, q in wanted],
            "delivery": {"method": "ship", "address_id": str(buyer.address_id)},
            "total_fen": sum(p * q for _, p, q in wanted) + more_fen,
        }
        placed = await buyer.place(self.http, body)
        assert placed.status_code == 201, placed.text
        order_id = placed.json()["order_id"]
        prepared = await self.till.prepare(self.http, buyer, order_id)
        await self.till.confirm(await self.till.sheet(buyer, prepared))
        await self.till.state(self.http, buyer, order_id, "paid")
        if ship:
            await self.ship(order_id)
        return buyer, (await buyer.get(self.http, f"/orders/{order_id}")).json()

    async def ship(self, order_id: str, lines: list[Json] | None = None) -> httpx.Response:
        """Sends what is left of an order, or these lines."""
        return await self.merchant("POST", f"orders/{order_id}/ship", {**PARCEL, "lines": lines})

    async def merchant(self, method: str, path: str, body: object = None, key: str | None = None) -> httpx.Response:
        """A request of the shop's owner."""
        headers = {**self.owner, "Idempotency-Key": key or new_id().hex}
        return await self.http.request(method, f"/api/merchant/{path}", json=body, headers=headers)

    async def platform(self, method: str, path: str, body: object = None) -> httpx.Response:
        """A request of an operator's."""
        headers = {**self.operator, "Idempotency-Key": new_id().hex}
        return await self.http.request(method, f"/api/platform/{path}", json=body, headers=headers)

    async def shopper(self, buyer: Buyer, path: str, body: object = None, key: str | None = None) -> httpx.Response:
        """A command of a shopper's, below `aftersale`."""
        headers = {**buyer.headers, "Idempotency-Key": key or new_id().hex}
        url = f"{self.shop.url}/aftersale{path}"
        return await self.http.post(url, json=body or {}, headers=headers)

    async def apply(self, buyer: Buyer, order: Json, kind: str, pieces: list[int], **more: Any) -> httpx.Response:
        """Applies for so many pieces of each line (0: not of this one)."""
        lines = [
            {"line_id": line["line_id"], "quantity": count, **more.pop(f"line{place}", {})}
            for place, (line, count) in enumerate(zip(order["lines"], pieces, strict=True))
            if count
        ]
        body = {
            "order_id": order["order_id"],
            "kind": kind,
            "reason": "changed_mind" if kind != "exchange" else "size",
            "received_goods": True,
            "lines": lines,
        }
        key = more.pop("key", None)
        return await self.shopper(buyer, "", {**body, **more}, key)

    async def opened(self, buyer: Buyer, order: Json, kind: str, pieces: list[int], **more: Any) -> Json:
        """The same, when it must work."""
        answer = await self.apply(buyer, order, kind, pieces, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def act(self, case: Json, action: str, body: object = None) -> Json:
        """A step of the merchant's that must work."""
        answer = await self.merchant("POST", f"aftersale/{case['case_id']}/{action}", body or {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def do(self, buyer: Buyer, case: Json, action: str, body: object = None) -> Json:
        """A step of the shopper's that must work."""
        answer = await self.shopper(buyer, f"/{case['case_id']}/{action}", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def seen(self, buyer: Buyer, case: Json) -> Json:
        """The case as its shopper sees it."""
        return (await buyer.get(self.http, f"/aftersale/{case['case_id']}")).json()

    async def order(self, buyer: Buyer, order: Json) -> Json:
        """The order as it is now."""
        return (await buyer.get(self.http, f"/orders/{order['order_id']}")).json()

    async def stranger(self) -> dict[str, str]:
        """The owner of another shop, signed in."""
        other = await new_shop(self.till.rt)
        return {"Authorization": f"Bearer {await staff_token(self.till.rt, other.merchant, 'owner')}"}

    async def money_back(self) -> None:
        """Lets refunds run to their end at the sandbox, and tells everybody."""
        await self.deliver()
        await self.till.refund_all()
        await self.deliver()

    async def deliver(self) -> None:
        """Facts reach their handlers."""
        await Dispatcher(self.till.rt.db, wiring.HANDLERS).drain()

    async def colours(self, price_fen: int = 3000, stock: int = 5) -> list[SkuId]:
        """A product in two colours at one price, and a third that costs more."""
        async with self.till.rt.db.transaction() as tx:
            mid = self.shop.merchant.merchant_id
            skus = [
                NewSku(code=f"C{new_id().hex[-6:]}", price_fen=price, option_values=[name])
                for name, price in (("青", price_fen), ("白", price_fen), ("金", price_fen + 1))
            ]
            option = Option(name="颜色", values=["青", "白", "金"])
            product = await catalog.create_product(
                tx, mid, NewProduct(title="长衫", skus=skus, options=[option]), state="published", check_media=False
            )
            warehouse = await merchants.default_location(tx, mid)
            await inventory.receive(tx, mid, [(s.sku_id, warehouse, stock) for s in product.skus], "test")
        return [sku.sku_id for sku in product.skus]

    async def rows(self, sql: str, *args: object) -> list[Json]:
        """Rows of this merchant: $1 is its id."""
        return await self.till.rows(sql, *args)

    async def hurry(self, case: Json) -> None:
        """The time of whom the case waits for is over."""
        sql = "update aftersale_cases set due_at = now() - interval '1 second' where merchant_id = $1 and case_id = $2"
        await self.rows(sql, UUID(case["case_id"]))

    async def verify(self) -> None:
        """All invariants hold for this merchant."""
        async with self.till.rt.db.session() as tx:
            for finding in await verification.run(tx, wiring.CHECKS):
                own = [one for one in finding.offenders if one.startswith(str(self.till.merchant_id))]
                assert not own, (finding.name, finding.means, own)


async def open_counter(till: Till, http: httpx.AsyncClient) -> Counter:
    """Signs the owner and an operator in."""
    async with till.rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
    owner = {"Authorization": f"Bearer {await staff_token(till.rt, till.shop.merchant, 'owner')}"}
    operator = {"Authorization": f"Bearer {await staff_token(till.rt, platform, 'owner')}"}
    return Counter(till, http, owner, operator)
