"""Official accounts, replies and menus: rows and SQL."""

from datetime import datetime
from typing import Literal

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.wechat.official_account import Button, Mode


class MemberTemplate(msgspec.Struct, frozen=True):
    """The template message that stands in for the member card's prompt when the chat is closed to us.

    `data`: the template's own field names -> text with {merchant}, {number}, {level}, {points}.
    """

    template_id: str
    data: dict[str, str]


Connection = Literal["direct", "component", "withdrawn"]
"""How an app is connected: by its own secret, through the Open Platform's component, or not any more."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's official account and mini program, without their secrets.

    `appid` is empty where there is a mini program only.
    """

    merchant_id: MerchantId
    appid: str
    original_id: str
    name: str
    mode: Mode
    mini_program_appid: str | None
    member_template: MemberTemplate | None
    verified_at: datetime | None
    connection: Connection = "direct"
    mini_program_connection: Connection = "direct"
    shipping_upload: bool = False
    mini_program_verified_at: datetime | None = None


_ACCOUNT = """merchant_id, appid, original_id, name, mode, mini_program_appid, member_template, verified_at,
              connection, mini_program_connection, shipping_upload, mini_program_verified_at"""


async def find_account(tx: Tx, merchant_id: MerchantId) -> Account | None:
    """The merchant's official account."""
    row = await tx.fetchrow(
        f"select {_ACCOUNT} from official_accounts where merchant_id = $1",  # noqa: S608
        merchant_id,
    )
    return db.one_or_none(Account, row)


async def upsert_account(tx: Tx, account: Account) -> None:
    """Writes a merchant's account; another appid has yet to be verified."""
    await tx.execute(
        """insert into official_accounts as a (merchant_id, appid, original_id, name, mode, mini_program_appid,
             member_template, created_at, updated_at, connection, mini_program_connection, shipping_upload)
           values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $8, $9, $10, $11)
           on conflict (merchant_id) do update set appid = excluded.appid, original_id = excluded.original_id,
             name = excluded.name, mode = excluded.mode, mini_program_appid = excluded.mini_program_appid,
             member_template = excluded.member_template, updated_at = excluded.updated_at,
             connection = excluded.connection, mini_program_connection = excluded.mini_program_connection,
             shipping_upload = excluded.shipping_upload,
             mini_program_verified_at = case when a.mini_program_appid = excluded.mini_program_appid
               then a.mini_program_verified_at end,
             verified_at = case when a.appid = excluded.appid then a.verified_at end""",
        account.merchant_id,
        account.appid,
        account.original_id,
        account.name,
        account.mode,
        account.mini_program_appid,
        msgspec.to_builtins(account.member_template),
        tx.now,
        account.connection,
        account.mini_program_connection,
        account.shipping_upload,
    )


async def set_verified(tx: Tx, merchant_id: MerchantId) -> None:
    """WeChat's handshake passed."""
    await tx.execute("update official_accounts set verified_at = $2 where merchant_id = $1", merchant_id, tx.now)


async def set_mini_program_verified(tx: Tx, merchant_id: MerchantId) -> None:
    """WeChat's handshake for the mini program passed."""
    await tx.execute(
        "update official_accounts set mini_program_verified_at = $2 where merchant_id = $1", merchant_id, tx.now
    )


async def set_shipping_upload(tx: Tx, merchant_id: MerchantId, *, enabled: bool) -> None:
    """Whether WeChat is told of shipping."""
    await tx.execute(
        "update official_accounts set shipping_upload = $2, updated_at = $3 where merchant_id = $1",
        merchant_id,
        enabled,
        tx.now,
    )


async def set_withdrawn(tx: Tx, merchant_id: MerchantId, appid: str) -> None:
    """The owner took an app back from the component."""
    await tx.execute(
        """update official_accounts set
             connection = case when appid = $2 and connection = 'component' then 'withdrawn' else connection end,
             mini_program_connection = case when mini_program_appid = $2 and mini_program_connection = 'component'
               then 'withdrawn' else mini_program_connection end,
             updated_at = $3
           where merchant_id = $1""",
        merchant_id,
        appid,
        tx.now,
    )


# -- replies ----------------------------------------------------------------------------------------


class KeywordReply(msgspec.Struct, frozen=True):
    """What is answered to a text, or to a menu button's key."""

    keyword: str
    match: Literal["exact", "contains"]
    reply: str


async def find_welcome(tx: Tx, merchant_id: MerchantId) -> str | None:
    """The merchant's own welcome; None when it never wrote one."""
    return await tx.fetchval("select welcome from reply_settings where merchant_id = $1", merchant_id)


async def list_keyword_replies(tx: Tx, merchant_id: MerchantId) -> list[KeywordReply]:
    """In the merchant's order."""
    rows = await tx.fetch(
        "select keyword, match, reply from keyword_replies where merchant_id = $1 order by position", merchant_id
    )
    return db.many(KeywordReply, rows)


async def replace_replies(tx: Tx, merchant_id: MerchantId, welcome: str, keywords: list[KeywordReply]) -> None:
    """Writes the welcome and all keyword replies in place of those of before."""
    await tx.execute(
        """insert into reply_settings (merchant_id, welcome, updated_at) values ($1, $2, $3)
           on conflict (merchant_id) do update set welcome = excluded.welcome, updated_at = excluded.updated_at""",
        merchant_id,
        welcome,
        tx.now,
    )
    await tx.execute("delete from keyword_replies where merchant_id = $1", merchant_id)
    await tx.executemany(
        "insert into keyword_replies (merchant_id, position, keyword, match, reply) values ($1, $2, $3, $4, $5)",
        [(merchant_id, i, k.keyword, k.match, k.reply) for i, k in enumerate(keywords)],
    )


# -- menus ------------------------------------------------------------------------------------------


class Menu(msgspec.Struct, frozen=True):
    """The menu as the merchant wrote it; published to WeChat at `published_at` if ever."""

    buttons: tuple[Button, ...] = ()
    published_at: datetime | None = None


async def find_menu(tx: Tx, merchant_id: MerchantId) -> Menu | None:
    """The merchant's menu."""
    row = await tx.fetchrow("select buttons, published_at from menus where merchant_id = $1", merchant_id)
    return db.one_or_none(Menu, row)


async def upsert_menu(tx: Tx, merchant_id: MerchantId, buttons: tuple[Button, ...]) -> None:
    """Writes the menu; what WeChat shows stays as it is until it is published."""
    await tx.execute(
        """insert into menus (merchant_id, buttons, updated_at) values ($1, $2::jsonb, $3)
           on conflict (merchant_id) do update set buttons = excluded.buttons, updated_at = excluded.updated_at""",
        merchant_id,
        msgspec.to_builtins(buttons),
        tx.now,
    )


async def set_published(tx: Tx, merchant_id: MerchantId) -> None:
    """WeChat has the menu."""
    await tx.execute("update menus set published_at = $2 where merchant_id = $1", merchant_id, tx.now)
