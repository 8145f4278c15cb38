"""A shopper's bill list and balance (零钱), computed from what was paid, refunded, transferred and given.

Nothing of it is stored: every line follows from an order, a refund, a transfer or a red packet. A shopper begins with
`OPENING_FEN`; a payment that the balance does not cover comes from the shopper's bank card, which is endless.
"""

from typing import Literal

from msgspec import Struct

from wechat_sandbox.friends import PACKET_SECONDS
from wechat_sandbox.models import Order, Shopper
from wechat_sandbox.world import World

OPENING_FEN = 1_000_000
CARD = "沙箱银行储蓄卡(8001)"
BALANCE = "零钱"

BillKind = Literal["payment", "refund", "transfer", "red_packet_in", "red_packet_out", "red_packet_back"]


class Bill(Struct):
    """One line; `amount_fen` is negative for what went out."""

    bill_id: str
    kind: BillKind
    title: str
    note: str
    amount_fen: int
    at: float
    by: str = BALANCE
    transaction_id: str = ""
    merchant_number: str = ""
    refunded_fen: int = 0


def _name(world: World, mchid: str) -> str:
    merchant = world.merchants.get(mchid)
    return merchant.name if merchant else mchid


def paid_orders(world: World, shopper: Shopper) -> list[Order]:
    """The orders that a shopper paid."""
    openids = {row.openid for row in world.identities.values() if row.shopper_id == shopper.shopper_id}
    return [order for order in world.orders.values() if order.transaction_id and order.payer_openid in openids]


def _of_orders(world: World, shopper: Shopper) -> list[Bill]:
    orders = {order.transaction_id: order for order in paid_orders(world, shopper)}
    found = [
        Bill(
            bill_id=order.transaction_id,
            kind="payment",
            title=_name(world, order.payee),
            note=order.description,
            amount_fen=-order.total,
            at=order.paid_at,
            transaction_id=order.transaction_id,
            merchant_number=order.out_trade_no,
            refunded_fen=order.refunded,
        )
        for order in orders.values()
    ]
    for refund in world.refunds.values():
        order = orders.get(refund.transaction_id)
        if order is None or refund.state != "SUCCESS":
            continue
        found.append(
            Bill(
                bill_id=refund.refund_id,
                kind="refund",
                title=_name(world, order.payee),
                note=refund.reason or order.description,
                amount_fen=refund.amount,
                at=refund.succeeded_at,
                transaction_id=order.transaction_id,
                merchant_number=refund.out_refund_no,
            )
        )
    return found


def _of_transfers(world: World, shopper: Shopper) -> list[Bill]:
    rows = (row for row in world.pay.transfers.values() if row.shopper_id == shopper.shopper_id)
    return [
        Bill(
            bill_id=row.transfer_bill_no,
            kind="transfer",
            title=_name(world, row.mchid),
            note=row.remark,
            amount_fen=row.amount,
            at=row.updated_at,
            transaction_id=row.transfer_bill_no,
            merchant_number=row.out_bill_no,
        )
        for row in rows
        if row.state == "SUCCESS"
    ]


def _of_packets(world: World, shopper: Shopper) -> list[Bill]:
    found: list[Bill] = []
    me = shopper.shopper_id
    for row in world.phone.packets.values():
        if row.sender == me:
            found.append(Bill(row.packet_id, "red_packet_out", "", row.greeting, -row.amount_fen, row.created_at))
            left = row.amount_fen - sum(share.amount_fen for share in row.shares)
            back_at = row.created_at + PACKET_SECONDS
            if left and world.clock.now() >= back_at:
                found.append(Bill(row.packet_id + "-back", "red_packet_back", "", row.greeting, left, back_at))
        sender = world.shoppers.get(row.sender)
        for share in row.shares:
            if share.shopper_id == me:
                title = sender.nickname if sender else row.sender
                found.append(
                    Bill(row.packet_id + "-in", "red_packet_in", title, row.greeting, share.amount_fen, share.at)
                )
    return found


def statement(world: World, shopper: Shopper) -> tuple[int, list[Bill]]:
    """The balance in fen, and the lines, newest first, each with what it was paid by or went to."""
    found = [*_of_orders(world, shopper), *_of_transfers(world, shopper), *_of_packets(world, shopper)]
    found.sort(key=lambda bill: bill.at)
    balance = OPENING_FEN
    by_card: set[str] = set()
    for bill in found:
        # A refund goes back to where the payment came from.
        if bill.kind == "refund" and bill.transaction_id in by_card:
            bill.by = CARD
        elif bill.kind == "payment" and balance + bill.amount_fen < 0:
            bill.by = CARD
            by_card.add(bill.transaction_id)
        else:
            balance += bill.amount_fen
    return balance, found[::-1]
