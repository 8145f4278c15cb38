"""Alipay clients per merchant, kept in the process: a merchant without Alipay costs one query in a while.

What is remembered is compared with the database every CHECK_SECONDS at most.
"""

import asyncio
import time
from uuid import UUID

import httpx
import msgspec
import structlog

from bihuan import alipay
from bihuan.alipay import AlipayClient, AlipayError
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.vault import VaultError
from bihuan.payments.alipay import accounts, db_accounts
from bihuan.payments.alipay.db_accounts import AlipayAccount
from bihuan.payments.alipay.errors import AlipayMissing
from bihuan.payments.errors import PaymentNotConfigured

log = structlog.get_logger(__name__)

CHECK_SECONDS = 3.0
_MOST = 2_000


class Line(msgspec.Struct, frozen=True):
    """An account with its client."""

    account: AlipayAccount
    client: AlipayClient


class Lines(msgspec.Struct):
    """What a process knows of one merchant's accounts; the active one first."""

    checked_at: float
    http: httpx.AsyncClient
    lines: list[Line]
    missing: bool = False  # there are accounts, and the extra is not installed

    def active(self) -> Line:
        """The account for new payments. Raises PaymentNotConfigured, AlipayMissing."""
        if self.lines and self.lines[0].account.active:
            return self.lines[0]
        raise AlipayMissing if self.missing else PaymentNotConfigured(missing="支付宝")

    def of_seller(self, seller_id: str) -> Line | None:
        """An account that holds a seller's money, the active one before former ones."""
        return next((line for line in self.lines if line.account.seller_id == seller_id), None)

    def of_app(self, app_id: str) -> Line | None:
        """The account of an app."""
        return next((line for line in self.lines if line.account.app_id == app_id), None)


_known: dict[MerchantId, Lines] = {}


async def lines_of(rt: Runtime, merchant_id: MerchantId) -> Lines:
    """A merchant's accounts at Alipay."""
    known = _known.get(merchant_id)
    if known is not None and known.http is not rt.http:
        known = None
    now = time.monotonic()
    if known is not None and now - known.checked_at < CHECK_SECONDS:
        return known
    if known is not None:
        known.checked_at = now
    if len(_known) >= _MOST:
        _known.clear()
    return await _read(rt, merchant_id, known)


def forget(merchant_id: MerchantId) -> None:
    """Reads afresh next time: after this process changed the settings."""
    _known.pop(merchant_id, None)


async def _read(rt: Runtime, merchant_id: MerchantId, known: Lines | None) -> Lines:
    kept: dict[UUID, Line] = {line.account.version: line for line in known.lines} if known else {}
    fresh = Lines(checked_at=time.monotonic(), http=rt.http, lines=[])
    async with rt.db.session() as tx:
        for account in await db_accounts.list_accounts(tx, merchant_id):
            line = kept.get(account.version)
            if line is None:
                try:
                    keys = await accounts.read_keys(tx, rt.vault, merchant_id, account)
                    gateway = rt.settings.alipay_gateway
                    # in a thread: its library proves the key to be prime, and everybody else would wait for that
                    client = await asyncio.to_thread(
                        AlipayClient, keys, http=rt.http, gateway=gateway, now=rt.clock.wall
                    )
                except alipay.AlipayNotInstalled:
                    log.error("Alipay account without its package", merchant_id=str(merchant_id))
                    fresh.missing = True
                    break
                except (VaultError, KeyError, ValueError, AlipayError):
                    log.exception("Alipay account unusable", merchant_id=str(merchant_id), app_id=account.app_id)
                    continue
                line = Line(account, client)
            fresh.lines.append(line)
    _known[merchant_id] = fresh
    return fresh
