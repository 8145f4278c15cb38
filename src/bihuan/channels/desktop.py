"""Signing in at a desktop by scanning: the browser shows a code, the phone's chat confirms it.

1. The browser begins: it gets a cookie and WeChat's temporary code, whose scene is ours and lasts LIFE.
2. A phone scans. WeChat pushes the scene with the openid; the first who scans is who will be signed in. The
   chat names the browser and the time, and asks for the two digits that this browser now shows.
3. The right digits confirm. A code that was sent to somebody by a stranger asks for digits that she does not
   see; three wrong answers end the sign-in.
4. The browser exchanges it for a session: once, in time, and only with the cookie of step 1, so that neither
   the code nor the id of a sign-in is worth anything elsewhere, and nobody can be made to use another's.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import unicodedata
from datetime import datetime, timedelta, timezone
from uuid import UUID

import msgspec
from litestar.datastructures import Cookie

from bihuan import identity
from bihuan.channels import accounts, apps
from bihuan.channels.db import desktop as rows
from bihuan.channels.db.desktop import DesktopSignIn, NewDesktopSignIn
from bihuan.identity import Client, Shopper
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound, WrongState
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat import Limits, WeChatError
from bihuan.wechat.official_account import Push, Scan, Subscribe, Text

COOKIE = "bihuan_desktop"
LIFE = timedelta(minutes=5)
MOST_MISTAKES = 3
MOST_OF_AN_ADDRESS = 30
"""Codes that one network address may have made within LIFE: an account has a daily quota of them at WeChat."""

_KEEP = timedelta(hours=1)
_PREFIX = "desktop_"
_DIGITS = re.compile(r"[0-9]{2}")
_TOKEN = re.compile(r"[0-9a-f]{64}")
_QUICK = Limits(timeout_seconds=3.0, retries=0)
_CHINA = timezone(timedelta(hours=8))

_ASK = """您正在登录电脑上的「{merchant}」商城

浏览器：{browser}
时间：{time}

是您本人，请回复电脑上显示的两位数字；不是您本人，请忽略这条消息。"""
_OVER = "这个登录二维码已失效，请在电脑上刷新后重新扫码。"
_DONE = "登录成功，请回到电脑上继续购物。"
_WRONG = "数字不对，请核对电脑上显示的两位数字后重新回复。"
_REFUSED = "数字不对，这次登录已取消。请在电脑上刷新后重新扫码。"


class Begun(msgspec.Struct, frozen=True):
    """What the browser shows, and the cookie that makes it the only one whom this sign-in serves."""

    sign_in_id: UUID
    qr_content: str
    expires_at: datetime
    cookie: Cookie


async def begin(rt: Runtime, merchant: Merchant, client: Client) -> Begun:
    """A new sign-in with a code to scan.

    Raises NoOfficialAccount, TooManyRequests, and what apps.problem_of tells.
    """
    async with rt.db.transaction() as tx:
        account = await accounts.get_account(tx, merchant.merchant_id)
        await identity.limit(tx, client, "desktop sign-in", MOST_OF_AN_ADDRESS, LIFE)
    scene = _PREFIX + secrets.token_hex(16)
    seconds = int(LIFE.total_seconds())
    try:
        async with asyncio.timeout(6):
            made = await apps.official_account(rt, account, _QUICK).create_qr(scene, expires_in_seconds=seconds)
    except WeChatError as error:
        raise apps.problem_of(error) from error
    except TimeoutError as error:
        raise apps.WeChatUnavailable from error
    token = secrets.token_hex(32)
    async with rt.db.transaction() as tx:
        new = NewDesktopSignIn(
            sign_in_id=new_id(),
            scene=scene,
            browser_hash=_hash(token),
            digits=f"{secrets.randbelow(100):02d}",
            browser=browser_name(client.user_agent or ""),
            expires_at=tx.now + LIFE,
        )
        await rows.insert_sign_in(tx, merchant.merchant_id, new)
    cookie = identity.session_cookie(rt, COOKIE, token, seconds, "strict")
    return Begun(new.sign_in_id, made.url, new.expires_at, cookie)


async def look(rt: Runtime, merchant: Merchant, sign_in_id: UUID, token: str | None) -> DesktopSignIn:
    """How a sign-in of this browser stands. Raises NotFound for another browser's, and when it is over."""
    async with rt.db.session() as tx:
        found = await rows.find_sign_in(tx, merchant.merchant_id, sign_in_id, _hash(token))
        if found is None or found.expires_at <= tx.now:
            raise NotFound
    return found


async def finish(rt: Runtime, merchant: Merchant, sign_in_id: UUID, token: str | None) -> tuple[Shopper, str]:
    """The shopper who confirmed and a session for her, once. Raises NotFound as `look`, and WrongState."""
    async with rt.db.transaction() as tx:
        found = await rows.find_sign_in(tx, merchant.merchant_id, sign_in_id, _hash(token), lock=True)
        if found is None or found.expires_at <= tx.now:
            raise NotFound
        if found.state != "confirmed" or found.shopper_id is None:
            raise WrongState(state=found.state)
        await rows.set_state(tx, merchant.merchant_id, found.sign_in_id, "used")
        shopper = await identity.get_shopper(tx, found.shopper_id)
    return shopper, identity.issue_shopper_token(rt, shopper.shopper_id)[0]


def _hash(token: str | None) -> bytes:
    """Of the cookie; of one that is none of ours, a hash that no row has."""
    return hashlib.sha256(token.encode()).digest() if token and _TOKEN.fullmatch(token) else b""


def concerns(push: Push, scene: str) -> bool:
    """Whether a push may be about a sign-in, so that `heard` has to be asked."""
    if isinstance(push, Text):
        return _DIGITS.fullmatch(unicodedata.normalize("NFKC", push.content).strip()) is not None
    return isinstance(push, Subscribe | Scan) and scene.startswith(_PREFIX)


async def heard(tx: Tx, merchant: Merchant, push: Push, scene: str) -> str | None:
    """What the chat answers to a scan of a sign-in's code and to its digits; None: the push is about neither."""
    if isinstance(push, Subscribe | Scan) and scene.startswith(_PREFIX):
        scanned = await rows.note_scan(tx, merchant.merchant_id, scene, push.openid)
        if scanned is None:
            return _OVER
        time = scanned.created_at.astimezone(_CHINA).strftime("%m-%d %H:%M")
        return _ASK.format(merchant=merchant.name, browser=scanned.browser, time=time)
    if isinstance(push, Text):
        said = unicodedata.normalize("NFKC", push.content).strip()
        return await _answered(tx, merchant, push.openid, said) if _DIGITS.fullmatch(said) else None
    return None


async def _answered(tx: Tx, merchant: Merchant, openid: str, digits: str) -> str | None:
    pending = await rows.lock_pending(tx, merchant.merchant_id, openid)
    if pending is None:
        return None
    if hmac.compare_digest(digits, pending.digits):
        await rows.set_state(tx, merchant.merchant_id, pending.sign_in_id, "confirmed")
        return _DONE
    mistakes = pending.mistakes + 1
    state = "refused" if mistakes >= MOST_MISTAKES else "scanned"
    await rows.set_state(tx, merchant.merchant_id, pending.sign_in_id, state, mistakes=mistakes)
    return _REFUSED if state == "refused" else _WRONG


_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("OPR", "Opera"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    *(("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android")),
    *(("CrOS", "ChromeOS"), ("Mac OS X", "macOS"), ("Linux", "Linux")),
)


def browser_name(user_agent: str) -> str:
    """A browser as a person knows it ("Chrome · Windows"); its words are ours, never those of the header."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "浏览器")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} · {system}" if system else browser


async def forget_old(rt: Runtime) -> int:
    """The job: forgets sign-ins that ended a while ago; how many."""
    async with rt.db.transaction() as tx:
        return await rows.delete_old(tx, tx.now - _KEEP)
