"""What a person does about money that is stuck: an ABNORMAL refund is sent elsewhere, a parked payment is settled by
hand. WeChat: POST /v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import post

from bihuan.kernel import idempotency
from bihuan.kernel.errors import BadGateway, Conflict, NotFound, Unprocessable
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.ids import MerchantId, RefundId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients, db_remedies, refunds
from bihuan.payments.errors import PaymentNotConfigured
from bihuan.staff import StaffSession
from bihuan.wechat import Unavailable as WeChatUnavailable
from bihuan.wechat import WeChatError
from bihuan.wechat.pay.transactions import BankCard

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[^\x00]*$")]


class RefundNotAbnormal(Conflict):
    """Only a refund that WeChat calls abnormal is sent elsewhere."""

    code = "refund_not_abnormal"
    zh = "该退款不是异常状态，无需处理。"
    en = "This refund is not abnormal."


class CardMissing(Unprocessable):
    """A refund to the shopper's card needs the card."""

    code = "card_missing"
    zh = "退至顾客银行卡时，请填写开户银行、卡号和姓名。"
    en = "A refund to the shopper's card needs bank, number and name."


class WeChatRefused(BadGateway):
    """WeChat did not take the command; `wechat` is what it says."""

    code = "wechat_refused"
    zh = "微信支付未受理：{wechat}"
    en = "WeChat Pay did not accept it: {wechat}"


class Card(msgspec.Struct, frozen=True):
    """A bank card of the shopper's. Only passed on, encrypted; never kept. `bank_type` as WeChat names it."""

    bank_type: Annotated[str, msgspec.Meta(pattern=r"^[A-Z_]{4,32}$")]
    account: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{8,32}$")]
    name: Text

    def __repr__(self) -> str:
        return "Card(...)"


class AbnormalInput(msgspec.Struct, frozen=True):
    """Where an abnormal refund goes instead: to a card of the shopper's, or back to the merchant's bank account."""

    to: Literal["shopper_card", "merchant_bank"]
    card: Card | None = None


class AbnormalView(msgspec.Struct, frozen=True):
    """How the refund stands after that."""

    refund_id: UUID
    state: str


class ResolveInput(msgspec.Struct, frozen=True):
    """What was done about parked money, in words."""

    note: Annotated[str, msgspec.Meta(min_length=2, max_length=500, pattern=r"^[^\x00]*$")]


async def apply_abnormal(rt: Runtime, merchant_id: MerchantId, refund_id: UUID, wish: AbnormalInput) -> str:
    """Sends an abnormal refund elsewhere; returns its state then.

    Raises NotFound, RefundNotAbnormal, CardMissing, WeChatRefused. WeChat recognises a repeat by the number.
    """
    if (wish.to == "shopper_card") != (wish.card is not None):
        raise CardMissing
    async with rt.db.session() as tx:
        row = await db_remedies.find_refund(tx, merchant_id, refund_id)
    if row is None:
        raise NotFound
    if row.state != "abnormal" or row.wechat_refund_id is None:
        raise RefundNotAbnormal(state=row.state)
    line = (await clients.lines_of(rt, merchant_id)).of_mchid(row.mchid)
    if line is None:
        raise PaymentNotConfigured(missing=row.mchid)
    card = wish.card and BankCard(bank_type=wish.card.bank_type, account=wish.card.account, name=wish.card.name)
    try:
        told = await line.client.apply_abnormal_refund(
            row.wechat_refund_id,
            out_refund_no=RefundId(refund_id).hex,
            to="USER_BANK_CARD" if card else "MERCHANT_BANK_CARD",
            card=card,
        )
    except WeChatUnavailable:
        raise
    except WeChatError as error:
        raise WeChatRefused(wechat=str(error)[:300]) from error
    async with rt.db.transaction() as tx:
        await refunds.record(tx, merchant_id, told)
        after = await db_remedies.find_refund(tx, merchant_id, refund_id)
    return after.state if after else row.state


@post(
    "/api/merchant/payments/refunds/{refund_id:uuid}/apply-abnormal",
    status_code=200,
    opt=access("staff:payments.write"),
)
async def apply_abnormal_refund(rt: Runtime, staff: StaffSession, refund_id: UUID, data: AbnormalInput) -> AbnormalView:
    """Sends an abnormal refund to a card of the shopper's, or to the merchant's bank account.

    409 `refund_not_abnormal`, 422 `card_missing`, 502 `wechat_refused`.
    """
    return AbnormalView(refund_id, await apply_abnormal(rt, staff.merchant_id, refund_id, data))


@post(
    "/api/merchant/payments/parked/{kind:str}/{parked_id:str}/resolve",
    status_code=204,
    opt=access("staff:payments.write"),
)
async def resolve_parked(
    rt: Runtime,
    staff: StaffSession,
    kind: str,
    parked_id: str,
    data: ResolveInput,
    idempotency_key: IdempotencyKey = None,
) -> None:
    """Notes what was done by hand about a parked payment or notification; it leaves the list, the note stays."""

    async def work() -> bool:
        if not await db_remedies.resolve(tx, staff.merchant_id, kind, parked_id, staff.staff_id, data.note):
            raise NotFound
        return True

    async with rt.db.transaction() as tx:
        actor, command = f"staff:{staff.staff_id}", [kind, parked_id, data]
        await idempotency.run_once(
            tx, staff.merchant_id, actor, idempotency_key, "payments.resolve_parked", command, bool, work
        )


ROUTES = (apply_abnormal_refund, resolve_parked)
