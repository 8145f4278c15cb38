"""What is there for every app from the start, and what runs by the clock."""

from base64 import b64encode

from wechat_sandbox.models import OfficialAccount
from wechat_sandbox.models_apps import AppSettings, MiniCallback
from wechat_sandbox.world import World


def aes_key(world: World, label: str) -> str:
    """An EncodingAESKey of 43 letters and digits that follows from the seed."""
    return b64encode(world.derive(label)).decode().translate({43: 65, 47: 66})[:43]


def mini_callback(world: World, appid: str) -> MiniCallback:
    """The message settings of a mini program, made when first needed."""
    row = world.apps.mini_callbacks.get(appid)
    if row is None:
        label = f"mini_callback:{appid}:"
        row = MiniCallback(
            appid,
            "gh_" + world.derive(label + "original").hex()[:12],
            world.derive(label + "token").hex()[:24],
            aes_key(world, label + "aes"),
        )
        world.apps.mini_callbacks.put(appid, row)
    return row


def target_of(world: World, appid: str) -> OfficialAccount | MiniCallback:
    """Who is pushed to when something happens to the app."""
    return world.accounts.get(appid) or mini_callback(world, appid)


def save_settings(world: World, settings: AppSettings) -> None:
    """Keep a change of an app's settings."""
    world.apps.settings.put(settings.appid, settings)
