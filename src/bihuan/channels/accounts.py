"""A merchant's official account and mini program: their settings, and their secrets in the vault."""

import hashlib
import hmac
import re

import msgspec

from bihuan.channels.db import accounts as rows
from bihuan.channels.db import labels
from bihuan.channels.db.accounts import Account, MemberTemplate
from bihuan.channels.errors import NoOfficialAccount, SettingsIncomplete
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.vault import Vault, find_secrets, put_secret
from bihuan.wechat.official_account import Mode

# Names in the vault.
SECRET = "official_account.secret"  # noqa: S105
TOKEN = "official_account.token"  # noqa: S105
AES_KEY = "official_account.encoding_aes_key"
MINI_SECRET = "mini_program.secret"  # noqa: S105

ALL_SECRETS = [SECRET, TOKEN, AES_KEY, MINI_SECRET]

_APPID = re.compile(r"^wx[0-9A-Za-z]{4,30}$")
_AES_KEY = re.compile(r"^[0-9A-Za-z]{43}$")
_TOKEN = re.compile(r"^[0-9A-Za-z]{3,32}$")


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Settings to write. A secret left empty stays as it is."""

    appid: str
    name: str
    original_id: str = ""
    mode: Mode = "plain"
    secret: str = ""
    token: str = ""
    encoding_aes_key: str = ""
    mini_program_appid: str | None = None
    mini_program_secret: str = ""
    member_template: MemberTemplate | None = None

    def __repr__(self) -> str:
        return f"NewAccount(appid={self.appid!r})"


async def find_account(tx: Tx, merchant_id: MerchantId) -> Account | None:
    """The merchant's account; None when it has not connected one."""
    return await rows.find_account(tx, merchant_id)


async def get_account(tx: Tx, merchant_id: MerchantId) -> Account:
    """The merchant's account. Raises NoOfficialAccount."""
    account = await rows.find_account(tx, merchant_id)
    if account is None:
        raise NoOfficialAccount
    return account


async def connect_account(tx: Tx, vault: Vault, merchant_id: MerchantId, new: NewAccount) -> Account:
    """Writes a merchant's account and secrets, and returns the account.

    Raises SettingsIncomplete: a malformed value, or a secret that is neither given nor kept from before. The
    secrets of another appid are not kept, nor are the codes that it made.
    """
    before = await rows.find_account(tx, merchant_id)
    kept = set(await find_secrets(tx, vault, merchant_id, ALL_SECRETS))
    if before is not None and before.appid != new.appid:
        kept -= {SECRET}
    if before is not None and before.mini_program_appid != new.mini_program_appid:
        kept -= {MINI_SECRET}
    given = {
        SECRET: new.secret,
        TOKEN: new.token,
        AES_KEY: new.encoding_aes_key,
        MINI_SECRET: new.mini_program_secret,
    }
    _check(new, kept | {name for name, value in given.items() if value})
    for name, value in given.items():
        if value:
            await put_secret(tx, vault, merchant_id, name, value)
    account = Account(
        merchant_id=merchant_id,
        appid=new.appid,
        original_id=new.original_id,
        name=new.name,
        mode=new.mode,
        mini_program_appid=new.mini_program_appid or None,
        member_template=new.member_template,
        verified_at=before.verified_at if before and before.appid == new.appid else None,
    )
    await rows.upsert_account(tx, account)
    if before is not None and before.appid != new.appid:
        await labels.forget_codes(tx, merchant_id)
    return account


def _check(new: NewAccount, have: set[str]) -> None:
    missing: list[str] = []
    if not _APPID.match(new.appid):
        missing.append("app_id")
    if SECRET not in have:
        missing.append("secret")
    if TOKEN not in have or (new.token and not _TOKEN.match(new.token)):
        missing.append("token")
    if (new.mode != "plain" and AES_KEY not in have) or (
        new.encoding_aes_key and not _AES_KEY.match(new.encoding_aes_key)
    ):
        missing.append("encoding_aes_key")
    if new.mini_program_appid and not _APPID.match(new.mini_program_appid):
        missing.append("mini_program_app_id")
    if new.mini_program_appid and MINI_SECRET not in have:
        missing.append("mini_program_secret")
    if missing:
        raise SettingsIncomplete(missing=", ".join(missing), fields=missing)


def fingerprint(vault: Vault, secret: str | None) -> str | None:
    """What a person may see of a secret, to tell two apart: eight hex digits that nobody can invert."""
    if not secret:
        return None
    return hmac.new(vault.derive("fingerprints"), secret.encode(), hashlib.sha256).hexdigest()[:8]


async def read_secrets(tx: Tx, vault: Vault, merchant_id: MerchantId) -> dict[str, str]:
    """The merchant's secrets by name (SECRET, TOKEN, AES_KEY, MINI_SECRET)."""
    return await find_secrets(tx, vault, merchant_id, ALL_SECRETS)


async def mark_verified(tx: Tx, merchant_id: MerchantId) -> None:
    """WeChat's handshake with our address passed."""
    await rows.set_verified(tx, merchant_id)
