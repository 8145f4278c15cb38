"""Rows and SQL of identity."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.gathering import Gathered
from bihuan.kernel.ids import AddressId, MerchantId, ShopperId, UserId


class Shopper(msgspec.Struct, frozen=True):
    """A person who buys, known by WeChat."""

    shopper_id: ShopperId
    nickname: str | None
    avatar_url: str | None


class Address(msgspec.Struct, frozen=True):
    """Where a shopper wants her parcels."""

    address_id: AddressId
    name: str
    phone: str
    province: str
    city: str
    district: str
    street: str
    is_default: bool


class Identity(msgspec.Struct, frozen=True):
    """A WeChat identity with its shopper, and whether that shopper's unionid is known."""

    shopper_id: ShopperId
    nickname: str | None
    avatar_url: str | None
    has_unionid: bool


# -- shoppers ---------------------------------------------------------------------------------------


async def find_identity(tx: Tx, appid: str, openid: str) -> Identity | None:
    """The shopper of a WeChat identity."""
    row = await tx.fetchrow(
        """select s.shopper_id, s.nickname, s.avatar_url,
             exists (select from shopper_unionids u where u.shopper_id = s.shopper_id) as has_unionid
           from shopper_identities i join shoppers s on s.shopper_id = i.shopper_id
           where i.openid = $2 and i.appid = $1""",
        appid,
        openid,
    )
    return db.one_or_none(Identity, row)


async def find_by_unionid(tx: Tx, unionid: str) -> ShopperId | None:
    """The shopper whom a unionid names."""
    return await tx.fetchval("select shopper_id from shopper_unionids where unionid = $1", unionid)


async def lock_identity(tx: Tx, *keys: str) -> None:
    """Makes finders-or-creators of one identity or one unionid go one after another."""
    for key in keys:
        await tx.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", key)


async def insert_shopper(tx: Tx, shopper: Shopper) -> None:
    """A new shopper."""
    await tx.execute(
        """insert into shoppers (shopper_id, nickname, avatar_url, created_at, updated_at)
           values ($1, $2, $3, $4, $4)""",
        shopper.shopper_id,
        shopper.nickname,
        shopper.avatar_url,
        tx.now,
    )


async def ensure_walk_in(tx: Tx, shopper_id: ShopperId, nickname: str) -> None:
    """The walk-in shopper of a merchant, who may be there already."""
    await tx.execute(
        """insert into shoppers (shopper_id, nickname, walk_in, created_at, updated_at)
           values ($1, $2, true, $3, $3) on conflict do nothing""",
        shopper_id,
        nickname,
        tx.now,
    )


async def insert_identity(tx: Tx, appid: str, openid: str, shopper_id: ShopperId) -> None:
    """Binds a WeChat identity to a shopper."""
    await tx.execute(
        "insert into shopper_identities (openid, appid, shopper_id, created_at) values ($1, $2, $3, $4)",
        openid,
        appid,
        shopper_id,
        tx.now,
    )


async def insert_unionid(tx: Tx, unionid: str, shopper_id: ShopperId) -> None:
    """Lets a unionid name a shopper."""
    await tx.execute(
        "insert into shopper_unionids (unionid, shopper_id, created_at) values ($1, $2, $3)",
        unionid,
        shopper_id,
        tx.now,
    )


async def update_profile(tx: Tx, shopper: Shopper) -> None:
    """Writes the name and picture that WeChat told last."""
    await tx.execute(
        "update shoppers set nickname = $2, avatar_url = $3, updated_at = $4 where shopper_id = $1",
        shopper.shopper_id,
        shopper.nickname,
        shopper.avatar_url,
        tx.now,
    )


async def merge_shopper(tx: Tx, source: ShopperId, target: ShopperId) -> None:
    """Hands the identities and addresses of `source` over to `target`."""
    await tx.execute("update shopper_identities set shopper_id = $2 where shopper_id = $1", source, target)
    await tx.execute(
        """insert into addresses (shopper_id, address_id, name, phone, province, city, district, street,
             is_default, created_at, updated_at)
           select $2, address_id, name, phone, province, city, district, street, false, created_at, updated_at
           from addresses where shopper_id = $1 on conflict do nothing""",
        source,
        target,
    )
    await tx.execute("delete from addresses where shopper_id = $1", source)
    await tx.execute(
        "update shoppers set merged_into = $2, updated_at = $3 where shopper_id = $1", source, target, tx.now
    )


async def find_shopper(tx: Tx, shopper_id: ShopperId) -> Shopper | None:
    """One shopper."""
    row = await tx.fetchrow("select shopper_id, nickname, avatar_url from shoppers where shopper_id = $1", shopper_id)
    return db.one_or_none(Shopper, row)


async def select_shoppers(tx: Tx, shopper_ids: Sequence[ShopperId]) -> list[Shopper]:
    """Those of the given shoppers that exist."""
    rows = await tx.fetch(
        "select shopper_id, nickname, avatar_url from shoppers where shopper_id = any($1)", list(shopper_ids)
    )
    return db.many(Shopper, rows)


async def find_openid(tx: Tx, shopper_id: ShopperId, appid: str) -> str | None:
    """The shopper's openid at an app; the one bound last when there are several."""
    return await tx.fetchval(
        """select openid from shopper_identities where shopper_id = $1 and appid = $2
           order by created_at desc limit 1""",
        shopper_id,
        appid,
    )


async def find_openids(
    tx: Tx, _: MerchantId, wanted: Sequence[tuple[ShopperId, str]]
) -> dict[tuple[ShopperId, str], str]:
    """The openids of shoppers at apps; of several the one bound last."""
    rows = await tx.fetch(
        """select distinct on (i.shopper_id, i.appid) i.shopper_id, i.appid, i.openid
           from unnest($1::uuid[], $2::text[]) as w (shopper_id, appid)
           join shopper_identities i on i.shopper_id = w.shopper_id and i.appid = w.appid
           order by i.shopper_id, i.appid, i.created_at desc""",
        [shopper_id for shopper_id, _ in wanted],
        [appid for _, appid in wanted],
    )
    return {(row["shopper_id"], row["appid"]): row["openid"] for row in rows}


OPENIDS: Gathered[tuple[ShopperId, str], str] = Gathered(find_openids)
"""The same for the requests of a process together, whichever merchant they are of."""


# -- addresses --------------------------------------------------------------------------------------

_ADDRESS = "address_id, name, phone, province, city, district, street, is_default"


async def list_addresses(tx: Tx, shopper_id: ShopperId) -> list[Address]:
    """The default one first, then the newest."""
    rows = await tx.fetch(
        f"select {_ADDRESS} from addresses where shopper_id = $1 order by is_default desc, address_id desc",  # noqa: S608
        shopper_id,
    )
    return db.many(Address, rows)


async def list_addresses_of(
    tx: Tx, pairs: Sequence[tuple[ShopperId, AddressId]]
) -> dict[tuple[ShopperId, AddressId], Address]:
    """Addresses of many shoppers at once, each only when it is that shopper's."""
    rows = await tx.fetch(
        """select a.shopper_id, a.address_id, a.name, a.phone, a.province, a.city, a.district, a.street, a.is_default
           from unnest($1::uuid[], $2::uuid[]) as w (shopper_id, address_id)
           join addresses a on a.shopper_id = w.shopper_id and a.address_id = w.address_id""",
        [shopper_id for shopper_id, _ in pairs],
        [address_id for _, address_id in pairs],
    )
    return {(shopper_id, address_id): Address(address_id, *rest) for shopper_id, address_id, *rest in rows}


async def lock_shopper(tx: Tx, shopper_id: ShopperId) -> bool:
    """Makes changes of one shopper's addresses go one after another; whether she exists."""
    return bool(await tx.fetchval("select true from shoppers where shopper_id = $1 for update", shopper_id))


async def clear_default(tx: Tx, shopper_id: ShopperId) -> None:
    """No address is the default one."""
    await tx.execute("update addresses set is_default = false where shopper_id = $1 and is_default", shopper_id)


async def upsert_address(tx: Tx, shopper_id: ShopperId, address: Address) -> None:
    """Writes a new address or replaces it."""
    await tx.execute(
        """insert into addresses (shopper_id, address_id, name, phone, province, city, district, street,
             is_default, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
           on conflict (shopper_id, address_id) do update set name = excluded.name, phone = excluded.phone,
             province = excluded.province, city = excluded.city, district = excluded.district,
             street = excluded.street, is_default = excluded.is_default, updated_at = excluded.updated_at""",
        shopper_id,
        address.address_id,
        address.name,
        address.phone,
        address.province,
        address.city,
        address.district,
        address.street,
        address.is_default,
        tx.now,
    )


async def delete_address(tx: Tx, shopper_id: ShopperId, address_id: AddressId) -> bool:
    """Removes an address; whether there was one."""
    return bool(
        await tx.execute("delete from addresses where shopper_id = $1 and address_id = $2", shopper_id, address_id)
    )


async def make_newest_default(tx: Tx, shopper_id: ShopperId) -> None:
    """Lets the newest address be the default one when none is."""
    await tx.execute(
        """update addresses set is_default = true where shopper_id = $1
             and address_id = (select address_id from addresses where shopper_id = $1 order by address_id desc limit 1)
             and not exists (select from addresses where shopper_id = $1 and is_default)""",
        shopper_id,
    )


# -- users and their sessions -----------------------------------------------------------------------


class User(msgspec.Struct, frozen=True):
    """Somebody who signs in with a password."""

    user_id: UserId
    login: str
    password_hash: str


async def insert_user(tx: Tx, user: User) -> bool:
    """A new user; False when the login is taken."""
    return bool(
        await tx.fetchval(
            """insert into users (user_id, login, password_hash, password_changed_at, created_at)
               values ($1, $2, $3, $4, $4) on conflict (login) do nothing returning true""",
            user.user_id,
            user.login,
            user.password_hash,
            tx.now,
        )
    )


async def find_user_by_login(tx: Tx, login: str) -> User | None:
    """By the folded login."""
    row = await tx.fetchrow("select user_id, login, password_hash from users where login = $1", login)
    return db.one_or_none(User, row)


async def find_user(tx: Tx, user_id: UserId) -> User | None:
    """By id."""
    row = await tx.fetchrow("select user_id, login, password_hash from users where user_id = $1", user_id)
    return db.one_or_none(User, row)


async def select_logins(tx: Tx, user_ids: Sequence[UserId]) -> dict[UserId, str]:
    """Logins by user."""
    rows = await tx.fetch("select user_id, login from users where user_id = any($1)", list(user_ids))
    return {row["user_id"]: row["login"] for row in rows}


async def update_password(tx: Tx, user_id: UserId, password_hash: str) -> None:
    """A new hash."""
    await tx.execute(
        "update users set password_hash = $2, password_changed_at = $3 where user_id = $1",
        user_id,
        password_hash,
        tx.now,
    )


async def insert_session(
    tx: Tx, token_hash: bytes, user_id: UserId, expires_at: datetime, ends_at: datetime, client: tuple[str | None, ...]
) -> None:
    """A new session; `client` is network address and user agent."""
    await tx.execute(
        """insert into sessions (token_hash, user_id, created_at, expires_at, ends_at, address, user_agent)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        token_hash,
        user_id,
        tx.now,
        expires_at,
        ends_at,
        *client,
    )


class Session(msgspec.Struct, frozen=True):
    """A running session."""

    user_id: UserId
    expires_at: datetime
    ends_at: datetime


async def find_session(tx: Tx, token_hash: bytes) -> Session | None:
    """A session that has not expired."""
    row = await tx.fetchrow(
        "select user_id, expires_at, ends_at from sessions where token_hash = $1 and expires_at > $2",
        token_hash,
        tx.now,
    )
    return db.one_or_none(Session, row)


async def extend_session(tx: Tx, token_hash: bytes, expires_at: datetime) -> None:
    """Lets a session run longer."""
    await tx.execute("update sessions set expires_at = $2 where token_hash = $1", token_hash, expires_at)


async def delete_session(tx: Tx, token_hash: bytes) -> None:
    """Ends one session."""
    await tx.execute("delete from sessions where token_hash = $1", token_hash)


async def delete_sessions(tx: Tx, user_id: UserId) -> int:
    """Ends all sessions of a user; returns how many."""
    return await tx.execute("delete from sessions where user_id = $1", user_id)
