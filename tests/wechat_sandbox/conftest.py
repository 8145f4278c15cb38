from collections.abc import Iterator

import pytest

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def merchant(sandbox: Sandbox) -> Merchant:
    """In public-key mode."""
    return sandbox.merchant("1900000101")


@pytest.fixture(scope="session")
def bakery(sandbox: Sandbox) -> Merchant:
    """In certificate mode."""
    return sandbox.merchant("1900000102")


@pytest.fixture
def shopper(sandbox: Sandbox) -> str:
    return sandbox.post("/_sandbox/shoppers")["shopper_id"]


@pytest.fixture
def openid(sandbox: Sandbox, merchant: Merchant, shopper: str) -> str:
    return sandbox.openid(shopper, merchant.appid)
