"""Harm to calls of merchants: before or after they take effect, with or without an answer."""

import asyncio
import json
import os
import re
import secrets
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from wechat_sandbox.asgi import Answer, AsgiApp, Receive, Request, Scope, Send, send_answer
from wechat_sandbox.crypto import pay_message, rsa_sign
from wechat_sandbox.faults.rules import Hit, Occasion
from wechat_sandbox.models import Notice
from wechat_sandbox.pay import sheets
from wechat_sandbox.pay.answers import error_answer
from wechat_sandbox.pay.errors import PayError
from wechat_sandbox.wx_api import json_answer
from wechat_sandbox.wx_errors import WxError

if TYPE_CHECKING:
    from wechat_sandbox.models import Merchant, Order, Sheet, Shopper
    from wechat_sandbox.world import World

_MCHID = re.compile(r'mchid="([^"]*)"')
_REFERENCES = ("out_refund_no", "combine_out_trade_no", "out_trade_no", "out_bill_no", "out_order_no")
POLL_SECONDS = 0.01


def mchid_of(request: Request) -> str:
    """The merchant that a call of Pay v3 claims to be of, or an empty string."""
    match = _MCHID.search(request.headers.get("authorization", ""))
    return match.group(1) if match else ""


def _fields(request: Request) -> dict[str, Any]:
    try:
        data: Any = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _occasion(world: "World", request: Request) -> Occasion:
    token = world.tokens.get(request.query.get("access_token", ""))
    appid = token.appid if token else request.query.get("appid", "") or str(_fields(request).get("appid", ""))
    return Occasion("api", request.path, request.method, mchid_of(request), appid)


async def around_call(
    world: "World", request: Request, run: Callable[[], Answer], receive: Receive, send: Send, scope: Scope
) -> tuple[Answer | None, str]:
    """Answer a call that a fault may befall: what to send and the fault's name.

    The answer is None when this function has already sent what there was to send, or cut the connection.
    """
    hit = world.faults.decide(_occasion(world, request))
    if hit is None:
        return run(), ""
    fault = hit.rule.fault
    if fault == "cut_before":
        await _cut(scope, send)
        return None, hit.name
    if fault in ("error_before", "frequency_limited"):
        return _trouble(world, request, 500 if fault == "error_before" else 429), hit.name
    if fault == "slow_before":
        await asyncio.sleep(hit.delay_seconds)
    answer = run()  # from here on it took effect
    if fault == "cut_after":
        await _send_half(scope, send, answer)
        return None, hit.name
    return await _later(world, hit, request, answer, receive), hit.name


async def _later(world: "World", hit: Hit, request: Request, answer: Answer, receive: Receive) -> Answer:
    """The answer of a call that took effect, when its time has come."""
    fault = hit.rule.fault
    if fault == "error_after":
        return _trouble(world, request, 500)
    if fault == "slow_after":
        await asyncio.sleep(hit.delay_seconds)
    elif fault == "late_answer":
        with suppress(TimeoutError):
            await asyncio.wait_for(_gone(receive), hit.delay_seconds)
    elif fault == "notified_before_answer" and answer.status < 300:
        await _notify_first(world, request, hit.delay_seconds)
    return answer


def _trouble(world: "World", request: Request, status: int) -> Answer:
    if not request.path.startswith("/v3/"):
        return json_answer((WxError(-1) if status == 500 else WxError(45011, "api minute-quota reach limit")).body())
    error = PayError(500, "SYSTEM_ERROR", "系统异常，请稍后重试")
    if status == 429:
        error = PayError(429, "FREQUENCY_LIMITED", "频率超限，请降低请求频率后重试")
    return error_answer(world, world.merchants.get(mchid_of(request)), error)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_half(scope: Scope, send: Send, answer: Answer) -> None:
    if len(answer.body) < 2:
        await _cut(scope, send)
        return
    headers = [(b"content-length", str(len(answer.body)).encode()), *answer.headers]
    headers.append((b"content-type", answer.content_type))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})


async def _cut(scope: Scope, send: Send) -> None:
    """Break the connection off: ASGI has no word for it, so the socket is looked up by the other end."""
    host, port = scope["client"]
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            if _shut(folder, (str(host), int(port))):
                return
    await send_answer(send, Answer(502))  # no way to reach the socket here: the next best thing


def _shut(folder: str, peer: tuple[str, int]) -> bool:
    for name in os.listdir(folder):
        with suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue  # `socket` would refuse the copy and leave it open
            with socket.socket(fileno=os.dup(int(name))) as sock:
                if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.getpeername()[:2] == peer:
                    sock.shutdown(socket.SHUT_RDWR)
                    return True
    return False


# --- the notification overtakes the answer ----------------------------------------------------


async def _notify_first(world: "World", request: Request, seconds: float) -> None:
    fields = _fields(request)
    reference = next((str(fields[name]) for name in _REFERENCES if fields.get(name)), "")
    order = world.orders.get(f"{mchid_of(request)}:{reference}")
    if order is not None and order.state == "NOTPAY" and "/transactions/" in request.path:
        _pay_at_once(world, order)
    await _until_tried(world, lambda notice: notice.reference == reference, seconds)


def _pay_at_once(world: "World", order: "Order") -> None:
    identity = world.openids.get(order.openid)
    shopper = world.shoppers.get(identity.shopper_id) if identity else None
    shopper = shopper or next(iter(world.shoppers.values()), None)
    merchant = world.merchants.get(order.mchid)
    if shopper is None or merchant is None:
        return
    with suppress(sheets.SheetError):
        sheets.pay(world, _open(world, merchant, shopper, order))


def _open(world: "World", merchant: "Merchant", shopper: "Shopper", order: "Order") -> "Sheet":
    """The sheet as the merchant's own page would call it up: signed with the merchant's key."""
    if order.trade_type == "NATIVE":
        return sheets.open_code(world, shopper, f"weixin://wxpay/bizpayurl?pr={order.code_key}")
    if order.trade_type == "MWEB":
        return sheets.open_h5(world, shopper, f"{world.settings.base_url}/?prepay_id={order.prepay_id}")
    key = world.keys.merchant(merchant).private
    now, nonce = str(int(time.time())), secrets.token_hex(8)
    if order.trade_type == "APP":
        sign = rsa_sign(key, pay_message(order.appid, now, nonce, order.prepay_id))
        params = {"appid": order.appid, "partnerid": order.mchid, "prepayid": order.prepay_id}
        params |= {"package": "Sign=WXPay", "noncestr": nonce, "timestamp": now, "sign": sign}
        return sheets.open_app(world, shopper, params)
    package = f"prepay_id={order.prepay_id}"
    sign = rsa_sign(key, pay_message(order.appid, now, nonce, package))
    params = {"appId": order.appid, "timeStamp": now, "nonceStr": nonce, "package": package}
    return sheets.open_jsapi(world, shopper, params | {"signType": "RSA", "paySign": sign})


async def _until_tried(world: "World", wanted: Callable[[Notice], bool], seconds: float) -> None:
    """Wait until a notice that is wanted has been tried once."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        notice = next(filter(wanted, world.notices.latest()), None)
        if notice is not None and notice.attempts:
            return
        await asyncio.sleep(POLL_SECONDS)


async def around_payment(world: "World", control: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
    """A payment over the control API whose answer may come after the notification (`early`)."""
    known = next(world.notices.latest(), None)
    kept: list[dict[str, Any]] = []

    async def keep(message: dict[str, Any]) -> None:
        kept.append(message)

    await control(scope, receive, keep)
    fresh = list(takewhile(lambda notice: notice is not known, world.notices.latest()))
    for notice in reversed(fresh):
        hit: Hit | None = world.faults.decide(
            Occasion("notification", mchid=notice.mchid, event=notice.event_type), only="early"
        )
        if hit is not None:
            await _until_tried(world, lambda row, wanted=notice: row is wanted, hit.delay_seconds)
    for message in kept:
        await send(message)
