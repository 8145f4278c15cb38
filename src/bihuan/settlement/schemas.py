"""Wire types of settlement."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.kernel.money import MAX_FEN
from bihuan.settlement.db_accounts import Adjustment, PaidOut, Unpaid
from bihuan.settlement.db_commission import Commission, Returned
from bihuan.settlement.db_plans import Invoice, Plan, Subscription, Terms
from bihuan.settlement.db_returns import ReturnRow
from bihuan.settlement.db_sharing import Sharing, SharingOrderRow
from bihuan.settlement.db_statements import Line, Payout, Statement
from bihuan.settlement.rules import Cycle, LineCommission, Rule, Tier

Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"\S")]
PlanCode = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$(?!\n)")]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000, description="Hundredths of a percent: 500 is 5 %.")]
Fixed = Annotated[int, Meta(ge=0, le=100_000_000)]
Amount = Annotated[int, Meta(ge=-MAX_FEN, le=MAX_FEN, description="In fen; positive for the merchant.")]


class TierIn(msgspec.Struct, frozen=True):
    """A percentage from a turnover of the month on."""

    from_fen: Annotated[int, Meta(ge=1, le=MAX_FEN)]
    percent_bp: BasisPoints


class RuleIn(msgspec.Struct, frozen=True, kw_only=True):
    """A commission rule to add. Conditions left out fit everybody; `valid_from` left out is now."""

    name: Name
    for_merchant_id: UUID | None = None
    category: Name | None = None
    plan_code: PlanCode | None = None
    percent_bp: BasisPoints = 0
    per_line_fen: Fixed = 0
    per_order_fen: Fixed = 0
    tiers: Annotated[list[TierIn], Meta(max_length=20)] = []
    priority: Annotated[int, Meta(ge=0, le=1000)] = 100
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def as_rule(self, rule_id: UUID, now: datetime) -> Rule:
        """The rule; it charges nothing that was paid before now."""
        return Rule(
            rule_id=rule_id,
            name=self.name.strip(),
            for_merchant_id=MerchantId(self.for_merchant_id) if self.for_merchant_id else None,
            category=self.category.strip() if self.category else None,
            plan_code=self.plan_code,
            percent_bp=self.percent_bp,
            per_line_fen=self.per_line_fen,
            per_order_fen=self.per_order_fen,
            tiers=[Tier(tier.from_fen, tier.percent_bp) for tier in self.tiers],
            priority=self.priority,
            valid_from=max(self.valid_from or now, now),
            valid_until=self.valid_until,
        )


class RulePreview(msgspec.Struct, frozen=True):
    """What a line would be charged now, and by which rule."""

    rule: Rule | None
    percent_bp: int
    amount_fen: int


class ReturnView(msgspec.Struct, frozen=True, kw_only=True):
    """A part on its way back from the platform."""

    return_id: UUID
    amount_fen: int
    state: str
    error: str | None
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: ReturnRow) -> "ReturnView":
        """From the row."""
        return cls(
            return_id=row.return_id,
            amount_fen=row.amount_fen,
            state=row.state,
            error=row.error,
            created_at=row.created_at,
            ended_at=row.ended_at,
        )


class OrderSettlement(msgspec.Struct, frozen=True, kw_only=True):
    """The commission of an order: by line, what refunds gave back, and how it was shared."""

    commission: Commission | None
    lines: list[LineCommission]
    returned: list[Returned]
    sharing: Sharing | None
    numbers: list[SharingOrderRow]
    returns: list[ReturnView]


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a statement; `amount_fen` is what it adds to the balance."""

    transaction_id: UUID
    kind: str
    amount_fen: int
    wechat_fen: int
    interbook_fen: int
    source: str
    order_id: OrderId | None
    order_no: str | None
    description: str
    occurred_at: datetime

    @classmethod
    def of(cls, line: Line) -> "LineView":
        """From the row."""
        return cls(
            transaction_id=line.transaction_id,
            kind=line.kind,
            amount_fen=line.amount_fen,
            wechat_fen=line.wechat_fen,
            interbook_fen=line.interbook_fen,
            source=line.source,
            order_id=line.order_id,
            order_no=line.order_no,
            description=line.description,
            occurred_at=line.occurred_at,
        )


class StatementView(msgspec.Struct, frozen=True, kw_only=True):
    """A statement with its payouts."""

    statement: Statement
    payouts: list[Payout]


class MerchantStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement among those of all merchants."""

    merchant_id: MerchantId
    merchant_name: str
    statement: Statement


class PayoutIn(msgspec.Struct, frozen=True, kw_only=True):
    """A bank transfer that was made; negative when the merchant paid."""

    amount_fen: Amount
    reference: Annotated[str, Meta(min_length=4, max_length=64, pattern=r"\S")]
    paid_on: date
    note: Annotated[str, Meta(max_length=200)] = ""


class AdjustmentIn(msgspec.Struct, frozen=True):
    """A credit for a merchant by hand, or, negative, a charge."""

    amount_fen: Amount
    reason: Annotated[str, Meta(min_length=2, max_length=100, pattern=r"\S")]


class Adjusted(msgspec.Struct, frozen=True):
    """What was written."""

    adjustment_id: UUID


class AdjustmentView(msgspec.Struct, frozen=True, kw_only=True):
    """An adjustment as both sides see it; `by` is the operator's name, for operators."""

    adjustment_id: UUID
    amount_fen: int
    reason: str
    by: str
    created_at: datetime

    @classmethod
    def of(cls, row: Adjustment, by: str) -> "AdjustmentView":
        """From the row."""
        return cls(
            adjustment_id=row.adjustment_id,
            amount_fen=row.amount_fen,
            reason=row.reason,
            by=by,
            created_at=row.created_at,
        )


class MerchantPayout(msgspec.Struct, frozen=True):
    """A payout among those of all merchants."""

    merchant_name: str
    payout: PaidOut


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant among those that settle with the platform."""

    merchant_id: MerchantId
    code: str
    merchant_name: str
    suspended: bool
    terms: Terms
    plan_name: str | None
    unpaid: Unpaid


class AccountDetail(msgspec.Struct, frozen=True, kw_only=True):
    """How one merchant settles. `rules` are those that can charge it now, in the order in which they are tried."""

    merchant_id: MerchantId
    code: str
    merchant_name: str
    suspended: bool
    terms: Terms
    subscription: Subscription | None
    rules: list[Rule]
    unpaid: Unpaid


class MyTerms(msgspec.Struct, frozen=True):
    """How I settle with the platform, and the rules that can charge me now, in the order in which they are tried."""

    terms: Terms
    rules: list[Rule]


class PlanIn(msgspec.Struct, frozen=True, kw_only=True):
    """A tool plan to write; who is on it keeps the price of before."""

    name: Name
    price_fen: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    includes: Annotated[list[Annotated[str, Meta(min_length=1, max_length=80)]], Meta(max_length=30)] = []
    state: Literal["offered", "retired"] = "offered"


class SubscribeIn(msgspec.Struct, frozen=True):
    """The plan from today on; null: none."""

    plan_code: PlanCode | None


class MyPlan(msgspec.Struct, frozen=True):
    """The plan that a merchant is on, those on offer, and its bills."""

    current: Subscription | None
    offered: list[Plan]
    invoices: list[Invoice]


class OnPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant on a plan."""

    merchant_id: MerchantId
    merchant_name: str
    subscription: Subscription


class TermsIn(msgspec.Struct, frozen=True, kw_only=True):
    """How a merchant settles; a period under way keeps its end."""

    share_at: Literal["paid", "completed"] = "completed"
    cycle: Cycle = "month"
    delay_days: Annotated[int, Meta(ge=0, le=60)] = 1


class ReceiverIn(msgspec.Struct, frozen=True):
    """The platform's registered name at WeChat Pay, to the letter: WeChat compares it."""

    receiver_name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]


class Receiver(msgspec.Struct, frozen=True):
    """Who receives commissions: the platform's account and registered name."""

    mchid: str | None
    receiver_name: str


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a person: sharings that failed or end soon, returns that failed and hold up a refund."""

    sharings: list["TroubledSharing"]
    returns: list["TroubledReturn"]


class TroubledSharing(msgspec.Struct, frozen=True, kw_only=True):
    """A sharing of some merchant."""

    merchant_id: MerchantId
    merchant_name: str
    sharing: Sharing


class TroubledReturn(msgspec.Struct, frozen=True, kw_only=True):
    """A failed return of some merchant."""

    merchant_id: MerchantId
    merchant_name: str
    order_id: OrderId
    back: ReturnView
