"""THE table: who does what, and how often. `share` is out of all acts of that cast.

Shoppers are many and quick, everybody else is one person per merchant (one operator), so that a long journey of theirs
never keeps an order waiting. About two of three acts of a shopper place an order. A new act is a function and a line
here; it takes part as soon as the installation serves the routes that it needs.
"""

from collections.abc import Collection

import msgspec

from bench.chaos import aftersale, money, office, shoppers, staff, tills
from bench.chaos.acts import Act


class Cast(msgspec.Struct, frozen=True):
    """People of a kind: how long they think between two acts, at most, and what they do."""

    name: str
    pause_seconds: float
    acts: tuple[Act, ...]

    def playable(self, routes: Collection[str]) -> list[Act]:
        """What they can do at an installation that serves these routes."""
        return [one for one in self.acts if all(need in routes for need in one.needs)]


_ORDER = ("POST /api/shop/{m}/orders", "POST /api/shop/{m}/orders/{order_id}/pay")
_WALLET = ("POST /api/shop/{m}/wallet/topups", "POST /api/shop/{m}/wallet/topups/{topup_id}/pay")
_CASES = ("POST /api/shop/{m}/aftersale", "GET /api/shop/{m}/orders/{order_id}/aftersale")
_TILL = ("POST /api/merchant/till/shifts", "POST /api/merchant/till/shifts/{shift_id}/sales")

SHOPPERS = Cast(
    "shoppers",
    0.25,
    (
        Act(360, shoppers.buy, _ORDER),
        Act(50, shoppers.pay_twice, _ORDER),
        Act(50, shoppers.pay_after_cancelling, _ORDER),
        Act(60, shoppers.leave_the_sheet_open, _ORDER),
        Act(50, shoppers.pay_an_old_sheet, _ORDER),
        Act(20, shoppers.order_and_forget, _ORDER),
        Act(20, money.press_in_two_tabs, _ORDER),
        Act(30, money.with_two_hands, _ORDER),
        Act(40, money.pay_by_alipay, (*_ORDER, "PUT /api/merchant/alipay-account")),
        Act(30, money.top_up, _WALLET),
        Act(50, money.pay_with_the_wallet, (*_WALLET, *_ORDER)),
        Act(60, aftersale.apply, _CASES),
        Act(80, aftersale.follow_a_case, _CASES),
        Act(40, shoppers.receive, ("POST /api/shop/{m}/orders/{order_id}/confirm-receipt",)),
        Act(20, shoppers.look_at_orders),
        Act(20, shoppers.look_at_the_card, ("GET /api/shop/{m}/member", "GET /api/shop/{m}/member/points")),
        Act(20, shoppers.browse),
    ),
)
DESKS = Cast(
    "desks",
    0.25,
    (
        Act(300, staff.ship, ("POST /api/merchant/orders/{order_id}/ship",)),
        Act(50, staff.ship_the_rest, ("POST /api/merchant/orders/{order_id}/ship",)),
        Act(80, staff.hand_over, ("POST /api/merchant/pickups",)),
        Act(170, staff.count_stock, ("POST /api/merchant/stock/adjustments",)),
        Act(260, aftersale.handle_cases, ("POST /api/merchant/aftersale/{case_id}/agree",)),
        Act(25, staff.cancel_unpaid, ("POST /api/merchant/orders/{order_id}/cancel",)),
        Act(15, staff.rearrange, ("POST /api/merchant/products/{product_id}/unpublish",)),
        Act(40, money.take_money_out, ("GET /api/merchant/payment-account",)),
        Act(20, money.trouble_refunds, ("GET /api/merchant/payment-account",)),
        Act(40, staff.look_at_the_figures, ("GET /api/merchant/dashboard",)),
    ),
)
CASHIERS = Cast(
    "cashiers",
    0.5,
    (
        Act(620, tills.sell, _TILL),
        Act(130, tills.take_back, _TILL),
        Act(90, tills.give_out, _TILL),
        Act(80, tills.move_cash, _TILL),
        Act(80, tills.close_the_shift, _TILL),
    ),
)
OFFICES = Cast(
    "offices",
    2.0,
    (
        Act(300, office.return_a_topup, ("POST /api/merchant/wallet-topups/{topup_id}/returns",)),
        Act(100, office.freeze_a_wallet, ("POST /api/merchant/wallets/{shopper_id}/freeze",)),
        Act(150, office.ask_for_failed_days, ("POST /api/merchant/reconciliation/days",)),
        Act(150, office.look_into_differences, ("GET /api/merchant/reconciliation/differences",)),
        Act(150, office.close_the_month, ("POST /api/merchant/finance/months/{month}/close",)),
        Act(150, office.read_the_books, ("GET /api/merchant/settlement/statements",)),
    ),
)
OPERATOR = Cast(
    "operator",
    1.0,
    (
        Act(300, aftersale.judge, ("POST /api/platform/disputes/{merchant_id}/{case_id}/ruling",)),
        Act(200, office.mend_sharings, ("GET /api/platform/settlement/trouble",)),
        Act(150, office.close_statements, ("GET /api/platform/settlement/statements",)),
        Act(150, office.pay_statements, ("GET /api/platform/settlement/statements",)),
        Act(80, office.adjust, ("POST /api/platform/settlement/merchants/{merchant_id}/adjustments",)),
        Act(70, office.change_a_plan, ("PUT /api/platform/settlement/merchants/{merchant_id}/plan",)),
        Act(50, office.overview, ("GET /api/platform/overview",)),
    ),
)
CASTS = (SHOPPERS, DESKS, CASHIERS, OFFICES, OPERATOR)


def missing(routes: Collection[str]) -> list[str]:
    """Acts that an installation that serves these routes cannot see."""
    return [act.name for cast in CASTS for act in cast.acts if act not in cast.playable(routes)]
