"""Shoppers of another system: people who bought before Bihuan and have not been met in WeChat."""

from collections.abc import Sequence

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import ShopperId


class PastShopper(msgspec.Struct, frozen=True):
    """A person whom another system knew. She has no WeChat identity, so no message can reach her."""

    shopper_id: ShopperId
    nickname: str


async def import_shoppers(tx: Tx, shoppers: Sequence[PastShopper]) -> int:
    """Adds those that are missing, in one statement; returns how many were new."""
    return await tx.execute(
        """insert into shoppers (shopper_id, nickname, created_at, updated_at)
           select w.shopper_id, w.nickname, $3, $3 from unnest($1::uuid[], $2::text[]) as w (shopper_id, nickname)
           order by w.shopper_id on conflict (shopper_id) do nothing""",
        [shopper.shopper_id for shopper in shoppers],
        [shopper.nickname for shopper in shoppers],
        tx.now,
    )
