"""Where WeChat calls: the handshakes and the pushes of merchants' apps, the component's tickets and pushes."""

import asyncio
from typing import Any

from litestar import MediaType, Request, Response, get, post

from bihuan.channels import authorizing, components, intake
from bihuan.kernel.errors import Problem
from bihuan.kernel.http import access, text
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat.official_account import MAX_PUSH_BYTES, NO_REPLY

PATH = "/wechat/{m:str}/official-account"
MINI_PATH = "/wechat/{m:str}/mini-program"
TICKET_PATH = "/wechat/open-platform/ticket"
AUTHORIZED_PATH = "/wechat/open-platform/{appid:str}/message"

_background: set[asyncio.Task[None]] = set()


def _answer(body: bytes) -> Response[bytes]:
    media_type = "application/xml" if body.startswith(b"<") else MediaType.TEXT
    return Response(body, media_type=media_type)


@get(PATH, opt=access("callback"))
async def verify(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[str]:
    """WeChat's check that this address is the merchant's: the signed echo comes back."""
    return text(await intake.handshake(rt, merchant, request.query_params))


@post(PATH, opt=access("callback"), status_code=200, request_max_body_size=MAX_PUSH_BYTES)
async def receive(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[bytes]:
    """A message or an event, in plain or safe mode; the answer is the reply shown in the chat, or `success`.

    Served by `push_callbacks` before the framework sees it; declared here for the API's description.
    """
    intake.check_kind(request.headers.get("content-type", ""))
    return _answer(await intake.receive(rt, merchant, request.query_params, await request.body()))


@get(MINI_PATH, opt=access("callback"))
async def verify_mini(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[str]:
    """WeChat's check of the mini program's address."""
    return text(await intake.mini_handshake(rt, merchant, request.query_params))


@post(MINI_PATH, opt=access("callback"), status_code=200, request_max_body_size=MAX_PUSH_BYTES)
async def receive_mini(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[bytes]:
    """A mini program's event: a payment received or settled, a picture looked through."""
    intake.check_kind(request.headers.get("content-type", ""))
    return _answer(await intake.receive_mini(rt, merchant, request.query_params, await request.body()))


@post(TICKET_PATH, opt=access("callback"), status_code=200, request_max_body_size=MAX_PUSH_BYTES)
async def ticket(rt: Runtime, request: Request[Any, Any, Any]) -> Response[bytes]:
    """The component's ticket, every ten minutes; who authorized, and who took it back."""
    intake.check_kind(request.headers.get("content-type", ""))
    notice = await components.take_notice(rt, request.query_params, await request.body())
    if notice is not None:  # WeChat waits five seconds: what it wants looked up, it may wait for
        task = asyncio.create_task(_take_over(rt, notice))
        _background.add(task)
        task.add_done_callback(_background.discard)
    return _answer(NO_REPLY)


async def _take_over(rt: Runtime, notice: components.Authorized) -> None:
    try:
        await authorizing.take_over(rt, notice)
    except Problem as problem:
        components.log.warning("authorization not taken over", appid=notice.appid, error=str(problem))


@post(AUTHORIZED_PATH, opt=access("callback"), status_code=200, request_max_body_size=MAX_PUSH_BYTES)
async def receive_authorized(rt: Runtime, appid: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    """A push about any app that was authorized to the component."""
    intake.check_kind(request.headers.get("content-type", ""))
    return _answer(await intake.receive_authorized(rt, appid, request.query_params, await request.body()))


ROUTES: tuple[Any, ...] = (verify, receive, verify_mini, receive_mini, ticket, receive_authorized)
