"""Who works for a merchant, what they may do, and how they sign in; operators are staff of the platform.

Invariants: a user works in one place; nobody gives a role that she may not manage; a merchant keeps an owner
who can sign in; a session sees and touches its own merchant only, since `StaffSession.merchant_id` leads
every query.
"""

from bihuan.staff.approvals import Approval, authority
from bihuan.staff.callers import (
    STAFF_COOKIE,
    StaffSession,
    authenticate_operator,
    authenticate_staff,
    provide_staff,
    staff_cookie,
)
from bihuan.staff.checks import CHECKS
from bihuan.staff.db import Staff, find_staff, list_names, list_staff
from bihuan.staff.rules import PERMISSIONS, Role, permissions_of
from bihuan.staff.service import create, create_owner

__all__ = [
    "CHECKS",
    "PERMISSIONS",
    "STAFF_COOKIE",
    "Approval",
    "Role",
    "Staff",
    "StaffSession",
    "authenticate_operator",
    "authenticate_staff",
    "authority",
    "create",
    "create_owner",
    "find_staff",
    "list_names",
    "list_staff",
    "permissions_of",
    "provide_staff",
    "staff_cookie",
]
