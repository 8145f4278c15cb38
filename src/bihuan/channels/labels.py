"""Labels: what a printed code stands for, and WeChat's code for it."""

import asyncio
import secrets
from uuid import UUID

import msgspec
import structlog

from bihuan import merchants, staff
from bihuan.channels import accounts, apps, links
from bihuan.channels.db import labels as rows
from bihuan.channels.db.accounts import Account
from bihuan.channels.db.labels import Label, LabelKind
from bihuan.channels.errors import UnknownPlace
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import CROCKFORD, CounterId, LabelId, MerchantId, StaffId, StoreId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat import Limits, WeChatError

log = structlog.get_logger(__name__)

CODE_LENGTH = 7
"""35 random bits; "l=" and the code fit a mini program's scene of 32 characters many times over."""

_QUICK = Limits(timeout_seconds=3.0, retries=0)


class NewLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A label to make. A counter brings its store, a member of staff the store where she works."""

    kind: LabelKind
    name: str
    store_id: StoreId | None = None
    counter_id: CounterId | None = None
    staff_id: StaffId | None = None


async def create_label(tx: Tx, merchant_id: MerchantId, new: NewLabel) -> Label:
    """A new label with a code of its own. Raises UnknownPlace."""
    placed = await _place(tx, merchant_id, new)
    while True:
        label = Label(
            label_id=LabelId(new_id()),
            code="".join(secrets.choice(CROCKFORD) for _ in range(CODE_LENGTH)),
            kind=placed.kind,
            name=placed.name,
            store_id=placed.store_id,
            counter_id=placed.counter_id,
            staff_id=placed.staff_id,
            scans=0,
            qr_appid=None,
            qr_url=None,
            created_at=tx.now,
        )
        if await rows.insert_label(tx, merchant_id, label):
            return label


async def _place(tx: Tx, merchant_id: MerchantId, new: NewLabel) -> NewLabel:
    """The label with the store that its counter or staff implies; only what its kind has is kept."""
    store_id, counter_id, staff_id = new.store_id, None, None
    if new.kind == "counter":
        counter = await merchants.find_counter(tx, merchant_id, new.counter_id) if new.counter_id else None
        if counter is None or counter.state == "retired":
            raise UnknownPlace(field="counter_id")
        counter_id, store_id = counter.counter_id, counter.store_id
    elif new.kind == "staff":
        person = await staff.find_staff(tx, merchant_id, new.staff_id) if new.staff_id else None
        if person is None:
            raise UnknownPlace(field="staff_id")
        staff_id, store_id = person.staff_id, store_id or person.store_id
    store = await merchants.find_store(tx, merchant_id, store_id) if store_id else None
    if (new.kind == "store" or store_id is not None) and (store is None or store.state == "retired"):
        raise UnknownPlace(field="store_id")
    return msgspec.structs.replace(new, store_id=store_id, counter_id=counter_id, staff_id=staff_id)


def stored_code(written: str) -> str | None:
    """A label's code as it is stored; None for what cannot be one."""
    code = written.strip().upper()
    return code if 6 <= len(code) <= 12 and code.isalnum() else None


async def find_label(tx: Tx, merchant_id: MerchantId, code: str) -> Label | None:
    """A label by its code, however it is written."""
    stored = stored_code(code)
    return await rows.find_by_code(tx, merchant_id, stored) if stored else None


async def get_label(tx: Tx, merchant_id: MerchantId, label_id: UUID) -> Label:
    """A label by its id. Raises NotFound."""
    label = await rows.find_by_id(tx, merchant_id, LabelId(label_id))
    if label is None:
        raise NotFound
    return label


async def count_scan(tx: Tx, merchant_id: MerchantId, label_id: LabelId) -> None:
    """Counts a scan of a label (a follow, a SCAN, a page opened by its link)."""
    await rows.add_scan(tx, merchant_id, label_id)


def qr_content(rt: Runtime, merchant: Merchant, account: Account | None, label: Label) -> str | None:
    """What the printed code says: WeChat's address; the mall's where there is no official account.

    None: WeChat's code is not made yet.
    """
    if account is None or not account.appid:
        return links.label_url(rt, merchant.code, label.code)
    return label.qr_url if label.qr_appid == account.appid else None


async def ensure_qr(rt: Runtime, merchant_id: MerchantId, label_id: UUID) -> Label:
    """The label, with WeChat's code made for the account of today if there is an account.

    Asking twice makes the same code. Raises NotFound; a problem of apps.problem_of when WeChat refuses.
    """
    async with rt.db.session() as tx:
        label = await get_label(tx, merchant_id, label_id)
        account = await accounts.find_account(tx, merchant_id)
    if account is None or not account.appid or label.qr_appid == account.appid:
        return label
    try:
        async with asyncio.timeout(6):
            made = await apps.official_account(rt, account, _QUICK).create_qr(label.code)
    except WeChatError as error:
        raise apps.problem_of(error) from error
    except TimeoutError as error:
        raise apps.WeChatUnavailable from error
    async with rt.db.transaction() as tx:
        await rows.set_qr(tx, merchant_id, label.label_id, account.appid, made.ticket, made.url)
        return await get_label(tx, merchant_id, label_id)


async def make_missing_codes(rt: Runtime) -> int:
    """Makes WeChat's codes that labels lack: WeChat was down, or another account was connected since."""
    async with rt.db.session() as tx:
        missing = await rows.list_without_qr(tx, 50, 20)
    made, refused = 0, set[MerchantId]()
    for merchant_id, label_id in missing:
        if merchant_id in refused:
            continue
        try:
            await ensure_qr(rt, merchant_id, label_id)
            made += 1
        except Exception as error:  # one merchant's wrong secret is no reason to leave out the others
            refused.add(merchant_id)
            log.warning("label has no code yet", merchant_id=str(merchant_id), error=str(error))
    return made
