"""Fixtures of after-sale: a till with the sandbox behind it, and a counter where goods come back."""

from collections.abc import AsyncGenerator

import httpx
import pytest

from bihuan.kernel.runtime import Runtime
from tests.aftersale.counter import Counter, open_counter
from tests.channels.desk import Sandbox
from tests.payments.conftest import http as http
from tests.payments.conftest import real_time as real_time
from tests.payments.conftest import sandbox as sandbox
from tests.payments.conftest import served as served
from tests.payments.desk import Door, open_till
from tests.shop import new_shop


@pytest.fixture
async def counter(
    served: tuple[Runtime, Door], sandbox: Sandbox, http: httpx.AsyncClient
) -> AsyncGenerator[Counter, None]:
    """A shop of the test's own with freight of 6 yuan, whose owner settles what goes back."""
    rt, door = served
    shop = await new_shop(rt, freight_fen=600)
    yield await open_counter(await open_till(rt, sandbox, door, shop), http)
    door.deaf = False
