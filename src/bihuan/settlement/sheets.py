"""Statements as files: Excel for the bookkeeper's own sums, PDF for the file.

The PDF names the reader's own Chinese font (STSong-Light, one of Adobe's Asian fonts) and embeds none, so that the
file is small and the wheel needs no font.
"""

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from bihuan.kernel.money import yuan
from bihuan.settlement import rules
from bihuan.settlement.db_statements import Line, Payout, Statement

FONT = "STSong-Light"
MOST_PDF_LINES = 2_000
"""A PDF lists so many lines and says where the rest is."""

KINDS: dict[str, tuple[str, str]] = {
    "sales": ("销售收款", "Sales"),
    "topups": ("储值充值", "Top-ups"),
    "refunds": ("退款", "Refunds"),
    "commissions": ("平台佣金", "Commissions"),
    "fees": ("手续费与工具费", "Fees"),
    "adjustments": ("调整", "Adjustments"),
    "payouts": ("付款", "Payouts"),
    "sharing": ("分账", "Profit sharing"),
}
_SUMS = ("sales", "topups", "refunds", "commissions", "fees", "adjustments", "payouts")
_STATES = {"open": ("未结账", "open"), "closed": ("已结账", "closed"), "paid": ("已付清", "paid")}


def summary(statement: Statement, language: str) -> list[tuple[str, int]]:
    """A statement's figures with their names, in fen, from the opening balance to what is left to pay."""
    en = language == "en"
    rows = [("Opening balance" if en else "期初余额", statement.opening_fen)]
    rows += [(KINDS[kind][en], getattr(statement, f"{kind}_fen")) for kind in _SUMS]
    rows.append(("Closing balance" if en else "期末余额", statement.closing_fen))
    rows.append(("Due to the merchant (negative: from)" if en else "应付商家（负数为商家应付平台）", statement.due_fen))
    rows.append(("Paid of that" if en else "其中已付", statement.paid_fen))
    return rows


def _head(statement: Statement, merchant_name: str, language: str) -> list[str]:
    en = language == "en"
    first = statement.period_from.astimezone(rules.CHINA)
    last = statement.period_to.astimezone(rules.CHINA)
    return [
        f"{'Statement' if en else '结算单'} {statement.statement_no}",
        merchant_name,
        f"{first:%Y-%m-%d %H:%M} - {last:%Y-%m-%d %H:%M} (UTC+8) · {_STATES[statement.state][en]}",
    ]


def excel(
    statement: Statement, merchant_name: str, lines: Sequence[Line], payouts: Sequence[Payout], language: str
) -> bytes:
    """A workbook: the summary, every line with its order, the payouts. Amounts are numbers, in yuan."""
    en = language == "en"
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("Summary" if en else "汇总")
    for text in _head(statement, merchant_name, language):
        sheet.append([_text(sheet, text, bold=True)])
    for name, fen in summary(statement, language):
        sheet.append([name, _money(sheet, fen)])
    listed: Any = book.create_sheet("Lines" if en else "明细")
    names = (
        ("Time (UTC+8)", "Kind", "Order", "Description", "Amount", "With WeChat", "With the platform", "Transaction")
        if en
        else ("时间", "类型", "订单号", "摘要", "金额（元）", "微信侧", "平台往来", "账簿流水号")
    )
    listed.append([_text(listed, name, bold=True) for name in names])
    for line in lines:
        listed.append(
            [
                f"{line.occurred_at.astimezone(rules.CHINA):%Y-%m-%d %H:%M:%S}",
                KINDS[line.kind][en],
                _text(listed, line.order_no or ""),
                _text(listed, line.description),
                _money(listed, line.amount_fen),
                _money(listed, line.wechat_fen),
                _money(listed, line.interbook_fen + line.payable_fen),
                str(line.transaction_id),
            ]
        )
    paid: Any = book.create_sheet("Payouts" if en else "付款")
    paid.append(["Day", "Amount", "Bank reference", "Note"] if en else ["日期", "金额（元）", "银行流水号", "备注"])
    for one in payouts:
        day = one.paid_on.isoformat()
        paid.append([day, _money(paid, one.amount_fen), _text(paid, one.reference), _text(paid, one.note)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text(sheet: Any, value: str, *, bold: bool = False) -> Any:
    """A cell of text: what begins like a formula stays text."""
    cell: Any = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _money(sheet: Any, fen: int) -> Any:
    """A number of yuan; a double holds every amount that we take, to the fen."""
    cell: Any = WriteOnlyCell(sheet, value=fen / 100)
    cell.number_format = "#,##0.00"
    return cell


def pdf(statement: Statement, merchant_name: str, lines: Sequence[Line], language: str) -> bytes:
    """A4 pages: the summary, and up to MOST_PDF_LINES lines."""
    en = language == "en"
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))  # pyright: ignore[reportUnknownMemberType]
    normal = ParagraphStyle("normal", fontName=FONT, fontSize=9, leading=13, wordWrap="CJK")
    title = ParagraphStyle("title", parent=normal, fontSize=15, leading=22)
    head, *rest = _head(statement, merchant_name, language)
    story: list[Any] = [Paragraph(_escaped(head), title)]
    story += [Paragraph(_escaped(text), normal) for text in rest]
    sums = [[name, yuan(fen)] for name, fen in summary(statement, language)]
    story += [Spacer(1, 5 * mm), Table(sums, colWidths=[90 * mm, 40 * mm], style=_style()), Spacer(1, 6 * mm)]
    names = ["Time", "Kind", "Order, or what for", "Amount"] if en else ["时间", "类型", "订单号或摘要", "金额（元）"]
    rows: list[list[Any]] = [
        [
            f"{line.occurred_at.astimezone(rules.CHINA):%m-%d %H:%M}",
            KINDS[line.kind][en],
            line.order_no or Paragraph(_escaped(line.description), normal),
            yuan(line.amount_fen),
        ]
        for line in lines[:MOST_PDF_LINES]
    ]
    widths = [26 * mm, 36 * mm, 72 * mm, 36 * mm]
    story.append(Table([names, *rows], colWidths=widths, repeatRows=1, style=_style()))
    if len(lines) > MOST_PDF_LINES:
        more = f"{len(lines) - MOST_PDF_LINES} more lines: see the Excel file." if en else "其余明细见 Excel 文件。"
        story.append(Paragraph(more, normal))
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=A4, title=head, leftMargin=20 * mm, rightMargin=20 * mm).build(story)
    return out.getvalue()


def _style() -> TableStyle:
    return TableStyle(
        [
            ("FONT", (0, 0), (-1, -1), FONT, 9),
            ("ALIGN", (-1, 0), (-1, -1), "RIGHT"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.lightgrey),
        ]
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
