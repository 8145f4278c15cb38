"""What settlement's tests do at the console, at the operators' desk and with time."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from bihuan import identity, orders, payments, staff, wiring
from bihuan.kernel import verification
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.events import Dispatcher
from bihuan.kernel.ids import OrderId, new_id
from bihuan.payments import refunds
from bihuan.settlement import CHECKS, returning, sharing
from tests.payments.desk import Json, Till, eventually
from tests.shop import Buyer


class Operator:
    """Calls the operators' API of settlement."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.http = http
        self.headers = headers

    async def send(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Any call, with a key of its own."""
        headers = {**self.headers, "Idempotency-Key": new_id().hex}
        return await self.http.request(method, f"/api/platform/settlement{path}", json=body, headers=headers)

    async def get(self, path: str) -> Any:
        """The answer of a GET that succeeds."""
        answer = await self.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def put(self, path: str, body: object) -> Any:
        """The answer of a PUT that succeeds."""
        answer = await self.send("PUT", path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: object = None) -> Any:
        """The answer of a POST that succeeds."""
        answer = await self.send("POST", path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


class Desk(Till):
    """A till whose money is shared and settled."""

    http: httpx.AsyncClient
    operator: Operator
    clock: OffsetClock
    headers: dict[str, str]

    async def open(self, http: httpx.AsyncClient, operator: Operator, clock: OffsetClock) -> None:
        """Joins the platform's account with profit sharing, and is charged 10 %; shared when paid."""
        self.http, self.operator, self.clock = http, operator, clock
        async with self.rt.db.transaction() as tx:
            person = await staff.create(
                tx, self.merchant_id, login=f"o-{new_id().hex}", password="correct horse battery", name="店主",
                role="owner", store_id=None,
            )  # fmt: skip
            token, _ = await identity.open_session(tx, person.user_id, identity.Client())
        self.headers = {"Authorization": f"Bearer {token}"}
        form = {"sub_mchid": self.merchant["mchid"], "profit_sharing": True}
        answer = await http.put("/api/merchant/payment-account/partner", json=form, headers=self.headers)
        assert answer.status_code == 200, answer.text
        await self.charge(percent_bp=1000)
        await operator.put(f"/merchants/{self.merchant_id}/terms", {"share_at": "paid", "cycle": "day"})

    async def charge(self, **rule: object) -> Json:
        """A rule for this merchant alone."""
        return await self.operator.post(
            "/rules", {"name": "测试费率", "for_merchant_id": str(self.merchant_id), **rule}
        )

    async def sell(self, price_fen: int = 1000) -> tuple[str, Buyer]:
        """A paid order whose facts are handled."""
        sku = await self.shop.add_sku(price_fen=price_fen)
        buyer = await self.buyer()
        order_id = await self.order(self.http, buyer, sku, price_fen)
        await self.confirm(await self.sheet(buyer, await self.prepare(self.http, buyer, order_id)))
        await self.all_told(order_id)
        await self.deliver()
        return order_id, buyer

    async def deliver(self) -> None:
        """Hands out the facts."""
        await Dispatcher(self.rt.db, wiring.HANDLERS).drain()

    async def pass_time(self, **by: float) -> None:
        """Moves both clocks, WeChat's and ours."""
        span = timedelta(**by)
        await self.sandbox.call("POST", "/clock", {"advance_seconds": span.total_seconds()})
        self.clock.advance(span)

    async def next_day(self) -> None:
        """Moves our clock past the end of the day's period; sessions go on."""
        self.clock.advance(timedelta(days=1, hours=1))
        async with self.rt.db.transaction() as tx:
            await tx.execute("update sessions set expires_at = $1 where expires_at < $1", tx.now + timedelta(hours=12))

    async def get(self, path: str) -> Any:
        """The console's settlement of this merchant."""
        answer = await self.http.get(f"/api/merchant/settlement{path}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def settled(self, order_id: str) -> Any:
        """Commission and sharing of an order."""
        return await self.get(f"/orders/{order_id}")

    async def share(self, order_id: str, *wanted: str) -> Any:
        """Lets the job work until the sharing is in one of these states."""

        async def look() -> Any:
            await self.rows(
                "update sharings set due_at = '2020-01-01' where due_at is not null and merchant_id = $1"
                " and order_id::text = $2",
                order_id,
            )
            await sharing.run_due(self.rt)
            shown = await self.settled(order_id)
            seen[:] = [shown["sharing"]]
            return shown if shown["sharing"]["state"] in wanted else None

        seen: list[Any] = []
        try:
            return await eventually(look)
        except AssertionError as error:
            raise AssertionError(f"{wanted}: {seen}") from error

    async def refund(self, order_id: str, amount_fen: int) -> UUID:
        """Decides a refund of an order; returns its cause's id."""
        cause_id = new_id()
        async with self.rt.db.transaction() as tx:
            await payments.refund(
                tx, self.merchant_id, purpose="order", reference_id=UUID(order_id), amount_fen=amount_fen,
                cause="trial", cause_id=cause_id, reason="测试退款",
            )  # fmt: skip
        return cause_id

    async def work(self) -> None:
        """One round of the jobs that carry refunds out."""
        await self.rows("update payment_refunds set due_at = '2020-01-01' where merchant_id = $1")
        await self.rows("update sharing_returns set due_at = '2020-01-01' where merchant_id = $1")
        await self.rows("update sharings set due_at = '2020-01-01' where state in ('sharing', 'unfreezing')"
                        " and merchant_id = $1")  # fmt: skip
        await refunds.run_due(self.rt, wiring.BEFORE_REFUND)
        await sharing.run_due(self.rt)
        await returning.run_due(self.rt)
        await self.deliver()

    async def refunds(self) -> list[str]:
        """The states of this merchant's refunds."""
        found = await self.rows("select state from payment_refunds where merchant_id = $1 order by refund_id")
        return [row["state"] for row in found]

    async def refunded(self) -> None:
        """Lets the jobs work until every refund succeeded."""

        async def look() -> bool:
            await self.work()
            return set(await self.refunds()) == {"success"}

        await eventually(look)

    async def complete(self, order_id: str) -> None:
        """The order is delivered and received."""
        async with self.rt.db.transaction() as tx:
            await tx.execute("update orders set state = 'delivered', delivered_at = $2 where order_id = $1",
                             UUID(order_id), tx.now)  # fmt: skip
            await orders.complete(tx, self.merchant_id, OrderId(UUID(order_id)), None)
        await self.deliver()

    async def holds(self) -> None:
        """Every invariant of settlement and of the books holds."""
        await self.verify()
        async with self.rt.db.session() as tx:
            for finding in await verification.run(tx, CHECKS):
                own = [one for one in finding.offenders if "/" not in one or one.startswith(str(self.merchant_id))]
                if finding.name != "settlement.sharings_end":
                    assert not own, (finding.name, finding.means, own)
