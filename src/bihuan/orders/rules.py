"""Orders' decisions: transitions, prices, numbers. No I/O."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bihuan.catalog import Sellable
from bihuan.kernel.errors import WrongState
from bihuan.kernel.ids import SkuId
from bihuan.kernel.money import yuan
from bihuan.merchants import Merchant
from bihuan.orders.errors import NotOnSale
from bihuan.orders.schemas import Adjustment, PricedLine, Quote

TRANSITIONS: Final[Mapping[str, frozenset[str]]] = {
    "unpaid": frozenset({"paid", "cancelled"}),
    "paid": frozenset({"partially_delivered", "delivered", "completed", "cancelled"}),  # cancelled: refunded whole
    "partially_delivered": frozenset({"delivered", "completed"}),
    "delivered": frozenset({"completed"}),
    "completed": frozenset(),
    "cancelled": frozenset({"paid"}),  # a payment that came late, when the stock is still there
}
TERMINAL: Final = frozenset({"completed", "cancelled"})
"""Final for the shopper; only a late payment lifts `cancelled` again, and none that was paid before."""

AUTO_COMPLETE_DAYS: Final = 10
_CHINA = ZoneInfo("Asia/Shanghai")


def check_transition(state: str, to: str) -> None:
    """Raises WrongState unless an order may go from `state` to `to`."""
    if to not in TRANSITIONS[state]:
        raise WrongState(state=state)


def merge_lines(lines: Sequence[tuple[SkuId, int]]) -> dict[SkuId, int]:
    """Lines of one SKU added up: two of them must not each see the whole stock."""
    merged: dict[SkuId, int] = {}
    for sku_id, quantity in lines:
        merged[sku_id] = merged.get(sku_id, 0) + quantity
    return merged


def price(merchant: Merchant, wanted: Mapping[SkuId, int], sellables: Mapping[SkuId, Sellable], method: str) -> Quote:
    """Prices a cart: goods at catalogue prices, the merchant's freight when it is shipped.

    Raises NotOnSale naming what cannot be bought.
    """
    gone = [sku_id for sku_id in wanted if sku_id not in sellables or not sellables[sku_id].on_sale]
    if gone:
        raise NotOnSale(sku_ids=gone)
    lines = [_priced(sellables[sku_id], quantity) for sku_id, quantity in wanted.items()]
    goods = sum(line.total_fen for line in lines)
    free = all(sellables[sku_id].freight_free for sku_id in wanted)
    adjustments = [] if free else freight_adjustments(merchant, goods, method)
    freight = sum(adjustment.amount_fen for adjustment in adjustments)
    return Quote(lines, goods, freight, 0, adjustments, goods + freight)


def freight_adjustments(merchant: Merchant, goods_fen: int, method: str) -> list[Adjustment]:
    """The freight of an order: none for pickup or above the merchant's threshold, else the flat rate."""
    if method != "ship" or merchant.freight_fen == 0:
        return []
    free_from = merchant.freight_free_from_fen
    if free_from is not None and goods_fen >= free_from:
        return [Adjustment("freight", "merchant", f"满¥{yuan(free_from)}包邮", 0)]
    return [Adjustment("freight", "merchant", "运费", merchant.freight_fen)]


def _priced(sellable: Sellable, quantity: int) -> PricedLine:
    subtotal = sellable.price_fen * quantity
    return PricedLine(
        sellable.sku_id,
        sellable.product_id,
        sellable.title,
        sellable.option_values,
        sellable.image_url,
        quantity,
        sellable.price_fen,
        subtotal,
        [],
        subtotal,
    )


class OrderNumbers:
    """Order numbers of one process: date, milliseconds of the day (China), and a counter; 20 digits.

    The counter begins at random, so that two processes meet in one millisecond about once in a million;
    the unique index then has the last word and placement draws again.
    """

    def __init__(self) -> None:
        self._next = secrets.randbelow(1_000_000)
        self._moment: datetime | None = None
        self._prefix = ""

    def draw(self, now: datetime) -> str:
        """A fresh number."""
        self._next = (self._next + 1) % 1_000_000
        if now is not self._moment:  # a batch has one moment, and writing a date costs more than the rest
            local = now.astimezone(_CHINA)
            seconds = local.hour * 3600 + local.minute * 60 + local.second
            self._prefix = f"{local:%y%m%d}{seconds * 1000 + local.microsecond // 1000:08d}"
            self._moment = now
        return f"{self._prefix}{self._next:06d}"


def draw_pickup_code() -> str:
    """Ten digits that a shopper shows at the counter."""
    return f"{secrets.randbelow(10**10):010d}"
