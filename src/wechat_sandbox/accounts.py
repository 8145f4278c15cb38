"""Merchants, apps and shoppers: the default set, and those made over HTTP or from a file (`config`).

Whatever a person would have to copy into a configuration is derived from the seed, so that it is
the same at every start, RSA keys included (`primes`).
"""

from base64 import b64encode, urlsafe_b64encode

from wechat_sandbox.crypto import CryptoError, message_key
from wechat_sandbox.models import (
    Identity,
    Merchant,
    MessageMode,
    MiniProgram,
    OfficialAccount,
    Shopper,
    VerifyMode,
)
from wechat_sandbox.phone_rows import Home
from wechat_sandbox.world import World

NICKNAMES = ("小满", "阿青", "麦子", "南星", "知夏", "云舒", "晚晴", "木棉", "清和", "半夏", "长安", "可乐")
COLORS = ("#3a5f9e", "#2f6f5e", "#c8843c", "#b4586a", "#6b5b95", "#4a7c59", "#8c564b", "#20808d")


class AccountError(Exception):
    """A request for an account that cannot be made; the text says why."""


def _hex(world: World, label: str, length: int) -> str:
    return world.derive(label).hex()[:length]


def _serial(world: World, label: str) -> str:
    return "5" + _hex(world, label, 39).upper()  # 40 digits and positive, as WeChat's look


def add_merchant(
    world: World,
    name: str,
    mchid: str | None = None,
    mode: VerifyMode = "public_key",
    appids: list[str] | None = None,
    sp_mchid: str | None = None,
) -> Merchant:
    """A new merchant; `sp_mchid` is its service provider. Raises AccountError when a number is taken or malformed."""
    mchid = mchid or str(1900000200 + len(world.merchants))
    if not (mchid.isascii() and mchid.isdigit() and 8 <= len(mchid) <= 10):
        raise AccountError("mchid must be 8 to 10 digits")
    if mchid in world.merchants:
        raise AccountError(f"mchid {mchid} exists")
    if sp_mchid is not None and sp_mchid not in world.merchants:
        raise AccountError(f"no service provider {sp_mchid}")
    label = f"merchant:{mchid}:"
    return world.merchants.put(
        mchid,
        Merchant(
            mchid=mchid,
            name=name,
            apiv3_key=_hex(world, label + "apiv3", 32),
            mode=mode,
            serial_no=_serial(world, label + "serial"),
            platform_serial_no=_serial(world, label + "platform"),
            public_key_id=f"PUB_KEY_ID_01{mchid:0>10}2024090100{int(_hex(world, label + 'pub', 6), 16) % 10**6:06}",
            appids=list(appids or []),
            sp_mchids=[sp_mchid] if sp_mchid else [],
        ),
    )


def merchant_name(world: World, mchid: str) -> str:
    """A merchant's name, or its number when it is unknown."""
    merchant = world.merchants.get(mchid)
    return merchant.name if merchant else mchid


def authorize_provider(world: World, merchant: Merchant, sp_mchid: str) -> Merchant:
    """Let a service provider take money for the merchant. Raises AccountError."""
    if sp_mchid not in world.merchants or sp_mchid == merchant.mchid:
        raise AccountError(f"no service provider {sp_mchid}")
    if sp_mchid not in merchant.sp_mchids:
        merchant.sp_mchids.append(sp_mchid)
    return world.merchants.put(merchant.mchid, merchant)


def app_exists(world: World, appid: str) -> bool:
    """True for an official account or mini program of this sandbox."""
    return appid in world.accounts or appid in world.mini_programs


def _new_appid(world: World, kind: str, count: int, appid: str | None) -> str:
    appid = appid or "wx" + _hex(world, f"{kind}:{count}", 16)
    if app_exists(world, appid):
        raise AccountError(f"appid {appid} exists")
    if not (appid.startswith("wx") and appid.isascii() and 6 <= len(appid) <= 32 and appid.isalnum()):
        raise AccountError("an appid is wx and 16 letters or digits")
    return appid


def check_aes_key(encoding_aes_key: str) -> None:
    """Raises AccountError when it is no EncodingAESKey."""
    try:
        message_key(encoding_aes_key)
    except CryptoError as error:
        raise AccountError(str(error)) from error


def add_official_account(
    world: World,
    name: str,
    appid: str | None = None,
    secret: str | None = None,
    token: str | None = None,
    encoding_aes_key: str | None = None,
    mode: MessageMode = "plain",
) -> OfficialAccount:
    """A new official account; what is left out is derived. Raises AccountError."""
    count = len(world.accounts)
    appid = _new_appid(world, "official_account", count, appid)
    label = f"official_account:{appid}:"
    if encoding_aes_key is None:
        encoding_aes_key = b64encode(world.derive(label + "aes")).decode().translate({43: 65, 47: 66})[:43]
    check_aes_key(encoding_aes_key)
    return world.accounts.put(
        appid,
        OfficialAccount(
            appid=appid,
            secret=secret or _hex(world, label + "secret", 32),
            name=name,
            original_id="gh_" + _hex(world, label + "original", 12),
            token=token or _hex(world, label + "token", 24),
            encoding_aes_key=encoding_aes_key,
            avatar_color=COLORS[count % len(COLORS)],
            mode=mode,
        ),
    )


def add_mini_program(
    world: World, name: str, appid: str | None = None, secret: str | None = None, home_url: str | None = None
) -> MiniProgram:
    """A new mini program; `home_url` is where the phone finds its pages. Raises AccountError."""
    if home_url is not None and not home_url.startswith(("http://", "https://")):
        raise AccountError("home_url must be http or https")
    appid = _new_appid(world, "mini_program", len(world.mini_programs), appid)
    if home_url is not None:
        world.phone.homes.put(appid, Home(home_url))
    secret = secret or _hex(world, f"mini_program:{appid}:secret", 32)
    return world.mini_programs.put(appid, MiniProgram(appid=appid, secret=secret, name=name))


def add_shopper(world: World, nickname: str | None = None) -> Shopper:
    """A new WeChat user."""
    count = len(world.shoppers)
    shopper_id = "s" + _hex(world, f"shopper:{count}", 12)
    unionid = "o" + urlsafe_b64encode(world.derive(f"unionid:{shopper_id}")).decode()[:27]
    phone = "138" + str(int(_hex(world, f"phone:{shopper_id}", 12), 16))[:8].zfill(8)
    name = nickname or NICKNAMES[count % len(NICKNAMES)] + (str(count) if count >= len(NICKNAMES) else "")
    return world.shoppers.put(shopper_id, Shopper(shopper_id, name, unionid, phone, world.clock.now()))


def identity_of(world: World, appid: str, shopper_id: str) -> Identity:
    """The shopper as the app sees them, made when first needed."""
    key = f"{appid}:{shopper_id}"
    identity = world.identities.get(key)
    if identity is None:
        openid = "o" + urlsafe_b64encode(world.derive(f"openid:{key}")).decode()[:27]
        identity = world.identities.put(key, Identity(appid, openid, shopper_id))
        world.openids[openid] = identity
    return identity


def save_identity(world: World, identity: Identity) -> None:
    """Keep a change of an identity."""
    world.identities.put(f"{identity.appid}:{identity.shopper_id}", identity)


def avatar_url(world: World, shopper_id: str) -> str:
    """Where a shopper's picture is served."""
    return f"{world.settings.base_url}/_sandbox/avatars/{shopper_id}.svg"


DEFAULTS: tuple[tuple[str, str, VerifyMode], ...] = (
    ("1900000100", "闭环商城", "public_key"),
    ("1900000101", "青衫", "public_key"),
    ("1900000102", "麦香", "certificate"),  # so that both ways of verifying are always at hand
    ("1900000103", "小满手作", "public_key"),
)


def ensure_defaults(world: World) -> None:
    """Four merchants with an official account and a mini program each, unless there is anything.

    The first is also the service provider of the other three.
    """
    if len(world.merchants) or len(world.accounts) or len(world.mini_programs):
        return
    for mchid, name, mode in DEFAULTS:
        account = add_official_account(world, name)
        mini_program = add_mini_program(world, name)
        provider = DEFAULTS[0][0] if mchid != DEFAULTS[0][0] else None
        add_merchant(world, name, mchid, mode, [account.appid, mini_program.appid], provider)
