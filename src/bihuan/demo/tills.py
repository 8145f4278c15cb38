"""The demo's till: at one shop the first clerk stands at an open drawer."""

from bihuan import merchants, staff, till
from bihuan.kernel.db import Tx
from bihuan.merchants import Merchant
from bihuan.staff import StaffSession

SHOP = "qingshan"
FLOAT_FEN = 50_000


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
    await till.open_shift(tx, merchant.merchant_id, person, wish)
