"""Matching a day: one transaction that loads the bills, compares, posts, and queues what differs.

What fails leaves nothing behind. The book is posted to last and in at most three transactions, since its lock is
what payments of the merchant wait for: fees of a day are one posting, whose rows are kept (`reconciliation_items`).
"""

from datetime import timedelta
from uuid import UUID

import structlog

from bihuan import ledger
from bihuan.kernel.db import Tx
from bihuan.kernel.derived_ids import derived_id
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import past_balance
from bihuan.reconciliation import db, db_closed, db_differences, db_match, db_moves, fetching, rules, sources, staging
from bihuan.reconciliation.db import Due
from bihuan.reconciliation.db_match import Found, Matched
from bihuan.reconciliation.db_moves import Move
from bihuan.reconciliation.errors import BillRefused
from bihuan.reconciliation.rules import BillKind
from bihuan.reconciliation.sources import Shares
from bihuan.reconciliation.staging import Loaded

log = structlog.get_logger(__name__)

_AROUND = timedelta(hours=1)
_OWN_SOURCES = {"receipt", "refund", "payment_fees", "bank_transfer", "reconciliation"}
_LOOK_UP = 5_000


async def match(rt: Runtime, due: Due, shares: Shares) -> bool:
    """Matches a day whose bills are kept; False when it is matched already. Raises BillRefused: nothing is kept."""
    files = await _files(rt, due)
    async with rt.db.transaction() as tx:
        if await db.lock_day(tx, due.merchant_id, due.mchid, due.day) != "waiting":
            return False
        await staging.bound_memory(tx)
        await staging.create_tables(tx)
        loaded = await _load(rt, tx, due, files)
        await _match_loaded(tx, due, shares, loaded)
    for file in files.values():
        if file:
            await fetching.pack(rt, file)
    return True


async def _files(rt: Runtime, due: Due) -> dict[BillKind, str]:
    async with rt.db.session() as tx:
        return {bill.kind: bill.file for bill in await db.list_kept(tx, due.merchant_id, due.mchid, due.day)}


async def _load(rt: Runtime, tx: Tx, due: Due, files: dict[BillKind, str]) -> dict[BillKind, Loaded]:
    loaded: dict[BillKind, Loaded] = {}
    for kind, file in files.items():
        loaded[kind] = Loaded()
        if file:
            with fetching.opened(rt, file) as source:
                if kind == "trade":
                    loaded[kind] = await staging.load_trades(tx, source, due.day, due.mchid, due.sp_mchid)
                elif kind == "funds":
                    loaded[kind] = await staging.load_moves(tx, source, due.day)
                else:
                    loaded[kind] = await staging.load_sharings(tx, source, due.day, due.mchid, due.sp_mchid)
        await db.set_read(tx, due, kind, loaded[kind].rows, loaded[kind].amount_fen)
    if double := await db_match.find_double(tx):
        raise BillRefused("bill_row_twice", f"{double} stands twice in the bill")
    return loaded


async def _match_loaded(tx: Tx, due: Due, shares: Shares, loaded: dict[BillKind, Loaded]) -> None:
    since, until = rules.start_of(due.day), rules.end_of(due.day)
    merchant_id, mchid = due.merchant_id, due.mchid
    await sources.stage_day(tx, shares, merchant_id, mchid, since - _AROUND, until + _AROUND)
    await db_closed.stage_closed(tx, merchant_id, mchid, due.day)
    for kind in ("payment", "refund", "refund_closed", *rules.SHARING_KINDS):
        await _look_up(tx, due, shares, kind)
    posting = new_id()
    kept = await db_match.insert_items(tx, merchant_id, mchid, due.day, posting)
    found = await _differences(tx, due)
    if kept.told > kept.new:
        found += await db_match.list_twice(tx, merchant_id, mchid, due.day, rules.MOST_DIFFERENCES + 1)
    moves = await db_moves.list_moves_to_keep(tx, merchant_id, mchid, rules.MOST_DIFFERENCES)
    _limit(len(found) + len(moves))
    ids = [derived_id("fund bill", str(merchant_id), mchid, m.content, str(m.again)) for m in moves]
    await db_moves.insert_moves(tx, merchant_id, mchid, due.day, ids, moves)
    found += [_unknown(move, move_id) for move, move_id in zip(moves, ids, strict=True) if move.kind == "other"]
    postings = _postings(due, kept.fees_fen, posting, list(zip(ids, moves, strict=True)))
    withdrawn = -sum(move.amount_fen for move in moves if move.kind != "other")
    matched = await _balance(tx, due, loaded, found, postings, withdrawn)
    await db_differences.resolve_appeared(tx, merchant_id, mchid, due.day)
    await db_differences.open_waiting(tx, merchant_id, mchid, due.day)
    await db_match.set_matched(tx, merchant_id, mchid, due.day, matched)
    await ledger.post(tx, merchant_id, postings)  # last: until the commit whoever pays this merchant waits
    log.info("day reconciled", mchid=mchid, day=str(due.day), differences=len(found), fees_fen=kept.fees_fen)


async def _look_up(tx: Tx, due: Due, shares: Shares, kind: str) -> None:
    """Adds what the bill knows and the day does not: paid at another time, or never settled here."""
    numbers = await db_match.list_unmatched_numbers(tx, kind, rules.MOST_DIFFERENCES * 4)
    for start in range(0, len(numbers), _LOOK_UP):
        subject = kind.removesuffix("_closed")
        await sources.add(tx, shares, due.merchant_id, due.mchid, subject, numbers[start : start + _LOOK_UP])


async def _differences(tx: Tx, due: Due) -> list[Found]:
    found = await db_match.list_different(tx, rules.MOST_DIFFERENCES + 1)
    _limit(len(found))
    since, until = rules.start_of(due.day), rules.end_of(due.day)
    _, first, _ = await db_match.neighbours(tx, due.merchant_id, due.mchid, due.day)
    began = rules.start_of(first or due.day)
    left = rules.MOST_DIFFERENCES + 1 - len(found)
    found += await db_match.list_missing_there(tx, due.merchant_id, due.mchid, since, until, began, left)
    _limit(len(found))
    return found


def _limit(count: int) -> None:
    if count > rules.MOST_DIFFERENCES:
        raise BillRefused("too_many_differences", f"more than {rules.MOST_DIFFERENCES} rows differ")


def _unknown(move: Move, move_id: UUID) -> Found:
    return Found(
        kind="unknown_move", subject="move", number=move.number or move_id.hex, out_number=move_id.hex, at=move.at,
        there_fen=move.amount_fen, there_state=f"{move.business_name}/{move.business_type}"[:80],
        book_fen=move.amount_fen, record_id=move_id,
    )  # fmt: skip


async def _balance(
    tx: Tx,
    due: Due,
    loaded: dict[BillKind, Loaded],
    found: list[Found],
    postings: list[ledger.Transaction],
    withdrawn_fen: int,
) -> Matched:
    """Compares the balances as `postings` (fees and transfers) will make them, and queues everything that differs."""
    since, until = rules.start_of(due.day), rules.end_of(due.day)
    accounts, _, before = await db_match.neighbours(tx, due.merchant_id, due.mchid, due.day)
    await past_balance.stage_occurred(tx, due.merchant_id, "refund", since, until)
    booked = await db_closed.list_booked_unknown(tx, rules.MOST_DIFFERENCES)  # recorded on another day
    await sources.add(tx, None, due.merchant_id, due.mchid, "refund", booked)
    funds = loaded.get("funds")
    timing = await db_match.timing(tx, due.merchant_id, due.mchid, since, until)
    sharing = await db_moves.sharing_change(tx)
    totals = await db_match.totals(tx, since, until)
    book = await past_balance.stretch(tx, due.merchant_id, "wechat_clearing", since, until)
    book = book.after("wechat_clearing", postings, since, until)
    corrections = book.changes.get("reconciliation", 0)
    shares = [f.book_fen for f in found if f.subject in rules.SHARING_KINDS]
    untold = [f.record_id for f in found if f.kind == "missing_there" and f.subject == "refund" and f.record_id]
    elsewhere = await db_closed.booked_elsewhere(tx, untold)  # the book of this day does not have them either
    explained = {
        "in_transit": timing.in_transit_fen,
        "frozen": timing.frozen_fen if funds is not None else 0,
        "shared": sum(v for k, v in book.changes.items() if k not in _OWN_SOURCES) - sharing + sum(shares),
        "differing": corrections
        + timing.other_day_fen
        - sum(f.book_fen for f in found if f.record_id not in elsewhere),
    }
    left: int | None = None
    opening = closing = None
    if funds is not None:
        opening, closing = (funds.opening_fen, funds.closing_fen) if funds.rows else (before, before)
        if accounts == 1:
            left = rules.unexplained(book.closing_fen - book.opening_fen, funds.amount_fen, explained)
        found += _balance_differences(due, funds, before, left)
    await db_differences.insert(tx, due.merchant_id, due.mchid, due.day, [_queued(due, one) for one in found])
    return Matched(
        totals=totals, opening_fen=opening, closing_fen=closing, book_opening_fen=book.opening_fen,
        book_closing_fen=book.closing_fen,
        withdrawn_fen=withdrawn_fen,
        in_transit_fen=explained["in_transit"], frozen_fen=explained["frozen"], shared_fen=explained["shared"],
        differing_fen=explained["differing"], unexplained_fen=left,
    )  # fmt: skip


def _postings(due: Due, fees: int, posting: UUID, moves: list[tuple[UUID, Move]]) -> list[ledger.Transaction]:
    """A day's fees at its last second, and each transfer between the account and the bank."""
    postings: list[ledger.Transaction] = []
    if fees:
        entries = [ledger.Entry("payment_fees", fees), ledger.Entry("wechat_clearing", -fees)]
        at = rules.end_of(due.day) - timedelta(seconds=1)
        postings.append(
            ledger.Transaction("payment_fees", posting, f"微信支付手续费 {due.day}（{due.mchid}）", entries, at)
        )
    for move_id, move in moves:
        if move.kind != "other":
            entries = [ledger.Entry("bank", -move.amount_fen), ledger.Entry("wechat_clearing", move.amount_fen)]
            what = f"微信支付{move.business_type} {move.number}"
            postings.append(ledger.Transaction("bank_transfer", move_id, what, entries, move.at))
    return postings


def _balance_differences(due: Due, funds: Loaded, before: int | None, left: int | None) -> list[Found]:
    """A fund bill that does not add up or does not go on from the day before, and a rest that nothing explains."""
    found: list[Found] = []
    at = rules.end_of(due.day) - timedelta(seconds=1)

    def add(name: str, here: int, there: int) -> None:
        number = f"{due.day}/{name}"
        found.append(Found(kind="balance", subject="day", number=number, out_number=name, at=at, here_fen=here,
                           there_fen=there))  # fmt: skip

    if funds.opening_fen is not None and funds.closing_fen is not None:
        if funds.opening_fen + funds.amount_fen != funds.closing_fen:
            add("sum", funds.opening_fen + funds.amount_fen, funds.closing_fen)
        if before is not None and before != funds.opening_fen:
            add("opening", before, funds.opening_fen)
    if left:
        add("unexplained", left, 0)
    return found


def _queued(due: Due, found: Found) -> tuple[Found, rules.Action, rules.State]:
    kind: rules.Kind = found.kind  # pyright: ignore[reportAssignmentType]
    subject: rules.Subject = found.subject  # pyright: ignore[reportAssignmentType]
    late = kind == "missing_there" and found.at >= rules.end_of(due.day) - rules.TOLERANCE
    action: rules.Action = "wait" if late else rules.suggest(kind, subject, known=found.record_id is not None)
    return found, action, "waiting" if late else "open"
