"""What an order of Olist is in Bihuan. No I/O.

An order with several sellers becomes one order per seller; each payment is divided among them in turn, so
that every order is paid exactly and every payment is spent exactly.

| Olist | Bihuan |
|---|---|
| delivered | completed: left at the carrier's date, had at the customer's |
| shipped | delivered (all of it left), not completed: nobody said that it arrived |
| approved, invoiced, processing | paid |
| created, paid | paid |
| created, never paid | cancelled (expired): its time to pay is over |
| canceled, unavailable | cancelled; when it had been paid, refunded in full at the last time that is told |
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

import msgspec

from bihuan.importers.olist.source import Item, Order, Payment
from bihuan.importers.olist.tables import Bad
from bihuan.kernel.derived_ids import derived_id, derived_id_at
from bihuan.kernel.ids import LocationId, MerchantId, OrderId, ProductId, ShopperId, SkuId
from bihuan.kernel.money import yuan
from bihuan.orders.history import PAYABLE_FOR, PastLine, PastOrder
from bihuan.payments.history import PastMeans

SOURCE = "olist"
_REMEMBERED = 200_000  # ids that recur with every order of a seller or product


@lru_cache(_REMEMBERED)
def merchant_id(seller_id: str) -> MerchantId:
    """A seller's merchant."""
    return MerchantId(derived_id(SOURCE, "seller", seller_id))


def merchant_code(seller_id: str) -> str:
    """A seller's code: the beginning of its id where that can stand in an address, else of a hash of it."""
    plain = seller_id.isascii() and seller_id.isalnum() and seller_id == seller_id.lower()
    return f"olist-{(seller_id if plain else derived_id(SOURCE, 'code', seller_id).hex)[:20]}"


def shopper_id(person: str) -> ShopperId:
    """A person's shopper: one, however many customer rows she has."""
    return ShopperId(derived_id(SOURCE, "customer", person))


@lru_cache(_REMEMBERED)
def product_id(product: str, seller: str) -> ProductId:
    """A product at a seller: two sellers of one product have a product each."""
    return ProductId(derived_id(SOURCE, "product", product, seller))


@lru_cache(_REMEMBERED)
def sku_id(product: str, seller: str) -> SkuId:
    """The one SKU of a product at a seller."""
    return SkuId(derived_id(SOURCE, "sku", product, seller))


def title(product: str, category: str) -> str:
    """A name for a product, since the tables tell none."""
    return f"{shelf(category) or 'Product'} {product[:8]}"


def shelf(category: str) -> str:
    """A category as it is shown: bed_bath_table -> Bed bath table; at most 40 characters."""
    name = category.replace("_", " ").strip()
    return (name[:1].upper() + name[1:])[:40].strip()


def nickname(person: str) -> str:
    """What to call a person without a name."""
    return f"Olist {person[:8]}"


class Ending(msgspec.Struct, frozen=True):
    """How an order ended, with its times."""

    state: Literal["paid", "delivered", "completed", "cancelled"]
    paid_at: datetime | None
    shipped_at: datetime | None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None


def check(order: Order) -> Ending:
    """How the order ended. Raises Bad when it contradicts itself."""
    if order.faults:
        raise Bad(f"not imported, because of {order.faults[0]}")
    if not order.items:
        raise Bad("has no items")
    _check_times(order)
    ending = _ending(order)
    goods = sum(item.price_fen + item.freight_fen for item in order.items)
    paid = sum(payment.value_fen for payment in order.payments)
    if paid != goods and (order.payments or ending.paid_at):
        raise Bad(f"was paid {yuan(paid)}, but price and freight make {yuan(goods)}")
    return ending


def _check_times(order: Order) -> None:
    for name, at in (
        ("approved", order.approved_at),
        ("handed to the carrier", order.shipped_at),
        ("delivered", order.delivered_at),
    ):
        if at and at < order.purchased_at:
            raise Bad(f"was {name} before it was purchased")
    if order.delivered_at and order.shipped_at and order.delivered_at < order.shipped_at:
        raise Bad("was delivered before it was handed to the carrier")
    if order.delivered_at and not order.shipped_at:
        raise Bad("was delivered, but never handed to the carrier")


def _ending(order: Order) -> Ending:
    status, paid_at, shipped_at = order.status, order.approved_at, order.shipped_at
    if status in ("canceled", "unavailable"):
        last = max(at for at in (order.purchased_at, paid_at, shipped_at, order.delivered_at) if at)
        return Ending("cancelled", paid_at, shipped_at, cancelled_at=last, cancel_reason=status)
    if status == "created" and not paid_at and not shipped_at:
        return Ending("cancelled", None, None, cancelled_at=order.purchased_at + PAYABLE_FOR, cancel_reason="expired")
    if paid_at is None:
        raise Bad(f"is {status}, but its payment was never approved")
    if status == "delivered":
        if not order.delivered_at:
            raise Bad("is delivered, but has no date of delivery")
        return Ending("completed", paid_at, shipped_at, completed_at=order.delivered_at)
    if order.delivered_at:
        raise Bad(f"is {status}, but has a date of delivery")
    if (status == "shipped") != (shipped_at is not None):
        raise Bad(f"is {status}, but was {'handed' if shipped_at else 'never handed'} to the carrier")
    return Ending("delivered" if shipped_at else "paid", paid_at, shipped_at)


def past_orders(
    order: Order, ending: Ending, titles: Mapping[str, str], warehouses: Mapping[MerchantId, LocationId]
) -> list[PastOrder]:
    """The orders that it becomes, one per seller; `titles` are by product. Raises Bad for an unknown merchant."""
    groups: dict[str, list[Item]] = {}
    for item in sorted(order.items, key=lambda item: item.row.number):
        groups.setdefault(item.seller_id, []).append(item)
    totals = [sum(item.price_fen + item.freight_fen for item in items) for items in groups.values()]
    parts = divide(order.order_id, order.payments, totals)
    endings: dict[str, Any] = {name: getattr(ending, name) for name in ending.__struct_fields__}
    made: list[PastOrder] = []
    for (seller, items), means in zip(groups.items(), parts, strict=True):
        owner = merchant_id(seller)
        if owner not in warehouses:
            raise Bad(f"seller {seller} was not imported")
        made.append(
            PastOrder(
                merchant_id=owner,
                order_id=OrderId(derived_id_at(order.purchased_at, SOURCE, "order", order.order_id, seller)),
                order_no=order.order_id,
                key=f"{SOURCE}:{order.order_id}",
                shopper_id=shopper_id(order.customer.person),
                location_id=warehouses[owner],
                address=_address(order),
                lines=_lines(items, titles),
                freight_fen=sum(item.freight_fen for item in items),
                means=means,
                created_at=order.purchased_at,
                **endings,
            )
        )
    return made


def divide(order_id: str, payments: Sequence[Payment], totals: Sequence[int]) -> list[list[PastMeans]]:
    """Payments in their sequence fill the totals in turn; what one leaves over begins the next."""
    parts: list[list[PastMeans]] = [[] for _ in totals]
    if not payments:
        return parts
    left = list(totals)
    place = 0
    for payment in sorted(payments, key=lambda payment: payment.sequence):
        rest = payment.value_fen
        while rest:
            taken = min(rest, left[place])
            if taken:
                parts[place].append(PastMeans(payment.method, f"{order_id}-{payment.sequence}", taken))
            rest -= taken
            left[place] -= taken
            if not left[place]:
                place += 1
    return parts


def _lines(items: Sequence[Item], titles: Mapping[str, str]) -> list[PastLine]:
    """Pieces of one product at one price are one line."""
    counts: dict[tuple[str, str, int], int] = {}
    for item in items:
        key = (item.product_id, item.seller_id, item.price_fen)
        counts[key] = counts.get(key, 0) + 1
    return [
        PastLine(sku_id(product, seller), product_id(product, seller), titles[product], quantity, price)
        for (product, seller, price), quantity in counts.items()
    ]


def _address(order: Order) -> dict[str, str]:
    customer = order.customer
    return {
        "name": nickname(customer.person),
        "phone": "",
        "province": customer.state,
        "city": customer.city,
        "district": "",
        "street": customer.zip_prefix,
    }
