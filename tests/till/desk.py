"""A cashier at a counter, over HTTP."""

from typing import Any

import httpx

from bihuan import identity, orders, staff
from bihuan import till as tills
from bihuan.kernel import verification
from bihuan.kernel.ids import SkuId, new_id
from tests.payments.desk import Json, Till

PASSWORD = "correct horse battery"


class Cashier:
    """A person of the shop with a session."""

    def __init__(self, till: Till, http: httpx.AsyncClient, person: staff.Staff, login: str, token: str) -> None:
        self.till = till
        self.http = http
        self.name = person.name
        self.login = login
        self.staff_id = person.staff_id
        self.headers = {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, body: Any = None, key: str | None = None, status: int = 200) -> Any:
        """The answer of the till's API, whose status is as expected."""
        headers = {**self.headers, "Idempotency-Key": key or new_id().hex}
        answer = await self.http.request(method, f"/api/merchant/till{path}", json=body, headers=headers)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def open(self, float_fen: int = 20_000, **more: Any) -> str:
        """Opens a shift; its id."""
        body = {"store_id": str(self.till.shop.store_id), "float_fen": float_fen, **more}
        return (await self.call("POST", "/shifts", body, status=201))["shift"]["shift_id"]

    async def sale(self, shift: str, sku: SkuId, price_fen: int = 1000, quantity: int = 1, **more: Any) -> Json:
        """Starts a sale of one line."""
        lines = [{"sku_id": str(sku), "quantity": quantity, "price_fen": price_fen}]
        body = {"lines": lines, "total_fen": price_fen * quantity, **more}
        return await self.call("POST", f"/shifts/{shift}/sales", body, status=201)

    async def pay(self, sale: Json, status: int = 200, key: str | None = None, **parts: Json) -> Json:
        """Takes the money of a sale."""
        return await self.call("POST", f"/sales/{sale['sale_id']}/pay", parts, key, status)

    async def member(self, words: str) -> Json:
        """The one member whom these words find."""
        (found,) = (await self.call("POST", "/members", {"words": words}))["items"]
        return found

    async def decide(self, sale: Json, *, give_up: bool = False) -> Json:
        """Asks how an undecided payment code stands."""
        more = "?give_up=true" if give_up else ""
        return await self.call("POST", f"/sales/{sale['sale_id']}/decide{more}")


async def hire(till: Till, http: httpx.AsyncClient, role: staff.Role = "clerk", *, here: bool = True) -> Cashier:
    """A person of the store."""
    login = f"k-{new_id().hex}"
    async with till.rt.db.transaction() as tx:
        person = await staff.create(
            tx,
            till.merchant_id,
            login=login,
            password=PASSWORD,
            name=f"小收{login[-4:]}",
            role=role,
            store_id=till.shop.store_id if here else None,
        )
        token, _ = await identity.open_session(tx, person.user_id, identity.Client())
    return Cashier(till, http, person, login, token)


async def verify(till: Till) -> None:
    """The invariants of payments, books, orders and tills hold for this shop."""
    await till.verify()
    async with till.rt.db.session() as tx:
        for finding in await verification.run(tx, (*tills.CHECKS, *orders.CHECKS)):
            own = [one for one in finding.offenders if one.startswith(str(till.merchant_id))]
            assert not own, (finding.name, finding.means, own)
