"""Shipping information for WeChat: until it is told, it keeps what was paid in a mini program.

Told from an outbox: a payment's parcels gather in one row, each change is told with all parcels (WeChat replaces
its list), and telling the same twice does no harm. What WeChat refuses for good is parked for a person.
"""

import time
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog

from bihuan.channels import accounts, apps
from bihuan.channels.db import shipping as rows
from bihuan.channels.db.shipping import Claimed, SentParcel, ShipmentSoFar, Upload
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import ApiError, MiniProgram, Unavailable, WeChatError
from bihuan.wechat.mini_program import MAX_ITEM_DESC, MAX_PARCELS, Contact, Logistics, OrderKey, Parcel, Shipment

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 8
JUMP_PATH = "pages/orders/orders"
_AT_ONCE = 20
_DONE = frozenset({10060023})
"""Nothing new: it was told before, and the answer was lost."""

_LATER = frozenset({10060001, 10060012, 10060019})
"""WeChat does not know the payment yet, or is out of order."""

_CARRIERS = {
    "SF": ("顺丰", "sf express", "sf"),
    "ZTO": ("中通", "zto"),
    "YTO": ("圆通", "yto"),
    "YD": ("韵达", "yunda"),
    "STO": ("申通", "sto"),
    "JD": ("京东", "jd"),
    "EMS": ("ems",),
    "JTSD": ("极兔", "j&t"),
    "DBL": ("德邦", "deppon"),
    "YZPY": ("邮政",),
}
"""WeChat's ids of the usual carriers, by words of their names; others are looked up in WeChat's list."""

_LIST_SECONDS = 24 * 3600.0
_lists: dict[str, tuple[float, dict[str, str]]] = {}


class CarrierUnknown(ValueError):
    """WeChat has no id for this carrier."""


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """The payment of an order, and who paid."""

    reference_id: UUID
    reference_no: str
    out_trade_no: str
    transaction_id: str
    openid: str


async def add_parcel(
    tx: Tx, merchant_id: MerchantId, trade: Trade, parcel: SentParcel, *, all_shipped: bool, receiver_phone: str
) -> None:
    """A parcel left: WeChat is told of it with those before it. The same parcel twice is one."""
    before = await rows.find_by_trade(tx, merchant_id, trade.out_trade_no, lock=True)
    if before is None:
        first = ShipmentSoFar(kind="express", parcels=[parcel], all_shipped=all_shipped, receiver_phone=receiver_phone)
        await _insert(tx, merchant_id, trade, first)
        return
    parcels = before.shipment.parcels
    changed = ShipmentSoFar(
        kind="express",
        parcels=parcels if parcel in parcels else [*parcels, parcel],
        all_shipped=all_shipped or before.shipment.all_shipped,
        receiver_phone=receiver_phone or before.shipment.receiver_phone,
    )
    if changed != before.shipment:
        await rows.set_shipment(tx, merchant_id, before.upload_id, changed)


async def add_handover(tx: Tx, merchant_id: MerchantId, trade: Trade, items: list[str]) -> None:
    """The goods were handed over at a counter: no parcel."""
    handed = SentParcel(company="", tracking_no="", items=items)
    await _insert(tx, merchant_id, trade, ShipmentSoFar(kind="pickup", parcels=[handed], all_shipped=True))


async def _insert(tx: Tx, merchant_id: MerchantId, trade: Trade, shipment: ShipmentSoFar) -> None:
    await rows.insert_upload(
        tx,
        merchant_id,
        reference_id=trade.reference_id,
        reference_no=trade.reference_no,
        out_trade_no=trade.out_trade_no,
        transaction_id=trade.transaction_id,
        openid=trade.openid,
        shipment=shipment,
    )


# -- telling -------------------------------------------------------------------------------------------


async def send_due(rt: Runtime) -> int:
    """Tells what is due; returns how many were tried."""
    async with rt.db.transaction() as tx:
        await rows.requeue_abandoned(tx, tx.now - rows.ABANDONED)
        claimed = await rows.claim_due(tx, _AT_ONCE)
    clients: dict[MerchantId, MiniProgram | None] = {}
    for one in claimed:
        if one.merchant_id not in clients:
            clients[one.merchant_id] = await _client(rt, one.merchant_id)
        await _send(rt, one, clients[one.merchant_id])
    return len(claimed)


async def _client(rt: Runtime, merchant_id: MerchantId) -> MiniProgram | None:
    async with rt.db.session() as tx:
        account = await accounts.find_account(tx, merchant_id)
    return apps.mini_program_api(rt, account) if account is not None and account.mini_program_appid else None


async def _send(rt: Runtime, claimed: Claimed, client: MiniProgram | None) -> None:
    upload, merchant_id = claimed.upload, claimed.merchant_id
    state: rows.UploadState = "sent"
    errcode: int | None = None
    error: str | None = None
    again = None
    try:
        if client is None:
            raise CarrierUnknown("no mini program is connected")
        shipment = await _shipment(client, upload)
        await client.shipping.upload(shipment, openid=upload.openid, at=rt.clock.now())
    except ApiError as refusal:
        if refusal.errcode not in _DONE:
            errcode, error = refusal.errcode, refusal.errmsg
            state = "queued" if refusal.errcode in _LATER and upload.attempts < MAX_ATTEMPTS else "parked"
    except (Unavailable, WeChatError) as failure:
        error = str(failure)
        state = "queued" if upload.attempts < MAX_ATTEMPTS else "parked"
    except ValueError as failure:  # what WeChat would refuse
        state, error = "parked", str(failure)
    if state == "queued":
        again = rt.clock.now() + timedelta(seconds=min(5 * 3**upload.attempts, 6 * 3600))
    if error:
        log.warning("shipping not told", out_trade_no=upload.out_trade_no, state=state, errcode=errcode, error=error)
    async with rt.db.transaction() as tx:
        await rows.finish(
            tx,
            merchant_id,
            upload,
            state,
            errcode=errcode,
            error=error[:500] if error else None,
            available_at=again,
        )


async def _shipment(client: MiniProgram, upload: Upload) -> Shipment:
    """WeChat's words for a shipment. Raises ValueError, WeChatError."""
    sofar = upload.shipment
    order = OrderKey.of_transaction(upload.transaction_id)
    if sofar.kind != "express":
        logistics = Logistics.PICKUP if sofar.kind == "pickup" else Logistics.VIRTUAL
        items = [item for parcel in sofar.parcels for item in parcel.items]
        return Shipment(order=order, logistics=logistics, parcels=(Parcel(item_desc=_described(items)),))
    if len(sofar.parcels) > MAX_PARCELS:
        raise ValueError(f"more than {MAX_PARCELS} parcels")
    parcels: list[Parcel] = []
    for sent in sofar.parcels:
        carrier = await _carrier(client, sent.company)
        parcels.append(
            Parcel(
                item_desc=_described(sent.items),
                tracking_no=sent.tracking_no,
                express_company=carrier,
                contact=Contact(receiver_contact=sofar.receiver_phone) if sofar.receiver_phone else None,
            )
        )
    return Shipment(order=order, logistics=Logistics.EXPRESS, parcels=tuple(parcels), all_shipped=sofar.all_shipped)


def _described(items: list[str]) -> str:
    text = "；".join(items) or "商品"
    return text if len(text) <= MAX_ITEM_DESC else text[: MAX_ITEM_DESC - 1] + "…"


async def _carrier(client: MiniProgram, name: str) -> str:
    """WeChat's id of a carrier. Raises CarrierUnknown, WeChatError."""
    said = name.strip().casefold()
    for code, words in _CARRIERS.items():
        if any(said.startswith(word) or word in said.split() for word in words) or said == code.casefold():
            return code
    at, known = _lists.get(client.appid, (0.0, {}))
    if time.monotonic() - at > _LIST_SECONDS or not known:
        known = {c.delivery_name.casefold(): c.delivery_id for c in await client.shipping.delivery_companies()}
        _lists[client.appid] = (time.monotonic(), known)
    if said in known:
        return known[said]
    found = [code for known_name, code in known.items() if said and (said in known_name or known_name in said)]
    if len(found) != 1:
        raise CarrierUnknown(f"WeChat knows no carrier named {name}")
    return found[0]


# -- switching it on -----------------------------------------------------------------------------------


async def is_managed(rt: Runtime, merchant_id: MerchantId) -> bool:
    """Whether WeChat wants to be told of this mini program's shipping. Raises NoMiniProgram, WeChatError."""
    async with rt.db.session() as tx:
        account = await accounts.get_mini_program(tx, merchant_id)
    return await apps.mini_program_api(rt, account).shipping.is_managed()


async def lead_messages_here(rt: Runtime, merchant_id: MerchantId) -> None:
    """WeChat's shipping messages open the mini program's orders. Raises NoMiniProgram, WeChatError."""
    async with rt.db.session() as tx:
        account = await accounts.get_mini_program(tx, merchant_id)
    await apps.mini_program_api(rt, account).shipping.set_jump_path(JUMP_PATH)
