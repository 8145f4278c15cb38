"""Codes with a scene, and their pictures."""

import io
import secrets
from typing import Any

import segno
from msgspec import Struct, field

from wechat_sandbox.asgi import Answer, Request
from wechat_sandbox.models import QrCode
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import account_of, read_body
from wechat_sandbox.wx_errors import WxError

MAX_SECONDS = 2592000
DEFAULT_SECONDS = 60
MAX_PERMANENT_ID = 100_000
_ACTIONS = {
    "QR_SCENE": (False, False),
    "QR_STR_SCENE": (False, True),
    "QR_LIMIT_SCENE": (True, False),
    "QR_LIMIT_STR_SCENE": (True, True),
}


class Scene(Struct):
    """`action_info.scene`."""

    scene_id: int | None = None
    scene_str: str | None = None


class ActionInfo(Struct):
    """`action_info`."""

    scene: Scene | None = None


class CreateBody(Struct):
    """POST /cgi-bin/qrcode/create."""

    action_name: str = ""
    action_info: ActionInfo = field(default_factory=ActionInfo)
    expire_seconds: int = DEFAULT_SECONDS


def create(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/qrcode/create: ticket and url; a temporary one tells when it ends."""
    account = account_of(world, request)
    asked = read_body(request, CreateBody)
    if asked.action_name not in _ACTIONS:
        raise WxError(40052)
    permanent, is_str = _ACTIONS[asked.action_name]
    scene = _scene(asked.action_info.scene, permanent=permanent, is_str=is_str)
    if not permanent and not 1 <= asked.expire_seconds <= MAX_SECONDS:
        raise WxError(40097, "invalid expire_seconds")
    if permanent:
        for code in world.codes.values():  # the same scene is the same code for ever
            same = code.appid == account.appid and code.scene == scene and code.scene_is_str == is_str
            if same and code.expires_at is None and code.page is None:
                return {"ticket": code.ticket, "url": code.url}
    now = world.clock.now()
    code = QrCode(
        ticket="gQ" + secrets.token_urlsafe(70)[:92] + "==",
        appid=account.appid,
        url="http://weixin.qq.com/q/02" + secrets.token_urlsafe(16)[:22],
        scene=scene,
        scene_is_str=is_str,
        created_at=now,
        expires_at=None if permanent else now + asked.expire_seconds,
    )
    keep(world, code)
    answer: dict[str, Any] = {"ticket": code.ticket, "url": code.url}
    if not permanent:
        answer["expire_seconds"] = asked.expire_seconds
    return answer


def _scene(scene: Scene | None, *, permanent: bool, is_str: bool) -> str:
    if scene is None:
        return "0"  # WeChat takes a request without the `scene` level, and sends EventKey 0
    if is_str:
        if not scene.scene_str or len(scene.scene_str) > 64:
            raise WxError(40053)
        return scene.scene_str
    limit = MAX_PERMANENT_ID if permanent else 2**32 - 1
    if scene.scene_id is None or not 1 <= scene.scene_id <= limit:
        raise WxError(40053)
    return str(scene.scene_id)


def keep(world: World, code: QrCode) -> None:
    """Keep a new code and find it again by what its picture says."""
    world.codes.put(code.ticket, code)
    world.code_urls[code.url] = code


def picture(content: str, kind: str, scale: int = 10) -> bytes:
    """A QR picture of any text, as `png` or `svg`."""
    out = io.BytesIO()
    segno.make(content, error="m", micro=False).save(out, kind=kind, scale=scale, border=4)
    return out.getvalue()


def show(world: World, request: Request) -> Answer:
    """GET /cgi-bin/showqrcode?ticket=: a picture for anybody; 404 for an unknown ticket."""
    code = world.codes.get(request.query.get("ticket", ""))
    if code is None:
        return Answer(404, b"", b"text/plain")
    return Answer(200, picture(code.url, "png"), b"image/png", [(b"cache-control", b"max-age=86400")])
