"""Placement's SQL: one call of `place_orders` for a batch of one merchant's orders."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from bihuan.attribution import Attribution
from bihuan.facts.orders import OrderPlaced
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import FactId, LineId, MerchantId, OrderId, PoolId, ShopperId, new_id
from bihuan.orders.schemas import OrderView

_json = msgspec.json.Encoder().encode


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is priced and attributed and waits only for its stock."""

    view: OrderView
    shopper_id: ShopperId
    key: str
    input_hash: bytes
    attribution: Attribution
    pickup_code: str | None  # shown once it is paid for
    pool_ids: list[PoolId]
    points: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """What became of a draft: held, retry, short or repeat (see the SQL function)."""

    outcome: str
    short_pools: list[PoolId] | None = None
    known_order_id: OrderId | None = None
    known_hash: bytes | None = None


_HELD = Outcome("held")
_CALL = "select * from place_orders({})".format(", ".join(f"${n}" for n in range(1, 39)))  # noqa: S608 - no input in it


async def place(
    tx: Tx, merchant_id: MerchantId, drafts: Sequence[Draft], ttl: timedelta, catalog_version: UUID | None
) -> dict[OrderId, Outcome] | None:
    """Places drafts; one outcome each. None when they were priced by a catalogue that has changed."""
    expires_at = tx.now + ttl
    rows = await tx.fetch(
        _CALL,
        merchant_id,
        tx.now,
        expires_at,
        list(tx.routes.deliveries.get(OrderPlaced.kind, ())),
        catalog_version,
        *_order_columns(merchant_id, drafts, tx.now, expires_at),
        *_line_columns(drafts),
    )
    if rows and rows[0]["order_id"] is None:  # one word for all
        held = rows[0]["outcome"] == "held"
        return dict.fromkeys((draft.view.order_id for draft in drafts), _HELD) if held else None
    return {order_id: Outcome(*rest) for order_id, *rest in rows}


class Placed(msgspec.Struct, frozen=True):
    """The order that a key has already, and the hash of what was asked for with it."""

    order_id: OrderId
    input_hash: bytes


async def find_placed(
    tx: Tx, merchant_id: MerchantId, asked: Mapping[UUID, tuple[ShopperId, str]]
) -> dict[UUID, Placed]:
    """Which of these (shopper, key) pairs have an order, under the ids that they are asked by."""
    rows = await tx.fetch(
        "select id, order_id, input_hash from find_placed($1, $2, $3, $4)",
        merchant_id,
        list(asked),
        [shopper_id for shopper_id, _ in asked.values()],
        [key for _, key in asked.values()],
    )
    return {row["id"]: Placed(row["order_id"], row["input_hash"]) for row in rows}


def _order_columns(
    merchant_id: MerchantId, drafts: Sequence[Draft], now: datetime, expires_at: datetime
) -> tuple[list[object] | None, ...]:
    views = [draft.view for draft in drafts]
    who = [draft.attribution for draft in drafts]
    return (
        [view.order_id for view in views],
        [view.order_no for view in views],
        [draft.shopper_id for draft in drafts],
        [draft.key for draft in drafts],
        [draft.input_hash for draft in drafts],
        [view.goods_fen for view in views],
        _sparse([view.freight_fen for view in views], 0),
        _sparse([view.discount_fen for view in views], 0),
        [view.total_fen for view in views],
        _sparse([_list(view.adjustments) for view in views], "[]"),
        _sparse([view.delivery.method for view in views], "ship"),
        [_delivery(view) for view in views],
        _sparse([draft.pickup_code for draft in drafts]),
        _sparse([view.remark for view in views]),
        _sparse([a.store_id for a in who]),
        _sparse([a.counter_id for a in who]),
        _sparse([a.staff_id for a in who]),
        _sparse([a.sharer_id for a in who]),
        [_json({"rule": a.rule, "touchpoint_ids": a.touchpoint_ids}).decode() for a in who],
        [FactId(new_id()) for _ in drafts],
        [_fact(merchant_id, draft, now, expires_at) for draft in drafts],
    )


def _sparse(values: list[Any], usual: object = None) -> list[Any] | None:
    """A column of nothing but the usual as one null: SQL fills it in, and nothing is encoded for each row."""
    return None if values.count(usual) == len(values) else values


def _list(value: Sequence[object]) -> str:
    return _json(value).decode() if value else "[]"


def _delivery(view: OrderView) -> str:
    delivery = view.delivery
    return _json({"address": delivery.address, "store": delivery.store}).decode()


def _fact(merchant_id: MerchantId, draft: Draft, now: datetime, expires_at: datetime) -> str:
    who = draft.attribution
    return _json(
        OrderPlaced(
            merchant_id=merchant_id,
            occurred_at=now,
            order_id=draft.view.order_id,
            order_no=draft.view.order_no,
            shopper_id=draft.shopper_id,
            total_fen=draft.view.total_fen,
            store_id=who.store_id,
            counter_id=who.counter_id,
            staff_id=who.staff_id,
            sharer_id=who.sharer_id,
            expires_at=expires_at,
        )
    ).decode()


def _line_columns(drafts: Sequence[Draft]) -> tuple[list[object] | None, ...]:
    lines = [(d.view.order_id, line, pool) for d in drafts for line, pool in zip(d.view.lines, d.pool_ids, strict=True)]
    return (
        [order_id for order_id, _, _ in lines],
        [LineId(line.line_id) for _, line, _ in lines],
        [line.sku_id for _, line, _ in lines],
        [line.product_id for _, line, _ in lines],
        [pool_id for _, _, pool_id in lines],
        [line.title for _, line, _ in lines],
        _sparse([_list(line.option_values) for _, line, _ in lines], "[]"),
        _sparse([line.image_url for _, line, _ in lines]),
        [line.quantity for _, line, _ in lines],
        [line.unit_price_fen for _, line, _ in lines],
        _sparse([_list(line.adjustments) for _, line, _ in lines], "[]"),
        [line.total_fen for _, line, _ in lines],
    )
