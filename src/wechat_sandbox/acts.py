"""What a shopper does on the phone: scan, follow, write, tap. Each act is told to the account."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from wechat_sandbox import chat, push
from wechat_sandbox.accounts import identity_of, save_identity
from wechat_sandbox.models import Identity, OfficialAccount, QrCode, Shopper
from wechat_sandbox.official.messages import open_after_event, open_after_message
from wechat_sandbox.pay import sheets
from wechat_sandbox.wecom import ways
from wechat_sandbox.world import World


class ActError(Exception):
    """The phone cannot do that; the text says why."""


def _event_key(code: QrCode | None, prefix: str = "") -> dict[str, str | int]:
    if code is None:
        return {"EventKey": ""}
    return {"EventKey": prefix + code.scene, "Ticket": code.ticket}


def scan(world: World, shopper: Shopper, content: str) -> dict[str, Any]:
    """Scan a code: follow page, SCAN event, payment sheet, mini program, page or plain text."""
    content = content.strip()
    code = world.code_urls.get(content) or world.codes.get(_ticket_of(content))
    if code is not None:
        return _scan_code(world, shopper, code)
    if content.startswith("weixin://wxpay/bizpayurl"):
        sheet = sheets.open_code(world, shopper, content)
        return {"action": "pay", "sheet": sheet}
    way = ways.way_of(world, content)
    if way is not None:
        corp = world.apps.corps.get(way.corpid)
        return {"action": "add_contact", "content": way.code_url, "corp_name": corp.name if corp else ""}
    if content.startswith(("http://", "https://")):
        return {"action": "open_url", "url": content}
    return {"action": "text", "text": content}


def _ticket_of(content: str) -> str:
    """The ticket in the address of a code's picture, for those who paste that instead."""
    parts = urlsplit(content)
    return parse_qs(parts.query).get("ticket", [""])[0] if parts.path == "/cgi-bin/showqrcode" else ""


def _scan_code(world: World, shopper: Shopper, code: QrCode) -> dict[str, Any]:
    if code.expires_at is not None and world.clock.now() >= code.expires_at:
        return {"action": "text", "text": "二维码已过期"}
    if code.page is not None:
        return {
            "action": "open_mini_program",
            "appid": code.appid,
            "page": code.page,
            "scene": code.scene,
        }
    account = account_or_error(world, code.appid)
    identity = identity_of(world, code.appid, shopper.shopper_id)
    if not identity.following:
        return {"action": "follow_page", "appid": code.appid, "name": account.name, "ticket": code.ticket}
    open_after_event(world, identity)
    push.event(world, account, identity, "SCAN", **_event_key(code))
    return {"action": "scanned", "appid": code.appid, "name": account.name}


def account_or_error(world: World, appid: str) -> OfficialAccount:
    """The official account. Raises ActError."""
    account = world.accounts.get(appid)
    if account is None:
        raise ActError(f"no official account {appid}")
    return account


def follow(world: World, shopper: Shopper, appid: str, ticket: str | None = None) -> Identity:
    """Follow an account, by a scanned code or by search. Following twice changes nothing."""
    account = account_or_error(world, appid)
    code = world.codes.get(ticket) if ticket else None
    if ticket and (code is None or code.appid != appid or code.page is not None):
        raise ActError("the ticket is not of this account")
    identity = identity_of(world, appid, shopper.shopper_id)
    if identity.following:
        return identity
    identity.following = True
    identity.followed_at = world.clock.now()
    identity.subscribe_scene = "ADD_SCENE_QR_CODE" if code else "ADD_SCENE_SEARCH"
    identity.qr_scene = int(code.scene) if code and not code.scene_is_str else 0
    identity.qr_scene_str = code.scene if code and code.scene_is_str else ""
    save_identity(world, identity)
    open_after_event(world, identity)
    body: dict[str, Any] = {"event": "subscribe", "content": f"你已关注{account.name}"}
    chat.say(world, appid, shopper.shopper_id, "shopper", "event", body)
    push.event(world, account, identity, "subscribe", **_event_key(code, "qrscene_"))
    return identity


def unfollow(world: World, shopper: Shopper, appid: str) -> Identity:
    """Stop following. Doing so twice changes nothing."""
    account = account_or_error(world, appid)
    identity = identity_of(world, appid, shopper.shopper_id)
    if identity.following:
        identity.following = False
        identity.tagid_list = []
        save_identity(world, identity)
        push.event(world, account, identity, "unsubscribe", EventKey="")
    return identity


def _follower(world: World, shopper: Shopper, appid: str) -> tuple[OfficialAccount, Identity]:
    account = account_or_error(world, appid)
    identity = identity_of(world, appid, shopper.shopper_id)
    if not identity.following:
        raise ActError("not following this account")
    return account, identity


def write(world: World, shopper: Shopper, appid: str, content: str) -> dict[str, Any]:
    """Write a text to an account."""
    account, identity = _follower(world, shopper, appid)
    if not content.strip() or len(content) > 2000:
        raise ActError("a text has 1 to 2000 characters")
    line = chat.say(world, appid, shopper.shopper_id, "shopper", "text", {"content": content})
    open_after_message(world, identity)
    push.text(world, account, identity, content)
    return chat.public(line)


def tap(world: World, shopper: Shopper, appid: str, key: str | None, url: str | None) -> dict[str, Any]:
    """Tap a menu button: CLICK for a key, VIEW for a page that then opens."""
    account, identity = _follower(world, shopper, appid)
    buttons = [below for button in account.menu or [] for below in (button.get("sub_button") or [button])]
    for button in buttons:
        if key and button.get("key") == key:
            if button.get("type") != "click":  # it asks for a scan, a picture or a place first
                return {"action": str(button.get("type")), "key": key}
            open_after_event(world, identity)
            push.event(world, account, identity, "CLICK", EventKey=key)
            return {"action": "clicked", "key": key}
        if url and button.get("url") == url:
            if button.get("type") == "miniprogram":
                page = str(button.get("pagepath", ""))
                push.event(world, account, identity, "view_miniprogram", EventKey=page)
                return {"action": "open_mini_program", "appid": button.get("appid"), "page": page}
            push.event(world, account, identity, "VIEW", EventKey=url)
            return {"action": "open_url", "url": url}
    raise ActError("the menu has no such button")
