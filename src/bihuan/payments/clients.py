"""WeChat Pay clients per merchant, kept in the process: parsing keys costs more than a whole payment.

What is remembered is compared with the database every CHECK_SECONDS at most, so a change of settings reaches
every process within that time.
"""

import asyncio
import time
from uuid import UUID

import httpx
import msgspec
import structlog

from bihuan import channels, merchants
from bihuan.kernel.ids import PLATFORM_CODE, MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.vault import VaultError
from bihuan.payments import accounts
from bihuan.payments.accounts import PaymentAccount
from bihuan.payments.errors import NoProviderAccount, PaymentNotConfigured
from bihuan.payments.rules import Method
from bihuan.wechat import PayClient
from bihuan.wechat.pay import Transactions

log = structlog.get_logger(__name__)

CHECK_SECONDS = 3.0
_MOST = 2_000


class Line(msgspec.Struct, frozen=True):
    """An account with its payments, and the signer whose keys open what WeChat tells of it."""

    account: PaymentAccount
    client: Transactions  # asks, closes and refunds
    reader: PayClient  # the merchant's own, or its service provider's
    provider_appid: str | None = None  # of a partner: the app that its provider orders under

    def ordering(self, appid: str) -> tuple[Transactions, str]:
        """What orders a payment for a shopper of `appid`, and the app to order under."""
        if not self.account.sp_mchid:
            return self.client, appid
        if self.provider_appid is None:
            raise PaymentNotConfigured(missing="服务商公众号")
        sub_appid = "" if appid == self.provider_appid else appid
        return self.reader.partner(self.account.mchid, sub_appid=sub_appid), self.provider_appid


class Lines(msgspec.Struct):
    """What a process knows of one merchant's accounts; the active one first."""

    checked_at: float
    http: httpx.AsyncClient
    official_appid: str | None
    mini_appid: str | None
    lines: list[Line]

    def active(self) -> Line:
        """The account for new payments. Raises PaymentNotConfigured."""
        if not self.lines or not self.lines[0].account.active:
            raise PaymentNotConfigured(missing="微信支付")
        return self.lines[0]

    def of_mchid(self, mchid: str) -> Line | None:
        """The account of an earlier payment; None when it is not known any more."""
        return next((line for line in self.lines if line.account.mchid == mchid), None)

    def appid(self, method: Method) -> str:
        """The app that a payment is made under. Raises PaymentNotConfigured."""
        own = self.active().account.app_id or self.official_appid
        if method == "wechat_mini":
            if self.mini_appid is None:
                raise PaymentNotConfigured(missing="小程序")
            return self.mini_appid
        found = own or (self.mini_appid if method in ("wechat_native", "wechat_h5") else None)
        if found is None:
            raise PaymentNotConfigured(missing="公众号")
        return found


_known: dict[MerchantId, Lines] = {}
_locks: dict[MerchantId, asyncio.Lock] = {}


async def lines_of(rt: Runtime, merchant_id: MerchantId) -> Lines:
    """A merchant's accounts and apps. One reads when the time has come; the others go on with what is known."""
    known = _known.get(merchant_id)
    if known is not None and known.http is not rt.http:
        known = None
    now = time.monotonic()
    if known is not None and now - known.checked_at < CHECK_SECONDS:
        return known
    if known is not None:
        known.checked_at = now
        return await _read(rt, merchant_id, known)
    if len(_known) >= _MOST:
        _known.clear()
        _locks.clear()
    async with _locks.setdefault(merchant_id, asyncio.Lock()):
        known = _known.get(merchant_id)
        if known is None or known.http is not rt.http:
            known = await _read(rt, merchant_id, None)
    return known


def forget(merchant_id: MerchantId) -> None:
    """Reads afresh next time: after this process changed the settings."""
    _known.pop(merchant_id, None)


async def _read(rt: Runtime, merchant_id: MerchantId, known: Lines | None) -> Lines:
    kept: dict[UUID, Line] = {line.account.version: line for line in known.lines} if known else {}
    async with rt.db.session() as tx:
        official = await channels.find_account(tx, merchant_id)
        listed = await accounts.list_accounts(tx, merchant_id)
        direct: dict[str, Line] = {}
        for account in listed:
            if account.sp_mchid:
                continue
            line = kept.get(account.version)
            if line is None:
                try:
                    credentials = await accounts.read_credentials(tx, rt.vault, merchant_id, account)
                    client = PayClient(credentials, http=rt.http, base_url=rt.settings.wechat.pay, now=rt.clock.wall)
                except (VaultError, KeyError, ValueError):  # one that does not open must not stop the others
                    log.exception("payment account unusable", merchant_id=str(merchant_id), mchid=account.mchid)
                    continue
                line = Line(account, client, client)
            direct[account.mchid] = line
    lines: list[Line] = []
    for account in listed:
        line = await _partner_line(rt, merchant_id, account) if account.sp_mchid else direct.get(account.mchid)
        if line is not None:
            lines.append(line)
    fresh = Lines(
        checked_at=time.monotonic(),
        http=rt.http,
        official_appid=official.appid if official else None,
        mini_appid=official.mini_program_appid if official else None,
        lines=lines,
    )
    _known[merchant_id] = fresh
    return fresh


async def provider(rt: Runtime) -> Line:
    """The platform's account, whose keys sign for merchants that have none. Raises NoProviderAccount."""
    platform = await merchants.merchant_of_code(rt, PLATFORM_CODE)
    lines = await lines_of(rt, platform.merchant_id)
    if not lines.lines or not lines.lines[0].account.active:
        raise NoProviderAccount
    return lines.lines[0]


async def _partner_line(rt: Runtime, merchant_id: MerchantId, account: PaymentAccount) -> Line | None:
    """A sub-merchant by its provider's keys, as they are now; None when the platform has them no more."""
    platform = await merchants.merchant_of_code(rt, PLATFORM_CODE)
    lines = await lines_of(rt, platform.merchant_id)
    line = lines.of_mchid(account.sp_mchid)
    if line is None or platform.merchant_id == merchant_id:
        log.error("payment account without its provider", merchant_id=str(merchant_id), mchid=account.mchid)
        return None
    appid = line.account.app_id or lines.official_appid or lines.mini_appid
    return Line(account, line.reader.partner(account.mchid), line.reader, appid)
