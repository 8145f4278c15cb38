"""A merchant's accounts at Alipay: settings in a table, the private key in the vault, and proof that keys work."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan import alipay
from bihuan.alipay import AlipayKeys
from bihuan.alipay.keys import check_public_key
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.vault import Vault, find_secrets, put_secret
from bihuan.payments.alipay.errors import AlipayMissing, NoAlipayAccount, OwnPublicKey
from bihuan.payments.errors import KeyNotUsable


class AlipayAccount(msgspec.Struct, frozen=True):
    """An account without its secret. `version` changes with every write."""

    app_id: str
    seller_id: str
    active: bool
    alipay_public_key_pem: str
    private_key_fingerprint: str
    version: UUID
    updated_at: datetime


_Key = Annotated[str, Meta(max_length=8192, pattern=r"^[^\x00]*$")]


class AlipayAccountIn(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the account. A key left empty stays as it is for the same app. Keys: PEM, or its base64 alone."""

    app_id: Annotated[str, Meta(pattern=r"^[0-9]{16,32}$(?!\n)")]
    seller_id: Annotated[str, Meta(pattern=r"^2088[0-9]{12}$(?!\n)")]
    private_key_pem: _Key | None = None
    alipay_public_key_pem: _Key | None = None

    def __repr__(self) -> str:
        return f"AlipayAccountIn(app_id={self.app_id!r}, seller_id={self.seller_id!r})"


_COLUMNS = "app_id, seller_id, active, alipay_public_key_pem, private_key_fingerprint, version, updated_at"


def _secret_name(app_id: str) -> str:
    return f"alipay.{app_id}.private_key"


async def list_accounts(tx: Tx, merchant_id: MerchantId) -> list[AlipayAccount]:
    """The active account first, then former ones, the latest first."""
    rows = await tx.fetch(
        f"""select {_COLUMNS} from alipay_accounts where merchant_id = $1
            order by active desc, updated_at desc limit 5""",  # noqa: S608 - names of columns
        merchant_id,
    )
    return db.many(AlipayAccount, rows)


async def get_account(tx: Tx, merchant_id: MerchantId) -> AlipayAccount:
    """The account that new payments use. Raises NoAlipayAccount."""
    for account in await list_accounts(tx, merchant_id):
        if account.active:
            return account
    raise NoAlipayAccount


async def read_keys(tx: Tx, vault: Vault, merchant_id: MerchantId, account: AlipayAccount) -> AlipayKeys:
    """What the client needs. Raises VaultError, KeyError when the secret is gone."""
    name = _secret_name(account.app_id)
    secrets = await find_secrets(tx, vault, merchant_id, [name])
    return AlipayKeys(account.app_id, account.seller_id, secrets[name], account.alipay_public_key_pem)


async def connect_account(tx: Tx, vault: Vault, merchant_id: MerchantId, new: AlipayAccountIn) -> AlipayAccount:
    """Makes `new` the account of the merchant's payments at Alipay; the former stays known for its refunds.

    Raises KeyNotUsable for a key that is missing or none, OwnPublicKey, AlipayMissing without the extra.
    """
    if not alipay.installed():
        raise AlipayMissing
    known = {row.app_id: row for row in await list_accounts(tx, merchant_id)}.get(new.app_id)
    name = _secret_name(new.app_id)
    kept = await find_secrets(tx, vault, merchant_id, [name])
    private_key = (new.private_key_pem or "").strip() or kept.get(name, "")
    public_key = (new.alipay_public_key_pem or "").strip() or (known.alipay_public_key_pem if known else "")
    try:
        fingerprint = alipay.private_fingerprint(private_key)
        public_key = check_public_key(public_key)
    except alipay.KeyNotUsable as error:
        raise KeyNotUsable(field=error.field) from error
    if alipay.public_fingerprint(public_key) == fingerprint:
        raise OwnPublicKey
    if private_key != kept.get(name):
        await put_secret(tx, vault, merchant_id, name, private_key)
    await tx.execute(
        "update alipay_accounts set active = false, version = $3 where merchant_id = $1 and active and app_id <> $2",
        merchant_id,
        new.app_id,
        new_id(),
    )
    row = await tx.fetchrow(
        f"""insert into alipay_accounts (merchant_id, app_id, seller_id, active, alipay_public_key_pem,
              private_key_fingerprint, version, updated_at)
            values ($1, $2, $3, true, $4, $5, $6, $7)
            on conflict (merchant_id, app_id) do update set seller_id = excluded.seller_id, active = true,
              alipay_public_key_pem = excluded.alipay_public_key_pem,
              private_key_fingerprint = excluded.private_key_fingerprint, version = excluded.version,
              updated_at = excluded.updated_at
            returning {_COLUMNS}""",  # noqa: S608 - names of columns
        merchant_id,
        new.app_id,
        new.seller_id,
        public_key,
        fingerprint,
        new_id(),
        tx.now,
    )
    return db.one(AlipayAccount, row) if row is not None else await get_account(tx, merchant_id)


async def disconnect(tx: Tx, merchant_id: MerchantId) -> None:
    """No new payments by Alipay; what was paid is still asked for and refunded. Raises NoAlipayAccount."""
    changed = await tx.execute(
        "update alipay_accounts set active = false, version = $2, updated_at = $3 where merchant_id = $1 and active",
        merchant_id,
        new_id(),
        tx.now,
    )
    if not changed:
        raise NoAlipayAccount
