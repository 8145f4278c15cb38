"""Accounts: look them up, make them, say where their events go."""

from litestar import MediaType, get, post, put

from wechat_sandbox import push
from wechat_sandbox.accounts import (
    AccountError,
    add_merchant,
    add_mini_program,
    add_official_account,
    app_exists,
    authorize_provider,
    check_aes_key,
)
from wechat_sandbox.control import schemas
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.views import account_view, merchant_view, mini_program_view
from wechat_sandbox.world import World


def _refused(error: AccountError) -> ControlError:
    return ControlError(409 if "exists" in str(error) else 400, "account_refused", str(error))


def _check_merchant(world: World, mchid: str | None) -> None:
    if mchid and mchid not in world.merchants:
        raise not_found(f"merchant {mchid}")


def _bind(world: World, mchid: str | None, appid: str) -> None:
    merchant = world.merchants.get(mchid or "")
    if merchant is not None:
        merchant.appids.append(appid)
        world.merchants.put(merchant.mchid, merchant)


@get("/accounts", tags=["accounts"])
async def list_accounts(world: World) -> schemas.AccountsView:
    """Credentials of all merchants, apps, third-party platforms and companies."""
    await world.keys.make_ahead(world.merchants.values())
    return schemas.AccountsView(
        merchants=[merchant_view(world, row) for row in world.merchants.values()],
        official_accounts=[account_view(row) for row in world.accounts.values()],
        mini_programs=[mini_program_view(world, row) for row in world.mini_programs.values()],
        components=world.apps.components.values(),
        corps=world.apps.corps.values(),
    )


@post("/merchants", tags=["accounts"])
async def create_merchant(world: World, data: schemas.NewMerchant) -> schemas.MerchantView:
    """Make a merchant with fresh keys. 409 when the mchid exists."""
    for appid in data.appids:
        if not app_exists(world, appid):
            raise not_found(f"app {appid}")
    try:
        merchant = add_merchant(world, data.name, data.mchid, data.mode, data.appids, data.sp_mchid)
    except AccountError as error:
        raise _refused(error) from error
    return merchant_view(world, merchant)


@get("/merchants/{mchid:str}", tags=["accounts"])
async def get_merchant(world: World, mchid: str) -> schemas.MerchantView:
    """One merchant with its keys."""
    merchant = world.merchants.get(mchid)
    if merchant is None:
        raise not_found(f"merchant {mchid}")
    return merchant_view(world, merchant)


@post("/merchants/{mchid:str}/providers", tags=["accounts"], status_code=200)
async def authorize_merchant(world: World, mchid: str, data: schemas.ProviderBody) -> schemas.MerchantView:
    """Let a service provider take money for the merchant (partner mode)."""
    merchant = world.merchants.get(mchid)
    if merchant is None:
        raise not_found(f"merchant {mchid}")
    try:
        return merchant_view(world, authorize_provider(world, merchant, data.sp_mchid))
    except AccountError as error:
        raise _refused(error) from error


@post("/merchants/{mchid:str}/appids", tags=["accounts"], status_code=200)
async def bind_app(world: World, mchid: str, data: schemas.AppBody) -> schemas.MerchantView:
    """Bind an app to the merchant as well: those of a combined order must all have the combining app."""
    merchant = world.merchants.get(mchid)
    if merchant is None:
        raise not_found(f"merchant {mchid}")
    if not app_exists(world, data.appid):
        raise not_found(f"app {data.appid}")
    if data.appid not in merchant.appids:
        _bind(world, mchid, data.appid)
    return merchant_view(world, merchant)


PEM_FILES = {
    "apiclient_key.pem": "private_key_pem",
    "apiclient_cert.pem": "certificate_pem",
    "pub_key.pem": "public_key_pem",
    "platform_cert.pem": "platform_certificate_pem",
}


@get("/merchants/{mchid:str}/{file:str}", tags=["accounts"], media_type=MediaType.TEXT)
async def get_pem(world: World, mchid: str, file: str) -> str:
    """A key as a file: apiclient_key.pem, apiclient_cert.pem, pub_key.pem or platform_cert.pem."""
    merchant = world.merchants.get(mchid)
    if merchant is None or file not in PEM_FILES:
        raise not_found("merchant or file")
    return str(getattr(merchant_view(world, merchant), PEM_FILES[file]))


@post("/official-accounts", tags=["accounts"])
async def create_official_account(world: World, data: schemas.NewOfficialAccount) -> schemas.OfficialAccountView:
    """Make an official account. 409 when the appid exists."""
    _check_merchant(world, data.mchid)
    try:
        account = add_official_account(
            world, data.name, data.appid, data.secret, data.token, data.encoding_aes_key, data.mode
        )
    except AccountError as error:
        raise _refused(error) from error
    _bind(world, data.mchid, account.appid)
    return account_view(account)


@post("/mini-programs", tags=["accounts"])
async def create_mini_program(world: World, data: schemas.NewMiniProgram) -> schemas.MiniProgramView:
    """Make a mini program. 409 when the appid exists."""
    _check_merchant(world, data.mchid)
    try:
        row = add_mini_program(world, data.name, data.appid, data.secret, data.home_url)
    except AccountError as error:
        raise _refused(error) from error
    _bind(world, data.mchid, row.appid)
    return mini_program_view(world, row)


@put("/official-accounts/{appid:str}", tags=["accounts"])
async def configure_callback(world: World, appid: str, data: schemas.CallbackSettings) -> schemas.OfficialAccountView:
    """Set the callback. WeChat's verification handshake runs first: 409 `handshake_failed` with the reason."""
    account = world.accounts.get(appid)
    if account is None:
        raise not_found(f"official account {appid}")
    if data.encoding_aes_key is not None:
        try:
            check_aes_key(data.encoding_aes_key)
        except AccountError as error:
            raise _refused(error) from error
    former = account.token
    account.token = data.token or account.token
    if data.callback_url:
        reason = await push.handshake(world, account, data.callback_url)
        if reason:
            account.token = former
            raise ControlError(409, "handshake_failed", reason)
    account.callback_url = data.callback_url
    account.encoding_aes_key = data.encoding_aes_key or account.encoding_aes_key
    account.mode = data.mode or account.mode
    world.accounts.put(appid, account)
    return account_view(account)


HANDLERS = [
    list_accounts,
    create_merchant,
    authorize_merchant,
    bind_app,
    get_merchant,
    get_pem,
    create_official_account,
    create_mini_program,
    configure_callback,
]
