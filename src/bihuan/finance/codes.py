"""What accounting software calls our accounts: a suggestion for each, and what the merchant made of it."""

from collections.abc import Sequence

from bihuan import ledger
from bihuan.finance import db
from bihuan.finance.errors import UnknownAccounts
from bihuan.finance.schemas import AccountCode, AccountCodeView
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId

SUGGESTED: dict[str, tuple[str, str]] = {
    "wechat_clearing": ("101201", "其他货币资金-微信支付"),
    "alipay_clearing": ("101202", "其他货币资金-支付宝"),
    "card_clearing": ("101203", "其他货币资金-刷卡在途"),
    "cash": ("1001", "库存现金"),
    "bank": ("1002", "银行存款"),
    "external_clearing": ("101204", "其他货币资金-其他渠道"),
    "receipts": ("2203", "预收账款"),
    "refunds_payable": ("224101", "其他应付款-应退款"),
    "wallet_liability": ("220301", "预收账款-顾客储值"),
    "commission_payable": ("224102", "其他应付款-应付佣金"),
    "merchant_payable": ("224103", "其他应付款-应付商家款"),
    "sales": ("6001", "主营业务收入"),
    "commission_income": ("605101", "其他业务收入-佣金"),
    "tool_fees": ("605102", "其他业务收入-工具费"),
    "freight": ("605103", "其他业务收入-运费"),
    "discounts": ("600101", "主营业务收入-优惠折让"),
    "points_discounts": ("600102", "主营业务收入-积分抵扣"),
    "wallet_gifts": ("660101", "销售费用-储值赠送"),
    "refunds": ("600103", "主营业务收入-销售退款"),
    "payment_fees": ("660301", "财务费用-手续费"),
    "tool_costs": ("660102", "销售费用-平台工具费"),
    "compensation": ("671101", "营业外支出-赔付"),
    "differences": ("671102", "营业外支出-对账差异"),
    "till_expenses": ("660201", "管理费用-零星支出"),
    "platform_fee": ("660103", "销售费用-平台服务费"),
    "interbook_clearing": ("1221", "其他应收款-平台往来"),
}
"""By the numbering of the Chinese accounting standards for enterprises (会计科目: 1001, 1002, 1012, 1221, 2203, 2241,
6001, 6051, 6601, 6602, 6603, 6711), with detail accounts of our own below; a merchant under other rules edits them."""
_ELSE = ("1901", "待处理财产损溢")


async def list_codes(tx: Tx, merchant_id: MerchantId, language: str) -> list[AccountCodeView]:
    """Every account of the chart with its code."""
    own = {code.account: code for code in await db.list_codes(tx, merchant_id)}
    return [_view(account, own.get(account), language) for account in ledger.CHART]


def _view(account: str, own: AccountCode | None, language: str) -> AccountCodeView:
    code, name = (own.code, own.name) if own else SUGGESTED.get(account, _ELSE)
    return AccountCodeView(account, ledger.name_of(account, language), code, name, own is not None)


async def put_codes(tx: Tx, merchant_id: MerchantId, codes: Sequence[AccountCode]) -> None:
    """Sets codes; raises UnknownAccounts. The last one counts where an account is named twice."""
    if unknown := sorted({code.account for code in codes} - ledger.CHART.keys()):
        raise UnknownAccounts(accounts=", ".join(unknown))
    await db.put_codes(tx, merchant_id, list({code.account: code for code in codes}.values()))
