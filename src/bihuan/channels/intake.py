"""Where WeChat's pushes come in: found whose they are, verified, handed on. Nothing is used before that.

Three addresses: a merchant's own of its official account and of its mini program, and the component's, which serves
all authorized apps. What is refused is written down (`refusals`) and changes nothing else.
"""

import time
from collections.abc import Mapping
from datetime import datetime

from bihuan import merchants
from bihuan.channels import accounts, apps, components, mini_pushes, refusals
from bihuan.channels.db import components as component_rows
from bihuan.channels.db.accounts import Account
from bihuan.channels.errors import NoMiniProgram, NoOfficialAccount, PushKindUnsupported, PushRefused
from bihuan.channels.push_inbox import INBOX
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat import PushReceiver, Untrusted
from bihuan.wechat.official_account import NO_REPLY, Push

OFFICIAL, MINI, COMPONENT = "official-account", "mini-program", "open-platform"


async def handshake(rt: Runtime, merchant: Merchant, query: Mapping[str, str]) -> str:
    """WeChat's check of the official account's address: the echo. Raises NoOfficialAccount, PushRefused, PushStale."""
    _, receiver = await _official(rt, merchant.merchant_id)
    async with refusals.recorded(rt, merchant.merchant_id, OFFICIAL, b""):
        echo = receiver.verify_handshake(query)
    async with rt.db.transaction() as tx:
        await accounts.mark_verified(tx, merchant.merchant_id)
    return echo


async def mini_handshake(rt: Runtime, merchant: Merchant, query: Mapping[str, str]) -> str:
    """WeChat's check of the mini program's address: the echo. Raises NoMiniProgram, PushRefused, PushStale."""
    _, receiver = await _mini(rt, merchant.merchant_id)
    async with refusals.recorded(rt, merchant.merchant_id, MINI, b""):
        echo = receiver.verify_handshake(query)
    async with rt.db.transaction() as tx:
        await accounts.mark_mini_program_verified(tx, merchant.merchant_id)
    return echo


async def receive(rt: Runtime, merchant: Merchant, query: Mapping[str, str], body: bytes) -> bytes:
    """A push to the official account's address; the body of our answer.

    Raises NoOfficialAccount, PushRefused, PushStale, PushMalformed, PushesBusy: nothing was changed then.
    """
    seen_at = rt.clock.now()  # before anything waits: of two in one second the order is all that tells them apart
    account, receiver = await _remembered(rt, merchant.merchant_id)
    async with refusals.recorded(rt, merchant.merchant_id, OFFICIAL, body):
        try:
            push = receiver.parse(query, body)
        except Untrusted:  # perhaps the settings are others since
            account, receiver = await _official(rt, merchant.merchant_id)
            push = receiver.parse(query, body)
        return await _official_push(rt, merchant, account, receiver, push, query, seen_at)


def check_kind(content_type: str) -> None:
    """WeChat says XML, or JSON where the account chose it; some of its senders say nothing, or plain text.

    Raises PushKindUnsupported for what says to be something else.
    """
    kind = content_type.split(";")[0].strip().lower()
    if kind not in _KINDS:
        raise PushKindUnsupported


_KINDS = frozenset({"", "text/xml", "application/xml", "application/json", "text/json", "text/plain"})
_REMEMBER_SECONDS = 2.0
_memory: dict[tuple[str, MerchantId], tuple[float, Account, PushReceiver]] = {}


async def _remembered(rt: Runtime, merchant_id: MerchantId) -> tuple[Account, PushReceiver]:
    """The account as it was a moment ago: reading and unsealing its secrets costs more than a push."""
    key, now = (rt.settings.public_url, merchant_id), time.monotonic()
    known = _memory.get(key)
    if known is not None and now - known[0] < _REMEMBER_SECONDS:
        return known[1], known[2]
    account, receiver = await _official(rt, merchant_id)
    if len(_memory) > _MOST_REMEMBERED:
        _memory.clear()
    _memory[key] = (now, account, receiver)
    return account, receiver


_MOST_REMEMBERED = 2000


async def receive_mini(rt: Runtime, merchant: Merchant, query: Mapping[str, str], body: bytes) -> bytes:
    """A push to the mini program's address. Raises NoMiniProgram, and as `receive`."""
    _, receiver = await _mini(rt, merchant.merchant_id)
    async with refusals.recorded(rt, merchant.merchant_id, MINI, body):
        push = receiver.parse(query, body)
        await mini_pushes.take_in(rt, merchant, push, _signature(receiver, query))
    return NO_REPLY


async def receive_authorized(rt: Runtime, appid: str, query: Mapping[str, str], body: bytes) -> bytes:
    """A push about an authorized app, to the component's address.

    Raises NoOpenPlatform, NotFound for an app that is nobody's, and as `receive`.
    """
    seen_at = rt.clock.now()
    async with rt.db.session() as tx:
        held = await components.get(tx, rt.vault)
        owner = await component_rows.find_authorizer(tx, appid)
    receiver = apps.component_receiver(rt, held)
    recorder = owner.merchant_id if owner else held.component.merchant_id
    async with refusals.recorded(rt, recorder, COMPONENT, body):
        push = receiver.parse(query, body)  # before we say whether we know the app
        if owner is None or owner.state != "connected":
            raise NotFound
        merchant = await merchants.merchant_of_id(rt, owner.merchant_id)
        async with rt.db.session() as tx:
            account = await accounts.find_account(tx, owner.merchant_id)
        if account is not None and account.appid == appid:
            return await _official_push(rt, merchant, account, receiver, push, query, seen_at)
        if account is None or account.mini_program_appid != appid:
            raise NotFound  # the merchant has another app by now
        if owner.original_id and push.original_id != owner.original_id:
            raise PushRefused
        await mini_pushes.take_in(rt, merchant, push, _signature(receiver, query))
    return NO_REPLY


async def _official_push(
    rt: Runtime,
    merchant: Merchant,
    account: Account,
    receiver: PushReceiver,
    push: Push,
    query: Mapping[str, str],
    seen_at: datetime,
) -> bytes:
    if account.original_id and push.original_id != account.original_id:
        raise PushRefused
    reply = await INBOX.take_in(rt, merchant, account, push, _signature(receiver, query), seen_at)
    return receiver.reply_text(push, reply) if reply else NO_REPLY


def _signature(receiver: PushReceiver, query: Mapping[str, str]) -> str:
    return query.get("signature" if receiver.mode == "plain" else "msg_signature", "")


async def _official(rt: Runtime, merchant_id: MerchantId) -> tuple[Account, PushReceiver]:
    async with rt.db.session() as tx:
        account = await accounts.get_account(tx, merchant_id)
        secrets = await accounts.read_secrets(tx, rt.vault, merchant_id)
    # What was authorized to the component is pushed to the component's address, and nothing signs for this one.
    if account.connection != "direct" or not secrets.get(accounts.TOKEN):
        raise NoOfficialAccount
    return account, apps.push_receiver(rt, account, secrets)


async def _mini(rt: Runtime, merchant_id: MerchantId) -> tuple[Account, PushReceiver]:
    async with rt.db.session() as tx:
        account = await accounts.get_mini_program(tx, merchant_id)
        secrets = await accounts.read_secrets(tx, rt.vault, merchant_id)
    if account.mini_program_connection != "direct" or not secrets.get(accounts.MINI_TOKEN):
        raise NoMiniProgram
    return account, apps.mini_push_receiver(rt, account, secrets)
