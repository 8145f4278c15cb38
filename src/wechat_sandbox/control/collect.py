"""Money that comes beside the API: a shopper scans the payment code that is printed on the counter (收款码).

No interface made the order, nobody is notified, and a query by the merchant's number is all that could find it: the
bills are where the merchant hears of it. It is what reconciliation is for.
"""

from datetime import datetime
from typing import Annotated, Any

from litestar import post
from msgspec import Meta, Struct

from wechat_sandbox import books
from wechat_sandbox.clock import rfc3339
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.journal import day_of
from wechat_sandbox.models import Order
from wechat_sandbox.world import World, random_digits

MOST_DAYS = 90
"""As far back as bills are to be had."""


class Collected(Struct):
    """Fen; `at` (RFC 3339) may lie in the past, since there is nobody who would have heard of it."""

    amount: Annotated[int, Meta(ge=1, le=10**13)]
    at: Annotated[str, Meta(max_length=40)] | None = None
    description: Annotated[str, Meta(min_length=1, max_length=127)] = "收款码收款"


@post("/merchants/{mchid:str}/collect", tags=["money"], status_code=200)
async def collect(world: World, mchid: str, data: Collected) -> dict[str, Any]:
    """Let a shopper pay by the merchant's printed code; without a fee, as such codes are. 400 `refused` for a time
    that is none, to come, or on a day whose bill, or a later one's, was asked for already: bills do not change."""
    merchant = world.merchants.get(mchid)
    if merchant is None:
        raise not_found(f"merchant {mchid}")
    at = _moment(world, data.at)
    if day_of(at) <= world.money.bills.latest(mchid):
        raise ControlError(400, "refused", "the bill of that day, or of a later one, was asked for already")
    order = Order(
        mchid=mchid,
        appid=merchant.appids[0] if merchant.appids else "",
        out_trade_no=_number("1000", at),
        trade_type="NATIVE",
        description=data.description,
        total=data.amount,
        notify_url="",
        created_at=at,
        expires_at=at,
        fingerprint="",
        prepay_id="",
        prepaid_at=at,
        state="SUCCESS",
        transaction_id=_number("4200", at),
        bank_type="OTHERS",
        paid_at=at,
    )
    books.collected(world, order)
    return {"transaction_id": order.transaction_id, "out_trade_no": order.out_trade_no, "success_time": rfc3339(at)}


def _number(prefix: str, at: float) -> str:
    head = prefix + day_of(at).replace("-", "")
    return head + random_digits(28 - len(head))


def _moment(world: World, text: str | None) -> float:
    now = world.clock.now()
    if text is None:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ControlError(400, "refused", "at is no RFC 3339 time") from error
    if moment.tzinfo is None:
        raise ControlError(400, "refused", "at needs an offset, such as +08:00")
    if not now - MOST_DAYS * 86400 <= moment.timestamp() <= now:
        raise ControlError(400, "refused", f"at lies in the past, {MOST_DAYS} days at the most")
    return moment.timestamp()


HANDLERS = [collect]
