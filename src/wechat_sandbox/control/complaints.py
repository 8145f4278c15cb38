"""Shoppers complain, and go on complaining."""

from base64 import b64decode
from typing import Any, Literal

from litestar import get, post
from msgspec import Struct, field

from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.control import schemas
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.shoppers import find
from wechat_sandbox.pay import complaint_acts
from wechat_sandbox.pay.rows import Complaint
from wechat_sandbox.world import World


class ComplaintBody(Struct, forbid_unknown_fields=True):
    """A complaint of a paid order; `images` are base64 of at most four pictures (jpg, png, bmp)."""

    transaction_id: str
    detail: str
    problem_type: Literal["REFUND", "SERVICE_NOT_WORK", "OTHERS"] = "OTHERS"
    refund_fen: int | None = None
    """What of the price is asked back; left out: all of it."""
    images: list[str] = field(default_factory=list[str])


class ComplaintView(Struct):
    """A complaint as the shopper sees it."""

    complaint_id: str
    mchid: str
    transaction_id: str
    state: str
    problem_type: str
    detail: str
    times: int
    created_at: str
    history: list[dict[str, Any]]


class ComplaintList(Struct):
    """Complaints, newest first."""

    items: list[ComplaintView]


def _view(world: World, row: Complaint) -> ComplaintView:
    order = world.orders.get(row.order_key)
    lines = [
        {"operator": line.operator, "kind": line.kind, "details": line.details, "at": rfc3339_utc(line.at)}
        for line in row.history
    ]
    return ComplaintView(
        complaint_id=row.complaint_id,
        mchid=row.mchid,
        transaction_id=order.transaction_id if order else "",
        state=row.state,
        problem_type=row.problem_type,
        detail=row.detail,
        times=row.times,
        created_at=rfc3339_utc(row.created_at),
        history=lines,
    )


def _pictures(world: World, images: list[str]) -> list[str]:
    if len(images) > 4:
        raise ControlError(400, "refused", "at most four images")
    bodies: list[tuple[bytes, str]] = []
    for text in images:
        try:
            body = b64decode(text, validate=True)
        except ValueError as error:
            raise ControlError(400, "refused", "images must be base64") from error
        kind = complaint_acts.picture_type(body)
        if kind is None:
            raise ControlError(400, "refused", "images must be jpg, png or bmp")
        bodies.append((body, kind))
    return [complaint_acts.keep_media(world, "", body, kind).media_id for body, kind in bodies]


def _text(text: str) -> str:
    if not 1 <= len(text) <= 200:
        raise ControlError(400, "refused", "a complaint has 1 to 200 characters")
    return text


@post("/shoppers/{shopper_id:str}/complaints", tags=["payments"])
async def file_complaint(world: World, shopper_id: str, data: ComplaintBody) -> ComplaintView:
    """Complain of an order that this shopper paid; COMPLAINT.CREATE is sent. 404 when they did not pay it."""
    shopper = find(world, shopper_id)
    order = world.order_of_transaction.get(data.transaction_id)
    payer = world.openids.get(order.payer_openid) if order is not None else None
    if order is None or payer is None or payer.shopper_id != shopper_id:
        raise not_found("payment of this shopper")
    refund_fen = order.total if data.refund_fen is None else data.refund_fen
    if not 1 <= refund_fen <= order.total:
        raise ControlError(400, "refused", "refund_fen must be 1 to the price")
    pictures = _pictures(world, data.images)
    row = complaint_acts.complain(world, shopper, order, _text(data.detail), data.problem_type, refund_fen, pictures)
    return _view(world, row)


@get("/shoppers/{shopper_id:str}/complaints", tags=["payments"])
async def list_complaints(world: World, shopper_id: str) -> ComplaintList:
    """The shopper's complaints with what the merchants answered."""
    find(world, shopper_id)
    rows = [row for row in world.pay.complaints.values() if row.shopper_id == shopper_id]
    return ComplaintList([_view(world, row) for row in rows[::-1]])


def _complaint(world: World, complaint_id: str) -> Complaint:
    row = world.pay.complaints.get(complaint_id)
    if row is None:
        raise not_found("complaint")
    return row


@post("/complaints/{complaint_id:str}/reply", tags=["payments"], status_code=200)
async def reply(world: World, complaint_id: str, data: schemas.TextBody) -> ComplaintView:
    """The shopper adds something; COMPLAINT.STATE_CHANGE (USER_RESPONSE) is sent."""
    row = _complaint(world, complaint_id)
    complaint_acts.reply(world, row, _text(data.content))
    return _view(world, row)


@post("/complaints/{complaint_id:str}/continue", tags=["payments"], status_code=200)
async def go_on(world: World, complaint_id: str, data: schemas.TextBody) -> ComplaintView:
    """The shopper complains again, which opens a processed complaint; CONTINUE_COMPLAINT is sent."""
    row = _complaint(world, complaint_id)
    complaint_acts.go_on(world, row, _text(data.content))
    return _view(world, row)


HANDLERS = [file_complaint, list_complaints, reply, go_on]
