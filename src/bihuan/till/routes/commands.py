"""What the routes of a till share: a command runs once, and is answered with how things stand then."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import msgspec
from litestar.di import Provide
from litestar.params import FromPath

from bihuan.kernel.db import Tx
from bihuan.kernel.http import IdempotencyKey
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession
from bihuan.till import shifts, views, views_sales
from bihuan.till.schemas import ShiftReport
from bihuan.till.schemas_sales import SaleView

T = TypeVar("T")


async def report(rt: Runtime, staff: StaffSession, shift_id: UUID) -> ShiftReport:
    """A shift as it stands."""
    async with rt.db.transaction(readonly=True) as tx:
        return await views.report(tx, staff, await shifts.get_shift(tx, staff, shift_id))


async def sale(rt: Runtime, staff: StaffSession, sale_id: UUID) -> SaleView:
    """A sale as it stands."""
    async with rt.db.transaction(readonly=True) as tx:
        found = await views_sales.get_sale(tx, staff.merchant_id, sale_id)
        return await views_sales.show_sale(tx, staff.merchant_id, found)


async def once(
    rt: Runtime,
    staff: StaffSession,
    key: str | None,
    operation: str,
    command: object,
    result: type[T],
    work: Callable[[Tx], Awaitable[T]],
) -> T:
    """Runs a person's command in a transaction, once for its key; the answer of the first time either way."""
    async with rt.db.transaction() as tx:
        actor = f"staff:{staff.staff_id}"
        return await run_once(tx, staff.merchant_id, actor, key, operation, command, result, lambda: work(tx))


class Drawer(msgspec.Struct, frozen=True):
    """A shift whose drawer a person's command is about."""

    rt: Runtime
    staff: StaffSession
    shift_id: UUID
    key: str | None

    async def do(self, operation: str, data: object, work: Callable[[Tx], Awaitable[None]]) -> ShiftReport:
        """Runs the command, once for its key; answers with the shift as it stands then."""

        async def done(tx: Tx) -> bool:
            await work(tx)
            return True

        await once(self.rt, self.staff, self.key, operation, [str(self.shift_id), data], bool, done)
        return await report(self.rt, self.staff, self.shift_id)


async def _drawer(
    rt: Runtime, staff: StaffSession, shift_id: FromPath[UUID], idempotency_key: IdempotencyKey = None
) -> Drawer:
    return Drawer(rt, staff, shift_id, idempotency_key)


AT_DRAWER = {"drawer": Provide(_drawer)}
"""Dependencies of routes that take a `Drawer`."""
