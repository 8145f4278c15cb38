"""A merchant's accounts at Alipay: settings in a table, the private key in the vault, and proof that keys work."""

from typing import Annotated

import msgspec
from msgspec import Meta

from bihuan import alipay
from bihuan.alipay import AlipayKeys, Certificates
from bihuan.alipay.keys import check_public_key
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.vault import Vault, find_secrets, put_secret
from bihuan.payments.alipay import db_accounts
from bihuan.payments.alipay.db_accounts import AlipayAccount
from bihuan.payments.alipay.errors import AlipayMissing, NoAlipayAccount, OwnPublicKey
from bihuan.payments.errors import KeyNotUsable

_Key = Annotated[str, Meta(max_length=8192, pattern=r"^[^\x00]*$")]
_Certificate = Annotated[str, Meta(max_length=32768, pattern=r"^[^\x00]*$")]


class AlipayAccountIn(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the account. A key left empty stays as it is for the same app. Keys: PEM, or its base64 alone.

    With a certificate it is in certificate mode (the files as Alipay gives them), with Alipay's public key alone in
    public-key mode.
    """

    app_id: Annotated[str, Meta(pattern=r"^[0-9]{16,32}$(?!\n)")]
    seller_id: Annotated[str, Meta(pattern=r"^2088[0-9]{12}$(?!\n)")]
    private_key_pem: _Key | None = None
    alipay_public_key_pem: _Key | None = None
    app_cert_pem: _Certificate | None = None
    alipay_cert_pem: _Certificate | None = None
    alipay_root_cert_pem: _Certificate | None = None

    def __repr__(self) -> str:
        return f"AlipayAccountIn(app_id={self.app_id!r}, seller_id={self.seller_id!r})"


def _secret_name(app_id: str) -> str:
    return f"alipay.{app_id}.private_key"


async def get_account(tx: Tx, merchant_id: MerchantId) -> AlipayAccount:
    """The account that new payments use. Raises NoAlipayAccount."""
    for account in await db_accounts.list_accounts(tx, merchant_id):
        if account.active:
            return account
    raise NoAlipayAccount


async def read_keys(tx: Tx, vault: Vault, merchant_id: MerchantId, account: AlipayAccount) -> AlipayKeys:
    """What the client needs. Raises VaultError, KeyError when the secret is gone."""
    name = _secret_name(account.app_id)
    secrets = await find_secrets(tx, vault, merchant_id, [name])
    public_key = account.alipay_public_key_pem
    return AlipayKeys(account.app_id, account.seller_id, secrets[name], public_key, account.certificates)


async def connect_account(tx: Tx, vault: Vault, merchant_id: MerchantId, new: AlipayAccountIn) -> AlipayAccount:
    """Makes `new` the account of the merchant's payments at Alipay; the former stays known for its refunds.

    Raises KeyNotUsable for a key that is missing or none, OwnPublicKey, AlipayMissing without the extra.
    """
    if not alipay.installed():
        raise AlipayMissing
    known = {row.app_id: row for row in await db_accounts.list_accounts(tx, merchant_id)}.get(new.app_id)
    name = _secret_name(new.app_id)
    kept = await find_secrets(tx, vault, merchant_id, [name])
    private_key = (new.private_key_pem or "").strip() or kept.get(name, "")
    public_key = (new.alipay_public_key_pem or "").strip() or (known.alipay_public_key_pem if known else "")
    certs = _certificates(new, known)
    try:
        fingerprint = alipay.private_fingerprint(private_key)
        if certs is not None:
            certs = alipay.check_certificates(certs, private_key, tx.now)
            public_key = alipay.public_key_of(certs.alipay_cert_pem)
        public_key = check_public_key(public_key)
    except alipay.KeyNotUsable as error:
        raise KeyNotUsable(field=error.field) from error
    if alipay.public_fingerprint(public_key) == fingerprint:
        raise OwnPublicKey
    if private_key != kept.get(name):
        await put_secret(tx, vault, merchant_id, name, private_key)
    account = AlipayAccount(
        app_id=new.app_id,
        seller_id=new.seller_id,
        active=True,
        alipay_public_key_pem=public_key,
        private_key_fingerprint=fingerprint,
        version=new_id(),
        updated_at=tx.now,
        app_cert_pem=certs.app_cert_pem if certs else None,
        alipay_cert_pem=certs.alipay_cert_pem if certs else None,
        alipay_root_cert_pem=certs.alipay_root_cert_pem if certs else None,
    )
    await db_accounts.write_active(tx, merchant_id, account)
    return account


def _certificates(new: AlipayAccountIn, known: AlipayAccount | None) -> Certificates | None:
    """Those given, with those kept for what is left out; None in public-key mode."""
    kept = known.certificates if known else None
    names = ("app_cert_pem", "alipay_cert_pem", "alipay_root_cert_pem")
    given: list[str] = [(getattr(new, name) or "").strip() for name in names]
    if not any(given):
        return None if (new.alipay_public_key_pem or "").strip() else kept
    whole = [text or (getattr(kept, name) if kept else "") for text, name in zip(given, names, strict=True)]
    return Certificates(*whole)


async def disconnect(tx: Tx, merchant_id: MerchantId) -> None:
    """No new payments by Alipay; what was paid is still asked for and refunded. Raises NoAlipayAccount."""
    if not await db_accounts.retire(tx, merchant_id):
        raise NoAlipayAccount
