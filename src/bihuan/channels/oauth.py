"""Signing shoppers in: WeChat's OAuth for pages, `wx.login` for mini programs, and the JS-SDK's signature.

The `state` of OAuth is signed over the merchant, the page to return to, its end and a nonce that a cookie of
this browser holds: a link with somebody else's code signs nobody in. WeChat allows 128 letters and digits, so
the page itself travels in the redirect address.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec
from litestar.datastructures import Cookie

from bihuan import identity
from bihuan.channels import accounts, apps, links, pushes
from bihuan.channels.db.accounts import Account
from bihuan.identity import Shopper
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat import ApiError, OAuth, WeChatError
from bihuan.wechat.official_account import JsSdkConfig, OAuthGrant, OAuthUser

COOKIE = "bihuan_oauth"
STATE_LIFE = timedelta(minutes=10)
_STATE = re.compile(r"^[0-9a-f]{40}$")
_NONCE = re.compile(r"^[0-9a-f]{32}$")


class StateInvalid(Exception):
    """The state was not made for this merchant, page and browser, or its time is over."""


class SnapshotUser(Exception):
    """The shopper looks at a snapshot of the page and WeChat gave a virtual openid: she cannot sign in here."""


class SignedIn(msgspec.Struct, frozen=True):
    """A shopper with a fresh token."""

    shopper: Shopper
    token: str
    expires_at: datetime


def _state_of(rt: Runtime, merchant_id: MerchantId, nonce: str, next_path: str, expires: int) -> str:
    said = f"{merchant_id}\n{nonce}\n{expires}\n{next_path}".encode()
    return f"{expires:08x}" + hmac.new(rt.vault.derive("oauth state"), said, hashlib.sha256).hexdigest()[:32]


async def begin(rt: Runtime, merchant: Merchant, next_path: str, nonce: str | None) -> tuple[str, Cookie]:
    """Where to send the shopper, and the cookie that binds the sign-in to this browser.

    `nonce` is the cookie of before, so that two pages may sign in at once. Raises NoOfficialAccount.
    """
    async with rt.db.session() as tx:
        account = await accounts.get_account(tx, merchant.merchant_id)
        held = await accounts.read_secrets(tx, rt.vault, merchant.merchant_id)
    nonce = nonce if nonce and _NONCE.match(nonce) else secrets.token_hex(16)
    expires = int((rt.clock.now() + STATE_LIFE).timestamp())
    state = _state_of(rt, merchant.merchant_id, nonce, next_path, expires)
    back = f"{rt.settings.public_url}/api/shop/{merchant.code}/wechat/callback?next={quote(next_path, safe='')}"
    client = await apps.oauth(rt, account, held)
    url = client.authorize_url(back, state=state, scope="snsapi_userinfo")
    return url, identity.session_cookie(rt, COOKIE, nonce, int(STATE_LIFE.total_seconds()), "lax")


def check_state(rt: Runtime, merchant: Merchant, state: str, next_path: str, nonce: str | None) -> None:
    """Raises StateInvalid."""
    if not _STATE.match(state) or not nonce or not _NONCE.match(nonce):
        raise StateInvalid
    expires = int(state[:8], 16)
    expected = _state_of(rt, merchant.merchant_id, nonce, next_path, expires)
    if not hmac.compare_digest(state, expected) or expires <= rt.clock.now().timestamp():
        raise StateInvalid


async def finish(rt: Runtime, merchant: Merchant, code: str) -> SignedIn:
    """Signs in whoever brought `code`. Raises NoOfficialAccount, SnapshotUser, WeChatError."""
    async with rt.db.session() as tx:
        account = await accounts.get_account(tx, merchant.merchant_id)
        held = await accounts.read_secrets(tx, rt.vault, merchant.merchant_id)
    client = await apps.oauth(rt, account, held)
    grant = await client.exchange(code)
    if grant.is_snapshotuser:
        raise SnapshotUser
    user = await _profile(client, grant)
    async with rt.db.transaction() as tx:
        await pushes.lock_person(tx, merchant.merchant_id, grant.openid)
        shopper = await identity.shopper_of_wechat(
            tx,
            account.appid,
            grant.openid,
            unionid=user.unionid or grant.unionid or None,
            nickname=user.nickname or None,
            avatar_url=user.headimgurl or None,
            merchant_id=merchant.merchant_id,
        )
        await pushes.name_follower(tx, merchant.merchant_id, grant.openid, shopper.shopper_id)
    token, expires_at = identity.issue_shopper_token(rt, shopper.shopper_id)
    return SignedIn(shopper, token, expires_at)


async def _profile(client: OAuth, grant: OAuthGrant) -> OAuthUser:
    """Name and picture: welcome, but no sign-in fails for want of them."""
    if "snsapi_userinfo" not in grant.scope:
        return OAuthUser(grant.openid)
    try:
        async with asyncio.timeout(4):
            return await client.userinfo(grant)
    except (WeChatError, TimeoutError):
        return OAuthUser(grant.openid)


async def login_mini_program(rt: Runtime, merchant: Merchant, js_code: str) -> SignedIn:
    """Signs in whoever brought the code of `wx.login`.

    Raises NoMiniProgram, LoginCodeInvalid and what else apps.problem_of tells.
    """
    async with rt.db.session() as tx:
        account = await accounts.get_mini_program(tx, merchant.merchant_id)
        held = await accounts.read_secrets(tx, rt.vault, merchant.merchant_id)
    client = await apps.mini_program(rt, account, held)
    try:
        session = await client.login(js_code)
    except WeChatError as error:
        raise apps.problem_of(error) from error
    async with rt.db.transaction() as tx:
        shopper = await identity.shopper_of_wechat(
            tx, client.appid, session.openid, unionid=session.unionid or None, merchant_id=merchant.merchant_id
        )
    token, expires_at = identity.issue_shopper_token(rt, shopper.shopper_id)
    return SignedIn(shopper, token, expires_at)


async def jssdk(rt: Runtime, merchant: Merchant, url: str) -> JsSdkConfig:
    """What the page at `url` needs for `wx.config`.

    Raises WrongPage for a page that is not ours, NoOfficialAccount, and what apps.problem_of tells.
    """
    url = links.check_own(rt, url)
    account = await _account(rt, merchant.merchant_id)
    try:
        return await apps.official_account(rt, account).js_config(url)
    except WeChatError as error:
        raise apps.problem_of(error) from error


async def _account(rt: Runtime, merchant_id: MerchantId) -> Account:
    async with rt.db.session() as tx:
        return await accounts.get_account(tx, merchant_id)


def code_was_used(error: WeChatError) -> bool:
    """Whether the code is spent: the page was opened again, perhaps by the Back button."""
    return isinstance(error, ApiError) and error.errcode in (40029, 40163)
