"""A merchant's terms of points as they are stored."""

from typing import Annotated

import msgspec
from msgspec import Meta

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


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


_COLUMNS = ", ".join(PointsSettings.__struct_fields__)


async def get_settings(tx: Tx, merchant_id: MerchantId) -> PointsSettings:
    """The merchant's terms, or the defaults."""
    row = await tx.fetchrow(f"select {_COLUMNS} from points_settings where merchant_id = $1", merchant_id)  # noqa: S608
    return PointsSettings(**dict(row)) if row else PointsSettings()


async def write_settings(tx: Tx, merchant_id: MerchantId, settings: PointsSettings) -> None:
    """Writes them."""
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


async def forget_warnings(tx: Tx, merchant_id: MerchantId) -> None:
    """Nobody was told yet when points end."""
    await tx.execute(
        """update points_lots set warned_at = null
           where merchant_id = $1 and available > 0 and warned_at is not null""",
        merchant_id,
    )
