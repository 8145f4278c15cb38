"""What is on sale, remembered in the process for as long as the catalogue has not changed.

In a flash sale the same goods are ordered by every batch, and reading them again costs more than pricing them. One
small read tells whether the merchant's catalogue is still of the version that was remembered; every verb that
changes it draws a new version in its own transaction. So an order is priced by what was committed when it was
placed, as if the goods had been read.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from bihuan.catalog import db
from bihuan.catalog.schemas import Sellable
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, SkuId

MOST = 50_000
"""SKUs that a process remembers, of all merchants; about half a kilobyte each."""


class SellableMemory:
    """The memory of one process, for at most `most` SKUs; when there are more it begins anew."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[MerchantId, tuple[UUID | None, dict[SkuId, Sellable]]] = {}

    async def find(self, tx: Tx, merchant_id: MerchantId, sku_ids: Collection[SkuId]) -> Mapping[SkuId, Sellable]:
        """The merchant's SKUs as of now: all of `sku_ids` that it ever had, and maybe more.

        For a `tx` that has changed nothing of the catalogue itself.
        """
        version = await db.find_version(tx, merchant_id)  # before the goods: they may be newer than it, never older
        known = self._of(merchant_id, version)
        missing = [sku_id for sku_id in sku_ids if sku_id not in known]
        if missing:
            found = await db.list_sellable(tx, merchant_id, missing)
            known.update((sku.sku_id, sku) for sku in found)
            if sum(len(goods) for _, goods in self._known.values()) > self._most:
                self._known.clear()
        return known

    def _of(self, merchant_id: MerchantId, version: UUID | None) -> dict[SkuId, Sellable]:
        if (remembered := self._known.get(merchant_id)) and remembered[0] == version:
            return remembered[1]
        goods: dict[SkuId, Sellable] = {}
        self._known[merchant_id] = (version, goods)
        return goods


SELLABLE_MEMORY = SellableMemory()
