"""Bills: of which days, what stands in them, how they are fetched, and that they say what the books say."""

import asyncio
import csv
import gzip
import hashlib
import io
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.wechat_sandbox.desk import Merchant, Sandbox
from tests.wechat_sandbox.money import RETURNS, Till, balanced, part
from wechat_sandbox.pay.bills.files import Shelf
from wechat_sandbox.pay.errors import PayError

CHINA = timezone(timedelta(hours=8))
HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)


def now(town: Sandbox) -> datetime:
    return datetime.fromisoformat(town.get("/_sandbox/clock")["now"]).astimezone(CHINA)


def go_to(town: Sandbox, hour: int, days: int = 0) -> str:
    """Move the clock to the next such hour in China, at least `days` midnights ahead; the day before it."""
    here = now(town)
    goal = here.replace(hour=hour, minute=0, second=1, microsecond=0) + timedelta(days=days)
    if goal <= here:
        goal += timedelta(days=1)
    town.post("/_sandbox/clock", {"advance_seconds": (goal - here).total_seconds()})
    return f"{goal - timedelta(days=1):%Y-%m-%d}"


@pytest.fixture(scope="module")
def town() -> Iterator[Sandbox]:
    """A sandbox whose clock these tests move."""
    town = Sandbox()
    yield town
    assert town.stop() == 0


@pytest.fixture
def till(town: Sandbox) -> Till:
    """A merchant of its own at the beginning of a day."""
    app = town.post("/_sandbox/mini-programs", {"name": "账单 " + secrets.token_hex(3)})
    row = town.post("/_sandbox/merchants", {"name": app["name"], "appids": [app["appid"]]})
    go_to(town, 1, 1)
    return Till(town, Merchant(town, row), town.post("/_sandbox/shoppers")["shopper_id"])


def ask(merchant: Merchant, day: str, kind: str = "bill/tradebill", **query: str) -> httpx.Response:
    text = "&".join(f"{name}={value}" for name, value in {"bill_date": day, **query}.items())
    return merchant.call("GET", f"/v3/{kind}?{text}")


def fetch(merchant: Merchant, url: str) -> httpx.Response:
    """Download as clients do: signed, without looking for a signature."""
    target = url.removeprefix(merchant.sandbox.url)
    headers = {
        "Authorization": merchant.authorization("GET", target, ""),
        "Accept": "application/json",
        "User-Agent": "test",
    }
    return merchant.sandbox.http.get(target, headers=headers)


def bill(merchant: Merchant, day: str, kind: str = "bill/tradebill", **query: str) -> tuple[list[dict[str, str]], Any]:
    """Rows by column and the summary, each value without its backtick."""
    told = ask(merchant, day, kind, **query).json()
    response = fetch(merchant, told["download_url"])
    assert response.status_code == 200, response.text
    assert "wechatpay-signature" not in response.headers
    data = response.content
    if query.get("tar_type") == "GZIP":
        data = gzip.decompress(data)
    assert told["hash_type"] == "SHA1"
    assert told["hash_value"] == hashlib.sha1(data).hexdigest()
    text = data.decode("utf-8")
    assert text.startswith("\ufeff")
    table = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert all(value.startswith("`") for row in (*table[1:-2], table[-1]) for value in row)
    rows = [dict(zip(table[0], (value[1:] for value in row), strict=True)) for row in table[1:-2]]
    return rows, dict(zip(table[-2], (value[1:] for value in table[-1]), strict=True))


def fen(yuan: str) -> int:
    assert len(yuan.partition(".")[2]) == 2, yuan
    return int(yuan.replace(".", ""))


def test_trade_bill(town: Sandbox, till: Till) -> None:
    first = till.pay(12900, attach="门店1")
    second = till.pay(1)
    refund = till.refund_now(first, 2900)
    day = f"{now(town):%Y-%m-%d}"
    assert go_to(town, 10, 1) == day
    rows, summary = bill(till.merchant, day)
    assert list(rows[0]) == HEADER.split(",")
    paid, small, back = rows
    assert paid["微信订单号"] == first["transaction_id"]
    assert (paid["商户号"], paid["公众账号ID"], paid["特约商户号"]) == (till.merchant.mchid, till.merchant.appid, "0")
    assert (paid["交易类型"], paid["交易状态"], paid["用户标识"]) == ("JSAPI", "SUCCESS", till.openid)
    assert (paid["应结订单金额"], paid["订单金额"], paid["退款金额"]) == ("129.00", "129.00", "0.00")
    assert (paid["手续费"], paid["费率"]) == ("0.77000", "0.60%")
    assert (paid["商品名称"], paid["商户数据包"]) == ("青衫 亚麻衬衫 × 1", "门店1")
    assert paid["交易时间"].startswith(day)
    assert (small["商户订单号"], small["手续费"]) == (second["out_trade_no"], "0.00000")
    assert (back["微信退款单号"], back["商户退款单号"]) == (refund["refund_id"], refund["out_refund_no"])
    assert (back["交易状态"], back["退款状态"], back["退款类型"]) == ("REFUND", "SUCCESS", "ORIGINAL")
    assert (back["退款金额"], back["申请退款金额"], back["应结订单金额"]) == ("29.00", "29.00", "0.00")
    assert back["手续费"] == "-0.17000"
    assert summary == {
        "总交易单数": "3",
        "应结订单总金额": "129.01",
        "退款总金额": "29.00",
        "充值券退款总金额": "0.00",
        "手续费总金额": "0.60",
        "订单总金额": "129.01",
        "申请退款总金额": "29.00",
    }

    rows, summary = bill(till.merchant, day, bill_type="SUCCESS", tar_type="GZIP")
    assert [row["交易状态"] for row in rows] == ["SUCCESS", "SUCCESS"]
    assert "微信退款单号" not in rows[0]
    assert (summary["总交易单数"], summary["退款总金额"]) == ("2", "0.00")
    rows, summary = bill(till.merchant, day, bill_type="REFUND")
    assert [row["退款成功时间"][:10] for row in rows] == [day]
    assert (summary["总交易单数"], summary["订单总金额"], summary["退款总金额"]) == ("1", "0.00", "29.00")


def test_which_days(town: Sandbox, till: Till) -> None:
    till.pay()
    today = f"{now(town):%Y-%m-%d}"
    for day, code in (
        (today, "NO_STATEMENT_EXIST"),
        (f"{now(town) + timedelta(days=1):%Y-%m-%d}", "PARAM_ERROR"),
        (f"{now(town) - timedelta(days=100):%Y-%m-%d}", "PARAM_ERROR"),
        (f"{now(town) - timedelta(days=5):%Y-%m-%d}", "NO_STATEMENT_EXIST"),  # nothing happened
        ("20260101", "PARAM_ERROR"),
        ("2026-13-01", "PARAM_ERROR"),
        ("", "PARAM_ERROR"),
    ):
        response = ask(till.merchant, day)
        assert (response.status_code, response.json()["code"]) == (400, code), day
    go_to(town, 9, 1)
    assert ask(till.merchant, today).json()["code"] == "STATEMENT_CREATING"
    go_to(town, 10)
    assert ask(till.merchant, today).status_code == 200
    assert ask(till.merchant, today, bill_type="SOME").json()["code"] == "PARAM_ERROR"
    assert ask(till.merchant, today, tar_type="ZIP").json()["code"] == "PARAM_ERROR"
    assert ask(till.merchant, today, sub_mchid="1900000103").json()["code"] == "NO_AUTH"


def test_links_end(town: Sandbox, till: Till, bakery_of: Merchant) -> None:
    till.pay()
    day = go_to(town, 10, 1)
    url = ask(till.merchant, day).json()["download_url"]
    assert fetch(till.merchant, url).status_code == 200
    assert fetch(bakery_of, url).json()["code"] == "NO_AUTH"
    assert fetch(till.merchant, url[:-1] + ("0" if url[-1] != "0" else "1")).json()["code"] == "INVALID_REQUEST"
    target = url.removeprefix(town.url)
    assert town.http.get(target, headers={"Accept": "*/*", "User-Agent": "test"}).status_code == 401
    till.advance(299)
    assert fetch(till.merchant, url).status_code == 200
    till.advance(2)
    assert fetch(till.merchant, url).json()["code"] == "INVALID_REQUEST"


@pytest.fixture
def bakery_of(town: Sandbox) -> Merchant:
    return town.merchant("1900000102")


def test_fund_flow_says_what_the_books_say(town: Sandbox, till: Till, bakery_of: Merchant) -> None:
    till.add_receiver(bakery_of).raise_for_status()
    town.post(f"/_sandbox/merchants/{till.merchant.mchid}/top-up", {"amount": 5000})
    plain = till.pay(10000)
    shared = till.pay(20000, share=True)
    till.refund_now(plain, 3333)
    till.advance(120)
    done = till.share_now(shared, part(bakery_of.mchid, 2000), unfreeze=True)
    back = {
        "out_order_no": done["out_order_no"],
        "out_return_no": "B" + secrets.token_hex(8),
        "return_mchid": bakery_of.mchid,
        "amount": 500,
        "description": "用户退款",
    }
    assert till.merchant.call("POST", RETURNS, back).status_code == 200
    till.advance(2)
    town.post(f"/_sandbox/merchants/{till.merchant.mchid}/withdraw", {"amount": 1000})
    held = till.accounts()["available"]
    day = go_to(town, 10, 1)

    rows, summary = bill(till.merchant, day, "bill/fundflowbill", account_type="BASIC", tar_type="GZIP")
    changes = [fen(row["收支金额(元)"]) * (1 if row["收支类型"] == "收入" else -1) for row in rows]
    left = 0
    for row, change in zip(rows, changes, strict=True):
        left += change
        assert fen(row["账户结余(元)"]) == left
    assert left == held
    assert [row["业务类型"] for row in rows] == [
        "充值",
        "交易",
        "扣除交易手续费",
        "退款",
        "分账解冻",
        "分账回退",
        "提现",
    ]
    assert changes == [5000, 10000, -60, -3313, 17880, 500, -1000]
    assert rows[3]["备注"] == "退款总金额33.33元;含手续费0.20元"
    assert summary == {
        "资金流水总笔数": "7",
        "收入笔数": "4",
        "收入金额": "333.80",
        "支出笔数": "3",
        "支出金额": "43.73",
    }
    rows, summary = bill(till.merchant, day, "bill/fundflowbill", account_type="FEES")
    days = {row["day"]: row for row in till.books()["days"]}
    assert fen(summary["支出金额"]) - fen(summary["收入金额"]) == days[day]["fee_fen"] == 60 + 120 - 20
    nothing = ask(till.merchant, day, "bill/fundflowbill", account_type="OPERATION")
    assert nothing.json()["code"] == "NO_STATEMENT_EXIST"

    rows, summary = bill(till.merchant, day, "profitsharing/bills", tar_type="GZIP")
    assert [(row["业务类型"], row["分账接收方"], fen(row["分账金额(元)"])) for row in rows] == [
        ("分账", bakery_of.mchid, 2000),
        ("解冻", till.merchant.mchid, 17880),
        ("分账回退", bakery_of.mchid, 500),
    ]
    assert rows[0]["微信分账/回退单号"] == done["order_id"]
    assert rows[0]["分账明细单号"] == done["receivers"][0]["detail_id"]
    assert summary["总笔数"] == "3"

    trades, summary = bill(till.merchant, day)
    totals = days[day]
    assert fen(summary["订单总金额"]) == totals["paid_fen"]
    assert fen(summary["退款总金额"]) == totals["refunded_fen"]
    assert fen(summary["手续费总金额"]) == totals["fee_fen"]
    assert len(trades) == totals["payments"] + totals["refunds"]
    balanced(town)


def test_provider_and_sub_merchant(town: Sandbox, till: Till) -> None:
    app = town.post("/_sandbox/mini-programs", {"name": "分店 " + secrets.token_hex(3)})
    body = {"name": app["name"], "appids": [app["appid"]], "sp_mchid": till.merchant.mchid}
    sub = Merchant(town, town.post("/_sandbox/merchants", body))
    asked = till.merchant.prepay(till.openid)
    asked |= {"sp_appid": asked.pop("appid"), "sp_mchid": asked.pop("mchid"), "sub_mchid": sub.mchid}
    asked["payer"] = {"sp_openid": till.openid}
    prepay_id = till.merchant.call("POST", "/v3/pay/partner/transactions/jsapi", asked).json()["prepay_id"]
    params = {"pay_params": till.merchant.pay_params(prepay_id)}
    sheet = town.post(f"/_sandbox/shoppers/{till.shopper}/sheets", params)
    town.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    own = till.pay()
    day = go_to(town, 10, 1)

    rows, _ = bill(till.merchant, day)
    assert [row["特约商户号"] for row in rows] == [sub.mchid, "0"]
    rows, summary = bill(till.merchant, day, sub_mchid=sub.mchid)
    assert [row["商户订单号"] for row in rows] == [asked["out_trade_no"]]
    assert rows[0]["商户号"] == till.merchant.mchid
    assert summary["订单总金额"] == "129.00"
    rows, _ = bill(sub, day)
    assert [row["商户订单号"] for row in rows] == [asked["out_trade_no"]]
    rows, _ = bill(till.merchant, day, "bill/fundflowbill")
    assert {row["业务凭证号"] for row in rows} == {own["out_trade_no"]}


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox with a state file."""
    kept = Sandbox("--state", str(tmp_path / "state.db"))
    yield kept
    assert kept.stop() == 0


def test_the_first_bill_is_the_bill(kept: Sandbox) -> None:
    """Neither what happens later nor a crash changes the bill of a day."""
    town = kept
    till = Till(town, town.merchant("1900000101"), town.post("/_sandbox/shoppers")["shopper_id"])
    go_to(town, 1, 1)
    order = till.pay()
    body = {"refund_outcome": "ABNORMAL"}
    town.http.put(f"/_sandbox/merchants/{till.merchant.mchid}/money", json=body).raise_for_status()
    refund = till.refund_now(order, 100)
    assert refund["status"] == "ABNORMAL"
    day = go_to(town, 10, 1)
    before = ask(till.merchant, day).json()["hash_value"]
    rows, _ = bill(till.merchant, day)
    assert rows[1]["退款状态"] == "PROCESSING"
    town.post(f"/_sandbox/refunds/{refund['refund_id']}/outcome", {"outcome": "CLOSED"})
    town.restart(hard=True)  # forgets what it has written
    assert ask(till.merchant, day).json()["hash_value"] == before
    again = go_to(town, 10, 1)
    rows, _ = bill(till.merchant, again, "bill/fundflowbill")
    assert [(row["业务类型"], row["收支金额(元)"]) for row in rows] == [("退款退回", "0.99")]
    balanced(town)


def test_day_begins_in_china(town: Sandbox, till: Till) -> None:
    go_to(town, 23)
    till.advance(3599 - 60)
    late = till.pay()
    till.advance(120)
    early = till.pay()
    assert (now(town).hour, now(town).astimezone(UTC).hour) == (0, 16)
    second = go_to(town, 10)
    go_to(town, 10)
    assert [row["商户订单号"] for row in bill(till.merchant, second)[0]] == [late["out_trade_no"]]
    today = f"{now(town) - timedelta(days=1):%Y-%m-%d}"
    assert [row["商户订单号"] for row in bill(till.merchant, today)[0]] == [early["out_trade_no"]]


def test_a_long_bill_is_written_between_requests() -> None:
    """The file itself: a day of so many payments would take a test too long."""

    async def write() -> None:
        shelf, key = Shelf(), ("1900000101", "trade")
        lines = [f"`{number}\n" for number in range(2000)]
        work = asyncio.create_task(shelf.write_slowly(key, iter(lines)))
        await asyncio.sleep(0)
        with pytest.raises(PayError) as refused:
            shelf.find(key)
        assert (refused.value.status, refused.value.code) == (400, "STATEMENT_CREATING")
        await work
        bill = shelf.find(key)
        assert bill is not None
        whole = "".join(lines).encode()
        assert (b"".join(bill.pieces()), gzip.decompress(b"".join(bill.gzipped()))) == (whole, whole)
        assert bill.sha1 == hashlib.sha1(whole).hexdigest()

        def broken() -> Iterator[str]:
            yield "`1\n"
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await shelf.write_slowly(("1900000101", "funds"), broken())
        assert shelf.find(("1900000101", "funds")) is None  # the next to ask tries again

    asyncio.run(write())
