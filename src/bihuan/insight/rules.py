"""What each fact counts for: pure."""

from datetime import date, datetime, timedelta, timezone
from uuid import UUID

from bihuan.facts.attribution import PageVisited
from bihuan.facts.channels import LabelScanned, ShopperFollowed
from bihuan.facts.membership import MemberJoined
from bihuan.facts.orders import OrderPaid, OrderPlaced

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one time and has not changed its clocks since 1991."""

NO_STORE = UUID(int=0)

NUMBERS = ("scans", "follows", "orders", "paid_orders", "paid_fen", "members")

Counted = ShopperFollowed | LabelScanned | PageVisited | OrderPlaced | OrderPaid | MemberJoined


def day_of(at: datetime) -> date:
    """The day in China."""
    return at.astimezone(CHINA).date()


def counts_of(fact: Counted) -> dict[str, int]:
    """By how much a fact raises which number. A follow, or a page opened, by a label is a scan of its code."""
    match fact:
        case ShopperFollowed():
            return {"follows": 1, "scans": 1 if fact.label_id else 0}
        case LabelScanned():
            return {"scans": 1}
        case PageVisited():
            return {"scans": 1 if fact.label_id else 0}
        case OrderPlaced():
            return {"orders": 1}
        case OrderPaid():
            return {"paid_orders": 1, "paid_fen": fact.paid_fen}
        case MemberJoined():
            return {"members": 1}
