# One trial a line reads best, and each is a lambda, alike or not.
# ruff: noqa: E501, PLW0108
# The clients carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""wechatpy.enterprise: what a shop uses of WeCom."""

import io
from collections.abc import Callable
from typing import Any

from wechatpy.enterprise import WeChatClient

from tests.wechat_sandbox.conformance.desk import Call, Desk
from tests.wechat_sandbox.conformance.payments import PNG

PREFIX = "enterprise."


def _file() -> io.BytesIO:
    handle = io.BytesIO(PNG)
    handle.name = "a.png"
    return handle


def _corp(desk: Desk) -> dict[str, Any]:
    rows: list[dict[str, Any]] = desk.box.get("/_sandbox/accounts").get("corps", [])
    return rows[0] if rows else {"corpid": "x", "secret": "x", "agentid": 1}


def calls(desk: Desk) -> list[Call]:
    """The trials, in order."""
    corp = _corp(desk)
    c: Any = WeChatClient(corp["corpid"], corp["secret"])
    kept, agent = desk.kept, corp["agentid"]
    contact = c.external_contact

    def user() -> str:
        if "corp_user" not in kept:
            kept["corp_user"] = c.user.list(1, fetch_child=True)[0]["userid"]
        return str(kept["corp_user"])

    def upload() -> Any:
        told = c.media.upload("image", _file())
        kept["corp_media"] = told["media_id"]
        return told

    def way() -> Any:
        told = contact.add_contact_way(1, 2, state="door", user=[user()])
        kept["way"], kept["way_code"] = told["config_id"], told.get("qr_code")
        return told

    def customer() -> str:
        """The shopper adds the guide by the code."""
        if "customer" not in kept:
            body = {"corpid": corp["corpid"], "userid": user()}
            desk.box.post(f"/_sandbox/shoppers/{desk.shopper}/contacts", body)
            kept["customer"] = contact.list(user())["external_userid"][0]
        return str(kept["customer"])

    def tag() -> Any:
        told = contact.add_corp_tag(None, "等级", 1, [{"name": "金", "order": 1}])
        kept["corp_tag"] = told["tag_group"]["tag"][0]["id"]
        return told

    def send(name: str, *args: Any, **more: Any) -> Callable[[], Any]:
        return lambda: getattr(c.message, f"send_{name}")(agent, [user()], *args, **more)

    def send_media(name: str) -> Callable[[], Any]:
        return lambda: getattr(c.message, f"send_{name}")(agent, [user()], kept["corp_media"])

    article = {
        "title": "茶",
        "description": "新茶",
        "url": "https://example.com/",
        "image": "https://example.com/a.png",
    }
    trials: list[Call] = [
        ("department.get", lambda: c.department.get()),
        ("department.get_users", lambda: c.department.get_users(1)),
        ("department.get_map_users", lambda: c.department.get_map_users(1)),
        ("user.list", lambda: c.user.list(1)),
        ("user.get", lambda: c.user.get(user())),
        ("media.upload", upload),
        ("media.upload_img", lambda: c.media.upload_img(_file())),
        ("media.download", lambda: c.media.download(kept["corp_media"])),
        ("message.send", lambda: c.message.send(agent, [user()], msg={"msgtype": "text", "text": {"content": "你好"}})),
        ("message.send_text", send("text", "你好")),
        ("message.send_markdown", send("markdown", "**你好**")),
        ("message.send_text_card", send("text_card", "茶", "新茶", "https://example.com/")),
        ("message.send_articles", send("articles", [article])),
        ("message.send_mp_articles", lambda: c.message.send_mp_articles(agent, [user()], [{"title": "茶", "thumb_media_id": kept["corp_media"], "content": "茶", "author": "茶铺",
          "content_source_url": "", "digest": "", "show_cover_pic": 0}])),
        ("message.send_image", send_media("image")),
        ("message.send_file", send_media("file")),
        ("message.send_voice", send_media("voice")),
        ("message.send_video", send_media("video")),
        ("external_contact.get_follow_user_list", lambda: contact.get_follow_user_list()),
        ("external_contact.add_contact_way", way),
        ("external_contact.get_contact_way", lambda: contact.get_contact_way(kept["way"])),
        ("external_contact.update_contact_way", lambda: contact.update_contact_way(kept["way"], "门口", state="gate", user=[user()])),
        ("external_contact.list", lambda: (customer(), contact.list(user()))[1]),
        ("external_contact.get", lambda: contact.get(customer())),
        ("external_contact.add_corp_tag", tag),
        ("external_contact.get_corp_tag_list", lambda: contact.get_corp_tag_list()),
        ("external_contact.edit_corp_tag", lambda: contact.edit_corp_tag(kept["corp_tag"], "银", 2)),
        ("external_contact.mark_tag", lambda: contact.mark_tag(user(), customer(), [kept["corp_tag"]])),
        ("external_contact.del_corp_tag", lambda: contact.del_corp_tag([kept["corp_tag"]])),
        ("external_contact.send_welcome_msg (with a code never given)", lambda: contact.send_welcome_msg({"welcome_code": "none", "text": {"content": "欢迎"}})),
        ("external_contact.del_contact_way", lambda: contact.del_contact_way(kept["way"])),
    ]  # fmt: skip
    return [(PREFIX + name, trial) for name, trial in trials]
