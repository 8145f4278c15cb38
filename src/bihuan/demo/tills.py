"""The demo's till: at one shop the first clerk stands at an open drawer; scanners know some goods, a basket waits."""

from bihuan import catalog, merchants, staff, till
from bihuan.kernel.db import Tx
from bihuan.merchants import Merchant
from bihuan.staff import StaffSession

SHOP = "qingshan"
FLOAT_FEN = 50_000
_SCANNED = 8


async def open_at(tx: Tx, merchant: Merchant) -> None:
    """Opens a shift for the first clerk of SHOP, with change for the day; nothing anywhere else."""
    people = await staff.list_staff(tx, merchant.merchant_id)
    clerk = next((one for one in people if one.role == "clerk" and one.store_id is not None), None)
    if merchant.code != SHOP or clerk is None or clerk.store_id is None:
        return
    counters = await merchants.list_counters(tx, merchant.merchant_id, clerk.store_id)
    person = StaffSession(
        staff_id=clerk.staff_id,
        merchant_id=merchant.merchant_id,
        user_id=clerk.user_id,
        name=clerk.name,
        role=clerk.role,
        store_id=clerk.store_id,
        permissions=staff.permissions_of(clerk.role, is_platform=False),
        is_platform=False,
    )
    counter_id = counters[0].counter_id if counters else None
    wish = till.Opening(store_id=clerk.store_id, counter_id=counter_id, float_fen=FLOAT_FEN)
    shift_id = await till.open_shift(tx, merchant.merchant_id, person, wish)
    skus = (await catalog.list_skus(tx, merchant.merchant_id, limit=_SCANNED)).items
    learned = [
        await till.learn_barcode(tx, person, clerk.store_id, till.Barcode(ean13(place), sku.sku_id))
        for place, sku in enumerate(skus, start=1)
    ]
    lines = [till.ParkedLine(one.sku_id, 1) for one in learned[:2]]
    total = sum(one.price_fen for one in learned[:2])
    await till.park(tx, person, shift_id, till.Basket(lines=lines, label="赵女士，稍后来取", total_fen=total))


def ean13(number: int) -> str:
    """A barcode of goods from China, with its check digit."""
    digits = f"690123{number:06d}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighed % 10}"
