"""An operator who is signed in."""

import httpx
import pytest

from bihuan import merchants, staff
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime


@pytest.fixture
async def operator(rt: Runtime, client: httpx.AsyncClient) -> dict[str, str]:
    """Headers of an operator of the platform."""
    login = f"op-{new_id().hex}"
    async with rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
        await staff.create(
            tx, platform.merchant_id, login=login, password="long enough 1", name="运营", role="owner", store_id=None
        )
    got = await client.post("/api/merchant/session", json={"login": login, "password": "long enough 1"})
    assert got.status_code in (200, 201), got.text
    return {"Authorization": f"Bearer {got.json()['token']}"}
