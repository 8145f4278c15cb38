"""Which pool holds a SKU at a location, remembered in the process: a pool is never deleted and never moves.

How much is in it is no part of that, and is read under its lock when stock is held.
"""

from collections.abc import Collection, Mapping

from bihuan.inventory import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LocationId, MerchantId, PoolId, SkuId

MOST = 200_000
"""Pools that a process remembers, of all merchants; about a third of a kilobyte each."""


class PoolMemory:
    """The memory of one process, for at most `most` pools; when there are more it begins anew."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[MerchantId, dict[tuple[SkuId, LocationId], PoolId]] = {}

    async def find(
        self, tx: Tx, merchant_id: MerchantId, places: Collection[tuple[SkuId, LocationId]]
    ) -> Mapping[tuple[SkuId, LocationId], PoolId]:
        """The merchant's stock pools by (SKU, location): all of `places` that have one, and maybe more.

        For a `tx` that has made no pools itself: they might never be.
        """
        known = self._known.setdefault(merchant_id, {})
        missing = [place for place in places if place not in known]
        if missing:
            known |= await db.find_pools(tx, merchant_id, [sku for sku, _ in missing], [at for _, at in missing])
            if sum(map(len, self._known.values())) > self._most:
                self._known.clear()
        return known


POOL_MEMORY = PoolMemory()
