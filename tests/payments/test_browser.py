"""Paying in a mobile browser outside WeChat: a page of WeChat's that lives five minutes."""

import httpx
import pytest

from tests.payments.desk import Json, Till
from tests.shop import Buyer

PHONE = {"X-Forwarded-For": "203.0.113.9"}


async def pay(http: httpx.AsyncClient, buyer: Buyer, order_id: str, headers: dict[str, str]) -> httpx.Response:
    http.headers.update(headers)
    try:
        return await buyer.post(http, f"/orders/{order_id}/pay", {"method": "wechat_h5"})
    finally:
        for name in headers:
            del http.headers[name]


@pytest.fixture
async def ordered(till: Till, http: httpx.AsyncClient) -> tuple[Buyer, str]:
    """An order of somebody in a browser."""
    buyer = await till.buyer()
    return buyer, await till.order(http, buyer, await till.shop.add_sku())


async def prepared(http: httpx.AsyncClient, ordered: tuple[Buyer, str]) -> Json:
    answer = await pay(http, *ordered, PHONE)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_page_is_opened_and_paid(till: Till, http: httpx.AsyncClient, ordered: tuple[Buyer, str]) -> None:
    buyer, order_id = ordered
    got = await prepared(http, ordered)
    assert (got["method"], got["pay_params"], got["code_url"]) == ("wechat_h5", None, None)
    assert got["h5_url"].startswith("http")
    person = till.people[buyer.shopper_id]
    sheet = await till.sandbox.call("POST", f"/shoppers/{person}/sheets", {"h5_url": got["h5_url"]})
    await till.confirm(sheet["sheet_id"])
    await till.state(http, buyer, order_id, "paid", "to_ship")
    (attempt,) = await till.attempts(order_id)
    assert (attempt.method, attempt.verdict) == ("wechat_h5", "accepted")
    await till.verify()


async def test_a_page_is_handed_out_again_while_it_lives(
    till: Till, http: httpx.AsyncClient, ordered: tuple[Buyer, str]
) -> None:
    first = await prepared(http, ordered)
    assert (await prepared(http, ordered))["h5_url"] == first["h5_url"]
    await till.rows("update payment_attempts set prepaid_at = prepaid_at - interval '5 minutes' where merchant_id = $1")
    assert (await prepared(http, ordered))["h5_url"] != first["h5_url"]
    assert len(await till.attempts(ordered[1])) == 2


async def test_an_address_that_cannot_pay_in_a_browser(
    till: Till, http: httpx.AsyncClient, ordered: tuple[Buyer, str]
) -> None:
    for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "unknown"}):
        answer = await pay(http, *ordered, headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "h5_unavailable")
    assert await till.attempts(ordered[1]) == []
