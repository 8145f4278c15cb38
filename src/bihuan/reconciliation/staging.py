"""Loading bills by COPY into temporary tables of the transaction, as a stream: memory does not grow with a bill.

The reader gives rows lazily and raises at the end when the summary is missing or differs; the transaction is given
up then, so nothing of such a bill is ever used. Rows become COPY's own text in a thread beside the event loop, the
next ones while the database takes these.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import BinaryIO

import msgspec

from bihuan.kernel.db import Tx
from bihuan.reconciliation import rules
from bihuan.reconciliation.errors import BillRefused
from bihuan.wechat import WeChatError
from bihuan.wechat.pay import FundRow, SharingRow, TradeRow, read_funds, read_sharings, read_trades

TIMEOUT_SECONDS = 1_800.0
"""For one bill, or one statement over it: the largest that WeChat writes on the slowest machine, but not for ever."""

_AT_ONCE = 2_000
_TABLES = {
    "bill_rows": """at timestamptz not null, kind text not null, number text not null, out_number text not null,
      amount_fen bigint not null, fee_fen bigint not null, fee_agrees boolean not null, state text not null""",
    "bill_moves": """line int not null, at timestamptz not null, kind text not null, business_name text not null,
      business_type text not null, number text not null, flow_id text not null, amount_fen bigint not null,
      note text not null""",
}
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Loaded(msgspec.Struct):
    """What a bill held, in rows and fen; of a fund bill its balances too."""

    rows: int = 0
    amount_fen: int = 0
    opening_fen: int | None = None
    closing_fen: int | None = None


async def bound_memory(tx: Tx) -> None:
    """For this transaction: so much for each sort, twice that for each hash, the rest goes to disk.

    Merging two indexes is what the planner then takes for cheaper than a hash in parts. It is not where ids are not
    in the order of their rows: a random read for each of a million rows.
    """
    await tx.execute("set local work_mem = '32MB'")
    await tx.execute("set local enable_mergejoin = off")


async def create_tables(tx: Tx) -> None:
    """`bill_rows` (of the trade bill and of the profit-sharing bill) and `bill_moves`, gone with the transaction."""
    for name, columns in _TABLES.items():
        await tx.execute(f"create temporary table {name} ({columns}) on commit drop")


async def load_trades(tx: Tx, file: BinaryIO, day: date, mchid: str, sp_mchid: str) -> Loaded:
    """A trade bill. Raises BillRefused (`bill_malformed`, `bill_of_another`)."""
    found = Loaded()
    await _load(tx, "bill_rows", _trades(_own(read_trades(file, day=day), mchid, sp_mchid), found))
    return found


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
    found = Loaded()
    await _load(tx, "bill_moves", _moves(read_funds(file, day=day), found))
    return found


async def load_sharings(tx: Tx, file: BinaryIO, day: date, mchid: str, sp_mchid: str) -> Loaded:
    """A profit-sharing bill. Raises BillRefused (`bill_malformed`, `bill_of_another`)."""
    found = Loaded()
    await _load(tx, "bill_rows", _sharings(_own_shares(read_sharings(file, day=day), mchid, sp_mchid), found))
    return found


def _own_shares(rows: Iterator[SharingRow], mchid: str, sp_mchid: str) -> Iterator[SharingRow]:
    """The same for shares: a service provider's bill has those that it asked for on its sub-merchants' behalf."""
    for row in rows:
        if row.sharer != mchid and (sp_mchid or row.initiator != mchid):
            raise BillRefused("bill_of_another", f"{row.sharer} in the bill of {mchid}")
        if row.sharer == mchid:
            yield row


async def _load(tx: Tx, table: str, lines: Iterator[str]) -> None:
    columns = [column.split()[0] for column in _TABLES[table].split(",")]
    try:
        async with aclosing(_pieces(lines)) as pieces:
            await tx.copy_text(table, columns, pieces, timeout=TIMEOUT_SECONDS)
    except WeChatError as error:
        raise BillRefused("bill_malformed", str(error)) from error
    await tx.execute(f"analyze {table}")


async def _pieces(lines: Iterator[str]) -> AsyncGenerator[bytes, None]:
    """Lines joined, some thousand at a time; the next are made while these are on their way."""

    def take() -> bytes:
        return "".join(islice(lines, _AT_ONCE)).encode()

    ahead = asyncio.create_task(asyncio.to_thread(take))
    try:
        while piece := await ahead:
            ahead = asyncio.create_task(asyncio.to_thread(take))
            yield piece
    finally:
        await asyncio.wait([ahead])  # the file is closed next


def _text(value: str) -> str:
    """As COPY reads it."""
    return value if value.isalnum() else value.translate(_ESCAPES)


_moment = lru_cache(100_000)(str)  # a day has fewer seconds


def _trades(rows: Iterator[TradeRow], found: Loaded) -> Iterator[str]:
    for row in rows:
        if row.trade_state == "SUCCESS":
            kind, state, amount, number, ours = (
                "payment",
                "SUCCESS",
                row.total_fen,
                row.transaction_id,
                row.out_trade_no,
            )
            found.amount_fen += amount
        else:
            kind, state, amount, number, ours = (
                "refund",
                row.refund_state,
                row.refund_fen,
                row.refund_id,
                row.out_refund_no,
            )
            found.amount_fen -= amount
        agrees = rules.fee_agrees(kind, row.settled_fen, row.refund_fen, row.fee_fen, rules.rate_ppm(row.rate))
        found.rows += 1
        yield (
            f"{_moment(row.at)}\t{kind}\t{_text(number)}\t{_text(ours)}\t{amount}\t{row.fee_fen}\t{agrees}\t{_text(state)}\n"
        )


def _moves(rows: Iterator[FundRow], found: Loaded) -> Iterator[str]:
    for row in rows:
        if found.opening_fen is None:
            found.opening_fen = row.balance_fen - row.amount_fen
        found.closing_fen = row.balance_fen
        found.amount_fen += row.amount_fen
        found.rows += 1
        kind, name, what = rules.move_kind(row.business_type), _text(row.business_name), _text(row.business_type)
        yield (
            f"{found.rows}\t{_moment(row.at)}\t{kind}\t{name}\t{what}\t{_text(row.business_id)}\t{_text(row.flow_id)}\t"
            f"{row.amount_fen}\t{_text(row.note[:500])}\n"
        )


def _sharings(rows: Iterator[SharingRow], found: Loaded) -> Iterator[str]:
    """What bears a number of ours or another's: WeChat's own unfreezing at the end of its time has none."""
    for row in rows:
        found.rows += 1
        found.amount_fen += row.amount_fen
        kind = rules.sharing_kind(row.kind)
        if kind is not None and row.out_no:
            number = rules.sharing_number(kind, row.out_no, row.receiver)
            yield (
                f"{_moment(row.at)}\t{kind}\t{_text(number)}\t{_text(row.out_no)}\t{row.amount_fen}\t0\tt\t"
                f"{_text(row.state)}\n"
            )
