"""What a shopper does in a chat beyond writing and tapping: pictures, voices, places, scans from the menu.

Source: developers.weixin.qq.com 接收普通消息, 接收事件推送 (LOCATION), 自定义菜单事件推送 (`scancode_push`,
`scancode_waitmsg`, `pic_sysphoto`, `pic_photo_or_album`, `pic_weixin`, `location_select`, then the message itself).
"""

import hashlib
from typing import Any

from wechat_sandbox import acts, chat, media, push
from wechat_sandbox.accounts import identity_of
from wechat_sandbox.models import Identity, OfficialAccount, Shopper
from wechat_sandbox.multipart import Part
from wechat_sandbox.official.messages import open_after_event, open_after_message
from wechat_sandbox.world import World

_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8ffff3f0005fe02fea735815e0000000049454e44ae426082"
)
_FILES = {"image": "photo.png", "voice": "voice.amr", "video": "video.mp4"}


def _follower(world: World, shopper: Shopper, appid: str) -> tuple[OfficialAccount, Identity]:
    account = acts.account_or_error(world, appid)
    identity = identity_of(world, appid, shopper.shopper_id)
    if not identity.following:
        raise acts.ActError("not following this account")
    return account, identity


def send_file(world: World, shopper: Shopper, appid: str, kind: str, content: bytes | None) -> dict[str, Any]:
    """A picture, voice or video; without content a small one of ours. The account can download it for three days."""
    account, identity = _follower(world, shopper, appid)
    if kind not in _FILES:
        raise acts.ActError("kind is image, voice or video")
    row = media.keep(world, appid, kind, Part("", _FILES[kind], "", content or _PIXEL), permanent=False)
    fields: dict[str, Any] = {"MediaId": row.media_id}
    if kind == "image":
        fields = {"PicUrl": media.url(world, row), **fields}
    elif kind == "voice":
        fields["Format"] = "amr"
    else:
        fields["ThumbMediaId"] = row.media_id
    body = {"media_id": row.media_id, "url": media.url(world, row)}
    line = chat.say(world, appid, shopper.shopper_id, "shopper", kind, body)
    open_after_message(world, identity)
    push.message(world, account, identity, kind, **fields)
    return chat.public(line)


def send_place(
    world: World, shopper: Shopper, appid: str, latitude: float, longitude: float, label: str
) -> dict[str, Any]:
    """A place as a message."""
    account, identity = _follower(world, shopper, appid)
    _check_place(latitude, longitude)
    body = {"latitude": latitude, "longitude": longitude, "label": label}
    line = chat.say(world, appid, shopper.shopper_id, "shopper", "location", body)
    open_after_message(world, identity)
    push.message(world, account, identity, "location", Location_X=latitude, Location_Y=longitude, Scale=16, Label=label)
    return chat.public(line)


def report_place(world: World, shopper: Shopper, appid: str, latitude: float, longitude: float) -> None:
    """The event LOCATION, which a follower who agreed sends when the chat opens."""
    account, identity = _follower(world, shopper, appid)
    _check_place(latitude, longitude)
    push.event(world, account, identity, "LOCATION", Latitude=latitude, Longitude=longitude, Precision=65.0)


def _check_place(latitude: float, longitude: float) -> None:
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise acts.ActError("no such place")


def menu_input(
    world: World,
    shopper: Shopper,
    appid: str,
    key: str,
    scan_result: str,
    latitude: float,
    longitude: float,
    label: str,
) -> dict[str, Any]:
    """Tap a button that asks for a scan, a picture or a place, and give it."""
    account, identity = _follower(world, shopper, appid)
    buttons = [below for button in account.menu or [] for below in (button.get("sub_button") or [button])]
    kind = next((str(button.get("type")) for button in buttons if key and button.get("key") == key), "")
    if kind.startswith("scancode_"):
        info = {"ScanType": "qrcode", "ScanResult": scan_result}
        push.event(world, account, identity, kind, EventKey=key, ScanCodeInfo=info)
    elif kind.startswith("pic_"):
        digest = hashlib.md5(_PIXEL, usedforsecurity=False).hexdigest()
        pictures = {"Count": 1, "PicList": {"item": [{"PicMd5Sum": digest}]}}
        push.event(world, account, identity, kind, EventKey=key, SendPicsInfo=pictures)
        send_file(world, shopper, appid, "image", None)
    elif kind == "location_select":
        _check_place(latitude, longitude)
        place = {
            "Location_X": str(latitude),
            "Location_Y": str(longitude),
            "Scale": "16",
            "Label": label,
            "Poiname": "",
        }
        push.event(world, account, identity, kind, EventKey=key, SendLocationInfo=place)
        send_place(world, shopper, appid, latitude, longitude, label)
    else:
        raise acts.ActError("the menu has no such button")
    open_after_event(world, identity)
    return {"action": kind, "key": key}
