"""Merchants of another system, many at once."""

from collections.abc import Sequence

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.derived_ids import derived_id
from bihuan.kernel.ids import LocationId, MerchantId
from bihuan.merchants.rules import check_code
from bihuan.merchants.service import DEFAULT_THEME


class PastMerchant(msgspec.Struct, frozen=True):
    """A seller of another system; `code` is as `merchants.create` takes it."""

    merchant_id: MerchantId
    code: str
    name: str
    intro: str


async def import_merchants(tx: Tx, merchants: Sequence[PastMerchant]) -> int:
    """Adds those that are missing, each with its warehouse, in two statements; returns how many were new.

    One whose code another merchant bears is left out: `list_warehouses` does not know it then. Raises
    CodeNotAcceptable.
    """
    for merchant in merchants:
        check_code(merchant.code)
    ids = [merchant.merchant_id for merchant in merchants]
    new = await tx.execute(
        """insert into merchants (merchant_id, code, name, intro, theme_color, state, is_platform, freight_fen,
             order_ttl_seconds, created_at, updated_at)
           select w.id, w.code, w.name, w.intro, $5, 'active', false, 0, 900, $6, $6
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as w (id, code, name, intro)
           order by w.id on conflict do nothing""",
        ids,
        [merchant.code for merchant in merchants],
        [merchant.name for merchant in merchants],
        [merchant.intro for merchant in merchants],
        DEFAULT_THEME,
        tx.now,
    )
    await tx.execute(
        """insert into locations (merchant_id, location_id, kind, name, is_default, created_at)
           select m.merchant_id, w.location_id, 'warehouse', '总仓', true, $3
           from unnest($1::uuid[], $2::uuid[]) as w (merchant_id, location_id)
           join merchants m on m.merchant_id = w.merchant_id
           where not exists (select from locations l where l.merchant_id = m.merchant_id and l.is_default)
           order by m.merchant_id on conflict do nothing""",
        ids,
        [derived_id("warehouse", str(merchant_id)) for merchant_id in ids],
        tx.now,
    )
    return new


async def list_warehouses(tx: Tx, merchant_ids: Sequence[MerchantId]) -> dict[MerchantId, LocationId]:
    """The default location of each merchant that exists."""
    rows = await tx.fetch(
        "select merchant_id, location_id from locations where merchant_id = any($1) and is_default", merchant_ids
    )
    return {row["merchant_id"]: row["location_id"] for row in rows}
