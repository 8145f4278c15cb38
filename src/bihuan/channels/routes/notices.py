"""Notices of the mini program: the console's templates, and what shoppers agree to."""

from typing import Annotated, Any

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody
from msgspec import Meta

from bihuan.channels import notices
from bihuan.channels.db import notices as rows
from bihuan.channels.db.notices import NoticeKind, NoticeTemplate
from bihuan.channels.notice_texts import NAMES
from bihuan.channels.notices import LibraryTemplate
from bihuan.identity import ShopperSession
from bihuan.kernel.http import access
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.staff import StaffSession

TemplateId = Annotated[str, Meta(max_length=64)]
Field = Annotated[str, Meta(pattern=r"^[a-z_]{1,30}[0-9]{0,3}$")]
Text = Annotated[str, Meta(min_length=1, max_length=100)]
Data = Annotated[dict[Field, Text], Meta(max_length=10)]


class NoticeOut(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of notice. `names` may be filled in; `granted` and `remaining` count shoppers' consents."""

    kind: NoticeKind
    template_id: str
    data: dict[str, str]
    official_template_id: str
    official_data: dict[str, str]
    names: list[str]
    granted: int
    remaining: int


class NoticesOut(msgspec.Struct, frozen=True):
    """All kinds."""

    items: list[NoticeOut]


class NoticeIn(msgspec.Struct, frozen=True, kw_only=True):
    """A kind's templates: each field's text with {order_no}, {goods} ...; an empty id: none."""

    kind: NoticeKind
    template_id: TemplateId = ""
    data: Data = {}
    official_template_id: TemplateId = ""
    official_data: Data = {}

    def as_template(self) -> NoticeTemplate:
        """The template to write."""
        return NoticeTemplate(
            kind=self.kind,
            template_id=self.template_id.strip(),
            data=dict(self.data),
            official_template_id=self.official_template_id.strip(),
            official_data=dict(self.official_data),
        )


class NoticesIn(msgspec.Struct, frozen=True):
    """All kinds; one that is left out is switched off."""

    items: Annotated[list[NoticeIn], Meta(max_length=4)]


class LibraryOut(msgspec.Struct, frozen=True):
    """What the mini program has."""

    items: list[LibraryTemplate]


async def _out(rt: Runtime, staff: StaffSession) -> NoticesOut:
    async with rt.db.transaction(readonly=True) as tx:
        found = await notices.get_templates(tx, staff.merchant_id)
        counts = await rows.count_by_template(tx, staff.merchant_id)
    return NoticesOut(
        [
            NoticeOut(
                kind=t.kind,
                template_id=t.template_id,
                data=t.data,
                official_template_id=t.official_template_id,
                official_data=t.official_data,
                names=sorted(NAMES[t.kind]),
                granted=counts.get(t.template_id, (0, 0))[0],
                remaining=counts.get(t.template_id, (0, 0))[1],
            )
            for t in found
        ]
    )


@get("/api/merchant/notices", opt=access("staff:channels.read"))
async def show_notices(rt: Runtime, staff: StaffSession) -> NoticesOut:
    """The templates of notices, and how many shoppers agreed to each."""
    return await _out(rt, staff)


@put("/api/merchant/notices", opt=access("staff:channels.write"))
async def save_notices(rt: Runtime, staff: StaffSession, data: JSONBody[NoticesIn]) -> NoticesOut:
    """Writes all templates. 422 `template_wrong` for one without fields."""
    async with rt.db.transaction() as tx:
        await notices.save_templates(tx, staff.merchant_id, [item.as_template() for item in data.items])
    return await _out(rt, staff)


@get("/api/merchant/notices/library", opt=access("staff:channels.write"))
async def show_library(rt: Runtime, staff: StaffSession) -> LibraryOut:
    """The subscribe-message templates that the mini program has at WeChat, with our guess of their fields."""
    return LibraryOut(await notices.list_library(rt, staff.merchant_id))


class WantedOut(msgspec.Struct, frozen=True):
    """What to ask `wx.requestSubscribeMessage` for when she pays, and on her member page; empty: nothing."""

    template_ids: list[str]
    member_template_ids: list[str]


class AnswersIn(msgspec.Struct, frozen=True):
    """What it answered: accept, reject, ban or filter by template."""

    answers: Annotated[dict[TemplateId, Annotated[str, Meta(max_length=30)]], Meta(max_length=5)]


class ConsentsOut(msgspec.Struct, frozen=True):
    """How many messages each template may still bring."""

    remaining: dict[str, int]


@get("/api/shop/{m:str}/notices", opt=access("public"))
async def show_wanted(rt: Runtime, merchant: Merchant) -> WantedOut:
    """The templates that a shopper is asked for in the mini program."""
    async with rt.db.transaction(readonly=True) as tx:
        return WantedOut(*await notices.wanted(tx, merchant.merchant_id))


@post("/api/shop/{m:str}/notices/consents", opt=access("shopper"), status_code=200)
async def note_consents(
    rt: Runtime, merchant: Merchant, shopper: ShopperSession, data: JSONBody[AnswersIn]
) -> ConsentsOut:
    """Notes what a shopper agreed to. 404 `no_mini_program` where she never was in the mini program."""
    async with rt.db.transaction() as tx:
        left = await notices.note_consents(tx, merchant.merchant_id, shopper.shopper_id, data.answers)
    return ConsentsOut(left)


ROUTES: tuple[Any, ...] = (show_notices, save_notices, show_library, show_wanted, note_consents)
