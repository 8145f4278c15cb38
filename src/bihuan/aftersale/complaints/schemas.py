"""The wire of complaints."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.aftersale.complaints.rules import MOST_PICTURES, MOST_WORDS, AnswerState, Kind, ProblemType, Side, State
from bihuan.kernel.ids import OrderId


class ReplyInput(msgspec.Struct, forbid_unknown_fields=True):
    """What the shopper reads in WeChat. Pictures by the addresses that their upload gave."""

    content: Annotated[str, Meta(min_length=1, max_length=MOST_WORDS)]
    pictures: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=MOST_PICTURES)] = []


class ComplaintLine(msgspec.Struct, frozen=True):
    """What was bought."""

    title: str
    option_values: list[str]
    image_url: str | None
    quantity: int
    total_fen: int


class ComplaintOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The order that is complained about."""

    order_id: OrderId
    order_no: str
    state: str
    total_fen: int
    paid_fen: int
    refunded_fen: int
    created_at: datetime
    lines: list[ComplaintLine]


class ComplaintView(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint. `waits`: an answer of the merchant's is waited for."""

    complaint_id: UUID
    complaint_no: str
    mchid: str
    state: State
    waits: bool
    problem_type: ProblemType
    problem: str
    detail: str
    pictures: list[str]
    amount_fen: int
    asked_fen: int | None
    full_refunded: bool
    user_waits: bool
    platform_helps: bool
    times: int
    order_id: OrderId | None
    order_no: str | None
    shopper_name: str | None
    transaction_id: str
    complained_at: datetime
    answered_at: datetime | None
    answer_by: datetime | None
    finish_by: datetime | None


class ComplaintEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the history; `kind` is WeChat's `operate_type`."""

    at: datetime
    side: Side
    operator: str
    kind: str
    details: str
    pictures: list[str]


class AnswerView(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that WeChat has not confirmed yet, or the last that it refused."""

    answer_id: UUID
    kind: Kind
    content: str
    pictures: list[str]
    state: AnswerState
    error: str | None
    created_at: datetime


class ComplaintDetail(ComplaintView, frozen=True, kw_only=True):
    """A complaint with its history, the oldest first."""

    order: ComplaintOrder | None
    events: list[ComplaintEvent]
    answer: AnswerView | None


class DeskView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether WeChat tells of an account's complaints."""

    mchid: str
    told: bool
    error: str | None
    swept_at: datetime | None


class ComplaintCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many complaints are in each state, wait for the merchant, and were not answered in time."""

    by_state: dict[State, int]
    waiting: int
    overdue: int
    desks: list[DeskView]
