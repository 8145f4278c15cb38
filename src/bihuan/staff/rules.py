"""Pure decisions of staff: what each role may do, and who may manage whom."""

from typing import Literal, get_args

Role = Literal["owner", "manager", "clerk", "finance"]
ROLES: tuple[Role, ...] = get_args(Role)

EVERYTHING = "*"

PERMISSIONS = frozenset(
    {
        "finance.write",
        "finance.close",
        "dashboard.read",
        "orders.read",
        "orders.write",
        "aftersale.read",
        "aftersale.write",
        "catalog.read",
        "catalog.write",
        "stock.read",
        "stock.write",
        "stores.read",
        "stores.write",
        "staff.read",
        "staff.write",
        "labels.read",
        "labels.write",
        "channels.read",
        "channels.write",
        "payments.read",
        "payments.write",
        "ledger.read",
        "reconciliation.write",
        "wallets.read",
        "wallets.write",
        "members.read",
        "members.write",
        "merchant.write",
        "deliveries.read",
        "deliveries.write",
        "settlement.read",
        "settlement.write",
        "till.read",
        "till.write",
        "drawers.read",
        "drawers.write",
        "discounts.write",
        "platform.read",
        "platform.write",
    }
)
"""Every permission that a route may ask for.

`till` is a cashier's: sell, and keep a drawer. `drawers` is for who answers for the cash: see what should be there,
refund at a till, close another's shift, bring the money to the bank. `discounts` is to take something off a sale by
hand. `platform` is the operators'; only staff of the platform has it.
"""

_READS = frozenset(p for p in PERMISSIONS if p.endswith(".read"))

_OF_ROLE: dict[Role, frozenset[str]] = {
    "owner": frozenset({EVERYTHING}),
    "manager": PERMISSIONS - {"payments.write"},
    "clerk": frozenset(
        {
            "orders.read",
            "orders.write",
            "aftersale.read",
            "aftersale.write",
            "catalog.read",
            "stock.read",
            "stores.read",
            "labels.read",
            "members.read",
            "till.read",
            "till.write",
        }
    ),
    "finance": frozenset(
        {
            "finance.write",
            "finance.close",
            "dashboard.read",
            "orders.read",
            "aftersale.read",
            "payments.read",
            "ledger.read",
            "settlement.read",
            "reconciliation.write",
            "stores.read",
            "members.read",
            "wallets.read",
            "till.read",
            "drawers.read",
            "drawers.write",
        }
    ),
}

_WHILE_SUSPENDED = _READS | {"orders.write", "aftersale.write"}
"""A suspended merchant changes nothing, but sends out what it has sold, and settles what goes back."""

_MANAGES: dict[Role, frozenset[Role]] = {
    "owner": frozenset(ROLES),
    "manager": frozenset({"clerk", "finance"}),
    "clerk": frozenset(),
    "finance": frozenset(),
}


def permissions_of(role: Role, *, is_platform: bool, suspended: bool = False) -> frozenset[str]:
    """What a role may do at a merchant."""
    allowed = _OF_ROLE[role]
    if suspended:
        allowed = _WHILE_SUSPENDED if EVERYTHING in allowed else allowed & _WHILE_SUSPENDED
    if is_platform:
        return allowed
    return frozenset(p for p in allowed if not p.startswith("platform."))


def may_manage(actor: Role, role: Role) -> bool:
    """Whether `actor` may add, change, disable or give a new password to somebody of `role`."""
    return role in _MANAGES[actor]
