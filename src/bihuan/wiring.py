"""THE table: which routes there are, which handler reacts to which fact, which jobs run periodically.

Everything that happens without being called stands here.
"""

import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from litestar.types import ControllerRouterHandler, Receive, Scope, Send

import bihuan.aftersale.complaints.handlers
import bihuan.aftersale.complaints.routes
import bihuan.aftersale.handlers
import bihuan.aftersale.routes_merchant
import bihuan.aftersale.routes_platform
import bihuan.aftersale.routes_shop
import bihuan.attribution.handlers
import bihuan.attribution.routes
import bihuan.backoffice.deliveries
import bihuan.backoffice.notices
import bihuan.backoffice.routes
import bihuan.backoffice.shipping_news
import bihuan.catalog.routes
import bihuan.channels.handlers
import bihuan.channels.routes
import bihuan.finance.routes
import bihuan.identity.handlers
import bihuan.identity.routes
import bihuan.insight.handlers
import bihuan.insight.routes
import bihuan.ledger.routes
import bihuan.membership.handlers
import bihuan.membership.routes
import bihuan.merchants.routes
import bihuan.orders.handlers
import bihuan.orders.routes_merchant
import bihuan.orders.routes_shop
import bihuan.payments.alipay.routes
import bihuan.payments.handlers
import bihuan.payments.remedies
import bihuan.payments.replays
import bihuan.payments.routes
import bihuan.reconciliation.alipay.handlers
import bihuan.reconciliation.alipay.routes
import bihuan.reconciliation.handlers
import bihuan.reconciliation.routes
import bihuan.reconciliation.routes_platform
import bihuan.settlement.account_routes
import bihuan.settlement.handlers
import bihuan.settlement.payout_routes
import bihuan.settlement.platform_routes
import bihuan.settlement.routes
import bihuan.staff.routes
import bihuan.storefront.handlers
import bihuan.storefront.routes
import bihuan.till.handlers
import bihuan.till.routes
import bihuan.topups.handlers
import bihuan.topups.routes
import bihuan.wallet.handlers
import bihuan.wallet.routes
from bihuan import (
    aftersale,
    attribution,
    catalog,
    channels,
    finance,
    identity,
    insight,
    inventory,
    ledger,
    membership,
    merchants,
    orders,
    payments,
    reconciliation,
    settlement,
    staff,
    till,
    topups,
    wallet,
)
from bihuan.channels import push_callbacks, push_inbox
from bihuan.kernel import events, idempotency, lean
from bihuan.kernel.events import Handler
from bihuan.kernel.http import Authenticator
from bihuan.kernel.jobs import Periodic
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.verification import Check
from bihuan.orders import cart, placing
from bihuan.payments import beginning, callbacks
from bihuan.payments.refunds import BeforeRefund

ROUTES: Sequence[ControllerRouterHandler] = (
    *bihuan.identity.routes.ROUTES,
    *bihuan.merchants.routes.ROUTES,
    *bihuan.staff.routes.ROUTES,
    *bihuan.catalog.routes.ROUTES,
    *bihuan.ledger.routes.ROUTES,
    *bihuan.storefront.routes.ROUTES,
    *bihuan.backoffice.routes.ROUTES,
    *bihuan.backoffice.deliveries.ROUTES,
    *bihuan.channels.routes.ROUTES,
    *bihuan.attribution.routes.ROUTES,
    *bihuan.membership.routes.ROUTES,
    *bihuan.insight.routes.ROUTES,
    *bihuan.finance.routes.ROUTES,
    *bihuan.payments.routes.ROUTES,
    *bihuan.payments.alipay.routes.ROUTES,
    *bihuan.wallet.routes.ROUTES,
    *bihuan.topups.routes.ROUTES,
    *bihuan.payments.remedies.ROUTES,
    *bihuan.payments.replays.ROUTES,
    *bihuan.orders.routes_shop.ROUTES,
    *bihuan.orders.routes_merchant.ROUTES,
    *bihuan.till.routes.ROUTES,
    *bihuan.settlement.routes.ROUTES,
    *bihuan.settlement.platform_routes.ROUTES,
    *bihuan.settlement.payout_routes.ROUTES,
    *bihuan.settlement.account_routes.ROUTES,
    *bihuan.aftersale.routes_shop.ROUTES,
    *bihuan.aftersale.routes_merchant.ROUTES,
    *bihuan.aftersale.routes_platform.ROUTES,
    *bihuan.aftersale.complaints.routes.ROUTES,
    *bihuan.reconciliation.routes.ROUTES,
    *bihuan.reconciliation.routes_platform.ROUTES,
    *bihuan.reconciliation.alipay.routes.ROUTES,
)

DEPENDENCIES: dict[str, Any] = {
    "merchant": merchants.provide_merchant,
    "shopper": identity.provide_shopper,
    "client": identity.provide_client,
    "staff": staff.provide_staff,
}
"""What a route may ask for by name beside `rt`: the merchant of the path, who signed in."""

AUTHENTICATORS: dict[str, Authenticator] = {
    "shopper": identity.authenticate_shopper,
    "staff": staff.authenticate_staff,
    "operator": staff.authenticate_operator,
}
"""How each kind of caller that a route states (`access("shopper")`) is found out."""

LEAN_PROVIDERS: dict[str, lean.Provider] = {
    "merchant": merchants.provide_to_lean,
    "client": identity.provide_client_to_lean,
}
LEAN_AUTHENTICATORS: dict[str, lean.Provider | None] = {"public": None, "shopper": identity.provide_to_lean}
"""The same for routes that run without the framework (`kernel/lean.py`): those of callers who come in crowds."""

HANDLERS: Sequence[Handler] = (
    *bihuan.channels.handlers.HANDLERS,
    *bihuan.attribution.handlers.HANDLERS,
    *bihuan.membership.handlers.HANDLERS,
    *bihuan.insight.handlers.HANDLERS,
    *bihuan.payments.handlers.HANDLERS,
    *bihuan.wallet.handlers.HANDLERS,
    *bihuan.topups.handlers.HANDLERS,
    *bihuan.orders.handlers.HANDLERS,
    *bihuan.till.handlers.HANDLERS,
    *bihuan.settlement.handlers.HANDLERS,
    *bihuan.aftersale.handlers.HANDLERS,
    *bihuan.storefront.handlers.HANDLERS,
    *bihuan.backoffice.shipping_news.HANDLERS,
    *bihuan.backoffice.notices.HANDLERS,
)

SETTLERS: payments.Settlers = {"order": orders.settle, "wallet_topup": topups.settle}
"""Who decides, per purpose of a payment, whether money that came is kept."""

BEFORE_REFUND: Sequence[BeforeRefund] = (settlement.before_refund,)
"""What has to be done before WeChat is asked for a decided refund."""

SHARES = settlement.BilledShares()
"""What is recorded of profit sharing, for those who compare it with WeChat's bill."""

PERIODIC: Sequence[Periodic] = (
    Periodic(name="kernel.forget_idempotency_keys", every_seconds=3600, run=idempotency.forget_old),
    *bihuan.identity.handlers.JOBS,
    *bihuan.channels.handlers.JOBS,
    *bihuan.orders.handlers.JOBS,
    *bihuan.till.handlers.JOBS,
    *bihuan.aftersale.handlers.JOBS,
    *bihuan.aftersale.complaints.handlers.JOBS,
    *bihuan.payments.handlers.jobs(SETTLERS, BEFORE_REFUND),
    *bihuan.membership.handlers.JOBS,
    *bihuan.settlement.handlers.JOBS,
    *finance.jobs(lambda: CHECKS),
    *bihuan.reconciliation.handlers.jobs(SHARES),
    *bihuan.reconciliation.alipay.handlers.JOBS,
)

BACKGROUND: Sequence[Callable[[Runtime], Coroutine[Any, Any, None]]] = (
    placing.FLUSHER.run,
    cart.PUTS.run,
    beginning.run,
    partial(payments.INBOX.run, settlers=SETTLERS),
    push_inbox.INBOX.run,
)
"""What runs inside each web process as long as it lives: group commits of carts, orders, payments and notifications."""

HOT_ROUTES: Sequence[tuple[str, re.Pattern[str], Callable[[Runtime, str, Scope, Receive, Send], Awaitable[None]]]] = (
    ("POST", placing.PATH, placing.handle),
    ("POST", callbacks.PATH, callbacks.handle),
    ("POST", push_callbacks.PATH, push_callbacks.handle),
)
"""Plain ASGI handlers that see a request before the framework does: method, path, handler."""

CHECKS: Sequence[Check] = (
    *events.CHECKS,
    *identity.CHECKS,
    *merchants.CHECKS,
    *staff.CHECKS,
    *catalog.CHECKS,
    *inventory.CHECKS,
    *ledger.CHECKS,
    *wallet.CHECKS,
    *topups.CHECKS,
    *channels.CHECKS,
    *attribution.CHECKS,
    *membership.CHECKS,
    *insight.CHECKS,
    *payments.CHECKS,
    *orders.CHECKS,
    *till.CHECKS,
    *settlement.CHECKS,
    *finance.CHECKS,
    *reconciliation.CHECKS,
    *bihuan.reconciliation.alipay.CHECKS,
    *aftersale.CHECKS,
    *bihuan.aftersale.complaints.CHECKS,
)
"""The invariants that `bihuan verify` proves."""
