"""SQL of attempts at Alipay. The payment's lock guards them while one is begun."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, PaymentId


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt at Alipay, begun or to begin. `code_url`: the code's content, or the page's address."""

    attempt_id: UUID
    payment_id: PaymentId
    method: str
    seller_id: str
    app_id: str
    amount_fen: int
    wallet_fen: int
    description: str
    expires_at: datetime
    code_url: str | None = None

    @property
    def out_trade_no(self) -> str:
        """Its number at Alipay."""
        return self.attempt_id.hex


async def find_serving(tx: Tx, merchant_id: MerchantId, wanted: Attempt, life: timedelta) -> Attempt | None:
    """A live attempt of the payment that serves as well as `wanted`."""
    row = await tx.fetchrow(
        """select attempt_id, payment_id, method, mchid as seller_id, appid as app_id, amount_fen, wallet_fen,
             description, expires_at, code_url
           from payment_attempts
           where merchant_id = $1 and payment_id = $2 and tender = 'alipay' and state in ('created', 'prepaid')
             and not close_wanted and method = $3 and mchid = $4 and appid = $5 and amount_fen = $6
             and wallet_fen = $7 and expires_at > $8 and (prepaid_at is null or prepaid_at > $9)
           order by attempt_id desc limit 1""",
        merchant_id,
        wanted.payment_id,
        wanted.method,
        wanted.seller_id,
        wanted.app_id,
        wanted.amount_fen,
        wanted.wallet_fen,
        tx.now,
        tx.now - life,
    )
    return db.one_or_none(Attempt, row)


async def count_attempts(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId) -> int:
    """How many attempts a payment has, at whoever."""
    return await tx.fetchval(
        "select count(*) from payment_attempts where merchant_id = $1 and payment_id = $2", merchant_id, payment_id
    )


async def insert(tx: Tx, merchant_id: MerchantId, attempt: Attempt, due_at: datetime) -> None:
    """The intent to be paid at Alipay."""
    await tx.execute(
        """insert into payment_attempts (merchant_id, attempt_id, payment_id, out_trade_no, method, tender, mchid,
             appid, amount_fen, wallet_fen, description, expires_at, due_at, created_at)
           values ($1, $2, $3, $4, $5, 'alipay', $6, $7, $8, $9, $10, $11, $12, $13)""",
        merchant_id,
        attempt.attempt_id,
        attempt.payment_id,
        attempt.out_trade_no,
        attempt.method,
        attempt.seller_id,
        attempt.app_id,
        attempt.amount_fen,
        attempt.wallet_fen,
        attempt.description,
        attempt.expires_at,
        due_at,
        tx.now,
    )
