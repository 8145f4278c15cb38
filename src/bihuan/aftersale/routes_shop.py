"""Routes of the shopper: what can go back, applying, the steps of her cases."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body

from bihuan import catalog
from bihuan.aftersale import db_lists, disputes, opening, pictures, steps, story, views
from bihuan.aftersale.schemas import (
    Applicable,
    ApplyInput,
    CaseDetail,
    CaseView,
    ParcelInput,
    ReasonView,
    StatementInput,
    UploadedPicture,
    WishInput,
    WishView,
)
from bihuan.aftersale.story import Held
from bihuan.identity import ShopperSession
from bihuan.kernel import idempotency, paging
from bihuan.kernel.db import Tx
from bihuan.kernel.http import IdempotencyKey, access, language_of
from bihuan.kernel.ids import MerchantId, OrderId, ShopperId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

AnyRequest = Request[Any, Any, Any]


def _language(request: AnyRequest) -> str:
    return language_of(request.headers.get("accept-language"))


class Upload(msgspec.Struct):
    """The form of an upload."""

    file: UploadFile


@get("/api/shop/{m:str}/aftersale/reasons", opt=access("shopper"))
async def list_reasons(request: AnyRequest, merchant: Merchant) -> Page[ReasonView]:
    """The reasons to choose from; the page is the last one."""
    return Page(views.reasons(_language(request)))


@get("/api/shop/{m:str}/orders/{order_id:uuid}/aftersale", opt=access("shopper"))
async def get_applicable(
    rt: Runtime, request: AnyRequest, merchant: Merchant, shopper: ShopperSession, order_id: UUID
) -> Applicable:
    """What an order can still have, and the cases that it has."""
    async with rt.db.session() as tx:
        return await views.show_applicable(
            tx, merchant.merchant_id, shopper.shopper_id, OrderId(order_id), _language(request)
        )


@post("/api/shop/{m:str}/aftersale/quote", status_code=200, opt=access("shopper"))
async def quote(rt: Runtime, merchant: Merchant, shopper: ShopperSession, data: WishInput) -> WishView:
    """The most that would go back, to the fen."""
    async with rt.db.session() as tx:
        return await opening.quote(tx, merchant.merchant_id, shopper.shopper_id, data)


@post(
    "/api/shop/{m:str}/aftersale/pictures",
    opt=access("shopper"),
    request_max_body_size=catalog.MAX_PICTURE_BYTES + 64 * 1024,
)
async def upload_picture(
    rt: Runtime,
    merchant: Merchant,
    shopper: ShopperSession,
    data: Annotated[Upload, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> UploadedPicture:
    """Stores a PNG, JPEG or WebP picture for a case, as WebP of at most 1600 pixels; 40 a day."""
    content = await data.file.read(catalog.MAX_PICTURE_BYTES + 1)
    if not content:
        raise catalog.BadPicture(reason="empty")
    return UploadedPicture(await pictures.store(rt, merchant.merchant_id, shopper.shopper_id, content))


@post("/api/shop/{m:str}/aftersale", opt=access("shopper"))
async def apply(
    rt: Runtime,
    request: AnyRequest,
    merchant: Merchant,
    shopper: ShopperSession,
    data: ApplyInput,
    idempotency_key: IdempotencyKey = None,
) -> CaseDetail:
    """Opens a case. 409 `too_many_pieces`, `aftersale_not_applicable`; 422 `amount_not_acceptable` and others."""

    async def work() -> UUID:
        return (await opening.apply(tx, merchant.merchant_id, shopper.shopper_id, data)).case_id

    async with rt.db.transaction() as tx:
        actor = f"shopper:{shopper.shopper_id}"
        case_id = await idempotency.run_once(
            tx, merchant.merchant_id, actor, idempotency_key, "aftersale.apply", data, UUID, work
        )
    return await _show(rt, _language(request), merchant.merchant_id, shopper.shopper_id, case_id)


async def _show(
    rt: Runtime, language: str, merchant_id: MerchantId, shopper_id: ShopperId, case_id: UUID
) -> CaseDetail:
    async with rt.db.session() as tx:
        case = await views.get_own(tx, merchant_id, case_id, shopper_id)
        return await views.show_detail(tx, case, language)


@get("/api/shop/{m:str}/aftersale", opt=access("shopper"))
async def list_cases(
    rt: Runtime,
    request: AnyRequest,
    merchant: Merchant,
    shopper: ShopperSession,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[CaseView]:
    """The shopper's cases, newest first."""
    before = paging.decode(cursor, tuple[UUID])
    async with rt.db.session() as tx:
        rows = await db_lists.list_of_shopper(
            tx, merchant.merchant_id, shopper.shopper_id, before[0] if before else None, limit + 1
        )
        items = await views.show(tx, merchant.merchant_id, rows[:limit], _language(request))
    return Page(items, paging.encode(str(rows[limit - 1].case_id)) if len(rows) > limit else None)


@get("/api/shop/{m:str}/aftersale/{case_id:uuid}", opt=access("shopper"))
async def get_case(
    rt: Runtime, request: AnyRequest, merchant: Merchant, shopper: ShopperSession, case_id: UUID
) -> CaseDetail:
    """One case of the shopper's own, with its story."""
    return await _show(rt, _language(request), merchant.merchant_id, shopper.shopper_id, case_id)


Step = Callable[[Tx, Held], Awaitable[object]]


class OwnCase(msgspec.Struct, frozen=True):
    """A case of the shopper's own that a request names, and what it says about itself."""

    rt: Runtime
    merchant_id: MerchantId
    shopper_id: ShopperId
    case_id: UUID
    key: str | None
    language: str

    async def show(self) -> CaseDetail:
        """The case as it is. Raises NotFound for another's as for none."""
        return await _show(self.rt, self.language, self.merchant_id, self.shopper_id, self.case_id)

    async def step(self, named: str, said: object, step: Step) -> CaseDetail:
        """Takes a step, once per key; returns the case as it is then."""

        async def work() -> bool:
            await step(tx, await story.hold(tx, self.merchant_id, self.case_id, self.shopper_id))
            return True

        async with self.rt.db.transaction() as tx:
            actor, command = f"shopper:{self.shopper_id}", [str(self.case_id), said]
            await idempotency.run_once(tx, self.merchant_id, actor, self.key, f"aftersale.{named}", command, bool, work)
        return await self.show()


async def _own(
    rt: Runtime,
    request: AnyRequest,
    merchant: Merchant,
    shopper: ShopperSession,
    case_id: UUID,
    idempotency_key: IdempotencyKey = None,
) -> OwnCase:
    return OwnCase(rt, merchant.merchant_id, shopper.shopper_id, case_id, idempotency_key, _language(request))


_OWN = {"own": Provide(_own)}
_CASE = "/api/shop/{m:str}/aftersale/{case_id:uuid}"


@post(f"{_CASE}/withdraw", status_code=200, opt=access("shopper"), dependencies=_OWN)
async def withdraw(own: OwnCase) -> CaseDetail:
    """Gives a case up, before anything was sent back."""
    return await own.step("withdraw", None, lambda tx, held: steps.withdraw(tx, held, story.SHOPPER))


@post(f"{_CASE}/accept-proposal", status_code=200, opt=access("shopper"), dependencies=_OWN)
async def accept_proposal(own: OwnCase) -> CaseDetail:
    """Takes the amount that the merchant offered."""
    return await own.step("accept_proposal", None, steps.accept_proposal)


@post(f"{_CASE}/insist", status_code=200, opt=access("shopper"), dependencies=_OWN)
async def insist(own: OwnCase, data: StatementInput) -> CaseDetail:
    """Stays with what was asked for."""

    async def step(tx: Tx, held: Held) -> object:
        await pictures.check_own(tx, own.merchant_id, own.shopper_id, data.pictures)
        return await steps.insist(tx, held, data.text, data.pictures)

    return await own.step("insist", data, step)


@post(f"{_CASE}/parcel", status_code=200, opt=access("shopper"), dependencies=_OWN)
async def send_parcel(own: OwnCase, data: ParcelInput) -> CaseDetail:
    """The goods are on their way back."""
    return await own.step("parcel", data, lambda tx, held: steps.send_parcel(tx, held, data))


@post(f"{_CASE}/dispute", status_code=200, opt=access("shopper"), dependencies=_OWN)
async def open_dispute(own: OwnCase, data: StatementInput) -> CaseDetail:
    """Calls the platform. 409 `dispute_not_possible`."""

    async def step(tx: Tx, held: Held) -> object:
        await pictures.check_own(tx, own.merchant_id, own.shopper_id, data.pictures)
        return await disputes.open_dispute(tx, held, data)

    return await own.step("dispute", data, step)


@post(f"{_CASE}/evidence", status_code=200, opt=access("shopper"), dependencies=_OWN)
async def add_evidence(own: OwnCase, data: StatementInput) -> CaseDetail:
    """Says something, with pictures."""

    async def step(tx: Tx, held: Held) -> object:
        await pictures.check_own(tx, own.merchant_id, own.shopper_id, data.pictures)
        return await steps.say(tx, held.case, story.SHOPPER, data.text, data.pictures)

    return await own.step("evidence", data, step)


ROUTES = (
    list_reasons,
    get_applicable,
    quote,
    upload_picture,
    apply,
    list_cases,
    get_case,
    withdraw,
    accept_proposal,
    insist,
    send_parcel,
    open_dispute,
    add_evidence,
)
