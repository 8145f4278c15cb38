"""The demo's settlement, made by an operator over HTTP: what it shows is what stands in the books."""

from bihuan.demo import payouts
from tests.settlement.desk import Desk


async def test_the_demo_settles_with_a_shop_and_pays_it(desk: Desk) -> None:
    order_id, _ = await desk.sell(10_000)
    desk.http.headers["Authorization"] = desk.operator.headers["Authorization"]
    terms = {"cycle": "day", "delay_days": 1, "share_at": "completed"}
    given = ((20_000, "开业扶持"), (-1_500, "渠道码物料代付"))
    try:
        merchant_id, closed = await payouts.settle(desk.http, desk.shop.merchant.code, terms, given)
        assert merchant_id == desk.merchant_id
        assert (closed["sales_fen"], closed["commissions_fen"], closed["adjustments_fen"]) == (10_000, -1000, 18_500)
        assert (closed["state"], closed["due_fen"]) == ("closed", 17_500)
        await payouts.pay(desk.http, merchant_id, closed, int(desk.merchant_id.int % 9000))
    finally:
        del desk.http.headers["Authorization"]
    (paid,) = (await desk.get("/payouts"))["items"]
    assert (paid["amount_fen"], paid["statement_no"]) == (17_500, closed["statement_no"])
    assert [one["reason"] for one in (await desk.get("/adjustments"))["items"]] == ["渠道码物料代付", "开业扶持"]
    lines = (await desk.get(f"/statements/{closed['statement_id']}/lines"))["items"]
    assert {line["order_id"] for line in lines} == {order_id, None}
    await desk.holds()
