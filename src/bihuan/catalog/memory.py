"""What is on sale, remembered in the process for as long as the catalogue has not changed.

In a flash sale the same goods are ordered by every batch, and reading them again costs more than pricing them. What
is remembered bears the version of the merchant's catalogue, which every verb that changes it draws anew in its own
transaction; whoever uses it has the version proved (`is_current`, or the SQL function `is_catalog_version` inside a
statement of its own) and asks again when it is stale. So an order is priced by what was committed when it was placed,
as if the goods had been read.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from bihuan.catalog import db
from bihuan.catalog.schemas import Sellable
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, SkuId

MOST = 50_000
"""SKUs that a process remembers, of all merchants; about half a kilobyte each."""


class Goods(msgspec.Struct, frozen=True):
    """SKUs of one merchant, and the version of the catalogue that they are of."""

    version: UUID | None
    sellables: Mapping[SkuId, Sellable]


class SellableMemory:
    """The memory of one process, for at most `most` SKUs; when there are more it begins anew."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[MerchantId, tuple[UUID | None, dict[SkuId, Sellable]]] = {}

    async def recall(self, tx: Tx, merchant_id: MerchantId, sku_ids: Collection[SkuId]) -> Goods:
        """The merchant's SKUs of one version, maybe stale: all of `sku_ids` that it ever had, and maybe more.

        No statement when all are remembered. For a `tx` that has changed nothing of the catalogue itself.
        """
        version, known = self._known.get(merchant_id, (None, None))
        if known is None or any(sku_id not in known for sku_id in sku_ids):
            version = await db.find_version(tx, merchant_id)  # before the goods: they may be newer, never older
            known = self._of(merchant_id, version)
            missing = [sku_id for sku_id in sku_ids if sku_id not in known]
            known.update((sku.sku_id, sku) for sku in await db.list_sellable(tx, merchant_id, missing))
            if sum(len(goods) for _, goods in self._known.values()) > self._most:
                self._known.clear()
        return Goods(version, known)

    async def is_current(self, tx: Tx, merchant_id: MerchantId, goods: Goods) -> bool:
        """Whether nothing of the catalogue has changed since; if it has, these goods are forgotten."""
        if await db.find_version(tx, merchant_id) == goods.version:
            return True
        self.forget(merchant_id, goods)
        return False

    def forget(self, merchant_id: MerchantId, goods: Goods) -> None:
        """After these goods were found to be stale: the next one reads anew, unless somebody did already."""
        if (known := self._known.get(merchant_id)) and known[1] is goods.sellables:
            del self._known[merchant_id]

    def _of(self, merchant_id: MerchantId, version: UUID | None) -> dict[SkuId, Sellable]:
        if (remembered := self._known.get(merchant_id)) and remembered[0] == version:
            return remembered[1]
        goods: dict[SkuId, Sellable] = {}
        self._known[merchant_id] = (version, goods)
        return goods


SELLABLE_MEMORY = SellableMemory()
