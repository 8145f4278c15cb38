"""At a till: the payment code on the phone, what the shopper's money allows, sheets that wait."""

from litestar import get, put
from msgspec import UNSET, Struct, UnsetType

from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.control import schemas
from wechat_sandbox.control.errors import ControlError
from wechat_sandbox.control.shoppers import find
from wechat_sandbox.control.views import sheet_view
from wechat_sandbox.models import Shopper
from wechat_sandbox.pay import codepay
from wechat_sandbox.world import World


class PaymentCodeView(Struct):
    """A payment code: 18 digits, for one payment before `expires_at`."""

    code: str
    expires_at: str


class PaymentSettings(Struct, forbid_unknown_fields=True):
    """What a shopper's money allows; what is left out stays."""

    password_above_fen: int | UnsetType = UNSET
    """A payment code pays up to this without the password; 0 asks always."""
    pays_up_to_fen: int | UnsetType | None = UNSET
    """Payments above it fail for want of money; null: none does."""
    real_name: str | UnsetType = UNSET
    """The name that the bank knows, against which transfers with a name are checked."""


class PaymentSettingsView(Struct):
    """What a shopper's money allows."""

    password_above_fen: int
    pays_up_to_fen: int | None
    real_name: str


class SheetList(Struct):
    """Payment sheets."""

    items: list[schemas.SheetView]


@get("/shoppers/{shopper_id:str}/payment-code", tags=["payments"])
async def payment_code(world: World, shopper_id: str) -> PaymentCodeView:
    """The code that the phone shows a till now: the same for a minute, a new one after it was used."""
    code = codepay.show_code(world, find(world, shopper_id))
    return PaymentCodeView(code.code, rfc3339_utc(code.expires_at))


def _settings(shopper: Shopper) -> PaymentSettingsView:
    name = shopper.real_name or shopper.nickname
    return PaymentSettingsView(shopper.password_above_fen, shopper.pays_up_to_fen, name)


@get("/shoppers/{shopper_id:str}/payment-settings", tags=["payments"])
async def payment_settings(world: World, shopper_id: str) -> PaymentSettingsView:
    """What a shopper's money allows."""
    return _settings(find(world, shopper_id))


@put("/shoppers/{shopper_id:str}/payment-settings", tags=["payments"])
async def change_payment_settings(world: World, shopper_id: str, data: PaymentSettings) -> PaymentSettingsView:
    """Make a shopper enter the password, or run out of money."""
    shopper = find(world, shopper_id)
    for limit in (data.password_above_fen, data.pays_up_to_fen):
        if isinstance(limit, int) and not 0 <= limit <= 10**12:
            raise ControlError(400, "refused", "amounts are fen from 0 to 10^12")
    if data.password_above_fen is not UNSET:
        shopper.password_above_fen = data.password_above_fen
    if data.pays_up_to_fen is not UNSET:
        shopper.pays_up_to_fen = data.pays_up_to_fen
    if data.real_name is not UNSET:
        shopper.real_name = data.real_name[:60]
    world.shoppers.put(shopper.shopper_id, shopper)
    return _settings(shopper)


@get("/shoppers/{shopper_id:str}/sheets", tags=["payments"])
async def list_sheets(world: World, shopper_id: str) -> SheetList:
    """The shopper's latest fifty open sheets: a till's request for the password waits here."""
    find(world, shopper_id)
    rows = [row for row in world.sheets.values() if row.shopper_id == shopper_id and row.state == "open"]
    return SheetList([sheet_view(world, row) for row in rows[-50:]])


HANDLERS = [payment_code, payment_settings, change_payment_settings, list_sheets]
