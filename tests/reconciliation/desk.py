"""A desk to test reconciliation at: days that can be passed, bills made by hand, the console's calls."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx
import msgspec

from bihuan import wiring
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.ids import MerchantId, SkuId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import refunds
from bihuan.reconciliation import db, fetching, rules, running
from bihuan.reconciliation.db import Due
from tests.channels.desk import Sandbox
from tests.payments.desk import Json, Till, eventually

ROOM = "/api/merchant/reconciliation"


class Travel(OffsetClock):
    """Time that moves, with signatures that do not."""

    def wall(self) -> datetime:
        return datetime.now(UTC)


class Calendar:
    """Moves the time of the mall and of WeChat together; times are China's."""

    def __init__(self, clock: Travel, sandbox: Sandbox) -> None:
        self.clock = clock
        self.sandbox = sandbox

    @property
    def today(self) -> date:
        """The day of China's."""
        return rules.day_of(self.clock.now())

    async def go_to(self, day: date, hour: int, minute: int = 0) -> None:
        """Moves on to an hour of a day."""
        goal = datetime.combine(day, time(hour, minute), rules.CHINA)
        by = goal - self.clock.now()
        assert by > timedelta(), "time does not run backwards"
        self.clock.advance(by)
        await self.sandbox.call("POST", "/clock", {"advance_seconds": by.total_seconds()})

    async def next_noon(self) -> date:
        """Moves on to the next noon, far from midnight; the day that it is then."""
        now = self.clock.now().astimezone(rules.CHINA)
        await self.go_to(now.date() + timedelta(days=1), 12)
        return self.today

    async def morning_after(self, day: date) -> None:
        """Moves on to when the bills of a day are to be had."""
        await self.go_to(day + timedelta(days=1), 11)


async def pay(till: Till, http: httpx.AsyncClient, sku: SkuId, price_fen: int = 1000, *, heard: bool = True) -> str:
    """An order that a shopper paid; its id. Unless `heard`, nobody waits for WeChat to tell."""
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, sku, price_fen)
    prepared = await till.prepare(http, buyer, order_id)
    await till.confirm(await till.sheet(buyer, prepared))
    if heard:
        await till.all_told(order_id)
    return order_id


async def run(till: Till) -> int:
    """What the worker does on a morning, until nothing is due: other tests' merchants have days too."""
    await running.plan(till.rt)
    done = 0
    while some := await running.run_due(till.rt, wiring.SHARES):
        done += some
    return done


async def match(till: Till, *days: date) -> None:
    """What the worker does for days of this till alone."""
    for day in days:
        due = due_of(till, day)
        async with till.rt.db.transaction() as tx:
            await db.want_days(tx, [(due.merchant_id, due.mchid, due.sp_mchid, day, tx.now)])
        await running.run_one(till.rt, due, wiring.SHARES)


def due_of(till: Till, day: date, mchid: str | None = None) -> Due:
    """A day as the worker claims it."""
    return Due(till.merchant_id, mchid or till.merchant["mchid"], "", day, 1)


async def lay(till: Till, day: date, trade: bytes, funds: bytes | None = None) -> Due:
    """Bills as if they had been fetched."""
    due = due_of(till, day)
    async with till.rt.db.transaction() as tx:
        await db.want_days(tx, [(due.merchant_id, due.mchid, "", day, tx.now)])
        for kind, content in (("trade", trade), ("funds", funds), ("sharing", b"")):
            name = f"{due.merchant_id}/{new_id().hex}-{kind}.csv" if content else ""
            if content:
                path = fetching.folder(till.rt) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            if content is not None:
                await db.keep_bill(tx, due, kind, name, "0" * 40, len(content))  # pyright: ignore[reportArgumentType]
    return due


async def day_of(till: Till, http: httpx.AsyncClient, headers: dict[str, str], day: date) -> Json:
    """A day as the console shows it."""
    answer = await http.get(f"{ROOM}/days/{day}/{till.merchant['mchid']}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def differences(http: httpx.AsyncClient, headers: dict[str, str], **query: Any) -> list[Json]:
    """Differences as the console lists them."""
    answer = await http.get(f"{ROOM}/differences", headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def resolve(http: httpx.AsyncClient, headers: dict[str, str], difference: Json, action: str) -> httpx.Response:
    """A person's decision."""
    keyed = {**headers, "Idempotency-Key": f"resolve-{new_id().hex[:20]}"}
    form = {"action": action, "note": "已与微信核对"}
    return await http.post(f"{ROOM}/differences/{difference['difference_id']}/resolve", json=form, headers=keyed)


async def refund_until(till: Till, state: str) -> None:
    """Lets the refund job work until every refund of the till has a state."""

    async def look() -> bool:
        await till.rows("update payment_refunds set due_at = now() - interval '1 hour' where merchant_id = $1")
        await refunds.run_due(till.rt)
        rows = await till.rows("select state from payment_refunds where merchant_id = $1")
        return bool(rows) and all(row["state"] == state for row in rows)

    await eventually(look)


TRADE_HEAD = (
    "\ufeff交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注\n"
)
TRADE_SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\n"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a trade bill; a refund when it has a `refund_id`."""

    at: datetime
    mchid: str
    transaction_id: str
    out_trade_no: str
    amount_fen: int
    fee_fen: int
    refund_id: str = ""
    out_refund_no: str = ""
    refund_state: str = "SUCCESS"
    rate: str = "0.60%"


def yuan(fen: int) -> str:
    """As bills write amounts."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def trade_bill(lines: Sequence[Line]) -> bytes:
    """A bill of these rows, with the summary that belongs to them."""
    text = TRADE_HEAD
    for one in lines:
        back = bool(one.refund_id)
        paid, refunded = yuan(0 if back else one.amount_fen), yuan(one.amount_fen if back else 0)
        values = (
            one.at.astimezone(rules.CHINA).strftime("%Y-%m-%d %H:%M:%S"), "wx0", one.mchid, "0", "",
            one.transaction_id, one.out_trade_no, "o0", "JSAPI", "REFUND" if back else "SUCCESS", "OTHERS", "CNY",
            paid, "0.00", one.refund_id or "0", one.out_refund_no or "0", refunded, "0.00",
            "ORIGINAL" if back else "", one.refund_state if back else "", "衬衫", "", yuan(one.fee_fen), one.rate,
            paid, refunded, "",
        )  # fmt: skip
        text += ",".join(f"`{value}" for value in values) + "\n"
    paid_fen = sum(one.amount_fen for one in lines if not one.refund_id)
    back_fen = sum(one.amount_fen for one in lines if one.refund_id)
    sums = (yuan(paid_fen), yuan(back_fen), "0.00", yuan(sum(one.fee_fen for one in lines)), yuan(paid_fen),
            yuan(back_fen))  # fmt: skip
    return (text + TRADE_SUMMARY + ",".join(f"`{value}" for value in (str(len(lines)), *sums)) + "\n").encode()


async def received(rt: Runtime, merchant_id: MerchantId) -> list[Json]:
    """The attempts that brought money."""
    async with rt.db.session() as tx:
        rows = await tx.fetch(
            """select out_trade_no, transaction_id, paid_fen, paid_at from payment_attempts
               where merchant_id = $1 and state = 'paid' order by attempt_id""",
            merchant_id,
        )
        return [dict(row) for row in rows]
