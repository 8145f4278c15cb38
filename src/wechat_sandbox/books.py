"""Each merchant's money, from the orders and refunds themselves."""

from typing import Any

from wechat_sandbox.world import World


def fee(total: int, rate_bp: int) -> int:
    """WeChat's fee of an amount in fen, rounded half up."""
    return (total * rate_bp + 5000) // 10000


def balance_sheet(world: World) -> list[dict[str, Any]]:
    """Per merchant: paid, refunded, fees (given back with refunds), what is left."""
    rate = world.settings.fee_rate_bp
    rows: dict[str, dict[str, Any]] = {
        row.mchid: {
            "mchid": row.mchid,
            "name": row.name,
            "payments": 0,
            "paid_fen": 0,
            "refunds": 0,
            "refunded_fen": 0,
            "fee_fen": 0,
        }
        for row in world.merchants.values()
    }
    for order in world.orders.values():
        if order.transaction_id and order.mchid in rows:
            row = rows[order.mchid]
            row["payments"] += 1
            row["paid_fen"] += order.total
            row["fee_fen"] += fee(order.total, rate) - (fee(order.refunded, rate) if order.refunded else 0)
            row["refunds"] += order.refund_count
            row["refunded_fen"] += order.refunded
    for row in rows.values():
        row["balance_fen"] = row["paid_fen"] - row["refunded_fen"] - row["fee_fen"]
    return list(rows.values())
