"""Sales at a till: placed as orders, paid in parts, handed over at once.

Locks, in this order: the sale, the shift, the payment and its parts, the order, the book.

A payment code is charged outside any transaction: what it asks for is recorded before, what came of it after. Who
finds it undecided later (the cashier's screen, the job) asks WeChat or Alipay, whose code it was, and undoes it when
its time is over.
"""

from datetime import timedelta
from uuid import UUID

import structlog

from bihuan import identity, membership, merchants, orders, payments, wallet
from bihuan.attribution import Attribution
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.idempotency import KeyReused, check_key, hash_input
from bihuan.kernel.ids import MerchantId, ShopperId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import Part, codes, counter
from bihuan.staff import StaffSession
from bihuan.till import db, db_sales, rules, shifts
from bihuan.till.db import ShiftRow
from bihuan.till.db_sales import SaleRow, TakingRow
from bihuan.till.errors import (
    CodeNotUsable,
    MemberUnknown,
    PartsDiffer,
    SaleEnded,
    SaleExpiring,
    SalePending,
    ShiftClosed,
    TenderedShort,
    WalletOfAnother,
)
from bihuan.till.schemas_sales import Discount, Pay, SaleInput

log = structlog.get_logger(__name__)

_PER_RUN = 50
_PAUSE = timedelta(seconds=15)


async def start(rt: Runtime, staff: StaffSession, shift_id: UUID, wish: SaleInput, key: str | None) -> UUID:
    """Places the order of a sale; returns the sale's id, the same for the same key and input.

    Raises ShiftClosed, MemberUnknown, KeyReused, SaleExpiring where the order was placed once, without its sale, and
    has ended since, and what refuses an order (PriceChanged, OutOfStock, PointsShort ...).
    """
    key = check_key(key)
    merchant = await merchants.merchant_of_id(rt, staff.merchant_id)
    async with rt.db.transaction() as tx:
        shift = await shifts.own_shift(tx, staff, shift_id)
        shopper_id = await _shopper(tx, staff.merchant_id, wish.member_no)
    wanted = orders.OrderInput(
        lines=wish.lines,
        delivery=orders.Delivery("pickup", store_id=shift.store_id),
        total_fen=wish.total_fen,
        use_points=wish.use_points,
    )
    command = orders.Command(
        shopper_id,
        f"till-{key}",
        hash_input([str(shift_id), wish]),
        wanted,
        Attribution(shift.store_id, shift.counter_id, shift.staff_id, None, "till", []),
    )
    placed = await orders.FLUSHER.place(rt, merchant, command)
    async with rt.db.transaction() as tx:
        # locked: whoever ends the order afterwards finds the sale
        order = await orders.returns.lock(tx, staff.merchant_id, placed.order_id)
        sale = SaleRow(
            sale_id=new_id(),
            shift_id=shift_id,
            order_id=placed.order_id,
            order_no=placed.order_no,
            shopper_id=shopper_id,
            member_no=wish.member_no or None,
            total_fen=placed.total_fen,
            discount_fen=0,
            state="open",
            staff_id=staff.staff_id,
            created_at=tx.now,
            ended_at=None,
        )
        kept = await db_sales.insert_sale(tx, staff.merchant_id, sale)
        if kept.sale_id == sale.sale_id and order.state != "unpaid":
            raise SaleExpiring
        return kept.sale_id


async def _shopper(tx: Tx, merchant_id: MerchantId, member_no: str | None) -> ShopperId:
    if not member_no:
        return await identity.walk_in_shopper(tx, merchant_id)
    member = await membership.find_by_number(tx, merchant_id, member_no.strip().upper())
    if member is None:
        raise MemberUnknown
    return member.shopper_id


async def pay(rt: Runtime, staff: StaffSession, sale_id: UUID, wish: Pay, key: str | None) -> None:
    """Takes a sale's money. With a payment code it may stay undecided: `decide` goes on.

    The same key and input does it once. Raises NotFound, ShiftClosed, SaleEnded, SalePending, SaleExpiring,
    PartsDiffer, TenderedShort, CodeNotUsable, WalletCodeUnknown, WalletOfAnother, WalletShort, WalletFrozen,
    PaymentNotConfigured, AlipayMissing, KeyReused.
    """
    key = check_key(key)
    digest = hash_input(wish)
    code = None
    if wish.code is not None:
        tender = codes.tender_of(wish.code.auth_code)
        if tender is None:
            raise CodeNotUsable
        code = await codes.code_part(rt, staff.merchant_id, new_id(), wish.code.amount_fen, tender)
    async with rt.db.transaction() as tx:
        sale = await _lock_sale(tx, staff.merchant_id, sale_id)
        takings = await db_sales.list_takings(tx, staff.merchant_id, sale_id)
        known = next((one for one in takings if one.key == key), None)
        if known is not None:
            if known.input_hash != digest:
                raise KeyReused
            return
        shift = await shifts.own_shift(tx, staff, sale.shift_id, lock=True)
        if sale.state != "open":
            raise SaleEnded(state=sale.state)
        if any(one.state == "pending" for one in takings):
            raise SalePending
        taking = await _begin(tx, staff, sale, wish, code, key, digest)
        if code is None:
            await _conclude(tx, staff.merchant_id, sale, shift, taking, None)
            return
        store = await merchants.get_store(tx, staff.merchant_id, shift.store_id)
    answer = await codes.charge(
        rt,
        staff.merchant_id,
        code,
        auth_code=wish.code.auth_code if wish.code else "",
        description=f"{store.name} {sale.order_no}",
        store=store.code,
        device=shift.till,
    )
    await _apply(rt, staff.merchant_id, sale_id, taking, answer)


async def _begin(
    tx: Tx, staff: StaffSession, sale: SaleRow, wish: Pay, code: Part | None, key: str, digest: bytes
) -> TakingRow:
    parts = [code] if code else []
    if wish.cash:
        if rules.change(wish.cash.amount_fen, wish.cash.tendered_fen) < 0:
            raise TenderedShort
        parts.append(Part(attempt_id=new_id(), tender="cash", amount_fen=wish.cash.amount_fen))
    if wish.card:
        amount, slip = wish.card.amount_fen, wish.card.slip_no
        parts.append(Part(attempt_id=new_id(), tender="card", amount_fen=amount, number=slip))
    wallet_fen = wish.wallet.amount_fen if wish.wallet else 0
    if sum(part.amount_fen for part in parts) + wallet_fen != sale.total_fen:
        raise PartsDiffer(total_fen=sale.total_fen)
    if wish.wallet and await wallet.codes.take(tx, staff.merchant_id, wish.wallet.code.strip()) != sale.shopper_id:
        raise WalletOfAnother
    order = await orders.returns.find(tx, staff.merchant_id, sale.order_id)
    if order.state != "unpaid" or order.expires_at < tx.now + rules.TIME_TO_PAY:
        raise SaleExpiring
    charge = payments.Charge(
        purpose="order",
        reference_id=sale.order_id,
        amount_fen=sale.total_fen,
        shopper_id=sale.shopper_id,
        description=f"收银台 {sale.order_no}",
        expires_at=order.expires_at,
    )
    begun = await counter.begin(tx, staff.merchant_id, charge, parts, wallet_fen)
    taking = TakingRow(
        taking_id=new_id(),
        sale_id=sale.sale_id,
        key=key,
        input_hash=digest,
        state="pending",
        payment_id=begun.payment_id,
        cash_fen=wish.cash.amount_fen if wish.cash else 0,
        tendered_fen=wish.cash.tendered_fen if wish.cash else 0,
        card_fen=wish.card.amount_fen if wish.card else 0,
        card_slip=wish.card.slip_no if wish.card else "",
        code_fen=code.amount_fen if code else 0,
        wallet_fen=wallet_fen,
        code=code,
        reason=None,
        staff_id=staff.staff_id,
        began_at=tx.now,
        ended_at=None,
    )
    await db_sales.insert_taking(tx, staff.merchant_id, taking, tx.now + rules.DECIDED_AFTER)
    return taking


async def decide(rt: Runtime, merchant_id: MerchantId, sale_id: UUID, *, give_up: bool = False) -> None:
    """Asks about an undecided payment code, and undoes it when its time is over or the cashier gives it up."""
    async with rt.db.session() as tx:
        takings = await db_sales.list_takings(tx, merchant_id, sale_id)
        now = tx.now
    taking = next((one for one in takings if one.state == "pending"), None)
    if taking is None or taking.code is None:
        return
    answer = await codes.ask(rt, merchant_id, taking.code)
    if answer.state in ("undecided", "unknown"):
        step = rules.next_step(answer.state, taking.began_at, now, give_up=give_up)
        if step == "wait":
            return
        if step == "undo":
            answer = await codes.reverse(rt, merchant_id, taking.code)
        elif step == "never":
            answer = codes.Answer("ended", code="ORDER_NOT_EXIST")
    await _apply(rt, merchant_id, sale_id, taking, answer)


async def give_up(rt: Runtime, staff: StaffSession, sale_id: UUID) -> None:
    """The same, undone at once if it is not decided. Raises NotFound, ShiftClosed for another's sale."""
    async with rt.db.session() as tx:
        sale = await db_sales.find_sale(tx, staff.merchant_id, sale_id)
    if sale is None:
        raise NotFound
    _check_own(staff, sale)
    await decide(rt, staff.merchant_id, sale_id, give_up=True)


async def _apply(rt: Runtime, merchant_id: MerchantId, sale_id: UUID, taking: TakingRow, answer: codes.Answer) -> None:
    """Records what became of a payment code; nothing while it is undecided."""
    if answer.state in ("undecided", "unknown"):
        return
    async with rt.db.transaction() as tx:
        sale = await _lock_sale(tx, merchant_id, sale_id)
        now = next(
            one for one in await db_sales.list_takings(tx, merchant_id, sale_id) if one.taking_id == taking.taking_id
        )
        if now.state != "pending":
            return
        if answer.state == "paid" and answer.transaction is not None:
            shift = await db.find_shift(tx, merchant_id, sale.shift_id, lock=True)
            if shift is None:
                raise RuntimeError("a sale without a shift")
            await _conclude(tx, merchant_id, sale, shift, taking, answer)
            return
        await counter.drop(tx, merchant_id, taking.payment_id, answer.code, taking.wallet_fen, answer.transaction)
        await db_sales.end_taking(tx, merchant_id, taking.taking_id, "refused", answer.code or "refused")
        if (await orders.returns.find(tx, merchant_id, sale.order_id)).state == "cancelled":  # while it was being paid
            await db_sales.end_sale(tx, merchant_id, sale_id, "void")


async def is_being_paid(tx: Tx, merchant_id: MerchantId, sale_id: UUID) -> bool:
    """Whether a payment code of a sale is not decided yet."""
    return any(one.state == "pending" for one in await db_sales.list_takings(tx, merchant_id, sale_id))


async def _conclude(
    tx: Tx, merchant_id: MerchantId, sale: SaleRow, shift: ShiftRow, taking: TakingRow, answer: codes.Answer | None
) -> None:
    """All parts count, the cash lies in the drawer and the goods are handed over; or nothing does."""
    told = answer.transaction if answer else None
    concluded = await counter.conclude(tx, orders.settle, merchant_id, taking.payment_id, told, taking.wallet_fen)
    if not concluded.accepted:
        log.warning("a till's payment was not kept", sale_id=str(sale.sale_id), reason=concluded.reason)
        await db_sales.end_taking(tx, merchant_id, taking.taking_id, "refused", concluded.reason or "refused")
        return
    await db_sales.end_taking(tx, merchant_id, taking.taking_id, "taken", None)
    await db_sales.end_sale(tx, merchant_id, sale.sale_id, "paid")
    if taking.cash_fen and not await db.move(
        tx, merchant_id, shift.shift_id, "sale", taking.cash_fen, taking.taking_id, sale.order_no, taking.staff_id
    ):
        raise RuntimeError("a pending payment's shift was closed")
    await orders.hand_over_order(tx, merchant_id, sale.order_id)


async def void(tx: Tx, staff: StaffSession, sale_id: UUID) -> None:
    """Ends an unpaid sale; its goods are free again. Her own, or anybody's for who may write drawers.

    Raises NotFound, ShiftClosed for another's, SaleEnded, SalePending.
    """
    sale = await _lock_sale(tx, staff.merchant_id, sale_id)
    if sale.state == "void":
        return
    _check_own(staff, sale)
    await _check_idle(tx, staff.merchant_id, sale)
    await orders.cancel(tx, staff.merchant_id, [sale.order_id], "till", must=False)
    await db_sales.end_sale(tx, staff.merchant_id, sale_id, "void")


async def set_discount(tx: Tx, staff: StaffSession, by: StaffSession, sale_id: UUID, wish: Discount) -> None:
    """Takes something off an unpaid sale by hand; `by` answers for it, and her name stays on the order.

    Raises NotFound, SaleEnded, SalePending, DiscountTooLarge; ShiftClosed for another's sale unless she may write
    drawers.
    """
    sale = await _lock_sale(tx, staff.merchant_id, sale_id)
    _check_own(staff, sale)
    await _check_idle(tx, staff.merchant_id, sale)
    order = await orders.set_manual_discount(
        tx, staff.merchant_id, sale.order_id, wish.amount_fen, by.staff_id, wish.reason.strip()
    )
    await db_sales.set_total(tx, staff.merchant_id, sale_id, order.total_fen, wish.amount_fen)


def _check_own(staff: StaffSession, sale: SaleRow) -> None:
    """A cashier ends her own sales; who may write drawers, anybody's."""
    if sale.staff_id != staff.staff_id and not staff.permissions & {"*", "drawers.write"}:
        raise ShiftClosed


async def _check_idle(tx: Tx, merchant_id: MerchantId, sale: SaleRow) -> None:
    """A (locked) sale is open and nobody is paying it."""
    if sale.state != "open":
        raise SaleEnded(state=sale.state)
    takings = await db_sales.list_takings(tx, merchant_id, sale.sale_id)
    if any(one.state == "pending" for one in takings):
        raise SalePending


async def _lock_sale(tx: Tx, merchant_id: MerchantId, sale_id: UUID) -> SaleRow:
    sale = await db_sales.find_sale(tx, merchant_id, sale_id, lock=True)
    if sale is None:
        raise NotFound
    return sale


async def decide_left(rt: Runtime) -> int:
    """The job: decides payment codes that a cashier or a crash left; returns how many it looked at."""
    async with rt.db.transaction() as tx:
        due = await db_sales.claim_due(tx, _PAUSE, _PER_RUN)
    for merchant_id, sale_id in due:
        try:
            await decide(rt, merchant_id, sale_id)
        except Exception:
            log.exception("a till's payment code is still undecided", sale_id=str(sale_id))
    return len(due)
