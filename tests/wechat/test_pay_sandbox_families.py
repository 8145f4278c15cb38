"""The interfaces beside prepay and refund end to end against a sandbox of their own, whose clock moves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import httpx
import msgspec
import pytest
import pytest_asyncio

from bihuan.wechat import PayClient, PayError
from bihuan.wechat.pay import (
    CodeOrder,
    CombineOrder,
    CombineTransaction,
    ComplaintEvent,
    Share,
    SubOrder,
    Transfer,
    TransferOrder,
    TransferReport,
    read_funds,
    read_sharings,
    read_trades,
)
from tests.wechat_sandbox.desk import Sandbox

from .desk import Desk, Json
from .listener import Listener

CHINA = timezone(timedelta(hours=8))


@pytest.fixture(scope="module")
def town() -> Generator[Sandbox, None, None]:
    """A sandbox whose clock these tests move."""
    town = Sandbox()
    yield town
    assert town.stop() == 0


class Shop:
    """A merchant at the sandbox with a shopper."""

    def __init__(self, desk: Desk, account: Json, merchant: Json, shopper: str, openid: str) -> None:
        self.desk = desk
        self.appid: str = account["appid"]
        self.merchant = merchant
        self.pay: PayClient = desk.pay(merchant)
        self.shopper = shopper
        self.openid = openid

    async def paid(self, notify_url: str = "http://127.0.0.1:1/n", *, frozen: bool = False) -> str:
        """A paid order's transaction_id."""
        order = self.desk.order(self.appid, notify_url)
        if frozen:
            order = msgspec.structs.replace(order, profit_sharing=True)
        params = self.pay.jsapi_params(self.appid, await self.pay.jsapi(order, openid=self.openid))
        sheet = await self.desk.ask("POST", f"/shoppers/{self.shopper}/sheets", pay_params=params)
        await self.desk.ask("POST", f"/sheets/{sheet['sheet_id']}/pay")
        return (await self.pay.query_by_out_trade_no(order.out_trade_no)).transaction_id

    async def later(self, seconds: float) -> None:
        await self.desk.ask("POST", "/clock", advance_seconds=seconds)

    async def today(self) -> date:
        told = (await self.desk.ask("GET", "/clock"))["now"]
        return datetime.fromisoformat(told).astimezone(CHINA).date()


@pytest_asyncio.fixture(loop_scope="session")
async def shop(town: Sandbox) -> AsyncGenerator[Shop, None]:
    """A shop of the test's own."""
    async with httpx.AsyncClient(trust_env=False) as http:
        desk = Desk(town.url, http)
        account = await desk.official_account()
        merchant = await desk.merchant("public_key", account["appid"])
        shopper = await desk.shopper()
        yield Shop(desk, account, merchant, shopper, await desk.openid(shopper, account))


def code_order(shop: Shop, code: str) -> CodeOrder:
    order = shop.desk.order(shop.appid, "http://127.0.0.1:1/n")
    return CodeOrder(
        appid=shop.appid,
        description="外套",
        out_trade_no=order.out_trade_no,
        total_fen=100,
        auth_code=code,
        store_out_id="S1",
        device_ip="203.0.113.9",
    )


async def test_at_the_till(shop: Shop) -> None:
    code = (await shop.desk.ask("GET", f"/shoppers/{shop.shopper}/payment-code"))["code"]
    order = code_order(shop, code)
    taken = await shop.pay.take(order, pause_seconds=0.05)
    assert (taken.trade_state, taken.trade_type, taken.total_fen) == ("SUCCESS", "MICROPAY", 100)
    undone = await shop.pay.reverse(order.out_trade_no, appid=shop.appid)
    assert undone.out_trade_no == order.out_trade_no
    assert (await shop.pay.query_by_out_trade_no(order.out_trade_no)).trade_state in ("REVOKED", "REFUND")
    with pytest.raises(PayError, match="AUTH_CODE"):
        await shop.pay.take(code_order(shop, code))


async def test_combined(shop: Shop, listener: Listener) -> None:
    listener.answers = {"/combined": lambda _: (204, b"")}
    parts = [shop.desk.order(shop.appid, f"{listener.base_url}/combined") for _ in range(3)]
    order = CombineOrder(
        appid=shop.appid,
        out_trade_no=parts[2].out_trade_no,
        sub_orders=tuple(
            SubOrder(
                mchid=shop.pay.mchid, out_trade_no=p.out_trade_no, total_fen=100 + n, description="外套", attach=f"a{n}"
            )
            for n, p in enumerate(parts[:2])
        ),
        notify_url=f"{listener.base_url}/combined",
    )
    params = shop.pay.jsapi_params(shop.appid, await shop.pay.combine.jsapi(order, openid=shop.openid))
    waiting = await shop.pay.combine.query(order.out_trade_no)
    assert (waiting.is_paid, len(waiting.sub_orders)) == (False, 2)
    sheet = await shop.desk.ask("POST", f"/shoppers/{shop.shopper}/sheets", pay_params=params)
    await shop.desk.ask("POST", f"/sheets/{sheet['sheet_id']}/pay")
    delivery = await listener.next("/combined")
    told = (await shop.pay.parse_notification(delivery.headers, delivery.body)).resource
    assert isinstance(told, CombineTransaction)
    assert told.is_paid
    assert [s.amount.total_amount for s in told.sub_orders if s.amount] == [100, 101]
    assert (await shop.pay.combine.query(order.out_trade_no)).is_paid


async def test_shared_profit_from_freezing_to_its_bill(shop: Shop, listener: Listener, tmp_path: Path) -> None:
    friend = await shop.desk.ask("POST", "/merchants", name="供货商")
    transaction_id = await shop.paid(frozen=True)
    sharing = shop.pay.profit_sharing()
    added = await sharing.add_receiver(
        appid=shop.appid, type="MERCHANT_ID", account=friend["mchid"], relation="SUPPLIER", name="供货商"
    )
    assert added.account == friend["mchid"]
    await shop.later(61)
    share = Share(type="MERCHANT_ID", account=friend["mchid"], amount_fen=1000, description="货款", name="供货商")
    number = f"P{transaction_id[-20:]}"
    asked = await sharing.share(
        appid=shop.appid, transaction_id=transaction_id, out_order_no=number, shares=(share,), unfreeze_rest=False
    )
    assert asked.out_order_no == number
    await shop.later(120)
    done = await sharing.query(number, transaction_id=transaction_id)
    assert (done.state, [(p.amount, p.result) for p in done.receivers]) == ("FINISHED", [(1000, "SUCCESS")])
    back = await sharing.take_back(
        out_order_no=number, out_return_no=f"B{number}", return_mchid=friend["mchid"], amount_fen=10, description="退货"
    )
    assert back.amount == 10
    await shop.later(120)
    assert (await sharing.query_return(f"B{number}", out_order_no=number)).result == "SUCCESS"
    left = await sharing.unsplit_fen(transaction_id)
    assert left > 0
    await sharing.unfreeze(transaction_id=transaction_id, out_order_no=f"U{number}", description="余款")
    await shop.later(120)
    assert await sharing.unsplit_fen(transaction_id) == 0
    day = await shop.today()
    await shop.later(2 * 86_400)
    path = tmp_path / "shares.csv"
    await shop.pay.bills.save(await shop.pay.bills.profit_sharing(day), path)
    with path.open("rb") as file:
        rows = list(read_sharings(file, day=day))
    assert 1000 in {row.amount_fen for row in rows}


async def test_a_transfer_that_the_shopper_confirms(shop: Shop, listener: Listener) -> None:
    listener.answers = {"/transfer": lambda _: (204, b"")}
    await shop.desk.ask("POST", f"/merchants/{shop.pay.mchid}/top-up", amount=1_000_000)
    order = TransferOrder(
        appid=shop.appid,
        out_bill_no=f"B{shop.shopper}".replace("-", "").replace("_", "")[:32],
        openid=shop.openid,
        amount_fen=100,
        remark="佣金",
        scene_id="1005",
        reports=(TransferReport("岗位类型", "推广"), TransferReport("报酬说明", "三月佣金")),
        notify_url=f"{listener.base_url}/transfer",
    )
    made = await shop.pay.transfers.create(order)
    assert (await shop.pay.transfers.create(order)).transfer_bill_no == made.transfer_bill_no
    assert (made.state, bool(made.package_info)) == ("WAIT_USER_CONFIRM", True)
    await shop.desk.ask("POST", f"/shoppers/{shop.shopper}/transfers/{made.transfer_bill_no}/confirm")
    delivery = await listener.next("/transfer")
    told = (await shop.pay.parse_notification(delivery.headers, delivery.body)).resource
    assert isinstance(told, Transfer)
    assert (told.state, told.transfer_bill_no, told.transfer_amount) == ("SUCCESS", made.transfer_bill_no, 100)
    for asked in (
        await shop.pay.transfers.query_by_out_bill_no(order.out_bill_no),
        await shop.pay.transfers.query_by_transfer_bill_no(made.transfer_bill_no),
    ):
        assert (asked.state, asked.is_final) == ("SUCCESS", True)
    with pytest.raises(PayError):
        await shop.pay.transfers.cancel(order.out_bill_no)


async def test_a_complaint_from_its_notification_to_its_end(shop: Shop, listener: Listener) -> None:
    listener.answers = {"/complaint": lambda _: (204, b"")}
    desk = shop.pay.complaints
    await desk.create_notification_url(f"{listener.base_url}/complaint")
    transaction_id = await shop.paid()
    made = await shop.desk.ask(
        "POST", f"/shoppers/{shop.shopper}/complaints", transaction_id=transaction_id, detail="没有收到"
    )
    delivery = await listener.next("/complaint")
    told = (await shop.pay.parse_notification(delivery.headers, delivery.body)).resource
    assert isinstance(told, ComplaintEvent)
    assert told.complaint_id == made["complaint_id"]
    complaint = await desk.detail(told.complaint_id)
    assert complaint.complaint_order_info[0].transaction_id == transaction_id
    assert desk.phone(complaint).isdigit()
    day = await shop.today()
    listed = await desk.list(begin=day - timedelta(days=1), end=day)
    assert told.complaint_id in {one.complaint_id for one in listed.data}
    picture = b"\x89PNG\r\n\x1a\n" + bytes(64)
    media_id = await desk.upload_image(filename="a.png", content=picture)
    assert b"".join([part async for part in desk.image(media_id)]) == picture
    await desk.respond(told.complaint_id, mchid=shop.pay.mchid, content="已补发", images=(media_id,))
    steps = await desk.negotiations(told.complaint_id)
    assert {"USER_CREATE_COMPLAINT", "MERCHANT_RESPONSE"} <= {step.operate_type for step in steps.data}
    await desk.complete(told.complaint_id, mchid=shop.pay.mchid)
    assert (await desk.detail(told.complaint_id)).complaint_state == "PROCESSED"
    await desk.delete_notification_url()


async def test_yesterdays_bills_agree_with_what_was_paid(shop: Shop, tmp_path: Path) -> None:
    paid = {await shop.paid() for _ in range(3)}
    day = await shop.today()
    await shop.later(2 * 86_400)
    path = tmp_path / "trades.csv"
    await shop.pay.bills.save(await shop.pay.bills.trades(day), path)
    with path.open("rb") as file:
        rows = list(read_trades(file, day=day))
    assert {row.transaction_id for row in rows} == paid
    assert {(row.total_fen, row.mchid, row.trade_state) for row in rows} == {(12900, shop.pay.mchid, "SUCCESS")}
    assert all(row.at.tzinfo == UTC for row in rows)
    await shop.pay.bills.save(await shop.pay.bills.fund_flow(day), path)
    with path.open("rb") as file:
        came = [row for row in read_funds(file, day=day) if row.amount_fen > 0]
    assert sum(row.amount_fen for row in came) >= 3 * 12900 * 99 // 100
