"""Recording touchpoints, and resolving whom an order is owed to."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.errors import TooManyRequests
from bihuan.kernel.ids import CounterId, LabelId, MerchantId, ShopperId, StaffId, StoreId, TouchpointId, new_id

from . import db
from .rules import Attribution, Kind, Touch, decide

FOLD_WITHIN = timedelta(minutes=10)
"""A page reloaded is no new meeting: the same touchpoint again within this time is not recorded."""

MOST_IN_AN_HOUR = 60


class NewTouch(msgspec.Struct, frozen=True, kw_only=True):
    """A touchpoint to be recorded now."""

    shopper_id: ShopperId
    kind: Kind
    label_id: LabelId | None = None
    label_code: str | None = None
    store_id: StoreId | None = None
    counter_id: CounterId | None = None
    staff_id: StaffId | None = None
    sharer_id: ShopperId | None = None
    page: str | None = None


async def resolve(
    tx: Tx, merchant_id: MerchantId, shopper_ids: Sequence[ShopperId], at: datetime
) -> dict[ShopperId, Attribution]:
    """Whom an order of each shopper at `at` is owed to; every shopper asked for is in the answer. One query."""
    found = await db.find_candidates(tx, merchant_id, shopper_ids, at)
    return {c.shopper_id: decide(c.shopper_id, c.touches, c.home, at) for c in found}


async def record(tx: Tx, merchant_id: MerchantId, new: NewTouch) -> Touch | None:
    """Records a touchpoint; None when it only repeats the shopper's last one (see FOLD_WITHIN).

    A share of one's own is no touchpoint. Raises TooManyRequests beyond MOST_IN_AN_HOUR.
    """
    if new.sharer_id == new.shopper_id:
        return None
    last = await db.find_latest(tx, merchant_id, new.shopper_id)
    if last is not None and _repeats(last, new, tx.now):
        return None
    if await db.count_since(tx, merchant_id, new.shopper_id, tx.now - timedelta(hours=1)) >= MOST_IN_AN_HOUR:
        raise TooManyRequests
    touch = Touch(
        touchpoint_id=TouchpointId(new_id()),
        shopper_id=new.shopper_id,
        kind=new.kind,
        occurred_at=tx.now,
        label_id=new.label_id,
        label_code=new.label_code,
        store_id=new.store_id,
        counter_id=new.counter_id,
        staff_id=new.staff_id,
        sharer_id=new.sharer_id,
    )
    await db.insert_touches(tx, merchant_id, [touch], new.page)
    return touch


def _repeats(last: Touch, new: NewTouch, now: datetime) -> bool:
    same = (last.kind, last.label_id, last.sharer_id) == (new.kind, new.label_id, new.sharer_id)
    return same and now - last.occurred_at < FOLD_WITHIN
