"""What apps do by the clock."""

from wechat_sandbox.mini_program import shipping_events
from wechat_sandbox.open_platform import platforms
from wechat_sandbox.wecom import corps
from wechat_sandbox.world import World


def resume(world: World) -> None:
    """Take up what a former run left waiting. Needs a running loop."""
    shipping_events.resume(world)
    platforms.resume(world)
    corps.ensure_default(world)
