"""Facts of after-sale."""

from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from bihuan.facts import Fact
from bihuan.kernel.ids import LineId, OrderId, ProductId, ShopperId, SkuId, StoreId

Kind = Literal["refund", "return", "exchange"]


class AftersaleFact(Fact, frozen=True, kw_only=True):
    """What every fact of a case tells: which, of what kind, and of which order of whose."""

    case_id: UUID
    case_no: str
    type: Kind
    order_id: OrderId
    order_no: str
    shopper_id: ShopperId


class AftersaleMoved(AftersaleFact, frozen=True, kw_only=True):
    """A step of a case, for whoever tells or counts: `step` is the event's name, `actor` who took it."""

    kind: ClassVar[str] = "aftersale.moved"

    step: str
    actor: str
    state: str
    amount_fen: int | None = None
    note: str = ""


class AftersaleAgreed(AftersaleFact, frozen=True, kw_only=True):
    """It was agreed that `agreed_fen` will go back (nothing for an exchange): what was shared can be called back."""

    kind: ClassVar[str] = "aftersale.agreed"

    agreed_fen: int


class RefundedLine(msgspec.Struct, frozen=True):
    """What goes back of one line. `back_quantity` are the pieces that were never sent, or came back."""

    line_id: LineId
    product_id: ProductId
    sku_id: SkuId
    quantity: int
    back_quantity: int
    amount_fen: int


class RefundDecided(AftersaleFact, frozen=True, kw_only=True):
    """Money goes back to the shopper; nothing takes this away again.

    `amount_fen` of the order's `paid_fen`; `refunded_fen` is the order's total of such decisions, this one
    included, so that whoever takes a share back rounds by differences of cumulative shares. `points_fen` is what
    of the refunded pieces' price had been paid with points.
    """

    kind: ClassVar[str] = "aftersale.refund_decided"

    amount_fen: int
    freight_fen: int
    points_fen: int
    paid_fen: int
    refunded_fen: int
    lines: list[RefundedLine]
    store_id: StoreId | None = None
