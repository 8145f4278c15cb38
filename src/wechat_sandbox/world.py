"""The whole state of one sandbox: settings, clock, tables, indexes and those who listen."""

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections import deque
from collections.abc import Coroutine
from typing import Any

from msgspec import Struct

from wechat_sandbox.app_tables import AppTables
from wechat_sandbox.clock import Clock
from wechat_sandbox.faults.rules import Faults
from wechat_sandbox.inspector.ring import Exchanges
from wechat_sandbox.journal import Journal
from wechat_sandbox.keys import KeyRing
from wechat_sandbox.models import (
    AccessToken,
    ClockRow,
    Delivery,
    Identity,
    JsTicket,
    KeyRow,
    LoginCode,
    Merchant,
    Message,
    MiniProgram,
    Notice,
    OAuthGrant,
    OfficialAccount,
    Order,
    QrCode,
    Refund,
    Sheet,
    Shopper,
    Tag,
)
from wechat_sandbox.models_money import MoneyTables
from wechat_sandbox.outbound import Outbound
from wechat_sandbox.pay.rows import CombinedOrder
from wechat_sandbox.pay.tables import PayTables
from wechat_sandbox.phone_rows import PhoneTables
from wechat_sandbox.store import Store, Table

log = logging.getLogger("wechat_sandbox")


class Settings(Struct, frozen=True):
    """What differs between sandboxes."""

    seed: str = "bihuan"
    base_url: str = "http://127.0.0.1:8001"
    refund_seconds: float = 1.0
    """How long a refund stays PROCESSING."""
    share_seconds: float = 1.0
    """How long a profit sharing, an unfreezing or a return stays PROCESSING."""
    fee_rate_bp: int = 60
    """WeChat's fee in hundredths of a percent: 60 = 0.6 %."""


class Hub:
    """Passes events to the phones that listen for one shopper."""

    def __init__(self) -> None:
        self._queues: dict[str, set[asyncio.Queue[dict[str, Any] | None]]] = {}
        self._closed = False

    def listen(self, shopper_id: str) -> asyncio.Queue[dict[str, Any] | None]:
        """A queue of the shopper's events; None means that the sandbox stops."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(maxsize=1000)
        self._queues.setdefault(shopper_id, set()).add(queue)
        if self._closed:  # a phone that comes back while the sandbox stops
            queue.put_nowait(None)
        return queue

    def leave(self, shopper_id: str, queue: asyncio.Queue[dict[str, Any] | None]) -> None:
        """Stop listening."""
        self._queues.get(shopper_id, set()).discard(queue)

    def publish(self, shopper_id: str, event: dict[str, Any]) -> None:
        """Tell all that listen; one that does not keep up misses events and can read the chat instead."""
        for queue in self._queues.get(shopper_id, ()):
            if not queue.full():
                queue.put_nowait(event)

    def close(self) -> None:
        """End every stream, and those that still come."""
        self._closed = True
        for queues in self._queues.values():
            for queue in queues:
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(None)


class World:
    """Tables by their natural keys, with the few indexes that requests need."""

    def __init__(self, store: Store, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.hub = Hub()
        self.store = store
        self._clock_rows = Table(store, "clock", ClockRow)
        moved = self._clock_rows.get("clock")
        self.clock = Clock(moved.offset_seconds if moved else 0.0)
        self.keys = KeyRing(Table(store, "key", KeyRow), self.derive)
        self.merchants = Table(store, "merchant", Merchant)
        self.accounts = Table(store, "official_account", OfficialAccount)
        self.mini_programs = Table(store, "mini_program", MiniProgram)
        self.shoppers = Table(store, "shopper", Shopper)
        self.identities = Table(store, "identity", Identity)
        self.tags = Table(store, "tag", Tag)
        self.codes = Table(store, "qr_code", QrCode)
        self.messages = Table(store, "message", Message)
        self.tokens = Table(store, "access_token", AccessToken)
        self.tickets = Table(store, "js_ticket", JsTicket)
        self.login_codes = Table(store, "login_code", LoginCode)
        self.grants = Table(store, "oauth_grant", OAuthGrant)
        self.orders = Table(store, "order", Order)
        self.refunds = Table(store, "refund", Refund)
        self.sheets = Table(store, "sheet", Sheet)
        self.notices = Table(store, "notice", Notice)
        self.phone = PhoneTables(store)
        self.pay = PayTables(store)
        self.journal = Journal(store)
        self.money = MoneyTables(store)

        self.apps = AppTables(store)

        self.openids: dict[str, Identity] = {}
        self.code_urls: dict[str, QrCode] = {code.url: code for code in self.codes.values()}
        self.chats: dict[tuple[str, str], list[Message]] = {}
        self.order_of_prepay: dict[str, Order | CombinedOrder] = {}
        self.order_of_code: dict[str, Order | CombinedOrder] = {}
        self.order_of_transaction: dict[str, Order] = {}
        self.pushes: deque[Delivery] = deque(maxlen=500)
        self.session_keys: dict[tuple[str, str], str] = {}
        for identity in self.identities.values():
            self.openids[identity.openid] = identity
        for message in sorted(self.messages.values(), key=lambda row: row.at):
            self.chats.setdefault((message.appid, message.shopper_id), []).append(message)
        for order in self.orders.values():
            self.index_order(order)
        for combined in self.pay.combined.values():
            self.index_prepay(combined)

        self.outbound = Outbound()
        self.faults = Faults(self.clock, store)
        self.exchanges = Exchanges()
        self._tasks: set[asyncio.Task[Any]] = set()

    def index_order(self, order: Order) -> None:
        """Make an order reachable by what shoppers and merchants hold of it."""
        self.index_prepay(order)
        if order.transaction_id:
            self.order_of_transaction[order.transaction_id] = order

    def index_prepay(self, order: Order | CombinedOrder) -> None:
        """Make what a sheet can pay reachable by its prepay id and its code."""
        if order.prepay_id:
            self.order_of_prepay[order.prepay_id] = order
        if order.code_key:
            self.order_of_code[order.code_key] = order

    def advance(self, seconds: float) -> None:
        """Move the clock forward, for this run and the next ones."""
        self.clock.advance(seconds)
        self._clock_rows.put("clock", ClockRow(self.clock.offset_seconds))

    def derive(self, label: str) -> bytes:
        """32 bytes that depend on the seed and the label alone: the same at every start."""
        return hmac.new(self.settings.seed.encode(), label.encode(), hashlib.sha256).digest()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run work in the background and report what it raises."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", exc_info=error)

    async def stop(self) -> None:
        """End streams and background work, then let go of the state file."""
        self.hub.close()
        self.exchanges.close()
        self.clock.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.outbound.close()
        self.faults.save()
        self.store.close()


def random_digits(count: int) -> str:
    """Digits for numbers that WeChat gives out."""
    return str(secrets.randbelow(10**count)).zfill(count)
