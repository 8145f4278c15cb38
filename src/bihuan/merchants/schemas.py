"""Wire types of merchants."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.ids import StoreId
from bihuan.merchants.db import Merchant, Store
from bihuan.merchants.rules import full_address

Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$(?!\n)", description="Letters, digits, - and _.")]
Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"\S")]
Region = Annotated[str, Meta(max_length=50)]
Line = Annotated[str, Meta(max_length=200)]


class MerchantCard(msgspec.Struct, frozen=True):
    """A merchant as shoppers see it in a list."""

    code: str
    name: str
    intro: str
    logo_url: str | None

    @classmethod
    def of(cls, merchant: Merchant) -> "MerchantCard":
        """From the row."""
        return cls(merchant.code, merchant.name, merchant.intro, merchant.logo_url)


class StoreCard(msgspec.Struct, frozen=True):
    """A store as shoppers see it; `address` is the whole line."""

    store_id: StoreId
    code: str
    name: str
    address: str
    phone: str
    hours: str
    pickup: bool

    @classmethod
    def of(cls, store: Store) -> "StoreCard":
        """From the row."""
        address = full_address(store.province, store.city, store.district, store.address)
        return cls(store.store_id, store.code, store.name, address, store.phone, store.hours, store.pickup)


class StoreIn(msgspec.Struct, frozen=True):
    """A store to write."""

    code: Code
    name: Name
    province: Region = ""
    city: Region = ""
    district: Region = ""
    address: Line = ""
    phone: Annotated[str, Meta(max_length=40)] = ""
    hours: Annotated[str, Meta(max_length=100)] = ""
    pickup: bool = True
    state: Literal["open", "closed"] = "open"

    def as_store(self, store_id: UUID) -> Store:
        """The store under an id."""
        return Store(store_id=StoreId(store_id), **msgspec.structs.asdict(self))


class CounterChange(msgspec.Struct, frozen=True):
    """What may change of a counter; its code stays, since codes are printed."""

    name: Name
    state: Literal["open", "retired"] = "open"


class CounterIn(msgspec.Struct, frozen=True):
    """A counter to add."""

    code: Code
    name: Name
