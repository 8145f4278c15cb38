"""What people were told, against what is there."""

from collections import Counter
from collections.abc import Mapping

from bench.chaos.promises import Promises
from bench.chaos.rows import Differences, Rows, rows
from bench.chaos.stage import Stage

_ORDERS = """select o.idempotency_key as key, o.order_id::text, o.order_no, o.state, o.payment_status, o.total_fen,
      o.paid_fen, m.code
    from orders o join merchants m using (merchant_id) where o.idempotency_key like any($1)"""


def _patterns(stage: Stage) -> list[str]:
    return [f"{stage.seed}-%", f"till-{stage.seed}-%"]


def compare(stage: Stage) -> Differences:
    """Every promise that is not kept, by kind."""
    found = _orders(stage) | _promises(stage) | _told_by_staff(stage, stage.promises) | _tills(stage, stage.promises)
    return found | _stored_value(stage, stage.promises) | _settlement(stage, stage.promises)


def _orders(stage: Stage) -> Differences:
    """Orders stand once under their key, and money that came stands at a paid order or went back."""
    doubled = rows(
        stage,
        """select merchant_id, idempotency_key as key from orders where idempotency_key like any($1)
           group by merchant_id, shopper_id, idempotency_key having count(*) > 1""",
        _patterns(stage),
    )
    unpaid = rows(
        stage,
        """select a.out_trade_no as number from payment_attempts a
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           join orders o on o.merchant_id = a.merchant_id and o.order_id = p.reference_id
           where a.verdict = 'accepted' and (o.payment_status = 'unpaid' or o.state in ('unpaid', 'cancelled')
             and o.refund_status = 'none')""",
    )
    return {
        "orders placed twice": [row["key"] for row in doubled],
        "money that was kept for an order that is not paid": [row["number"] for row in unpaid],
    }


def _promises(stage: Stage) -> Differences:
    promises = stage.promises
    stored = rows(stage, _ORDERS, _patterns(stage))
    by_key = {row["key"]: row for row in stored}
    by_id = {row["order_id"]: row for row in stored}
    found: Differences = {"promised orders": [], "orders that nobody sent": sorted(by_key.keys() - promises.sent)}
    for key, told in promises.placed.items():
        row = by_key.get(key)
        if row is None or (row["order_id"], row["total_fen"], row["code"]) != (
            told.order_id,
            told.total_fen,
            told.merchant,
        ):
            found["promised orders"].append(f"{key} was told {told}, there is {row}")
    found["refused orders that are there"] = sorted(promises.refused.keys() & by_key.keys())
    found["orders shown as paid that are not"] = [
        order_id for order_id in sorted(promises.shown_paid) if by_id[order_id]["payment_status"] == "unpaid"
    ]
    found["orders said to be cancelled that are unpaid"] = [
        order_id for order_id in sorted(promises.cancelled & by_id.keys()) if by_id[order_id]["state"] == "unpaid"
    ]
    found["orders said to be completed that are not"] = [
        order_id
        for order_id in sorted(promises.received & by_id.keys())
        if by_id[order_id]["state"] not in ("completed", "cancelled")
    ]
    cases = {row["id"]: row["state"] for row in rows(stage, "select case_id::text as id, state from aftersale_cases")}
    found["cases said to have ended that have not"] = [
        f"{case_id} was {state}, is {cases.get(case_id)}"
        for case_id, state in promises.ended_cases.items()
        if cases.get(case_id) != state
    ]
    taken = {
        row["transaction_id"]
        for row in rows(stage, "select transaction_id from payment_attempts where paid_at is not null")
    }
    found["money that a phone showed as paid"] = sorted(promises.taken.keys() - taken)
    return found


def _told_by_staff(stage: Stage, promises: Promises) -> Differences:
    parcels: dict[str, list[str]] = {}
    for row in rows(stage, "select tracking_no, order_id::text from shipments"):
        parcels.setdefault(row["tracking_no"], []).append(row["order_id"])
    adjusted: dict[str, list[int]] = {}
    for row in rows(stage, "select reason, delta from stock_adjustments where reason like '盘点 %'"):
        adjusted.setdefault(row["reason"], []).append(row["delta"])
    return {
        "parcels": [f"{n} of {o}: {parcels.get(n)}" for n, o in promises.shipped.items() if parcels.get(n) != [o]],
        "stock adjustments": [
            f"{reason} {delta}: {adjusted.get(reason)}"
            for reason, delta in promises.stocked.items()
            if adjusted.get(reason) != [delta]
        ],
        "stock adjustments made twice": [reason for reason, deltas in adjusted.items() if len(deltas) > 1],
    }


# -- tills ---------------------------------------------------------------------------------------------------

_MOVES = """select v.shift_id::text, v.kind, v.amount_fen, t.sale_id::text from till_movements v
    left join till_takings t on t.merchant_id = v.merchant_id and t.taking_id = v.source_id"""
_SHIFTS = "select shift_id::text, state, counted_fen, banked_fen from till_shifts"
_SALES = "select sale_id::text, state, total_fen from till_sales"
_TILL_REFUNDS = """select s.sale_id::text, sum(r.amount_fen)::bigint as fen
    from till_refunds r join till_sales s on s.merchant_id = r.merchant_id and s.order_id = r.order_id
    where r.lines <> '[]' group by 1"""


def _tills(stage: Stage, promises: Promises) -> Differences:
    """Sales, drawers and what was given back are as the cashiers know them, movement by movement."""
    there = {row["sale_id"]: (row["state"], row["total_fen"]) for row in rows(stage, _SALES)}
    found: Differences = {
        "sales at tills": [
            f"{n} was {told}, is {there.get(n)}" for n, told in promises.sales.items() if there.get(n) != told
        ]
    }
    undecided = promises.open_sales - promises.sales.keys()
    moved: dict[str, Counter[tuple[str, int]]] = {shift: Counter() for shift in promises.drawers}
    for row in rows(stage, _MOVES):
        if row["shift_id"] in moved and row["sale_id"] not in undecided:
            moved[row["shift_id"]][row["kind"], row["amount_fen"]] += 1
    found["drawers"] = [
        f"{shift}: only told {dict(drawer.moved - moved[shift])}, only there {dict(moved[shift] - drawer.moved)}"
        for shift, drawer in promises.drawers.items()
        if moved[shift] != drawer.moved
    ]
    shifts = {row["shift_id"]: row for row in rows(stage, _SHIFTS)}
    for shift, drawer in promises.drawers.items():
        row = shifts.get(shift)
        told = ("open" if drawer.counted_fen is None else "closed", drawer.counted_fen, drawer.banked_fen)
        if row is None or (row["state"], row["counted_fen"], row["banked_fen"]) != told:
            found["drawers"].append(f"{shift}: told {told}, there {row}")
    found["pieces taken back at tills"] = _unequal(promises.given_back, rows(stage, _TILL_REFUNDS), "sale_id")
    return found


def _unequal(told: Mapping[str, int], there: Rows, key: str) -> list[str]:
    """Amounts that differ, of either side."""
    here: dict[str, int] = {row[key]: row["fen"] for row in there}
    different = [name for name in told.keys() | here.keys() if told.get(name) != here.get(name)]
    return [f"{name}: told {told.get(name)}, there {here.get(name)}" for name in different]


def _other(told: Mapping[str, object], there: Mapping[str, object]) -> list[str]:
    """What was told and is not there, or is something else."""
    return [f"{name}: told {what}, there {there.get(name)}" for name, what in told.items() if there.get(name) != what]


# -- stored value and settlement -----------------------------------------------------------------------------


def _stored_value(stage: Stage, promises: Promises) -> Differences:
    """Top-ups with their gifts, and what of them was taken back; what is paid lies in a wallet once."""
    sql = "select topup_id::text as id, state, amount_fen, gift_fen from wallet_topups where state <> 'unpaid'"
    there = {row["id"]: (row["amount_fen"], row["gift_fen"]) for row in rows(stage, sql)}
    back = "select topup_id::text as id, returned_fen as fen from wallet_topups where returned_fen > 0"
    entries = """select source_id::text as id from wallet_entries where source = 'topup'
        group by merchant_id, source_id having count(*) > 1"""
    return {
        "top-ups": [
            f"{n}: told {told}, there {there.get(n)}" for n, told in promises.topped_up.items() if there.get(n) != told
        ],
        "top-ups taken back": _unequal(promises.topups_returned, rows(stage, back), "id"),
        "top-ups put into a wallet twice": [row["id"] for row in rows(stage, entries)],
    }


def _settlement(stage: Stage, promises: Promises) -> Differences:
    """Payouts and adjustments stand once, with their posting; a closed statement never changes."""
    payouts = """select p.reference as id, p.amount_fen as fen from payouts p join ledger_transactions t
        on t.merchant_id = p.merchant_id and t.source = 'payout' and t.source_id = p.payout_id"""
    adjusted = """select a.reason as id, sum(a.amount_fen)::bigint as fen
        from settlement_adjustments a join ledger_transactions t on t.merchant_id = a.merchant_id
        and t.source = 'settlement_adjustment' and t.source_id = a.adjustment_id group by 1"""
    statements = (
        "select statement_id::text as id, closing_fen, due_fen, line_count from statements where state <> 'open'"
    )
    closed = {row["id"]: (row["closing_fen"], row["due_fen"], row["line_count"]) for row in rows(stage, statements)}
    told = {reference: amount for reference, (_, amount) in promises.payouts.items()}
    return {
        "payouts": _unequal(told, rows(stage, payouts), "id"),
        "adjustments of statements": _unequal(promises.adjusted, rows(stage, adjusted), "id"),
        "closed statements that changed": _other(promises.closed, closed),
    }
