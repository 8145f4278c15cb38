"""The finance rooms over HTTP: flows, files, months, codes and vouchers."""

import csv
import io
from datetime import date, datetime
from typing import Any

import httpx
import openpyxl
import pytest

from bihuan import wiring
from bihuan.finance import verifying
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import Entry, Transaction, periods
from tests.finance.proof import prove_now
from tests.ledger.test_post import holds, post
from tests.ledger.test_routes import sign_in

FINANCE = "/api/merchant/finance"
OCTOBER = {"first": "2024-10-01", "last": "2024-10-31"}


def at(day: int, month: int = 10) -> datetime:
    return datetime(2024, month, day, 9, tzinfo=periods.CHINA)


def bought(day: int, fen: int) -> list[Transaction]:
    """A payment and its order."""
    return [
        Transaction("receipt", new_id(), "收款", [Entry("wechat_clearing", fen), Entry("receipts", -fen)], at(day)),
        Transaction(
            "order",
            new_id(),
            f"订单 {day}",
            [Entry("receipts", fen), Entry("sales", -fen - 200), Entry("discounts", 200)],
            at(day),
        ),
    ]


async def keep_books(rt: Runtime, merchant_id: MerchantId) -> None:
    fee = Transaction("fee", new_id(), "=手续费", [Entry("payment_fees", 6), Entry("wechat_clearing", -6)], at(2))
    out = Transaction("payout", new_id(), "提现", [Entry("bank", 500), Entry("wechat_clearing", -500)], at(3))
    await post(rt, merchant_id, *bought(1, 1000), *bought(2, 3000), fee, out)


def rows_of(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def fen(text: str) -> int:
    return round(float(text or "0") * 100)


async def get(client: httpx.AsyncClient, headers: dict[str, str], path: str, **params: str) -> Any:
    answer = await client.get(path, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_flow_income_and_trial_balance_agree_with_the_book(rt: Runtime, client: httpx.AsyncClient) -> None:
    merchant_id, headers = await sign_in(rt, client)
    await keep_books(rt, merchant_id)
    flow = await get(client, headers, f"{FINANCE}/cash-flow", **OCTOBER)
    assert [(d["day"][-2:], d["channel"], d["in_fen"], d["out_fen"]) for d in flow["days"]] == [
        ("01", "wechat_clearing", 1000, 0),
        ("02", "wechat_clearing", 3000, 6),
        ("03", "bank", 500, 0),
        ("03", "wechat_clearing", 0, 500),
    ]
    income = await get(client, headers, f"{FINANCE}/income", **OCTOBER)
    assert [(d["income_fen"], d["deductions_fen"], d["net_fen"]) for d in income["days"]] == [
        (1200, 200, 1000),
        (3200, 206, 2994),
    ]
    assert income["net_fen"] == 3994 == sum(line["amount_fen"] for line in income["by_account"])
    trial = (await get(client, headers, "/api/merchant/ledger/turnovers", first="2024-10-02", last="2024-10-31"))[
        "items"
    ]
    of_sales = next(row for row in trial if row["account"] == "sales")
    assert (of_sales["opening_fen"], of_sales["credit_fen"], of_sales["closing_fen"]) == (-1200, 3200, -4400)
    assert sum(row["debit_fen"] for row in trial) == sum(row["credit_fen"] for row in trial)
    then = await get(client, headers, "/api/merchant/ledger/accounts", on="2024-10-01")
    assert {r["account"]: r["balance_fen"] for r in then["items"] if r["balance_fen"]} == {
        "wechat_clearing": 1000, "sales": -1200, "discounts": 200,
    }  # fmt: skip
    backward = await client.get(
        f"{FINANCE}/cash-flow", params={"first": "2024-10-02", "last": "2024-10-01"}, headers=headers
    )
    assert (backward.status_code, backward.json()["code"]) == (400, "bad_period")


async def test_a_transaction_leads_to_what_it_comes_from(rt: Runtime, client: httpx.AsyncClient) -> None:
    merchant_id, headers = await sign_in(rt, client)
    await keep_books(rt, merchant_id)
    listed = await get(client, headers, "/api/merchant/ledger/transactions", source="payout", **OCTOBER)
    (row,) = listed["items"]
    assert (row["late"], row["booked_on"]) == (False, "2024-10-03")
    detail = await get(client, headers, f"{FINANCE}/transactions/{row['transaction_id']}")
    assert detail["transaction"] == row
    (origin,) = detail["origins"]
    assert (origin["kind"], origin["id"], origin["label"]) == ("payout", row["source_id"], "")
    _, stranger = await sign_in(rt, client)
    lost = await client.get(f"{FINANCE}/transactions/{row['transaction_id']}", headers=stranger)
    assert lost.status_code == 404
    by_cause = await client.get(f"{FINANCE}/transactions/{row['source_id']}", headers=headers)
    assert by_cause.status_code == 404


async def test_the_journal_as_files(rt: Runtime, client: httpx.AsyncClient) -> None:
    merchant_id, headers = await sign_in(rt, client)
    await keep_books(rt, merchant_id)
    answer = await client.get(f"{FINANCE}/journal", params=OCTOBER, headers=headers)
    assert answer.headers["content-disposition"] == 'attachment; filename="journal-2024-10-01-2024-10-31.csv"'
    head, *lines = rows_of(answer.text)
    assert head[:3] == ["记账日", "业务时间", "来源"]
    assert len(lines) == 14
    assert sum(fen(line[6]) for line in lines) == sum(fen(line[7]) for line in lines)
    assert [line[3] for line in lines if line[4] == "payment_fees"] == ["'=手续费"], "no formula for a spreadsheet"
    book = await client.get(
        f"{FINANCE}/journal", params={**OCTOBER, "format": "xlsx", "account": "bank"}, headers=headers
    )
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    assert [row[4:8] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        ("bank", "银行存款", 5, None),
        ("wechat_clearing", "微信支付结算", None, 5),
    ]
    assert (
        rows_of(
            (
                await client.get(
                    f"{FINANCE}/journal", params={"source": "order"}, headers={**headers, "Accept-Language": "en"}
                )
            ).text
        )[0][0]
        == "Booked on"
    )


async def test_a_month_closes_on_its_checklist_and_opens_by_an_operator(
    rt: Runtime, client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    merchant_id, headers = await sign_in(rt, client)
    await keep_books(rt, merchant_id)
    months = await get(client, headers, f"{FINANCE}/months")
    assert [(m["month"], m["state"]) for m in months["months"]][-1] == ("2024-10", "open")
    assert months["next"] == "2024-10"
    present = periods.day_of(rt.clock.now()).strftime("%Y-%m")
    early = await client.post(f"{FINANCE}/months/{present}/close", headers=headers)
    assert (early.status_code, early.json()["code"]) == (409, "not_ready_to_close")
    assert "month_ended" in early.json()["failing"]

    await prove_now(rt)
    checklist = await get(client, headers, f"{FINANCE}/months/2024-10/checklist")
    assert checklist["ready"], checklist
    closed = await client.post(f"{FINANCE}/months/2024-10/close", headers=headers)
    assert closed.status_code == 200, closed.text
    again = await client.post(f"{FINANCE}/months/2024-10/close", headers=headers)
    assert (again.status_code, again.json()["failing"]) == (409, ["month_open"])
    await post(rt, merchant_id, *bought(9, 100))
    (late, *_) = (await get(client, headers, "/api/merchant/ledger/transactions", first="2024-11-01"))["items"]
    assert (late["booked_on"], late["late"], late["occurred_at"][:10]) == ("2024-11-01", True, "2024-10-09")

    path = f"/api/platform/merchants/{merchant_id}/months"
    short = await client.post(f"{path}/reopen", json={"month": "2024-10", "reason": "x"}, headers=operator)
    assert short.status_code == 400
    mine = await client.post(f"{path}/reopen", json={"month": "2024-10", "reason": "漏记了一张发票"}, headers=headers)
    assert mine.status_code == 403
    opened = await client.post(
        f"{path}/reopen", json={"month": "2024-10", "reason": "漏记了一张发票"}, headers=operator
    )
    assert opened.status_code == 200, opened.text
    history = (await get(client, headers, f"{FINANCE}/months"))["history"]
    assert [(h["kind"], h["month"], h["reason"]) for h in history] == [
        ("reopen", "2024-10", "漏记了一张发票"),
        ("close", "2024-10", ""),
    ]
    await holds(rt)


async def test_parked_events_and_a_stale_proof_keep_a_month_open(rt: Runtime, client: httpx.AsyncClient) -> None:
    merchant_id, headers = await sign_in(rt, client)
    await keep_books(rt, merchant_id)
    await prove_now(rt)
    fact = new_id()
    async with rt.db.transaction() as tx:
        await tx.execute(
            """insert into deliveries (merchant_id, handler, fact_id, attempts, available_at, error, parked_at)
               values ($1, 'insight.count', $2, 9, $3, 'boom', $3)""",
            merchant_id, fact, tx.now,
        )  # fmt: skip
    refused = await client.post(f"{FINANCE}/months/2024-10/close", headers=headers)
    assert (refused.status_code, refused.json()["failing"]) == (409, ["no_parked_events"])
    async with rt.db.transaction() as tx:
        await tx.execute("delete from deliveries where merchant_id = $1 and fact_id = $2", merchant_id, fact)
        await tx.execute("update verify_runs set finished_at = finished_at - interval '2 days'")
    stale = (await get(client, headers, f"{FINANCE}/months/2024-10/checklist"))["lines"]
    assert [(line["name"], line["detail"]) for line in stale if not line["holds"]] == [("verify_held", "stale")]


@pytest.mark.parametrize("month", ["2024-13", "x", "1999-01", "2024-1"])
async def test_what_is_no_month_is_refused(rt: Runtime, client: httpx.AsyncClient, month: str) -> None:
    _, headers = await sign_in(rt, client)
    answer = await client.post(f"{FINANCE}/months/{month}/close", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_month")


async def test_vouchers_balance_and_bear_the_merchants_codes(rt: Runtime, client: httpx.AsyncClient) -> None:
    merchant_id, headers = await sign_in(rt, client)
    await keep_books(rt, merchant_id)
    codes = f"{FINANCE}/account-codes"
    changed = {"items": [{"account": "sales", "code": "5001.01", "name": "主营业务收入-线上"}]}
    put = await client.put(codes, json=changed, headers=headers)
    assert put.status_code == 200, put.text
    of_account = {row["account"]: row for row in put.json()["items"]}
    assert (of_account["sales"]["code"], of_account["sales"]["own"]) == ("5001.01", True)
    assert (of_account["bank"]["code"], of_account["bank"]["own"]) == ("1002", False)
    for bad in ({"account": "slush", "code": "1", "name": "小金库"}, {"account": "sales", "code": "1;2", "name": "x"}):
        refused = await client.put(codes, json={"items": [bad]}, headers=headers)
        assert refused.status_code in (400, 422), refused.text

    for form, debit, credit in (("generic", 6, 7), ("kingdee", 7, 8)):
        answer = await client.get(f"{FINANCE}/months/2024-10/vouchers", params={"format": form}, headers=headers)
        assert f"vouchers-{form}-2024-10-open.csv" in answer.headers["content-disposition"]
        _, *lines = rows_of(answer.text)
        vouchers = {line[2] for line in lines}
        assert vouchers == {str(n) for n in range(1, 7)}, "a voucher per day and source"
        for number in vouchers:
            own = [line for line in lines if line[2] == number]
            assert sum(fen(line[debit]) for line in own) == sum(fen(line[credit]) for line in own)
        assert sum(fen(line[credit]) for line in lines if "5001.01" in line) == 4400
    assert (
        await client.get(f"{FINANCE}/months/2024-10/vouchers", params={"format": "sap"}, headers=headers)
    ).status_code == 400


async def test_vouchers_in_the_text_that_yonyou_takes_in(rt: Runtime, client: httpx.AsyncClient) -> None:
    merchant_id, headers = await sign_in(rt, client)
    await keep_books(rt, merchant_id)
    named = {"items": [{"account": "sales", "code": "600101", "name": "收入, 线上"}]}
    await client.put(f"{FINANCE}/account-codes", json=named, headers=headers)
    answer = await client.get(f"{FINANCE}/months/2024-10/vouchers", params={"format": "yonyou"}, headers=headers)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "vouchers-yonyou-2024-10-open.txt" in answer.headers["content-disposition"]
    first, *lines, last = answer.content.decode("gb18030").split("\r\n")
    assert (first, last) == ("填制凭证,V800", "")
    seen: list[tuple[str, ...]] = []
    sums: dict[tuple[str, ...], int] = {}
    for line in lines:
        fields = line.split(",")
        assert len(fields) == 8, line
        day, sign, number, enclosed, memo, code, debit, credit = fields
        assert (sign, day[:8], enclosed.isdigit()) == ("记", "2024-10-", True)
        assert len(memo.encode("gb18030")) <= 60
        assert code
        assert (fen(debit) == 0) != (fen(credit) == 0), "one side, and zero on the other"
        voucher = (day, sign, number)
        if voucher not in seen:
            seen.append(voucher)
        assert seen[-1] == voucher, "the lines of a voucher stand together"
        sums[voucher] = sums.get(voucher, 0) + fen(debit) - fen(credit)
    assert set(sums.values()) == {0}
    assert len(seen) == 6
    assert sum(fen(line.split(",")[7]) for line in lines if ",600101," in line) == 4400


async def test_a_clerk_opens_no_room_and_a_manager_closes(rt: Runtime, client: httpx.AsyncClient) -> None:
    _, clerk = await sign_in(rt, client, "clerk")
    for path in ("cash-flow", "months", "account-codes", "journal"):
        assert (await client.get(f"{FINANCE}/{path}", params=OCTOBER, headers=clerk)).status_code == 403
    assert (await client.post(f"{FINANCE}/months/2024-10/close", headers=clerk)).status_code == 403
    _, manager = await sign_in(rt, client, "manager")
    answer = await client.post(f"{FINANCE}/months/2024-10/close", headers=manager)
    assert answer.status_code in (200, 409)


def test_every_check_has_a_name_of_its_own() -> None:
    names = [check.name for check in wiring.CHECKS]
    assert len(names) == len(set(names))
    assert verifying.NIGHT.total_seconds() == 3 * 3600
    assert date(2024, 11, 30) == periods.end_of(date(2024, 11, 1))
