"""The ledger against the sandbox's own books, to the fen."""

from collections.abc import Iterator
from typing import Any

import httpx

from bench.chaos.rows import Differences, Rows, rows
from bench.chaos.stage import Stage


def _movements(http: httpx.Client, mchid: str) -> Iterator[dict[str, Any]]:
    after: int | None = 0
    while after is not None:
        page = http.get(f"/_sandbox/books/{mchid}/entries", params={"after": after, "limit": 1000}).json()
        yield from page["items"]
        after = page["next"]


_RECEIPTS = """select a.mchid, a.transaction_id as number, a.paid_fen as fen, a.verdict, e.amount_fen as posted_fen
    from payment_attempts a
    left join ledger_transactions t
      on t.merchant_id = a.merchant_id and t.source = 'receipt' and t.source_id = a.attempt_id
    left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
      and e.account = 'wechat_clearing'
    where a.state = 'paid' and a.tender = 'wechat' and a.mchid <> ''"""
_REFUNDS = """select a.mchid, replace(r.refund_id::text, '-', '') as number, r.amount_fen as fen,
      -e.amount_fen as posted_fen
    from payment_refunds r
    join payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
    left join ledger_transactions t
      on t.merchant_id = r.merchant_id and t.source = 'refund' and t.source_id = r.refund_id
    left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
      and e.account = 'wechat_clearing'
    where r.state = 'success' and a.tender = 'wechat' and a.mchid <> ''"""
_EXTERNAL = ("payment_fees", "bank_transfer", "reconciliation")
"""Postings about fees, the merchant's bank, and differences that a person resolved."""
_CLEARING = """select t.merchant_id::text, m.code, sum(e.amount_fen)::bigint as fen
    from ledger_transactions t join merchants m using (merchant_id)
    join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
    where e.account = 'wechat_clearing' and t.source <> all($1) group by 1, 2"""
_HELD = """select b.merchant_id::text, m.code, b.balance_fen as fen,
      not exists (select from payment_accounts a where a.merchant_id = b.merchant_id and a.sp_mchid <> '') as direct
    from ledger_balances b join merchants m using (merchant_id) where b.account = 'wechat_clearing'"""
"""All of the account, once every day's bills are matched. Not a partner's: its fund bill is not to be had."""
_NUMBERS = "select distinct merchant_id::text, mchid from payment_accounts where mchid <> ''"


def compare(stage: Stage) -> Differences:
    """Per transaction and per merchant: what the sandbox took and gave back is what the ledger says, to the fen."""
    received = {(r["mchid"], r["number"]): r for r in rows(stage, _RECEIPTS)}
    refunded = {(r["mchid"], r["number"]): r for r in rows(stage, _REFUNDS)}
    merchants: dict[str, str] = {r["mchid"]: r["merchant_id"] for r in rows(stage, _NUMBERS)}
    there: dict[str, int] = {}
    found: Differences = {"receipts": [], "refunds": [], "balances": []}
    found |= {"what is held at WeChat": [], "the sandbox's own books": []}
    seen: set[tuple[str, str]] = set()
    with httpx.Client(base_url=stage.mall.sandbox_url, trust_env=False, timeout=60) as http:
        sheets: Rows = http.get("/_sandbox/books").json()["merchants"]
        for sheet in sheets:
            mchid = sheet["mchid"]
            moved = list(_movements(http, mchid))
            closed = {row["number"] for row in moved if row["kind"] == "refund_closed"}
            for row in moved:
                if row["kind"] == "payment":
                    key, ours, kind = (mchid, row["number"]), received.get((mchid, row["number"])), "receipts"
                elif row["kind"] == "refund" and row["number"] not in closed:
                    key, ours, kind = (mchid, row["out_number"]), refunded.get((mchid, row["out_number"])), "refunds"
                else:
                    continue
                seen.add(key)
                if ours is None:
                    found[kind].append(f"{mchid} {key[1]} {row['amount_fen']} fen: not known here")
                elif not ours["fen"] == ours["posted_fen"] == row["amount_fen"]:
                    told = f"{row['amount_fen']} there, {ours['fen']} here, {ours['posted_fen']} posted"
                    found[kind].append(f"{mchid} {key[1]}: {told}")
            # what came from shoppers and other merchants and did not go back to them: fees and the bank apart
            whose = merchants.get(mchid) or mchid
            there[whose] = there.get(whose, 0) - sheet["accounts"]["shoppers"] - sheet["accounts"]["merchants"]
        found["receipts"] += [f"{m} {n}: not known there" for m, n in received.keys() - seen]
        found["refunds"] += [f"{m} {n}: not known there" for m, n in refunded.keys() - seen]
        here = {r["merchant_id"]: r["fen"] for r in rows(stage, _CLEARING, _EXTERNAL)}
        found["balances"] = [
            f"{merchant}: {there.get(merchant, 0)} there, {here.get(merchant, 0)} here"
            for merchant in there.keys() | here.keys()
            if there.get(merchant, 0) != here.get(merchant, 0)
        ]
        held = {row["merchant_id"]: row for row in rows(stage, _HELD)}
        for sheet in sheets:
            row = held.get(merchants.get(sheet["mchid"], ""))
            if row and row["direct"] and row["fen"] != sheet["balance_fen"]:
                found["what is held at WeChat"].append(
                    f"{row['code']}: {sheet['balance_fen']} there, {row['fen']} here, fees and transfers included"
                )
        own = http.get("/_sandbox/books/check").json()
        found["the sandbox's own books"] = own["problems"]
    return found


_BY_ALIPAY = """select m.code, a.transaction_id as number, a.paid_fen as fen, coalesce(e.amount_fen, 0) as posted_fen
    from payment_attempts a join merchants m using (merchant_id)
    left join ledger_transactions t
      on t.merchant_id = a.merchant_id and t.source = 'receipt' and t.source_id = a.attempt_id
    left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
      and e.account = 'alipay_clearing'
    where a.state = 'paid' and a.tender = 'alipay'"""
_AT_ALIPAY = """select m.code, sum(e.amount_fen)::bigint as fen
    from ledger_transactions t join merchants m using (merchant_id)
    join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
    where e.account = 'alipay_clearing' and t.source in ('receipt', 'refund') group by 1"""


def compare_alipay(stage: Stage) -> Differences:
    """The same with Alipay's sandbox: each payment, and per merchant what came less what went back."""
    found: Differences = {"receipts by Alipay": [], "balances at Alipay": []}
    if not stage.alipay_apps:
        return found
    here = {(row["code"], row["number"]): (row["fen"], row["posted_fen"]) for row in rows(stage, _BY_ALIPAY)}
    balances = {row["code"]: row["fen"] for row in rows(stage, _AT_ALIPAY)}
    there: dict[tuple[str, str], tuple[int, int]] = {}
    with httpx.Client(base_url=f"{stage.mall.sandbox_url}/alipay/_sandbox", trust_env=False, timeout=60) as http:
        for code, app_id in stage.alipay_apps.items():
            for trade in http.get("/trades", params={"app_id": app_id}).json():
                if trade["paid_at"]:
                    there[code, trade["trade_no"]] = (trade["total_fen"], trade["total_fen"])
            sums = http.get("/books", params={"app_id": app_id}).json()
            left = sums["paid_fen"] - sums["refunded_fen"]
            if left != balances.get(code, 0):
                found["balances at Alipay"].append(f"{code}: {left} there, {balances.get(code, 0)} here")
    found["receipts by Alipay"] = [
        f"{code} {number}: {there.get((code, number))} there, {here.get((code, number))} here"
        for code, number in sorted(there.keys() | here.keys())
        if there.get((code, number)) != here.get((code, number))
    ]
    return found
