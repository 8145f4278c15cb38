"""The compiled mini program buys something, as a shopper's phone would run it, over HTTP.

Without more it buys from the contract server; with `BIHUAN_TEST_API` (and `BIHUAN_TEST_SANDBOX`) from a platform.
"""

import json
import os
import subprocess
from typing import Any

import pytest

from .builds import NODE_TESTS, TIMEOUT_S, built, install, node_environment
from .contract_server import ContractServer


def buy(api: str, sandbox: str, **more: str) -> dict[str, Any]:
    """Runs one purchase (pickup, paid) in the mini program and answers what it saw.

    `api` and `sandbox` are origins. Raises AssertionError with the program's own words when it gets stuck.
    """
    install(NODE_TESTS)
    environment = node_environment() | {
        "BIHUAN_TEST_API": api,
        "BIHUAN_TEST_SANDBOX": sandbox,
        "BIHUAN_TEST_DIST": str(built("mp-weixin")),
        **more,
    }
    done = subprocess.run(
        ["node", "purchase.js"],
        cwd=NODE_TESTS,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_buys_from_the_contract() -> None:
    with ContractServer() as server:
        seen = buy(server.url, server.url, BIHUAN_TEST_APPID="wx0")
        [order] = server.shop.orders
        logins = server.shop.logins
    assert seen["result"] == "支付成功"
    assert seen["title"] == order["lines"][0]["title"]
    assert seen["options"] == order["lines"][0]["option_values"]
    assert order["state"] == "paid"
    assert order["delivery"]["method"] == "pickup"
    assert seen["pickup_code"] == order["delivery"]["pickup_code"]
    assert seen["member"].replace(" ", "") == "668820260001"
    assert logins == ["js-code"], "calls that need a sign-in at the same time share one"
    assert [payment["signType"] for payment in seen["payments"]] == ["RSA"]
    placements = [c for c in seen["calls"] if c["path"].endswith("/orders") and c["method"] == "POST"]
    assert [len(c["key"]) for c in placements] == [32]


@pytest.mark.slow
@pytest.mark.skipif("BIHUAN_TEST_API" not in os.environ, reason="needs a running platform (BIHUAN_TEST_API)")
def test_buys_from_a_platform() -> None:
    api = os.environ["BIHUAN_TEST_API"]
    seen = buy(api, os.environ.get("BIHUAN_TEST_SANDBOX", api))
    assert seen["result"] == "支付成功"
    assert seen["pickup_code"]
    assert seen["member"]
