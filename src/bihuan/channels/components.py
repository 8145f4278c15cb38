"""The Open Platform's component: the operator's settings, the tickets that WeChat pushes, the clients over it.

The component is the installation's; its secrets lie in the vault under the platform's merchant, the refresh token
of an authorized app under the merchant that authorized it.
"""

from collections.abc import Mapping

import msgspec
import structlog

from bihuan import merchants
from bihuan.channels import refusals, tokens
from bihuan.channels.db import accounts as account_rows
from bihuan.channels.db import components as rows
from bihuan.channels.errors import NoOpenPlatform, SettingsIncomplete
from bihuan.channels.tokens import StoredTokens
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.vault import Vault, find_secrets, put_secret
from bihuan.wechat import ApiConnection, ApiError, IssuedToken, Limits
from bihuan.wechat.open_platform import (
    Authorized,
    Component,
    NoticeReceiver,
    Ticket,
    Unauthorized,
    authorizer_fetch,
    fetch_component_token,
)
from bihuan.wechat.tokens import Fetch

log = structlog.get_logger(__name__)

SECRET = "open_platform.secret"  # noqa: S105
TOKEN = "open_platform.token"  # noqa: S105
AES_KEY = "open_platform.encoding_aes_key"
TICKET = "open_platform.ticket"

_NOT_AUTHORIZED = 61003


class NewComponent(msgspec.Struct, frozen=True, kw_only=True):
    """Settings to write. A secret left empty stays as it is."""

    appid: str
    secret: str = ""
    token: str = ""
    encoding_aes_key: str = ""

    def __repr__(self) -> str:
        return f"NewComponent(appid={self.appid!r})"


class Held(msgspec.Struct, frozen=True):
    """The component with its secrets by name."""

    component: rows.Component
    secrets: dict[str, str]

    def __repr__(self) -> str:
        return f"Held({self.component.appid!r})"


async def find(tx: Tx, vault: Vault) -> Held | None:
    """The component; None when the operator has none."""
    found = await rows.find_component(tx)
    if found is None:
        return None
    names = [SECRET, TOKEN, AES_KEY, TICKET]
    return Held(found, await find_secrets(tx, vault, found.merchant_id, names))


async def get(tx: Tx, vault: Vault) -> Held:
    """The component. Raises NoOpenPlatform."""
    held = await find(tx, vault)
    if held is None:
        raise NoOpenPlatform
    return held


async def save(tx: Tx, vault: Vault, new: NewComponent) -> Held:
    """Writes the component. Raises SettingsIncomplete."""
    platform = await merchants.ensure_platform(tx)
    before = await find(tx, vault)
    same = before is not None and before.component.appid == new.appid
    kept = before.secrets if before is not None and same else {}
    given = {SECRET: new.secret, TOKEN: new.token, AES_KEY: new.encoding_aes_key}
    fields = {SECRET: "secret", TOKEN: "token", AES_KEY: "encoding_aes_key"}
    missing = [fields[name] for name, value in given.items() if not value and name not in kept]
    if not (new.appid.startswith("wx") and new.appid.isalnum() and len(new.appid) <= 32):
        missing.insert(0, "app_id")
    if new.encoding_aes_key and not (len(new.encoding_aes_key) == 43 and new.encoding_aes_key.isalnum()):
        missing.append("encoding_aes_key")
    if missing:
        raise SettingsIncomplete(missing=", ".join(missing), fields=missing)
    for name, value in given.items():
        if value:
            await put_secret(tx, vault, platform.merchant_id, name, value)
    await rows.upsert_component(tx, platform.merchant_id, new.appid)
    await tokens.forget_tokens(tx, platform.merchant_id)
    return await get(tx, vault)


async def client(rt: Runtime, limits: Limits | None = None) -> Component:
    """The component's client. Raises NoOpenPlatform."""
    async with rt.db.session() as tx:
        held = await get(tx, rt.vault)
    api = ApiConnection(http=rt.http, base_url=rt.settings.wechat.api, limits=limits)

    async def fetch(appid: str, _force: bool) -> IssuedToken:
        async with rt.db.session() as tx:
            now = await get(tx, rt.vault)
        return await fetch_component_token(
            api, appid=appid, secret=now.secrets.get(SECRET, ""), ticket=now.secrets.get(TICKET, "")
        )

    return Component(
        appid=held.component.appid,
        tokens=StoredTokens(rt, held.component.merchant_id, "component", fetch),
        api=api,
        mp_url=rt.settings.wechat.mp,
    )


def refresh_secret(appid: str) -> str:
    """The vault's name of an authorized app's refresh token."""
    return f"authorizer.{appid}.refresh_token"


class _RefreshTokens:
    """A `wechat.open_platform.RefreshTokens` over a merchant's vault."""

    def __init__(self, rt: Runtime, merchant_id: MerchantId) -> None:
        self._rt = rt
        self._merchant_id = merchant_id

    async def load(self, appid: str) -> str:
        """Raises ApiError 61003, as WeChat would say it: the app is not authorized."""
        name = refresh_secret(appid)
        async with self._rt.db.session() as tx:
            found = await find_secrets(tx, self._rt.vault, self._merchant_id, [name])
        if not found.get(name):
            raise ApiError(_NOT_AUTHORIZED, "the app is not authorized to the component")
        return found[name]

    async def save(self, appid: str, refresh_token: str) -> None:
        """Keeps another one."""
        async with self._rt.db.transaction() as tx:
            await put_secret(tx, self._rt.vault, self._merchant_id, refresh_secret(appid), refresh_token)


def authorizer_tokens(rt: Runtime, merchant_id: MerchantId) -> Fetch:
    """How the tokens of a merchant's authorized apps are fetched."""

    async def component() -> Component:
        return await client(rt)

    return authorizer_fetch(component, _RefreshTokens(rt, merchant_id))


# -- what WeChat pushes to the component ---------------------------------------------------------------


async def take_notice(rt: Runtime, query: Mapping[str, str], body: bytes) -> Authorized | None:
    """Handles a push to the ticket's address; answers an authorization that is left to take over.

    Raises NoOpenPlatform, PushRefused, PushStale, PushMalformed: nothing was changed then.
    """
    async with rt.db.session() as tx:
        held = await get(tx, rt.vault)
    receiver = NoticeReceiver(
        appid=held.component.appid,
        token=held.secrets.get(TOKEN, ""),
        encoding_aes_key=held.secrets.get(AES_KEY, ""),
        now=rt.clock.wall,
    )
    async with refusals.recorded(rt, held.component.merchant_id, "open-platform/ticket", body):
        notice = receiver.parse(query, body)
    match notice:
        case Ticket():
            async with rt.db.transaction() as tx:
                if await rows.note_ticket(tx, held.component.merchant_id, notice.created_at):
                    await put_secret(tx, rt.vault, held.component.merchant_id, TICKET, notice.ticket)
        case Unauthorized():
            await withdraw(rt, notice)
        case Authorized():
            return notice
        case _:
            log.info("open platform notice left alone", kind=notice.kind)
    return None


async def withdraw(rt: Runtime, notice: Unauthorized) -> None:
    """The owner took an app back: its tokens are dead, and the console says so."""
    async with rt.db.transaction() as tx:
        owner = await rows.find_authorizer(tx, notice.appid, lock=True)
        # A notice that was late must not undo an authorization that came after it.
        if owner is None or owner.state != "connected" or notice.created_at < owner.connected_at.replace(microsecond=0):
            return
        await rows.set_withdrawn(tx, notice.appid)
        await account_rows.set_withdrawn(tx, owner.merchant_id, notice.appid)
        await put_secret(tx, rt.vault, owner.merchant_id, refresh_secret(notice.appid), "")
        await tokens.forget_tokens(tx, owner.merchant_id)
    log.warning("authorization withdrawn", appid=notice.appid, merchant_id=str(owner.merchant_id))
