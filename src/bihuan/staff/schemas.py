"""Wire types of staff and of the console's first rooms."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.ids import MerchantId, StaffId, StoreId
from bihuan.merchants import Merchant, Name
from bihuan.staff.callers import StaffSession
from bihuan.staff.db import Staff
from bihuan.staff.rules import Role

Password = Annotated[str, Meta(max_length=1024)]
Login = Annotated[str, Meta(max_length=200)]


class SignIn(msgspec.Struct, frozen=True):
    """Who wants in."""

    login: Login
    password: Password


class PasswordChange(msgspec.Struct, frozen=True):
    """One's own password."""

    old_password: Password
    new_password: Password


class StaffBrief(msgspec.Struct, frozen=True):
    """The person of a session."""

    staff_id: StaffId
    name: str
    role: Role
    store_id: StoreId | None


class MerchantBrief(msgspec.Struct, frozen=True):
    """The merchant of a session."""

    merchant_id: MerchantId
    code: str
    name: str
    is_platform: bool
    state: str


class SessionOut(msgspec.Struct, frozen=True):
    """Who is signed in, where, and what she may do ("*" is everything)."""

    staff: StaffBrief
    merchant: MerchantBrief
    permissions: list[str]

    @classmethod
    def of(cls, session: StaffSession, merchant: Merchant) -> "SessionOut":
        """From the session."""
        return cls(
            StaffBrief(session.staff_id, session.name, session.role, session.store_id),
            MerchantBrief(merchant.merchant_id, merchant.code, merchant.name, merchant.is_platform, merchant.state),
            sorted(session.permissions),
        )


class SignedInOut(msgspec.Struct, frozen=True):
    """A new session. `token` serves as a bearer token; browsers get the cookie."""

    token: str
    expires_at: datetime
    staff: StaffBrief
    merchant: MerchantBrief
    permissions: list[str]


class StaffIn(msgspec.Struct, frozen=True):
    """A person to add or change. `password`: required for a new person, a new one for a known person."""

    name: Name
    role: Role
    login: Login | None = None
    store_id: UUID | None = None
    password: Password | None = None
    active: bool = True


class StaffOut(msgspec.Struct, frozen=True):
    """A person of the merchant."""

    staff_id: StaffId
    login: str
    name: str
    role: Role
    store_id: StoreId | None
    active: bool

    @classmethod
    def of(cls, staff: Staff, login: str) -> "StaffOut":
        """From the row and the user's login."""
        return cls(staff.staff_id, login, staff.name, staff.role, staff.store_id, staff.state == "active")


class OwnerIn(msgspec.Struct, frozen=True):
    """The first person of a new merchant."""

    login: Login
    name: Name
    password: Password


Fen = Annotated[int, Meta(ge=0, le=10_000_000_00)]
Colour = Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}$(?!\n)")]
Url = Annotated[str, Meta(max_length=500, pattern="^(/|https?://)")]


class MerchantIn(msgspec.Struct, frozen=True):
    """A merchant to add."""

    code: Annotated[str, Meta(max_length=32)]
    name: Name
    owner: OwnerIn
    intro: Annotated[str, Meta(max_length=500)] = ""
    logo_url: Url | None = None
    theme_color: Colour = "#07c160"
    freight_fen: Fen = 0
    freight_free_from_fen: Fen | None = None


class MerchantChange(msgspec.Struct, frozen=True):
    """What an operator changes of a merchant; what is left out stays."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    intro: Annotated[str, Meta(max_length=500)] | msgspec.UnsetType = msgspec.UNSET
    state: Literal["active", "suspended"] | msgspec.UnsetType = msgspec.UNSET
    logo_url: Url | msgspec.UnsetType | None = msgspec.UNSET
    theme_color: Colour | msgspec.UnsetType = msgspec.UNSET
    freight_fen: Fen | msgspec.UnsetType = msgspec.UNSET
    freight_free_from_fen: Fen | msgspec.UnsetType | None = msgspec.UNSET
    order_ttl_seconds: Annotated[int, Meta(ge=60, le=604800)] | msgspec.UnsetType = msgspec.UNSET
