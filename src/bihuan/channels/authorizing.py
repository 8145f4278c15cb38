"""A merchant authorizes its official account or mini program to the component, in the browser.

The way back is signed over the merchant and a nonce that a cookie of this browser holds: nobody can make another's
browser bring an account to a merchant.
"""

import hashlib
import hmac
import re
import secrets
from datetime import timedelta

import msgspec
import structlog
from litestar.datastructures import Cookie

from bihuan import identity, merchants
from bihuan.channels import components, tokens
from bihuan.channels.db import accounts as account_rows
from bihuan.channels.db import components as rows
from bihuan.channels.db import labels
from bihuan.channels.db.accounts import Account
from bihuan.channels.db.components import AppKind, Authorizer
from bihuan.channels.errors import AppTaken, AuthorizationExpired, WrongAppKind
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.vault import put_secret
from bihuan.merchants import Merchant
from bihuan.wechat import WeChatError
from bihuan.wechat.open_platform import Authorized, AuthType

log = structlog.get_logger(__name__)

COOKIE = "bihuan_authorization"
LIFE = timedelta(minutes=30)
RETURN_PATH = "/api/merchant/wechat/authorization-return"
_STATE = re.compile(r"^[0-9a-f]{8}[om][0-9a-f]{32}$")
_NONCE = re.compile(r"^[0-9a-f]{32}$")
_TYPES: dict[AppKind, AuthType] = {"official_account": 1, "mini_program": 2}


def _state_of(rt: Runtime, merchant_id: MerchantId, nonce: str, kind: AppKind, expires: int) -> str:
    said = f"{merchant_id}\n{nonce}\n{kind}\n{expires}".encode()
    mac = hmac.new(rt.vault.derive("open platform authorization"), said, hashlib.sha256).hexdigest()[:32]
    return f"{expires:08x}{kind[0]}{mac}"


async def begin(rt: Runtime, merchant_id: MerchantId, kind: AppKind) -> tuple[str, Cookie]:
    """WeChat's page, and the cookie of this browser. Raises NoOpenPlatform, WeChatError."""
    merchant = await merchants.merchant_of_id(rt, merchant_id)
    nonce, expires = secrets.token_hex(16), int((rt.clock.now() + LIFE).timestamp())
    state = _state_of(rt, merchant_id, nonce, kind, expires)
    back = f"{rt.settings.public_url}{RETURN_PATH}?m={merchant.code}&s={state}"
    url = await (await components.client(rt)).authorize_url(back, auth_type=_TYPES[kind])
    return url, identity.session_cookie(rt, COOKIE, nonce, int(LIFE.total_seconds()), "lax")


def check_state(rt: Runtime, merchant_id: MerchantId, state: str, nonce: str | None) -> AppKind:
    """What was to be authorized. Raises AuthorizationExpired."""
    if not _STATE.match(state) or not nonce or not _NONCE.match(nonce):
        raise AuthorizationExpired
    kind: AppKind = "official_account" if state[8] == "o" else "mini_program"
    expires = int(state[:8], 16)
    expected = _state_of(rt, merchant_id, nonce, kind, expires)
    if not hmac.compare_digest(state, expected) or expires <= rt.clock.now().timestamp():
        raise AuthorizationExpired
    return kind


async def finish(rt: Runtime, merchant: Merchant, auth_code: str, kind: AppKind | None = None) -> Authorizer:
    """Takes over what a code stands for: from now on the app works, with no secret typed in.

    `kind`: what is expected. Raises NoOpenPlatform, AppTaken, WrongAppKind, WeChatError.
    """
    client = await components.client(rt)
    given = await client.query_auth(auth_code)
    info = (await client.authorizer(given.authorizer_appid)).authorizer_info
    found: AppKind = "mini_program" if info.is_mini_program else "official_account"
    if kind is not None and kind != found:
        raise WrongAppKind
    async with rt.db.transaction() as tx:
        authorizer = Authorizer(
            appid=given.authorizer_appid,
            merchant_id=merchant.merchant_id,
            kind=found,
            name=info.nick_name,
            original_id=info.original_id,
            granted=list(given.granted),
            state="connected",
            connected_at=tx.now,
            changed_at=tx.now,
        )
        if not await rows.upsert_authorizer(tx, authorizer):
            raise AppTaken
        name = components.refresh_secret(authorizer.appid)
        await put_secret(tx, rt.vault, merchant.merchant_id, name, given.authorizer_refresh_token)
        await _connect(tx, authorizer)
        await tokens.forget_tokens(tx, merchant.merchant_id)
    log.info("app authorized", appid=authorizer.appid, kind=found, merchant_id=str(merchant.merchant_id))
    return authorizer


async def _connect(tx: Tx, authorizer: Authorizer) -> None:
    """Puts the app in the merchant's account, in the place of the one of before."""
    before = await account_rows.find_account(tx, authorizer.merchant_id)
    account = before or Account(
        merchant_id=authorizer.merchant_id,
        appid="",
        original_id="",
        name="",
        mode="safe",
        mini_program_appid=None,
        member_template=None,
        verified_at=None,
    )
    if authorizer.kind == "mini_program":
        changed = msgspec.structs.replace(
            account, mini_program_appid=authorizer.appid, mini_program_connection="component"
        )
    else:
        changed = msgspec.structs.replace(
            account,
            appid=authorizer.appid,
            original_id=authorizer.original_id,
            name=authorizer.name,
            mode="safe",
            connection="component",
        )
    await account_rows.upsert_account(tx, changed)
    if authorizer.kind == "mini_program":
        await account_rows.set_mini_program_verified(tx, authorizer.merchant_id)
        return
    await account_rows.set_verified(tx, authorizer.merchant_id)
    if before is not None and before.appid != authorizer.appid:
        await labels.forget_codes(tx, authorizer.merchant_id)


async def take_over(rt: Runtime, notice: Authorized) -> None:
    """A notice of an authorization whose owner we know: what was granted has changed.

    Of an app that nobody here asked for nothing is taken: the browser's way back brings it.
    """
    async with rt.db.session() as tx:
        owner = await rows.find_authorizer(tx, notice.appid)
    if owner is None or owner.state != "connected" or not notice.updated:
        return
    merchant = await merchants.merchant_of_id(rt, owner.merchant_id)
    try:
        await finish(rt, merchant, notice.auth_code)
    except WeChatError as error:  # the code may be used: then the grant of before stands
        log.warning("changed authorization not read", appid=notice.appid, error=str(error))
