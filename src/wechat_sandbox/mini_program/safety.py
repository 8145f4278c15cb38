"""Content checks: texts at once, pictures and sounds with a later event.

Sources: developers.weixin.qq.com security.msgSecCheck and mediaCheckAsync 2.0 (`suggest` risky, pass or review;
labels; openid of somebody who was here within two hours, else 61010), security.imgSecCheck (87014);
the event as in PowerWeChat and silenceper/wechat `wxa_media_check`. What is risky is decided by a list of words:
a sandbox has no model.
"""

import secrets
from typing import Any

from msgspec import Struct

from wechat_sandbox import push
from wechat_sandbox.apps import mini_callback
from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Identity, MiniProgram
from wechat_sandbox.multipart import read_file
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, mini_program_of, read_body
from wechat_sandbox.wx_errors import WxError

VISIT_SECONDS = 7200
MEDIA_SECONDS = 1.0
"""How long a picture's check takes; WeChat says within 30 minutes."""
NORMAL = 100
RISKY = {
    "赌博": 20006,
    "毒品": 20006,
    "枪支": 20006,
    "裸聊": 20002,
    "色情": 20002,
    "傻逼": 20003,
    "诈骗": 20008,
    "刷单": 20008,
    "risky": 21000,
}
REVIEW = {"加微信": 10001, "代购": 10001, "高仿": 20013, "review": 21000}


class TextBody(Struct):
    """POST /wxa/msg_sec_check; without `version` it is 1.0."""

    content: str = ""
    version: int | str = 1
    scene: int = 0
    openid: str = ""
    title: str = ""
    nickname: str = ""
    signature: str = ""


class MediaBody(Struct):
    """POST /wxa/media_check_async."""

    media_url: str = ""
    media_type: int = 0
    version: int | str = 1
    scene: int = 0
    openid: str = ""


def judge(world: World, appid: str, text: str) -> tuple[str, int, str]:
    """`suggest`, label and the word that it was for."""
    lower = text.lower()
    for suggest, words in (("risky", {**world.apps.settings_of(appid).risky_words, **RISKY}), ("review", REVIEW)):
        for word, label in words.items():
            if word in lower:
                return suggest, label, word
    return "pass", NORMAL, ""


def _visitor(world: World, app: MiniProgram, openid: str, scene: int) -> Identity:
    if scene not in (1, 2, 3, 4):
        raise WxError(40129)
    identity = world.openids.get(openid)
    if identity is None:
        raise WxError(40003)
    if identity.appid != app.appid:
        raise WxError(43104)
    if world.apps.visits.get((app.appid, identity.shopper_id), 0.0) < world.clock.now() - VISIT_SECONDS:
        raise WxError(61010)
    return identity


def _trace() -> str:
    return "-".join(secrets.token_hex(4) for _ in range(3))


def _detail(suggest: str, label: int, word: str) -> list[dict[str, Any]]:
    keyword: dict[str, Any] = {"strategy": "keyword", "errcode": 0}
    if word:
        keyword |= {"suggest": suggest, "label": label, "keyword": word, "level": 90}
    return [{"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}, keyword]


def check_text(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/msg_sec_check"""
    app = mini_program_of(world, request)
    asked = read_body(request, TextBody)
    if not asked.content:
        raise WxError(44002)
    if len(asked.content) > 2500 and str(asked.version) == "2":
        raise WxError(45002)
    text = " ".join((asked.content, asked.title, asked.nickname, asked.signature))
    suggest, label, word = judge(world, app.appid, text)
    if str(asked.version) != "2":
        if suggest == "risky":
            raise WxError(87014)
        return OK
    _visitor(world, app, asked.openid, asked.scene)
    return {
        "errcode": 0,
        "errmsg": "ok",
        "detail": _detail(suggest, label, word),
        "trace_id": _trace(),
        "result": {"suggest": suggest, "label": label},
    }


def check_media(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/media_check_async -> trace_id; the event `wxa_media_check` tells the result. It judges the address."""
    app = mini_program_of(world, request)
    asked = read_body(request, MediaBody)
    if asked.media_type not in (1, 2) or not asked.media_url.startswith(("http://", "https://")):
        raise WxError(40097)
    if str(asked.version) != "2":
        raise WxError(40097)
    identity = _visitor(world, app, asked.openid, asked.scene)
    trace_id = _trace()
    suggest, label, word = judge(world, app.appid, asked.media_url)

    def tell() -> None:
        push.event(
            world,
            mini_callback(world, app.appid),
            identity,
            "wxa_media_check",
            appid=app.appid,
            trace_id=trace_id,
            version=2,
            detail=_detail(suggest, label, word)[:1],
            errcode=0,
            errmsg="ok",
            result={"suggest": suggest, "label": label},
        )

    world.clock.call_later(MEDIA_SECONDS, tell)
    return {"errcode": 0, "errmsg": "ok", "trace_id": trace_id}


def check_image(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/img_sec_check (1.0): a file in the field `media`; risky when its name or bytes say so."""
    app = mini_program_of(world, request)
    file = read_file(request, "media")
    if len(file.content) > 1024 * 1024:
        raise WxError(40006)
    text = file.name + " " + file.content[:65536].decode("latin-1")
    if judge(world, app.appid, text)[0] == "risky":
        raise WxError(87014)
    return OK
