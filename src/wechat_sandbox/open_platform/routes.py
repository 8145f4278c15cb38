"""The paths of third-party platforms."""

from wechat_sandbox.open_platform import interfaces, oauth
from wechat_sandbox.wx_api import WxHandler

PATHS: tuple[tuple[str, str, WxHandler], ...] = (
    ("POST", "/cgi-bin/component/api_component_token", interfaces.component_token),
    ("POST", "/cgi-bin/component/api_start_push_ticket", interfaces.start_push_ticket),
    ("POST", "/cgi-bin/component/api_create_preauthcode", interfaces.create_preauthcode),
    ("POST", "/cgi-bin/component/api_query_auth", interfaces.query_auth),
    ("POST", "/cgi-bin/component/api_authorizer_token", interfaces.authorizer_token),
    ("POST", "/cgi-bin/component/api_get_authorizer_info", interfaces.authorizer_info),
    ("POST", "/cgi-bin/component/api_get_authorizer_list", interfaces.authorizer_list),
    ("POST", "/cgi-bin/component/api_get_authorizer_option", interfaces.get_option),
    ("POST", "/cgi-bin/component/api_set_authorizer_option", interfaces.set_option),
    ("GET", "/sns/oauth2/component/access_token", oauth.access_token),
    ("GET", "/sns/oauth2/component/refresh_token", oauth.refresh_token),
    ("GET", "/sns/component/jscode2session", oauth.jscode2session),
)
