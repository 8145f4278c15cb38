"""What people do in the evening, when the faults are lifted, so that nothing waits for a person any more."""

import contextlib

import httpx

from bench.chaos.promises import Drawer
from bench.chaos.rows import rows
from bench.chaos.stage import MERCHANTS, Stage
from bench.chaos.tills import TILL

_WAIT = """select m.code, count(r.refund_id) as refunds from payment_refunds r join merchants m using (merchant_id)
    where r.by_hand and r.state = 'applied' group by 1"""
_FAILED_DAYS = """select m.code, d.mchid, d.day::text as day
    from reconciliation_days d join merchants m using (merchant_id) where d.state = 'failed'"""
_FAILED_SHARES = "select merchant_id::text, order_id::text from sharings where state = 'failed'"


def work(stage: Stage) -> None:
    """Gives out refunds of cash and by card, and takes up again what failed: days of bills, sharings."""
    with contextlib.suppress(httpx.HTTPError, OSError):
        for row in rows(stage, _WAIT):
            _give_out(stage, row["code"])
        for row in rows(stage, _FAILED_DAYS):
            if row["code"] in MERCHANTS:
                stage.mall.staff(row["code"]).post(
                    "/api/merchant/reconciliation/days", json={"day": row["day"], "mchid": row["mchid"]}
                )
        if failed := rows(stage, _FAILED_SHARES):
            operator = stage.mall.staff("operator")
            for row in failed:
                base = f"/api/platform/settlement/merchants/{row['merchant_id']}/sharings/{row['order_id']}"
                if operator.post(f"{base}/retry", json={}).status_code == 409:
                    operator.post(f"{base}/give-up", json={})


def _give_out(stage: Stage, code: str) -> None:
    """All that waits for a hand at this merchant's, from a drawer that is opened, filled and left open."""
    owner = stage.mall.staff(code)
    current = owner.get(f"{TILL}/shifts/current").json()
    if not current:
        wish = {"store_id": stage.stores[code][0], "till": "8", "float_fen": 0}
        current = owner.post(f"{TILL}/shifts", json=wish, headers={"Idempotency-Key": f"{stage.seed}-{code}-8"}).json()
    shift = current["shift"]["shift_id"]
    drawer = stage.promises.drawers.setdefault(shift, Drawer())
    for one in owner.get(f"{TILL}/hand-refunds?limit=100").json()["items"]:
        change = {"kind": "pay_in", "amount_fen": one["amount_fen"], "reason": "退款备用"}
        paid_in = owner.post(
            f"{TILL}/shifts/{shift}/movements", json=change, headers={"Idempotency-Key": f"in-{one['refund_id']}"}
        )
        paid_in.raise_for_status()
        drawer.moved["pay_in", one["amount_fen"]] += 1
        given = owner.post(
            f"{TILL}/shifts/{shift}/hand-refunds/{one['refund_id']}",
            json={"card_slip": "EVENING"},
            headers={"Idempotency-Key": f"out-{one['refund_id']}"},
        )
        given.raise_for_status()
        if cash := given.json()["cash_fen"]:
            drawer.moved["refund", -cash] += 1
