"""Being told of complaints: WeChat's notifications, where it sends them, and going through the days for lost ones.

A provider is told of its sub-merchants' complaints at its own address, so the platform's account listens for them.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

import structlog

from bihuan.aftersale.complaints import db, db_desks, fetching, rules, turns
from bihuan.aftersale.complaints.db import Known
from bihuan.aftersale.complaints.db_desks import DeskRow
from bihuan.kernel.errors import Problem
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import merchant_of_id
from bihuan.payments import complained
from bihuan.wechat import PayError, WeChatError
from bihuan.wechat.pay import Complaint, ComplaintDesk, ComplaintEvent

log = structlog.get_logger(__name__)

DAYS = 30
"""As far back as WeChat answers at once; a complaint that is older moves by notifications alone."""
SWEEP_EVERY = timedelta(minutes=15)
_AFTER_ERROR = timedelta(minutes=5)
_CHECK_URL_EVERY = timedelta(hours=24)
_LEASE = timedelta(minutes=2)
_PER_RUN = 100
_ACCOUNTS = 500
_PAGE = 50
_MOST_PAGES = 40
_CHINA = ZoneInfo("Asia/Shanghai")

Heard = Literal["noted", "nothing"]


async def hear(rt: Runtime, code: str, headers: Mapping[str, str], body: bytes) -> Heard:
    """Takes in a notification: verified before it is read, answered when it is noted.

    It names a complaint and nothing else, so a replay makes us ask again and changes nothing. Raises as
    `payments.callbacks`.
    """
    try:
        verified = await complained.verify(rt, code, headers, body)
    except Problem as problem:
        await complained.note_refusal(rt, code, problem, headers, len(body))
        raise
    told = verified.notification.resource
    if not isinstance(told, ComplaintEvent) or not 1 <= len(told.complaint_id) <= 64:
        log.error("not a notification of a complaint", event_type=verified.notification.event_type)
        return "nothing"
    async with rt.db.transaction() as tx:
        await db_desks.tell(tx, verified.merchant_id, verified.mchid, [told.complaint_id])
    return "noted"


async def watch(rt: Runtime) -> int:
    """The job: lets WeChat know where to tell, and goes through the last days; returns how many accounts.

    An account that was connected since is found here too.
    """
    await find_accounts(rt)
    async with rt.db.transaction() as tx:
        due = await db_desks.claim_desks(tx, _LEASE, _PER_RUN)
    return await turns.each(due, partial(look_after, rt))


async def find_accounts(rt: Runtime) -> None:
    """Notes accounts that were connected since."""
    after: complained.Told | None = None
    while True:
        async with rt.db.transaction() as tx:
            found = await complained.list_told(tx, after, _ACCOUNTS)
            await db_desks.open_desks(tx, [one.merchant_id for one in found], [one.mchid for one in found])
        if len(found) < _ACCOUNTS:
            return
        after = found[-1]


async def look_after(rt: Runtime, desk: DeskRow) -> None:
    """One account: its address at WeChat, then its complaints of the last days."""
    asks = await complained.desk_of(rt, desk.merchant_id, desk.mchid)
    swept, errors = False, list[str]()
    if asks is None:
        errors.append("no usable account")
    else:
        try:
            await _listen(rt, desk, asks)
        except WeChatError as error:
            errors.append(str(error))
        try:
            await _sweep(rt, desk, asks)
            swept = True
        except WeChatError as error:
            errors.append(str(error))
    if errors:
        log.warning("complaints not listened for", mchid=desk.mchid, errors=errors)
    async with rt.db.transaction() as tx:
        again = _AFTER_ERROR if errors else SWEEP_EVERY
        await db_desks.set_desk(tx, desk, swept=swept, error="; ".join(errors)[:500] or None, again=again)


async def _listen(rt: Runtime, desk: DeskRow, asks: ComplaintDesk) -> None:
    """Has WeChat tell at this merchant's address; asks it now and then whether it still does. Raises WeChatError."""
    code = (await merchant_of_id(rt, desk.merchant_id)).code
    url = f"{rt.settings.public_url}/wechat/{code}/pay/complaint-notify"
    fresh = desk.checked_at is not None and desk.checked_at + _CHECK_URL_EVERY > rt.clock.now()
    if desk.url == url and fresh:
        return
    try:
        told = (await asks.notification_url()).url
    except PayError as error:
        if error.status != 404:
            raise
        told = (await asks.create_notification_url(url)).url
    if told != url:
        told = (await asks.update_notification_url(url)).url
    async with rt.db.transaction() as tx:
        await db_desks.set_listening(tx, desk, told)


async def _sweep(rt: Runtime, desk: DeskRow, asks: ComplaintDesk) -> None:
    """Notes the complaints of the last days that are not known as they are. Raises WeChatError."""
    today = rt.clock.now().astimezone(_CHINA).date()
    for page in range(_MOST_PAGES):
        got = await asks.list(begin=today - timedelta(days=DAYS - 1), end=today, limit=_PAGE, offset=page * _PAGE)
        await _note(rt, desk, got.data)
        if len(got.data) < _PAGE:
            return
    log.error("more complaints than are gone through", mchid=desk.mchid, most=_PAGE * _MOST_PAGES)


async def _note(rt: Runtime, desk: DeskRow, listed: tuple[Complaint, ...]) -> None:
    if not listed:
        return
    async with rt.db.transaction() as tx:
        about = {one.complainted_mchid or desk.mchid for one in listed}
        owners = await fetching.whose(tx, desk.merchant_id, desk.mchid, about)
        ours: list[tuple[MerchantId, Complaint]] = []
        for one in listed:
            owner = owners.get(one.complainted_mchid or desk.mchid)
            if owner is not None:
                ours.append((owner, one))
        known = await db.list_known(tx, [owner for owner, _ in ours], [one.complaint_id for _, one in ours])
        news = [one.complaint_id for owner, one in ours if known.get((owner, one.complaint_id)) != _as_known(one)]
        if news:
            await db_desks.tell(tx, desk.merchant_id, desk.mchid, news)


def _as_known(one: Complaint) -> Known:
    return Known(
        rules.state_of(one.complaint_state),
        one.incoming_user_response,
        max(0, one.user_complaint_times),
        one.complaint_full_refunded,
        one.in_platform_service,
    )
