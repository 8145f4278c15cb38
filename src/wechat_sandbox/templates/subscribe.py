"""Subscribe messages: the shopper's consent, one message for each grant, and the events of both.

Sources: wire.md sections 3 and 4; developers.weixin.qq.com 小程序订阅消息 (`subscribe_msg_popup_event`,
`subscribe_msg_change_event`, `subscribe_msg_sent_event`; `wx.requestSubscribeMessage` with at most three
templates and `accept`, `reject`, `ban`) and 公众号订阅通知 (`bizsend`).
"""

import secrets
from typing import Any

import msgspec
from msgspec import Struct

from wechat_sandbox import chat, push
from wechat_sandbox.accounts import identity_of
from wechat_sandbox.apps import target_of
from wechat_sandbox.asgi import Request
from wechat_sandbox.mini_program.codes import page_exists
from wechat_sandbox.models import Identity, MiniProgram, OfficialAccount, Shopper
from wechat_sandbox.models_apps import Consent
from wechat_sandbox.templates import library, values
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import account_of, mini_program_of, read_body
from wechat_sandbox.wx_errors import WxError

MAX_AT_ONCE = 3


class MiniLink(Struct):
    """`miniprogram` of an official account's message."""

    appid: str = ""
    pagepath: str = ""


class SendBody(Struct):
    """POST /cgi-bin/message/subscribe/send and bizsend."""

    touser: str = ""
    template_id: str = ""
    page: str = ""
    data: Any = None
    miniprogram_state: str = "formal"
    lang: str = "zh_CN"
    miniprogram: MiniLink | None = None


class ConsentError(Exception):
    """`wx.requestSubscribeMessage` fails; the text is its errMsg."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"requestSubscribeMessage:fail {text}")
        self.code = code


def answer_prompt(
    world: World, shopper: Shopper, appid: str, template_ids: list[str], answers: dict[str, bool], *, accept: bool
) -> dict[str, Any]:
    """The shopper answers the sheet that asks for consent: what the page gets. Raises ConsentError."""
    if not template_ids:
        raise ConsentError(20001, "TmplIds can't be empty")
    if len(template_ids) > MAX_AT_ONCE:
        raise ConsentError(20003, "Templates size over limit")
    for template_id in template_ids:
        known = library.find(world, appid, template_id, "subscribe")
        if known is None and library.strict(world, appid, "subscribe"):
            raise ConsentError(20001, "No template data return, verify the template id exist")
    result: dict[str, Any] = {"errMsg": "requestSubscribeMessage:ok"}
    told: list[dict[str, Any]] = []
    for template_id in dict.fromkeys(template_ids):
        consent = consent_of(world, appid, shopper.shopper_id, template_id)
        if consent.banned:
            result[template_id] = "ban"
            continue
        yes = answers.get(template_id, accept)
        if yes:
            consent.left += 1
            _save(world, consent)
        result[template_id] = "accept" if yes else "reject"
        scene = 0 if appid in world.mini_programs else 2
        told.append({"TemplateId": template_id, "SubscribeStatusString": result[template_id], "PopupScene": scene})
    if told:
        _tell(world, appid, shopper, "subscribe_msg_popup_event", "SubscribeMsgPopupEvent", told)
    return result


def set_banned(world: World, shopper: Shopper, appid: str, template_id: str, *, banned: bool) -> None:
    """The shopper switches a template off (its grants are gone) or on again in the settings."""
    consent = consent_of(world, appid, shopper.shopper_id, template_id)
    consent.banned = banned
    consent.left = 0 if banned else consent.left
    _save(world, consent)
    if banned:
        row = {"TemplateId": template_id, "SubscribeStatusString": "reject"}
        _tell(world, appid, shopper, "subscribe_msg_change_event", "SubscribeMsgChangeEvent", [row])


def consent_of(world: World, appid: str, shopper_id: str, template_id: str) -> Consent:
    """What the shopper granted of one template."""
    row = world.apps.consents.get(f"{appid}:{shopper_id}:{template_id}")
    return row or Consent(appid, shopper_id, template_id)


def _save(world: World, row: Consent) -> None:
    world.apps.consents.put(f"{row.appid}:{row.shopper_id}:{row.template_id}", row)


def send(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/message/subscribe/send. 43101 without a grant, 40037, 41030, 47003."""
    app = mini_program_of(world, request)
    asked = read_body(request, SendBody)
    if asked.miniprogram_state not in ("developer", "trial", "formal"):
        raise WxError(40097)
    if not page_exists(world, app, asked.page.partition("?")[0]):
        raise WxError(41030)
    return _send(world, app, asked)


def bizsend(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/message/subscribe/bizsend: the same of an official account."""
    account = account_of(world, request)
    return _send(world, account, read_body(request, SendBody))


def _send(world: World, app: OfficialAccount | MiniProgram, asked: SendBody) -> dict[str, Any]:
    identity = world.openids.get(asked.touser)
    if identity is None or identity.appid != app.appid:
        raise WxError(40003)
    template = library.find(world, app.appid, asked.template_id, "subscribe")
    if not asked.template_id or (template is None and library.strict(world, app.appid, "subscribe")):
        raise WxError(40037)
    data = values.read(asked.data, template.keywords if template else [])
    consent = consent_of(world, app.appid, identity.shopper_id, asked.template_id)
    if consent.left < 1:
        raise WxError(43101)
    consent.left -= 1
    _save(world, consent)
    names = dict(part.split(":{{", 1) for part in template.content.splitlines()) if template else {}
    labels = {keyword.removesuffix(".DATA}}"): name for name, keyword in names.items()}
    body: dict[str, Any] = {
        "template_id": asked.template_id,
        "title": template.title if template else "",
        "page": asked.page,
        "miniprogram": msgspec.to_builtins(asked.miniprogram),
        "data": data,
        "labels": labels,
        "state": asked.miniprogram_state,
    }
    chat.say(world, app.appid, identity.shopper_id, "account", "subscribe_message", body)
    msgid = 1_800_000_000_000_000_000 + secrets.randbelow(10**17)
    _tell_sent(world, app.appid, identity, asked.template_id, msgid)
    return {"errcode": 0, "errmsg": "ok", "msgid": msgid}


def _tell_sent(world: World, appid: str, identity: Identity, template_id: str, msgid: int) -> None:
    row = {"TemplateId": template_id, "MsgID": str(msgid), "ErrorCode": 0, "ErrorStatus": "success"}
    group = {"SubscribeMsgSentEvent": {"List": [row]}}
    push.event(world, target_of(world, appid), identity, "subscribe_msg_sent_event", **group)


def _tell(world: World, appid: str, shopper: Shopper, event: str, group: str, rows: list[dict[str, Any]]) -> None:
    identity = identity_of(world, appid, shopper.shopper_id)
    push.event(world, target_of(world, appid), identity, event, **{group: {"List": rows}})
