"""A merchant with people of each role, signed in."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from bihuan import merchants, staff
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime

PASSWORD = "correct horse battery"


class Desk:
    """A person at the console: signed in by bearer token unless told otherwise."""

    def __init__(
        self, client: httpx.AsyncClient, merchant: merchants.Merchant, person: staff.Staff, login: str
    ) -> None:
        self.client = client
        self.merchant = merchant
        self.person = person
        self.login = login
        self.token = ""

    async def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        """Tries to sign in; keeps the token."""
        answer = await self.client.post("/api/merchant/session", json={"login": self.login, "password": password})
        self.client.cookies.clear()
        if answer.status_code == 200:
            self.token = answer.json()["token"]
        return answer

    async def send(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str | None = None
    ) -> httpx.Response:
        """One request; a POST gets a fresh idempotency key unless one is given."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or new_id().hex}
        return await self.client.request(method, path, json=body, headers=headers)

    async def get(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        answer = await self.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON of a POST that must create something."""
        answer = await self.send("POST", path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture(autouse=True)
async def todays_clock(rt: Runtime, clock: OffsetClock) -> AsyncGenerator[None, None]:
    """Gives the clock back as it was: all tests share it, and WeChat's signatures are only good today."""
    offset = clock.offset
    yield
    if clock.offset != offset:
        clock.offset = offset
        async with rt.db.transaction() as tx:
            await tx.execute("delete from sign_in_throttles")


NewDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def new_desk(rt: Runtime, client: httpx.AsyncClient) -> NewDesk:
    """Makes a person (of a new merchant, unless one is given) and signs her in."""

    async def make(role: staff.Role = "owner", merchant: merchants.Merchant | None = None, **more: Any) -> Desk:
        login = f"p-{new_id().hex}"
        async with rt.db.transaction() as tx:
            at = merchant or await merchants.create(tx, code=f"m{new_id().hex[:24]}", name="试营业")
            person = await staff.create(
                tx, at.merchant_id, login=login, password=PASSWORD, name="小店", role=role, store_id=None, **more
            )
        desk = Desk(client, at, person, login)
        assert (await desk.sign_in()).status_code == 200
        return desk

    return make


@pytest.fixture
async def owner(new_desk: NewDesk) -> Desk:
    """The owner of a new merchant."""
    return await new_desk()


@pytest.fixture
async def operator(rt: Runtime, new_desk: NewDesk) -> Desk:
    """An owner of the platform itself."""
    async with rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
    return await new_desk(merchant=platform)
