"""A shopper who complains in WeChat, and the jobs that hear of it."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from bihuan.aftersale.complaints import answering, fetching, listening
from bihuan.kernel.ids import PLATFORM_CODE
from tests.aftersale.counter import Counter
from tests.payments.desk import Till, eventually
from tests.shop import Buyer

Json = dict[str, Any]


class Complaining:
    """What a shopper, WeChat and the worker do about complaints of one shop."""

    def __init__(self, counter: Counter, till: Till | None = None) -> None:
        self.counter = counter
        self.till = till or counter.till

    async def listen(self) -> None:
        """The watching job, for this shop and its provider alone: other tests' accounts are not there any more."""
        async with self.till.rt.db.transaction() as tx:
            await tx.execute("update complaint_desks set due_at = now() + interval '10 years'")
        await listening.find_accounts(self.till.rt)
        async with self.till.rt.db.transaction() as tx:
            await tx.execute("update complaint_desks set due_at = now() + interval '10 years'")
            await tx.execute(
                """update complaint_desks d set due_at = now() - interval '1 hour' from payment_accounts a
                   where a.merchant_id = $1 and a.active and d.mchid = coalesce(nullif(a.sp_mchid, ''), a.mchid)
                     and d.merchant_id = case when a.sp_mchid = '' then $1
                       else (select merchant_id from merchants where code = $2) end""",
                self.till.merchant_id,
                PLATFORM_CODE,
            )
        assert await listening.watch(self.till.rt) == 1

    async def complain(self, buyer: Buyer, order_id: str, detail: str = "少发了一件", **more: Any) -> Json:
        """She complains of what she paid; the sandbox's view of it."""
        (row,) = await self.till.rows(
            """select a.transaction_id from payment_attempts a
               join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
               where a.merchant_id = $1 and p.reference_id = $2::uuid and a.state = 'paid'""",
            order_id,
        )
        body = {"transaction_id": row["transaction_id"], "detail": detail, **more}
        person = self.till.people[buyer.shopper_id]
        return await self.till.sandbox.call("POST", f"/shoppers/{person}/complaints", body)

    async def say(self, complaint: Json, how: str, content: str) -> None:
        """reply, continue."""
        await self.till.sandbox.call("POST", f"/complaints/{complaint['complaint_id']}/{how}", {"content": content})

    async def at_wechat(self, buyer: Buyer) -> Json:
        """Her latest complaint as the sandbox keeps it."""
        person = self.till.people[buyer.shopper_id]
        return (await self.till.sandbox.call("GET", f"/shoppers/{person}/complaints"))["items"][0]

    async def fetched(self, wanted: Callable[[Json], object] = bool) -> Json:
        """The shop's latest complaint once the job has made `wanted` of it true."""

        async def look() -> Json | None:
            await fetching.run_due(self.till.rt)
            items = (await self.counter.merchant("GET", "complaints")).json()["items"]
            return items[0] if items and wanted(items[0]) else None

        return await eventually(look)

    async def look_after_answers(self) -> None:
        """The job that finds out what became of answers."""
        await self.till.rows("update complaint_answers set due_at = now() - interval '1 s' where merchant_id = $1")
        await answering.run_due(self.till.rt)


def image(content: bytes) -> str:
    """As the sandbox's control API takes it."""
    return b64encode(content).decode()
