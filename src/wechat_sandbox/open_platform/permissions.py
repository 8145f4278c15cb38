"""Permission sets (权限集) that an account gives to a platform, and the interfaces behind them.

Source: developers.weixin.qq.com 第三方平台权限说明 (ids as in bububa/wechat `component/authorizationInfo.go`;
142 and 18, 89 as the pages of shipping and subscribe messages name them); 61007 when one is missing.
"""

from wechat_sandbox.models_apps import Authorization
from wechat_sandbox.world import World
from wechat_sandbox.wx_errors import WxError

OFFICIAL_ACCOUNT = {
    1: "消息管理权限",
    2: "用户管理权限",
    3: "账号服务权限",
    4: "网页服务权限",
    6: "微信多客服权限",
    7: "群发与通知权限",
    11: "素材管理权限",
    15: "自定义菜单权限",
    24: "开放平台账号管理权限",
    89: "订阅通知权限",
}
MINI_PROGRAM = {
    17: "账号管理权限",
    18: "开发管理与数据分析权限",
    19: "客服消息管理权限",
    25: "开放平台账号管理权限",
    89: "订阅消息权限",
    142: "发货信息管理权限",
}
_NEEDED: tuple[tuple[str, frozenset[int]], ...] = (
    ("/cgi-bin/message/custom/", frozenset((1, 19))),
    ("/cgi-bin/customservice/", frozenset((1, 6))),
    ("/cgi-bin/message/template/", frozenset((7,))),
    ("/cgi-bin/template/", frozenset((7,))),
    ("/cgi-bin/message/subscribe/", frozenset((7, 18, 89))),
    ("/wxaapi/newtmpl/", frozenset((7, 18, 89))),
    ("/customservice/", frozenset((1, 6))),
    ("/cgi-bin/user/", frozenset((2,))),
    ("/cgi-bin/tags/", frozenset((2,))),
    ("/cgi-bin/qrcode/", frozenset((3,))),
    ("/cgi-bin/ticket/", frozenset((4,))),
    ("/cgi-bin/material/", frozenset((11,))),
    ("/cgi-bin/draft/", frozenset((11,))),
    ("/cgi-bin/menu/", frozenset((15,))),
    ("/wxa/sec/order/", frozenset((18, 142))),
    ("/wxa/", frozenset((17, 18))),
)


def check(authorization: Authorization, path: str) -> None:
    """Raises WxError 61007 when the account kept this interface to itself."""
    for prefix, needed in _NEEDED:
        if path.startswith(prefix):
            if not needed.intersection(authorization.func_ids):
                raise WxError(61007)
            return


def find(world: World, component_appid: str, appid: str) -> Authorization | None:
    """The account's authorization of the platform."""
    return world.apps.authorizations.get(f"{component_appid}:{appid}")
