"""A merchant's reconciled day with a bill and a difference, for tests of who may see and move what."""

from datetime import date

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.reconciliation import db, db_differences, fetching
from bihuan.reconciliation.db import Due
from bihuan.reconciliation.db_match import Found

DAY = date(2026, 8, 3)


async def make_day(rt: Runtime, tx: Tx, merchant_id: MerchantId) -> tuple[str, str]:
    """The number of a former account and the id of a difference."""
    mchid = f"19{new_id().int % 10**8:08}"
    await tx.execute(
        """insert into payment_accounts (merchant_id, mchid, active, serial_no, public_key_id, public_key_pem,
             private_key_fingerprint, apiv3_key_fingerprint, version, updated_at)
           values ($1, $2, false, '', '', '', '', '', $3, $4)""",
        merchant_id,
        mchid,
        new_id(),
        tx.now,
    )
    await db.want_days(tx, [(merchant_id, mchid, "", DAY, tx.now)])
    name = f"{merchant_id}/{mchid}-trade.csv"
    path = fetching.folder(rt) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"bill")
    await db.keep_bill(tx, Due(merchant_id, mchid, "", DAY, 1), "trade", name, "0" * 40, 4)
    found = Found(kind="fee", subject="payment", number=new_id().hex, out_number=new_id().hex, at=tx.now)
    await db_differences.insert(tx, merchant_id, mchid, DAY, [(found, "accept", "open")])
    (row,) = await db_differences.list_page(tx, merchant_id, state=None, kind=None, day=None, before=None, limit=2)
    return mchid, str(row.difference_id)
