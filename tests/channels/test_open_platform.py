"""A merchant authorizes its accounts at WeChat's page, and everything works with no secret typed in."""

import time
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bihuan import merchants, staff
from bihuan.channels import components
from bihuan.kernel.ids import new_id
from tests.channels.desk import Brand, Mall
from tests.channels.wire import encrypt, sha1, xml


@pytest.fixture(scope="module")
async def operator(mall: Mall) -> AsyncGenerator[httpx.AsyncClient, None]:
    """Somebody of the platform's staff, signed in."""
    login, password = f"op{new_id().hex[-12:]}", "correct horse battery"
    async with mall.rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
        await staff.create(
            tx, platform.merchant_id, login=login, password=password, name="运营", role="owner", store_id=None
        )
    answer = await mall.http.post("/api/merchant/session", json={"login": login, "password": password})
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    async with httpx.AsyncClient(base_url=mall.url, headers=bearer, trust_env=False, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
async def component(mall: Mall, operator: httpx.AsyncClient) -> dict[str, Any]:
    """The operator's component, listening: WeChat has pushed its first ticket."""
    made = await mall.sandbox.call("POST", "/components", {"name": "闭环"})
    settings = {
        "app_id": made["appid"],
        "secret": made["secret"],
        "token": made["token"],
        "encoding_aes_key": made["encoding_aes_key"],
    }
    saved = await operator.put("/api/platform/open-platform", json=settings)
    assert saved.status_code == 200, saved.text
    assert saved.json()["ticket_at"] is None
    assert made["secret"] not in saved.text
    urls = {"event_url": saved.json()["ticket_url"], "message_url": saved.json()["message_url"]}
    await mall.sandbox.call("PUT", f"/components/{made['appid']}", urls)

    async def heard() -> bool:
        return (await operator.get("/api/platform/open-platform")).json()["ticket_at"] is not None

    await mall.settle(heard)
    return made


class Shop:
    """A merchant that has typed no secret in."""

    def __init__(self, mall: Mall, brand: Brand, owner: httpx.AsyncClient) -> None:
        self.mall = mall
        self.brand = brand
        self.owner = owner
        self.code = brand.merchant.code

    async def begin(self, kind: str) -> str:
        """WeChat's page."""
        answer = await self.owner.post("/api/merchant/wechat/authorizations", json={"kind": kind})
        assert answer.status_code == 200, answer.text
        return answer.json()["url"]

    async def agree(self, url: str, appid: str) -> str:
        """The account's admin agrees; where the browser goes back to."""
        shown = await self.mall.sandbox.http.get(url)
        assert appid in shown.text
        back = await self.mall.sandbox.http.post(url, data={"appid": appid})
        assert back.status_code in (302, 303), back.text
        return back.headers["location"]

    async def authorize(self, kind: str, appid: str) -> str:
        """All of it; where the console is opened."""
        answer = await self.owner.get(await self.agree(await self.begin(kind), appid))
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def shown(self) -> dict[str, Any]:
        """The console's account."""
        return (await self.owner.get("/api/merchant/official-account")).json()


@pytest.fixture
async def shop(mall: Mall, component: dict[str, Any]) -> Shop:
    """A merchant with accounts of its own at WeChat that are connected nowhere."""
    assert component
    tag = new_id().hex[-8:]
    account = await mall.sandbox.call("POST", "/official-accounts", {"name": f"满{tag}"})
    mini = await mall.sandbox.call("POST", "/mini-programs", {"name": f"满{tag}"})
    merchant = await mall.bare_merchant()
    async with mall.rt.db.transaction() as tx:
        store = await merchants.create_store(tx, merchant.merchant_id, code="s1", name="湖滨店", city="杭州市")
    brand = Brand(mall, merchant, store.store_id, account, mini)
    return Shop(mall, brand, await mall.sign_in_staff(brand))


async def _subscribed(shop: Shop) -> bool:
    rows = await shop.brand.rows("select following from followers where merchant_id = $1 and shopper_id is not null")
    return rows == [{"following": True}]


async def test_an_official_account_works_with_no_secret(mall: Mall, shop: Shop, component: dict[str, Any]) -> None:
    assert (await shop.shown())["app_id"] == ""
    page = await shop.begin("official_account")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
    assert (asked["component_appid"], asked["auth_type"]) == (component["appid"], "1")
    assert await shop.authorize("official_account", shop.brand.appid) == (
        "/console/official-account?authorized=official_account"
    )
    shown = await shop.shown()
    assert (shown["app_id"], shown["connection"], shown["secret_fingerprint"]) == (shop.brand.appid, "component", None)
    assert shown["verified_at"] is not None

    # its codes, pushes and replies
    label = await shop.brand.label()
    person = await mall.person()
    scanned = await person.act("scan", content=label.qr_url)
    await person.act("follow", appid=shop.brand.appid, ticket=scanned["ticket"])
    await mall.settle(lambda: _subscribed(shop))
    assert ("follow", label.code, True) in await shop.brand.touches()
    assert any("欢迎关注" in str(m) for m in await person.chat(shop.brand.appid))

    # its menu, and its shoppers' sign-in
    buttons = {"buttons": [{"name": "商城", "type": "view", "url": f"{mall.url}/shop/{shop.code}/"}]}
    await shop.owner.put("/api/merchant/menu", json=buttons)
    published = await shop.owner.post("/api/merchant/menu/publish")
    assert published.status_code == 200, published.text
    browser = await mall.browse(person, shop.code)
    assert (await browser.get(f"/api/shop/{shop.code}/wechat/jssdk", params={"url": f"{mall.url}/"})).status_code == 200

    # nothing signs for the address of its own, so nothing is taken in there
    for query in ({}, {"timestamp": str(int(time.time())), "nonce": "n", "signature": sha1("", "n")}):
        own = await mall.http.post(f"/wechat/{shop.code}/official-account", params=query, content=b"<xml></xml>")
        assert (own.status_code, own.json()["code"]) == (404, "no_official_account")

    # saving its other settings keeps it; typing a secret in takes it over
    kept = {"app_id": shown["app_id"], "name": "小满手作", "original_id": shown["original_id"]}
    assert (await shop.owner.put("/api/merchant/official-account", json=kept)).json()["connection"] == "component"


async def test_a_mini_program_alone(mall: Mall, shop: Shop) -> None:
    appid = shop.brand.mini["appid"]
    assert (await shop.authorize("mini_program", appid)).endswith("authorized=mini_program")
    shown = await shop.shown()
    assert (shown["app_id"], shown["mini_program_app_id"], shown["mini_program_connection"]) == ("", appid, "component")
    person = await mall.person()
    code = (await person.act("jscode", appid=appid))["code"]
    signed_in = await mall.http.post(f"/api/shop/{shop.code}/wechat/login", json={"code": code})
    assert signed_in.status_code == 200, signed_in.text
    refused = await mall.http.get(f"/api/shop/{shop.code}/wechat/authorize")
    assert refused.json()["code"] == "no_official_account"
    label = {"kind": "campaign", "name": "开业"}
    made = await shop.owner.post("/api/merchant/labels", json=label, headers={"Idempotency-Key": new_id().hex})
    assert made.json()["qr_content"] == made.json()["url"]
    picture = await shop.owner.get(f"/api/merchant/labels/{made.json()['label_id']}/mini-program.jpg")
    assert picture.headers["content-type"].startswith("image/"), picture.text


async def test_what_is_withdrawn_says_so_and_comes_back(mall: Mall, shop: Shop, component: dict[str, Any]) -> None:
    appid = shop.brand.appid
    await shop.authorize("official_account", appid)
    await mall.sandbox.call("DELETE", f"/components/{component['appid']}/authorizations/{appid}")

    async def withdrawn() -> bool:
        return (await shop.shown())["connection"] == "withdrawn"

    await mall.settle(withdrawn)
    listed = (await shop.owner.get("/api/merchant/wechat/authorizations")).json()
    assert [(a["appid"], a["state"]) for a in listed["items"]] == [(appid, "withdrawn")]
    buttons = {"buttons": [{"name": "商城", "type": "view", "url": "https://x.test/"}]}
    await shop.owner.put("/api/merchant/menu", json=buttons)
    refused = await shop.owner.post("/api/merchant/menu/publish")
    assert (refused.status_code, refused.json()["code"]) == (502, "wechat_error")
    await shop.authorize("official_account", appid)
    assert (await shop.shown())["connection"] == "component"
    assert (await shop.owner.post("/api/merchant/menu/publish")).status_code == 200


async def test_an_account_belongs_to_one_merchant(mall: Mall, shop: Shop) -> None:
    await shop.authorize("official_account", shop.brand.appid)
    other = await mall.bare_merchant()
    brand = Brand(mall, other, shop.brand.store_id, shop.brand.account, shop.brand.mini)
    thief = Shop(mall, brand, await mall.sign_in_staff(brand))
    assert (await thief.authorize("official_account", shop.brand.appid)).endswith("authorization_error=app_taken")
    assert (await thief.shown())["app_id"] == ""
    assert (await shop.shown())["app_id"] == shop.brand.appid


async def test_the_way_back_is_for_this_browser_and_kind(mall: Mall, shop: Shop) -> None:
    back = await shop.agree(await shop.begin("official_account"), shop.brand.appid)
    stranger = await mall.http.get(back)
    assert stranger.headers["location"].endswith("authorization_error=authorization_expired")
    for bad in (back.replace("&s=", "&s=0"), back.replace(f"m={shop.code}", "m=platform")):
        assert "authorization_error" in (await shop.owner.get(bad)).headers.get("location", "authorization_error")
    assert (await shop.shown())["app_id"] == ""
    done = await shop.owner.get(back)
    assert done.headers["location"].endswith("authorized=official_account")


async def test_forged_notices_and_pushes_change_nothing(
    mall: Mall, shop: Shop, component: dict[str, Any], operator: httpx.AsyncClient
) -> None:
    await shop.authorize("official_account", shop.brand.appid)

    def notice(*, age: int = 0, key: str = "", appid: str = "", inner: str = "") -> tuple[dict[str, str], bytes]:
        said = inner or xml(
            AppId=component["appid"],
            CreateTime=int(time.time()),
            InfoType="unauthorized",
            AuthorizerAppid=shop.brand.appid,
        )
        sealed = encrypt(component["encoding_aes_key"], appid or component["appid"], said)
        timestamp = str(int(time.time()) - age)
        signature = sha1(key or component["token"], timestamp, "n", sealed)
        query = {"timestamp": timestamp, "nonce": "n", "msg_signature": signature, "encrypt_type": "aes"}
        return query, xml(AppId=component["appid"], Encrypt=sealed).encode()

    ticket = "/wechat/open-platform/ticket"
    message = f"/wechat/open-platform/{shop.brand.appid}/message"
    for path in (ticket, message):
        for status, (query, body) in {
            403: notice(key="wrong"),
            400: (notice()[0], b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><xml><Encrypt>&a;</Encrypt></xml>"),
            413: (notice()[0], b"<xml>" + b"x" * 200_000 + b"</xml>"),
        }.items():
            answer = await mall.http.post(path, params=query, content=body)
            assert answer.status_code == status, (path, answer.text)
        for query, body in (notice(age=400), notice(appid="wxanother"), ({}, b"<xml><Encrypt>x</Encrypt></xml>")):
            assert (await mall.http.post(path, params=query, content=body)).status_code == 403
    foreign = xml(AppId="wxanother", CreateTime=1, InfoType="unauthorized", AuthorizerAppid=shop.brand.appid)
    query, body = notice(inner=foreign)
    assert (await mall.http.post(ticket, params=query, content=body)).status_code == 403
    assert (await shop.shown())["connection"] == "component"
    refused = (await shop.owner.get("/api/merchant/wechat/refused-pushes")).json()["items"]
    assert {r["reason"] for r in refused} >= {"signature_invalid", "stale_timestamp", "decryption_failed"}
    unknown = await mall.http.post("/wechat/open-platform/wxnobody/message", params=query, content=body)
    assert unknown.status_code in (400, 403, 404)
    held = await operator.get("/api/platform/open-platform")
    assert held.json()["ticket_at"] is not None


async def test_secrets_of_the_component_are_complete_or_refused(mall: Mall, component: dict[str, Any]) -> None:
    async with mall.rt.db.transaction() as tx:
        for new in (
            components.NewComponent(appid="wxother1234", secret="s"),
            components.NewComponent(appid="not an appid"),
            components.NewComponent(appid=component["appid"], encoding_aes_key="short"),
        ):
            with pytest.raises(components.SettingsIncomplete):
                await components.save(tx, mall.rt.vault, new)
