"""A sandbox of one's own from a YAML file: merchants, apps, shoppers, companies, platforms, faults.

A mistake is told with its line: an unknown key, a wrong type, an app that the file does not make.
"""

import difflib
import re
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct, field

from wechat_sandbox.accounts import (
    AccountError,
    add_merchant,
    add_mini_program,
    add_official_account,
    add_shopper,
    app_exists,
    authorize_provider,
    identity_of,
    save_identity,
)
from wechat_sandbox.faults.profiles import add_any
from wechat_sandbox.faults.rules import FaultError
from wechat_sandbox.models import MessageMode, Shopper, VerifyMode
from wechat_sandbox.open_platform.platforms import PlatformError, add_component, authorize
from wechat_sandbox.wecom.corps import CorpRefused, add_corp, add_member
from wechat_sandbox.world import World


class ConfigError(Exception):
    """A file that cannot be used; the text has file, line and reason."""


class Entry(Struct, forbid_unknown_fields=True):
    """Something that the file makes; what is left out follows from the seed."""

    name: str


class MerchantEntry(Entry):
    """A merchant. `appids` takes appids or names of apps of this file."""

    mchid: str | None = None
    mode: VerifyMode = "public_key"
    appids: list[str] = field(default_factory=list[str])
    sp_mchid: str | None = None
    """Its service provider."""
    sp_mchids: list[str] = field(default_factory=list[str])
    """Several of them."""


class OfficialAccountEntry(Entry):
    """An official account."""

    appid: str | None = None
    secret: str | None = None
    token: str | None = None
    encoding_aes_key: str | None = None
    mode: MessageMode = "plain"
    callback_url: str | None = None


class MiniProgramEntry(Entry):
    """A mini program."""

    appid: str | None = None
    secret: str | None = None
    home_url: str | None = None


class ComponentEntry(Entry):
    """A third-party platform. `authorizers` takes appids or names of apps of this file."""

    appid: str | None = None
    secret: str | None = None
    token: str | None = None
    encoding_aes_key: str | None = None
    event_url: str | None = None
    message_url: str | None = None
    authorizers: list[str] = field(default_factory=list[str])


class MemberEntry(Struct, forbid_unknown_fields=True):
    """A member of a company."""

    userid: str
    name: str


class CorpEntry(Entry):
    """A company on WeCom."""

    corpid: str | None = None
    secret: str | None = None
    token: str | None = None
    encoding_aes_key: str | None = None
    callback_url: str | None = None
    members: list[MemberEntry] = field(default_factory=list[MemberEntry])


class ShopperEntry(Struct, forbid_unknown_fields=True):
    """A shopper; `follows` takes appids or names of official accounts of this file."""

    nickname: str
    follows: list[str] = field(default_factory=list[str])


class ConfigFile(Struct, forbid_unknown_fields=True):
    """The file: it takes the place of the default accounts."""

    seed: str | None = None
    merchants: list[MerchantEntry] = field(default_factory=list[MerchantEntry])
    official_accounts: list[OfficialAccountEntry] = field(default_factory=list[OfficialAccountEntry])
    mini_programs: list[MiniProgramEntry] = field(default_factory=list[MiniProgramEntry])
    components: list[ComponentEntry] = field(default_factory=list[ComponentEntry])
    corps: list[CorpEntry] = field(default_factory=list[CorpEntry])
    shoppers: list[str | ShopperEntry] = field(default_factory=list[str | ShopperEntry])
    faults: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


class Config:
    """A file that was read, with the lines of its entries."""

    def __init__(self, path: Path, tree: yaml.Node | None, file: ConfigFile) -> None:
        self.path = path
        self.file = file
        self._tree = tree

    def error(self, place: str, reason: object) -> ConfigError:
        """An error at `$.merchants[0].name`."""
        return _error(self.path, self._tree, place, str(reason))


_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(\w+)`")


def _error(path: Path, tree: yaml.Node | None, place: str, reason: str, key: str = "") -> ConfigError:
    return ConfigError(f"{path}:{_line(tree, place, key)}: {reason}")


def _line(node: yaml.Node | None, place: str, key: str = "") -> int:
    """The line of a place, or of a key of the mapping there; as near as the file has it."""
    for name, index in _STEP.findall(place):
        below: yaml.Node | None = None
        if name and isinstance(node, yaml.MappingNode):
            below = next((value for word, value in node.value if word.value == name), None)
        elif index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
            below = node.value[int(index)]
        if below is None:
            break
        node = below
    if key and isinstance(node, yaml.MappingNode):
        node = next((word for word, _ in node.value if word.value == key), node)
    return node.start_mark.line + 1 if node is not None else 1


def _check_doubles(path: Path, node: yaml.Node | None) -> None:
    """YAML lets the last of two equal keys win in silence."""
    if isinstance(node, yaml.MappingNode):
        seen = set[str]()
        for word, value in node.value:
            if word.value in seen:
                raise ConfigError(f"{path}:{word.start_mark.line + 1}: `{word.value}` stands there twice")
            seen.add(word.value)
            _check_doubles(path, value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check_doubles(path, value)


def read_config(path: Path) -> Config:
    """The file, checked against its schema. Raises ConfigError with the line of the mistake."""
    try:
        text = path.read_text("utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data: Any = yaml.safe_load(text) or {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ConfigError(f"{path}:{mark.line + 1 if mark else 1}: {error.problem}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    _check_doubles(path, tree)
    try:
        return Config(path, tree, msgspec.convert(data, ConfigFile, str_keys=True))
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `")
        place = place.rstrip("`")
        unknown = _UNKNOWN.match(reason)
        key = unknown.group(1) if unknown else ""
        if key:
            reason = _unknown_key(key, place)
        where = f" (in {place.removeprefix('$.')})" if place.removeprefix("$") else ""
        raise _error(path, tree, place, reason + where, key) from error


_STRUCTS: dict[str, type[Struct]] = {
    "merchants": MerchantEntry,
    "official_accounts": OfficialAccountEntry,
    "mini_programs": MiniProgramEntry,
    "components": ComponentEntry,
    "corps": CorpEntry,
    "shoppers": ShopperEntry,
}


def _unknown_key(key: str, place: str) -> str:
    names = _STRUCTS.get(place.removeprefix("$.").partition("[")[0], ConfigFile).__struct_fields__
    near = difflib.get_close_matches(key, names, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(names)}"
    return f"unknown key `{key}`; {hint}"


# --- into the world ---------------------------------------------------------------------------


def apply_config(world: World, config: Config) -> None:
    """Make what the file names and the state does not have yet. Raises ConfigError. Needs a running loop."""
    fresh = not len(world.merchants) and not len(world.accounts)
    _make_apps(world, config, fresh)
    _make_merchants(world, config, fresh)
    _make_components(world, config)
    _make_corps(world, config)
    _make_shoppers(world, config)
    for index, wanted in enumerate(config.file.faults):
        try:
            add_any(world.faults, wanted, "config")
        except FaultError as error:
            raise config.error(f"$.faults[{index}]", error) from error


def _make_apps(world: World, config: Config, fresh: bool) -> None:
    for index, entry in enumerate(config.file.official_accounts):
        if fresh or (entry.appid and not app_exists(world, entry.appid)):
            try:
                account = add_official_account(
                    world, entry.name, entry.appid, entry.secret, entry.token, entry.encoding_aes_key, entry.mode
                )
            except AccountError as error:
                raise config.error(f"$.official_accounts[{index}]", error) from error
            account.callback_url = entry.callback_url
            world.accounts.put(account.appid, account)
    for index, mini in enumerate(config.file.mini_programs):
        if fresh or (mini.appid and not app_exists(world, mini.appid)):
            try:
                add_mini_program(world, mini.name, mini.appid, mini.secret, mini.home_url)
            except AccountError as error:
                raise config.error(f"$.mini_programs[{index}]", error) from error


def _app_named(world: World, config: Config, place: str, text: str, *, official_only: bool = False) -> list[str]:
    """The appids that a text means: itself, or those of the apps of that name. Raises ConfigError."""
    if text in world.accounts or (text in world.mini_programs and not official_only):
        return [text]
    rows = [row.appid for row in world.accounts.values() if row.name == text]
    if not official_only:
        rows += [row.appid for row in world.mini_programs.values() if row.name == text]
    if not rows:
        kind = "official account" if official_only else "app"
        raise config.error(place, f"no {kind} has the appid or name `{text}`")
    return rows


def _make_merchants(world: World, config: Config, fresh: bool) -> None:
    made: list[tuple[int, str, list[str]]] = []
    for index, entry in enumerate(config.file.merchants):
        if not (fresh or (entry.mchid and entry.mchid not in world.merchants)):
            continue
        place = f"$.merchants[{index}]"
        appids = [
            appid
            for at, text in enumerate(entry.appids)
            for appid in _app_named(world, config, f"{place}.appids[{at}]", text)
        ]
        try:
            merchant = add_merchant(world, entry.name, entry.mchid, entry.mode, appids)
        except AccountError as error:
            raise config.error(place, error) from error
        made.append((index, merchant.mchid, [*filter(None, [entry.sp_mchid]), *entry.sp_mchids]))
    for index, mchid, providers in made:  # a provider may stand below its merchants
        merchant = world.merchants.get(mchid)
        assert merchant is not None
        for provider in providers:
            try:
                authorize_provider(world, merchant, provider)
            except AccountError as error:
                raise config.error(f"$.merchants[{index}]", error) from error


def _make_components(world: World, config: Config) -> None:
    for index, entry in enumerate(config.file.components):
        place = f"$.components[{index}]"
        if any(entry.appid == row.appid or entry.name == row.name for row in world.apps.components.values()):
            continue
        try:
            row = add_component(world, entry.name, entry.appid, entry.secret, entry.token, entry.encoding_aes_key)
            row.event_url, row.message_url = entry.event_url, entry.message_url
            world.apps.components.put(row.appid, row)
            for at, text in enumerate(entry.authorizers):
                for appid in _app_named(world, config, f"{place}.authorizers[{at}]", text):
                    authorize(world, row, appid)
        except PlatformError as error:
            raise config.error(place, error) from error


def _make_corps(world: World, config: Config) -> None:
    for index, entry in enumerate(config.file.corps):
        if any(entry.corpid == row.corpid or entry.name == row.name for row in world.apps.corps.values()):
            continue
        try:
            row = add_corp(world, entry.name, entry.corpid, entry.secret)
            row.token = entry.token or row.token
            row.encoding_aes_key = entry.encoding_aes_key or row.encoding_aes_key
            row.callback_url = entry.callback_url
            world.apps.corps.put(row.corpid, row)
            for member in entry.members:
                add_member(world, row, member.userid, member.name)
        except CorpRefused as error:
            raise config.error(f"$.corps[{index}]", error) from error


def _make_shoppers(world: World, config: Config) -> None:
    for index, entry in enumerate(config.file.shoppers):
        nickname = entry if isinstance(entry, str) else entry.nickname
        shopper = next((row for row in world.shoppers.values() if row.nickname == nickname), None)
        shopper = shopper or add_shopper(world, nickname)
        for at, text in enumerate([] if isinstance(entry, str) else entry.follows):
            place = f"$.shoppers[{index}].follows[{at}]"
            for appid in _app_named(world, config, place, text, official_only=True):
                _follow(world, shopper, appid)


def _follow(world: World, shopper: Shopper, appid: str) -> None:
    """A follower from before: nobody is told, as of accounts that come with followers."""
    identity = identity_of(world, appid, shopper.shopper_id)
    if not identity.following:
        identity.following = True
        identity.followed_at = world.clock.now()
        identity.subscribe_scene = "ADD_SCENE_OTHERS"
        save_identity(world, identity)
