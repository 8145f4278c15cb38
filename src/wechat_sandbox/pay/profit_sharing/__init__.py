"""Profit sharing (分账): receivers, shares, unfreezing, returns."""

from wechat_sandbox import books
from wechat_sandbox.pay.profit_sharing import returns, shares
from wechat_sandbox.world import World


def resume(world: World) -> None:
    """After a start: take up shares and returns in progress, and watch what is frozen. Needs a running loop."""
    books.resume(world)
    shares.resume(world)
    returns.resume(world)
