"""WeCom: its callback, and the console's room of guides, their codes and their customers."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from bihuan import identity, merchants
from bihuan import staff as people
from bihuan.channels import intake, links
from bihuan.channels.db.labels import select_labels
from bihuan.channels.guides import corps, events, members
from bihuan.channels.guides import db as rows
from bihuan.channels.guides import db_customers as customers
from bihuan.channels.guides.corps import NewCorp
from bihuan.channels.guides.db import Corp, Department, Guide
from bihuan.channels.guides.db_customers import Customer, CustomerState, Welcome
from bihuan.kernel import paging
from bihuan.kernel.db import Tx
from bihuan.kernel.http import access, text
from bihuan.kernel.ids import LabelId, MerchantId, ShopperId, StaffId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.staff import StaffSession
from bihuan.wechat.official_account import MAX_PUSH_BYTES

PATH = "/wechat/{m:str}/wecom"
Line = Annotated[str, Meta(max_length=100)]
UserId = Annotated[str, Meta(min_length=1, max_length=64)]
_PRIVATE = {"Cache-Control": "private, max-age=300"}


@get(PATH, opt=access("callback"))
async def verify(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[str]:
    """WeCom's check that this address is the corp's: the echo comes back decrypted."""
    return text(await events.handshake(rt, merchant, request.query_params))


@post(PATH, opt=access("callback"), status_code=200, request_max_body_size=MAX_PUSH_BYTES)
async def receive(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[str]:
    """An event of the corp: a customer added a guide, or one of them ended it."""
    intake.check_kind(request.headers.get("content-type", ""))
    await events.receive(rt, merchant, request.query_params, await request.body())
    return text("success")


class CorpOut(msgspec.Struct, frozen=True, kw_only=True):
    """The corp as staff see it; `corp_id` is empty while none is connected. Of secrets only fingerprints are shown."""

    corp_id: str
    agent_id: int
    token: str
    welcome: str
    callback_url: str
    secret_fingerprint: str | None
    encoding_aes_key_fingerprint: str | None
    verified_at: datetime | None
    synced_at: datetime | None

    @classmethod
    def of(cls, rt: Runtime, merchant: Merchant, corp: Corp | None, secrets: dict[str, str]) -> "CorpOut":
        """From the rows."""
        return cls(
            corp_id=corp.corpid if corp else "",
            agent_id=corp.agent_id if corp else 0,
            token=secrets.get(corps.TOKEN, ""),
            welcome=corp.welcome if corp else corps.WELCOME,
            callback_url=f"{rt.settings.public_url}/wechat/{merchant.code}/wecom",
            secret_fingerprint=corps.fingerprint(rt.vault, secrets.get(corps.SECRET)),
            encoding_aes_key_fingerprint=corps.fingerprint(rt.vault, secrets.get(corps.AES_KEY)),
            verified_at=corp.verified_at if corp else None,
            synced_at=corp.synced_at if corp else None,
        )


class CorpIn(msgspec.Struct, frozen=True, kw_only=True):
    """Settings to write; a secret that is left out, null or empty stays as it is, and so does the welcome."""

    corp_id: Line
    agent_id: Annotated[int, Meta(ge=0, le=2**53)]
    secret: Line | None = None
    token: Line | None = None
    encoding_aes_key: Line | None = None
    welcome: Annotated[str, Meta(max_length=1000)] | None = None

    def as_corp(self) -> NewCorp:
        """The corp to write."""
        return NewCorp(
            corpid=self.corp_id.strip(),
            agent_id=self.agent_id,
            secret=(self.secret or "").strip(),
            token=(self.token or "").strip(),
            encoding_aes_key=(self.encoding_aes_key or "").strip(),
            welcome=self.welcome,
        )


class GuideOut(msgspec.Struct, frozen=True, kw_only=True):
    """A member of the corp: who of the staff she is, her code (`label_code` once made), her customers of now."""

    userid: str
    name: str
    position: str
    department_ids: list[int]
    listed: bool
    staff_id: StaffId | None
    staff_name: str | None
    tell_payments: bool
    label_id: LabelId | None
    label_code: str | None
    code_ready: bool
    url: str | None
    customers: int


class GuidesOut(msgspec.Struct, frozen=True):
    """The address book: departments, and members with what we know of them."""

    departments: list[Department]
    items: list[GuideOut]


class MatchIn(msgspec.Struct, frozen=True):
    """Who of the staff a member is (null: nobody), and whether she is told of her customers' payments."""

    staff_id: StaffId | None
    tell_payments: bool = False


class CustomerOut(msgspec.Struct, frozen=True, kw_only=True):
    """A guide's customer. `welcome` and `welcome_error` say what became of the first words."""

    customer_id: UUID
    userid: str
    guide_name: str
    name: str
    avatar_url: str
    shopper_id: ShopperId | None
    nickname: str | None
    label_name: str | None
    state: CustomerState
    welcome: Welcome
    welcome_error: str | None
    added_at: datetime
    ended_at: datetime | None


@get("/api/merchant/wecom", opt=access("staff:channels.write"))
async def show_corp(rt: Runtime, staff: StaffSession) -> CorpOut:
    """The corp's settings; `corp_id` is empty while none is connected."""
    async with rt.db.session() as tx:
        return await _corp_out(rt, tx, staff.merchant_id, await rows.find_corp(tx, staff.merchant_id))


@put("/api/merchant/wecom", opt=access("staff:channels.write"))
async def save_corp(rt: Runtime, staff: StaffSession, data: JSONBody[CorpIn]) -> CorpOut:
    """Writes the settings. Secrets can be written, not read."""
    async with rt.db.transaction() as tx:
        corp = await corps.connect(tx, rt.vault, staff.merchant_id, data.as_corp())
        return await _corp_out(rt, tx, staff.merchant_id, corp)


async def _corp_out(rt: Runtime, tx: Tx, merchant_id: MerchantId, corp: Corp | None) -> CorpOut:
    merchant = await merchants.get(tx, merchant_id)
    return CorpOut.of(rt, merchant, corp, await corps.read_secrets(tx, rt.vault, merchant_id))


async def _guides_out(rt: Runtime, tx: Tx, merchant_id: MerchantId, found: list[Guide]) -> list[GuideOut]:
    merchant = await merchants.get(tx, merchant_id)
    names = await people.list_names(tx, merchant_id, [g.staff_id for g in found if g.staff_id])
    known = await select_labels(tx, merchant_id, [g.label_id for g in found if g.label_id])
    counts = await customers.count_customers(tx, merchant_id)
    items: list[GuideOut] = []
    for guide in found:
        label = known.get(guide.label_id) if guide.label_id else None
        items.append(
            GuideOut(
                userid=guide.userid,
                name=guide.name,
                position=guide.position,
                department_ids=guide.department_ids,
                listed=guide.listed,
                staff_id=guide.staff_id,
                staff_name=names.get(guide.staff_id) if guide.staff_id else None,
                tell_payments=guide.tell_payments,
                label_id=guide.label_id,
                label_code=label.code if label else None,
                code_ready=guide.config_id is not None,
                url=links.label_url(rt, merchant.code, label.code) if label else None,
                customers=counts.get(guide.userid, 0),
            )
        )
    return items


async def _book(rt: Runtime, staff: StaffSession) -> GuidesOut:
    async with rt.db.transaction(readonly=True) as tx:
        found = await rows.list_guides(tx, staff.merchant_id)
        departments = await rows.list_departments(tx, staff.merchant_id)
        return GuidesOut(departments, await _guides_out(rt, tx, staff.merchant_id, found))


async def _one(rt: Runtime, staff: StaffSession, guide: Guide) -> GuideOut:
    async with rt.db.transaction(readonly=True) as tx:
        return (await _guides_out(rt, tx, staff.merchant_id, [guide]))[0]


@get("/api/merchant/guides", opt=access("staff:channels.read"))
async def list_guides(rt: Runtime, staff: StaffSession) -> GuidesOut:
    """Departments and members as of the last sync, and what was said of them here."""
    return await _book(rt, staff)


@post("/api/merchant/guides/sync", opt=access("staff:channels.write"), status_code=200)
async def sync_guides(rt: Runtime, staff: StaffSession) -> GuidesOut:
    """Takes departments and members over from WeCom. 404 `no_wecom` while no corp is connected."""
    await members.sync(rt, staff.merchant_id)
    return await _book(rt, staff)


@put("/api/merchant/guides/{userid:str}", opt=access("staff:channels.write"))
async def match_guide(rt: Runtime, staff: StaffSession, userid: FromPath[str], data: JSONBody[MatchIn]) -> GuideOut:
    """Says who of the staff a member is. 409 `staff_matched` for somebody who is another member already."""
    async with rt.db.transaction() as tx:
        guide = await members.match(tx, staff.merchant_id, userid, data.staff_id, tell_payments=data.tell_payments)
    return await _one(rt, staff, guide)


@post("/api/merchant/guides/{userid:str}/code", opt=access("staff:labels.write"), status_code=200)
async def make_code(rt: Runtime, staff: StaffSession, userid: FromPath[str]) -> GuideOut:
    """Has WeCom make the member's contact code; asking again changes nothing. 409 `not_matched`."""
    return await _one(rt, staff, await members.ensure_code(rt, staff.merchant_id, userid))


@get("/api/merchant/guides/{userid:str}/code", opt=access("staff:labels.read"))
async def show_code(rt: Runtime, staff: StaffSession, userid: FromPath[str]) -> Response[bytes]:
    """The member's printable contact code, as WeCom draws it."""
    drawn = await members.picture(rt, staff.merchant_id, userid)
    sandboxed = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return Response(drawn.body, media_type=drawn.media_type, headers={**_PRIVATE, **sandboxed})


@get("/api/merchant/guide-customers", opt=access("staff:members.read"))
async def list_customers(
    rt: Runtime,
    staff: StaffSession,
    guide: Annotated[UserId | None, QueryParameter(name="userid", required=False)] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[CustomerOut]:
    """The customers of a guide, or of all; the latest first."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.transaction(readonly=True) as tx:
        found = await customers.list_customers(tx, staff.merchant_id, guide, before, limit + 1)
        items = await _customers_out(tx, staff.merchant_id, found[:limit])
    return Page(items, paging.encode(str(found[limit - 1].customer_id)) if len(found) > limit else None)


async def _customers_out(tx: Tx, merchant_id: MerchantId, found: list[Customer]) -> list[CustomerOut]:
    names = {g.userid: g.name for g in await rows.list_guides(tx, merchant_id)} if found else {}
    known = await select_labels(tx, merchant_id, [c.label_id for c in found if c.label_id])
    shoppers = await identity.list_shoppers(tx, [ShopperId(c.shopper_id) for c in found if c.shopper_id])
    items: list[CustomerOut] = []
    for one in found:
        shopper_id = ShopperId(one.shopper_id) if one.shopper_id else None
        shopper = shoppers.get(shopper_id) if shopper_id else None
        items.append(
            CustomerOut(
                customer_id=one.customer_id,
                userid=one.userid,
                guide_name=names.get(one.userid, one.userid),
                name=one.name,
                avatar_url=one.avatar_url,
                shopper_id=shopper_id,
                nickname=shopper.nickname if shopper else None,
                label_name=known[one.label_id].name if one.label_id and one.label_id in known else None,
                state=one.state,
                welcome=one.welcome,
                welcome_error=one.welcome_error,
                added_at=one.added_at,
                ended_at=one.ended_at,
            )
        )
    return items


ROUTES: tuple[Any, ...] = (
    verify,
    receive,
    show_corp,
    save_corp,
    list_guides,
    sync_guides,
    match_guide,
    make_code,
    show_code,
    list_customers,
)
