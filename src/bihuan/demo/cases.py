"""The demo's after-sale: a shopper who bought a few things, and her cases, each at another step; and a complaint.

All of it happens over HTTP as people do it: she signs in, orders and pays at the sandbox, the shop sends, she asks
for her money back. That takes some seconds, so `bihuan up --demo` does it once, in the background, when the rest
of the demo is ready.
"""

import asyncio
import base64
import io
import os
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
from PIL import Image

from bihuan.demo import signins
from bihuan.settings import Settings

SHOP = "qingshan"
_NICKNAME = "江小渔"
_ADDRESS = {
    "name": "江小渔", "phone": "13800138009", "province": "浙江省", "city": "杭州市", "district": "西湖区",
    "street": "文三路 388 号 2 幢 601 室", "is_default": True,
}  # fmt: skip
_BACK = {"company": "京东快递", "tracking_no": "JD0026112200371"}
_SENT = {"company": "顺丰速运", "tracking_no": "SF1390026112201", "lines": None}
_LOOK_SECONDS = 0.3
_MOST_LOOKS = 100
"""The payment is told within a moment; when it is not, the next step says what is wrong."""

Json = dict[str, Any]


class DemoCasesFailed(Exception):
    """A step was refused; the text says which and why."""


async def make(settings: Settings, sandbox_url: str, code: str = SHOP) -> int:
    """Makes the cases of a demo shop in a running installation; returns how many, none when it has any.

    Raises DemoCasesFailed, httpx.HTTPError; what was made until then stays.
    """
    login = signins.read(settings.home).get(code)
    async with (
        httpx.AsyncClient(base_url=settings.public_url, timeout=20, trust_env=False) as shop,
        httpx.AsyncClient(base_url=settings.public_url, timeout=20, trust_env=False) as desk,
        httpx.AsyncClient(base_url=sandbox_url, timeout=20, trust_env=False) as sandbox,
    ):
        session = await call(desk, "POST", "/api/merchant/session", {"login": login.login, "password": login.password})
        desk.headers["Authorization"] = f"Bearer {session['token']}"
        if (await call(desk, "GET", "/api/merchant/aftersale?limit=1"))["items"]:
            return 0
        scene = _Scene(code, shop, desk, sandbox)
        await scene.begin()
        stories: list[Callable[[], Coroutine[Any, Any, None]]] = [
            scene.refunded, scene.asked, scene.to_send_back, scene.coming_back, scene.exchange, scene.disputed,
            scene.complained,
        ]  # fmt: skip
        for story in stories:
            await story()
        return len(stories)


async def call(http: httpx.AsyncClient, method: str, path: str, body: object = None) -> Json:
    """A call as a page makes it. Raises DemoCasesFailed for a refusal."""
    headers = {"Idempotency-Key": os.urandom(12).hex(), "Sec-Fetch-Site": "same-origin"}
    answer = await http.request(method, path, json=body, headers=headers)
    if answer.status_code >= 300:
        raise DemoCasesFailed(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
    return answer.json() if answer.content else {}


def _as_photo(picture: bytes) -> str:
    """As the sandbox takes it: a JPEG in base64."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as opened:
        opened.convert("RGB").save(buffer, "JPEG")
    return base64.b64encode(buffer.getvalue()).decode()


class _Scene:
    """The shopper's phone, the shop's desk, and the sandbox between them."""

    def __init__(self, code: str, shop: httpx.AsyncClient, desk: httpx.AsyncClient, sandbox: httpx.AsyncClient) -> None:
        self.root = f"/api/shop/{code}"
        self.code = code
        self.shop = shop
        self.desk = desk
        self.sandbox = sandbox
        self.shopper_id = ""
        self.address_id = ""

    async def begin(self) -> None:
        """She is there, follows the shop, is signed in and has an address."""
        self.shopper_id = (await call(self.sandbox, "POST", "/_sandbox/shoppers", {"nickname": _NICKNAME}))[
            "shopper_id"
        ]
        labels = (await call(self.desk, "GET", "/api/merchant/labels?limit=100"))["items"]
        content = next((one["qr_content"] for one in labels if one["qr_content"]), None)
        if content is not None:
            phone = f"/_sandbox/shoppers/{self.shopper_id}"
            seen = await call(self.sandbox, "POST", f"{phone}/scan", {"content": content})
            if seen["action"] == "follow_page":
                follow = {"appid": seen["appid"], "ticket": seen["ticket"]}
                await call(self.sandbox, "POST", f"{phone}/follow", follow)
        where = f"{self.root}/wechat/authorize?next=/shop/{self.code}/"
        for _ in range(6):  # as a web view follows it, with the sandbox's mark of whose phone it is
            answer = await self.shop.get(where, headers={"X-Sandbox-Shopper": self.shopper_id})
            where = answer.headers.get("location", "")
            if not where or where.endswith(f"/shop/{self.code}/"):
                break
        self.address_id = (await call(self.shop, "POST", "/api/shop/addresses", _ADDRESS))["address_id"]

    async def buy(self, at: int, quantity: int, *, send: bool = True) -> Json:
        """The `at`-th product on sale, paid on the phone, and sent."""
        cards = (await call(self.shop, "GET", f"{self.root}/products?limit=50"))["items"]
        card = [one for one in cards if not one["sold_out"]][at]
        product = await call(self.shop, "GET", f"{self.root}/products/{card['product_id']}")
        sku = next(one for one in product["skus"] if one["available"] >= quantity)
        delivery = {"method": "ship", "address_id": self.address_id}
        lines = [{"sku_id": sku["sku_id"], "quantity": quantity}]
        quote = await call(self.shop, "POST", f"{self.root}/quote", {"lines": lines, "delivery": delivery})
        order = {
            "lines": [{**line, "price_fen": sku["price_fen"]} for line in lines],
            "delivery": delivery,
            "total_fen": quote["total_fen"],
        }
        placed = await call(self.shop, "POST", f"{self.root}/orders", order)
        path = f"{self.root}/orders/{placed['order_id']}"
        prepared = await call(self.shop, "POST", f"{path}/pay", {"method": "wechat_jsapi"})
        sheet = {"pay_params": prepared["pay_params"]}
        opened = await call(self.sandbox, "POST", f"/_sandbox/shoppers/{self.shopper_id}/sheets", sheet)
        await call(self.sandbox, "POST", f"/_sandbox/sheets/{opened['sheet_id']}/pay", {})
        for _ in range(_MOST_LOOKS):
            if (await call(self.shop, "GET", path))["state"] == "paid":
                break
            await asyncio.sleep(_LOOK_SECONDS)
        if send:
            await call(self.desk, "POST", f"/api/merchant/orders/{placed['order_id']}/ship", _SENT)
        return await call(self.shop, "GET", path)

    async def ask(
        self, order: Json, kind: str, reason: str, words: str, *, to: str | None = None, **more: object
    ) -> str:
        """She applies for one piece; the case's id."""
        line: Json = {"line_id": order["lines"][0]["line_id"], "quantity": 1}
        wish = {
            "order_id": order["order_id"],
            "kind": kind,
            "reason": reason,
            "received_goods": True,
            "lines": [{**line, "exchange_sku_id": to} if to else line],
            "explanation": words,
            **more,
        }
        return (await call(self.shop, "POST", f"{self.root}/aftersale", wish))["case_id"]

    async def she(self, case_id: str, step: str, body: object) -> None:
        """A step of hers."""
        await call(self.shop, "POST", f"{self.root}/aftersale/{case_id}/{step}", body)

    async def they(self, case_id: str, step: str, body: object) -> None:
        """A step of the shop's."""
        await call(self.desk, "POST", f"/api/merchant/aftersale/{case_id}/{step}", body)

    async def refunded(self) -> None:
        """Not sent yet, agreed at once; the sandbox pays back."""
        order = await self.buy(0, 1, send=False)
        case_id = await self.ask(order, "refund", "changed_mind", "地址填错了，重新下单。", received_goods=False)
        await self.they(case_id, "agree", {})

    async def asked(self) -> None:
        """Not sent yet; the shop has not answered."""
        order = await self.buy(1, 2, send=False)
        await self.ask(order, "refund", "wrong_order", "多拍了一件，退一件就好。", received_goods=False)

    async def to_send_back(self) -> None:
        """A return that was agreed; the parcel is awaited."""
        case_id = await self.ask(await self.buy(2, 1), "return", "size", "肩宽偏大。")
        await self.they(case_id, "agree", {})

    async def coming_back(self) -> None:
        """A return on its way; the shop has to inspect it."""
        case_id = await self.ask(await self.buy(3, 2), "return", "not_as_described", "颜色和图片差得有点多。")
        await self.they(case_id, "agree", {})
        await self.she(case_id, "parcel", _BACK)

    async def exchange(self) -> None:
        """An exchange for another variant where there is one, else for the same again."""
        order = await self.buy(0, 1)
        can = await call(self.shop, "GET", f"{self.root}/orders/{order['order_id']}/aftersale")
        (line,) = can["lines"]
        other = [one for one in line["exchanges"] if one["sku_id"] != line["sku_id"] and one["available"]]
        to = other[0]["sku_id"] if other else None
        await self.ask(order, "exchange", "size", "想换个尺码。", to=to)

    async def disputed(self) -> None:
        """Refused; she called the platform, with a picture."""
        order = await self.buy(4, 1)
        picture = await self.photograph(order["lines"][0]["image_url"])
        case_id = await self.ask(order, "refund", "quality", "袖口有两处开线。", pictures=picture)
        await self.they(case_id, "reject", {"reason": "出库检查完好，开线应为穿着造成。"})
        await self.she(case_id, "dispute", {"text": "收到就是这样，还没穿过，吊牌都在。", "pictures": picture})
        await self.they(case_id, "evidence", {"text": "出库质检记录显示袖口完好，请平台核实。"})

    async def complained(self) -> None:
        """A complaint in WeChat that nobody answered yet; WeChat tells of it once the shop listens."""
        order = await self.buy(5, 1)
        for _ in range(_MOST_LOOKS):
            desks = (await call(self.desk, "GET", "/api/merchant/complaints/counts"))["desks"]
            if any(desk["told"] for desk in desks):
                break
            await asyncio.sleep(_LOOK_SECONDS)
        seen = await call(self.desk, "GET", f"/api/merchant/orders/{order['order_id']}")
        words = "签收后发现少了一件赠品，客服电话一直没人接，请尽快处理。"
        about = {"detail": words, "problem_type": "REFUND", "refund_fen": max(1, order["total_fen"] // 5)}
        paid = next(payment for payment in seen["payments"] if payment["transaction_id"])
        complaint: Json = {**about, "transaction_id": paid["transaction_id"]}
        if (image_url := order["lines"][0]["image_url"]) is not None:
            complaint["images"] = [_as_photo((await self.shop.get(image_url)).content)]
        await call(self.sandbox, "POST", f"/_sandbox/shoppers/{self.shopper_id}/complaints", complaint)

    async def photograph(self, image_url: str | None) -> list[str]:
        """A picture of what she got."""
        if image_url is None:
            return []
        seen = await self.shop.get(image_url)
        upload = {"file": ("photo.webp", seen.content, "image/webp")}
        answer = await self.shop.post(
            f"{self.root}/aftersale/pictures", files=upload, headers={"Sec-Fetch-Site": "same-origin"}
        )
        return [answer.json()["url"]] if answer.status_code == 201 else []
