"""The whole state of one sandbox, and who works in the background."""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay_sandbox import certs, wire
from alipay_sandbox.models import App, Buyer, Clock, Notice, Refund, Trade
from alipay_sandbox.store import Store, Table

log = logging.getLogger("alipay_sandbox")

FEE_BASIS_POINTS = 60
"""0.6 %: what Alipay takes of a payment, and gives back with refunds in proportion."""


class World:
    """Tables, keys, clock, faults."""

    def __init__(self, base_url: str, state: Path | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.store = Store(state)
        self.apps = Table(self.store, "app", App)
        self.trades = Table(self.store, "trade", Trade)
        self.refunds = Table(self.store, "refund", Refund)
        self.notices = Table(self.store, "notice", Notice)
        self.buyers = Table(self.store, "buyer", Buyer)
        self._clock = Table(self.store, "clock", Clock)
        self.by_token: dict[str, Trade] = {trade.token: trade for trade in self.trades.values()}
        self.by_trade_no: dict[str, Trade] = {trade.trade_no: trade for trade in self.trades.values()}
        self.bills: dict[str, tuple[float, str, str]] = {}  # token -> good until, app_id, day
        self.lost_answers: Counter[str] = Counter()  # method -> how many answers still get lost
        self.cancel_again = 0  # how many calls of alipay.trade.cancel are still answered retry_flag Y
        self.muted = False
        self._keys: dict[str, tuple[RSAPrivateKey, RSAPrivateKey]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._making = asyncio.Lock()
        self._http: httpx.AsyncClient | None = None

    @property
    def http(self) -> httpx.AsyncClient:
        """For notifications."""
        if self._http is None:
            self._http = httpx.AsyncClient(trust_env=False, timeout=10)
        return self._http

    def now(self) -> float:
        """The sandbox's time."""
        clock = self._clock.get("clock")
        return time.time() + (clock.ahead_seconds if clock else 0.0)

    def advance(self, seconds: float) -> None:
        """Moves the time, for this run and the next ones."""
        clock = self._clock.get("clock") or Clock()
        clock.ahead_seconds += seconds
        self._clock.put("clock", clock)

    def keys_of(self, app: App) -> tuple[RSAPrivateKey, RSAPrivateKey]:
        """The app's key and Alipay's, parsed once."""
        if app.app_id not in self._keys:
            self._keys[app.app_id] = (wire.load_key(app.private_key_pem), wire.load_key(app.alipay_key_pem))
        return self._keys[app.app_id]

    async def ensure_app(self, key: str, name: str, *, certified: bool = False) -> App:
        """The app of that key, new when there is none; `certified`: in certificate mode from now on.

        Its keys take some tenths of a second.
        """
        async with self._making:
            found = next((app for app in self.apps.values() if app.key == key), None)
            if found is not None:
                if certified and not found.app_cert_pem:
                    await self._certify(found)
                return found
            keys = await asyncio.gather(asyncio.to_thread(wire.new_key), asyncio.to_thread(wire.new_key))
            app = App(key, name, f"2021{_digits(12)}", f"2088{_digits(12)}", *keys)
            self.apps.put(app.app_id, app)
            if certified:
                await self._certify(app)
            return app

    async def _certify(self, app: App) -> None:
        root = wire.load_key(await asyncio.to_thread(wire.new_key))
        own, alipays = self.keys_of(app)
        app.root_cert_pem = certs.new_roots(root)
        app.app_cert_pem = certs.issue(own.public_key(), app.name, root)
        app.alipay_cert_pem = certs.issue(alipays.public_key(), "Sandbox Alipay", root)
        self.apps.put(app.app_id, app)

    def ensure_buyer(self, key: str) -> Buyer:
        """The buyer of that key, new when there is none; an empty key is always somebody new."""
        found = next((buyer for buyer in self.buyers.values() if key and buyer.key == key), None)
        if found is None:
            found = Buyer(secrets.token_urlsafe(9), key)
            self.buyers.put(found.buyer_id, found)
        return found

    def add_trade(self, trade: Trade) -> None:
        """Keeps a new trade."""
        self.by_token[trade.token] = trade
        self.by_trade_no[trade.trade_no] = trade
        self.trades.put(trade.id, trade)

    def find_trade(self, app_id: str, out_trade_no: str, trade_no: str = "") -> Trade | None:
        """An app's trade by either number; Alipay's goes first. One that ran out of time is closed here."""
        trade = self.by_trade_no.get(trade_no) if trade_no else self.trades.get(f"{app_id}/{out_trade_no}")
        if trade is None or trade.app_id != app_id:
            return None
        self.settle_expiry(trade)
        return trade

    def settle_expiry(self, trade: Trade) -> None:
        """WAIT_BUYER_PAY -> TRADE_CLOSED when its time is over."""
        if trade.status == "WAIT_BUYER_PAY" and trade.expires_at <= self.now():
            trade.status = "TRADE_CLOSED"
            self.trades.put(trade.id, trade)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs work in the background and reports what it raises."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", exc_info=error)

    async def stop(self) -> None:
        """Ends background work and lets go of the state file."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()
        self.store.close()


def new_trade_no(now: float) -> str:
    """28 digits that begin with the day, as Alipay's do."""
    return f"{wire.day_of(now).replace('-', '')}22001{_digits(15)}"


def _digits(count: int) -> str:
    return str(secrets.randbelow(10**count)).zfill(count)
