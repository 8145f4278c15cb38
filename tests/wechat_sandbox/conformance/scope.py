"""What of the clients is not tried, and why: patterns over `client.method`, the first that fits."""

from fnmatch import fnmatchcase

NOT_OURS = "not an interface of a commerce platform"
LOCAL = "makes no request"
OLD = "WeChat has closed it"

_OUT: tuple[tuple[str, str], ...] = (
    ("wechatpayv3.transfer_*", OLD + " to new merchants: mch_transfer_* took its place"),
    ("wechatpayv3.brand_profitsharing_*", "brands' profit sharing: " + NOT_OURS),
    ("wechatpayv3.apply4subject_*", NOT_OURS),
    ("wechatpayv3.applyment_*", NOT_OURS),
    ("wechatpayv3.business_*", NOT_OURS),
    ("wechatpayv3.points_notify", NOT_OURS),
    ("wechatpayv3.user_authorization", NOT_OURS),
    ("wechatpayv3.capital_*", NOT_OURS),
    ("wechatpayv3.fapiao_*", NOT_OURS),
    ("wechatpayv3.goldplan_*", NOT_OURS),
    ("wechatpayv3.guides_*", NOT_OURS),
    ("wechatpayv3.marketing_*", "coupons of WeChat Pay: " + NOT_OURS),
    ("wechatpayv3.merchantrisk_*", NOT_OURS),
    ("wechatpayv3.parking_*", NOT_OURS),
    ("wechatpayv3.payscore_*", NOT_OURS),
    ("wechatpayv3.image_upload", "for applyments: " + NOT_OURS),
    ("wechatpayv3.video_upload", "for applyments: " + NOT_OURS),
    ("wechatpayv3.submch_fundflow_bill", NOT_OURS),
    ("wechatpy.card.*", "cards and coupons: " + NOT_OURS),
    ("wechatpy.*_card", "cards and coupons: " + NOT_OURS),
    ("wechatpy.jsapi.get_jsapi_card_params", LOCAL),
    ("wechatpy.jsapi.get_jsapi_signature", LOCAL),
    ("wechatpy.message.get_subscribe_authorize_url", LOCAL),
    ("wechatpy.media.get_url", LOCAL),
    ("wechatpy.user.change_openid", "moving an account: " + NOT_OURS),
    ("wechatpy.message.send_mass_*", "mass messages: " + NOT_OURS),
    ("wechatpy.message.*_mass", "mass messages: " + NOT_OURS),
    ("wechatpy.message.get_autoreply_info", NOT_OURS),
    ("wechatpy.media.upload_mass_image", "mass messages: " + NOT_OURS),
    ("wechatpy.media.upload_articles", "mass messages: " + NOT_OURS),
    ("wechatpy.media.upload_video", "mass messages: " + NOT_OURS),
    ("wechatpy.material.*comment*", "comments on articles: " + NOT_OURS),
    ("wechatpy.material.*articles", OLD + ": drafts took its place"),
    ("wechatpy.material.update_article", OLD + ": drafts took its place"),
    ("wechatpy.message.send_subscribe_template", OLD + ": message/subscribe/bizsend took its place"),
    ("wechatpy.wxa.send_template_message", OLD + ": message/subscribe/send took its place"),
    ("wechatpy.wxa.*template*", OLD + ": subscribe messages took its place"),
    ("wechatpy.wxa.get_paid_unionid", NOT_OURS),
    *((f"wechatpy.wxa.{name}", "a mini program's releases: " + NOT_OURS) for name in (
        "bind_*", "unbind_*", "change_visit_status", "commit", "create_open", "get_audit_status", "get_category",
        "get_latest_audit_status", "get_open", "get_page", "get_qrcode", "modify_domain", "query_quota", "release",
        "revert_code_release", "speed_up_audit", "submit_audit", "undo_code_audit",
    )),
    ("wechatpy.wxa.create_qrcode", OLD + ": getwxacodeunlimit is what shops use"),
    ("wechatpy.wxa.check_media_async", OLD + ": version 2 wants openid and scene, which wechatpy does not send"),
    ("wechatpy.user.get_group_id", OLD + ": tags took its place"),
    ("wechatpy.menu.*conditional", "menus by group of followers: " + NOT_OURS),
    ("wechatpy.menu.try_match", "menus by group of followers: " + NOT_OURS),
    ("wechatpy.menu.get_menu_info", "menus made by hand in WeChat's console: " + NOT_OURS),
    ("wechatpy.message.send_link", "no msgtype of WeChat's"),
    ("wechatpy.message.send_music", NOT_OURS),
    ("wechatpy.group.*", OLD + ": tags took its place"),
    ("wechatpy.misc.short_url", OLD),
    *((f"wechatpy.{name}.*", NOT_OURS) for name in (
        "cloud", "datacube", "device", "invoice", "marketing", "merchant", "poi", "scan", "semantic", "shakearound",
        "wifi",
    )),
    *((f"wechatpy.enterprise.{name}.*", NOT_OURS) for name in (
        "OA", "appchat", "batch", "calendar", "chat", "jsapi", "material", "menu", "misc", "oauth", "schedule",
        "service", "shakearound", "tag", "agent", "external_contact_group_chat",
    )),
    ("wechatpy.enterprise.media.*_url", LOCAL),
    *((f"wechatpy.enterprise.external_contact.{name}", NOT_OURS) for name in (
        "add_msg_template", "get_group_msg_result", "get_unassigned_list", "get_user_behavior_data", "transfer",
    )),
    *((f"wechatpy.enterprise.user.{name}", NOT_OURS) for name in (
        "batch_delete", "convert_*", "create", "delete", "get_info", "update", "verify",
    )),
    *((f"wechatpy.enterprise.department.{name}", NOT_OURS) for name in ("create", "delete", "update")),
    *((f"wechatpy.component.{name}", LOCAL) for name in (
        "cache_*", "get", "post", "parse_message", "get_client_by_appid", "get_component_oauth", "get_pre_auth_url*",
        "get_unauthorized",
    )),
)  # fmt: skip


def out_of_scope(name: str) -> str:
    """Why a call is not tried; empty when it is."""
    return next((reason for pattern, reason in _OUT if fnmatchcase(name, pattern)), "")
