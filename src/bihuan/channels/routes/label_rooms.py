"""The console's room of labels and their printable codes."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from bihuan import merchants
from bihuan.channels import accounts, apps, drawing, labels
from bihuan.channels.db import labels as rows
from bihuan.channels.db.labels import LabelKind
from bihuan.channels.errors import WeChatUnavailable
from bihuan.channels.schemas import LabelIn, LabelOut
from bihuan.kernel import paging
from bihuan.kernel.errors import Problem
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.ids import LabelId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.staff import StaffSession
from bihuan.wechat import WeChatError

log = structlog.get_logger(__name__)

Size = Annotated[int, QueryParameter(ge=drawing.MIN_SIZE, le=drawing.MAX_SIZE, description="Pixels.")]

_PRIVATE = {"Cache-Control": "private, max-age=300"}


async def _merchant(rt: Runtime, staff: StaffSession) -> Merchant:
    return await merchants.merchant_of_id(rt, staff.merchant_id)


@get("/api/merchant/labels", opt=access("staff:labels.read"))
async def list_labels(
    rt: Runtime,
    staff: StaffSession,
    kind: LabelKind | None = None,
    store_id: UUID | None = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[LabelOut]:
    """The labels, the newest first."""
    (after,) = paging.decode(cursor, tuple[UUID]) or (None,)
    merchant = await _merchant(rt, staff)
    async with rt.db.transaction(readonly=True) as tx:
        account = await accounts.find_account(tx, staff.merchant_id)
        found = await rows.list_labels(tx, staff.merchant_id, kind, store_id, after, limit + 1)
    next_cursor = paging.encode(str(found[limit - 1].label_id)) if len(found) > limit else None
    return Page([LabelOut.of(rt, merchant, account, label) for label in found[:limit]], next_cursor)


@post("/api/merchant/labels", opt=access("staff:labels.write"))
async def create_label(
    rt: Runtime, staff: StaffSession, data: JSONBody[LabelIn], idempotency_key: IdempotencyKey = None
) -> LabelOut:
    """Makes a label and, where WeChat answers, its code; else the code follows within minutes."""
    async with rt.db.transaction() as tx:

        async def work() -> LabelId:
            return (await labels.create_label(tx, staff.merchant_id, data.as_label())).label_id

        label_id = await run_once(
            tx,
            staff.merchant_id,
            f"staff:{staff.staff_id}",
            idempotency_key,
            "channels.create_label",
            data,
            UUID,
            work,
        )
    try:
        await labels.ensure_qr(rt, staff.merchant_id, label_id)
    except Problem as problem:
        log.warning("label has no code yet", label_id=str(label_id), error=str(problem))
    merchant = await _merchant(rt, staff)
    async with rt.db.transaction(readonly=True) as tx:
        account = await accounts.find_account(tx, staff.merchant_id)
        label = await labels.get_label(tx, staff.merchant_id, label_id)
    return LabelOut.of(rt, merchant, account, label)


async def _content(rt: Runtime, staff: StaffSession, label_id: UUID) -> tuple[str, str]:
    """What the code says, made if need be, and the label's code for a file name."""
    label = await labels.ensure_qr(rt, staff.merchant_id, label_id)
    async with rt.db.session() as tx:
        account = await accounts.find_account(tx, staff.merchant_id)
    content = labels.qr_content(rt, await _merchant(rt, staff), account, label)
    if content is None:
        raise WeChatUnavailable
    return content, label.code


@get("/api/merchant/labels/{label_id:uuid}/qr.svg", opt=access("staff:labels.read"))
async def qr_svg(rt: Runtime, staff: StaffSession, label_id: FromPath[UUID]) -> Response[bytes]:
    """The printable code."""
    content, code = await _content(rt, staff, label_id)
    headers = {**_PRIVATE, "Content-Disposition": f'inline; filename="{code}.svg"'}
    return Response(drawing.qr_svg(content), media_type="image/svg+xml", headers=headers)


@get("/api/merchant/labels/{label_id:uuid}/qr.png", opt=access("staff:labels.read"))
async def qr_png(rt: Runtime, staff: StaffSession, label_id: FromPath[UUID], size: Size = 1024) -> Response[bytes]:
    """The printable code, `size` pixels square."""
    content, code = await _content(rt, staff, label_id)
    headers = {**_PRIVATE, "Content-Disposition": f'inline; filename="{code}.png"'}
    return Response(drawing.qr_png(content, size), media_type="image/png", headers=headers)


@get("/api/merchant/labels/{label_id:uuid}/mini-program.jpg", opt=access("staff:labels.read"))
async def mini_program_code(
    rt: Runtime,
    staff: StaffSession,
    label_id: FromPath[UUID],
    size: Annotated[int, QueryParameter(ge=280, le=1280)] = 430,
) -> Response[bytes]:
    """The label's mini-program code, drawn by WeChat."""
    async with rt.db.transaction(readonly=True) as tx:
        label = await labels.get_label(tx, staff.merchant_id, label_id)
        account = await accounts.get_mini_program(tx, staff.merchant_id)
    client = apps.mini_program_api(rt, account)
    try:
        picture = await client.unlimited_code(f"l={label.code}", page="pages/home/home", check_path=False, width=size)
    except WeChatError as error:
        raise apps.problem_of(error) from error
    media_type = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
    return Response(picture, media_type=media_type, headers=_PRIVATE)


ROUTES: tuple[Any, ...] = (list_labels, create_label, qr_svg, qr_png, mini_program_code)
