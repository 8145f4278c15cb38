"""Where WeChat calls: the handshake and the pushes of a merchant's official account."""

from typing import Any

from litestar import MediaType, Request, Response, get, post

from bihuan.channels import pushes
from bihuan.kernel.http import access, text
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat.official_account import MAX_PUSH_BYTES

PATH = "/wechat/{m:str}/official-account"


@get(PATH, opt=access("callback"))
async def verify(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[str]:
    """WeChat's check that this address is the merchant's: the signed echo comes back."""
    return text(await pushes.handshake(rt, merchant, request.query_params))


@post(PATH, opt=access("callback"), status_code=200, request_max_body_size=MAX_PUSH_BYTES)
async def receive(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[bytes]:
    """A message or an event, in plain or safe mode; the answer is the reply shown in the chat, or `success`."""
    reply = await pushes.receive(rt, merchant, request.query_params, await request.body())
    media_type = "application/xml" if reply.startswith(b"<") else MediaType.TEXT
    return Response(reply, media_type=media_type)


ROUTES: tuple[Any, ...] = (verify, receive)
