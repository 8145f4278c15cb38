"""A case of each kind for a business of the tests: an id for every route that names one."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from bihuan.aftersale import disputes, opening, steps, story
from bihuan.aftersale.schemas import AppliedLine, ApplyInput, InspectedLine, ParcelInput, StatementInput
from bihuan.aftersale.story import By
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LineId, OrderId, PaymentId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.orders import settle
from bihuan.payments import Receipt

if TYPE_CHECKING:
    from tests.business import Business

PARCEL = {"company": "顺丰", "tracking_no": "SF12345"}
ADDRESS = {"name": "售后", "phone": "13800000000", "address": "科技园 1 号"}


async def open_cases(rt: Runtime, business: "Business", order: dict[str, object]) -> dict[str, str]:
    """Cases of a placed order of five pieces, which was paid and sent, one in each state."""
    order_id = msgspec.convert(order["order_id"], type=UUID)
    lines: list[dict[str, str]] = msgspec.convert(order["lines"], type=list[dict[str, object]])  # type: ignore[assignment]
    line_id = LineId(UUID(str(lines[0]["line_id"])))
    mid, shopper = business.merchant_id, business.buyer.shopper_id
    owner = By("merchant")
    async with rt.db.transaction() as tx:
        receipt = Receipt(
            payment_id=PaymentId(new_id()),
            purpose="order",
            reference_id=order_id,
            amount_fen=msgspec.convert(order["total_fen"], type=int),
            out_trade_no=str(order["order_no"]),
            transaction_id=new_id().hex,
            paid_at=tx.now,
        )
        assert (await settle(tx, mid, [receipt]))[0].accepted
        sent = "update order_lines set delivered_quantity = quantity where merchant_id = $1 and order_id = $2"
        await tx.execute(sent, mid, order_id)
        delivered = """update orders set state = 'delivered', fulfilment_status = 'fulfilled', delivered_at = $3
                       where merchant_id = $1 and order_id = $2"""
        await tx.execute(delivered, mid, order_id, tx.now)

        async def apply(kind: str, reason: str) -> UUID:
            wish = ApplyInput(
                order_id=OrderId(order_id),
                kind=kind,  # type: ignore[arg-type]
                reason=reason,
                received_goods=True,
                lines=[AppliedLine(line_id, 1)],
            )
            return (await opening.apply(tx, mid, shopper, wish)).case_id

        applied, to_agree = await apply("refund", "missing"), await apply("return", "quality")
        returning, received = await apply("return", "quality"), await apply("exchange", "size")
        disputed = await apply("refund", "missing")
        for case_id in (returning, received):
            await steps.agree_to_asked(tx, await story.hold(tx, mid, case_id), story.SYSTEM)
            parcel = msgspec.convert(PARCEL, ParcelInput)
            await steps.send_parcel(tx, await story.hold(tx, mid, case_id), parcel)
        counted = [InspectedLine(line_id, 1, 1)]
        await steps.inspect(tx, await story.hold(tx, mid, received), counted, owner)
        await steps.reject(tx, await story.hold(tx, mid, disputed), "不同意", owner)
        await disputes.open_dispute(tx, await story.hold(tx, mid, disputed), StatementInput("商品有问题"))
        refund = await _stuck_refund(tx, business)
    cases = {"applied": applied, "to_agree": to_agree, "returning": returning, "received": received}
    return {**{name: str(found) for name, found in cases.items()}, "disputed": str(disputed), "refund": str(refund)}


async def _stuck_refund(tx: Tx, business: "Business") -> UUID:
    """A refund under way, of a receipt that was refused."""
    payment, attempt, refund = new_id(), new_id(), new_id()
    mid, now = business.merchant_id, tx.now
    await tx.execute(
        """insert into payments (merchant_id, payment_id, purpose, reference_id, shopper_id, amount_fen, expires_at,
             created_at) values ($1, $2, 'trial', $3, $4, 100, $5, $5)""",
        mid,
        payment,
        new_id(),
        business.buyer.shopper_id,
        now,
    )
    await tx.execute(
        """insert into payment_attempts (merchant_id, attempt_id, payment_id, out_trade_no, method, mchid, appid,
             amount_fen, description, state, expires_at, due_at, transaction_id, paid_fen, paid_at, verdict, reason,
             refund_fen, created_at)
           values ($1, $2, $3, $4, 'wechat_native', '1900000000', 'wx', 100, 'x', 'paid', $5, $5, $4, 100, $5,
             'refused', 'second_payment', 100, $5)""",
        mid,
        attempt,
        payment,
        attempt.hex,
        now,
    )
    await tx.execute(
        """insert into payment_refunds (merchant_id, refund_id, attempt_id, amount_fen, reason, due_at, created_at)
           values ($1, $2, $3, 100, 'second_payment', $4::timestamptz + interval '1 day', $4)""",
        mid,
        refund,
        attempt,
        now,
    )
    return refund
