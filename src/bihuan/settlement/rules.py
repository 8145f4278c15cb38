"""Pure decisions of settlement: rules that charge, shares of refunds, prorated plans, kinds of lines. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel.ids import LineId, MerchantId

CHINA = timezone(timedelta(hours=8))
"""Days and months of settlement are China's."""

SHARE_AFTER = timedelta(seconds=70)
"""WeChat shares from a minute after the payment on."""

SHARE_WITHIN = timedelta(days=30)
"""Then WeChat unfreezes what was not shared."""

SHARE_AT_LATEST = timedelta(days=27)
"""An order that nobody completes is shared then, while there is time to put things right."""

WARN_BEFORE = timedelta(days=2)
"""So long before the end, money that is still to be shared is an alarm."""

Kind = Literal["sales", "topups", "refunds", "commissions", "fees", "adjustments", "payouts", "sharing"]
Cycle = Literal["day", "week", "month"]

SETTLED_ACCOUNTS = ("wechat_clearing", "interbook_clearing", "merchant_payable")
"""What a statement is about: what WeChat holds for the merchant, and what it and the platform owe each other."""

_KIND_OF_ACCOUNT: Mapping[str, Kind] = {
    "receipts": "sales",
    "refunds_payable": "refunds",
    "platform_fee": "commissions",
    "commission_income": "commissions",
    "payment_fees": "fees",
    "tool_costs": "fees",
    "tool_fees": "fees",
    "bank": "payouts",
}


class Tier(msgspec.Struct, frozen=True):
    """From this turnover of the month on, this percentage."""

    from_fen: int
    percent_bp: int


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform takes. Without a condition it fits everybody; the first that fits charges a line.

    Order: the higher `priority`, then the narrower, then the older. `percent_bp` is in hundredths of a percent.
    """

    rule_id: UUID
    name: str
    for_merchant_id: MerchantId | None = None
    category: str | None = None
    plan_code: str | None = None
    percent_bp: int
    per_line_fen: int = 0
    per_order_fen: int = 0
    tiers: Sequence[Tier] = ()
    priority: int = 100
    valid_from: datetime
    valid_until: datetime | None = None

    def percent_at(self, turnover_fen: int) -> int:
        """The percentage at a turnover of the month; the last tier that is reached, else the rule's own."""
        return next(
            (tier.percent_bp for tier in reversed(self.tiers) if turnover_fen >= tier.from_fen), self.percent_bp
        )


class Charged(msgspec.Struct, frozen=True):
    """A line to charge: its base is what was paid for it, without freight."""

    line_id: LineId
    title: str
    base_fen: int
    categories: frozenset[str] = frozenset()


class LineCommission(msgspec.Struct, frozen=True, kw_only=True):
    """The commission of a line, as it is frozen. Without a rule nothing is taken."""

    line_id: LineId
    title: str
    rule_id: UUID | None
    rule_name: str
    percent_bp: int
    fixed_fen: int
    base_fen: int
    amount_fen: int


def pick(
    rules: Sequence[Rule], at: datetime, merchant_id: MerchantId, plan_code: str | None, categories: frozenset[str]
) -> Rule | None:
    """The rule that charges a line; None when none fits."""
    fitting = [
        rule
        for rule in rules
        if rule.valid_from <= at
        and (rule.valid_until is None or at < rule.valid_until)
        and rule.for_merchant_id in (None, merchant_id)
        and rule.plan_code in (None, plan_code)
        and (rule.category is None or rule.category in categories)
    ]
    return min(fitting, key=_place, default=None)


def in_order(rules: Sequence[Rule]) -> list[Rule]:
    """Rules in the order in which they are tried."""
    return sorted(rules, key=_place)


def _place(rule: Rule) -> tuple[int, int, UUID]:
    return (-rule.priority, -_narrowness(rule), rule.rule_id)


def _narrowness(rule: Rule) -> int:
    return 4 * (rule.for_merchant_id is not None) + 2 * (rule.category is not None) + (rule.plan_code is not None)


def half_up(amount: int, numerator: int, denominator: int) -> int:
    """amount x numerator / denominator, rounded half up; of what is not negative."""
    return (2 * amount * numerator + denominator) // (2 * denominator)


def charge(
    lines: Sequence[Charged],
    rules: Sequence[Rule],
    at: datetime,
    merchant_id: MerchantId,
    plan_code: str | None,
    turnover_fen: int,
) -> list[LineCommission]:
    """The commissions of an order's lines.

    Percentages are rounded cumulatively: the lines of one rule give what the rule gives of their sum. The fixed
    part of an order is on the first line of its rule. A line never gives more than its base.
    """
    sums: dict[UUID, int] = {}
    result: list[LineCommission] = []
    for line in lines:
        rule = pick(rules, at, merchant_id, plan_code, line.categories)
        if rule is None:
            none = LineCommission(
                line_id=line.line_id, title=line.title, rule_id=None, rule_name="", percent_bp=0, fixed_fen=0,
                base_fen=line.base_fen, amount_fen=0,
            )  # fmt: skip
            result.append(none)
            continue
        percent = rule.percent_at(turnover_fen)
        before = sums.get(rule.rule_id)
        fixed = rule.per_line_fen + (rule.per_order_fen if before is None else 0)
        total = (before or 0) + line.base_fen
        amount = half_up(total, percent, 10_000) - half_up(before or 0, percent, 10_000) + fixed
        sums[rule.rule_id] = total
        result.append(
            LineCommission(
                line_id=line.line_id,
                title=line.title,
                rule_id=rule.rule_id,
                rule_name=rule.name,
                percent_bp=percent,
                fixed_fen=fixed,
                base_fen=line.base_fen,
                amount_fen=min(amount, line.base_fen),
            )
        )
    return result


def give_back(amount_fen: int, paid_fen: int, refunded_fen: int, returned_fen: int) -> int:
    """What of a commission goes back now that `refunded_fen` of `paid_fen` are refunded and `returned_fen` went back.

    In proportion and cumulatively: whatever the parts, a full refund returns all of it.
    """
    if paid_fen <= 0:
        return 0
    return half_up(amount_fen, min(refunded_fen, paid_fen), paid_fen) - returned_fen


def over_cap(amount_fen: int, paid_fen: int, max_ratio_bp: int) -> bool:
    """Whether WeChat refuses to share that much of a payment (`max_ratio`: 3000 is 30 %)."""
    return amount_fen * 10_000 > paid_fen * max_ratio_bp


def share_due_at(moment: str, paid_at: datetime, completed_at: datetime | None) -> datetime:
    """When an order's commission is shared: after the minute, or when it is completed, and always before the end."""
    if moment == "paid":
        return paid_at + SHARE_AFTER
    if completed_at is not None:
        return max(completed_at, paid_at + SHARE_AFTER)
    return paid_at + SHARE_AT_LATEST


def kind_of(accounts: Sequence[str], purpose: str | None) -> Kind:
    """What a ledger transaction is on a statement, by the accounts on its other side.

    `purpose` is that of the payment, if it is one: what was not paid for an order was paid into a wallet.
    """
    others = [account for account in accounts if account not in SETTLED_ACCOUNTS]
    if not others:
        return "sharing"
    kind = _KIND_OF_ACCOUNT.get(others[0], "adjustments")
    return "topups" if kind == "sales" and purpose not in (None, "order") else kind


def prorated(price_fen: int, month: date, days: Sequence[tuple[int, int]]) -> list[int]:
    """What a monthly price comes to for stretches of a month, (first day, day after), half up and cumulatively."""
    length = (next_month(month) - month).days
    result: list[int] = []
    done = 0
    for first, after in days:
        before = half_up(price_fen, done, length)
        done += after - first
        result.append(half_up(price_fen, done, length) - before)
    return result


def month_of(at: datetime) -> date:
    """The first day of a moment's month, in China."""
    return at.astimezone(CHINA).date().replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def period_around(at: datetime, cycle: Cycle) -> tuple[datetime, datetime]:
    """The period of a cycle that holds a moment: a day, a week from Monday on, a month; by China's calendar."""
    day = at.astimezone(CHINA).date()
    if cycle == "day":
        first, after = day, day + timedelta(days=1)
    elif cycle == "week":
        first = day - timedelta(days=day.weekday())
        after = first + timedelta(days=7)
    else:
        first = day.replace(day=1)
        after = next_month(first)
    return _midnight(first), _midnight(after)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA).astimezone(UTC)
