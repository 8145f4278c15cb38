"""Browsers that wait for a phone: rows and SQL."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, ShopperId

DesktopState = Literal["waiting", "scanned", "confirmed", "used", "refused"]


class NewDesktopSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that begins to wait."""

    sign_in_id: UUID
    scene: str
    browser_hash: bytes
    digits: str
    browser: str
    expires_at: datetime


class DesktopSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """How a sign-in stands. `shopper_id`: who scanned, once WeChat has told who she is."""

    sign_in_id: UUID
    digits: str
    state: DesktopState
    shopper_id: ShopperId | None
    expires_at: datetime


class Scanned(msgspec.Struct, frozen=True):
    """What the chat says of the browser."""

    browser: str
    created_at: datetime


class Pending(msgspec.Struct, frozen=True):
    """A sign-in that waits for its digits."""

    sign_in_id: UUID
    digits: str
    mistakes: int


async def insert_sign_in(tx: Tx, merchant_id: MerchantId, new: NewDesktopSignIn) -> None:
    """A new one, waiting."""
    await tx.execute(
        """insert into desktop_sign_ins (merchant_id, sign_in_id, scene, browser_hash, digits, browser, created_at,
             expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        merchant_id,
        new.sign_in_id,
        new.scene,
        new.browser_hash,
        new.digits,
        new.browser,
        tx.now,
        new.expires_at,
    )


async def find_sign_in(
    tx: Tx, merchant_id: MerchantId, sign_in_id: UUID, browser_hash: bytes, *, lock: bool = False
) -> DesktopSignIn | None:
    """A sign-in of this browser; with `lock`, its row is held until the transaction ends."""
    row = await tx.fetchrow(
        f"""select d.sign_in_id, d.digits, d.state, d.expires_at,
              (select f.shopper_id from followers f where f.merchant_id = d.merchant_id and f.openid = d.openid)
            from desktop_sign_ins d
            where d.merchant_id = $1 and d.sign_in_id = $2 and d.browser_hash = $3
            {"for update of d" if lock else ""}""",  # noqa: S608
        merchant_id,
        sign_in_id,
        browser_hash,
    )
    return db.one_or_none(DesktopSignIn, row)


async def note_scan(tx: Tx, merchant_id: MerchantId, scene: str, openid: str) -> Scanned | None:
    """The first who scans is who signs in; None for a code that was scanned, is over or never was."""
    row = await tx.fetchrow(
        """update desktop_sign_ins set state = 'scanned', openid = $3, scanned_at = $4
           where merchant_id = $1 and scene = $2 and state = 'waiting' and expires_at > $4
           returning browser, created_at""",
        merchant_id,
        scene,
        openid,
        tx.now,
    )
    return db.one_or_none(Scanned, row)


async def lock_pending(tx: Tx, merchant_id: MerchantId, openid: str) -> Pending | None:
    """The sign-in that a person scanned last and that waits for its digits."""
    row = await tx.fetchrow(
        """select sign_in_id, digits, mistakes from desktop_sign_ins
           where merchant_id = $1 and openid = $2 and state = 'scanned' and expires_at > $3
           order by scanned_at desc limit 1 for update""",
        merchant_id,
        openid,
        tx.now,
    )
    return db.one_or_none(Pending, row)


async def set_state(
    tx: Tx, merchant_id: MerchantId, sign_in_id: UUID, state: DesktopState, *, mistakes: int | None = None
) -> None:
    """What became of a sign-in whose row is held."""
    await tx.execute(
        """update desktop_sign_ins set state = $3, mistakes = coalesce($4, mistakes)
           where merchant_id = $1 and sign_in_id = $2""",
        merchant_id,
        sign_in_id,
        state,
        mistakes,
    )


async def delete_old(tx: Tx, before: datetime) -> int:
    """Forgets those that ended before; how many."""
    return await tx.execute("delete from desktop_sign_ins where expires_at < $1", before)
