"""The paths of mini programs; templates and subscribe messages are there for official accounts as well."""

from wechat_sandbox.mini_program import codes, express, login, safety, shipping, shipping_settings
from wechat_sandbox.templates import newtmpl, subscribe
from wechat_sandbox.wx_api import WxHandler

PATHS: tuple[tuple[str, str, WxHandler], ...] = (
    ("GET", "/sns/jscode2session", login.jscode2session),
    ("POST", "/wxa/business/getuserphonenumber", login.phone_number),
    ("POST", "/wxa/getwxacodeunlimit", codes.unlimited_code),
    ("POST", "/wxa/getwxacode", codes.code),
    ("POST", "/cgi-bin/wxaapp/createwxaqrcode", codes.code),
    ("POST", "/wxa/generatescheme", codes.scheme),
    ("POST", "/wxa/queryscheme", codes.query_scheme),
    ("POST", "/wxa/generate_urllink", codes.url_link),
    ("POST", "/wxa/query_urllink", codes.query_url_link),
    ("POST", "/wxa/genwxashortlink", codes.short_link),
    ("POST", "/cgi-bin/message/subscribe/send", subscribe.send),
    ("POST", "/cgi-bin/message/subscribe/bizsend", subscribe.bizsend),
    ("POST", "/wxaapi/newtmpl/addtemplate", newtmpl.add),
    ("POST", "/wxaapi/newtmpl/deltemplate", newtmpl.delete),
    ("GET", "/wxaapi/newtmpl/getcategory", newtmpl.category),
    ("GET", "/wxaapi/newtmpl/getpubtemplatetitles", newtmpl.titles),
    ("GET", "/wxaapi/newtmpl/getpubtemplatekeywords", newtmpl.keywords),
    ("GET", "/wxaapi/newtmpl/gettemplate", newtmpl.listing),
    ("POST", "/wxa/sec/order/upload_shipping_info", shipping.upload),
    ("POST", "/wxa/sec/order/upload_combined_shipping_info", shipping.upload_combined),
    ("POST", "/wxa/sec/order/get_order", shipping.get_order),
    ("POST", "/wxa/sec/order/get_order_list", shipping.get_order_list),
    ("POST", "/wxa/sec/order/notify_confirm_receive", shipping.notify_confirm_receive),
    ("POST", "/wxa/sec/order/set_msg_jump_path", shipping_settings.set_jump_path),
    ("POST", "/wxa/sec/order/is_trade_managed", shipping_settings.is_managed),
    ("POST", "/wxa/sec/order/is_trade_management_confirmation_completed", shipping_settings.is_confirmed),
    ("POST", "/wxa/sec/order/opspecialorder", shipping_settings.special_order),
    ("POST", "/cgi-bin/express/delivery/open_msg/get_delivery_list", express.delivery_list),
    ("POST", "/wxa/msg_sec_check", safety.check_text),
    ("POST", "/wxa/media_check_async", safety.check_media),
    ("POST", "/wxa/img_sec_check", safety.check_image),
)
