"""What is recorded here of what bills tell: payments' own, and what modules beside this one hand in.

A source lays what it recorded into a temporary table of the transaction, whose columns are those of
`payments_recorded` (`payments.billed`); kinds: share, share_return, unfreeze.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.payments import billed
from bihuan.reconciliation import db, rules


class Shares(Protocol):
    """Who knows of profit sharing."""

    @property
    def table(self) -> str:
        """The temporary table's name."""
        ...

    async def stage(
        self,
        tx: Tx,
        merchant_id: MerchantId,
        mchid: str,
        span: tuple[datetime, datetime] | None,
        numbers: Sequence[str],
    ) -> None:
        """Makes the table anew, with what ended within the span or bears one of these numbers of ours, once each."""
        ...


async def stage_day(
    tx: Tx, shares: Shares, merchant_id: MerchantId, mchid: str, since: datetime, until: datetime
) -> None:
    """Makes `payments_recorded`: what was received, given back and shared at an account from `since` to `until`."""
    await billed.stage_recorded(tx, merchant_id, mchid, since, until)
    await shares.stage(tx, merchant_id, mchid, (since, until), ())
    await db.take_shares(tx, shares.table)
    await tx.execute("analyze payments_recorded")


async def add(
    tx: Tx, shares: Shares | None, merchant_id: MerchantId, mchid: str, subject: str, numbers: Sequence[str]
) -> None:
    """Adds to it what bears some of our numbers, whatever became of it and whenever."""
    if subject in rules.SHARING_KINDS:
        assert shares is not None
        await shares.stage(tx, merchant_id, mchid, None, numbers)
        await db.take_shares(tx, shares.table)
    else:
        await billed.stage_numbers(tx, merchant_id, mchid, subject, numbers)
