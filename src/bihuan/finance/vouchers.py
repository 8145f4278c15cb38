"""Vouchers of a month for accounting software: one per day and source, each of which balances.

They are numbered through the month in the order of days and sources, so that a closed month gives the same file each
time. None of the forms was tried against an installation of the software; each follows public descriptions, which
docs/bookkeeping.md names:

- `kingdee`: the columns of 金蝶 KIS 标准版's import of vouchers.
- `yonyou`: the text that 用友 U8 (and T3, T6) take in by 总账工具 / 凭证引入: a first line, then a line per entry whose
  first eight fields must be there and whose others may be left out. The fields have no quotes, so that a comma in
  one would be the next field; the software reads the characters of Chinese Windows.
"""

from collections.abc import AsyncGenerator, Mapping
from datetime import date

from bihuan.finance.exports import BOM, SOURCES_ZH, line_of, plain, yuan
from bihuan.finance.schemas import AccountCodeView, VoucherFormat
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import books, periods
from bihuan.ledger.books import VoucherLine

_GENERIC = ("日期", "凭证字", "凭证号", "摘要", "科目编码", "科目名称", "借方金额", "贷方金额", "附单据数")
_KINGDEE = ("日期", "凭证字", "凭证号", "附单据数", "摘要", "科目代码", "科目名称", "借方金额", "贷方金额", "币别",
            "汇率", "数量", "单价", "制单人", "审核人", "过账人")  # fmt: skip
_YONYOU = "填制凭证,V800\r\n"
_MOST_ENCLOSED = 999
_MEMO_BYTES = 60
"""用友's limits: papers of a voucher, bytes of its text."""
SUFFIX: Mapping[VoucherFormat, str] = {"generic": "csv", "kingdee": "csv", "yonyou": "txt"}
MEDIA: Mapping[VoucherFormat, str] = {
    "generic": "text/csv",
    "kingdee": "text/csv",
    "yonyou": "application/octet-stream",  # as a text it would be said to be UTF-8
}


async def file_of(
    rt: Runtime, merchant_id: MerchantId, month: date, form: VoucherFormat, codes: Mapping[str, AccountCodeView]
) -> AsyncGenerator[bytes, None]:
    """The vouchers of a month as a file, day by day."""
    encoding = "gb18030" if form == "yonyou" else "utf-8"
    heads = {"generic": BOM + line_of(_GENERIC), "kingdee": BOM + line_of(_KINGDEE), "yonyou": _YONYOU}
    yield heads[form].encode(encoding)
    number = 0
    async with rt.db.session() as tx:
        async for day in books.voucher_lines(tx, merchant_id, month, periods.end_of(month)):
            source = ""
            for line in day:
                number, source = (number + 1, line.source) if line.source != source else (number, source)
                yield "".join(_voucher(line, number, form, codes[line.account])).encode(encoding, "replace")


def _voucher(line: VoucherLine, number: int, form: VoucherFormat, code: AccountCodeView) -> list[str]:
    """The lines of a voucher for one account: its debits, then its credits."""
    day = line.day.isoformat()
    memo = f"{SOURCES_ZH.get(line.source, line.source)}汇总 {day} {line.transactions}笔"
    sides = [(line.debit_fen, 0), (0, line.credit_fen)]
    if form == "yonyou":
        enclosed = str(min(line.transactions, _MOST_ENCLOSED))
        head = (day, "记", str(number), enclosed, _bare(memo), _bare(code.code))
        return [
            f"{','.join((*head, _amount(debit), _amount(credit)))}\r\n" for debit, credit in sides if debit or credit
        ]
    named = (plain(code.code), plain(code.name))
    return [
        line_of((day, "记", str(number), str(line.transactions), memo, *named, yuan(debit), yuan(credit),
                 "RMB", "1", "", "", "", "", ""))
        if form == "kingdee"
        else line_of((day, "记", str(number), memo, *named, yuan(debit), yuan(credit), str(line.transactions)))
        for debit, credit in sides
        if debit or credit
    ]  # fmt: skip


def _amount(fen: int) -> str:
    """Yuan with two decimals; the other side of an entry is 0, not empty."""
    return yuan(fen) or "0.00"


def _bare(text: str) -> str:
    """A field without quotes: no comma, no end of line, at most so many bytes."""
    one_line = " ".join(text.replace(",", "，").split())
    return one_line.encode("gb18030", "replace")[:_MEMO_BYTES].decode("gb18030", "ignore")
