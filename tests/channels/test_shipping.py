"""Shipping information: what left is told to WeChat, and what the shopper confirmed there completes the order."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from bihuan import merchants, payments
from bihuan.channels import shipping
from bihuan.kernel.ids import new_id
from bihuan.payments import PaymentAccountIn
from tests.channels.desk import Brand, Mall, Person
from tests.shop import Shop


class MiniShop:
    """A merchant whose mini program sells, and one of its shoppers."""

    def __init__(self, mall: Mall, brand: Brand, shop: Shop, owner: httpx.AsyncClient, person: Person) -> None:
        self.mall = mall
        self.brand = brand
        self.shop = shop
        self.owner = owner
        self.person = person
        self.shopper = httpx.AsyncClient(base_url=mall.url, trust_env=False, timeout=20)
        self.url = shop.url

    async def sign_in(self) -> None:
        """By `wx.login`."""
        code = (await self.person.act("jscode", appid=self.brand.mini["appid"]))["code"]
        signed_in = await self.shopper.post(f"{self.url}/wechat/login", json={"code": code})
        self.shopper.headers["Authorization"] = f"Bearer {signed_in.json()['token']}"

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """The shopper's request."""
        headers = {"Idempotency-Key": new_id().hex}
        answer = await self.shopper.request(method, path, json=body, headers=headers)
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return answer.json() if answer.content else None

    async def buy(self, quantity: int = 1, *, pickup: bool = False) -> str:
        """An order, paid in the mini program."""
        sku = await self.shop.add_sku(1000, at_store=5)
        about = {"name": "林晓", "phone": "13800138000", "province": "广东省", "city": "深圳市", "district": "南山区"}
        address = await self.call("POST", "/api/shop/addresses", {**about, "street": "科技园 1 号"})
        delivery = {"method": "ship", "address_id": address["address_id"]}
        if pickup:
            delivery = {"method": "pickup", "store_id": str(self.shop.store_id)}
        lines = [{"sku_id": str(sku), "quantity": quantity, "price_fen": 1000}]
        body = {"lines": lines, "delivery": delivery, "total_fen": 1000 * quantity}
        order_id = (await self.call("POST", f"{self.url}/orders", body))["order_id"]
        prepared = await self.call("POST", f"{self.url}/orders/{order_id}/pay", {"method": "wechat_mini"})
        sheet = await self.person.act("sheets", pay_params=prepared["pay_params"])
        await self.mall.sandbox.call("POST", f"/sheets/{sheet['sheet_id']}/pay")
        await self.mall.settle(lambda: self.is_in(order_id, "paid"))
        return order_id

    async def is_in(self, order_id: str, state: str) -> bool:
        """Whether the order is in a state."""
        return (await self.call("GET", f"{self.url}/orders/{order_id}"))["state"] == state

    async def ship(self, order_id: str, company: str, tracking_no: str, lines: object = None) -> None:
        """The merchant sends a parcel."""
        body = {"company": company, "tracking_no": tracking_no, "lines": lines}
        headers = {"Idempotency-Key": new_id().hex}
        answer = await self.owner.post(f"/api/merchant/orders/{order_id}/ship", json=body, headers=headers)
        assert answer.status_code < 300, answer.text

    async def tell(self) -> list[dict[str, Any]]:
        """Lets the job work; what the console shows, the latest first."""
        await self.mall.deliver()
        await shipping.send_due(self.mall.rt)
        return (await self.owner.get("/api/merchant/shipping-uploads")).json()["items"]

    async def at_wechat(self) -> list[dict[str, Any]]:
        """The shopper's payments as WeChat has them."""
        return (await self.mall.sandbox.call("GET", f"/shoppers/{self.person.shopper_id}/shipments"))["items"]


@pytest.fixture
async def mini(mall: Mall) -> AsyncGenerator[MiniShop, None]:
    """A shop whose mini program takes part in shipping information."""
    brand = await mall.brand()
    appids = [brand.appid, brand.mini["appid"]]
    made = await mall.sandbox.call("POST", "/merchants", {"name": "青衫", "mode": "public_key", "appids": appids})
    listed = (await mall.sandbox.call("GET", "/accounts"))["merchants"]
    (merchant,) = [m for m in listed if m["mchid"] == made["mchid"]]
    fields = ("mchid", "serial_no", "private_key_pem", "apiv3_key", "public_key_id", "public_key_pem")
    account = PaymentAccountIn(**{name: merchant[name] for name in fields})
    merchant_id = brand.merchant.merchant_id
    async with mall.rt.db.transaction() as tx:
        await payments.connect_account(tx, mall.rt.vault, merchant_id, account)
        store = await merchants.create_store(tx, merchant_id, code="s2", name="自提店", city="杭州市", pickup=True)
        warehouse = await merchants.default_location(tx, merchant_id)
    await mall.sandbox.call("PUT", f"/apps/{brand.mini['appid']}/settings", {"trade_managed": True})
    owner = await mall.sign_in_staff(brand)
    switched = await owner.put("/api/merchant/wechat/shipping", json={"enabled": True})
    assert switched.json() == {"enabled": True, "managed": True}, switched.text
    shop = Shop(mall.rt, brand.merchant, warehouse, store.store_id)
    made_shop = MiniShop(mall, brand, shop, owner, await mall.person())
    await made_shop.sign_in()
    yield made_shop
    await made_shop.shopper.aclose()


async def listen(mini: MiniShop) -> None:
    """The mini program's events come to the merchant's own address."""
    appid = mini.brand.mini["appid"]
    account = (await mini.owner.get("/api/merchant/official-account")).json()
    keys = {"mini_program_token": "t0kenOfMini", "mini_program_encoding_aes_key": "k" * 43}
    saved = await mini.owner.put(
        "/api/merchant/official-account",
        json={n: account[n] for n in ("app_id", "name", "original_id", "mode")} | keys,
    )
    assert saved.status_code == 200, saved.text
    await mini.mall.sandbox.call(
        "PUT",
        f"/mini-programs/{appid}/callback",
        {
            "callback_url": saved.json()["mini_program_callback_url"],
            "token": keys["mini_program_token"],
            "encoding_aes_key": keys["mini_program_encoding_aes_key"],
            "mode": "safe",
            "data_format": "json",
        },
    )
    shown = (await mini.owner.get("/api/merchant/official-account")).json()
    assert shown["mini_program_verified_at"] is not None
    assert shown["shipping_upload"] is True


async def test_from_the_parcel_to_the_confirmed_receipt(mini: MiniShop) -> None:
    await listen(mini)
    order_id = await mini.buy()
    await mini.ship(order_id, "顺丰速运", "SF100")
    (told,) = await mini.tell()
    assert (told["state"], told["errcode"], told["error"]) == ("sent", None, None)
    (there,) = await mini.at_wechat()
    assert there["order_state"] == 2
    assert [p["tracking_no"] for p in there["shipping"]["shipping_list"]] == ["SF100"]
    await mini.person.act("receipts", transaction_id=there["transaction_id"])
    await mini.mall.settle(lambda: mini.is_in(order_id, "completed"))
    (told,) = await mini.tell()
    assert told["received_at"] is not None


async def test_parcels_of_one_order_are_told_together(mini: MiniShop) -> None:
    order_id = await mini.buy(3)
    order = (await mini.owner.get(f"/api/merchant/orders/{order_id}")).json()
    line_id = order["lines"][0]["line_id"]
    await mini.ship(order_id, "圆通速递", "YT1", [{"line_id": line_id, "quantity": 1}])
    (told,) = await mini.tell()
    assert told["state"] == "sent"
    (there,) = await mini.at_wechat()
    assert (there["order_state"], there["shipping"]["finish_shipping"]) == (1, False)
    await mini.ship(order_id, "丹鸟物流", "DN2")
    (told,) = await mini.tell()
    assert (told["state"], told["revision"], told["sent_revision"]) == ("sent", 2, 2)
    (there,) = await mini.at_wechat()
    assert (there["order_state"], there["shipping"]["delivery_mode"]) == (2, 2)
    parcels = [(p["express_company"], p["tracking_no"]) for p in there["shipping"]["shipping_list"]]
    assert parcels == [("YTO", "YT1"), ("DNWL", "DN2")]


async def test_goods_handed_over_at_a_store_have_no_parcel(mini: MiniShop) -> None:
    order_id = await mini.buy(pickup=True)
    order = await mini.call("GET", f"{mini.url}/orders/{order_id}")
    handed = await mini.owner.post(
        "/api/merchant/pickups",
        json={"code": order["delivery"]["pickup_code"]},
        headers={"Idempotency-Key": new_id().hex},
    )
    assert handed.status_code < 300, handed.text
    (told,) = await mini.tell()
    assert (told["state"], told["shipment"]["kind"]) == ("sent", "pickup")
    (there,) = await mini.at_wechat()
    assert (there["order_state"], there["shipping"]["logistics_type"]) == (2, 4)


async def test_what_wechat_cannot_take_waits_for_a_person(mini: MiniShop) -> None:
    order_id = await mini.buy()
    await mini.ship(order_id, "某某专线", "X1")
    (told,) = await mini.tell()
    assert told["state"] == "parked"
    assert "某某专线" in told["error"]
    assert (await mini.at_wechat())[0]["order_state"] == 1
    path = f"/api/merchant/shipping-uploads/{told['upload_id']}/retry"
    assert (await mini.owner.post(path)).status_code == 200
    assert (await mini.owner.post(path)).status_code == 409
    assert [u["state"] for u in await mini.tell()] == ["parked"]


async def test_who_switched_it_off_tells_nothing(mini: MiniShop) -> None:
    await mini.owner.put("/api/merchant/wechat/shipping", json={"enabled": False})
    order_id = await mini.buy()
    await mini.ship(order_id, "顺丰速运", "SF1")
    assert await mini.tell() == []
    assert (await mini.at_wechat())[0]["order_state"] == 1


async def test_what_a_crash_left_under_way_is_told_again(mini: MiniShop) -> None:
    order_id = await mini.buy()
    await mini.ship(order_id, "顺丰速运", "SF7")
    await mini.mall.deliver()
    async with mini.mall.rt.db.transaction() as tx:
        await tx.execute(
            "update shipping_uploads set state = 'sending', changed_at = $2 where merchant_id = $1",
            mini.brand.merchant.merchant_id,
            tx.now - 2 * shipping.rows.ABANDONED,
        )
    (told,) = await mini.tell()
    assert told["state"] == "sent"
    (there,) = await mini.at_wechat()
    assert there["order_state"] == 2
