"""The Open Platform: the operator's settings, and how a merchant authorizes its accounts."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post, put
from litestar.params import JSONBody, QueryParameter
from litestar.response import Redirect
from msgspec import Meta

from bihuan import merchants
from bihuan.channels import accounts, apps, authorizing, components, refusals
from bihuan.channels.components import NewComponent
from bihuan.channels.db import components as rows
from bihuan.channels.db.components import AppKind, Authorizer
from bihuan.channels.refusals import RefusedPush
from bihuan.kernel.errors import Problem
from bihuan.kernel.http import access
from bihuan.kernel.paging import Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession
from bihuan.wechat import WeChatError

Line = Annotated[str, Meta(max_length=100)]


class ComponentOut(msgspec.Struct, frozen=True, kw_only=True):
    """The component; `app_id` is empty while there is none. Of secrets only fingerprints are shown."""

    app_id: str
    token: str
    secret_fingerprint: str | None
    encoding_aes_key_fingerprint: str | None
    ticket_url: str
    message_url: str
    ticket_at: datetime | None


class ComponentIn(msgspec.Struct, frozen=True, kw_only=True):
    """Settings to write; a secret that is left out stays as it is."""

    app_id: Line
    secret: Line | None = None
    token: Line | None = None
    encoding_aes_key: Line | None = None


class AuthorizationsOut(msgspec.Struct, frozen=True):
    """Whether the operator offers authorization, and what this merchant authorized."""

    offered: bool
    items: list[Authorizer]


class AuthorizationIn(msgspec.Struct, frozen=True):
    """What to authorize."""

    kind: AppKind


class AuthorizationPage(msgspec.Struct, frozen=True):
    """WeChat's page to go to."""

    url: str


def _component_out(rt: Runtime, held: components.Held | None) -> ComponentOut:
    secrets = held.secrets if held else {}
    return ComponentOut(
        app_id=held.component.appid if held else "",
        token=secrets.get(components.TOKEN, ""),
        secret_fingerprint=accounts.fingerprint(rt.vault, secrets.get(components.SECRET)),
        encoding_aes_key_fingerprint=accounts.fingerprint(rt.vault, secrets.get(components.AES_KEY)),
        ticket_url=f"{rt.settings.public_url}/wechat/open-platform/ticket",
        message_url=f"{rt.settings.public_url}/wechat/open-platform/$APPID$/message",
        ticket_at=held.component.ticket_at if held else None,
    )


@get("/api/platform/open-platform", opt=access("operator:platform.read"))
async def show_component(rt: Runtime) -> ComponentOut:
    """The component's settings, and when WeChat last pushed a ticket."""
    async with rt.db.session() as tx:
        return _component_out(rt, await components.find(tx, rt.vault))


@put("/api/platform/open-platform", opt=access("operator:platform.write"))
async def save_component(rt: Runtime, data: JSONBody[ComponentIn]) -> ComponentOut:
    """Writes the component's settings. Secrets can be written, not read."""
    new = NewComponent(
        appid=data.app_id.strip(),
        secret=(data.secret or "").strip(),
        token=(data.token or "").strip(),
        encoding_aes_key=(data.encoding_aes_key or "").strip(),
    )
    async with rt.db.transaction() as tx:
        return _component_out(rt, await components.save(tx, rt.vault, new))


@get("/api/merchant/wechat/authorizations", opt=access("staff:channels.write"))
async def list_authorizations(rt: Runtime, staff: StaffSession) -> AuthorizationsOut:
    """What this merchant authorized, and what was withdrawn."""
    async with rt.db.session() as tx:
        component = await rows.find_component(tx)
        items = await rows.list_authorizers(tx, staff.merchant_id)
    return AuthorizationsOut(component is not None and component.ticket_at is not None, items)


@post("/api/merchant/wechat/authorizations", opt=access("staff:channels.write"), status_code=200)
async def begin_authorization(
    rt: Runtime, staff: StaffSession, data: JSONBody[AuthorizationIn]
) -> Response[AuthorizationPage]:
    """WeChat's page where the account's administrator scans and agrees."""
    try:
        url, cookie = await authorizing.begin(rt, staff.merchant_id, data.kind)
    except WeChatError as error:
        raise apps.problem_of(error) from error
    return Response(AuthorizationPage(url), cookies=[cookie], headers={"Cache-Control": "no-store"})


@get(authorizing.RETURN_PATH, opt=access("public"), status_code=302)
async def authorization_return(
    rt: Runtime,
    request: Request[Any, Any, Any],
    m: Annotated[str, QueryParameter(max_length=40)],
    s: Annotated[str, QueryParameter(max_length=64)],
    auth_code: Annotated[str, QueryParameter(max_length=512)] = "",
) -> Redirect:
    """Back from WeChat: takes the account over and goes on to the console, which says what became of it."""
    merchant = await merchants.merchant_of_code(rt, m)
    try:
        kind = authorizing.check_state(rt, merchant.merchant_id, s, request.cookies.get(authorizing.COOKIE))
        if not auth_code:
            raise authorizing.AuthorizationExpired
        await authorizing.finish(rt, merchant, auth_code, kind)
        told = f"authorized={kind}"
    except WeChatError as error:
        told = f"authorization_error={apps.problem_of(error).code}"
    except Problem as problem:
        told = f"authorization_error={problem.code}"
    return Redirect(f"/console/official-account?{told}", status_code=302, headers={"Cache-Control": "no-store"})


@get("/api/merchant/wechat/refused-pushes", opt=access("staff:channels.read"))
async def list_refused(rt: Runtime, staff: StaffSession) -> Page[RefusedPush]:
    """The last 50 pushes that were refused, and why."""
    async with rt.db.session() as tx:
        return Page(await refusals.list_latest(tx, staff.merchant_id, 50))


ROUTES: tuple[Any, ...] = (
    show_component,
    save_component,
    list_authorizations,
    begin_authorization,
    authorization_return,
    list_refused,
)
