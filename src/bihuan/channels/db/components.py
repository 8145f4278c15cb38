"""The Open Platform's component, and whose the apps are that were authorized to it: rows and SQL."""

from datetime import datetime
from typing import Literal

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId

AppKind = Literal["official_account", "mini_program"]


class Component(msgspec.Struct, frozen=True):
    """The component; `merchant_id` is the platform's, under which its secrets lie."""

    merchant_id: MerchantId
    appid: str
    ticket_at: datetime | None


class Authorizer(msgspec.Struct, frozen=True, kw_only=True):
    """An app that a merchant authorized, or (`withdrawn`) once did."""

    appid: str
    merchant_id: MerchantId
    kind: AppKind
    name: str
    original_id: str
    granted: list[int]
    state: Literal["connected", "withdrawn"]
    connected_at: datetime
    changed_at: datetime


_AUTHORIZER = ", ".join(f.name for f in msgspec.structs.fields(Authorizer))


async def find_component(tx: Tx) -> Component | None:
    """The installation's component."""
    row = await tx.fetchrow("select merchant_id, appid, ticket_at from components limit 1")
    return db.one_or_none(Component, row)


async def upsert_component(tx: Tx, merchant_id: MerchantId, appid: str) -> None:
    """Writes the component; the ticket of another one is none of its."""
    await tx.execute(
        """insert into components as c (merchant_id, appid, created_at, updated_at) values ($1, $2, $3, $3)
           on conflict (merchant_id) do update set appid = excluded.appid, updated_at = excluded.updated_at,
             ticket_at = case when c.appid = excluded.appid then c.ticket_at end""",
        merchant_id,
        appid,
        tx.now,
    )


async def note_ticket(tx: Tx, merchant_id: MerchantId, at: datetime) -> bool:
    """A ticket came; False when a later one is there already."""
    return bool(
        await tx.execute(
            """update components set ticket_at = $2
               where merchant_id = $1 and (ticket_at is null or ticket_at <= $2)""",
            merchant_id,
            at,
        )
    )


async def find_authorizer(tx: Tx, appid: str, *, lock: bool = False) -> Authorizer | None:
    """Whose an app is, or was."""
    row = await tx.fetchrow(
        f"select {_AUTHORIZER} from authorizers where appid = $1{' for update' if lock else ''}",  # noqa: S608
        appid,
    )
    return db.one_or_none(Authorizer, row)


async def list_authorizers(tx: Tx, merchant_id: MerchantId) -> list[Authorizer]:
    """The apps that a merchant authorized, or once did."""
    rows = await tx.fetch(
        f"select {_AUTHORIZER} from authorizers where merchant_id = $1 order by appid",  # noqa: S608
        merchant_id,
    )
    return db.many(Authorizer, rows)


async def upsert_authorizer(tx: Tx, authorizer: Authorizer) -> bool:
    """Gives an app to a merchant; False when it is another's and connected."""
    return bool(
        await tx.fetchval(
            """insert into authorizers as a (appid, merchant_id, kind, name, original_id, granted, state,
                 connected_at, changed_at)
               values ($1, $2, $3, $4, $5, $6, 'connected', $7, $7)
               on conflict (appid) do update set merchant_id = excluded.merchant_id, kind = excluded.kind,
                 name = excluded.name, original_id = excluded.original_id, granted = excluded.granted,
                 state = 'connected', changed_at = excluded.changed_at,
                 connected_at = case when a.state = 'connected' then a.connected_at else excluded.connected_at end
               where a.merchant_id = excluded.merchant_id or a.state = 'withdrawn'
               returning true""",
            authorizer.appid,
            authorizer.merchant_id,
            authorizer.kind,
            authorizer.name,
            authorizer.original_id,
            authorizer.granted,
            authorizer.connected_at,
        )
    )


async def set_withdrawn(tx: Tx, appid: str) -> None:
    """The owner took the app back."""
    await tx.execute(
        "update authorizers set state = 'withdrawn', changed_at = $2 where appid = $1 and state = 'connected'",
        appid,
        tx.now,
    )
