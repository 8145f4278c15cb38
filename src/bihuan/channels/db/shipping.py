"""What WeChat is to be told of shipping: rows and SQL."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id

UploadState = Literal["queued", "sending", "sent", "parked"]


class SentParcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel, in the words of whoever shipped it; both empty for what is no parcel."""

    company: str
    tracking_no: str
    items: list[str]


class ShipmentSoFar(msgspec.Struct, frozen=True, kw_only=True):
    """How a payment was shipped until now. `receiver_phone` is masked."""

    kind: Literal["express", "pickup", "virtual"]
    parcels: list[SentParcel]
    all_shipped: bool
    receiver_phone: str = ""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """What WeChat is told about one payment; `errcode` and `error` are of the last try."""

    upload_id: UUID
    reference_id: UUID
    reference_no: str
    out_trade_no: str
    transaction_id: str
    openid: str
    shipment: ShipmentSoFar
    revision: int
    sent_revision: int
    state: UploadState
    attempts: int
    errcode: int | None
    error: str | None
    created_at: datetime
    sent_at: datetime | None
    received_at: datetime | None


_UPLOAD = ", ".join(f.name for f in msgspec.structs.fields(Upload))


async def find_by_trade(tx: Tx, merchant_id: MerchantId, out_trade_no: str, *, lock: bool = False) -> Upload | None:
    """What is told about a payment."""
    row = await tx.fetchrow(
        f"""select {_UPLOAD} from shipping_uploads
            where merchant_id = $1 and out_trade_no = $2{" for update" if lock else ""}""",  # noqa: S608
        merchant_id,
        out_trade_no,
    )
    return db.one_or_none(Upload, row)


async def insert_upload(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    reference_id: UUID,
    reference_no: str,
    out_trade_no: str,
    transaction_id: str,
    openid: str,
    shipment: ShipmentSoFar,
) -> None:
    """The first parcel of a payment; nothing when another told first."""
    await tx.execute(
        """insert into shipping_uploads (merchant_id, upload_id, reference_id, reference_no, out_trade_no,
             transaction_id, openid, shipment, state, available_at, created_at, changed_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, 'queued', $9, $9, $9)
           on conflict (merchant_id, out_trade_no) do nothing""",
        merchant_id,
        new_id(),
        reference_id,
        reference_no,
        out_trade_no,
        transaction_id,
        openid,
        msgspec.to_builtins(shipment),
        tx.now,
    )


async def set_shipment(tx: Tx, merchant_id: MerchantId, upload_id: UUID, shipment: ShipmentSoFar) -> None:
    """A further parcel: all of them are told again. One being told now is queued when that ends."""
    await tx.execute(
        """update shipping_uploads set shipment = $3::jsonb, revision = revision + 1, changed_at = $4, attempts = 0,
             state = case when state = 'sending' then state else 'queued' end, available_at = $4
           where merchant_id = $1 and upload_id = $2""",
        merchant_id,
        upload_id,
        msgspec.to_builtins(shipment),
        tx.now,
    )


class Claimed(msgspec.Struct, frozen=True):
    """An upload to make now."""

    merchant_id: MerchantId
    upload: Upload


async def claim_due(tx: Tx, limit: int) -> list[Claimed]:
    """Takes what is due: it is 'sending' from now on, and nobody else's."""
    rows = await tx.fetch(
        f"""update shipping_uploads u set state = 'sending', attempts = attempts + 1, changed_at = $1
            from (select merchant_id, upload_id from shipping_uploads
                  where state = 'queued' and available_at <= $1
                  order by available_at limit $2 for update skip locked) due
            where u.merchant_id = due.merchant_id and u.upload_id = due.upload_id
            returning u.merchant_id, {", ".join("u." + name.strip() for name in _UPLOAD.split(","))}""",  # noqa: S608
        tx.now,
        limit,
    )
    found: list[Claimed] = []
    for row in rows:
        fields = dict(row)
        merchant_id = MerchantId(fields.pop("merchant_id"))
        found.append(Claimed(merchant_id, msgspec.convert(fields, Upload, strict=False)))
    return found


async def finish(
    tx: Tx,
    merchant_id: MerchantId,
    upload: Upload,
    state: UploadState,
    *,
    errcode: int | None = None,
    error: str | None = None,
    available_at: datetime | None = None,
) -> None:
    """From 'sending' to what became of it; queued again when the shipment changed meanwhile."""
    await tx.execute(
        """update shipping_uploads set
             state = case when revision > $4 then 'queued' else $5 end,
             sent_revision = case when $5 = 'sent' then $4 else sent_revision end,
             sent_at = case when $5 = 'sent' then $6 else sent_at end,
             errcode = $7, error = $8, changed_at = $6,
             available_at = case when revision > $4 then $6 else coalesce($9, available_at) end
           where merchant_id = $1 and upload_id = $2 and state = $3""",
        merchant_id,
        upload.upload_id,
        "sending",
        upload.revision,
        state,
        tx.now,
        errcode,
        error,
        available_at,
    )


async def requeue_abandoned(tx: Tx, before: datetime) -> int:
    """What a crash left in 'sending' is told again: WeChat bears it. Returns how many."""
    return await tx.execute(
        """update shipping_uploads set state = 'queued', changed_at = $2, available_at = $2
           where state = 'sending' and changed_at < $1""",
        before,
        tx.now,
    )


async def find_state(tx: Tx, merchant_id: MerchantId, upload_id: UUID) -> UploadState | None:
    """The state of one upload."""
    return await tx.fetchval(
        "select state from shipping_uploads where merchant_id = $1 and upload_id = $2", merchant_id, upload_id
    )


async def retry(tx: Tx, merchant_id: MerchantId, upload_id: UUID) -> bool:
    """A person wants a parked one told again; False when it is not parked."""
    return bool(
        await tx.execute(
            """update shipping_uploads set state = 'queued', attempts = 0, available_at = $3, changed_at = $3
               where merchant_id = $1 and upload_id = $2 and state = 'parked'""",
            merchant_id,
            upload_id,
            tx.now,
        )
    )


async def set_received(tx: Tx, merchant_id: MerchantId, out_trade_no: str, at: datetime) -> Upload | None:
    """The shopper confirmed at WeChat; what was told about the payment, None when nothing was."""
    row = await tx.fetchrow(
        f"""update shipping_uploads set received_at = coalesce(received_at, $3), changed_at = $4
            where merchant_id = $1 and out_trade_no = $2 returning {_UPLOAD}""",  # noqa: S608
        merchant_id,
        out_trade_no,
        at,
        tx.now,
    )
    return db.one_or_none(Upload, row)


async def list_uploads(
    tx: Tx, merchant_id: MerchantId, state: UploadState | None, before: UUID | None, limit: int
) -> list[Upload]:
    """The latest first."""
    rows = await tx.fetch(
        f"""select {_UPLOAD} from shipping_uploads
            where merchant_id = $1 and ($2::text is null or state = $2) and ($3::uuid is null or upload_id < $3)
            order by upload_id desc limit $4""",  # noqa: S608
        merchant_id,
        state,
        before,
        limit,
    )
    return db.many(Upload, rows)


ABANDONED = timedelta(minutes=2)
