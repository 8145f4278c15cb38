"""Fetching: a bill that was altered on its way, one that is not written yet, and an account under a provider."""

from collections.abc import Callable

import httpx
import msgspec
import pytest

from bihuan import wiring
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients
from bihuan.reconciliation import fetching, running
from tests.payments.desk import Till
from tests.payments.test_accounts import sign_in
from tests.reconciliation.desk import ROOM, Calendar, day_of, differences, due_of, pay, run

pytestmark = pytest.mark.usefixtures("later_wechat")


class Tampering(httpx.AsyncBaseTransport):
    """A network that changes the bills that pass through it."""

    def __init__(self, change: Callable[[bytes], bytes]) -> None:
        self._change = change
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if not request.url.path.startswith("/v3/billdownload"):
            return answer
        content = await answer.aread()
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() != b"content-length"]
        return httpx.Response(answer.status_code, headers=headers, stream=httpx.ByteStream(self._change(content)))


def behind(rt: Runtime, change: Callable[[bytes], bytes]) -> Runtime:
    """A runtime behind such a network."""
    return msgspec.structs.replace(rt, http=httpx.AsyncClient(transport=Tampering(change), trust_env=False))


def cut(content: bytes) -> bytes:
    """The end is missing."""
    return content[:-20]


def altered(content: bytes) -> bytes:
    """Some bytes are others."""
    return content[:40] + b"9999" + content[44:]


@pytest.mark.parametrize("change", [cut, altered])
async def test_a_bill_that_is_not_what_wechat_hashed_posts_nothing(
    till: Till, http: httpx.AsyncClient, calendar: Calendar, change: Callable[[bytes], bytes]
) -> None:
    day = await calendar.next_noon()
    await pay(till, http, await till.shop.add_sku())
    await calendar.morning_after(day)
    headers = await sign_in(till, http, "finance")
    await running.plan(till.rt)
    before = await till.balances()
    clients.forget(till.merchant_id)
    await running.run_one(behind(till.rt, change), due_of(till, day), wiring.SHARES)
    told = (await day_of(till, http, headers, day))["day"]
    assert (told["state"], told["error_code"]) == ("waiting", "bill_altered"), told
    assert not list((fetching.folder(till.rt) / str(till.merchant_id)).rglob("*.csv*"))
    assert await till.balances() == before
    clients.forget(till.merchant_id)
    answer = await http.post(f"{ROOM}/days", json={"day": str(day)}, headers=headers)  # a person asks again
    assert answer.status_code == 200, answer.text
    await run(till)
    assert (await day_of(till, http, headers, day))["day"]["state"] == "matched"
    assert await differences(http, headers) == []


async def test_bills_and_lists_can_be_taken_away_and_clerks_see_none(
    till: Till, http: httpx.AsyncClient, calendar: Calendar
) -> None:
    day = await calendar.next_noon()
    await pay(till, http, await till.shop.add_sku())
    await calendar.morning_after(day)
    headers = await sign_in(till, http, "finance")
    await run(till)
    mchid = till.merchant["mchid"]
    bill = await http.get(f"{ROOM}/days/{day}/{mchid}/bills/trade", headers=headers)
    assert bill.content.decode().startswith("\ufeff交易时间")
    missing = await http.get(f"{ROOM}/days/{day}/{mchid}/bills/sharing", headers=headers)
    assert (missing.status_code, missing.json()["code"]) == (404, "bill_not_kept")
    table = (await http.get(f"{ROOM}/days.csv", headers=headers)).content.decode("utf-8-sig").splitlines()
    assert table[1].startswith(f"{day},{mchid},已对账,1,10.00,0,0.00,0.06,1,10.00")
    assert (await http.get(f"{ROOM}/differences.csv", headers=headers)).status_code == 200
    today = await http.post(f"{ROOM}/days", json={"day": str(calendar.today)}, headers=headers)
    assert (today.status_code, today.json()["code"]) == (422, "day_not_to_be_had")
    clerk = await sign_in(till, http, "clerk")
    assert (await http.get(f"{ROOM}/days", headers=clerk)).status_code == 403


@pytest.mark.parametrize(("away", "planned"), [(60, 60), (200, 90)])
async def test_no_day_is_left_out_after_a_long_absence(till: Till, away: int, planned: int) -> None:
    """As far back as WeChat keeps bills."""
    await running.plan(till.rt)
    await till.rows("update reconciliation_days set day = day - $2::int where merchant_id = $1", away)
    await running.plan(till.rt)
    days = [
        row["day"] for row in await till.rows("select day from reconciliation_days where merchant_id = $1 order by 1")
    ]
    assert len(days) == planned + 1
    assert (days[-1] - days[1]).days == planned - 1
    await till.rows("delete from reconciliation_days where merchant_id = $1")
