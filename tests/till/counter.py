"""A till of a business, with sales in each state; and what a neighbour tries at it."""

from typing import Any
from uuid import UUID

import httpx
import msgspec

from bihuan import payments
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime


class Counter(msgspec.Struct, frozen=True):
    """Ids, as text."""

    shift: str = ""
    open_sale: str = ""
    spare_sale: str = ""
    paid_sale: str = ""
    line: str = ""
    refund: str = ""
    parked: str = ""


async def open_counter(
    rt: Runtime, client: httpx.AsyncClient, headers: dict[str, str], merchant_id: MerchantId, store: str, sku: str
) -> Counter:
    """Opens a shift, sells a piece by card that is to go back in part, and leaves two sales unpaid."""

    async def post(path: str, body: Any) -> Any:
        keyed = {**headers, "Idempotency-Key": new_id().hex}
        answer = await client.post(f"/api/merchant/till/{path}", json=body, headers=keyed)
        assert answer.status_code < 300, answer.text
        return answer.json()

    shift = (await post("shifts", {"store_id": store, "float_fen": 5000}))["shift"]["shift_id"]

    def sale(pieces: int) -> Any:
        lines = [{"sku_id": sku, "quantity": pieces, "price_fen": 1000}]
        return {"lines": lines, "total_fen": 1000 * pieces}

    sales = [await post(f"shifts/{shift}/sales", sale(pieces)) for pieces in (1, 1, 2)]
    await post(f"sales/{sales[2]['sale_id']}/pay", {"card": {"amount_fen": 2000, "slip_no": "1"}})
    async with rt.db.transaction() as tx:
        split = await payments.refund(
            tx, merchant_id, purpose="order", reference_id=UUID(sales[2]["order_id"]), amount_fen=1,
            cause="aftersale", cause_id=new_id(), reason="少一分",
        )  # fmt: skip
    basket = {"lines": [{"sku_id": sku, "quantity": 1}], "label": "稍后来取"}
    (parked,) = (await post(f"shifts/{shift}/parked", basket))["items"]
    first, spare, paid = (one["sale_id"] for one in sales)
    return Counter(
        shift, first, spare, paid, sales[2]["lines"][0]["line_id"], str(split.parts[0].refund_id), parked["parked_id"]
    )


def tries(store: str, sku: str, counter: Counter) -> list[tuple[str, str, object]]:
    """Route, path below the till's, body."""
    shift, sale = "shifts/{shift_id:uuid}", "sales/{sale_id:uuid}"
    of_shift, unpaid = f"shifts/{counter.shift}", f"sales/{counter.open_sale}"
    wanted = {"lines": [{"sku_id": sku, "quantity": 1, "price_fen": 1000}], "total_fen": 1000}
    coins = {"kind": "pay_in", "amount_fen": 1, "reason": "换零"}
    back = {"lines": [{"line_id": counter.line, "quantity": 1}], "reason": "退", "card_slip": "2"}
    cash = {"cash": {"amount_fen": 1000, "tendered_fen": 1000}}
    return [
        (f"POST {sale}/void", f"sales/{counter.spare_sale}/void", None),
        ("POST shifts", "shifts", {"store_id": store, "float_fen": 0}),
        ("GET goods", f"goods?store_id={store}", None),
        (
            "PUT stores/{store_id:uuid}/barcodes",
            f"stores/{store}/barcodes",
            {"barcode": "6901234567892", "sku_id": sku},
        ),
        (f"GET {shift}/parked", f"{of_shift}/parked", None),
        (f"POST {shift}/parked", f"{of_shift}/parked", {"lines": [{"sku_id": sku, "quantity": 1}]}),
        (f"POST {shift}/parked/{{parked_id:uuid}}/resume", f"{of_shift}/parked/{counter.parked}/resume", None),
        (f"PUT {sale}/discount", f"{unpaid}/discount", {"amount_fen": 0, "reason": "改价"}),
        (f"GET {shift}", of_shift, None),
        (f"POST {shift}/movements", f"{of_shift}/movements", coins),
        (f"POST {shift}/banking", f"{of_shift}/banking", {"amount_fen": 1}),
        (f"POST {shift}/sales", f"{of_shift}/sales", wanted),
        (f"GET {shift}/sales", f"{of_shift}/sales", None),
        (f"GET {sale}", unpaid, None),
        (f"POST {sale}/decide", f"{unpaid}/decide", None),
        (f"POST {sale}/pay", f"{unpaid}/pay", cash),
        (f"POST {shift}/{sale}/refunds", f"{of_shift}/sales/{counter.paid_sale}/refunds", back),
        (
            f"POST {shift}/hand-refunds/{{refund_id:uuid}}",
            f"{of_shift}/hand-refunds/{counter.refund}",
            {"card_slip": "3"},
        ),
        (f"POST {shift}/close", f"{of_shift}/close", {"counted_fen": 1}),
    ]
