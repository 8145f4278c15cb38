"""A merchant's official account and mini program: their settings, and their secrets in the vault."""

import hashlib
import hmac
import re

import msgspec

from bihuan.channels.db import accounts as rows
from bihuan.channels.db import labels
from bihuan.channels.db.accounts import Account, Connection, MemberTemplate
from bihuan.channels.errors import NoMiniProgram, NoOfficialAccount, SettingsIncomplete
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.vault import Vault, find_secrets, put_secret
from bihuan.wechat.official_account import Mode

# Names in the vault.
SECRET = "official_account.secret"  # noqa: S105
TOKEN = "official_account.token"  # noqa: S105
AES_KEY = "official_account.encoding_aes_key"
MINI_SECRET = "mini_program.secret"  # noqa: S105
MINI_TOKEN = "mini_program.token"  # noqa: S105
MINI_AES_KEY = "mini_program.encoding_aes_key"

ALL_SECRETS = [SECRET, TOKEN, AES_KEY, MINI_SECRET, MINI_TOKEN, MINI_AES_KEY]

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
    mini_program_token: str = ""
    mini_program_encoding_aes_key: str = ""
    shipping_upload: bool = False
    member_template: MemberTemplate | None = None

    def __repr__(self) -> str:
        return f"NewAccount(appid={self.appid!r})"


async def find_account(tx: Tx, merchant_id: MerchantId) -> Account | None:
    """The merchant's account; None when it has not connected one. `appid` is empty with a mini program alone."""
    return await rows.find_account(tx, merchant_id)


async def get_account(tx: Tx, merchant_id: MerchantId) -> Account:
    """The merchant's account, with an official account. Raises NoOfficialAccount."""
    account = await rows.find_account(tx, merchant_id)
    if account is None or not account.appid:
        raise NoOfficialAccount
    return account


async def get_mini_program(tx: Tx, merchant_id: MerchantId) -> Account:
    """The merchant's account, with a mini program. Raises NoMiniProgram."""
    account = await rows.find_account(tx, merchant_id)
    if account is None or account.mini_program_appid is None:
        raise NoMiniProgram
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
        MINI_TOKEN: new.mini_program_token,
        MINI_AES_KEY: new.mini_program_encoding_aes_key,
    }
    official, mini = _connections(before, new)
    have = kept | {name for name, value in given.items() if value}
    _check(new, have, official=official != "direct", mini=mini != "direct")
    for name, value in given.items():
        if value:
            await put_secret(tx, vault, merchant_id, name, value)
    account = Account(
        merchant_id=merchant_id,
        appid=new.appid,
        original_id=new.original_id,
        name=new.name,
        mode="safe" if official != "direct" else new.mode,
        mini_program_appid=new.mini_program_appid or None,
        member_template=new.member_template,
        verified_at=before.verified_at if before and before.appid == new.appid else None,
        connection=official,
        mini_program_connection=mini,
        shipping_upload=new.shipping_upload,
    )
    await rows.upsert_account(tx, account)
    if before is not None and before.appid != new.appid:
        await labels.forget_codes(tx, merchant_id)
    return account


def _connections(before: Account | None, new: NewAccount) -> tuple[Connection, Connection]:
    """An app that was authorized to the component stays so until another, or its own secret, is written."""
    if before is None:
        return "direct", "direct"
    official = before.connection if before.appid == new.appid and not new.secret else "direct"
    same_mini = before.mini_program_appid == (new.mini_program_appid or None) and not new.mini_program_secret
    return official, before.mini_program_connection if same_mini else "direct"


def _check(new: NewAccount, have: set[str], *, official: bool, mini: bool) -> None:
    """`official`, `mini`: this app needs no secret, since it was authorized to the component."""
    missing: list[str] = []
    alone = not new.appid and mini  # a mini program and no official account
    if not alone:
        if not _APPID.match(new.appid):
            missing.append("app_id")
        if not official:
            missing += _missing_of_official(new, have)
    if new.mini_program_appid and not _APPID.match(new.mini_program_appid):
        missing.append("mini_program_app_id")
    if new.mini_program_appid and MINI_SECRET not in have and not mini:
        missing.append("mini_program_secret")
    if new.mini_program_token and not _TOKEN.match(new.mini_program_token):
        missing.append("mini_program_token")
    if new.mini_program_encoding_aes_key and not _AES_KEY.match(new.mini_program_encoding_aes_key):
        missing.append("mini_program_encoding_aes_key")
    if missing:
        raise SettingsIncomplete(missing=", ".join(missing), fields=missing)


def _missing_of_official(new: NewAccount, have: set[str]) -> list[str]:
    missing: list[str] = []
    if SECRET not in have:
        missing.append("secret")
    if TOKEN not in have or (new.token and not _TOKEN.match(new.token)):
        missing.append("token")
    if (new.mode != "plain" and AES_KEY not in have) or (
        new.encoding_aes_key and not _AES_KEY.match(new.encoding_aes_key)
    ):
        missing.append("encoding_aes_key")
    return missing


def fingerprint(vault: Vault, secret: str | None) -> str | None:
    """What a person may see of a secret, to tell two apart: eight hex digits that nobody can invert."""
    if not secret:
        return None
    return hmac.new(vault.derive("fingerprints"), secret.encode(), hashlib.sha256).hexdigest()[:8]


async def read_secrets(tx: Tx, vault: Vault, merchant_id: MerchantId) -> dict[str, str]:
    """The merchant's secrets by name (SECRET, TOKEN, AES_KEY, MINI_SECRET)."""
    return await find_secrets(tx, vault, merchant_id, ALL_SECRETS)


async def mark_mini_program_verified(tx: Tx, merchant_id: MerchantId) -> None:
    """WeChat's handshake with the mini program's address passed."""
    await rows.set_mini_program_verified(tx, merchant_id)


async def mark_verified(tx: Tx, merchant_id: MerchantId) -> None:
    """WeChat's handshake with our address passed."""
    await rows.set_verified(tx, merchant_id)
