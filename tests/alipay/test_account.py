"""The merchant's account at Alipay: keys that work, kept sealed; who has none, or lacks the package."""

import subprocess
import sys

import httpx
import pytest

from alipay_sandbox import wire
from bihuan.kernel.vault import find_secrets
from tests.alipay.desk import Stall, account_of
from tests.alipay.test_bills import finance
from tests.alipay.test_paying import placed

ACCOUNT = "/api/merchant/alipay-account"


async def settings_of(stall: Stall, **change: str) -> dict[str, str]:
    account = account_of(stall.merchant)
    fields = {name: getattr(account, name) for name in account.__struct_fields__}
    return {**fields, **change}


async def test_an_account_is_written_and_shown_without_its_key(stall: Stall, http: httpx.AsyncClient) -> None:
    headers = await finance(stall)
    shown = (await http.get(ACCOUNT, headers=headers)).json()
    assert (shown["app_id"], shown["seller_id"]) == (stall.appid, stall.merchant["seller_id"])
    assert shown["notify_url"] == f"{stall.door.url}{stall.notify_path}"
    assert len(shown["private_key_fingerprint"]) == 16
    key = (await settings_of(stall))["private_key_pem"]
    assert key not in str(shown)
    rows = await stall.rows("select to_jsonb(a)::text as all from alipay_accounts a where merchant_id = $1")
    assert all(key not in row["all"] for row in rows)
    async with stall.rt.db.session() as tx:
        name = f"alipay.{stall.appid}.private_key"
        assert await find_secrets(tx, stall.rt.vault, stall.merchant_id, [name]) == {name: key}

    bare = {"app_id": stall.appid, "seller_id": "2088000000000009"}  # keys that are left out stay
    again = await http.put(ACCOUNT, json=bare, headers=headers)
    assert (again.status_code, again.json()["seller_id"]) == (200, "2088000000000009")
    assert again.json()["private_key_fingerprint"] == shown["private_key_fingerprint"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"app_id": "123"}, 400, "validation_failed"),
        ({"seller_id": "1088000000000001"}, 400, "validation_failed"),
        ({"private_key_pem": "no key"}, 422, "key_not_usable"),
        ({"alipay_public_key_pem": "no key"}, 422, "key_not_usable"),
        ({"app_id": "2021000000009999", "private_key_pem": ""}, 422, "key_not_usable"),  # none is kept for it
    ],
)
async def test_settings_that_cannot_work_are_refused(
    stall: Stall, http: httpx.AsyncClient, change: dict[str, str], status: int, code: str
) -> None:
    answer = await http.put(ACCOUNT, json=await settings_of(stall, **change), headers=await finance(stall))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_apps_own_public_key_is_not_alipays(stall: Stall, http: httpx.AsyncClient) -> None:
    own = wire.public_pem(wire.load_key(stall.merchant["private_key_pem"]))
    settings = await settings_of(stall, alipay_public_key_pem=own)
    answer = await http.put(ACCOUNT, json=settings, headers=await finance(stall))
    assert (answer.status_code, answer.json()["code"]) == (422, "own_public_key")


async def test_a_stopped_account_takes_nothing_new_and_gives_back_what_it_took(
    stall: Stall, http: httpx.AsyncClient
) -> None:
    methods = f"/api/shop/{stall.shop.merchant.code}/payment-methods"
    assert (await http.get(methods)).json() == {"wechat": False, "alipay": True}
    order_id = await stall.pay_order(http, 1_000)
    headers = await finance(stall)
    assert (await http.delete(ACCOUNT, headers=headers)).status_code == 204
    gone = await http.get(ACCOUNT, headers=headers)
    assert (gone.status_code, gone.json()["code"]) == (404, "no_alipay_account")
    assert (await http.get(methods)).json() == {"wechat": False, "alipay": False}
    buyer, other = await placed(stall, http)
    refused = await buyer.post(http, f"/orders/{other}/pay", {"method": "alipay_page"})
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_not_configured")
    await stall.give_back(order_id, 400)
    await stall.refund_all()
    assert (await stall.books())["refunded_fen"] == 400


def test_the_sdk_is_loaded_when_it_is_needed_and_missed_with_clear_words() -> None:
    program = """
import sys
import importlib.metadata
import bihuan.app
from bihuan import alipay
assert alipay.installed()
assert "Cryptodome" not in sys.modules and "alipay" not in sys.modules, "it slows every start"
sys.modules["alipay"] = None
def gone(name):
    raise importlib.metadata.PackageNotFoundError(name)
importlib.metadata.version = gone
assert not alipay.installed()
try:
    alipay.AlipayClient(alipay.AlipayKeys("1", "2", "", ""), http=None, gateway="", now=None)
except alipay.AlipayNotInstalled as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "not_installed: pip install 'bihuan[alipay]'", done.stderr
