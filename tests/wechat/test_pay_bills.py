"""Bills: fetched whole or not at all, read row by row to the fen, and believed only when the summary agrees."""

from __future__ import annotations

import gzip
import hashlib
import io
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, BinaryIO
from unittest.mock import patch

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.wechat import MalformedMessage, PayError
from bihuan.wechat.pay import (
    Bill,
    BillAltered,
    FundRow,
    SharingRow,
    TradeRow,
    bill_rows,
    fen_of_yuan,
    read_funds,
    read_sharings,
    read_trades,
)

from .platform import Recorder, client, unsigned

CALM = settings(deadline=None)  # a busy machine is no fault of the code

DAY = date(2026, 2, 28)
CHINA = timezone(timedelta(hours=8))

TRADE_COLUMNS = {
    "交易时间": "at", "公众账号ID": "appid", "商户号": "mchid", "特约商户号": "sub_mchid", "设备号": "device_id",
    "微信订单号": "transaction_id", "商户订单号": "out_trade_no", "用户标识": "openid", "交易类型": "trade_type",
    "交易状态": "trade_state", "付款银行": "bank", "货币种类": "currency", "应结订单金额": "settled_fen",
    "代金券金额": "coupon_fen", "微信退款单号": "refund_id", "商户退款单号": "out_refund_no", "退款金额": "refund_fen",
    "充值券退款金额": "coupon_refund_fen", "退款类型": "refund_type", "退款状态": "refund_state",
    "商品名称": "description", "商户数据包": "attach", "手续费": "fee_fen", "费率": "rate", "订单金额": "total_fen",
    "申请退款金额": "refund_requested_fen", "费率备注": "rate_note",
}  # fmt: skip
TRADE_SUMS = {
    "应结订单总金额": "settled_fen", "退款总金额": "refund_fen", "充值券退款总金额": "coupon_refund_fen",
    "手续费总金额": "fee_fen", "订单总金额": "total_fen", "申请退款总金额": "refund_requested_fen",
}  # fmt: skip
FUND_COLUMNS = {
    "记账时间": "at", "微信支付业务单号": "business_id", "资金流水单号": "flow_id", "业务名称": "business_name",
    "业务类型": "business_type", "收支类型": "direction", "收支金额(元)": "amount_fen", "账户结余(元)": "balance_fen",
    "资金变更提交申请人": "applicant", "备注": "note", "业务凭证号": "voucher",
}  # fmt: skip
SHARING_COLUMNS = {
    "分账时间": "at", "分账发起方": "initiator", "分账方": "sharer", "微信订单号": "transaction_id",
    "微信分账/回退单号": "sharing_id", "分账明细单号": "detail_id", "商户分账/回退单号": "out_no",
    "订单金额": "order_fen", "分账接收方": "receiver", "分账金额": "amount_fen", "业务类型": "kind",
    "处理状态": "state", "分账描述": "description", "备注": "note",
}  # fmt: skip


def yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02}"


def cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    return yuan(value) if isinstance(value, int) else value


def table(columns: dict[str, str], rows: list[dict[str, Any]], summary: dict[str, str], end: str = "\n") -> bytes:
    lines = [",".join(columns)]
    lines += [",".join("`" + cell(row[field]) for field in columns.values()) for row in rows]
    lines += [",".join(summary), ",".join("`" + value for value in summary.values())]
    return ("\ufeff" + end.join(lines) + end).encode()


def fields(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def trades(rows: list[TradeRow], end: str = "\n") -> bytes:
    sums = {name: yuan(sum(getattr(row, field) for row in rows)) for name, field in TRADE_SUMS.items()}
    return table(TRADE_COLUMNS, [fields(row) for row in rows], {"总交易单数": f"{len(rows)}.0", **sums}, end)


def funds(rows: list[FundRow]) -> bytes:
    came = [row.amount_fen for row in rows if row.direction == "收入"]
    went = [-row.amount_fen for row in rows if row.direction == "支出"]
    shown = [{**fields(row), "amount_fen": abs(row.amount_fen)} for row in rows]
    summary = {
        "资金流水总笔数": str(len(rows)),
        "收入笔数": str(len(came)),
        "收入金额": yuan(sum(came)),
        "支出笔数": str(len(went)),
        "支出金额": yuan(sum(went)),
    }
    return table(FUND_COLUMNS, shown, summary)


text = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=12).filter(lambda s: ",`" not in s)
fen = st.integers(-(10**9), 10**12)
moment = st.times().map(lambda t: datetime.combine(DAY, t.replace(microsecond=0, tzinfo=CHINA)).astimezone(UTC))
by_type = {str: text, int: fen, datetime: moment}


def rows_of(kind: Any) -> st.SearchStrategy[list[Any]]:
    made = st.builds(kind, **{name: by_type[kind_] for name, kind_ in plain_types(kind).items()})
    return st.lists(made, max_size=8)


def plain_types(kind: Any) -> dict[str, type]:
    named = {"str": str, "int": int, "datetime": datetime}
    return {name: named[annotation] for name, annotation in kind.__annotations__.items()}


@settings(CALM, max_examples=40)
@given(rows_of(TradeRow), st.sampled_from(["\n", "\r\n"]))
def test_any_trades_come_back_as_they_were(rows: list[TradeRow], end: str) -> None:
    assert list(read_trades(io.BytesIO(trades(rows, end)), day=DAY)) == rows


@st.composite
def fund_rows(draw: st.DrawFn) -> list[FundRow]:
    found: list[FundRow] = draw(rows_of(FundRow))
    return [msgspec.structs.replace(row, direction="收入" if row.amount_fen >= 0 else "支出") for row in found]


@settings(CALM, max_examples=40)
@given(fund_rows())
def test_any_flow_of_funds_comes_back_as_it_was(rows: list[FundRow]) -> None:
    assert list(read_funds(io.BytesIO(funds(rows)), day=DAY)) == rows


@settings(CALM, max_examples=40)
@given(rows_of(SharingRow))
def test_any_shares_come_back_as_they_were(rows: list[SharingRow]) -> None:
    bill = table(SHARING_COLUMNS, [fields(row) for row in rows], {"总条数": str(len(rows))})
    assert list(read_sharings(io.BytesIO(bill), day=DAY)) == rows


@CALM
@given(st.integers(-(10**14), 10**14))
def test_yuan_are_fen_exactly(amount: int) -> None:
    assert fen_of_yuan(yuan(amount)) == amount
    assert fen_of_yuan(yuan(amount) + "000") == amount


@pytest.mark.parametrize("text", ["", ".", "1.", ".5", "1e3", "0.001", "１.00", "1,000.00", " 1", "+1", "--1", "NaN"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|fen"):
        fen_of_yuan(text)


def row(**changes: Any) -> TradeRow:
    base: dict[str, Any] = {
        "at": datetime.combine(DAY, time(12, 0), CHINA).astimezone(UTC),
        "appid": "wx1",
        "mchid": "1900000101",
        "transaction_id": "42",
        "out_trade_no": "T1",
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "currency": "CNY",
        "settled_fen": 12900,
        "total_fen": 12900,
        "fee_fen": 77,
    }
    return TradeRow(**{**base, **changes})


GOOD = trades([row(), row(out_trade_no="T2", description="外套, 青`色")])


@settings(CALM, max_examples=60)
@given(st.integers(0, GOOD.rindex(b"`") + 1))
def test_a_bill_cut_short_is_not_believed(length: int) -> None:
    with pytest.raises(MalformedMessage, match="line"):
        list(read_trades(io.BytesIO(GOOD[:length]), day=DAY))


CHANGES: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda b: b.replace(b"`129.00", b"`129.01", 1), "in the summary"),
    (lambda b: b.replace(b"`0.77", b"`0.775", 1), "parts of a fen"),
    (lambda b: b.replace(b"`0.77", b"`free", 1), "line 2: no amount"),
    (lambda b: b.replace(b"2026-02-28", b"2026-02-27", 1), "line 2: of 2026-02-27, not of 2026-02-28"),
    (lambda b: b.replace(b"2026-02-28 12", b"28/02/2026 12", 1), "line 2"),
    (lambda b: b.replace(b"`2.0", b"`3.0"), "总交易单数 is 3 in the summary, 2 in the rows"),
    (lambda b: b.replace(b",`JSAPI", b"", 1), "27 values expected, 26 found"),
    (lambda b: b.replace("商户号".encode(), b"mchid", 1), "line 1: not the columns"),
    (lambda b: b.replace("总交易单数".encode(), b"x"), "counts nothing"),
    (lambda b: b + b"`more\n", "more after the summary"),
    (lambda b: b.replace("外套".encode(), b"\xff\xfe"), "line 3: not UTF-8"),
    (lambda b: b.replace("外套".encode(), b"x" * 70_000), "line 3: longer"),
    (lambda b: b.replace("外套".encode(), b"\0"), "line 3: .*no text"),
    (lambda b: b.replace(b"2026-02-28 12:00:00", b"20260228T120000", 1), "line 2: no moment"),
    (lambda b: b"<html>\n", "line 1: not the columns"),
    (lambda b: b"", "line 1: not the columns"),
]


@pytest.mark.parametrize(("change", "message"), CHANGES)
def test_an_altered_bill_is_a_clear_error(change: Callable[[bytes], bytes], message: str) -> None:
    changed = change(GOOD)
    assert changed != GOOD
    with pytest.raises(MalformedMessage, match=message):
        list(read_trades(io.BytesIO(changed), day=DAY))


def test_wechats_own_sample_with_five_decimals_and_bare_zeros() -> None:
    sample = (
        ",".join(TRADE_COLUMNS)
        + "\n`2026-02-28 05:01:46,`wxab,`1921000401,`0,`d,`4200,`T_1,`oH,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.0,`5000"
        ",`REF1,`0.01,`0,`ORIGINAL,`SUCCESS,`拨测,`,`0.00000,`39.00%,`0.00,`0.01,`\n"
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\n`1.0,`0,`0.01,`0.0,`0.0,`0.0,`0.01\n"
    )
    (got,) = read_trades(io.BytesIO(sample.encode()), day=DAY)
    assert (got.refund_fen, got.settled_fen, got.fee_fen, got.refund_id, got.rate) == (1, 0, 0, "5000", "39.00%")


# --- fetching --------------------------------------------------------------------------------------------


class Pieces(httpx.AsyncByteStream):
    """A body in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def served(content: bytes, size: int = 1000) -> httpx.Response:
    return httpx.Response(200, stream=Pieces(content[i : i + size] for i in range(0, len(content), size)))


def bill(content: bytes, **changes: Any) -> Bill:
    base = {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(content).hexdigest(),
        "download_url": "https://api.mch.weixin.qq.com/v3/billdownload/file?token=a%2Fb",
    }
    return Bill(**{**base, **changes})


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("packed", [True, False])
async def test_a_bill_becomes_a_file(tmp_path: Path, size: int, packed: bool) -> None:
    wechat = Recorder(served(gzip.compress(GOOD) if packed else GOOD, size))
    path = tmp_path / "bill.csv"
    assert await client(wechat).bills.save(bill(GOOD), path) == len(GOOD)
    assert path.read_bytes() == GOOD
    assert [p.name for p in tmp_path.iterdir()] == ["bill.csv"]
    (request,) = wechat.requests
    assert str(request.url) == "https://pay.test/v3/billdownload/file?token=a%2Fb"
    with path.open("rb") as file:
        assert len(list(read_trades(file, day=DAY))) == 2


@pytest.mark.parametrize(
    "content",
    [
        GOOD[:-1],
        GOOD + b"\n",
        b"",
        gzip.compress(GOOD)[:-4],
        gzip.compress(GOOD)[:40],
        gzip.compress(GOOD) + b"x",
        gzip.compress(GOOD) * 2,
        gzip.compress(GOOD[:-1]),
        b"\x1f" + GOOD,
    ],
    ids=["cut", "longer", "empty", "gzip cut", "gzip cut early", "more", "twice", "packed other", "no gzip"],
)
async def test_a_bill_that_is_not_the_signed_one_leaves_no_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BillAltered):
        await client(Recorder(served(content))).bills.save(bill(GOOD), tmp_path / "bill.csv")
    assert not list(tmp_path.iterdir())


async def test_what_is_no_bill(tmp_path: Path) -> None:
    refusal = unsigned(404, {"code": "NO_STATEMENT_EXIST", "message": "账单不存在"})
    with pytest.raises(PayError) as caught:
        await client(Recorder(refusal)).bills.save(bill(GOOD), tmp_path / "b")
    assert caught.value.code == "NO_STATEMENT_EXIST"
    with pytest.raises(MalformedMessage):
        await client(Recorder(served(GOOD))).bills.save(bill(GOOD, hash_type="MD5"), tmp_path / "b")
    assert not list(tmp_path.iterdir())


async def test_memory_does_not_grow_with_the_bill(tmp_path: Path) -> None:
    line = GOOD.split(b"\n")[1] + b"\n"
    count = 200_000
    digest = hashlib.sha1()
    for _ in range(count // 1000):
        digest.update(line * 1000)
    packed = gzip.compress(line * count, 1)
    told = bill(b"", hash_value=digest.hexdigest())
    wechat = Recorder(served(packed, 65536))
    pay = client(wechat)
    tracemalloc.start()
    try:
        size = await pay.bills.save(told, tmp_path / "b")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == len(line) * count > 20_000_000
    assert peak < 4_000_000


def test_rows_are_read_some_hundred_at_a_time() -> None:
    read = 0

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            nonlocal read
            got = super().read(size)
            read += len(got)
            return got

    content = trades([row()] * 5_000)
    many: BinaryIO = Counting(content)
    rows = read_trades(many, day=DAY)
    next(rows)
    assert 0 < read < len(content) / 5
    assert sum(1 for _ in rows) == 4_999
    assert read == len(content)


@settings(CALM, max_examples=40)
@given(st.integers(1, 400), st.sampled_from(["\n", "\r\n"]), st.sampled_from([64, 100, 1000]))
def test_where_a_block_ends_does_not_matter(count: int, end: str, block: int) -> None:
    rows = [row(out_trade_no=f"T{n}") for n in range(count)]
    with patch.object(bill_rows, "_BLOCK_BYTES", block):
        assert list(read_trades(io.BytesIO(trades(rows, end)), day=DAY)) == rows


def test_a_faulty_row_is_told_by_its_line_however_far_it_stands() -> None:
    lines = trades([row()] * 3_000).split(b"\n")
    lines[2_501] = lines[2_501].replace(b"`0.77", b"`free")
    with pytest.raises(MalformedMessage, match="line 2502: no amount"):
        list(read_trades(io.BytesIO(b"\n".join(lines)), day=DAY))
