"""Rows and SQL of merchants' accounts at Alipay."""

from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.alipay import Certificates
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id


class AlipayAccount(msgspec.Struct, frozen=True):
    """An account without its secret. `version` changes with every write. In certificate mode it has all three."""

    app_id: str
    seller_id: str
    active: bool
    alipay_public_key_pem: str
    private_key_fingerprint: str
    version: UUID
    updated_at: datetime
    app_cert_pem: str | None = None
    alipay_cert_pem: str | None = None
    alipay_root_cert_pem: str | None = None

    @property
    def certificates(self) -> Certificates | None:
        """Those of certificate mode."""
        if self.app_cert_pem and self.alipay_cert_pem and self.alipay_root_cert_pem:
            return Certificates(self.app_cert_pem, self.alipay_cert_pem, self.alipay_root_cert_pem)
        return None


_COLUMNS = """app_id, seller_id, active, alipay_public_key_pem, private_key_fingerprint, version, updated_at,
  app_cert_pem, alipay_cert_pem, alipay_root_cert_pem"""


async def list_accounts(tx: Tx, merchant_id: MerchantId) -> list[AlipayAccount]:
    """The active account first, then former ones, the latest first."""
    rows = await tx.fetch(
        f"""select {_COLUMNS} from alipay_accounts where merchant_id = $1
            order by active desc, updated_at desc limit 5""",  # noqa: S608 - names of columns
        merchant_id,
    )
    return db.many(AlipayAccount, rows)


async def write_active(tx: Tx, merchant_id: MerchantId, account: AlipayAccount) -> None:
    """Writes the account as the active one; the former stays, without new payments."""
    await tx.execute(
        "update alipay_accounts set active = false, version = $3 where merchant_id = $1 and active and app_id <> $2",
        merchant_id,
        account.app_id,
        new_id(),
    )
    await tx.execute(
        f"""insert into alipay_accounts (merchant_id, {_COLUMNS})
            values ($1, $2, $3, true, $4, $5, $6, $7, $8, $9, $10)
            on conflict (merchant_id, app_id) do update set seller_id = excluded.seller_id, active = true,
              alipay_public_key_pem = excluded.alipay_public_key_pem,
              private_key_fingerprint = excluded.private_key_fingerprint, version = excluded.version,
              updated_at = excluded.updated_at, app_cert_pem = excluded.app_cert_pem,
              alipay_cert_pem = excluded.alipay_cert_pem,
              alipay_root_cert_pem = excluded.alipay_root_cert_pem""",  # noqa: S608 - names of columns
        merchant_id,
        account.app_id,
        account.seller_id,
        account.alipay_public_key_pem,
        account.private_key_fingerprint,
        account.version,
        account.updated_at,
        account.app_cert_pem,
        account.alipay_cert_pem,
        account.alipay_root_cert_pem,
    )


async def retire(tx: Tx, merchant_id: MerchantId) -> bool:
    """No account is active any more; False when none was."""
    changed = await tx.execute(
        "update alipay_accounts set active = false, version = $2, updated_at = $3 where merchant_id = $1 and active",
        merchant_id,
        new_id(),
        tx.now,
    )
    return bool(changed)
