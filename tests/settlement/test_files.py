"""The files of a statement, read back: what stands in them, that it sums, and in which language."""

import io
import re
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from bihuan.kernel.ids import new_id
from tests.settlement.desk import Desk

NAMES = {
    "zh": ("期初余额", "销售收款", "储值充值", "退款", "平台佣金", "手续费与工具费", "调整", "付款", "期末余额"),
    "en": ("Opening balance", "Sales", "Top-ups", "Refunds", "Commissions", "Fees", "Adjustments", "Payouts",
           "Closing balance"),
}  # fmt: skip
AMOUNT = r"-?[\d,]+\.\d\d"


async def _statement(desk: Desk) -> dict[str, Any]:
    """A closed period after another: an opening balance, a sale, refunds, a plan's fee, an adjustment, a payout."""
    first = (await desk.get("/running"))["statement"]
    of = f"/merchants/{desk.merchant_id}"
    await desk.operator.post(f"{of}/adjustments", {"amount_fen": 5000, "reason": "开业补贴"})
    before = await desk.operator.post(f"{of}/statements/{first['statement_id']}/cut")
    pay = {"amount_fen": 5000, "reference": f"B{new_id().hex}", "paid_on": "2026-11-22"}
    await desk.operator.post(f"{of}/statements/{first['statement_id']}/payouts", pay)
    order_id, _ = await desk.sell(1_234_56)
    await desk.refund(order_id, 34_56)
    await desk.refunded()
    await desk.operator.post(f"{of}/adjustments", {"amount_fen": -1250, "reason": "代付物料 <A&B>"})
    running = (await desk.get("/running"))["statement"]
    assert running["opening_fen"] == before["closing_fen"] == 5000
    return {**await desk.operator.post(f"{of}/statements/{running['statement_id']}/cut"), "order_id": order_id}


async def _file(desk: Desk, statement: dict[str, Any], kind: str, language: str) -> bytes:
    url = f"/api/merchant/settlement/statements/{statement['statement_id']}/statement.{kind}"
    answer = await desk.http.get(url, headers={**desk.headers, "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{statement["statement_no"]}.{kind}"'
    return answer.content


def _fen(text: str) -> int:
    return round(float(text.replace(",", "")) * 100)


async def test_the_pdf_says_what_the_statement_says(desk: Desk) -> None:
    statement = await _statement(desk)
    (order,) = {line["order_no"] for line in await _lines(desk, statement) if line["order_no"]}
    for language, names in NAMES.items():
        reader = PdfReader(io.BytesIO(await _file(desk, statement, "pdf", language)))
        text = "\n".join(page.extract_text() for page in reader.pages)
        assert statement["statement_no"] in text
        assert desk.shop.merchant.name in text
        figures: dict[str, int] = {}
        for name in names:
            found = re.search(rf"{name}\s+({AMOUNT})", text)
            assert found, (name, text)
            figures[name] = _fen(found[1])
        fields = ("opening", "sales", "topups", "refunds", "commissions", "fees", "adjustments", "payouts", "closing")
        assert list(figures.values()) == [statement[f"{field}_fen"] for field in fields]
        *parts, closing = figures.values()
        assert sum(parts) == closing == 1_234_56 - 34_56 + statement["commissions_fen"] - 1250 + 5000 - 5000
        # the lines below sum to what changed, and each of the order says so
        lines = re.findall(rf"^\d\d-\d\d \d\d:\d\d\n(?:.+\n){{1,3}}?({AMOUNT})$", text, re.MULTILINE)
        assert len(lines) == statement["line_count"]
        assert sum(map(_fen, lines)) == closing - figures[names[0]]
        assert "结算调整：代付物料 <A&B>" in text
        assert text.count(order) == 4  # the receipt, the refund, the commission, and its return


async def _lines(desk: Desk, statement: dict[str, Any]) -> list[dict[str, Any]]:
    return (await desk.get(f"/statements/{statement['statement_id']}/lines?limit=100"))["items"]


async def test_the_workbook_says_the_same(desk: Desk) -> None:
    statement = await _statement(desk)
    book = openpyxl.load_workbook(io.BytesIO(await _file(desk, statement, "xlsx", "zh")))
    summary = {
        row[0]: row[1] for row in book["汇总"].iter_rows(values_only=True) if len(row) > 1 and row[1] is not None
    }
    fen = {name: round(float(str(amount)) * 100) for name, amount in summary.items()}
    assert fen["期初余额"] + sum(fen[name] for name in NAMES["zh"][1:-1]) == fen["期末余额"] == statement["closing_fen"]
    rows = list(book["明细"].iter_rows(min_row=2, values_only=True))
    assert sum(round(float(str(row[4])) * 100) for row in rows) == fen["期末余额"] - fen["期初余额"]
    listed = {(row[1], row[3]) for row in rows}
    assert ("调整", "结算调整：代付物料 <A&B>") in listed


@pytest.mark.parametrize("kind", ["xlsx", "pdf"])
async def test_a_file_of_an_open_period_shows_it_as_it_stands(desk: Desk, kind: str) -> None:
    running = (await desk.get("/running"))["statement"]
    content = await _file(desk, running, kind, "zh")
    if kind == "pdf":
        assert "未结账" in PdfReader(io.BytesIO(content)).pages[0].extract_text()
    else:
        head = [row[0] for row in openpyxl.load_workbook(io.BytesIO(content))["汇总"].iter_rows(values_only=True)]
        assert any("未结账" in str(one) for one in head[:3])
