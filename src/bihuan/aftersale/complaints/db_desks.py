"""Rows and SQL of who is told of complaints, and of what has to be asked about."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


class DeskRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account that is told of complaints."""

    merchant_id: MerchantId
    mchid: str
    url: str | None
    checked_at: datetime | None
    swept_at: datetime | None
    error: str | None


class NewsRow(msgspec.Struct, frozen=True):
    """A complaint to ask about."""

    merchant_id: MerchantId
    mchid: str
    complaint_no: str
    told_at: datetime
    attempts: int


_DESK = "d.merchant_id, d.mchid, d.url, d.checked_at, d.swept_at, d.error"


async def open_desks(tx: Tx, merchant_ids: Sequence[MerchantId], mchids: Sequence[str]) -> int:
    """Notes accounts that are not there yet; they are due at once. The arrays are parallel."""
    return await tx.execute(
        """insert into complaint_desks (merchant_id, mchid, due_at, created_at)
           select w.merchant_id, w.mchid, $3, $3 from unnest($1::uuid[], $2::text[]) as w (merchant_id, mchid)
           on conflict do nothing""",
        merchant_ids,
        mchids,
        tx.now,
    )


async def claim_desks(tx: Tx, lease: timedelta, limit: int) -> list[DeskRow]:
    """Takes accounts whose time has come, and keeps other workers off them for `lease`."""
    rows = await tx.fetch(
        f"""with due as (
              select merchant_id, mchid from complaint_desks where due_at <= $1
              order by due_at limit $3 for no key update skip locked)
            update complaint_desks d set due_at = $2 from due
            where d.merchant_id = due.merchant_id and d.mchid = due.mchid returning {_DESK}""",  # noqa: S608 - columns
        tx.now,
        tx.now + lease,
        limit,
    )
    return db.many(DeskRow, rows)


async def set_listening(tx: Tx, desk: DeskRow, url: str) -> None:
    """WeChat says that it tells at this address."""
    await tx.execute(
        "update complaint_desks set url = $3, checked_at = $4 where merchant_id = $1 and mchid = $2",
        desk.merchant_id,
        desk.mchid,
        url,
        tx.now,
    )


async def set_desk(tx: Tx, desk: DeskRow, *, swept: bool, error: str | None, again: timedelta) -> None:
    """What came of looking after an account."""
    await tx.execute(
        """update complaint_desks set swept_at = case when $3 then $5 else swept_at end, error = $4, due_at = $6
           where merchant_id = $1 and mchid = $2""",
        desk.merchant_id,
        desk.mchid,
        swept,
        error,
        tx.now,
        tx.now + again,
    )


async def list_desks(tx: Tx, merchant_id: MerchantId) -> list[DeskRow]:
    """The merchant's accounts that sign for themselves."""
    rows = await tx.fetch(
        f"select {_DESK} from complaint_desks d where d.merchant_id = $1 order by d.created_at desc limit 5",  # noqa: S608
        merchant_id,
    )
    return db.many(DeskRow, rows)


async def tell(tx: Tx, merchant_id: MerchantId, mchid: str, complaint_nos: Sequence[str]) -> None:
    """Complaints of which something was heard: they are asked about soon."""
    await tx.execute(
        """insert into complaint_news (merchant_id, mchid, complaint_no, told_at, due_at)
           select $1, $2, n, $4, $4 from unnest($3::text[]) as n
           on conflict (merchant_id, mchid, complaint_no) do update set
             told_at = greatest(complaint_news.told_at + interval '1 microsecond', excluded.told_at),
             due_at = excluded.due_at, attempts = 0""",
        merchant_id,
        mchid,
        sorted(set(complaint_nos)),
        tx.now,
    )


async def claim_news(tx: Tx, lease: timedelta, limit: int) -> list[NewsRow]:
    """Takes what has to be asked about, and keeps other workers off it for `lease`."""
    rows = await tx.fetch(
        """with due as (
             select merchant_id, mchid, complaint_no from complaint_news where due_at <= $1
             order by due_at limit $3 for no key update skip locked)
           update complaint_news n set due_at = $2, attempts = n.attempts + 1 from due
           where n.merchant_id = due.merchant_id and n.mchid = due.mchid and n.complaint_no = due.complaint_no
           returning n.merchant_id, n.mchid, n.complaint_no, n.told_at, n.attempts""",
        tx.now,
        tx.now + lease,
        limit,
    )
    return db.many(NewsRow, rows)


async def find_news(tx: Tx, merchant_id: MerchantId, mchid: str, complaint_no: str) -> NewsRow | None:
    """What is to be asked about one complaint."""
    row = await tx.fetchrow(
        """select merchant_id, mchid, complaint_no, told_at, attempts from complaint_news
           where merchant_id = $1 and mchid = $2 and complaint_no = $3""",
        merchant_id,
        mchid,
        complaint_no,
    )
    return db.one_or_none(NewsRow, row)


async def forget_news(tx: Tx, news: NewsRow) -> None:
    """It was asked about; unless something was heard meanwhile, that is all."""
    await tx.execute(
        """delete from complaint_news
           where merchant_id = $1 and mchid = $2 and complaint_no = $3 and told_at = $4""",
        news.merchant_id,
        news.mchid,
        news.complaint_no,
        news.told_at,
    )


async def put_off_news(tx: Tx, news: NewsRow, pause: timedelta) -> None:
    """WeChat did not say: later."""
    await tx.execute(
        """update complaint_news set due_at = $5
           where merchant_id = $1 and mchid = $2 and complaint_no = $3 and told_at = $4""",
        news.merchant_id,
        news.mchid,
        news.complaint_no,
        news.told_at,
        tx.now + pause,
    )
