"""Routes of the merchant: cases, decisions, inspection, terms."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, get, post, put
from litestar.datastructures import UploadFile
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter

from bihuan import catalog
from bihuan.aftersale import db_lists, opening, pictures, steps, story, views
from bihuan.aftersale.db_lists import SettingsRow
from bihuan.aftersale.rules import Kind, State
from bihuan.aftersale.schemas import (
    Address,
    AgreeInput,
    Applicable,
    CaseCounts,
    GiveInput,
    InspectInput,
    MerchantCase,
    MerchantCaseDetail,
    ParcelInput,
    ProposeInput,
    RejectInput,
    SettingsInput,
    StatementInput,
    UploadedPicture,
    WaitingFor,
    WishInput,
    WishView,
)
from bihuan.aftersale.story import By, Held
from bihuan.kernel import idempotency, paging
from bihuan.kernel.db import Tx
from bihuan.kernel.http import IdempotencyKey, access, language_of
from bihuan.kernel.ids import OrderId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession

AnyRequest = Request[Any, Any, Any]
StateFilter = Annotated[State | None, QueryParameter(name="state", required=False)]
KindFilter = Annotated[Kind | None, QueryParameter(name="kind", required=False)]
WaitingFilter = Annotated[WaitingFor | None, QueryParameter(name="waiting_for", required=False)]
Search = Annotated[str | None, QueryParameter(name="q", required=False, max_length=40, description="Case or order.")]
_CASE = "/api/merchant/aftersale/{case_id:uuid}"
_WRITE = access("staff:aftersale.write")


def _language(request: AnyRequest) -> str:
    return language_of(request.headers.get("accept-language"))


class Upload(msgspec.Struct):
    """The form of an upload."""

    file: UploadFile


@get("/api/merchant/aftersale", opt=access("staff:aftersale.read"))
async def list_cases(
    rt: Runtime,
    request: AnyRequest,
    staff: StaffSession,
    of_state: StateFilter = None,
    kind: KindFilter = None,
    waiting_for: WaitingFilter = None,
    q: Search = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[MerchantCase]:
    """The merchant's cases, newest first."""
    before = paging.decode(cursor, tuple[UUID])
    async with rt.db.session() as tx:
        rows = await db_lists.list_of_merchant(
            tx,
            staff.merchant_id,
            state=of_state,
            kind=kind,
            waiting_for=waiting_for,
            number=q.strip() if q and q.strip() else None,
            before=before[0] if before else None,
            limit=limit + 1,
        )
        items = await views.show_to_merchant(tx, staff.merchant_id, rows[:limit], _language(request))
    return Page(items, paging.encode(str(rows[limit - 1].case_id)) if len(rows) > limit else None)


@get("/api/merchant/aftersale/counts", opt=access("staff:aftersale.read"))
async def count_cases(rt: Runtime, staff: StaffSession) -> CaseCounts:
    """How many cases are in each state, how many wait for the merchant, and how many are disputed."""
    async with rt.db.session() as tx:
        rows = await db_lists.count_by_state(tx, staff.merchant_id)
    by_state: dict[str, int] = {}
    for (state, _, _), count in rows.items():
        by_state[state] = by_state.get(state, 0) + count
    waiting = sum(count for (_, who, _), count in rows.items() if who == "merchant")
    return CaseCounts(by_state, waiting, sum(count for (_, _, disputed), count in rows.items() if disputed))


Step = Callable[[Tx, Held, By], Awaitable[object]]


class OwnCase(msgspec.Struct, frozen=True):
    """A case of the merchant's own that a request of the staff's names."""

    rt: Runtime
    staff: StaffSession
    case_id: UUID
    key: str | None
    language: str

    async def show(self) -> MerchantCaseDetail:
        """The case as it is. Raises NotFound for another's as for none."""
        async with self.rt.db.session() as tx:
            case = await views.get_own(tx, self.staff.merchant_id, self.case_id)
            return await views.show_in_console(tx, case, self.language)

    async def step(self, named: str, said: object, step: Step) -> MerchantCaseDetail:
        """Takes a step, once per key; returns the case as it is then."""

        async def work() -> bool:
            held = await story.hold(tx, self.staff.merchant_id, self.case_id)
            await step(tx, held, By("merchant", self.staff.staff_id))
            return True

        async with self.rt.db.transaction() as tx:
            actor, command = f"staff:{self.staff.staff_id}", [str(self.case_id), said]
            await idempotency.run_once(
                tx, self.staff.merchant_id, actor, self.key, f"aftersale.{named}", command, bool, work
            )
        return await self.show()


async def _own(
    rt: Runtime, request: AnyRequest, staff: StaffSession, case_id: UUID, idempotency_key: IdempotencyKey = None
) -> OwnCase:
    return OwnCase(rt, staff, case_id, idempotency_key, _language(request))


_OWN = {"own": Provide(_own)}


@get(_CASE, opt=access("staff:aftersale.read"), dependencies=_OWN)
async def get_case(own: OwnCase) -> MerchantCaseDetail:
    """One case with its story."""
    return await own.show()


@post(f"{_CASE}/agree", status_code=200, opt=_WRITE, dependencies=_OWN)
async def agree(own: OwnCase, data: AgreeInput) -> MerchantCaseDetail:
    """Agrees to what is asked. 422 `return_address_missing`; 409 `out_of_stock` for an exchange, `refund_by_hand`."""
    return await own.step("agree", data, lambda tx, held, by: steps.agree_to_asked(tx, held, by, data.return_address))


@post(f"{_CASE}/reject", status_code=200, opt=_WRITE, dependencies=_OWN)
async def reject(own: OwnCase, data: RejectInput) -> MerchantCaseDetail:
    """Refuses, with a reason that the shopper reads."""
    return await own.step("reject", data, lambda tx, held, by: steps.reject(tx, held, data.reason, by))


@post(f"{_CASE}/propose", status_code=200, opt=_WRITE, dependencies=_OWN)
async def propose(own: OwnCase, data: ProposeInput) -> MerchantCaseDetail:
    """Offers another amount; the shopper takes it or insists."""
    return await own.step("propose", data, lambda tx, held, by: steps.propose(tx, held, data.amount_fen, data.note, by))


@post(f"{_CASE}/inspect", status_code=200, opt=_WRITE, dependencies=_OWN)
async def inspect(own: OwnCase, data: InspectInput) -> MerchantCaseDetail:
    """Counts what came back; what can be sold is in stock again, and the refund is decided."""
    return await own.step(
        "inspect",
        data,
        lambda tx, held, by: steps.inspect(tx, held, data.lines, by, accept=data.accept, reason=data.reason),
    )


@post(f"{_CASE}/ship-exchange", status_code=200, opt=_WRITE, dependencies=_OWN)
async def ship_exchange(own: OwnCase, data: ParcelInput) -> MerchantCaseDetail:
    """Sends the other goods; the case is completed."""
    return await own.step("ship_exchange", data, lambda tx, held, by: steps.ship_exchange(tx, held, data, by))


@post(f"{_CASE}/evidence", status_code=200, opt=_WRITE, dependencies=_OWN)
async def add_evidence(own: OwnCase, data: StatementInput) -> MerchantCaseDetail:
    """Says something, with pictures."""

    async def step(tx: Tx, held: Held, by: By) -> object:
        await pictures.check_own(tx, own.staff.merchant_id, own.staff.staff_id, data.pictures)
        return await steps.say(tx, held.case, by, data.text, data.pictures)

    return await own.step("evidence", data, step)


_OF_ORDER = "/api/merchant/orders/{order_id:uuid}/aftersale"


@get(_OF_ORDER, opt=access("staff:aftersale.read"))
async def get_applicable(rt: Runtime, request: AnyRequest, staff: StaffSession, order_id: UUID) -> Applicable:
    """What of an order can still be paid back, and the cases that it has."""
    async with rt.db.session() as tx:
        return await views.show_applicable(tx, staff.merchant_id, None, OrderId(order_id), _language(request))


def _merchant(staff: StaffSession) -> By:
    return By("merchant", staff.staff_id)


@post(f"{_OF_ORDER}/quote", status_code=200, opt=_WRITE)
async def quote_refund(rt: Runtime, staff: StaffSession, order_id: UUID, data: GiveInput) -> WishView:
    """The most that would go back, to the fen."""
    wish = WishInput(
        order_id=OrderId(order_id),
        kind="refund",
        reason=data.reason,
        received_goods=data.received_goods,
        lines=data.lines,
    )
    async with rt.db.session() as tx:
        return await opening.quote(tx, staff.merchant_id, None, wish, _merchant(staff))


@post(_OF_ORDER, opt=_WRITE)
async def give_back(
    rt: Runtime,
    request: AnyRequest,
    staff: StaffSession,
    order_id: UUID,
    data: GiveInput,
    idempotency_key: IdempotencyKey = None,
) -> MerchantCaseDetail:
    """Pays back without an application: what cannot be sent, or a part of what she keeps. It is decided at once.

    409 `too_many_pieces`, `aftersale_not_applicable`, `refund_by_hand`; 422 `amount_not_acceptable` and others.
    """

    async def work() -> UUID:
        return (await opening.give(tx, staff.merchant_id, OrderId(order_id), data, _merchant(staff))).case_id

    async with rt.db.transaction() as tx:
        actor, command = f"staff:{staff.staff_id}", [str(order_id), data]
        case_id = await idempotency.run_once(
            tx, staff.merchant_id, actor, idempotency_key, "aftersale.give", command, UUID, work
        )
    return await OwnCase(rt, staff, case_id, None, _language(request)).show()


@post("/api/merchant/aftersale/pictures", opt=_WRITE, request_max_body_size=catalog.MAX_PICTURE_BYTES + 64 * 1024)
async def upload_picture(
    rt: Runtime, staff: StaffSession, data: Annotated[Upload, Body(media_type=RequestEncodingType.MULTI_PART)]
) -> UploadedPicture:
    """Stores a picture as evidence."""
    content = await data.file.read(catalog.MAX_PICTURE_BYTES + 1)
    if not content:
        raise catalog.BadPicture(reason="empty")
    return UploadedPicture(await pictures.store(rt, staff.merchant_id, staff.staff_id, content))


def _settings(row: SettingsRow) -> SettingsInput:
    same = {name: getattr(row, name) for name in SettingsInput.__struct_fields__ if name != "return_address"}
    return SettingsInput(**same, return_address=Address(**row.return_address) if row.return_address else None)


@get("/api/merchant/aftersale-settings", opt=access("staff:aftersale.read"))
async def get_settings(rt: Runtime, staff: StaffSession) -> SettingsInput:
    """The merchant's terms; the common ones until she writes her own."""
    async with rt.db.session() as tx:
        return _settings(await db_lists.find_settings(tx, staff.merchant_id))


@put("/api/merchant/aftersale-settings", opt=access("staff:merchant.write"))
async def put_settings(rt: Runtime, staff: StaffSession, data: SettingsInput) -> SettingsInput:
    """Writes the terms; cases under way keep the times that they were given."""
    async with rt.db.transaction() as tx:
        row = msgspec.convert(msgspec.to_builtins(data), SettingsRow)
        await db_lists.save_settings(tx, staff.merchant_id, row)
    return data


ROUTES = (
    list_cases,
    count_cases,
    get_case,
    agree,
    reject,
    propose,
    inspect,
    ship_exchange,
    add_evidence,
    get_applicable,
    quote_refund,
    give_back,
    upload_picture,
    get_settings,
    put_settings,
)
