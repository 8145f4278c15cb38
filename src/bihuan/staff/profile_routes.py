"""The merchant's own shop window and freight: `/api/merchant/profile`."""

from typing import Annotated, Any

import msgspec
from litestar import get, put
from litestar.params import JSONBody
from msgspec import Meta

from bihuan import merchants
from bihuan.kernel.http import access
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant, Name
from bihuan.staff.callers import StaffSession
from bihuan.staff.errors import FreightNeverFree
from bihuan.staff.schemas import Colour, Fen, Url


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How shoppers see the merchant, and what a parcel costs them.

    A parcel costs `freight_fen`, and nothing from `freight_free_from_fen` of goods on (null: always the same).
    """

    code: str
    name: str
    intro: str
    logo_url: str | None
    theme_color: str
    freight_fen: int
    freight_free_from_fen: int | None

    @classmethod
    def of(cls, merchant: Merchant) -> "Profile":
        """From the row."""
        return cls(**{name: getattr(merchant, name) for name in cls.__struct_fields__})


class ProfileIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a merchant may write of itself; its code stays, since addresses and printed codes hold it."""

    name: Name
    intro: Annotated[str, Meta(max_length=500)] = ""
    logo_url: Url | None = None
    theme_color: Colour
    freight_fen: Fen
    freight_free_from_fen: Fen | None = None


@get("/api/merchant/profile", opt=access("staff"))
async def show_profile(rt: Runtime, staff: StaffSession) -> Profile:
    """The merchant as shoppers see it, and its freight."""
    async with rt.db.session() as tx:
        return Profile.of(await merchants.get(tx, staff.merchant_id))


@put("/api/merchant/profile", opt=access("staff:merchant.write"))
async def save_profile(rt: Runtime, staff: StaffSession, data: JSONBody[ProfileIn]) -> Profile:
    """Writes the profile and the freight. Within half a minute all processes serve it; placed orders keep theirs.

    422 `freight_never_free` for a limit with nothing to be freed from.
    """
    if data.freight_fen == 0 and data.freight_free_from_fen is not None:
        raise FreightNeverFree
    async with rt.db.transaction() as tx:
        changed = await merchants.update(
            tx,
            staff.merchant_id,
            name=data.name.strip(),
            intro=data.intro.strip(),
            logo_url=data.logo_url,
            theme_color=data.theme_color,
            freight_fen=data.freight_fen,
            freight_free_from_fen=data.freight_free_from_fen,
        )
    return Profile.of(merchants.remember(changed))


ROUTES: tuple[Any, ...] = (show_profile, save_profile)
