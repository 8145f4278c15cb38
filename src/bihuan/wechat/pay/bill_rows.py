"""Reading bills row by row: typed, in fen, and believed only when the summary agrees.

The file: UTF-8, perhaps with a BOM; a line of column names; rows whose every value begins with a backtick; a line
of summary names; a line of summary values. Values are not quoted, so commas stand in them freely: what separates
is `,` followed by a backtick. Columns are found by their names, since kinds of bills differ and WeChat adds more.
Amounts stand in yuan and become whole fen or an error, never a float. A file is read some thousand rows at a time
and worked at by column, since bills hold millions of rows; the reader raises at the end when the summary is missing or
differs: until then nothing of it may be used for good.

Source: https://pay.weixin.qq.com/doc/v3/merchant/4012791891 and the bill in wechatpay-php's tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import repeat
from typing import Any, BinaryIO, Generic, TypeVar

import msgspec

from bihuan.wechat.errors import MalformedMessage

_CHINA = timezone(timedelta(hours=8))
_YUAN = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]{1,8}))?")
_COUNT = re.compile(r"([0-9]{1,12})(?:\.0+)?")
_MOST_LINE = 64 * 1024
_BLOCK_BYTES = 64 * 1024
"""Some hundred rows: with more at once, what they are split into no longer fits a processor's cache."""

Row = TypeVar("Row", bound=msgspec.Struct)


class TradeRow(msgspec.Struct, frozen=True):
    """A payment, or a refund (`trade_state` REFUND; then `refund_fen` went back and `settled_fen` is 0)."""

    at: datetime
    appid: str
    mchid: str
    transaction_id: str
    out_trade_no: str
    trade_type: str
    trade_state: str
    currency: str
    settled_fen: int = 0  # of the order, coupons without value taken off
    total_fen: int = 0  # of the order
    coupon_fen: int = 0
    fee_fen: int = 0  # negative where a refund gives it back
    refund_id: str = ""
    out_refund_no: str = ""
    refund_fen: int = 0
    refund_requested_fen: int = 0
    coupon_refund_fen: int = 0
    refund_type: str = ""
    refund_state: str = ""
    sub_mchid: str = ""
    device_id: str = ""
    openid: str = ""
    bank: str = ""
    description: str = ""
    attach: str = ""
    rate: str = ""
    rate_note: str = ""


class FundRow(msgspec.Struct, frozen=True):
    """A movement of an account; `amount_fen` is negative where money left it."""

    at: datetime
    business_id: str  # WeChat's number of the payment, refund, ...
    flow_id: str
    business_name: str
    business_type: str
    amount_fen: int
    balance_fen: int  # after it
    direction: str = ""  # 收入 | 支出
    applicant: str = ""
    note: str = ""
    voucher: str = ""


class SharingRow(msgspec.Struct, frozen=True):
    """A part given, or taken back."""

    at: datetime
    sharer: str  # whose money it was
    transaction_id: str
    sharing_id: str
    out_no: str
    amount_fen: int
    initiator: str = ""
    detail_id: str = ""
    order_fen: int = 0
    receiver: str = ""
    kind: str = ""
    state: str = ""
    description: str = ""
    note: str = ""


class _Check(msgspec.Struct, frozen=True):
    """A value of the summary: how many rows, or the sum of a field, of all rows or of one direction's."""

    field: str  # empty: count
    direction: str = ""


class _Kind(msgspec.Struct, Generic[Row], frozen=True):
    row: type[Row]
    columns: Mapping[str, str]  # column name -> field
    checks: Mapping[str, _Check]
    signed_by_direction: bool = False


_TRADES = _Kind(
    TradeRow,
    {
        "交易时间": "at", "公众账号ID": "appid", "商户号": "mchid", "特约商户号": "sub_mchid", "设备号": "device_id",
        "微信订单号": "transaction_id", "商户订单号": "out_trade_no", "用户标识": "openid", "交易类型": "trade_type",
        "交易状态": "trade_state", "付款银行": "bank", "货币种类": "currency", "应结订单金额": "settled_fen",
        "代金券金额": "coupon_fen", "微信退款单号": "refund_id", "商户退款单号": "out_refund_no",
        "退款金额": "refund_fen", "充值券退款金额": "coupon_refund_fen", "退款类型": "refund_type",
        "退款状态": "refund_state", "商品名称": "description", "商户数据包": "attach", "手续费": "fee_fen",
        "费率": "rate", "订单金额": "total_fen", "申请退款金额": "refund_requested_fen", "费率备注": "rate_note",
    },
    {
        "总交易单数": _Check(""), "应结订单总金额": _Check("settled_fen"), "退款总金额": _Check("refund_fen"),
        "充值券退款总金额": _Check("coupon_refund_fen"), "手续费总金额": _Check("fee_fen"),
        "订单总金额": _Check("total_fen"), "申请退款总金额": _Check("refund_requested_fen"),
    },
)  # fmt: skip

_FUNDS = _Kind(
    FundRow,
    {
        "记账时间": "at", "微信支付业务单号": "business_id", "资金流水单号": "flow_id", "业务名称": "business_name",
        "业务类型": "business_type", "收支类型": "direction", "收支金额": "amount_fen",
        "账户结余": "balance_fen", "资金变更提交申请人": "applicant", "备注": "note", "业务凭证号": "voucher",
    },
    {
        "资金流水总笔数": _Check(""), "收入笔数": _Check("", "收入"), "收入金额": _Check("amount_fen", "收入"),
        "支出笔数": _Check("", "支出"), "支出金额": _Check("amount_fen", "支出"),
    },
    signed_by_direction=True,
)  # fmt: skip

_SHARINGS = _Kind(
    SharingRow,
    {
        "分账时间": "at", "分账发起方": "initiator", "分账方": "sharer", "微信订单号": "transaction_id",
        "微信分账/回退单号": "sharing_id", "分账明细单号": "detail_id", "商户分账/回退单号": "out_no",
        "订单金额": "order_fen", "分账接收方": "receiver", "分账金额": "amount_fen", "业务类型": "kind",
        "处理状态": "state", "分账描述": "description", "备注": "note",
    },
    {"总条数": _Check(""), "总笔数": _Check(""), "总金额": _Check("amount_fen"), "分账总金额": _Check("amount_fen")},
)  # fmt: skip


def read_trades(file: BinaryIO, *, day: date) -> Iterator[TradeRow]:
    """The rows of a trade bill of a day of China's. Raises MalformedMessage, with the line."""
    return _read(file, _TRADES, day)


def read_funds(file: BinaryIO, *, day: date) -> Iterator[FundRow]:
    """The rows of a fund-flow bill. Raises as `read_trades`."""
    return _read(file, _FUNDS, day)


def read_sharings(file: BinaryIO, *, day: date) -> Iterator[SharingRow]:
    """The rows of a profit-sharing bill. Raises as `read_trades`."""
    return _read(file, _SHARINGS, day)


def fen_of_yuan(text: str) -> int:
    """`12.30` -> 1230, exactly. Raises ValueError for what is no amount or has parts of a fen."""
    found = _YUAN.fullmatch(text)
    if found is None:
        raise ValueError(f"no amount: {text[:32]}")
    sign, whole, fraction = found[1], found[2], found[3] or ""
    if fraction[2:].strip("0"):
        raise ValueError(f"parts of a fen: {text[:32]}")
    fen = int(whole) * 100 + int(fraction[:2].ljust(2, "0"))
    return -fen if sign else fen


@lru_cache(50_000)
def _fen(text: str) -> int:
    """The same, remembered: prices and fees come again and again."""
    return fen_of_yuan(text)


class _Times(dict[str, datetime]):
    """Moments of the bill's day by what stands in it: at most one for each of its seconds."""

    def __init__(self, day: date) -> None:
        super().__init__()
        self._day = day

    def __missing__(self, text: str) -> datetime:
        at = datetime.fromisoformat(text)
        if str(at) != text:  # ISO has more forms than bills
            raise ValueError(f"no moment: {text[:32]}")
        if at.date() != self._day:
            raise ValueError(f"of {at.date()}, not of {self._day}")
        found = self[text] = at.replace(tzinfo=_CHINA).astimezone(UTC)
        return found


class _Totals:
    """What was read, to compare with the summary."""

    def __init__(self, checks: Mapping[str, _Check]) -> None:
        self._checks = checks
        self._found = dict.fromkeys(checks, 0)

    def add(self, columns: Mapping[str, Sequence[Any]], rows: int) -> None:
        for name, check in self._checks.items():
            if check.direction:
                ways = columns["direction"]
                amounts: Sequence[int] = columns[check.field] if check.field else [1] * rows
                of_way = (abs(amount) for amount, way in zip(amounts, ways, strict=True) if way == check.direction)
                self._found[name] += sum(of_way)
            else:
                self._found[name] += sum(columns.get(check.field, ())) if check.field else rows

    def compare(self, names: list[str], values: list[str], number: int) -> None:
        if len(names) != len(values):
            raise _error(number, f"{len(names)} summary values expected, {len(values)} found")
        counted = False
        for name, value in zip(names, values, strict=True):
            check = self._checks.get(name)
            if check is None:
                continue
            told = fen_of_yuan(value) if check.field else _count(value)
            counted = counted or not check.field
            if told != self._found[name]:
                raise _error(number, f"{name} is {told} in the summary, {self._found[name]} in the rows")
        if not counted:
            raise _error(number, "the summary counts nothing")


def _count(text: str) -> int:
    found = _COUNT.fullmatch(text)  # `45.0` in WeChat's own bills
    if found is None:
        raise ValueError(f"no count: {text[:32]}")
    return int(found[1])


_NO_LINES: list[str] = []


class _Lines:
    """The lines of a file: single ones, and rows by the block. `number` is that of the line given last."""

    def __init__(self, file: BinaryIO) -> None:
        self._blocks = _blocks(file)
        self._block: list[str] = []
        self._next = 0
        self.number = 0

    def _rest(self) -> list[str]:
        if self._next == len(self._block):
            self._block, self._next = next(self._blocks, _NO_LINES), 0
        return self._block[self._next :] if self._next else self._block

    def _took(self, count: int) -> None:
        self._next += count
        self.number += count

    def one(self) -> str | None:
        """The next line; None at the end."""
        rest = self._rest()
        if not rest:
            return None
        self._took(1)
        return rest[0]

    def rows(self) -> list[str]:
        """The rows that come next, a block of them; none where something else comes."""
        rest = self._rest()
        end = next((place for place, line in enumerate(rest) if not line.startswith("`")), len(rest))
        self._took(end)
        return rest[:end]


def _blocks(file: BinaryIO) -> Iterator[list[str]]:
    before, begun = 0, b""
    while block := file.read(_BLOCK_BYTES):
        whole, _, begun = (begun + block).rpartition(b"\n")
        if len(begun) > _MOST_LINE:
            raise _error(before + whole.count(b"\n") + bool(whole) + 1, "longer than any line of a bill")
        if whole:
            lines = _split(whole, before)
            before += len(lines)
            yield lines
    if begun:
        yield _split(begun, before)


def _split(content: bytes, before: int) -> list[str]:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _error(before + content[: error.start].count(b"\n") + 1, "not UTF-8") from error
    lines = text.replace("\r\n", "\n").removesuffix("\r").split("\n")
    if "\0" in text or max(map(len, lines)) > _MOST_LINE:
        place = next(i for i, line in enumerate(lines, 1) if "\0" in line or len(line) > _MOST_LINE)
        raise _error(before + place, "longer than any line of a bill, or no text")
    return lines


def _read(file: BinaryIO, kind: _Kind[Row], day: date) -> Iterator[Row]:
    lines = _Lines(file)
    columns_of = _converter(kind, _names((lines.one() or "").removeprefix("\ufeff")), day)
    totals = _Totals(kind.checks)
    fields = msgspec.structs.fields(kind.row)
    while rows := lines.rows():
        try:
            columns = columns_of(rows)
        except ValueError:
            raise _first_error(columns_of, rows, lines.number - len(rows)) from None
        totals.add(columns, len(rows))
        yield from map(kind.row, *(columns.get(f.name) or repeat(f.default) for f in fields))
    summary_names = lines.one()
    if summary_names is None:
        raise _error(lines.number, "the summary is missing: the bill is cut short")
    values = lines.one() or ""
    try:
        told = values.removeprefix("`").split(",`") if values else []
        totals.compare(_names(summary_names), told, lines.number)
    except ValueError as error:
        raise _error(lines.number, str(error)) from error
    while (line := lines.one()) is not None:
        if line:
            raise _error(lines.number, "more after the summary")


def _first_error(columns_of: Callable[[list[str]], object], rows: list[str], before: int) -> MalformedMessage:
    for number, row in enumerate(rows, before + 1):
        try:
            columns_of([row])
        except ValueError as error:
            return _error(number, str(error))
    raise AssertionError("a block fails and none of its rows does")


def _names(line: str) -> list[str]:
    """Names of columns; some bills write the unit behind them, in brackets of either width."""
    cells = line.replace("`", "").split(",")
    return [cell.replace("（", "(").replace("）", ")").removesuffix("(元)") for cell in cells]


def _converter(kind: _Kind[Row], names: list[str], day: date) -> Callable[[list[str]], dict[str, Sequence[Any]]]:
    """What makes rows into columns of values by field, for a bill with these columns."""
    conversions: dict[type, Callable[[str], object]] = {datetime: _Times(day).__getitem__, int: _fen}
    types = {field.name: field.type for field in msgspec.structs.fields(kind.row)}
    places: list[tuple[int, str, Callable[[str], object] | None]] = []
    for place, name in enumerate(names):
        if (field := kind.columns.get(name)) is not None:
            places.append((place, field, conversions.get(types[field])))
    found = {field for _, field, _ in places}
    missing = [f.name for f in msgspec.structs.fields(kind.row) if f.required and f.name not in found]
    if missing or len(found) != len(places):
        raise _error(1, f"not the columns of such a bill (missing or double: {', '.join(missing)[:100]})")

    def columns_of(rows: list[str]) -> dict[str, Sequence[Any]]:
        cells = [row[1:].split(",`") for row in rows]
        if odd := set(map(len, cells)) - {len(names)}:
            raise ValueError(f"{len(names)} values expected, {odd.pop()} found")
        told = list(zip(*cells, strict=True))
        columns: dict[str, Sequence[Any]] = {
            field: told[place] if convert is None else list(map(convert, told[place]))
            for place, field, convert in places
        }
        if kind.signed_by_direction:
            ways = columns["direction"]
            if not {"收入", "支出"}.issuperset(ways):
                raise ValueError("neither income nor expense")
            amounts = zip(columns["amount_fen"], ways, strict=True)
            columns["amount_fen"] = [-amount if way == "支出" else amount for amount, way in amounts]
        return columns

    return columns_of


def _error(number: int, message: str) -> MalformedMessage:
    return MalformedMessage(f"bill, line {number}: {message}")
