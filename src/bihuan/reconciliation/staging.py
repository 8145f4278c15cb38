"""Loading bills by COPY into temporary tables of the transaction, some thousand rows at a time.

The reader gives rows lazily and raises at the end when the summary is missing or differs; the transaction is given
up then, so nothing of such a bill is ever used. Reading is done beside the event loop.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from typing import BinaryIO, TypeVar

import msgspec

from bihuan.kernel.db import Tx
from bihuan.reconciliation import rules
from bihuan.reconciliation.errors import BillRefused
from bihuan.wechat import WeChatError
from bihuan.wechat.pay import FundRow, SharingRow, TradeRow, read_funds, read_sharings, read_trades

CHUNK = 4_000
Row = TypeVar("Row", TradeRow, FundRow, SharingRow)

_TRADES = ("line", "at", "kind", "number", "out_number", "amount_fen", "settled_fen", "fee_fen", "fee_agrees", "state")
_MOVES = ("line", "at", "kind", "business_name", "business_type", "number", "amount_fen", "note", "content")


class Loaded(msgspec.Struct):
    """What a bill held, in rows and fen; of a fund bill its balances too."""

    rows: int = 0
    amount_fen: int = 0
    opening_fen: int | None = None
    closing_fen: int | None = None


async def create_tables(tx: Tx) -> None:
    """`bill_trades` and `bill_moves`, gone with the transaction."""
    await tx.execute(
        """create temporary table bill_trades (
             line int not null, at timestamptz not null, kind text not null, number text not null,
             out_number text not null, amount_fen bigint not null, settled_fen bigint not null, fee_fen bigint not null,
             fee_agrees boolean not null, state text not null,
             part int not null generated always as (hashtext(out_number) & 15) stored
           ) on commit drop"""
    )
    await tx.execute(
        """create temporary table bill_moves (
             line int not null, at timestamptz not null, kind text not null, business_name text not null,
             business_type text not null, number text not null, amount_fen bigint not null, note text not null,
             content text not null
           ) on commit drop"""
    )


async def load_trades(tx: Tx, file: BinaryIO, day: date, mchid: str, sp_mchid: str) -> Loaded:
    """A trade bill. Raises BillRefused (`bill_malformed`, `bill_of_another`)."""
    return await _load(tx, "bill_trades", _TRADES, _own(read_trades(file, day=day), mchid, sp_mchid), _trade)


def _own(rows: Iterator[TradeRow], mchid: str, sp_mchid: str) -> Iterator[TradeRow]:
    """An account's own rows: a service provider's bill has those of its sub-merchants too, which have their own."""
    for row in rows:
        sub_mchid = "" if row.sub_mchid == "0" else row.sub_mchid
        if row.mchid != (sp_mchid or mchid) or (sp_mchid and sub_mchid != mchid):
            raise BillRefused("bill_of_another", f"{row.mchid}/{sub_mchid} in the bill of {mchid}")
        if sp_mchid or not sub_mchid:
            yield row


async def load_moves(tx: Tx, file: BinaryIO, day: date) -> Loaded:
    """A fund bill. Raises BillRefused (`bill_malformed`)."""
    return await _load(tx, "bill_moves", _MOVES, read_funds(file, day=day), _move)


async def count_sharings(file: BinaryIO, day: date) -> Loaded:
    """A profit-sharing bill, read for its sums. Raises BillRefused (`bill_malformed`)."""

    def count() -> Loaded:
        found = Loaded()
        for row in read_sharings(file, day=day):
            found.rows += 1
            found.amount_fen += row.amount_fen
        return found

    try:
        return await asyncio.to_thread(count)
    except WeChatError as error:
        raise BillRefused("bill_malformed", str(error)) from error


async def _load(
    tx: Tx,
    table: str,
    columns: tuple[str, ...],
    rows: Iterator[Row],
    shape: Callable[[int, Row, Loaded], tuple[object, ...]],
) -> Loaded:
    found = Loaded()

    def take() -> list[tuple[object, ...]]:
        start = found.rows
        shaped = [shape(start + place, row, found) for place, row in enumerate(islice(rows, CHUNK), 1)]
        found.rows += len(shaped)
        return shaped

    # The next rows are read while the database takes these.
    ahead = asyncio.create_task(asyncio.to_thread(take))
    try:
        while chunk := await ahead:
            ahead = asyncio.create_task(asyncio.to_thread(take))
            await tx.copy(table, columns, chunk)
    except WeChatError as error:
        raise BillRefused("bill_malformed", str(error)) from error
    finally:
        await asyncio.wait([ahead])
    await tx.execute(f"analyze {table}")
    return found


def _trade(line: int, row: TradeRow, found: Loaded) -> tuple[object, ...]:
    refund = row.trade_state != "SUCCESS"
    kind = "refund" if refund else "payment"
    amount = row.refund_fen if refund else row.total_fen
    found.amount_fen += -amount if refund else amount
    number, out_number = (row.refund_id, row.out_refund_no) if refund else (row.transaction_id, row.out_trade_no)
    agrees = rules.fee_agrees(kind, row.settled_fen, row.refund_fen, row.fee_fen, rules.rate_ppm(row.rate))
    state = row.refund_state if refund else "SUCCESS"
    return (line, row.at, kind, number, out_number, amount, row.settled_fen, row.fee_fen, agrees, state)


def _move(line: int, row: FundRow, found: Loaded) -> tuple[object, ...]:
    if found.opening_fen is None:
        found.opening_fen = row.balance_fen - row.amount_fen
    found.closing_fen = row.balance_fen
    found.amount_fen += row.amount_fen
    content = f"{row.at}|{row.flow_id}|{row.business_id}|{row.business_name}|{row.business_type}|{row.amount_fen}"
    name = hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()
    kind = rules.move_kind(row.business_type)
    return (line, row.at, kind, row.business_name, row.business_type, row.business_id, row.amount_fen, row.note[:500],
            name)  # fmt: skip
