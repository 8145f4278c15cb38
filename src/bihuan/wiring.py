"""THE table: which routes there are, which handler reacts to which fact, which jobs run periodically.

Everything that happens without being called stands here.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from litestar.types import ControllerRouterHandler

from bihuan.kernel import idempotency
from bihuan.kernel.events import Handler
from bihuan.kernel.http import Authenticator
from bihuan.kernel.jobs import Periodic
from bihuan.kernel.runtime import Runtime

ROUTES: Sequence[ControllerRouterHandler] = ()

DEPENDENCIES: dict[str, Any] = {}
"""What a route may ask for by name beside `rt`: the merchant of the path, who signed in."""

AUTHENTICATORS: dict[str, Authenticator] = {}
"""How each kind of caller that a route states (`access("shopper")`) is found out."""

HANDLERS: Sequence[Handler] = ()

PERIODIC: Sequence[Periodic] = (
    Periodic(name="kernel.forget_idempotency_keys", every_seconds=3600, run=idempotency.forget_old),
)

BACKGROUND: Sequence[Callable[[Runtime], Coroutine[Any, Any, None]]] = ()
"""What runs inside each web process for as long as it lives (the placement flusher)."""
