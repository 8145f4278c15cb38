"""Payment sheets and notifications."""

from typing import Any

import msgspec
from litestar import get, post

from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.control import money, schemas
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.shoppers import find, pay_refused
from wechat_sandbox.control.views import sheet_view
from wechat_sandbox.models import Notice, Sheet
from wechat_sandbox.pay import sheets
from wechat_sandbox.pay.sheets import SheetError
from wechat_sandbox.world import World


@post("/shoppers/{shopper_id:str}/sheets", tags=["payments"])
async def open_sheet(world: World, shopper_id: str, data: schemas.SheetBody) -> schemas.SheetView:
    """Open a payment sheet, as the page's call or a scanned code would.

    The call's paySign is verified with the merchant's certificate: 400 `pay_refused` with what
    WeChat shows when it is wrong, expired, another shopper's, or paid.
    """
    shopper = find(world, shopper_id)
    try:
        if data.pay_params is not None:
            params = {name: value for name, value in data.pay_params.items() if isinstance(value, str)}
            opener = sheets.open_app if "prepayid" in params else sheets.open_jsapi
            sheet = opener(world, shopper, params)
        elif data.code_url is not None:
            sheet = sheets.open_code(world, shopper, data.code_url)
        elif data.h5_url is not None:
            sheet = sheets.open_h5(world, shopper, data.h5_url)
        else:
            raise ControlError(400, "refused", "give pay_params, code_url or h5_url")
    except SheetError as error:
        raise pay_refused(error) from error
    return _tell(world, sheet)


def _tell(world: World, sheet: Sheet) -> schemas.SheetView:
    view = sheet_view(world, sheet)
    world.hub.publish(sheet.shopper_id, {"type": "sheet", "sheet": msgspec.to_builtins(view)})
    return view


def _find(world: World, sheet_id: str) -> Sheet:
    sheet = world.sheets.get(sheet_id)
    if sheet is None:
        raise not_found("sheet")
    return sheet


@get("/sheets/{sheet_id:str}", tags=["payments"])
async def get_sheet(world: World, sheet_id: str) -> schemas.SheetView:
    """A payment sheet."""
    return sheet_view(world, _find(world, sheet_id))


@post("/sheets/{sheet_id:str}/pay", tags=["payments"], status_code=200)
async def pay_sheet(world: World, sheet_id: str) -> schemas.SheetView:
    """Pay. The merchant is notified at once. 400 `pay_refused` when the order cannot be paid (again)."""
    sheet = _find(world, sheet_id)
    try:
        sheets.pay(world, sheet)
    except SheetError as error:
        raise pay_refused(error) from error
    return _tell(world, sheet)


@post("/sheets/{sheet_id:str}/cancel", tags=["payments"], status_code=200)
async def cancel_sheet(world: World, sheet_id: str) -> schemas.SheetView:
    """Leave the sheet; the order stays unpaid."""
    sheet = _find(world, sheet_id)
    try:
        sheets.cancel(world, sheet)
    except SheetError as error:
        raise pay_refused(error) from error
    return _tell(world, sheet)


def _notice(notice: Notice) -> dict[str, Any]:
    pending = notice.state == "pending"
    return {
        "notice_id": notice.notice_id,
        "mchid": notice.mchid,
        "url": notice.url,
        "event_type": notice.event_type,
        "reference": notice.reference,
        "state": notice.state,
        "next_at": rfc3339_utc(notice.next_at) if pending else None,
        "plaintext": msgspec.json.decode(notice.plaintext),
        "attempts": [{"at": rfc3339_utc(row.at), "status": row.status, "error": row.error} for row in notice.attempts],
    }


@get("/notifications", tags=["payments"])
async def list_notifications(world: World, reference: str | None = None, limit: int = 50) -> dict[str, Any]:
    """Pay notifications with their attempts, newest first; `reference` is an out_trade_no or out_refund_no."""
    rows = [row for row in world.notices.values() if reference in (None, row.reference)]
    rows.sort(key=lambda row: -row.created_at)
    return {"items": [_notice(row) for row in rows[: max(1, min(limit, 500))]]}


HANDLERS = [open_sheet, get_sheet, pay_sheet, cancel_sheet, list_notifications, *money.HANDLERS]
