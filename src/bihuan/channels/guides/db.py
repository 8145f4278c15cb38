"""Guides on WeCom: rows and SQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LabelId, MerchantId, StaffId, new_id
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


CustomerState = Literal["active", "left", "dropped"]
Welcome = Literal["none", "sending", "sent", "failed"]


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A guide's customer. `left`: she ended it, `dropped`: the guide did. `welcome`: what became of the first words."""

    customer_id: UUID
    userid: str
    external_userid: str
    state: CustomerState
    name: str
    avatar_url: str
    shopper_id: UUID | None
    label_id: LabelId | None
    asked: bool
    attempts: int
    welcome: Welcome
    welcome_error: str | None
    added_at: datetime
    ended_at: datetime | None


_CUSTOMER = """customer_id, userid, external_userid, state, name, avatar_url, shopper_id, label_id, asked, attempts,
               welcome, welcome_error, added_at, ended_at"""


async def add_customer(
    tx: Tx,
    merchant_id: MerchantId,
    userid: str,
    external_userid: str,
    *,
    label_id: LabelId | None,
    added_at: datetime,
    greet: bool,
) -> UUID:
    """A guide has a customer (again). The first code stays hers unless a new one brought her back."""
    return await tx.fetchval(
        """insert into guide_customers as c (merchant_id, customer_id, userid, external_userid, state, name, avatar_url,
             label_id, ask_at, welcome, welcome_at, added_at)
           values ($1, $2, $3, $4, 'active', '', '', $5, $7, $8, $6, $9)
           on conflict (merchant_id, userid, external_userid) do update set state = 'active', ended_at = null,
             label_id = coalesce(excluded.label_id, c.label_id), asked = false, attempts = 0,
             ask_at = excluded.ask_at, welcome = excluded.welcome, welcome_error = null,
             welcome_at = excluded.welcome_at, added_at = excluded.added_at
           returning customer_id""",
        merchant_id,
        new_id(),
        userid,
        external_userid,
        label_id,
        tx.now,
        tx.now + timedelta(seconds=30),  # the push asks at once; the job only where that failed
        "sending" if greet else "none",
        added_at,
    )


async def end_customer(
    tx: Tx, merchant_id: MerchantId, userid: str, external_userid: str, state: CustomerState, ended_at: datetime
) -> None:
    """They are contacts no more."""
    await tx.execute(
        """update guide_customers set state = $4, ended_at = $5
           where merchant_id = $1 and userid = $2 and external_userid = $3 and state = 'active'""",
        merchant_id,
        userid,
        external_userid,
        state,
        ended_at,
    )


async def find_customer(tx: Tx, merchant_id: MerchantId, customer_id: UUID, *, lock: bool = False) -> Customer | None:
    """One customer."""
    row = await tx.fetchrow(
        f"""select {_CUSTOMER} from guide_customers where merchant_id = $1 and customer_id = $2
            {"for update" if lock else ""}""",  # noqa: S608
        merchant_id,
        customer_id,
    )
    return db.one_or_none(Customer, row)


async def list_customers(
    tx: Tx, merchant_id: MerchantId, userid: str | None, before: UUID | None, limit: int
) -> list[Customer]:
    """A guide's customers, or everybody's; the latest first."""
    rows = await tx.fetch(
        f"""select {_CUSTOMER} from guide_customers
            where merchant_id = $1 and ($2::text is null or userid = $2) and ($3::uuid is null or customer_id < $3)
            order by customer_id desc limit $4""",  # noqa: S608
        merchant_id,
        userid,
        before,
        limit,
    )
    return db.many(Customer, rows)


async def count_customers(tx: Tx, merchant_id: MerchantId) -> dict[str, int]:
    """How many customers each guide has now."""
    rows = await tx.fetch(
        """select userid, count(*) as customers from guide_customers
           where merchant_id = $1 and state = 'active' group by userid""",
        merchant_id,
    )
    return {row["userid"]: row["customers"] for row in rows}


async def set_told(
    tx: Tx, merchant_id: MerchantId, customer_id: UUID, name: str, avatar_url: str, shopper_id: UUID | None
) -> None:
    """WeCom said who a customer is."""
    await tx.execute(
        """update guide_customers set asked = true, name = $3, avatar_url = $4, shopper_id = coalesce($5, shopper_id)
           where merchant_id = $1 and customer_id = $2""",
        merchant_id,
        customer_id,
        name,
        avatar_url,
        shopper_id,
    )


async def set_unasked(tx: Tx, merchant_id: MerchantId, customer_id: UUID, *, give_up: bool, again: timedelta) -> None:
    """WeCom did not say who a customer is."""
    await tx.execute(
        """update guide_customers set asked = $3, attempts = attempts + 1, ask_at = $4
           where merchant_id = $1 and customer_id = $2""",
        merchant_id,
        customer_id,
        give_up,
        tx.now + again,
    )


async def set_welcome(
    tx: Tx, merchant_id: MerchantId, customer_id: UUID, welcome: Welcome, error: str | None = None
) -> None:
    """What became of the first words."""
    await tx.execute(
        """update guide_customers set welcome = $3, welcome_error = $4, welcome_at = $5
           where merchant_id = $1 and customer_id = $2 and welcome = 'sending'""",
        merchant_id,
        customer_id,
        welcome,
        error[:500] if error else None,
        tx.now,
    )


async def fail_welcomes(tx: Tx, before: datetime) -> int:
    """First words whose process died: their twenty seconds are over. Returns how many."""
    return await tx.execute(
        """update guide_customers set welcome = 'failed', welcome_error = 'outcome unknown', welcome_at = $2
           where welcome = 'sending' and welcome_at < $1""",
        before,
        tx.now,
    )


async def list_to_ask(tx: Tx, limit: int) -> list[tuple[MerchantId, UUID]]:
    """Customers of whom WeCom has not said who they are."""
    rows = await tx.fetch(
        """select merchant_id, customer_id from guide_customers
           where not asked and ask_at <= $1 order by ask_at limit $2""",
        tx.now,
        limit,
    )
    return [(row["merchant_id"], row["customer_id"]) for row in rows]


async def move_shoppers(
    tx: Tx, merchant_id: MerchantId, former_ids: Sequence[UUID], shopper_ids: Sequence[UUID]
) -> None:
    """Two shoppers were one person."""
    await tx.execute(
        """update guide_customers c set shopper_id = m.shopper_id
           from unnest($2::uuid[], $3::uuid[]) as m (former_id, shopper_id)
           where c.merchant_id = $1 and c.shopper_id = m.former_id""",
        merchant_id,
        list(former_ids),
        list(shopper_ids),
    )
