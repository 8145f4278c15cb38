"""WeChat's clients for a merchant's apps, with its secrets and the tokens that all processes share."""

from bihuan.channels import accounts
from bihuan.channels.db.accounts import Account
from bihuan.channels.errors import LoginCodeInvalid, NoMiniProgram, WeChatRefused, WeChatUnavailable
from bihuan.channels.tokens import StoredTokens
from bihuan.kernel.errors import Problem, TooManyRequests
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import (
    ApiConnection,
    ApiError,
    IssuedToken,
    Limits,
    MiniProgram,
    OAuth,
    OfficialAccount,
    PushReceiver,
    WeChatError,
    fetch_stable_token,
)

_BAD_CODE = frozenset({40029, 40163, 41008})
_TOO_OFTEN = frozenset({45009, 45011})


def _api(rt: Runtime, limits: Limits | None = None) -> ApiConnection:
    return ApiConnection(http=rt.http, base_url=rt.settings.wechat.api, limits=limits)


def _access_tokens(rt: Runtime, account: Account, api: ApiConnection, secret_name: str) -> StoredTokens:
    async def fetch(appid: str, force: bool) -> IssuedToken:
        async with rt.db.session() as tx:
            secrets = await accounts.read_secrets(tx, rt.vault, account.merchant_id)
        return await fetch_stable_token(api, appid=appid, secret=secrets.get(secret_name, ""), force_refresh=force)

    return StoredTokens(rt, account.merchant_id, "access", fetch)


def official_account(rt: Runtime, account: Account, limits: Limits | None = None) -> OfficialAccount:
    """The client of a merchant's official account."""
    api = _api(rt, limits)
    tokens = _access_tokens(rt, account, api, accounts.SECRET)
    bare = OfficialAccount(appid=account.appid, tokens=tokens, api=api, now=rt.clock.now)

    async def fetch_ticket(_appid: str, _force: bool) -> IssuedToken:
        return await bare.fetch_js_ticket()

    return OfficialAccount(
        appid=account.appid,
        tokens=tokens,
        api=api,
        mp_url=rt.settings.wechat.mp,
        tickets=StoredTokens(rt, account.merchant_id, "jsapi", fetch_ticket),
        now=rt.clock.now,
    )


def oauth(rt: Runtime, account: Account, secrets: dict[str, str]) -> OAuth:
    """The OAuth of a merchant's official account."""
    secret = secrets.get(accounts.SECRET, "")
    return OAuth(appid=account.appid, secret=secret, api=_api(rt), open_url=rt.settings.wechat.open)


def mini_program(rt: Runtime, account: Account, secrets: dict[str, str]) -> MiniProgram:
    """The client of a merchant's mini program. Raises NoMiniProgram."""
    if account.mini_program_appid is None:
        raise NoMiniProgram
    api = _api(rt)
    return MiniProgram(
        appid=account.mini_program_appid,
        secret=secrets.get(accounts.MINI_SECRET, ""),
        tokens=_access_tokens(rt, account, api, accounts.MINI_SECRET),
        api=api,
    )


def push_receiver(rt: Runtime, account: Account, secrets: dict[str, str]) -> PushReceiver:
    """What reads the pushes of a merchant's official account."""
    return PushReceiver(
        appid=account.appid,
        token=secrets.get(accounts.TOKEN, ""),
        mode=account.mode,
        encoding_aes_key=secrets.get(accounts.AES_KEY, ""),
        now=rt.clock.now,
    )


def problem_of(error: WeChatError) -> Problem:
    """What a reader is told of a call that WeChat refused or did not answer."""
    if not isinstance(error, ApiError):
        return WeChatUnavailable()
    if error.errcode in _BAD_CODE:
        return LoginCodeInvalid(errcode=error.errcode)
    if error.errcode in _TOO_OFTEN:
        return TooManyRequests(errcode=error.errcode)
    return WeChatRefused(errcode=error.errcode, errmsg=error.errmsg)
