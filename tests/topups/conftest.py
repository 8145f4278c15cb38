"""A till whose shop takes top-ups: 100 yuan bring 10."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from bihuan import identity, staff, wallet
from bihuan.kernel.ids import new_id
from bihuan.wallet import GiftRule, Settings
from tests.payments.conftest import http as http
from tests.payments.conftest import real_time as real_time
from tests.payments.conftest import sandbox as sandbox
from tests.payments.conftest import served as served
from tests.payments.conftest import till as till
from tests.payments.desk import Till

Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def open_wallets(till: Till) -> None:
    """The shop's settings."""
    async with till.rt.db.transaction() as tx:
        rules = [GiftRule(100_00, 10_00), GiftRule(500_00, 80_00)]
        await wallet.save_settings(tx, till.merchant_id, Settings(gift_rules=rules))


@pytest.fixture
async def ask(till: Till, http: httpx.AsyncClient) -> Ask:
    """Requests of the shop's owner, or of `role`."""
    tokens: dict[str, str] = {}

    async def send(method: str, path: str, body: Any = None, *, role: staff.Role = "owner", key: str = "") -> Any:
        if role not in tokens:
            async with till.rt.db.transaction() as tx:
                person = await staff.create(
                    tx,
                    till.merchant_id,
                    login=f"w-{new_id().hex}",
                    password="correct horse battery",
                    name="店员",
                    role=role,
                    store_id=None,
                )
                tokens[role], _ = await identity.open_session(tx, person.user_id, identity.Client())
        headers = {"Authorization": f"Bearer {tokens[role]}", "Idempotency-Key": key or new_id().hex}
        return await http.request(method, f"/api/merchant{path}", json=body, headers=headers)

    return send
