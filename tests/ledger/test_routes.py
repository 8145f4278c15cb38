"""The merchant reads her own book over HTTP."""

import httpx

from bihuan import merchants, staff
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import Entry, Transaction
from bihuan.staff import Role
from tests.ledger.test_post import post, sale


async def sign_in(rt: Runtime, client: httpx.AsyncClient, role: Role = "finance") -> tuple[MerchantId, dict[str, str]]:
    login = f"u{new_id().hex[-12:]}"
    async with rt.db.transaction() as tx:
        merchant_id = (await merchants.create(tx, code=f"m{new_id().hex[-12:]}", name="账簿")).merchant_id
        await staff.create(
            tx, merchant_id, login=login, password="long enough 1", name="账房", role=role, store_id=None
        )
    got = await client.post("/api/merchant/session", json={"login": login, "password": "long enough 1"})
    assert got.status_code in (200, 201), got.text
    return merchant_id, {"Authorization": f"Bearer {got.json()['token']}"}


async def test_accounts_and_transactions_by_pages(rt: Runtime, client: httpx.AsyncClient) -> None:
    merchant_id, headers = await sign_in(rt, client)
    other, _ = await sign_in(rt, client)
    await post(rt, other, sale(999))
    empty = await client.get("/api/merchant/ledger/accounts", headers=headers)
    assert empty.status_code == 200
    assert {row["balance_fen"] for row in empty.json()["items"]} == {0}
    for amount in (1, 2, 3):
        await post(rt, merchant_id, sale(amount))
    refund = Transaction("refund", new_id(), "退款", [Entry("refunds_payable", 2), Entry("wechat_clearing", -2)])
    await post(rt, merchant_id, refund)

    accounts = (await client.get("/api/merchant/ledger/accounts", headers={**headers, "Accept-Language": "en"})).json()
    found = {row["account"]: row for row in accounts["items"]}
    assert found["wechat_clearing"] == {
        "account": "wechat_clearing",
        "name": "WeChat Pay clearing",
        "kind": "asset",
        "balance_fen": 4,
    }
    assert sum(row["balance_fen"] for row in accounts["items"]) == 0

    path = "/api/merchant/ledger/transactions"
    first = (await client.get(path, params={"limit": 3}, headers=headers)).json()
    assert [row["source"] for row in first["items"]] == ["refund", "order", "order"]
    assert all(sum(e["amount_fen"] for e in row["entries"]) == 0 for row in first["items"])
    rest = (await client.get(path, params={"limit": 3, "cursor": first["next_cursor"]}, headers=headers)).json()
    assert [row["entries"][0]["amount_fen"] for row in rest["items"]] == [1]
    assert rest["next_cursor"] is None
    of_sales = (await client.get(path, params={"account": "sales", "limit": 2}, headers=headers)).json()
    assert [row["entries"][1]["amount_fen"] for row in of_sales["items"]] == [-3, -2]
    more = {"account": "sales", "limit": 2, "cursor": of_sales["next_cursor"]}
    assert len((await client.get(path, params=more, headers=headers)).json()["items"]) == 1


async def test_only_those_who_may_read_it(rt: Runtime, client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/merchant/ledger/accounts")).status_code == 401
    _, clerk = await sign_in(rt, client, "clerk")
    assert (await client.get("/api/merchant/ledger/transactions", headers=clerk)).status_code == 403
    _, finance = await sign_in(rt, client)
    bad = await client.get("/api/merchant/ledger/transactions", params={"cursor": "nonsense"}, headers=finance)
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_cursor")
