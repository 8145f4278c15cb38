"""Routes of channels: WeChat's callback, shoppers' sign-in, the console's rooms."""

from typing import Any

from bihuan.channels.routes import (
    callback,
    console,
    desktop,
    guides,
    label_rooms,
    notices,
    open_platform,
    outbox,
    shipping_rooms,
    shop,
)

ROUTES: tuple[Any, ...] = (
    *callback.ROUTES,
    *shop.ROUTES,
    *desktop.ROUTES,
    *console.ROUTES,
    *label_rooms.ROUTES,
    *outbox.ROUTES,
    *open_platform.ROUTES,
    *shipping_rooms.ROUTES,
    *notices.ROUTES,
    *guides.ROUTES,
)
