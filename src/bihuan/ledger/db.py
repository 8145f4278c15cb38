"""The ledger's SQL. The only writers of the books are the functions `ledger_post` and `ledger_post_books`."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.ledger.errors import PeriodClosed
from bihuan.ledger.rules import Transaction


class BalanceRow(msgspec.Struct, frozen=True):
    """An account's balance."""

    account: str
    balance_fen: int


async def post(tx: Tx, merchant_id: MerchantId, transactions: Sequence[Transaction]) -> int:
    """Posts a batch by `ledger_post`; returns how many were new."""
    entries = [(place, e) for place, t in enumerate(transactions, 1) for e in t.entries]
    async with refused_if_closed():
        return await tx.fetchval(
            "select ledger_post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            merchant_id,
            tx.now,
            [new_id() for _ in transactions],
            [t.source for t in transactions],
            [t.source_id for t in transactions],
            [t.description[:200] for t in transactions],
            [t.occurred_at or tx.now for t in transactions],
            [place for place, _ in entries],
            [e.account for _, e in entries],
            [e.amount_fen for _, e in entries],
            [t.booked_on for t in transactions],
        )


async def post_books(
    tx: Tx,
    merchant_ids: Sequence[MerchantId],
    ids: Sequence[UUID],
    transactions: Sequence[Transaction],
    occurred: Sequence[datetime],
) -> int:
    """Posts transactions of many books, which are parallel to the rest, in one call; returns how many were new."""
    entries = [(place, entry) for place, one in enumerate(transactions, 1) for entry in one.entries]
    async with refused_if_closed():
        return await tx.fetchval(
            "select ledger_post_books($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            tx.now,
            merchant_ids,
            ids,
            [one.source for one in transactions],
            [one.source_id for one in transactions],
            [one.description[:200] for one in transactions],
            occurred,
            [place for place, _ in entries],
            [entry.account for _, entry in entries],
            [entry.amount_fen for _, entry in entries],
            [one.booked_on for one in transactions],
        )


@asynccontextmanager
async def refused_if_closed() -> AsyncGenerator[None, None]:
    """Raises PeriodClosed for what the posting function refused because a chosen day is closed."""
    try:
        yield
    except asyncpg.CheckViolationError as error:
        if getattr(error, "constraint_name", None) != "ledger_period_open":
            raise
        raise PeriodClosed(day=getattr(error, "detail", "")) from error


async def list_balances(tx: Tx, merchant_id: MerchantId) -> list[BalanceRow]:
    """Every account of the book."""
    rows = await tx.fetch("select account, balance_fen from ledger_balances where merchant_id = $1", merchant_id)
    return db.many(BalanceRow, rows)
