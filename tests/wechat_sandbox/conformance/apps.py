# One trial a line reads best, and each is a lambda, alike or not.
# ruff: noqa: E501, PLW0108
# The clients carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""wechatpy 1.8.18: official account, mini program, OAuth, third-party platform, WeCom."""

import inspect
import io
import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import requests
from wechatpy import WeChatClient, WeChatComponent, WeChatOAuth
from wechatpy.client.api.base import BaseWeChatAPI
from wechatpy.component import ComponentOAuth
from wechatpy.enterprise import WeChatClient as CorpClient
from wechatpy.exceptions import WeChatException

from tests.wechat_sandbox.conformance.desk import Call, Desk, Row
from tests.wechat_sandbox.conformance.payments import PNG
from tests.wechat_sandbox.conformance.scope import out_of_scope

NAME = "wechatpy 1.8.18"
_MP3 = b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(400)


@contextmanager
def pointed(url: str) -> Generator[None]:
    """Rewrite WeChat's hosts to the sandbox, since some of wechatpy's are not settings."""
    there = urlsplit(url)
    plain = requests.Session.request

    def request(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        parts = urlsplit(url)
        if parts.hostname and parts.hostname.endswith("weixin.qq.com"):
            url = urlunsplit(parts._replace(scheme=there.scheme, netloc=there.netloc))
        return plain(self, method, url, *args, **kwargs)

    requests.Session.request = request  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        requests.Session.request = plain


def rows(desk: Desk) -> list[Row]:
    """A row for every method of the clients."""
    tried: dict[str, list[Row]] = {}
    with pointed(desk.box.url):
        for name, trial in [
            *_official(desk),
            *_messages(desk),
            *_mini(desk),
            *_oauth(desk),
            *_platform(desk),
            *_work(desk),
        ]:
            tried.setdefault(name.partition(" ")[0], []).append(Row(NAME, name, _result(trial)))
    found: list[Row] = []
    for name in sorted(_offered()):
        why = out_of_scope(f"wechatpy.{name}")
        found += tried.pop(name, None) or [Row(NAME, name, f"— {why}" if why else "not tried")]
    assert not tried, f"no such methods: {tried.keys()}"
    return found


def _offered() -> set[str]:
    names: set[str] = set()
    for prefix, client in (("", WeChatClient), ("enterprise.", CorpClient)):
        for api, value in inspect.getmembers(client):
            if isinstance(value, BaseWeChatAPI):
                names |= {f"{prefix}{api}.{name}" for name in _methods(type(value))}
    for prefix, kind in (("oauth", WeChatOAuth), ("component", WeChatComponent), ("component_oauth", ComponentOAuth)):
        names |= {f"{prefix}.{name}" for name in _methods(kind)}
    return names


def _methods(kind: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]


def _result(trial: Callable[[], Any]) -> str:
    try:
        told = trial()
    except WeChatException as error:
        return f"errcode {error.errcode}" if error.errcode else "404 no such interface"
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        return f"{status} no such interface" if status == 404 else f"HTTP {status}"
    except Exception as error:  # the table says what came
        return f"{type(error).__name__}: {str(error)[:60]}"
    if isinstance(told, dict) and told.get("errcode"):
        return f"errcode {told['errcode']}"
    if isinstance(told, requests.Response):
        return "ok" if told.status_code == 200 and told.content else f"HTTP {told.status_code}"
    return "ok"


def file(content: bytes = PNG, name: str = "a.png") -> io.BytesIO:
    """An open file with a name."""
    handle = io.BytesIO(content)
    handle.name = name
    return handle


def _client(desk: Desk) -> Any:
    if "client" not in desk.kept:
        desk.kept["client"] = WeChatClient(desk.account["appid"], desk.account["secret"])
    return desk.kept["client"]


def _official(desk: Desk) -> list[Call]:
    c, kept, openid = _client(desk), desk.kept, desk.openid
    menu = {"button": [{"type": "click", "name": "会员", "key": "member"}]}
    code = {"action_name": "QR_STR_SCENE", "expire_seconds": 60, "action_info": {"scene": {"scene_str": "x"}}}
    worker = f"one@{desk.account['original_id']}"

    def keep(name: str, value: Any, key: str) -> Any:
        kept[name] = value.get(key) or value.get("tag", {}).get(key)
        return value

    return [
        ("menu.create", lambda: c.menu.create(menu)),
        ("menu.update", lambda: c.menu.update(menu)),
        ("menu.get", lambda: c.menu.get()),
        ("menu.delete", lambda: c.menu.delete()),
        ("qrcode.create", lambda: keep("ticket", c.qrcode.create(code), "ticket")),
        ("qrcode.show", lambda: c.qrcode.show(kept["ticket"])),
        ("user.get", lambda: c.user.get(openid)),
        ("user.get_batch", lambda: c.user.get_batch([openid])),
        ("user.get_followers", lambda: c.user.get_followers()),
        ("user.iter_followers", lambda: list(c.user.iter_followers())),
        ("user.update_remark", lambda: c.user.update_remark(openid, "老客")),
        ("tag.create", lambda: keep("tag", {"tag": c.tag.create("常客")}, "id")),
        ("tag.get", lambda: c.tag.get()),
        ("tag.update", lambda: c.tag.update(kept["tag"], "熟客")),
        ("tag.tag_user", lambda: c.tag.tag_user(kept["tag"], openid)),
        ("tag.get_user_tag", lambda: c.tag.get_user_tag(openid)),
        ("tag.get_tag_users", lambda: c.tag.get_tag_users(kept["tag"])),
        ("tag.iter_tag_users", lambda: list(c.tag.iter_tag_users(kept["tag"]))),
        ("tag.untag_user", lambda: c.tag.untag_user(kept["tag"], openid)),
        ("tag.delete", lambda: c.tag.delete(kept["tag"])),
        ("tag.batch_black_list", lambda: c.tag.batch_black_list([openid])),
        ("tag.get_black_list", lambda: c.tag.get_black_list()),
        ("tag.batch_unblack_list", lambda: c.tag.batch_unblack_list([openid])),
        ("jsapi.get_ticket", lambda: c.jsapi.get_ticket()),
        ("jsapi.get_jsapi_ticket", lambda: c.jsapi.get_jsapi_ticket()),
        ("jsapi.get_jsapi_card_ticket", lambda: c.jsapi.get_jsapi_card_ticket()),
        ("misc.get_wechat_ips", lambda: c.misc.get_wechat_ips()),
        ("customservice.add_account", lambda: c.customservice.add_account(worker, "客服一", "p" * 8)),
        ("customservice.update_account", lambda: c.customservice.update_account(worker, "客服二", "p" * 8)),
        ("customservice.upload_headimg", lambda: c.customservice.upload_headimg(worker, file())),
        ("customservice.get_accounts", lambda: c.customservice.get_accounts()),
        ("customservice.get_online_accounts", lambda: c.customservice.get_online_accounts()),
        ("customservice.get_wait_case", lambda: c.customservice.get_wait_case()),
        ("customservice.create_session", lambda: c.customservice.create_session(openid, worker)),
        ("customservice.get_session", lambda: c.customservice.get_session(openid)),
        ("customservice.get_session_list", lambda: c.customservice.get_session_list(worker)),
        ("customservice.close_session", lambda: c.customservice.close_session(openid, worker)),
        ("customservice.get_records", lambda: c.customservice.get_records(int(time.time()) - 3600, int(time.time()))),
        ("customservice.delete_account", lambda: c.customservice.delete_account(worker)),
    ]


def _messages(desk: Desk) -> list[Call]:
    c, kept, openid = _client(desk), desk.kept, desk.openid
    article = {
        "title": "茶",
        "description": "新茶",
        "url": "https://example.com/",
        "image": "https://example.com/a.png",
    }
    page = {"title": "茶", "appid": desk.mini["appid"], "pagepath": "pages/home", "thumb_media_id": "x"}
    choice = {"head_content": "满意吗", "list": [{"id": "1", "content": "满意"}], "tail_content": "谢谢"}

    def wrote(send: Callable[[], Any]) -> Callable[[], Any]:
        def trial() -> Any:
            path = f"/_sandbox/shoppers/{desk.shopper}/chats/{desk.account['appid']}/text"
            desk.box.post(path, {"content": "在吗"})
            return send()

        return trial

    def upload() -> Any:
        told = c.media.upload("image", file())
        kept["media"] = told["media_id"]
        for kind, content, name in (("voice", _MP3, "a.mp3"), ("video", bytes(400), "a.mp4"), ("thumb", PNG, "a.jpg")):
            try:
                kept[kind] = c.media.upload(kind, file(content, name)).get("media_id")
            except WeChatException:
                kept[kind] = kept["media"]
        kept["thumb"] = kept.get("thumb") or kept["media"]
        return told

    def add_template() -> Any:
        told = c.template.add("101")
        kept["template"] = told if isinstance(told, str) else told.get("template_id", "")
        return told

    def add_material() -> Any:
        told = c.material.add("image", file())
        kept["material"] = told["media_id"]
        return told

    return [
        ("media.upload", upload),
        ("media.upload_image", lambda: c.media.upload_image(file())),
        ("media.download", lambda: c.media.download(kept["media"])),
        ("material.add", add_material),
        ("material.get", lambda: c.material.get(kept["material"])),
        ("material.get_count", lambda: c.material.get_count()),
        ("material.batchget", lambda: c.material.batchget("image")),
        ("material.delete", lambda: c.material.delete(kept["material"])),
        ("message.send_text", wrote(lambda: c.message.send_text(openid, "你好"))),
        ("message.send_image", wrote(lambda: c.message.send_image(openid, kept["media"]))),
        ("message.send_voice", wrote(lambda: c.message.send_voice(openid, kept["voice"]))),
        ("message.send_video", wrote(lambda: c.message.send_video(openid, kept["video"], "茶", "茶"))),
        ("message.send_articles", wrote(lambda: c.message.send_articles(openid, [article]))),
        ("message.send_msg_menu", wrote(lambda: c.message.send_msg_menu(openid, choice))),
        ("message.send_mini_program_page", wrote(lambda: c.message.send_mini_program_page(openid, {**page, "thumb_media_id": kept["thumb"]}))),
        ("template.set_industry", lambda: c.template.set_industry("1", "4")),
        ("template.get_industry", lambda: c.template.get_industry()),
        ("template.add", add_template),
        ("template.get", lambda: c.template.get("101")),
        ("template.get_all_private_template", lambda: c.template.get_all_private_template()),
        ("message.send_template", lambda: c.message.send_template(openid, kept["template"], {"first": {"value": "茶"}})),
        ("message.send_subscribe_message", lambda: c.message.send_subscribe_message(openid, *_consent(desk, desk.account))),
        ("template.del_private_template", lambda: c.template.del_private_template(kept["template"])),
    ]  # fmt: skip


def _consent(desk: Desk, app: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A subscribe template of the app to which the shopper has consented, and data that fit it."""
    token = desk.box.token(app)
    row = desk.box.get("/wxaapi/newtmpl/gettemplate", params={"access_token": token})["data"][0]
    body = {"appid": app["appid"], "template_ids": [row["priTmplId"]], "accept": True}
    desk.box.post(f"/_sandbox/shoppers/{desk.shopper}/subscriptions", body)
    samples = {"thing": "茶", "time": "2026-01-01 10:00", "date": "2026-01-01", "amount": "1元", "number": "1"}
    names = re.findall(r"\{\{(\w+)\.DATA\}\}", row["content"])
    data = {name: {"value": samples.get(name.rstrip("0123456789"), "A1")} for name in names}
    return row["priTmplId"], data


def _mini(desk: Desk) -> list[Call]:
    client: Any = WeChatClient(desk.mini["appid"], desk.mini["secret"])
    wxa = client.wxa

    def login() -> Any:
        code = desk.box.post(f"/_sandbox/shoppers/{desk.shopper}/jscode", {"appid": desk.mini["appid"]})["code"]
        return wxa.code_to_session(code)

    return [
        ("wxa.code_to_session", login),
        ("wxa.get_wxa_code_unlimited", lambda: wxa.get_wxa_code_unlimited("s=1", page="pages/home/home")),
        ("wxa.get_wxa_code", lambda: wxa.get_wxa_code("pages/home/home")),
        ("wxa.check_text_security", lambda: wxa.check_text_security("新茶上市")),
        ("wxa.check_image_security", lambda: wxa.check_image_security(file())),
        ("wxa.send_subscribe_message", lambda: wxa.send_subscribe_message(desk.mini_openid, *_consent(desk, desk.mini))),
    ]  # fmt: skip


def _authorized(desk: Desk, url: str) -> str:
    parts = urlsplit(url)
    page = desk.box.http.get(f"{parts.path}?{parts.query}", headers={"X-Sandbox-Shopper": desk.shopper})
    return parse_qs(urlsplit(page.headers["location"]).query)["code"][0]


def _oauth(desk: Desk) -> list[Call]:
    oauth: Any = WeChatOAuth(desk.account["appid"], desk.account["secret"], "http://shop.test/", "snsapi_userinfo", "s")
    return [
        ("oauth.fetch_access_token", lambda: oauth.fetch_access_token(_authorized(desk, oauth.authorize_url))),
        ("oauth.refresh_access_token", lambda: oauth.refresh_access_token(oauth.refresh_token)),
        ("oauth.check_access_token", lambda: oauth.check_access_token()),
        ("oauth.get_user_info", lambda: oauth.get_user_info()),
    ]


def _platform(desk: Desk) -> list[Call]:
    made = desk.box.http.post("/_sandbox/components", json={"name": "试用服务商"})
    row: dict[str, Any] = (
        made.json() if made.is_success else {"appid": "x", "secret": "x", "token": "x", "encoding_aes_key": "A" * 43}
    )
    c: Any = WeChatComponent(row["appid"], row["secret"], row["token"], row["encoding_aes_key"])
    kept, path = desk.kept, f"/_sandbox/components/{row['appid']}"
    mini = desk.box.mini_program("小满手作")["appid"]

    def fetch() -> Any:
        told = desk.box.http.post(f"{path}/ticket")
        c.session.set("component_verify_ticket", told.json()["component_verify_ticket"])
        return c.fetch_access_token()

    def code() -> str:
        told = desk.box.http.post(f"{path}/authorizations", json={"appid": mini}).json()
        return str(told.get("auth_code"))

    def query() -> Any:
        told = c.query_auth(code())
        kept["authorizer_refresh"] = told["authorization_info"]["authorizer_refresh_token"]
        return told

    def authorized() -> Any:
        desk.box.http.post(f"{path}/authorizations", json={"appid": desk.account["appid"]})
        oauth: Any = ComponentOAuth(desk.account["appid"], row["appid"], c.access_token)
        kept["component_oauth"] = oauth
        return oauth.fetch_access_token(
            _authorized(desk, oauth.get_authorize_url("http://shop.test/", "snsapi_userinfo"))
        )

    return [
        ("component.fetch_access_token", fetch),
        ("component.create_preauthcode", lambda: c.create_preauthcode()),
        ("component.query_auth", query),
        ("component.refresh_authorizer_token", lambda: c.refresh_authorizer_token(mini, kept["authorizer_refresh"])),
        ("component.get_authorizer_info", lambda: c.get_authorizer_info(mini)),
        ("component.get_authorizer_list", lambda: c.get_authorizer_list(0, 10)),
        ("component.get_authorizer_option", lambda: c.get_authorizer_option(mini, "voice_recognize")),
        ("component.set_authorizer_option", lambda: c.set_authorizer_option(mini, "voice_recognize", "1")),
        ("component.get_client_by_authorization_code", lambda: c.get_client_by_authorization_code(code())),
        ("component_oauth.get_authorize_url", lambda: ComponentOAuth(desk.account["appid"], row["appid"], "t").get_authorize_url("http://shop.test/")),
        ("component_oauth.fetch_access_token", authorized),
        ("component_oauth.refresh_access_token", lambda: kept["component_oauth"].refresh_access_token(kept["component_oauth"].refresh_token)),
        ("component_oauth.get_user_info", lambda: kept["component_oauth"].get_user_info()),
    ]  # fmt: skip


def _work(desk: Desk) -> list[Call]:
    from tests.wechat_sandbox.conformance.work import calls

    return calls(desk)
