"""A sandbox of these tests' own, whose clock they move, with the platform as a service provider."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from bihuan import channels, identity, merchants, payments, staff, wiring
from bihuan.channels import NewAccount
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients
from tests.channels.desk import Sandbox
from tests.payments.conftest import http as http
from tests.payments.conftest import sandbox as sandbox
from tests.payments.conftest import served as of_payments
from tests.payments.desk import Door, Json, account_of, fresh_mchid
from tests.settlement.desk import Desk, Operator
from tests.shop import new_shop


@pytest.fixture(scope="module", autouse=True)
def signatures_keep_the_wall_clock() -> Generator[None, None, None]:
    """Time is moved by days here, at the sandbox too; what is signed bears the machine's, as the sandbox's does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OffsetClock, "wall", _machine)
        yield


def _machine(_: OffsetClock) -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
async def wechats_time(clock: OffsetClock, sandbox: Sandbox) -> AsyncGenerator[None, None]:
    """Our clock goes with WeChat's, which earlier tests moved."""
    before = clock.offset
    clock.offset = timedelta(seconds=(await sandbox.call("GET", "/clock"))["offset_seconds"])
    yield
    clock.offset = before


mall = of_payments  # the fixture, under a name of its own


@pytest.fixture(scope="session")
async def served(mall: tuple[Runtime, Door]) -> AsyncGenerator[tuple[Runtime, Door], None]:
    """The runtime whose WeChat is the sandbox, with its own background work, and the door."""
    tasks = [asyncio.create_task(run(mall[0])) for run in wiring.BACKGROUND]
    yield mall
    for task in tasks:
        task.cancel()


@pytest.fixture(scope="module")
async def provider(served: tuple[Runtime, Door], sandbox: Sandbox) -> Json:
    """The platform's account at the sandbox, which may take money for others; a name for it to receive under."""
    rt, _ = served
    app = await sandbox.call("POST", "/official-accounts", {"name": "闭环"})
    made = await sandbox.call("POST", "/merchants", {"name": "闭环科技", "appids": [app["appid"]]})
    account = msgspec.structs.replace(account_of(made), app_id=app["appid"])
    async with rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
        await payments.connect_account(tx, rt.vault, platform.merchant_id, account)
    clients.forget(platform.merchant_id)
    return made


@pytest.fixture
async def operator(served: tuple[Runtime, Door], provider: Json, http: httpx.AsyncClient) -> Operator:
    """An operator of the platform, signed in."""
    rt, _ = served
    async with rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
        person = await staff.create(
            tx,
            platform.merchant_id,
            login=f"op-{new_id().hex}",
            password="correct horse battery",
            name="运营",
            role="owner",
            store_id=None,
        )
        token, _ = await identity.open_session(tx, person.user_id, identity.Client())
    one = Operator(http, {"Authorization": f"Bearer {token}"})
    await one.put("/receiver", {"receiver_name": "闭环科技"})
    return one


@pytest.fixture
async def desk(
    served: tuple[Runtime, Door], sandbox: Sandbox, provider: Json, operator: Operator, http: httpx.AsyncClient,
    clock: OffsetClock,
) -> Desk:  # fmt: skip
    """A shop under the platform's account whose payments are frozen for sharing, charged 10 %."""
    rt, door = served
    app = await sandbox.call("POST", "/official-accounts", {"name": "青衫"})
    sub = {"name": "青衫", "mchid": fresh_mchid(), "appids": [app["appid"]], "sp_mchid": provider["mchid"]}
    merchant = await sandbox.call("POST", "/merchants", sub)
    shop = await new_shop(rt)
    account = NewAccount(
        appid=app["appid"], name="青衫", secret=app["secret"], token=app["token"], original_id=app["original_id"]
    )
    async with rt.db.transaction() as tx:
        await channels.connect_account(tx, rt.vault, shop.merchant.merchant_id, account)
    one = Desk(rt, sandbox, door, shop, merchant, app["appid"])
    await one.open(http, operator, clock)
    return one
