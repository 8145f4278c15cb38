"""WeCom's paths, and those that official accounts have as well."""

from wechat_sandbox.official import materials, quotas, users
from wechat_sandbox.wecom import customers, directory, messages, tags, ways
from wechat_sandbox.wecom.api import corp_handler, either, get_token
from wechat_sandbox.wx_api import WxHandler

_OWN: tuple[tuple[str, str, WxHandler], ...] = (
    ("GET", "/cgi-bin/gettoken", get_token),
    ("GET", "/cgi-bin/department/list", directory.department_list),
    ("GET", "/cgi-bin/department/simplelist", directory.department_simple_list),
    ("GET", "/cgi-bin/user/simplelist", directory.user_simple_list),
    ("GET", "/cgi-bin/user/list", directory.user_list),
    ("POST", "/cgi-bin/message/send", messages.send),
    ("POST", "/cgi-bin/externalcontact/add_contact_way", ways.add),
    ("POST", "/cgi-bin/externalcontact/get_contact_way", ways.get),
    ("POST", "/cgi-bin/externalcontact/list_contact_way", ways.listing),
    ("POST", "/cgi-bin/externalcontact/update_contact_way", ways.update),
    ("POST", "/cgi-bin/externalcontact/del_contact_way", ways.delete),
    ("GET", "/cgi-bin/externalcontact/get_follow_user_list", customers.followers),
    ("GET", "/cgi-bin/externalcontact/list", customers.listing),
    ("GET", "/cgi-bin/externalcontact/get", customers.get),
    ("POST", "/cgi-bin/externalcontact/batch/get_by_user", customers.batch),
    ("POST", "/cgi-bin/externalcontact/remark", customers.remark),
    ("POST", "/cgi-bin/externalcontact/mark_tag", customers.mark),
    ("POST", "/cgi-bin/externalcontact/get_corp_tag_list", tags.listing),
    ("POST", "/cgi-bin/externalcontact/add_corp_tag", tags.add),
    ("POST", "/cgi-bin/externalcontact/edit_corp_tag", tags.edit),
    ("POST", "/cgi-bin/externalcontact/del_corp_tag", tags.delete),
    ("POST", "/cgi-bin/externalcontact/send_welcome_msg", messages.send_welcome),
)
PATHS: tuple[tuple[str, str, WxHandler], ...] = (
    *((methods, path, corp_handler(handle)) for methods, path, handle in _OWN),
    ("GET", "/cgi-bin/user/get", either(users.listing, directory.user_get)),
    ("POST", "/cgi-bin/media/upload", either(materials.upload, messages.upload)),
    ("GET", "/cgi-bin/media/get", either(materials.download, messages.download)),
    ("POST", "/cgi-bin/media/uploadimg", either(materials.upload_image, messages.upload_image)),
    ("GET", "/cgi-bin/get_api_domain_ip", either(quotas.ips, messages.ips)),
    ("GET", "/cgi-bin/getcallbackip", either(quotas.ips, messages.ips)),
)
