"""Wire types of identity."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.identity.db import Address
from bihuan.kernel.ids import AddressId, ShopperId

Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Region = Annotated[str, Meta(max_length=50)]


class ShopperOut(msgspec.Struct, frozen=True):
    """A shopper as she sees herself."""

    shopper_id: ShopperId
    nickname: str | None
    avatar_url: str | None


class ShopperSessionOut(msgspec.Struct, frozen=True):
    """Who is signed in."""

    shopper: ShopperOut


class AddressIn(msgspec.Struct, frozen=True):
    """An address to write. `province`, `city`, `district` are names as people write them."""

    name: Annotated[str, Meta(min_length=1, max_length=50, pattern=r"\S")]
    phone: Annotated[str, Meta(pattern=r"^\+?[0-9][0-9 -]{4,22}[0-9]$(?!\n)", description="Digits, spaces and dashes.")]
    province: Annotated[str, Meta(min_length=1, max_length=50, pattern=r"\S")]
    city: Region
    district: Region
    street: Text
    is_default: bool = False

    def as_address(self, address_id: UUID) -> Address:
        """The address under an id."""
        return Address(
            AddressId(address_id),
            self.name.strip(),
            self.phone.strip(),
            self.province.strip(),
            self.city.strip(),
            self.district.strip(),
            self.street.strip(),
            self.is_default,
        )
