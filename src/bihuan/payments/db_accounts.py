"""Rows and SQL of merchants' accounts at WeChat Pay."""

from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id


class PaymentAccount(msgspec.Struct, frozen=True):
    """An account without its secrets. `version` changes with every write.

    With `sp_mchid` it is a sub-merchant of that service provider: `mchid` is its sub_mchid, keys are empty.
    """

    mchid: str
    sp_mchid: str
    active: bool
    profit_sharing: bool  # payments are frozen for profit sharing
    serial_no: str
    app_id: str | None
    public_key_id: str
    public_key_pem: str
    private_key_fingerprint: str
    apiv3_key_fingerprint: str
    version: UUID
    updated_at: datetime


_COLUMNS = """mchid, sp_mchid, active, profit_sharing, serial_no, app_id, public_key_id, public_key_pem,
              private_key_fingerprint, apiv3_key_fingerprint, version, updated_at"""


async def list_accounts(tx: Tx, merchant_id: MerchantId) -> list[PaymentAccount]:
    """The active account first, then former ones, the latest first."""
    rows = await tx.fetch(
        f"""select {_COLUMNS} from payment_accounts where merchant_id = $1
            order by active desc, updated_at desc limit 5""",  # noqa: S608 - names of columns
        merchant_id,
    )
    return db.many(PaymentAccount, rows)


async def taken_elsewhere(tx: Tx, merchant_id: MerchantId, sp_mchid: str, sub_mchid: str) -> bool:
    """Whether another merchant is paid at a provider's sub-merchant."""
    return await tx.fetchval(
        """select exists (select from payment_accounts
                          where sp_mchid = $2 and mchid = $3 and merchant_id <> $1 and active)""",
        merchant_id,
        sp_mchid,
        sub_mchid,
    )


async def write(tx: Tx, merchant_id: MerchantId, account: PaymentAccount) -> PaymentAccount:
    """Keeps an account as the one for new payments; the former stays, inactive."""
    await tx.execute(
        "update payment_accounts set active = false, version = $3 where merchant_id = $1 and active and mchid <> $2",
        merchant_id,
        account.mchid,
        new_id(),
    )
    row = await tx.fetchrow(
        f"""insert into payment_accounts (merchant_id, mchid, active, serial_no, app_id, public_key_id, public_key_pem,
              private_key_fingerprint, apiv3_key_fingerprint, version, updated_at, sp_mchid, profit_sharing)
            values ($1, $2, true, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            on conflict (merchant_id, mchid) do update set active = true, serial_no = excluded.serial_no,
              app_id = excluded.app_id, public_key_id = excluded.public_key_id,
              public_key_pem = excluded.public_key_pem,
              private_key_fingerprint = excluded.private_key_fingerprint,
              apiv3_key_fingerprint = excluded.apiv3_key_fingerprint,
              version = excluded.version, updated_at = excluded.updated_at, sp_mchid = excluded.sp_mchid,
              profit_sharing = excluded.profit_sharing
            returning {_COLUMNS}""",  # noqa: S608 - names of columns
        merchant_id,
        account.mchid,
        account.serial_no,
        account.app_id,
        account.public_key_id,
        account.public_key_pem,
        account.private_key_fingerprint,
        account.apiv3_key_fingerprint,
        account.version,
        account.updated_at,
        account.sp_mchid,
        account.profit_sharing,
    )
    if row is None:
        raise RuntimeError("the account was not written")
    return db.one(PaymentAccount, row)
