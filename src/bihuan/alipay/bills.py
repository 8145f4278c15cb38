"""A day's trade bill (业务明细): a ZIP with CSV files in GBK, read row by row with its sums checked.

The columns are found by their names. Amounts are in yuan; those of refunds and of fees paid are negative there.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal

import msgspec

from bihuan.alipay.errors import AlipayError, AlipayUntrusted
from bihuan.alipay.types import CHINA, from_china, to_fen

MOST_BYTES = 1024 * 1024 * 1024
"""Unpacked: a bill beyond that is none."""

_COLUMNS = {
    "支付宝交易号": "trade_no",
    "商户订单号": "out_trade_no",
    "业务类型": "kind",
    "完成时间": "at",
    "订单金额": "amount",
    "退款批次号/请求号": "out_request_no",
    "服务费": "fee",
}
_KINDS: dict[str, Literal["payment", "refund"]] = {"交易": "payment", "退款": "refund"}
_END = "#-----"


class BillMalformed(AlipayError):
    """The bill is cut, of another day or not of the documented form: nothing of it is to be used."""

    def __init__(self, message: str) -> None:
        super().__init__("bill_malformed", message)


class BillRow(msgspec.Struct, frozen=True):
    """A payment or a refund. `amount_fen` is above zero; `fee_fen` what Alipay took, negative where it gave it back."""

    kind: Literal["payment", "refund"]
    trade_no: str
    out_trade_no: str
    out_request_no: str  # of a refund
    at: datetime
    amount_fen: int
    fee_fen: int


def read_bill(packed: bytes, *, day: date, seller_id: str) -> Iterator[BillRow]:
    """The rows of a bill, lazily. Raises BillMalformed, also at the end: a bill without its end is cut."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as files, files.open(_details(files)) as raw:
            text = io.TextIOWrapper(raw, encoding="gb18030", errors="strict", newline="")
            yield from _rows(text, day, seller_id)
    except (zipfile.BadZipFile, UnicodeDecodeError, EOFError, csv.Error, AlipayUntrusted) as error:
        raise BillMalformed(str(error)) from error


def _details(files: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The file of single rows: the other one holds sums. Their names are Chinese in no encoding that ZIP knows."""
    infos = files.infolist()
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise BillMalformed("too large")
    for info in infos:
        with files.open(info) as raw:
            if "业务明细列表" in raw.read(4096).decode("gb18030", "ignore"):
                return info
    raise BillMalformed("no list of trades")


def _rows(text: io.TextIOWrapper, day: date, seller_id: str) -> Iterator[BillRow]:
    _check_head(text, day, seller_id)
    reader = csv.reader(text)
    places = _places(next(reader, list[str]()))
    for cells in reader:
        if cells and cells[0].startswith(_END):
            return
        if cells:
            yield _row([cell.strip() for cell in cells], places, day)
    raise BillMalformed("the end is missing")


def _check_head(text: io.TextIOWrapper, day: date, seller_id: str) -> None:
    """The lines above the columns: whose bill it is, and of which day."""
    account, began = "", ""
    for line in text:
        if line.startswith("#账号"):
            account = line.partition("[")[2].partition("]")[0]
        elif line.startswith("#起始日期"):
            began = line.partition("[")[2].partition("]")[0]
        elif line.startswith("#") and "业务明细列表" in line:
            break
    else:
        raise BillMalformed("no head")
    if not account.startswith(seller_id):  # the account goes on with 0156
        raise BillMalformed(f"of account {account[:40]!r}")
    if not began.startswith(day.strftime("%Y年%m月%d日")):
        raise BillMalformed(f"begins {began[:40]!r}")


def _places(names: list[str]) -> dict[str, int]:
    places = {
        _COLUMNS[plain]: place
        for place, name in enumerate(names)
        if (plain := name.strip().removesuffix("（元）").removesuffix("(元)")) in _COLUMNS
    }
    if missing := set(_COLUMNS.values()) - set(places):
        raise BillMalformed(f"columns missing: {', '.join(sorted(missing))}")
    return places


def _row(cells: list[str], places: dict[str, int], day: date) -> BillRow:
    if len(cells) <= max(places.values()):
        raise BillMalformed("a row is cut")
    cell = {name: cells[place] for name, place in places.items()}
    kind, at = _KINDS.get(cell["kind"]), from_china(cell["at"])
    if kind is None or at is None or at.astimezone(CHINA).date() != day:
        raise BillMalformed(f"a row of kind {cell['kind'][:20]!r} at {cell['at'][:20]!r}")
    amount_fen, fee_fen = to_fen(cell["amount"]), -to_fen(cell["fee"] or "0")
    if (amount_fen <= 0) == (kind == "payment") or not cell["trade_no"]:
        raise BillMalformed(f"a {kind} of {amount_fen} fen")
    # A refund that was asked for without a number of its own, or by undoing the payment, bears the payment's.
    number = (cell["out_request_no"] or cell["out_trade_no"]) if kind == "refund" else ""
    if kind == "refund" and not number:
        raise BillMalformed("a refund without a number")
    return BillRow(kind, cell["trade_no"], cell["out_trade_no"], number, at, abs(amount_fen), fee_fen)
