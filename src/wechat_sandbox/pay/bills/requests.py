"""Asking for bills and downloading them."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from wechat_sandbox.asgi import Answer, Request
from wechat_sandbox.clock import SHANGHAI
from wechat_sandbox.models import Merchant
from wechat_sandbox.pay.bills import funds, shares, trades
from wechat_sandbox.pay.bills.files import IN_MEMORY, BillFile
from wechat_sandbox.pay.bills.rows import Scope
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.profit_sharing.receivers import payee_of
from wechat_sandbox.world import World

READY_HOUR = 10
"""When in the morning the bills of yesterday are there."""
MAX_AGE_DAYS = 92
LINK_SECONDS = 300
LONG = 30_000
"""Movements above which a bill is written in the background."""
WRITERS: dict[str, Callable[[World, Scope, str], Iterator[str]]] = {
    "trade": trades.lines,
    "funds": funds.lines,
    "shares": shares.lines,
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Wanted(Struct, array_like=True):
    """What a link leads to, until when (sandbox time)."""

    mchid: str
    kind: str
    variant: str
    sub_mchid: str
    day: str
    packed: bool
    until: float


def trade(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/bill/tradebill?bill_date=[&bill_type=&tar_type=&sub_mchid=]"""
    return _ask(world, merchant, request, "trade", "bill_type", ("ALL", "SUCCESS", "REFUND"))


def fund_flow(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/bill/fundflowbill?bill_date=[&account_type=&tar_type=&sub_mchid=]"""
    return _ask(world, merchant, request, "funds", "account_type", ("BASIC", "OPERATION", "FEES"))


def profit_sharing(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/profitsharing/bills?bill_date=[&tar_type=&sub_mchid=]"""
    return _ask(world, merchant, request, "shares", "", ("",))


def _ask(
    world: World, merchant: Merchant, request: Request, kind: str, choice: str, choices: tuple[str, ...]
) -> dict[str, Any]:
    """Where the bill can be fetched for five minutes, and the hash of what it holds when unpacked."""
    query = request.query
    variant = query.get(choice, choices[0])
    if variant not in choices:
        raise param_error(choice, variant, f"{choice}不合法", "not one of the values", "query")
    packing = query.get("tar_type", "")
    if packing not in ("", "GZIP"):
        raise param_error("tar_type", packing, "tar_type不合法", "not one of the values", "query")
    day = _check_day(world, query.get("bill_date", ""))
    sub_mchid = query.get("sub_mchid", "")
    if sub_mchid:
        payee_of(world, merchant, sub_mchid)
    until = world.clock.now() + LINK_SECONDS
    wanted = Wanted(merchant.mchid, kind, variant, sub_mchid, day, packing == "GZIP", until)
    bill = _bill(world, wanted)
    return {
        "hash_type": "SHA1",
        "hash_value": bill.sha1,
        "download_url": f"{world.settings.base_url}/v3/billdownload/file?token={_seal(world, wanted)}",
    }


def _check_day(world: World, day: str) -> str:
    """A past day whose bills are there. Raises PayError."""
    now = datetime.fromtimestamp(world.clock.now(), SHANGHAI)
    try:
        asked = date.fromisoformat(day) if _DATE.fullmatch(day) else None
    except ValueError:
        asked = None
    if asked is None:
        raise param_error("bill_date", day, "账单日期格式不正确，应为yyyy-MM-dd", "not a date", "query")
    age = (now.date() - asked).days
    if age < 0 or age > MAX_AGE_DAYS:
        raise param_error("bill_date", day, "账单日期不合法，仅支持三个月内的账单下载申请", "out of range", "query")
    if age == 0:
        raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在，当日账单请于次日10点后下载")
    if age == 1 and now.hour < READY_HOUR:
        raise PayError(400, "STATEMENT_CREATING", "账单生成中，请于10点后再试")
    return day


def _bill(world: World, wanted: Wanted) -> BillFile:
    """The file. Raises PayError 400 when there is none, or none yet."""
    key = (wanted.mchid, wanted.kind, wanted.variant, wanted.sub_mchid, wanted.day)
    shelf = world.money.bills
    bill = shelf.find(key)
    if bill is None:
        scope = Scope(wanted.mchid, wanted.sub_mchid, wanted.day)
        lines = WRITERS[wanted.kind](world, scope, wanted.variant)
        if scope.count(world) > LONG:
            world.spawn(shelf.write_slowly(key, lines))
            raise PayError(400, "STATEMENT_CREATING", "账单生成中，请稍后再试")
        bill = shelf.write(key, lines)
    if not bill.size:
        raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在，请检查当前商户号在指定日期内是否有成功的交易")
    return bill


def _seal(world: World, wanted: Wanted) -> str:
    body = urlsafe_b64encode(msgspec.json.encode(wanted)).decode().rstrip("=")
    return f"{body}.{_mac(world, body)}"


def _mac(world: World, body: str) -> str:
    return hmac.new(world.derive("bill-token"), body.encode(), sha256).hexdigest()[:32]


def download(world: World, merchant: Merchant, request: Request) -> Answer:
    """GET /v3/billdownload/file?token= -> the file, or its gzip. Not signed: clients check the hash instead."""
    body, _, mac = request.query.get("token", "").partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(world, body).encode()):
        raise invalid_request("账单下载链接不正确")
    wanted = msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Wanted)
    if wanted.mchid != merchant.mchid:
        raise PayError(403, "NO_AUTH", "无权下载其他商户的账单")
    if world.clock.now() >= wanted.until:
        raise invalid_request("账单下载链接已失效，请重新申请")
    bill = _bill(world, wanted)
    pieces = bill.gzipped() if wanted.packed else bill.pieces()
    kind = b"application/x-gzip" if wanted.packed else b"text/plain; charset=utf-8"
    if bill.size > IN_MEMORY:
        return Answer(200, content_type=kind, pieces=pieces)
    return Answer(200, b"".join(pieces), kind)


PATHS = (
    ("GET", "/v3/bill/tradebill", trade),
    ("GET", "/v3/bill/fundflowbill", fund_flow),
    ("GET", "/v3/profitsharing/bills", profit_sharing),
    ("GET", "/v3/billdownload/file", download),
)
