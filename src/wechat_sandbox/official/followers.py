"""An account that comes with followers: rows alone, no phones behind them, so that many are made quickly."""

from base64 import urlsafe_b64encode

from wechat_sandbox.models import Identity, OfficialAccount
from wechat_sandbox.world import World

MAX_AT_ONCE = 200_000


def unionid_of(world: World, shopper_id: str) -> str:
    """The unionid of anybody, with a phone or without."""
    shopper = world.shoppers.get(shopper_id)
    if shopper is not None:
        return shopper.unionid
    return "o" + urlsafe_b64encode(world.derive(f"unionid:{shopper_id}")).decode()[:27]


def add_followers(world: World, account: OfficialAccount, count: int) -> list[str]:
    """Make followers who came a second apart, the last one now; their openids in that order."""
    known = sum(1 for row in world.identities.values() if row.appid == account.appid)
    now = world.clock.now()
    openids: list[str] = []
    with world.store.together():
        for index in range(count):
            shopper_id = f"f{account.appid}{known + index}"
            openid = "o" + urlsafe_b64encode(world.derive(f"openid:{account.appid}:{shopper_id}")).decode()[:27]
            row = Identity(account.appid, openid, shopper_id, following=True, followed_at=now - (count - 1 - index))
            row.subscribe_scene = "ADD_SCENE_SEARCH"
            world.identities.put(f"{account.appid}:{shopper_id}", row)
            world.openids[openid] = row
            openids.append(openid)
    return openids
