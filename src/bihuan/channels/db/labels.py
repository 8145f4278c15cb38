"""Labels: rows and SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import CounterId, LabelId, MerchantId, StaffId, StoreId

LabelKind = Literal["store", "counter", "staff", "campaign"]


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed under a code. `qr_url` is the content of WeChat's code, once made for `qr_appid`."""

    label_id: LabelId
    code: str
    kind: LabelKind
    name: str
    store_id: StoreId | None
    counter_id: CounterId | None
    staff_id: StaffId | None
    scans: int
    qr_appid: str | None
    qr_url: str | None
    created_at: datetime


_LABEL = "label_id, code, kind, name, store_id, counter_id, staff_id, scans, qr_appid, qr_url, created_at"


async def insert_label(tx: Tx, merchant_id: MerchantId, label: Label) -> bool:
    """A new label; False when the code is taken."""
    return bool(
        await tx.fetchval(
            """insert into labels (merchant_id, label_id, code, kind, name, store_id, counter_id, staff_id, created_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               on conflict (merchant_id, code) do nothing returning true""",
            merchant_id,
            label.label_id,
            label.code,
            label.kind,
            label.name,
            label.store_id,
            label.counter_id,
            label.staff_id,
            label.created_at,
        )
    )


async def find_by_id(tx: Tx, merchant_id: MerchantId, label_id: LabelId) -> Label | None:
    """One label."""
    row = await tx.fetchrow(
        f"select {_LABEL} from labels where merchant_id = $1 and label_id = $2",  # noqa: S608
        merchant_id,
        label_id,
    )
    return db.one_or_none(Label, row)


async def find_by_code(tx: Tx, merchant_id: MerchantId, code: str) -> Label | None:
    """One label by its code, as it is stored (upper case)."""
    row = await tx.fetchrow(
        f"select {_LABEL} from labels where merchant_id = $1 and code = $2",  # noqa: S608
        merchant_id,
        code,
    )
    return db.one_or_none(Label, row)


async def select_by_codes(tx: Tx, merchant_id: MerchantId, codes: Sequence[str]) -> dict[str, Label]:
    """Labels by code, as they are stored (upper case)."""
    rows = await tx.fetch(
        f"select {_LABEL} from labels where merchant_id = $1 and code = any($2)",  # noqa: S608
        merchant_id,
        list(codes),
    )
    return {label.code: label for label in db.many(Label, rows)}


async def select_labels(tx: Tx, merchant_id: MerchantId, label_ids: Sequence[LabelId]) -> dict[LabelId, Label]:
    """Labels by id."""
    rows = await tx.fetch(
        f"select {_LABEL} from labels where merchant_id = $1 and label_id = any($2)",  # noqa: S608
        merchant_id,
        list(label_ids),
    )
    return {label.label_id: label for label in db.many(Label, rows)}


async def list_labels(
    tx: Tx, merchant_id: MerchantId, kind: LabelKind | None, store_id: UUID | None, after: UUID | None, limit: int
) -> list[Label]:
    """In the order in which they were made, the newest first; `after` is the last id of the page before."""
    rows = await tx.fetch(
        f"""select {_LABEL} from labels
            where merchant_id = $1 and ($2::text is null or kind = $2) and ($3::uuid is null or store_id = $3)
              and ($4::uuid is null or label_id < $4)
            order by label_id desc limit $5""",  # noqa: S608
        merchant_id,
        kind,
        store_id,
        after,
        limit,
    )
    return db.many(Label, rows)


async def set_qr(tx: Tx, merchant_id: MerchantId, label_id: LabelId, appid: str, ticket: str, url: str) -> None:
    """Keeps WeChat's code of a label."""
    await tx.execute(
        """update labels set qr_appid = $3, qr_ticket = $4, qr_url = $5
           where merchant_id = $1 and label_id = $2""",
        merchant_id,
        label_id,
        appid,
        ticket,
        url,
    )


async def add_scan(tx: Tx, merchant_id: MerchantId, label_id: LabelId) -> None:
    """Counts a scan."""
    await tx.execute(
        "update labels set scans = scans + 1 where merchant_id = $1 and label_id = $2", merchant_id, label_id
    )


async def forget_codes(tx: Tx, merchant_id: MerchantId) -> None:
    """WeChat's codes are another account's: they have to be made anew."""
    await tx.execute(
        """update labels set qr_appid = null, qr_ticket = null, qr_url = null
           where merchant_id = $1 and qr_appid is not null""",
        merchant_id,
    )


async def list_without_qr(tx: Tx, merchants: int, labels: int) -> list[tuple[MerchantId, LabelId]]:
    """Labels of connected merchants that have no code yet, the newest first: so many of so many merchants."""
    rows = await tx.fetch(
        """select a.merchant_id, l.label_id
           from (select merchant_id from labels where qr_appid is null
                 intersect
                 select merchant_id from official_accounts where appid <> '' and connection <> 'withdrawn' limit $1) a
           cross join lateral (
             select label_id from labels where merchant_id = a.merchant_id and qr_appid is null
             order by label_id desc limit $2) l""",
        merchants,
        labels,
    )
    return [(row["merchant_id"], row["label_id"]) for row in rows]
