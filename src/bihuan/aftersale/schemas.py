"""After-sale on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from bihuan.aftersale.exchanges import Variant
from bihuan.aftersale.rules import Kind, State
from bihuan.kernel.ids import LineId, MerchantId, OrderId, ProductId, ShopperId, SkuId
from bihuan.kernel.money import MAX_FEN

Pieces = Annotated[int, msgspec.Meta(ge=1, le=999)]
Counted = Annotated[int, msgspec.Meta(ge=0, le=999)]
AmountFen = Annotated[int, msgspec.Meta(ge=0, le=MAX_FEN)]
Words = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00]*$")]
SomeWords = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[^\x00]*$")]
Number = Annotated[str, msgspec.Meta(min_length=4, max_length=64, pattern=r"^[0-9A-Za-z-]*$")]
Pictures = Annotated[list[Annotated[str, msgspec.Meta(max_length=200)]], msgspec.Meta(max_length=9)]
WaitingFor = Literal["merchant", "shopper", "platform", "payment"]
Phone = Annotated[str, msgspec.Meta(min_length=5, max_length=30, pattern=r"^[0-9+ -]*$")]
Actor = Literal["shopper", "merchant", "platform", "system"]


class AppliedLine(msgspec.Struct, frozen=True):
    """How many pieces of a line; for an exchange also for which SKU (none: the same again)."""

    line_id: LineId
    quantity: Pieces
    exchange_sku_id: SkuId | None = None


Lines = Annotated[list[AppliedLine], msgspec.Meta(min_length=1, max_length=50)]


class WishInput(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, as far as its amount goes. `received_goods` false: pieces that were not sent."""

    order_id: OrderId
    kind: Kind
    reason: Annotated[str, msgspec.Meta(max_length=40)]
    received_goods: bool
    lines: Lines


class ApplyInput(WishInput, frozen=True, kw_only=True):
    """An application. `asked_fen`: less than the most that can go back, if the shopper wants less."""

    explanation: Words = ""
    pictures: Pictures = []
    asked_fen: AmountFen | None = None


class GiveInput(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of the merchant's own accord. `received_goods` false: pieces that were not sent, and never will be;
    else the shopper keeps them. `amount_fen`: less than the most that can go back."""

    received_goods: bool
    lines: Lines
    reason: Annotated[str, msgspec.Meta(max_length=40)]
    note: Words = ""
    amount_fen: AmountFen | None = None


class WishView(msgspec.Struct, frozen=True):
    """The most that can go back, and what of it is freight; `points_fen` comes back as points beside it."""

    most_fen: int
    goods_fen: int
    freight_fen: int
    freight_returns: bool
    points_fen: int


class ReasonView(msgspec.Struct, frozen=True):
    """A reason to choose, in the reader's language."""

    code: str
    kinds: list[Kind]
    fault: str
    label: str


class ApplicableLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is left to ask for of a line, and the variants that it can be exchanged for."""

    line_id: LineId
    sku_id: SkuId
    product_id: ProductId
    title: str
    option_values: list[str]
    image_url: str | None
    unit_price_fen: int
    quantity: int
    unsent_left: int
    sent_left: int
    exchanges: list[Variant]


class Applicable(msgspec.Struct, frozen=True):
    """What an order can still have: kinds by whether the goods were sent, lines, and its cases."""

    kinds_unsent: list[Kind]
    kinds_sent: list[Kind]
    lines: list[ApplicableLine]
    cases: list["CaseView"]


class ParcelInput(msgspec.Struct, frozen=True):
    """A parcel on its way."""

    company: Name
    tracking_no: Number


class StatementInput(msgspec.Struct, frozen=True):
    """What somebody says and shows."""

    text: SomeWords
    pictures: Pictures = []


class Address(msgspec.Struct, frozen=True):
    """Where returns go."""

    name: Name
    phone: Phone
    address: Annotated[str, msgspec.Meta(min_length=2, max_length=200, pattern=r"^[^\x00]*$")]


class AgreeInput(msgspec.Struct, frozen=True):
    """The merchant agrees to what was asked; goods go to `return_address`, else to the one of the settings."""

    return_address: Address | None = None


class RejectInput(msgspec.Struct, frozen=True):
    """The merchant refuses."""

    reason: SomeWords


class ProposeInput(msgspec.Struct, frozen=True):
    """The merchant offers another amount."""

    amount_fen: Annotated[int, msgspec.Meta(ge=1, le=MAX_FEN)]
    note: Words = ""


class InspectedLine(msgspec.Struct, frozen=True):
    """What came back of a line, and what of it can be sold again."""

    line_id: LineId
    received: Counted
    sellable: Counted


class InspectInput(msgspec.Struct, frozen=True):
    """The result of an inspection; refused with a reason, or accepted."""

    lines: Annotated[list[InspectedLine], msgspec.Meta(min_length=1, max_length=50)]
    accept: bool = True
    reason: Words = ""


class RulingInput(msgspec.Struct, frozen=True):
    """The platform's word. For the shopper: `amount_fen` (none: what she asked for)."""

    in_favour_of: Literal["shopper", "merchant"]
    note: SomeWords
    amount_fen: AmountFen | None = None


class SettingsInput(msgspec.Struct, frozen=True):
    """A merchant's terms."""

    apply_days: Annotated[int, msgspec.Meta(ge=0, le=365)]
    agree_hours: Annotated[int, msgspec.Meta(ge=1, le=720)]
    answer_hours: Annotated[int, msgspec.Meta(ge=1, le=720)]
    send_hours: Annotated[int, msgspec.Meta(ge=1, le=2160)]
    receive_hours: Annotated[int, msgspec.Meta(ge=1, le=2160)]
    return_address: Address | None = None
    service_phone: Phone | None = None
    service_hours: Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[^\x00]*$")] | None = None


class CaseLineView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a case."""

    line_id: LineId
    sku_id: SkuId
    product_id: ProductId
    title: str
    option_values: list[str]
    image_url: str | None
    quantity: int
    most_fen: int
    received_quantity: int | None
    sellable_quantity: int | None
    exchange_sku_id: SkuId | None
    exchange_title: str | None


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A case in a list. `actions`: what the reader may do now; `dispute_until`: while a refusal can be disputed;
    `points_fen`: what of the price comes back as points, beside the money."""

    case_id: UUID
    case_no: str
    order_id: OrderId
    order_no: str
    kind: Kind
    state: State
    waiting_for: WaitingFor | None
    reason: str
    reason_label: str
    explanation: str
    pictures: list[str]
    received_goods: bool
    most_fen: int
    asked_fen: int
    proposed_fen: int | None
    agreed_fen: int | None
    points_fen: int
    refuse_reason: str | None
    return_address: Address | None
    return_company: str | None
    return_no: str | None
    exchange_company: str | None
    exchange_no: str | None
    dispute: Literal["open", "for_shopper", "for_merchant"] | None
    due_at: datetime | None
    dispute_until: datetime | None
    created_at: datetime
    ended_at: datetime | None
    lines: list[CaseLineView]
    actions: list[str]


class CaseEvent(msgspec.Struct, frozen=True):
    """A step of a case, or a statement in it."""

    at: datetime
    actor: Actor
    actor_name: str | None
    step: str
    note: str
    pictures: list[str]
    amount_fen: int | None


class RefundState(msgspec.Struct, frozen=True):
    """A refund of a case as it stands at its tender; `state` in WeChat's words, in lower case.

    `tender`: the way back, which is the way the money came (wechat, wallet, alipay, cash, card).
    """

    refund_id: UUID
    tender: str
    state: str
    amount_fen: int
    error: str | None
    created_at: datetime
    succeeded_at: datetime | None


class Contact(msgspec.Struct, frozen=True):
    """Whom a shopper can call."""

    name: str
    phone: str
    hours: str | None


class CaseDetail(CaseView, frozen=True, kw_only=True):
    """A case with its story and its refunds; `contact` of the merchant."""

    contact: Contact | None

    events: list[CaseEvent]
    refunds: list[RefundState]


class MerchantCase(CaseView, frozen=True, kw_only=True):
    """A case as its merchant sees it in a list."""

    shopper_id: ShopperId
    shopper_name: str | None


class MerchantCaseDetail(CaseDetail, frozen=True, kw_only=True):
    """A case in the console."""

    shopper_id: ShopperId
    shopper_name: str | None


class DisputedCase(MerchantCase, frozen=True, kw_only=True):
    """A case that the platform judges."""

    merchant_id: MerchantId
    merchant_name: str
    dispute_at: datetime


class DisputedCaseDetail(MerchantCaseDetail, frozen=True, kw_only=True):
    """A case with all that its judge needs."""

    merchant_id: MerchantId
    merchant_name: str
    dispute_at: datetime


class CaseCounts(msgspec.Struct, frozen=True):
    """How many cases are in each state, and how many wait for the merchant."""

    by_state: dict[str, int]
    waiting_for_merchant: int
    disputes: int


class UploadedPicture(msgspec.Struct, frozen=True):
    """Where an uploaded picture is."""

    url: str
