"""Alipay's bills: read whole or not at all, matched, posted once, and what differs is seen."""

import io
import zipfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from bihuan import staff, wiring
from bihuan.alipay import BillMalformed, BillRow, read_bill
from bihuan.kernel import verification
from bihuan.kernel.ids import new_id
from bihuan.payments.alipay import lines
from bihuan.reconciliation import rules
from bihuan.reconciliation.alipay import matching
from tests.alipay.desk import Stall
from tests.alipay.test_paying import placed, told

DAY = 24 * 3600
SELLER = "2088000000000001"
HEAD = [
    "#支付宝业务明细查询",
    f"#账号：[{SELLER}0156]",
    "#起始日期：[2026年11月21日 00:00:00]   终止日期：[2026年11月21日 23:59:59]",
    "#----------业务明细列表----------",
]
NAMES = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,"
    "对方账户,订单金额（元）,商家实收（元）,退款批次号/请求号,服务费（元）,备注"
)
PAID = "20261121220014\t,abc\t,交易,杯子,2026-11-21 10:00:00,2026-11-21 10:00:05,a***,12.30,12.30,,-0.07,"
BACK = "20261121220014\t,abc\t,退款,杯子,2026-11-21 10:00:00,2026-11-21 11:00:05,a***,-2.00,-2.00,r1\t,0.01,"
END = ["#----------业务明细列表结束----------", "#交易合计：1笔"]


def packed(lines: list[str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as files:
        files.writestr("sums.csv", "#支付宝业务汇总查询\r\n".encode("gb18030"))
        files.writestr("rows.csv", "\r\n".join([*lines, ""]).encode("gb18030"))
    return out.getvalue()


def read(data: bytes, day: date = date(2026, 11, 21), seller: str = SELLER) -> list[BillRow]:
    return list(read_bill(data, day=day, seller_id=seller))


def test_a_bill_is_read_to_the_fen() -> None:
    paid, back = read(packed([*HEAD, NAMES, PAID, BACK, *END]))
    assert (paid.kind, paid.trade_no, paid.out_trade_no, paid.amount_fen, paid.fee_fen) == (
        *("payment", "20261121220014", "abc", 1230, 7),
    )
    assert (back.kind, back.out_request_no, back.amount_fen, back.fee_fen) == ("refund", "r1", 200, -1)
    assert paid.at.isoformat() == "2026-11-21T02:00:05+00:00"
    (undone,) = read(packed([*HEAD, NAMES, BACK.replace("r1\t", ""), *END]))
    assert undone.out_request_no == "abc"  # a refund without a number of its own bears the payment's


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zip",
        packed([*HEAD, NAMES, PAID, BACK, *END])[:-40],
        packed([*HEAD, NAMES, PAID]),  # cut before its end
        packed([*HEAD, NAMES, PAID[:40], *END]),
        packed([*HEAD, NAMES.replace("服务费（元）,", ""), PAID, *END]),
        packed([*HEAD, NAMES, PAID.replace("12.30", "12.305"), *END]),
        packed([*HEAD, NAMES, PAID.replace("12.30", "-12.30"), *END]),
        packed([*HEAD, NAMES, PAID.replace("交易", "转账"), *END]),
        packed([*HEAD, NAMES, PAID.replace("10:00:05", "25:00:05"), *END]),
        packed([*HEAD, NAMES, PAID.replace("11-21 10:00:05", "11-22 10:00:05"), *END]),
        packed([*HEAD, NAMES, BACK.replace("r1\t", "").replace("abc\t", ""), *END]),
        packed(["#支付宝业务明细查询", NAMES, PAID, *END]),
    ],
)
def test_a_bill_that_is_cut_or_altered_is_not_taken(data: bytes) -> None:
    with pytest.raises(BillMalformed):
        read(data)


def test_a_bill_of_another_day_or_seller_is_not_taken() -> None:
    whole = packed([*HEAD, NAMES, PAID, *END])
    for day, seller in ((date(2026, 11, 20), SELLER), (date(2026, 11, 21), "2088000000000002")):
        with pytest.raises(BillMalformed):
            read(whole, day, seller)


@asynccontextmanager
async def yesterday(stall: Stall) -> AsyncGenerator[date, None]:
    """What happens inside happened a day ago at Alipay."""
    await stall.sandbox.call("POST", "/clock", {"advance_seconds": -DAY})
    try:
        yield rules.day_of(stall.rt.clock.now()) - timedelta(days=1)
    finally:
        await stall.sandbox.call("POST", "/clock", {"advance_seconds": DAY})


async def reconcile(stall: Stall) -> dict[str, Any]:
    """Lets the jobs work at the stall's day; the day."""
    await matching.plan(stall.rt)
    await stall.rows("update alipay_bill_days set due_at = now() - interval '1 hour' where merchant_id = $1")
    return await worked_at(stall)


async def worked_at(stall: Stall) -> dict[str, Any]:
    """The stall's day, once the job has come to it: others are due too."""
    for _ in range(10):
        await matching.run_due(stall.rt)
        (day,) = await stall.rows("select * from alipay_bill_days where merchant_id = $1")
        if day["state"] != "waiting":
            return day
    raise AssertionError("nobody worked at it")


async def differences(stall: Stall) -> list[tuple[str, str, int | None, int | None, str]]:
    rows = await stall.rows("select * from alipay_bill_differences where merchant_id = $1 order by difference_id")
    return [(r["kind"], r["subject"], r["here_fen"], r["there_fen"], r["state"]) for r in rows]


async def verified(stall: Stall) -> None:
    async with stall.rt.db.session() as tx:
        for finding in await verification.run(tx, wiring.CHECKS):
            own = [one for one in finding.offenders if one.startswith(str(stall.merchant_id))]
            assert not own, (finding.name, own)


async def test_a_day_agrees_and_its_fees_are_posted_once(stall: Stall, http: httpx.AsyncClient) -> None:
    async with yesterday(stall) as day:
        order_id = await stall.pay_order(http, 10_000)
        await stall.pay_order(http, 2_000, "alipay_qr")
        await stall.give_back(order_id, 5_000)
        await stall.refund_all()

    row = await reconcile(stall)

    assert (row["state"], row["day"], row["error"]) == ("matched", day, None)
    assert (row["payments"], row["paid_fen"], row["refunds"], row["refunded_fen"]) == (2, 12_000, 1, 5_000)
    assert (row["here_payments"], row["here_paid_fen"]) == (2, 12_000)
    fees = 60 + 12 - 30
    assert row["fees_fen"] == fees == (await stall.books())["fees_fen"]
    assert await differences(stall) == []
    book = await stall.balances()
    assert (book["payment_fees"], book["alipay_clearing"]) == (fees, 7_000 - fees)
    assert book["alipay_clearing"] == (await stall.books())["balance_fen"]
    await matching.run_due(stall.rt)
    assert await stall.balances() == book
    await verified(stall)


async def test_a_payment_that_never_was_told_of_is_found_in_the_bill(stall: Stall, http: httpx.AsyncClient) -> None:
    buyer, order_id = await placed(stall, http)
    async with yesterday(stall):
        cashier = await stall.open_page(await stall.prepare(http, buyer, order_id, "alipay_page"))
        stall.door.deaf = True
        await stall.pay(cashier)
        await told(stall)
    await reconcile(stall)
    assert await differences(stall) == [("missing_here", "payment", None, 1000, "open")]

    await matching.recheck(stall.rt)

    assert (await stall.state(http, buyer, order_id))["state"] == "paid"
    assert await differences(stall) == [("missing_here", "payment", None, 1000, "resolved")]
    await verified(stall)


async def test_what_no_bill_knows_or_knows_otherwise_waits_for_a_person(stall: Stall, http: httpx.AsyncClient) -> None:
    order_id = await stall.pay_order(http, 1_000)  # today at Alipay, yesterday here
    move = "update payment_attempts set paid_at = paid_at - interval '1 day' where merchant_id = $1"
    await stall.rows(move)
    async with yesterday(stall):
        await stall.pay_order(http, 3_000)
    await stall.rows("update payment_attempts set paid_fen = 3100 where merchant_id = $1 and paid_fen = 3000")
    await reconcile(stall)
    assert sorted(await differences(stall)) == [
        ("amount", "payment", 3_100, 3_000, "open"),
        ("missing_there", "payment", 1_000, None, "open"),
    ]
    headers = await finance(stall)
    listed = (await http.get("/api/merchant/alipay-differences?state=open", headers=headers)).json()["items"]
    assert len(listed) == 2
    missing = next(one for one in listed if one["kind"] == "missing_there")
    assert UUID(missing["number"]) in {a.attempt_id for a in await stall.attempts(str(order_id))}
    path = f"/api/merchant/alipay-differences/{missing['difference_id']}/accept"
    assert (await http.post(path, json={"note": "?"}, headers=headers)).status_code == 400
    assert (await http.post(path, json={"note": "时钟不准"}, headers=headers)).status_code == 200
    again = await http.post(path, json={"note": "时钟不准"}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "difference_resolved")
    days = (await http.get("/api/merchant/alipay-bills", headers=headers)).json()["items"]
    assert [(day["state"], day["open_differences"]) for day in days] == [("matched", 1)]
    retried = await http.post(
        f"/api/merchant/alipay-bills/{days[0]['seller_id']}/{days[0]['day']}/retry", headers=headers
    )
    assert (retried.status_code, retried.json()["code"]) == (404, "no_such_day")


async def finance(stall: Stall) -> dict[str, str]:
    """The headers of the stall's owner."""
    login = f"f-{new_id().hex}"
    async with stall.rt.db.transaction() as tx:
        await staff.create_owner(tx, stall.merchant_id, login, "correct horse battery", "财务")
    transport = httpx.ASGITransport(stall.door.app)  # pyright: ignore[reportArgumentType] - Litestar's ASGI types
    async with httpx.AsyncClient(transport=transport, base_url=stall.door.url) as http:
        answer = await http.post("/api/merchant/session", json={"login": login, "password": "correct horse battery"})
    assert answer.status_code in (200, 201), answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def test_a_day_whose_bill_is_not_to_be_had_is_tried_again_and_then_shown(stall: Stall) -> None:
    await matching.plan(stall.rt)
    await stall.rows("update alipay_accounts set seller_id = '2088000000009999' where merchant_id = $1")
    late = "update alipay_bill_days set due_at = now() - interval '1 hour', tries = $2 where merchant_id = $1"
    await stall.rows(late, rules.MOST_TRIES)
    lines.forget(stall.merchant_id)
    day = await worked_at(stall)
    assert day["state"] == "failed"
    assert "no_account" in day["error"]
