"""The console's WeChat rooms: settings with write-only secrets, replies, menu, labels, followers."""

import io
import xml.etree.ElementTree as ET
from typing import Any

import httpx
import pytest
from PIL import Image

from bihuan import merchants, staff
from bihuan.channels import drawing, labels
from bihuan.kernel.ids import new_id
from tests.channels.desk import Brand, Mall


async def test_secrets_are_written_and_never_read(mall: Mall) -> None:
    brand = await mall.brand()
    owner = await mall.sign_in_staff(brand)
    shown = (await owner.get("/api/merchant/official-account")).json()
    assert (shown["app_id"], shown["mode"], shown["callback_url"]) == (brand.appid, "safe", brand.callback)
    assert shown["verified_at"] is not None
    for secret in (brand.account["secret"], brand.account["encoding_aes_key"], brand.mini["secret"]):
        assert secret not in str(shown)
    assert len(shown["secret_fingerprint"]) == len(shown["encoding_aes_key_fingerprint"]) == 8

    kept = {"app_id": brand.appid, "name": "青衫官方", "original_id": brand.account["original_id"], "mode": "safe"}
    same = (await owner.put("/api/merchant/official-account", json={**kept, "secret": ""})).json()
    assert same["name"] == "青衫官方"
    for field in ("secret_fingerprint", "encoding_aes_key_fingerprint", "token", "mini_program_app_id", "verified_at"):
        assert same[field] == shown[field], field
    other = (await owner.put("/api/merchant/official-account", json={**kept, "secret": "0" * 32})).json()
    assert other["secret_fingerprint"] != shown["secret_fingerprint"]
    async with mall.rt.db.session() as tx:
        rows = await tx.fetch("select * from sealed_secrets where merchant_id = $1", brand.merchant.merchant_id)
    assert rows
    assert all(b"0" * 32 not in row["ciphertext"] for row in rows)


async def test_settings_that_cannot_work_are_refused_and_change_nothing(mall: Mall) -> None:
    brand = await mall.brand()
    owner = await mall.sign_in_staff(brand)
    path = "/api/merchant/official-account"
    before = (await owner.get(path)).json()
    good = {"app_id": brand.appid, "name": "青衫", "mode": "safe"}
    for wrong, field in (
        ({"app_id": "wx1111111111111111"}, "secret"),
        ({"app_id": "gh_123"}, "app_id"),
        ({"token": "有空格 的"}, "token"),
        ({"encoding_aes_key": "short"}, "encoding_aes_key"),
        ({"mini_program_app_id": "wx2222222222222222"}, "mini_program_secret"),
    ):
        refused = await owner.put(path, json={**good, **wrong})
        assert (refused.status_code, refused.json()["code"]) == (422, "settings_incomplete"), wrong
        assert field in refused.json()["fields"]
    assert (await owner.put(path, json={**good, "mode": "loud"})).status_code == 400
    assert (await owner.get(path)).json() == before


async def test_who_may_not_is_refused_and_merchants_are_apart(mall: Mall) -> None:
    brand, other = await mall.brand("plain"), await mall.brand("plain")
    clerk, owner = await mall.sign_in_staff(brand, "clerk"), await mall.sign_in_staff(other)
    label = await brand.label()
    for path in ("official-account", "replies", "menu"):
        assert (await clerk.get(f"/api/merchant/{path}")).status_code == 403, path
    assert (await clerk.get("/api/merchant/labels")).status_code == 200
    assert (await clerk.post("/api/merchant/labels", json={}, headers={"Idempotency-Key": "k" * 8})).status_code == 403
    for path in ("qr.svg", "qr.png", "mini-program.jpg"):
        assert (await owner.get(f"/api/merchant/labels/{label.label_id}/{path}")).status_code == 404
    assert (await owner.get("/api/merchant/labels")).json()["items"] == []
    assert (await owner.get("/api/merchant/official-account")).json()["app_id"] == other.appid


async def test_a_merchant_without_an_account_sees_where_to_connect(mall: Mall) -> None:
    shop = await mall.bare_merchant()
    brand = Brand(mall, shop, (await _store(mall, shop.merchant_id)), {"appid": ""}, {})
    owner = await mall.sign_in_staff(brand)
    shown = (await owner.get("/api/merchant/official-account")).json()
    assert (shown["app_id"], shown["token"], shown["secret_fingerprint"]) == ("", "", None)
    assert shown["callback_url"] == f"{mall.url}/wechat/{shop.code}/official-account"
    made = await owner.post("/api/merchant/labels", json={"kind": "campaign", "name": "开业"}, headers=key())
    assert made.status_code == 201, made.text
    code = made.json()["code"]
    assert made.json()["qr_content"] == made.json()["url"] == f"{mall.url}/shop/{shop.code}/?l={code}"
    svg = await owner.get(f"/api/merchant/labels/{made.json()['label_id']}/qr.svg")
    assert (svg.status_code, svg.headers["content-type"]) == (200, "image/svg+xml")
    mini = await owner.get(f"/api/merchant/labels/{made.json()['label_id']}/mini-program.jpg")
    assert mini.json()["code"] == "no_mini_program"
    await owner.put("/api/merchant/menu", json={"buttons": []})
    assert (await owner.post("/api/merchant/menu/publish")).json()["code"] == "no_official_account"


async def _store(mall: Mall, merchant_id: Any) -> Any:
    async with mall.rt.db.transaction() as tx:
        return (await merchants.create_store(tx, merchant_id, code="s9", name="总店")).store_id


def key() -> dict[str, str]:
    """A fresh idempotency key."""
    return {"Idempotency-Key": new_id().hex}


async def test_replies_are_kept_whole(mall: Mall) -> None:
    brand = await mall.brand("plain", connected=False)
    owner = await mall.sign_in_staff(brand)
    usual = (await owner.get("/api/merchant/replies")).json()
    assert "{merchant}" in usual["welcome"]
    assert usual["keywords"] == []
    wanted = {
        "welcome": "欢迎",
        "keywords": [
            {"keyword": "地址", "match": "contains", "reply": "湖滨路 1 号"},
            {"keyword": "1", "match": "exact", "reply": "一"},
        ],
    }
    assert (await owner.put("/api/merchant/replies", json=wanted)).json() == wanted
    assert (await owner.get("/api/merchant/replies")).json() == wanted
    too_long: dict[str, Any] = {"welcome": "长" * 700, "keywords": []}
    refused = await owner.put("/api/merchant/replies", json=too_long)
    assert (refused.status_code, refused.json()["code"]) == (422, "reply_too_long")
    for bad in ({"welcome": ""}, {"welcome": "", "keywords": [{"keyword": " ", "reply": "x"}]}):
        answer = await owner.put("/api/merchant/replies", json=bad)
        assert (answer.status_code == 400) == ("keywords" in bad)
    assert (await owner.put("/api/merchant/replies", json=wanted)).json() == wanted


async def test_a_menu_is_written_then_published(mall: Mall) -> None:
    brand, person = await mall.brand(), await mall.person()
    await person.act("follow", appid=brand.appid)
    owner = await mall.sign_in_staff(brand)
    assert (await owner.post("/api/merchant/menu/publish")).status_code == 404
    buttons = [
        {"name": "逛商城", "type": "view", "url": f"{mall.url}/shop/"},
        {"name": "更多", "sub_button": [{"name": "营业时间", "type": "click", "key": "HOURS"}]},
    ]
    saved = (await owner.put("/api/merchant/menu", json={"buttons": buttons})).json()
    assert (saved["buttons"], saved["published_at"]) == (buttons, None)
    published = (await owner.post("/api/merchant/menu/publish")).json()
    assert published["published_at"] is not None
    (chat,) = (await mall.sandbox.call("GET", f"/shoppers/{person.shopper_id}/chats"))["items"]
    assert [b["name"] for b in chat["menu"]] == ["逛商城", "更多"]
    await owner.put("/api/merchant/menu", json={"buttons": []})
    assert (await owner.post("/api/merchant/menu/publish")).status_code == 200
    (chat,) = (await mall.sandbox.call("GET", f"/shoppers/{person.shopper_id}/chats"))["items"]
    assert chat["menu"] == []


VIEW: dict[str, Any] = {"name": "商城", "type": "view", "url": "https://x.example/"}


@pytest.mark.parametrize(
    "buttons",
    [
        [{**VIEW, "name": ""}],
        [{**VIEW, "name": "很长很长很长很长的名字"}],
        [{**VIEW, "url": "javascript:alert(1)"}],
        [{"name": "空", "type": "click"}],
        [{"name": "空"}],
        [{"name": "小程序", "type": "miniprogram", "appid": "wx1"}],
        [{"name": "多", "sub_button": [VIEW] * 6}],
        [{"name": "深", "sub_button": [{"name": "二", "sub_button": [VIEW]}]}],
        [VIEW] * 4,
    ],
)
async def test_a_menu_that_wechat_would_refuse_is_refused_here(mall: Mall, buttons: list[dict[str, Any]]) -> None:
    brand = await mall.brand("plain", connected=False)
    owner = await mall.sign_in_staff(brand)
    refused = await owner.put("/api/merchant/menu", json={"buttons": buttons})
    assert refused.status_code in (400, 422)
    assert (await owner.get("/api/merchant/menu")).json() == {"buttons": [], "published_at": None}


async def test_labels_speak_for_places_and_people(mall: Mall) -> None:
    brand = await mall.brand("plain")
    async with mall.rt.db.transaction() as tx:
        merchant_id = brand.merchant.merchant_id
        till = await merchants.create_counter(tx, merchant_id, brand.store_id, code="c1", name="一号台")
        guide = await staff.create(
            tx,
            merchant_id,
            login=f"g{new_id().hex[-12:]}",
            password="correct horse",
            name="小林",
            role="clerk",
            store_id=brand.store_id,
        )
    owner = await mall.sign_in_staff(brand)

    async def make(**data: object) -> httpx.Response:
        return await owner.post("/api/merchant/labels", json={"name": "码", **data}, headers=key())

    of_store = (await make(kind="store", store_id=str(brand.store_id))).json()
    of_till = (await make(kind="counter", counter_id=str(till.counter_id))).json()
    of_guide = (await make(kind="staff", staff_id=str(guide.staff_id))).json()
    campaign = (await make(kind="campaign")).json()
    assert {x["store_id"] for x in (of_store, of_till, of_guide)} == {str(brand.store_id)}
    assert (of_till["counter_id"], of_guide["staff_id"]) == (str(till.counter_id), str(guide.staff_id))
    assert campaign["store_id"] is None
    codes = [x["code"] for x in (of_store, of_till, of_guide, campaign)]
    assert len(set(codes)) == 4
    assert all(len(f"l={code}&m={brand.merchant.code}") <= 32 for code in codes)
    assert all(x["qr_content"].startswith("http://weixin.qq.com/q/") for x in (of_store, of_till, of_guide, campaign))
    for wrong in (
        {"kind": "store"},
        {"kind": "counter", "store_id": str(brand.store_id)},
        {"kind": "staff", "staff_id": str(new_id())},
        {"kind": "campaign", "store_id": str(new_id())},
    ):
        refused = await make(**wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown_place"), wrong
    page = (await owner.get("/api/merchant/labels?limit=3")).json()
    rest = (await owner.get(f"/api/merchant/labels?cursor={page['next_cursor']}")).json()
    assert [x["code"] for x in page["items"] + rest["items"]] == codes[::-1]
    only = (await owner.get("/api/merchant/labels?kind=staff")).json()["items"]
    assert [x["code"] for x in only] == [of_guide["code"]]


async def test_a_label_is_made_once_per_key(mall: Mall) -> None:
    brand = await mall.brand("plain")
    owner = await mall.sign_in_staff(brand)
    same = key()
    data = {"kind": "campaign", "name": "开业"}
    first = await owner.post("/api/merchant/labels", json=data, headers=same)
    again = await owner.post("/api/merchant/labels", json=data, headers=same)
    assert first.json() == again.json()
    other = await owner.post("/api/merchant/labels", json={**data, "name": "别的"}, headers=same)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    none = await owner.post("/api/merchant/labels", json=data)
    assert (none.status_code, none.json()["code"]) == (400, "idempotency_key_required")


async def test_printed_codes_say_what_wechat_made_and_mini_programs_have_theirs(mall: Mall) -> None:
    brand, person = await mall.brand(), await mall.person()
    label = await brand.label()
    owner = await mall.sign_in_staff(brand)
    base = f"/api/merchant/labels/{label.label_id}"
    svg = await owner.get(f"{base}/qr.svg")
    root = ET.fromstring(svg.content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert svg.content == drawing.qr_svg(str(label.qr_url))
    for size in (120, 300, 1024):
        png = await owner.get(f"{base}/qr.png?size={size}")
        assert Image.open(io.BytesIO(png.content)).size == (size, size)
    for size in ("0", "119", "4096", "x"):
        assert (await owner.get(f"{base}/qr.png?size={size}")).status_code == 400
    mini = await owner.get(f"{base}/mini-program.jpg")
    assert (mini.status_code, mini.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(mini.content)).size == (430, 430)
    codes = (await mall.sandbox.call("GET", "/codes"))["items"]
    made = {c["scene"]: c for c in codes if c["appid"] == brand.mini["appid"]}
    assert list(made) == [f"l={label.code}"]
    assert (await person.act("scan", content=made[f"l={label.code}"]["url"]))["action"] == "open_mini_program"
    assert (await owner.get(f"/api/merchant/labels/{new_id()}/qr.svg")).status_code == 404


async def test_codes_that_wechat_did_not_make_in_time_are_made_later(mall: Mall) -> None:
    brand = await mall.brand("plain")
    async with mall.rt.db.transaction() as tx:
        new = labels.NewLabel(kind="campaign", name="开业")
        label = await labels.create_label(tx, brand.merchant.merchant_id, new)
    owner = await mall.sign_in_staff(brand)
    (shown,) = (await owner.get("/api/merchant/labels")).json()["items"]
    assert shown["qr_content"] is None
    assert await labels.make_missing_codes(mall.rt) >= 1
    (shown,) = (await owner.get("/api/merchant/labels")).json()["items"]
    assert (shown["code"], shown["qr_content"][:23]) == (label.code, "http://weixin.qq.com/q/")


async def test_another_account_makes_the_codes_anew(mall: Mall) -> None:
    brand = await mall.brand("plain")
    label = await brand.label()
    owner = await mall.sign_in_staff(brand)
    other = await mall.sandbox.call("POST", "/official-accounts", {"name": "青衫新号"})
    settings = {
        "app_id": other["appid"],
        "name": "青衫新号",
        "original_id": other["original_id"],
        "mode": "plain",
        "secret": other["secret"],
        "token": other["token"],
    }
    saved = await owner.put("/api/merchant/official-account", json=settings)
    assert (saved.status_code, saved.json()["verified_at"]) == (200, None)
    (shown,) = (await owner.get("/api/merchant/labels")).json()["items"]
    assert (shown["code"], shown["qr_content"]) == (label.code, None)
    await owner.get(f"/api/merchant/labels/{label.label_id}/qr.svg")
    (shown,) = (await owner.get("/api/merchant/labels")).json()["items"]
    assert shown["qr_content"] not in (None, label.qr_url)
    codes = (await mall.sandbox.call("GET", "/codes"))["items"]
    assert [c["appid"] for c in codes if c["url"] == shown["qr_content"]] == [other["appid"]]


async def test_followers_are_listed_with_who_and_where(mall: Mall) -> None:
    brand = await mall.brand("plain")
    label = await brand.label("湖滨店入口")
    people = [await mall.person(name) for name in ("小满", "知夏", "半夏")]
    for n, person in enumerate(people):
        scanned = await person.act("scan", content=label.qr_url)
        ticket = {"ticket": scanned["ticket"]} if n < 2 else {}
        await person.act("follow", appid=brand.appid, **ticket)
    await people[1].act("unfollow", appid=brand.appid)

    async def all_seen() -> bool:
        rows = await brand.rows("select following from followers where merchant_id = $1")
        return sorted(r["following"] for r in rows) == [False, True, True]

    await mall.settle(all_seen)
    await (await mall.browse(people[0], brand.merchant.code)).aclose()  # a name comes by OAuth
    owner = await mall.sign_in_staff(brand)
    page = (await owner.get("/api/merchant/followers?limit=2")).json()
    rest = (await owner.get(f"/api/merchant/followers?limit=2&cursor={page['next_cursor']}")).json()
    found = {f["openid"]: f for f in page["items"] + rest["items"]}
    assert len(found) == 3
    assert rest["next_cursor"] is None
    one = found[await people[0].openid(brand.appid)]
    assert (one["nickname"], one["store_name"], one["label_name"]) == ("小满", "湖滨店", "湖滨店入口")
    last = found[await people[2].openid(brand.appid)]
    assert (last["nickname"], last["store_name"], last["label_name"]) == (None, None, None)
    left = (await owner.get("/api/merchant/followers?following=false")).json()["items"]
    assert [f["openid"] for f in left] == [await people[1].openid(brand.appid)]
    assert (await owner.get("/api/merchant/followers?cursor=nonsense")).json()["code"] == "bad_cursor"
