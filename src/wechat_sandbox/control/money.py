"""Merchants' money: the books, paying in and out, and how WeChat shall treat it."""

from typing import Annotated, Any, Literal

from litestar import get, post, put
from msgspec import Meta, Struct

from wechat_sandbox import books
from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.journal import Movement
from wechat_sandbox.models import Merchant, Refund
from wechat_sandbox.models_money import MoneySettings, ShareFault
from wechat_sandbox.pay import refunds
from wechat_sandbox.pay.orders import new_number
from wechat_sandbox.world import World

MAX_ENTRIES = 1000
FailReason = Literal[
    "ACCOUNT_ABNORMAL",
    "NO_RELATION",
    "RECEIVER_HIGH_RISK",
    "RECEIVER_REAL_NAME_NOT_VERIFIED",
    "NO_AUTH",
    "RECEIVER_RECEIPT_LIMIT",
    "PAYER_ACCOUNT_ABNORMAL",
    "INVALID_REQUEST",
]


class Amount(Struct):
    """Fen."""

    amount: Annotated[int, Meta(ge=1, le=10**13)]


class MoneyBody(Struct):
    """What of a merchant's settings shall change."""

    max_ratio: Annotated[int, Meta(ge=0, le=10000)] | None = None
    share_notify_url: Annotated[str, Meta(max_length=255)] | None = None
    refund_outcome: Literal["", "SUCCESS", "ABNORMAL", "CLOSED"] | None = None


class Outcome(Struct):
    """How a refund shall end."""

    outcome: Literal["SUCCESS", "ABNORMAL", "CLOSED"]


class Card(Struct):
    """Whether the card that a shopper pays with is closed."""

    closed: bool


class Fault(Struct):
    """Why shares do not reach an account; null: they do again."""

    fail_reason: FailReason | None


def _merchant(world: World, mchid: str) -> Merchant:
    merchant = world.merchants.get(mchid)
    if merchant is None:
        raise not_found(f"merchant {mchid}")
    return merchant


@get("/books", tags=["money"])
async def list_books(world: World) -> dict[str, Any]:
    """What each merchant took, gave back, paid in fees and holds, by account and day: a truth to reconcile against."""
    return {"merchants": books.balance_sheet(world)}


@get("/books/check", tags=["money"])
async def check_books(world: World) -> dict[str, Any]:
    """Whether every transaction sums to zero, the balances follow from them, and no account is below zero."""
    return books.check(world)


@get("/books/{mchid:str}/entries", tags=["money"])
async def list_entries(
    world: World, mchid: str, day: str | None = None, after: int = 0, limit: int = 100
) -> dict[str, Any]:
    """A merchant's transactions, oldest first; `next` is the `after` of the page that follows, null on the last."""
    _merchant(world, mchid)
    limit = max(1, min(limit, MAX_ENTRIES))
    rows = list(world.journal.movements(mchid, day=day, after=max(0, after), limit=limit + 1))
    return {
        "items": [_entry(row) for row in rows[:limit]],
        "next": rows[limit - 1].movement_id if len(rows) > limit else None,
    }


def _entry(row: Movement) -> dict[str, Any]:
    return {
        "id": row.movement_id,
        "at": rfc3339_utc(row.at),
        "kind": row.kind,
        "amount_fen": row.amount,
        "entries": row.entries,
        "out_trade_no": row.order.partition(":")[2] or None,
        "number": row.number or None,
        "out_number": row.out_number or None,
        "party": row.party or None,
        "note": row.note or None,
    }


@post("/merchants/{mchid:str}/top-up", tags=["money"], status_code=200)
async def top_up(world: World, mchid: str, data: Amount) -> dict[str, Any]:
    """Pay money in from the merchant's bank."""
    books.top_up(world, _merchant(world, mchid).mchid, data.amount, new_number(world, "1000", 28))
    return {"mchid": mchid, "accounts": world.journal.balances(mchid)}


@post("/merchants/{mchid:str}/withdraw", tags=["money"], status_code=200)
async def withdraw(world: World, mchid: str, data: Amount) -> dict[str, Any]:
    """Take available money out to the merchant's bank. 409 `not_enough`."""
    try:
        books.withdraw(world, _merchant(world, mchid).mchid, data.amount, new_number(world, "1000", 28))
    except books.NotEnoughError as error:
        raise ControlError(409, "not_enough", str(error)) from error
    return {"mchid": mchid, "accounts": world.journal.balances(mchid)}


@put("/merchants/{mchid:str}/money", tags=["money"])
async def set_money(world: World, mchid: str, data: MoneyBody) -> MoneySettings:
    """What the merchant platform's pages set: the most that may be shared (hundredths of a percent), where a
    receiver is told of shares; and how refunds shall end (empty: as each shopper's card lets them)."""
    row = world.money.settings(_merchant(world, mchid).mchid)
    for name in data.__struct_fields__:
        if getattr(data, name) is not None:
            setattr(row, name, getattr(data, name))
    world.money.set(row)
    return row


@put("/share-faults/{account:str}", tags=["money"])
async def set_share_fault(world: World, account: str, data: Fault) -> ShareFault:
    """Let shares to an account (a merchant number or openid) be CLOSED with this `fail_reason`."""
    row = ShareFault(account, data.fail_reason or "")
    if data.fail_reason:
        world.money.faults.put(account, row)
    else:
        world.money.faults.delete(account)
    return row


@put("/shoppers/{shopper_id:str}/card", tags=["money"])
async def set_card(world: World, shopper_id: str, data: Card) -> Card:
    """Close the card that a shopper pays with: refunds to it end ABNORMAL."""
    shopper = world.shoppers.get(shopper_id)
    if shopper is None:
        raise not_found("shopper")
    shopper.card_closed = data.closed
    world.shoppers.put(shopper_id, shopper)
    return data


@post("/refunds/{number:str}/outcome", tags=["money"], status_code=200)
async def decide_refund(world: World, number: str, data: Outcome) -> dict[str, Any]:
    """Say how a refund (refund_id or out_refund_no) in progress shall end; one that is ABNORMAL ends at once.
    409 `refund_ended` when it is done or closed."""
    refund = _refund(world, number)
    try:
        refunds.decide(world, refund, data.outcome)
    except ValueError as error:
        raise ControlError(409, "refund_ended", str(error)) from error
    return {"refund_id": refund.refund_id, "status": refund.state, "outcome": refund.outcome}


def _refund(world: World, number: str) -> Refund:
    for refund in world.refunds.values():
        if number in (refund.refund_id, refund.out_refund_no):
            return refund
    raise not_found("refund")


HANDLERS = [
    list_books,
    check_books,
    list_entries,
    top_up,
    withdraw,
    set_money,
    set_share_fault,
    set_card,
    decide_refund,
]
