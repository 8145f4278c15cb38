"""Members of the corp: taken over from WeCom, matched to the staff by hand, each with a contact code of her own."""

import httpx
import msgspec

from bihuan import staff
from bihuan.channels import apps, labels
from bihuan.channels.db.labels import Label
from bihuan.channels.db.labels import select_labels as labels_by_id
from bihuan.channels.errors import NotAGuide, StaffMatched, UnknownPlace, WeChatUnavailable
from bihuan.channels.guides import corps
from bihuan.channels.guides import db as rows
from bihuan.channels.guides.db import Corp, Guide
from bihuan.channels.labels import NewLabel
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, StaffId
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import Limits, WeChatError

_QUICK = Limits(timeout_seconds=5.0, retries=0)
_MAX_PICTURE_BYTES = 2 * 1024 * 1024
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")


class Picture(msgspec.Struct, frozen=True):
    """A printable picture."""

    body: bytes
    media_type: str


async def sync(rt: Runtime, merchant_id: MerchantId) -> None:
    """Takes departments and members over. Raises NoCorp, and what apps.problem_of tells."""
    async with rt.db.session() as tx:
        corp = await corps.get(tx, merchant_id)
    try:
        book = await corps.client(rt, corp).address_book()
    except WeChatError as error:
        raise apps.problem_of(error) from error
    async with rt.db.transaction() as tx:
        now = await corps.get(tx, merchant_id)
        if now.corpid == corp.corpid:
            await rows.write_book(tx, merchant_id, book)


async def get(tx: Tx, merchant_id: MerchantId, userid: str, *, lock: bool = False) -> Guide:
    """One member. Raises NotFound."""
    guide = await rows.find_guide(tx, merchant_id, userid, lock=lock)
    if guide is None:
        raise NotFound
    return guide


async def match(
    tx: Tx, merchant_id: MerchantId, userid: str, staff_id: StaffId | None, *, tell_payments: bool
) -> Guide:
    """Says who of the staff a member is. Raises NotFound, UnknownPlace, StaffMatched."""
    await get(tx, merchant_id, userid, lock=True)
    if staff_id is not None:
        if await staff.find_staff(tx, merchant_id, staff_id) is None:
            raise UnknownPlace(field="staff_id")
        holder = (await rows.guides_of_staff(tx, merchant_id, [staff_id])).get(staff_id)
        if holder is not None and holder.userid != userid:
            raise StaffMatched(userid=holder.userid)
    await rows.match(tx, merchant_id, userid, staff_id, tell_payments=tell_payments and staff_id is not None)
    return await get(tx, merchant_id, userid)


async def ensure_code(rt: Runtime, merchant_id: MerchantId, userid: str) -> Guide:
    """The member with a contact code whose state is a label of hers; asking again changes nothing.

    Where she was matched to somebody else since, the printed code stays good and speaks for that person's label.
    Raises NoCorp, NotFound, NotAGuide, and what apps.problem_of tells.
    """
    async with rt.db.transaction() as tx:
        guide = await get(tx, merchant_id, userid, lock=True)
        corp = await corps.get(tx, merchant_id)
        label, moved = await _label_of(tx, merchant_id, guide)
    if guide.config_id is not None and not moved:
        return guide
    client = corps.client(rt, corp, _QUICK)
    try:
        if guide.config_id is not None:
            await client.update_contact_way(guide.config_id, state=label.code)
            config_id, qr_url = guide.config_id, guide.qr_url or ""
        else:
            made = await client.add_contact_way([userid], state=label.code, remark=label.name)
            config_id, qr_url = made.config_id, made.qr_code
    except WeChatError as error:
        raise apps.problem_of(error) from error
    async with rt.db.transaction() as tx:
        await rows.set_label(tx, merchant_id, userid, label.label_id)
        await rows.set_code(tx, merchant_id, userid, config_id, qr_url)
        return await get(tx, merchant_id, userid)


async def _label_of(tx: Tx, merchant_id: MerchantId, guide: Guide) -> tuple[Label, bool]:
    """The member's label, a new one where she has none or is another person's now; whether it is new."""
    if guide.staff_id is None:
        raise NotAGuide
    known = await labels_by_id(tx, merchant_id, [guide.label_id]) if guide.label_id else {}
    label = known.get(guide.label_id) if guide.label_id else None
    if label is not None and label.staff_id == guide.staff_id:
        return label, False
    new = NewLabel(kind="staff", name=f"{guide.name[:40]} · 企业微信", staff_id=guide.staff_id)
    label = await labels.create_label(tx, merchant_id, new)
    if guide.config_id is None:  # an answer that never came: the next try goes on with this label
        await rows.set_label(tx, merchant_id, guide.userid, label.label_id)
    return label, True


async def picture(rt: Runtime, merchant_id: MerchantId, userid: str) -> Picture:
    """WeCom's picture of a member's code, made if need be. Raises as `ensure_code`, WeChatUnavailable."""
    guide = await ensure_code(rt, merchant_id, userid)
    address = guide.qr_url or ""
    if not address.startswith(("https://", f"{rt.settings.wechat.wecom}/")):
        raise WeChatUnavailable
    try:
        async with rt.http.stream("GET", address, timeout=8) as answer:
            media_type = answer.headers.get("content-type", "").split(";")[0].strip().lower()
            if answer.status_code != 200 or media_type not in _PICTURES:
                raise WeChatUnavailable
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _MAX_PICTURE_BYTES:
                    raise WeChatUnavailable
    except httpx.HTTPError as error:
        raise WeChatUnavailable from error
    return Picture(bytes(body), media_type)


async def members_of(tx: Tx, merchant_id: MerchantId) -> tuple[Corp, list[Guide]]:
    """The corp and its members. Raises NoCorp."""
    return await corps.get(tx, merchant_id), await rows.list_guides(tx, merchant_id)
