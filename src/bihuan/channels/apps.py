"""WeChat's clients for a merchant's apps, with its secrets and the tokens that all processes share."""

from bihuan.channels import accounts, components
from bihuan.channels.db.accounts import Account, Connection
from bihuan.channels.errors import LoginCodeInvalid, NoMiniProgram, WeChatRefused, WeChatUnavailable
from bihuan.channels.tokens import StoredTokens
from bihuan.kernel.errors import Problem, TooManyRequests
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import (
    ApiConnection,
    ApiError,
    AppConnection,
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


def _access_tokens(
    rt: Runtime, account: Account, api: ApiConnection, secret_name: str, connection: Connection
) -> StoredTokens:
    async def fetch(appid: str, force: bool) -> IssuedToken:
        async with rt.db.session() as tx:
            secrets = await accounts.read_secrets(tx, rt.vault, account.merchant_id)
        return await fetch_stable_token(api, appid=appid, secret=secrets.get(secret_name, ""), force_refresh=force)

    authorized = connection != "direct"
    how = components.authorizer_tokens(rt, account.merchant_id) if authorized else fetch
    return StoredTokens(rt, account.merchant_id, "access", how)


async def _component_line(rt: Runtime, connection: Connection) -> AppConnection | None:
    """The component's line, for the sign-ins of an app that was authorized to it. Raises NoOpenPlatform."""
    return None if connection == "direct" else (await components.client(rt)).connection


def official_account(rt: Runtime, account: Account, limits: Limits | None = None) -> OfficialAccount:
    """The client of a merchant's official account."""
    api = _api(rt, limits)
    tokens = _access_tokens(rt, account, api, accounts.SECRET, account.connection)
    bare = OfficialAccount(appid=account.appid, tokens=tokens, api=api, now=rt.clock.wall)

    async def fetch_ticket(_appid: str, _force: bool) -> IssuedToken:
        return await bare.fetch_js_ticket()

    return OfficialAccount(
        appid=account.appid,
        tokens=tokens,
        api=api,
        mp_url=rt.settings.wechat.mp,
        tickets=StoredTokens(rt, account.merchant_id, "jsapi", fetch_ticket),
        now=rt.clock.wall,
    )


async def oauth(rt: Runtime, account: Account, secrets: dict[str, str]) -> OAuth:
    """The OAuth of a merchant's official account. Raises NoOpenPlatform."""
    return OAuth(
        appid=account.appid,
        secret=secrets.get(accounts.SECRET, ""),
        component=await _component_line(rt, account.connection),
        api=_api(rt),
        open_url=rt.settings.wechat.open,
    )


def mini_program_api(rt: Runtime, account: Account) -> MiniProgram:
    """The client of a merchant's mini program for everything but signing in. Raises NoMiniProgram."""
    if account.mini_program_appid is None:
        raise NoMiniProgram
    api = _api(rt)
    tokens = _access_tokens(rt, account, api, accounts.MINI_SECRET, account.mini_program_connection)
    return MiniProgram(appid=account.mini_program_appid, tokens=tokens, api=api)


async def mini_program(rt: Runtime, account: Account, secrets: dict[str, str]) -> MiniProgram:
    """The client of a merchant's mini program. Raises NoMiniProgram, NoOpenPlatform."""
    if account.mini_program_appid is None:
        raise NoMiniProgram
    api = _api(rt)
    return MiniProgram(
        appid=account.mini_program_appid,
        secret=secrets.get(accounts.MINI_SECRET, ""),
        component=await _component_line(rt, account.mini_program_connection),
        tokens=_access_tokens(rt, account, api, accounts.MINI_SECRET, account.mini_program_connection),
        api=api,
    )


def push_receiver(rt: Runtime, account: Account, secrets: dict[str, str]) -> PushReceiver:
    """What reads the pushes to a merchant's own address of its official account."""
    return PushReceiver(
        appid=account.appid,
        token=secrets.get(accounts.TOKEN, ""),
        mode=account.mode,
        encoding_aes_key=secrets.get(accounts.AES_KEY, ""),
        now=rt.clock.wall,
    )


def mini_push_receiver(rt: Runtime, account: Account, secrets: dict[str, str]) -> PushReceiver:
    """What reads the pushes to a merchant's own address of its mini program: sealed ones where there is a key."""
    key = secrets.get(accounts.MINI_AES_KEY, "")
    return PushReceiver(
        appid=account.mini_program_appid or "",
        token=secrets.get(accounts.MINI_TOKEN, ""),
        mode="safe" if key else "plain",
        encoding_aes_key=key,
        now=rt.clock.wall,
    )


def component_receiver(rt: Runtime, held: components.Held) -> PushReceiver:
    """What reads the pushes about all authorized apps: sealed for the component."""
    return PushReceiver(
        appid=held.component.appid,
        token=held.secrets.get(components.TOKEN, ""),
        mode="safe",
        encoding_aes_key=held.secrets.get(components.AES_KEY, ""),
        now=rt.clock.wall,
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
