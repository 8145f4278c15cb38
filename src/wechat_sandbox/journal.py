"""The journal of money: transactions of entries that sum to zero, kept in the state file.

Each merchant has books of its own. What it owns lies in `available` (may be refunded, transferred, withdrawn),
`frozen` (waits for profit sharing, or for a mini program's shipment) and `in_transit` (a refund, share or transfer on
its way); none of these falls below zero. `fees` is what WeChat keeps. The other side of a movement is a counter
account: `shoppers`, `merchants` (other merchants of this sandbox: over all books it sums to zero) or `bank`.

Transactions stay in the file and are read from there, page by page; balances and the totals of a day are in memory.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import Struct, field

from wechat_sandbox.clock import SHANGHAI
from wechat_sandbox.store import Store, Table

OWN = ("available", "frozen", "in_transit")
ACCOUNTS = (*OWN, "fees", "shoppers", "merchants", "bank")
_PAGE = 1000


class NotEnoughError(Exception):
    """An account of a merchant does not hold what a movement takes from it."""

    def __init__(self, mchid: str, account: str, missing: int) -> None:
        super().__init__(f"{mchid}: {account} lacks {missing} fen")
        self.account = account


class Movement(Struct, omit_defaults=True):
    """One transaction of one merchant's books; `entries` are changes in fen by account and sum to zero."""

    mchid: str
    kind: str
    amount: int
    """What it is about, in fen and positive: the price paid, the refund, the share."""
    entries: dict[str, int]
    at: float = 0.0
    sp_mchid: str = ""
    order: str = ""
    """Key of the order it belongs to."""
    number: str = ""
    """WeChat's number of the business: transaction_id, refund_id, order_id of a share .."""
    out_number: str = ""
    """The merchant's own number of it."""
    party: str = ""
    """Who is on the other side, where that is one: a merchant number or openid."""
    note: str = ""
    movement_id: int = 0


class DayTotals(Struct):
    """What one day in China did to one merchant's accounts, and how often each kind came."""

    mchid: str
    day: str
    accounts: dict[str, int] = field(default_factory=dict[str, int])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    sums: dict[str, int] = field(default_factory=dict[str, int])


def day_of(at: float) -> str:
    """The day in China, `YYYY-MM-DD`, of sandbox time `at`."""
    return datetime.fromtimestamp(at, SHANGHAI).strftime("%Y-%m-%d")


class Journal:
    """All movements, in the order in which they happened."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.database
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Movement).decode
        self._db.execute(
            "create table if not exists movements (id integer primary key, mchid text not null, "
            "sp_mchid text not null, day text not null, body blob not null)"
        )
        self._db.execute("create index if not exists movements_of_merchant on movements (mchid, day)")
        self._db.execute(
            "create index if not exists movements_of_provider on movements (sp_mchid, day) where sp_mchid <> ''"
        )
        self._days = Table(store, "book_day", DayTotals)
        self._balances: dict[str, dict[str, int]] = {}
        self._by_merchant: dict[str, dict[str, DayTotals]] = {}
        self._last_day = (0.0, 0.0, "")
        for row in self._days.values():
            self._by_merchant.setdefault(row.mchid, {})[row.day] = row
            balances = self._balances.setdefault(row.mchid, {})
            for account, change in row.accounts.items():
                balances[account] = balances.get(account, 0) + change

    def post(self, movement: Movement) -> None:
        """Keep a movement. Raises NotEnoughError, and changes nothing, when an own account would fall below zero."""
        assert sum(movement.entries.values()) == 0, movement
        assert movement.amount > 0, movement
        balances = self._balances.setdefault(movement.mchid, {})
        for account in OWN:
            left = balances.get(account, 0) + movement.entries.get(account, 0)
            if left < 0:
                raise NotEnoughError(movement.mchid, account, -left)
        day = self._day(movement.at)
        days = self._by_merchant.setdefault(movement.mchid, {})
        totals = days.get(day)
        if totals is None:
            totals = days[day] = DayTotals(movement.mchid, day)
        for account, change in movement.entries.items():
            balances[account] = balances.get(account, 0) + change
            totals.accounts[account] = totals.accounts.get(account, 0) + change
        totals.counts[movement.kind] = totals.counts.get(movement.kind, 0) + 1
        totals.sums[movement.kind] = totals.sums.get(movement.kind, 0) + movement.amount
        with self._store.together():
            self._days.put(f"{movement.mchid}:{day}", totals)
            self._db.execute(
                "insert into movements (mchid, sp_mchid, day, body) values (?, ?, ?, ?)",
                (movement.mchid, movement.sp_mchid, day, self._encode(movement)),
            )

    def _day(self, at: float) -> str:
        """`day_of`, remembered for the day that it is."""
        start, end, day = self._last_day
        if not start <= at < end:
            day = day_of(at)
            start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=SHANGHAI).timestamp()
            self._last_day = (start, start + 86400, day)
        return day

    def balance(self, mchid: str, account: str) -> int:
        """What is on an account, in fen."""
        return self._balances.get(mchid, {}).get(account, 0)

    def balances(self, mchid: str) -> dict[str, int]:
        """All accounts of a merchant, in fen."""
        held = self._balances.get(mchid, {})
        return {account: held.get(account, 0) for account in ACCOUNTS}

    def days(self, mchid: str) -> list[DayTotals]:
        """Totals of each day on which anything moved, oldest first."""
        return sorted(self._by_merchant.get(mchid, {}).values(), key=lambda row: row.day)

    def merchants(self) -> list[str]:
        """All that ever had a movement."""
        return list(self._by_merchant)

    def movements(
        self, mchid: str, *, day: str | None = None, provider: bool = False, after: int = 0, limit: int | None = None
    ) -> Iterator[Movement]:
        """A merchant's movements in order, those after one `movement_id`, of one day if given.

        With `provider`, those of all orders that this merchant made as a service provider instead. Rows are read
        in pages, so that movements posted in between do no harm.
        """
        column = "sp_mchid" if provider else "mchid"
        on_day = "and day = ?" if day else ""
        query = f"select id, body from movements where {column} = ? {on_day} and id > ? order by id limit ?"  # noqa: S608 - constants
        which = (mchid, day) if day else (mchid,)
        return self._read(query, which, after, limit if limit is not None else 1 << 62)

    def all(self) -> Iterator[Movement]:
        """Every movement of every merchant, in order."""
        return self._read("select id, body from movements where id > ? order by id limit ?", (), 0, 1 << 62)

    def _read(self, query: str, which: tuple[str, ...], last: int, left: int) -> Iterator[Movement]:
        while left > 0:
            rows = self._db.execute(query, (*which, last, min(left, _PAGE))).fetchall()
            for movement_id, body in rows:
                movement = self._decode(body)
                movement.movement_id = last = movement_id
                yield movement
            left -= len(rows)
            if len(rows) < _PAGE:
                return

    def count(self, mchid: str, day: str, *, provider: bool = False) -> int:
        """How many movements `movements` would give for a day."""
        column = "sp_mchid" if provider else "mchid"
        query = f"select count(*) from movements where {column} = ? and day = ?"  # noqa: S608 - constants
        return int(self._db.execute(query, (mchid, day)).fetchone()[0])

    def __len__(self) -> int:
        return int(self._db.execute("select count(*) from movements").fetchone()[0])
