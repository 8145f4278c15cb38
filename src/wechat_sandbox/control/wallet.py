"""A shopper's wallet: balance and bills."""

from typing import Any

from litestar import get

from wechat_sandbox.bills import statement
from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.control.shoppers import find
from wechat_sandbox.world import World


@get("/shoppers/{shopper_id:str}/bills", tags=["shoppers"])
async def list_bills(world: World, shopper_id: str, limit: int = 100) -> dict[str, Any]:
    """Balance and bills: payments, refunds, transfers and red packets, newest first."""
    balance_fen, found = statement(world, find(world, shopper_id))
    return {
        "balance_fen": balance_fen,
        "spent_fen": -sum(bill.amount_fen for bill in found if bill.kind == "payment"),
        "refunded_fen": sum(bill.amount_fen for bill in found if bill.kind == "refund"),
        "received_fen": sum(bill.amount_fen for bill in found if bill.kind in ("transfer", "red_packet_in")),
        "items": [
            {**{name: getattr(bill, name) for name in bill.__struct_fields__}, "at": rfc3339_utc(bill.at)}
            for bill in found[: max(1, min(limit, 500))]
        ],
    }


HANDLERS = [list_bills]
