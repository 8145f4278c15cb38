"""SQL of shoppers by the telephone number that they gave."""

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import ShopperId


async def shoppers_of_phone(tx: Tx, phone: str, limit: int) -> list[ShopperId]:
    """Who wrote this number into an address of hers, however it was written; at least 7 digits, the last 11 count.

    A number that somebody wrote proves nothing about whose it is: good for finding, not for letting in.
    """
    digits = "".join(one for one in phone if one.isascii() and one.isdigit())[-11:]
    if len(digits) < 7:
        return []
    rows = await tx.fetch(
        """select distinct shopper_id from addresses
           where right(regexp_replace(phone, '[^0-9]', '', 'g'), 11) = $1 order by shopper_id limit $2""",
        digits,
        limit,
    )
    return [row["shopper_id"] for row in rows]
