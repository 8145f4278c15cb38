"""An Official Account's interfaces: codes, followers, messages, menu, JS-SDK."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from bihuan.wechat import crypto
from bihuan.wechat.api import ApiConnection, AppConnection, Nothing
from bihuan.wechat.errors import ApiError
from bihuan.wechat.subscribe import SubscribeTemplates
from bihuan.wechat.tokens import IssuedToken, MemoryTokens, TokenSource
from bihuan.wechat.transport import Now, utc_now

from .followers import Followers
from .materials import Materials
from .service import CustomerService
from .tags import Tags
from .templates import Templates
from .types import (
    Article,
    Button,
    Follower,
    JsSdkConfig,
    MiniProgramLink,
    MiniProgramPage,
    QrTicket,
)

MP_URL = "https://mp.weixin.qq.com"
MAX_QR_SECONDS = 2_592_000
_NO_MENU = 46003


class OfficialAccount:
    """One account: what is below, and `followers`, `tags`, `materials`, `templates`, `service`.

    Every call may raise `ApiError` (read `errcode`) and `Unavailable`.

    Sending a message is not repeated when its outcome is unknown (`safe_to_retry` False). `tickets` keeps
    JS tickets as `tokens` keeps access tokens; without one they live in this object, so keep it.
    """

    def __init__(
        self,
        *,
        appid: str,
        tokens: TokenSource,
        api: ApiConnection,
        mp_url: str = MP_URL,
        tickets: TokenSource | None = None,
        now: Now = utc_now,
    ) -> None:
        self.appid = appid
        self.connection = AppConnection(appid=appid, tokens=tokens, api=api)
        self.followers = Followers(self.connection)
        self.tags = Tags(self.connection)
        self.materials = Materials(self.connection)
        self.templates = Templates(self.connection)
        self.subscribe_templates = SubscribeTemplates(self.connection)
        self.service = CustomerService(self.connection)
        self._mp_url = mp_url.rstrip("/")
        self._now = now
        self._tickets = tickets or MemoryTokens(self._fetch_ticket, now=now)

    # --- QR codes --------------------------------------------------------------------------------------

    async def create_qr(self, scene: str | int, *, expires_in_seconds: int | None = None) -> QrTicket:
        """A code whose scan pushes `scene`: text of 1-64 characters, or a number (uint32, not 0).

        Without `expires_in_seconds` (at most 30 days) it lasts for ever; an account has 100,000 of those,
        and their numbers go to 100,000.
        """
        if isinstance(scene, int):
            name, action_scene = "SCENE", {"scene_id": scene}
            top = 100_000 if expires_in_seconds is None else 0xFFFFFFFF
            if not 1 <= scene <= top:
                raise ValueError(f"scene: 1-{top}")
        else:
            name, action_scene = "STR_SCENE", {"scene_str": scene}
            if not 1 <= len(scene) <= 64:
                raise ValueError("scene: 1-64 characters")
        body: dict[str, object] = {"action_info": {"scene": action_scene}}
        if expires_in_seconds is None:
            body["action_name"] = f"QR_LIMIT_{name}"
        else:
            if not 1 <= expires_in_seconds <= MAX_QR_SECONDS:
                raise ValueError(f"expires_in_seconds: 1-{MAX_QR_SECONDS}")
            body["action_name"] = f"QR_{name}"
            body["expire_seconds"] = expires_in_seconds
        return await self.connection.call("POST", "/cgi-bin/qrcode/create", body=body, answer=QrTicket, repeatable=True)

    def qr_picture_url(self, ticket: str) -> str:
        """WeChat's picture of a code, for anyone to load."""
        return f"{self._mp_url}/cgi-bin/showqrcode?ticket={quote(ticket, safe='')}"

    async def user_info(self, openid: str, *, lang: str = "zh_CN") -> Follower:
        """A follower, or anyone whose openid we know."""
        return await self.followers.get(openid, lang=lang)

    # --- customer-service messages: POST /cgi-bin/message/custom/send ----------------------------------

    async def send_text(self, openid: str, content: str) -> None:
        """A text (with `<a href>` if wanted). ApiError 45015 outside the 48 hours, 45047 too many."""
        await self._send(openid, "text", {"content": content})

    async def send_news(self, openid: str, article: Article) -> None:
        """A card that opens a page; WeChat takes exactly one article."""
        await self._send(openid, "news", {"articles": [msgspec.to_builtins(article)]})

    async def send_mini_program_page(self, openid: str, page: MiniProgramPage) -> None:
        """A mini program's card."""
        await self._send(openid, "miniprogrampage", msgspec.to_builtins(page))

    async def _send(self, openid: str, kind: str, content: object) -> None:
        await self.connection.call(
            "POST",
            "/cgi-bin/message/custom/send",
            body={"touser": openid, "msgtype": kind, kind: content},
            answer=Nothing,
            repeatable=False,
        )

    async def send_template(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        url: str = "",
        mini_program: MiniProgramLink | None = None,
        client_msg_id: str = "",
    ) -> int:
        """A template message; answers its msgid. ApiError 43004 not a follower, 40037 unknown template.

        With `client_msg_id` (1-32 characters) WeChat sends repetitions only once, so it is then repeated.
        """
        body: dict[str, object] = {
            "touser": openid,
            "template_id": template_id,
            "data": {name: {"value": value} for name, value in data.items()},
        }
        if url:
            body["url"] = url
        if mini_program is not None:
            body["miniprogram"] = msgspec.to_builtins(mini_program)
        if client_msg_id:
            body["client_msg_id"] = client_msg_id
        sent = await self.connection.call(
            "POST",
            "/cgi-bin/message/template/send",
            body=body,
            answer=_TemplateSent,
            repeatable=bool(client_msg_id),
        )
        return sent.msgid

    async def send_subscribe(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        page: str = "",
        mini_program: MiniProgramLink | None = None,
    ) -> None:
        """A subscribe message (POST /cgi-bin/message/subscribe/bizsend): one for each consent.

        ApiError 43101 refused or used up, 40037 unknown template, 47003 data that does not fit it.
        """
        body: dict[str, object] = {
            "touser": openid,
            "template_id": template_id,
            "data": {name: {"value": value} for name, value in data.items()},
        }
        if page:
            body["page"] = page
        if mini_program is not None:
            body["miniprogram"] = msgspec.to_builtins(mini_program)
        await self.connection.do("/cgi-bin/message/subscribe/bizsend", body, repeatable=False)

    # --- menu ------------------------------------------------------------------------------------------

    async def create_menu(self, buttons: tuple[Button, ...]) -> None:
        """Replace the menu."""
        await self.connection.call(
            "POST", "/cgi-bin/menu/create", body={"button": buttons}, answer=Nothing, repeatable=True
        )

    async def get_menu(self) -> tuple[Button, ...]:
        """The menu as WeChat has it; empty when there is none."""
        try:
            got = await self.connection.call("GET", "/cgi-bin/menu/get", answer=_MenuAnswer, repeatable=True)
        except ApiError as error:
            if error.errcode == _NO_MENU:
                return ()
            raise
        return got.menu.button

    async def delete_menu(self) -> None:
        """Take the menu away."""
        await self.connection.call("GET", "/cgi-bin/menu/delete", answer=Nothing, repeatable=True)

    # --- JS-SDK ----------------------------------------------------------------------------------------

    async def js_config(self, url: str) -> JsSdkConfig:
        """What the page at `url` needs for `wx.config`."""
        ticket = await self._tickets.get(self.appid)
        timestamp, nonce_str = str(int(self._now().timestamp())), crypto.nonce(16)
        signature = crypto.jssdk_signature(ticket, nonce_str=nonce_str, timestamp=timestamp, url=url)
        return JsSdkConfig(self.appid, timestamp, nonce_str, signature)

    async def fetch_js_ticket(self) -> IssuedToken:
        """A ticket straight from WeChat, for a TokenSource to keep."""
        got = await self.connection.call(
            "GET", "/cgi-bin/ticket/getticket", query={"type": "jsapi"}, answer=_Ticket, repeatable=True
        )
        return IssuedToken(got.ticket, got.expires_in)

    async def _fetch_ticket(self, _appid: str, _force: bool) -> IssuedToken:
        return await self.fetch_js_ticket()


class _TemplateSent(msgspec.Struct, frozen=True):
    msgid: int = 0


class _Menu(msgspec.Struct, frozen=True):
    button: tuple[Button, ...] = ()


class _MenuAnswer(msgspec.Struct, frozen=True):
    menu: _Menu = msgspec.field(default_factory=_Menu)


class _Ticket(msgspec.Struct, frozen=True):
    ticket: str
    expires_in: int
