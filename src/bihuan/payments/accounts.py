"""A merchant's accounts at WeChat Pay: settings in a table, keys in the vault, and proof that the keys work.

A merchant pays in at an account of its own, or at one under the platform's service-provider account: that has a
number (`sub_mchid`) and no keys, since the provider's account signs for it.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bihuan import channels
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.vault import Vault, find_secrets, put_secret
from bihuan.payments import db_accounts
from bihuan.payments.db_accounts import PaymentAccount, list_accounts
from bihuan.payments.errors import KeyNotUsable, NoPaymentAccount, SubMerchantTaken
from bihuan.payments.schemas import PartnerAccountIn, PaymentAccountIn
from bihuan.wechat import crypto
from bihuan.wechat.pay import PayAccount


def _private_key_name(mchid: str) -> str:
    return f"wechat_pay.{mchid}.private_key"


def _apiv3_key_name(mchid: str) -> str:
    return f"wechat_pay.{mchid}.apiv3_key"


async def get_account(tx: Tx, merchant_id: MerchantId) -> PaymentAccount:
    """The account that new payments use. Raises NoPaymentAccount."""
    for account in await list_accounts(tx, merchant_id):
        if account.active:
            return account
    raise NoPaymentAccount


async def read_credentials(tx: Tx, vault: Vault, merchant_id: MerchantId, account: PaymentAccount) -> PayAccount:
    """What the client needs. Raises VaultError, KeyError when a secret is gone."""
    names = [_private_key_name(account.mchid), _apiv3_key_name(account.mchid)]
    secrets = await find_secrets(tx, vault, merchant_id, names)
    return PayAccount(
        mchid=account.mchid,
        serial_no=account.serial_no,
        private_key_pem=secrets[names[0]],
        apiv3_key=secrets[names[1]],
        public_key_id=account.public_key_id,
        public_key_pem=account.public_key_pem,
    )


async def connect_account(tx: Tx, vault: Vault, merchant_id: MerchantId, new: PaymentAccountIn) -> PaymentAccount:
    """Makes `new` the account of the merchant's payments; secrets left empty are kept from the same mchid.

    Raises KeyNotUsable for a key that is missing or does not work. A former account stays known, since what
    was paid there is asked for and refunded there.
    """
    known = {row.mchid: row for row in await list_accounts(tx, merchant_id)}.get(new.mchid)
    names = [_private_key_name(new.mchid), _apiv3_key_name(new.mchid)]
    kept = await find_secrets(tx, vault, merchant_id, names)
    private_key_pem = new.private_key_pem or kept.get(names[0], "")
    apiv3_key = new.apiv3_key or kept.get(names[1], "")
    public_key_id = new.public_key_id or ""
    public_key_pem = new.public_key_pem or (known.public_key_pem if known and public_key_id else "")
    fingerprint = _check_keys(private_key_pem, apiv3_key, public_key_id, public_key_pem)
    official = await channels.find_account(tx, merchant_id)
    if new.private_key_pem:
        await put_secret(tx, vault, merchant_id, names[0], new.private_key_pem)
    if new.apiv3_key:
        await put_secret(tx, vault, merchant_id, names[1], new.apiv3_key)
    return await db_accounts.write(
        tx,
        merchant_id,
        PaymentAccount(
            mchid=new.mchid,
            sp_mchid="",
            active=True,
            profit_sharing=new.profit_sharing,
            serial_no=new.serial_no.upper(),
            # the official account's own appid follows the official account
            app_id=None if official is not None and new.app_id == official.appid else new.app_id or None,
            public_key_id=public_key_id,
            public_key_pem=public_key_pem if public_key_id else "",
            private_key_fingerprint=fingerprint,
            apiv3_key_fingerprint=hmac.new(
                vault.derive("fingerprints"), apiv3_key.encode(), hashlib.sha256
            ).hexdigest()[:8],
            version=new_id(),
            updated_at=tx.now,
        ),
    )


async def join_provider(
    tx: Tx, merchant_id: MerchantId, new: PartnerAccountIn, provider: PaymentAccount
) -> PaymentAccount:
    """Makes a sub-merchant of the provider's the account of the merchant's payments.

    Raises SubMerchantTaken when another merchant is paid at it.
    """
    if await db_accounts.taken_elsewhere(tx, merchant_id, provider.mchid, new.sub_mchid):
        raise SubMerchantTaken
    official = await channels.find_account(tx, merchant_id)
    return await db_accounts.write(
        tx,
        merchant_id,
        PaymentAccount(
            mchid=new.sub_mchid,
            sp_mchid=provider.mchid,
            active=True,
            profit_sharing=new.profit_sharing,
            serial_no="",
            app_id=None if official is not None and new.app_id == official.appid else new.app_id or None,
            public_key_id="",
            public_key_pem="",
            private_key_fingerprint="",
            apiv3_key_fingerprint="",
            version=new_id(),
            updated_at=tx.now,
        ),
    )


def _check_keys(private_key_pem: str, apiv3_key: str, public_key_id: str, public_key_pem: str) -> str:
    """Uses each key once; returns the private key's fingerprint. Raises KeyNotUsable."""
    try:
        key = crypto.load_private_key(private_key_pem)
        message = b"bihuan"
        if key.key_size < 2048 or not crypto.rsa_verify(key.public_key(), message, crypto.rsa_sign(key, message)):
            raise KeyNotUsable(field="private_key_pem")
    except (ValueError, TypeError) as error:
        raise KeyNotUsable(field="private_key_pem") from error
    try:
        sealed = crypto.ApiV3Key(apiv3_key).seal(b"bihuan", nonce="123456789012", associated_data="")
        crypto.ApiV3Key(apiv3_key).open(sealed, nonce="123456789012", associated_data="")
    except ValueError as error:
        raise KeyNotUsable(field="apiv3_key") from error
    if public_key_id:
        public_fingerprint(public_key_pem)
    return _fingerprint(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def public_fingerprint(pem: str) -> str:
    """The fingerprint of WeChat Pay's public key. Raises KeyNotUsable."""
    try:
        key = crypto.load_public_key(pem)
    except (ValueError, TypeError) as error:
        raise KeyNotUsable(field="public_key_pem") from error
    return _fingerprint(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _fingerprint(der: bytes) -> str:
    """Of the public half, so that `openssl rsa -pubout -outform der | sha256sum` shows the same."""
    return hashlib.sha256(der).hexdigest()[:16]
