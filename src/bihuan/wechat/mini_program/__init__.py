"""A mini program: login, codes, subscribe messages, shipping information, content safety, its events."""

from .client import MiniProgram, MiniSession, PhoneNumber
from .events import (
    ConsentAnswered,
    ConsentWithdrawn,
    MediaChecked,
    MessageSent,
    MiniEvent,
    ShippingWanted,
    TradeSettlement,
    read_event,
)
from .safety import ContentSafety, Scene, TextChecked, Verdict
from .shipping import (
    MAX_ITEM_DESC,
    MAX_PARCELS,
    Contact,
    DeliveryCompany,
    Logistics,
    OrderKey,
    Parcel,
    Shipment,
    Shipping,
    TradeOrder,
    TradeOrderPage,
)

__all__ = [
    "MAX_ITEM_DESC",
    "MAX_PARCELS",
    "ConsentAnswered",
    "ConsentWithdrawn",
    "Contact",
    "ContentSafety",
    "DeliveryCompany",
    "Logistics",
    "MediaChecked",
    "MessageSent",
    "MiniEvent",
    "MiniProgram",
    "MiniSession",
    "OrderKey",
    "Parcel",
    "PhoneNumber",
    "Scene",
    "Shipment",
    "Shipping",
    "ShippingWanted",
    "TextChecked",
    "TradeOrder",
    "TradeOrderPage",
    "TradeSettlement",
    "Verdict",
    "read_event",
]
