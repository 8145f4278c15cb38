"""Guides on WeCom: rows and SQL."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LabelId, MerchantId, StaffId
from bihuan.wechat.wecom import AddressBook


class Corp(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's corp on WeCom, without its secrets."""

    merchant_id: MerchantId
    corpid: str
    agent_id: int
    welcome: str
    verified_at: datetime | None = None
    synced_at: datetime | None = None


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """A department of the corp; the root's parent is 0."""

    department_id: int
    parent_id: int
    name: str


class Guide(msgspec.Struct, frozen=True, kw_only=True):
    """A member of the corp: who of the staff she is, and her contact code. `listed`: the last sync named her."""

    userid: str
    name: str
    position: str
    department_ids: list[int]
    listed: bool
    staff_id: StaffId | None
    tell_payments: bool
    config_id: str | None
    qr_url: str | None
    label_id: LabelId | None


_GUIDE = "userid, name, position, department_ids, listed, staff_id, tell_payments, config_id, qr_url, label_id"


async def find_corp(tx: Tx, merchant_id: MerchantId) -> Corp | None:
    """The merchant's corp."""
    row = await tx.fetchrow(
        """select merchant_id, corpid, agent_id, welcome, verified_at, synced_at from wecom_corps
           where merchant_id = $1""",
        merchant_id,
    )
    return db.one_or_none(Corp, row)


async def upsert_corp(tx: Tx, corp: Corp) -> None:
    """Writes a merchant's corp."""
    await tx.execute(
        """insert into wecom_corps (merchant_id, corpid, agent_id, welcome, verified_at, synced_at, created_at,
             updated_at) values ($1, $2, $3, $4, $5, $6, $7, $7)
           on conflict (merchant_id) do update set corpid = excluded.corpid, agent_id = excluded.agent_id,
             welcome = excluded.welcome, verified_at = excluded.verified_at, synced_at = excluded.synced_at,
             updated_at = excluded.updated_at""",
        corp.merchant_id,
        corp.corpid,
        corp.agent_id,
        corp.welcome,
        corp.verified_at,
        corp.synced_at,
        tx.now,
    )


async def set_verified(tx: Tx, merchant_id: MerchantId) -> None:
    """WeCom's handshake with our address passed."""
    await tx.execute("update wecom_corps set verified_at = $2 where merchant_id = $1", merchant_id, tx.now)


async def forget_members(tx: Tx, merchant_id: MerchantId) -> None:
    """Another corp: its members and departments are others. Customers stay, as a record."""
    await tx.execute("delete from wecom_members where merchant_id = $1", merchant_id)
    await tx.execute("delete from wecom_departments where merchant_id = $1", merchant_id)


async def write_book(tx: Tx, merchant_id: MerchantId, book: AddressBook) -> None:
    """Takes the address book over. Who is gone from it stays as a row that is not listed."""
    await tx.execute("delete from wecom_departments where merchant_id = $1", merchant_id)
    await tx.executemany(
        "insert into wecom_departments (merchant_id, department_id, parent_id, name) values ($1, $2, $3, $4)",
        [(merchant_id, d.id, d.parentid, d.name) for d in book.departments],
    )
    await tx.execute("update wecom_members set listed = false where merchant_id = $1", merchant_id)
    await tx.executemany(
        """insert into wecom_members (merchant_id, userid, name, position, department_ids, listed, changed_at)
           values ($1, $2, $3, $4, $5, true, $6)
           on conflict (merchant_id, userid) do update set name = excluded.name, position = excluded.position,
             department_ids = excluded.department_ids, listed = true, changed_at = excluded.changed_at""",
        [(merchant_id, m.userid, m.name, m.position, list(m.department), tx.now) for m in book.members],
    )
    await tx.execute("update wecom_corps set synced_at = $2 where merchant_id = $1", merchant_id, tx.now)


async def list_departments(tx: Tx, merchant_id: MerchantId) -> list[Department]:
    """All departments."""
    rows = await tx.fetch(
        "select department_id, parent_id, name from wecom_departments where merchant_id = $1 order by department_id",
        merchant_id,
    )
    return db.many(Department, rows)


async def list_guides(tx: Tx, merchant_id: MerchantId, limit: int = 2000) -> list[Guide]:
    """The members, those who are gone last."""
    rows = await tx.fetch(
        f"""select {_GUIDE} from wecom_members where merchant_id = $1
            order by listed desc, staff_id is null, name, userid limit $2""",  # noqa: S608
        merchant_id,
        limit,
    )
    return db.many(Guide, rows)


async def find_guide(tx: Tx, merchant_id: MerchantId, userid: str, *, lock: bool = False) -> Guide | None:
    """One member."""
    row = await tx.fetchrow(
        f"select {_GUIDE} from wecom_members where merchant_id = $1 and userid = $2 {'for update' if lock else ''}",  # noqa: S608
        merchant_id,
        userid,
    )
    return db.one_or_none(Guide, row)


async def guides_of_staff(tx: Tx, merchant_id: MerchantId, staff_ids: Sequence[StaffId]) -> dict[StaffId, Guide]:
    """The members who are these people of the staff."""
    rows = await tx.fetch(
        f"select {_GUIDE} from wecom_members where merchant_id = $1 and staff_id = any($2)",  # noqa: S608
        merchant_id,
        list(staff_ids),
    )
    return {guide.staff_id: guide for guide in db.many(Guide, rows) if guide.staff_id is not None}


async def match(tx: Tx, merchant_id: MerchantId, userid: str, staff_id: StaffId | None, *, tell_payments: bool) -> None:
    """Says who of the staff a member is, and whether she is told of payments."""
    await tx.execute(
        """update wecom_members set staff_id = $3, tell_payments = $4, changed_at = $5
           where merchant_id = $1 and userid = $2""",
        merchant_id,
        userid,
        staff_id,
        tell_payments,
        tx.now,
    )


async def set_label(tx: Tx, merchant_id: MerchantId, userid: str, label_id: LabelId) -> None:
    """The label that the member's code is to speak for."""
    await tx.execute(
        "update wecom_members set label_id = $3, changed_at = $4 where merchant_id = $1 and userid = $2",
        merchant_id,
        userid,
        label_id,
        tx.now,
    )


async def set_code(tx: Tx, merchant_id: MerchantId, userid: str, config_id: str, qr_url: str) -> None:
    """Keeps WeCom's code of a member."""
    await tx.execute(
        """update wecom_members set config_id = $3, qr_url = $4, changed_at = $5
           where merchant_id = $1 and userid = $2""",
        merchant_id,
        userid,
        config_id,
        qr_url,
        tx.now,
    )


# -- events and customers ---------------------------------------------------------------------------


async def claim_event(tx: Tx, merchant_id: MerchantId, dedupe_key: str, signature: str, kind: str) -> bool:
    """Takes an event; False when it was taken before, or its signature was."""
    return bool(
        await tx.fetchval(
            """insert into wecom_events (merchant_id, dedupe_key, signature, kind, received_at)
               values ($1, $2, $3, $4, $5) on conflict do nothing returning true""",
            merchant_id,
            dedupe_key,
            signature,
            kind,
            tx.now,
        )
    )


async def knows_event(tx: Tx, merchant_id: MerchantId, dedupe_key: str) -> bool:
    """Whether this event was taken in."""
    return bool(
        await tx.fetchval(
            "select true from wecom_events where merchant_id = $1 and dedupe_key = $2", merchant_id, dedupe_key
        )
    )


async def forget_events(tx: Tx, before: datetime) -> int:
    """Forgets old events; how many."""
    return await tx.execute("delete from wecom_events where received_at < $1", before)
