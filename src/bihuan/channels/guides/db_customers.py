"""Customers of guides: rows and SQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LabelId, MerchantId, new_id

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
