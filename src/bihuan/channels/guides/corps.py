"""A merchant's corp on WeCom: its settings, its secrets in the vault, and the clients made of them."""

import re

import msgspec

from bihuan.channels import accounts, tokens
from bihuan.channels.errors import CorpIncomplete, NoCorp
from bihuan.channels.guides import db as rows
from bihuan.channels.guides.db import Corp
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.vault import Vault, find_secrets, put_secret
from bihuan.wechat import ApiConnection, IssuedToken, Limits
from bihuan.wechat.wecom import EventReceiver, WeCom, fetch_wecom_token

# Names in the vault.
SECRET = "wecom.secret"  # noqa: S105
TOKEN = "wecom.token"  # noqa: S105
AES_KEY = "wecom.encoding_aes_key"
_ALL = [SECRET, TOKEN, AES_KEY]

WELCOME = "您好，我是{merchant}的{guide}，有什么想看的随时告诉我。\n新品和会员优惠都在商城：{mall}"
"""What a new customer is told until the merchant writes something else."""

_CORPID = re.compile(r"^ww[0-9A-Za-z]{4,30}$|^wx[0-9A-Za-z]{4,30}$")
_AES_KEY = re.compile(r"^[0-9A-Za-z]{43}$")
_TOKEN = re.compile(r"^[0-9A-Za-z]{3,32}$")


class NewCorp(msgspec.Struct, frozen=True, kw_only=True):
    """Settings to write. A secret left empty stays as it is."""

    corpid: str
    agent_id: int
    secret: str = ""
    token: str = ""
    encoding_aes_key: str = ""
    welcome: str | None = None

    def __repr__(self) -> str:
        return f"NewCorp(corpid={self.corpid!r})"


async def get(tx: Tx, merchant_id: MerchantId) -> Corp:
    """The merchant's corp. Raises NoCorp."""
    corp = await rows.find_corp(tx, merchant_id)
    if corp is None:
        raise NoCorp
    return corp


async def connect(tx: Tx, vault: Vault, merchant_id: MerchantId, new: NewCorp) -> Corp:
    """Writes a merchant's corp and its secrets. The secrets and members of another corp are not kept.

    Raises CorpIncomplete: a malformed value, or a secret that is neither given nor kept from before.
    """
    before = await rows.find_corp(tx, merchant_id)
    same = before is not None and before.corpid == new.corpid
    kept = set(await find_secrets(tx, vault, merchant_id, _ALL)) if same else set[str]()
    given = {SECRET: new.secret, TOKEN: new.token, AES_KEY: new.encoding_aes_key}
    _check(new, kept | {name for name, value in given.items() if value})
    for name, value in given.items():
        if value:
            await put_secret(tx, vault, merchant_id, name, value)
    if not same:
        await rows.forget_members(tx, merchant_id)
    welcome = new.welcome if new.welcome is not None else before.welcome if before else WELCOME
    corp = Corp(
        merchant_id=merchant_id,
        corpid=new.corpid,
        agent_id=new.agent_id,
        welcome=welcome,
        verified_at=before.verified_at if same and before and not (new.token or new.encoding_aes_key) else None,
        synced_at=before.synced_at if same and before else None,
    )
    await rows.upsert_corp(tx, corp)
    if new.secret:
        await tokens.forget_tokens(tx, merchant_id)
    return corp


def _check(new: NewCorp, have: set[str]) -> None:
    missing = [] if _CORPID.match(new.corpid) else ["corp_id"]
    for name, field, value, form in (
        (SECRET, "secret", new.secret, None),
        (TOKEN, "token", new.token, _TOKEN),
        (AES_KEY, "encoding_aes_key", new.encoding_aes_key, _AES_KEY),
    ):
        if name not in have or (value and form is not None and not form.match(value)):
            missing.append(field)
    if missing:
        raise CorpIncomplete(missing=", ".join(missing), fields=missing)


async def read_secrets(tx: Tx, vault: Vault, merchant_id: MerchantId) -> dict[str, str]:
    """The corp's secrets by name."""
    return await find_secrets(tx, vault, merchant_id, _ALL)


fingerprint = accounts.fingerprint


def client(rt: Runtime, corp: Corp, limits: Limits | None = None) -> WeCom:
    """The client of a merchant's corp, as its app; the token is one for all processes."""
    api = ApiConnection(http=rt.http, base_url=rt.settings.wechat.wecom, limits=limits)

    async def fetch(corpid: str, _force: bool) -> IssuedToken:
        async with rt.db.session() as tx:
            secrets = await read_secrets(tx, rt.vault, corp.merchant_id)
        return await fetch_wecom_token(api, corpid=corpid, secret=secrets.get(SECRET, ""))

    return WeCom(corpid=corp.corpid, tokens=tokens.StoredTokens(rt, corp.merchant_id, "access", fetch), api=api)


def receiver(rt: Runtime, corp: Corp, secrets: dict[str, str]) -> EventReceiver:
    """What reads the corp's events."""
    return EventReceiver(
        corpid=corp.corpid,
        token=secrets.get(TOKEN, ""),
        encoding_aes_key=secrets.get(AES_KEY, ""),
        now=rt.clock.wall,
    )
