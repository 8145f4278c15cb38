"""The paths of api.weixin.qq.com, open.weixin.qq.com and mp.weixin.qq.com."""

from wechat_sandbox import oauth
from wechat_sandbox.asgi import Routes
from wechat_sandbox.mini_program.routes import PATHS as MINI_PROGRAM_PATHS
from wechat_sandbox.official import materials, menus, messages, qrcodes, tags, tokens, users
from wechat_sandbox.official.routes import PATHS as OFFICIAL_PATHS
from wechat_sandbox.open_platform import pages as platform_pages
from wechat_sandbox.open_platform.routes import PATHS as OPEN_PLATFORM_PATHS
from wechat_sandbox.pay import h5_page
from wechat_sandbox.wecom.routes import PATHS as WECOM_PATHS
from wechat_sandbox.wx_api import WxHandler, add, guarded

PATHS: tuple[tuple[str, str, WxHandler], ...] = (
    ("GET", "/cgi-bin/token", tokens.token),
    ("POST", "/cgi-bin/stable_token", tokens.stable_token),
    ("GET", "/cgi-bin/ticket/getticket", tokens.ticket),
    ("POST", "/cgi-bin/qrcode/create", qrcodes.create),
    ("GET POST", "/cgi-bin/user/info", users.info),
    ("POST", "/cgi-bin/user/info/batchget", users.batch_info),
    ("POST", "/cgi-bin/user/info/updateremark", users.remark),
    ("POST", "/cgi-bin/tags/create", tags.create),
    ("GET", "/cgi-bin/tags/get", tags.listing),
    ("POST", "/cgi-bin/tags/update", tags.update),
    ("POST", "/cgi-bin/tags/delete", tags.delete),
    ("POST", "/cgi-bin/tags/members/batchtagging", tags.batch_tag),
    ("POST", "/cgi-bin/tags/members/batchuntagging", tags.batch_untag),
    ("POST", "/cgi-bin/tags/getidlist", tags.ids_of),
    ("POST", "/cgi-bin/user/tag/get", tags.members),
    ("POST", "/cgi-bin/menu/create", menus.create),
    ("GET", "/cgi-bin/menu/get", menus.get),
    ("GET", "/cgi-bin/menu/delete", menus.delete),
    ("POST", "/cgi-bin/message/custom/send", messages.custom_send),
    ("POST", "/cgi-bin/message/template/send", messages.template_send),
    ("GET", "/sns/oauth2/access_token", oauth.access_token),
    ("GET", "/sns/oauth2/refresh_token", oauth.refresh_token),
    ("GET", "/sns/auth", oauth.check),
    ("GET", "/sns/userinfo", oauth.userinfo),
    *OFFICIAL_PATHS,
    *MINI_PROGRAM_PATHS,
    *OPEN_PLATFORM_PATHS,
    *WECOM_PATHS,
)


def add_routes(routes: Routes) -> None:
    """Register them all."""
    for methods, path, handle in PATHS:
        add(routes, methods, path, handle)
    for method in ("GET", "POST"):
        routes.add(method, "/cgi-bin/componentloginpage", guarded(platform_pages.login_page))
        routes.add(method, "/safe/bindcomponent", guarded(platform_pages.bind_page))
        routes.add(method, "/wxaopen/safe/bindcomponent", guarded(platform_pages.bind_page))
    routes.add("GET", "/connect/oauth2/authorize", guarded(oauth.authorize))
    routes.add("GET", "/cgi-bin/mmpayweb-bin/checkmweb", guarded(h5_page.show))
    routes.add("GET", "/mmbiz/{media_id}/0", guarded(materials.show))
    routes.add("GET", "/cgi-bin/showqrcode", guarded(qrcodes.show))
