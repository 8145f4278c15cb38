"""A merchant's terms of points: how they are earned, how long they live, what they are worth."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Unprocessable
from bihuan.kernel.ids import MerchantId

from .rules import months_before


class PointsTermsNotAcceptable(Unprocessable):
    """A step of points must be worth whole fen."""

    code = "points_terms_not_acceptable"
    zh = "每 {step} 积分须折合整数分：请调整每元积分数或最小使用单位。"
    en = "A step of {step} points must be worth whole fen: change the rate or the step."


class PointsSettings(msgspec.Struct, frozen=True):
    """`life_months`: how long points live, null: for ever. `redeem`: whether orders may be paid with them; then
    `points_per_yuan` of them are worth 1 yuan, they are spent in multiples of `step`, and pay at most `most_percent`
    of an order's goods. `earn_per_yuan`: earned for each yuan paid."""

    life_months: Annotated[int, Meta(ge=1, le=120)] | None = None
    redeem: bool = False
    points_per_yuan: Annotated[int, Meta(ge=1, le=100_000)] = 100
    step: Annotated[int, Meta(ge=1, le=1_000_000)] = 100
    most_percent: Annotated[int, Meta(ge=1, le=100)] = 50
    earn_per_yuan: Annotated[int, Meta(ge=0, le=1_000)] = 1


def alive_since(settings: PointsSettings, now: datetime) -> datetime | None:
    """When the oldest points were earned that can still be spent; None where they live for ever."""
    return months_before(now, settings.life_months) if settings.life_months else None


_COLUMNS = ", ".join(PointsSettings.__struct_fields__)


async def get_settings(tx: Tx, merchant_id: MerchantId) -> PointsSettings:
    """The merchant's terms."""
    row = await tx.fetchrow(f"select {_COLUMNS} from points_settings where merchant_id = $1", merchant_id)  # noqa: S608
    return PointsSettings(**dict(row)) if row else PointsSettings()


async def save_settings(tx: Tx, merchant_id: MerchantId, settings: PointsSettings) -> PointsSettings:
    """Writes them. The life counts for all points from now on, the rates for orders from now on.

    Raises PointsTermsNotAcceptable.
    """
    if settings.step * 100 % settings.points_per_yuan:
        raise PointsTermsNotAcceptable(step=settings.step)
    before = await get_settings(tx, merchant_id)
    values = msgspec.structs.astuple(settings)
    await tx.execute(
        f"""insert into points_settings (merchant_id, updated_at, {_COLUMNS})
            values ($1, $2, {", ".join(f"${n}" for n in range(3, 3 + len(values)))})
            on conflict (merchant_id) do update set updated_at = excluded.updated_at,
              {", ".join(f"{name} = excluded.{name}" for name in PointsSettings.__struct_fields__)}""",  # noqa: S608
        merchant_id,
        tx.now,
        *values,
    )
    if before.life_months != settings.life_months:  # what was told about their end is not true any more
        await tx.execute(
            """update points_lots set warned_at = null
               where merchant_id = $1 and available > 0 and warned_at is not null""",
            merchant_id,
        )
    return settings
