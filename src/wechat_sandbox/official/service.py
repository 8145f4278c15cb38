"""Customer-service accounts (客服) and their sessions with shoppers.

Sources: developers.weixin.qq.com 客服管理, 会话控制 (codes 65400 to 65417; 65415 the worker is not online),
获取聊天记录 (opercode 1000 waiting, 1001 accepted, 1002 begun by the worker, 1004 closed, 2002 sent,
2003 received), 消息转发到客服: while a session lasts the shopper's messages go to the worker alone; events
`kf_create_session`, `kf_close_session`, `kf_switch_session` (field names as in wechatpy `events.py`).
"""

import re
from typing import Any

from msgspec import Struct

from wechat_sandbox import media, push
from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Identity, OfficialAccount
from wechat_sandbox.models_apps import ServiceAccount, ServiceRecord, ServiceSession
from wechat_sandbox.multipart import read_file
from wechat_sandbox.official.users import identity_by_openid
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, account_of, read_body
from wechat_sandbox.wx_errors import WxError

MAX_ACCOUNTS = 100
WAITING, ACCEPTED, BEGUN, CLOSED, SENT, RECEIVED = 1000, 1001, 1002, 1004, 2002, 2003
_ACCOUNT = re.compile(r"[A-Za-z0-9_]{1,10}@[A-Za-z0-9_\-]{1,32}")


class AccountBody(Struct):
    """POST kfaccount/add, update, inviteworker, del."""

    kf_account: str = ""
    nickname: str = ""
    password: str = ""
    invite_wx: str = ""


class SessionBody(Struct):
    """POST kfsession/create and close."""

    kf_account: str = ""
    openid: str = ""
    text: str = ""


class RecordBody(Struct):
    """POST msgrecord/getmsglist."""

    starttime: int = 0
    endtime: int = 0
    msgid: int = 1
    number: int = 10_000


class TypingBody(Struct):
    """POST /cgi-bin/message/custom/typing."""

    touser: str = ""
    command: str = ""


def mine(world: World, appid: str) -> list[ServiceAccount]:
    """The account's customer-service accounts."""
    return [row for row in world.apps.service_accounts.values() if row.appid == appid]


def find(world: World, account: OfficialAccount, kf_account: str) -> ServiceAccount:
    """Raises WxError 65401."""
    row = world.apps.service_accounts.get(f"{account.appid}:{kf_account}")
    if row is None:
        raise WxError(65401)
    return row


def save(world: World, row: ServiceAccount) -> None:
    """Keep a change."""
    world.apps.service_accounts.put(f"{row.appid}:{row.kf_account}", row)


def _check_nick(nickname: str) -> None:
    if not 0 < len(nickname) <= 16:
        raise WxError(65403)


def add(world: World, request: Request) -> dict[str, Any]:
    """POST /customservice/kfaccount/add"""
    account = account_of(world, request)
    asked = read_body(request, AccountBody)
    if not _ACCOUNT.fullmatch(asked.kf_account):
        raise WxError(65404)
    _check_nick(asked.nickname)
    rows = mine(world, account.appid)
    if any(row.kf_account == asked.kf_account for row in rows):
        raise WxError(65406)
    if len(rows) >= MAX_ACCOUNTS:
        raise WxError(65405)
    number = max((row.kf_id for row in rows), default=1000) + 1
    save(world, ServiceAccount(account.appid, asked.kf_account, asked.nickname, number))
    return OK


def update(world: World, request: Request) -> dict[str, Any]:
    """POST /customservice/kfaccount/update: another nickname."""
    account = account_of(world, request)
    asked = read_body(request, AccountBody)
    row = find(world, account, asked.kf_account)
    _check_nick(asked.nickname)
    row.nick = asked.nickname
    save(world, row)
    return OK


def invite(world: World, request: Request) -> dict[str, Any]:
    """POST /customservice/kfaccount/inviteworker: here every account is bound from the start."""
    account = account_of(world, request)
    find(world, account, read_body(request, AccountBody).kf_account)
    return OK


def delete(world: World, request: Request) -> dict[str, Any]:
    """GET or POST /customservice/kfaccount/del?kf_account="""
    account = account_of(world, request)
    wanted = request.query.get("kf_account") or (read_body(request, AccountBody).kf_account if request.body else "")
    row = find(world, account, wanted)
    for session in _sessions(world, account.appid):
        if session.kf_account == row.kf_account:
            close(world, account, session)
    world.apps.service_accounts.delete(f"{account.appid}:{row.kf_account}")
    return OK


def upload_head(world: World, request: Request) -> dict[str, Any]:
    """POST /customservice/kfaccount/uploadheadimg?kf_account="""
    account = account_of(world, request)
    row = find(world, account, request.query.get("kf_account", ""))
    picture = media.keep(world, "article:" + account.appid, "image", read_file(request, "media"), permanent=True)
    row.head_img = media.url(world, picture)
    save(world, row)
    return OK


def listing(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/customservice/getkflist"""
    account = account_of(world, request)
    return {
        "kf_list": [
            {
                "kf_account": row.kf_account,
                "kf_nick": row.nick,
                "kf_id": row.kf_id,
                "kf_headimgurl": row.head_img,
                "kf_wx": row.kf_account.partition("@")[0],
            }
            for row in mine(world, account.appid)
        ]
    }


def online(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/customservice/getonlinekflist"""
    account = account_of(world, request)
    sessions = _sessions(world, account.appid)
    return {
        "kf_online_list": [
            {
                "kf_account": row.kf_account,
                "status": 1,
                "kf_id": row.kf_id,
                "accepted_case": sum(1 for session in sessions if session.kf_account == row.kf_account),
            }
            for row in mine(world, account.appid)
            if row.online
        ]
    }


def typing(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/message/custom/typing: shown on the phone, not kept."""
    account = account_of(world, request)
    asked = read_body(request, TypingBody)
    if asked.command not in ("Typing", "CancelTyping"):
        raise WxError(45072)
    identity = identity_by_openid(world, account, asked.touser)
    now = world.clock.now()
    if max(identity.after_message.closes_at, identity.after_event.closes_at) <= now:
        raise WxError(45081)
    event = {"type": "typing", "appid": account.appid, "typing": asked.command == "Typing"}
    world.hub.publish(identity.shopper_id, event)
    return OK


# --- sessions ---------------------------------------------------------------------------------


def _sessions(world: World, appid: str) -> list[ServiceSession]:
    return [row for row in world.apps.service_sessions.values() if row.appid == appid]


def record(world: World, appid: str, openid: str, worker: str, opercode: int, text: str = "") -> None:
    """A line of the customer-service record."""
    row = ServiceRecord(appid, openid, worker, opercode, text, world.clock.now())
    world.apps.service_records.put(f"{appid}:{len(world.apps.service_records):012}", row)


def accept(world: World, account: OfficialAccount, identity: Identity, row: ServiceAccount, opercode: int) -> None:
    """A worker takes the shopper. Raises WxError 65414 when another has them, 65415 when offline."""
    key = f"{account.appid}:{identity.openid}"
    session = world.apps.service_sessions.get(key)
    if session is not None and session.kf_account == row.kf_account:
        return
    if session is not None and session.kf_account:
        raise WxError(65414)
    if not row.online:
        raise WxError(65415)
    now = world.clock.now()
    world.apps.service_sessions.put(key, ServiceSession(account.appid, identity.openid, now, row.kf_account, now))
    record(world, account.appid, identity.openid, row.kf_account, opercode)
    push.event(world, account, identity, "kf_create_session", KfAccount=row.kf_account)


def close(world: World, account: OfficialAccount, session: ServiceSession) -> None:
    """The session ends."""
    world.apps.service_sessions.delete(f"{session.appid}:{session.openid}")
    record(world, session.appid, session.openid, session.kf_account, CLOSED)
    identity = world.openids.get(session.openid)
    push.event(world, account, identity, "kf_close_session", KfAccount=session.kf_account, CloseType="KF")


def create_session(world: World, request: Request) -> dict[str, Any]:
    """POST /customservice/kfsession/create"""
    account = account_of(world, request)
    asked = read_body(request, SessionBody)
    identity = identity_by_openid(world, account, asked.openid)
    accept(world, account, identity, find(world, account, asked.kf_account), BEGUN)
    return OK


def close_session(world: World, request: Request) -> dict[str, Any]:
    """POST /customservice/kfsession/close"""
    account = account_of(world, request)
    asked = read_body(request, SessionBody)
    identity_by_openid(world, account, asked.openid)
    find(world, account, asked.kf_account)
    session = world.apps.service_sessions.get(f"{account.appid}:{asked.openid}")
    if session is None or session.kf_account != asked.kf_account:
        raise WxError(65413)
    close(world, account, session)
    return OK


def get_session(world: World, request: Request) -> dict[str, Any]:
    """GET /customservice/kfsession/getsession?openid="""
    account = account_of(world, request)
    openid = request.query.get("openid", "")
    identity_by_openid(world, account, openid)
    row = world.apps.service_sessions.get(f"{account.appid}:{openid}")
    taken = row is not None and bool(row.kf_account)
    return {"createtime": int(row.created_at) if row and taken else 0, "kf_account": row.kf_account if row else ""}


def session_list(world: World, request: Request) -> dict[str, Any]:
    """GET /customservice/kfsession/getsessionlist?kf_account="""
    account = account_of(world, request)
    row = find(world, account, request.query.get("kf_account", ""))
    rows = [session for session in _sessions(world, account.appid) if session.kf_account == row.kf_account]
    return {"sessionlist": [{"createtime": int(item.created_at), "openid": item.openid} for item in rows]}


def wait_case(world: World, request: Request) -> dict[str, Any]:
    """GET /customservice/kfsession/getwaitcase: at most 100 who wait."""
    account = account_of(world, request)
    rows = [row for row in _sessions(world, account.appid) if not row.kf_account]
    items = [{"latest_time": int(row.latest_at), "openid": row.openid} for row in rows[:100]]
    return {"count": len(rows), "waitcaselist": items}


def records(world: World, request: Request) -> dict[str, Any]:
    """POST /customservice/msgrecord/getmsglist: at most a day and 10,000 at once."""
    account = account_of(world, request)
    asked = read_body(request, RecordBody)
    if not 1 <= asked.number <= 10_000 or asked.msgid < 1:
        raise WxError(65416)
    if not 0 <= asked.endtime - asked.starttime <= 86400:
        raise WxError(65417)
    rows = [row for row in world.apps.service_records.values() if row.appid == account.appid]
    rows = [row for row in rows if asked.starttime <= int(row.at) <= asked.endtime]
    page = rows[asked.msgid - 1 : asked.msgid - 1 + asked.number]
    return {
        "recordlist": [
            {
                "openid": row.openid,
                "opercode": row.opercode,
                "text": row.text,
                "time": int(row.at),
                "worker": row.worker,
            }
            for row in page
        ],
        "number": len(page),
        "msgid": asked.msgid + len(page),
    }


def transfer(world: World, target: push.Target, identity: Identity, body: dict[str, Any]) -> None:
    """The server answered `transfer_customer_service`: to the named worker, else to those who wait."""
    account = world.accounts.get(target.appid)
    if account is None:
        return
    named = world.apps.service_accounts.get(f"{target.appid}:{body.get('kf_account', '')}")
    key = f"{target.appid}:{identity.openid}"
    if key not in world.apps.service_sessions:
        now = world.clock.now()
        world.apps.service_sessions.put(key, ServiceSession(target.appid, identity.openid, now, "", now))
        record(world, target.appid, identity.openid, "", WAITING)
    if named is not None and named.online:
        accept(world, account, identity, named, ACCEPTED)


def hold(world: World, target: push.Target, identity: Identity, kind: str, fields: dict[str, Any]) -> bool:
    """Whether a worker has the shopper: the message is theirs and not the server's."""
    session = world.apps.service_sessions.get(f"{target.appid}:{identity.openid}")
    if session is None or not session.kf_account:
        return False
    session.latest_at = world.clock.now()
    world.apps.service_sessions.put(f"{session.appid}:{session.openid}", session)
    text = str(fields.get("Content", f"[{kind}]"))
    record(world, target.appid, identity.openid, session.kf_account, RECEIVED, text)
    return True


push.REPLY_HOOKS["transfer_customer_service"] = transfer
push.HOLDERS.append(hold)
