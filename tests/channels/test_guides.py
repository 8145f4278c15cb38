"""Guides on WeCom, on the sandbox: from the code at the counter to the order that is hers."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from bihuan import staff
from bihuan.channels.guides import events
from bihuan.kernel.ids import new_id
from bihuan.staff import Role
from bihuan.wechat.crypto import MessageCrypt
from tests.channels.desk import Brand, Mall, Person
from tests.channels.test_shipping import MiniShop, mini

__all__ = ["mini"]


class Room:
    """A brand with a corp of the sandbox, and its owner at the console."""

    def __init__(self, mall: Mall, brand: Brand, owner: httpx.AsyncClient, corp: dict[str, Any]) -> None:
        self.mall = mall
        self.brand = brand
        self.owner = owner
        self.corp = corp
        self.callback = f"/wechat/{brand.merchant.code}/wecom"

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """The owner's request."""
        answer = await self.owner.request(method, f"/api/merchant/{path}", json=body)
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return answer.json()

    async def employ(self, name: str, role: Role = "clerk") -> str:
        """Somebody of the staff, who works in the brand's store."""
        async with self.mall.rt.db.transaction() as tx:
            made = await staff.create(
                tx,
                self.brand.merchant.merchant_id,
                login=f"g{new_id().hex[-12:]}",
                password="correct horse battery",
                name=name,
                role=role,
                store_id=self.brand.store_id,
            )
        return str(made.staff_id)

    async def guide(self, userid: str = "QingQing", *, tell: bool = False) -> tuple[str, dict[str, Any]]:
        """A member who is somebody of the staff, with her contact code."""
        await self.ask("POST", "guides/sync")
        staff_id = await self.employ("青青")
        await self.ask("PUT", f"guides/{userid}", {"staff_id": staff_id, "tell_payments": tell})
        return staff_id, await self.ask("POST", f"guides/{userid}/code")

    async def add(self, person: Person, userid: str = "QingQing") -> dict[str, Any]:
        """The person scans the guide's code and adds her."""
        at_wecom = await self.mall.sandbox.call("GET", f"/corps/{self.corp['corpid']}")
        way = next(w for w in at_wecom["contact_ways"] if w["user"] == [userid])
        return await person.act("contacts", content=way["code_url"])

    async def lines(self, person: Person) -> list[dict[str, Any]]:
        """What the phone shows in the chat with the guide."""
        items = (await self.mall.sandbox.call("GET", f"/shoppers/{person.shopper_id}/contacts"))["items"]
        return [line for item in items for line in item["messages"]]

    async def customers(self) -> list[dict[str, Any]]:
        """The console's list, the latest first."""
        return (await self.ask("GET", "guide-customers"))["items"]

    async def known(self, count: int) -> bool:
        """Whether so many customers were greeted and named."""
        found = await self.customers()
        return len(found) == count and all(c["name"] and c["welcome"] != "sending" for c in found)

    def sealed(self, xml: str, *, at: int | None = None) -> tuple[dict[str, str], str]:
        """An event as WeCom would push it: query and body."""
        crypt = MessageCrypt(
            token=self.corp["token"], encoding_aes_key=self.corp["encoding_aes_key"], receive_id=self.corp["corpid"]
        )
        encrypted = crypt.encrypt(xml.encode())
        timestamp, nonce = str(at or int(time.time())), new_id().hex[:10]
        query = {"timestamp": timestamp, "nonce": nonce}
        query["msg_signature"] = crypt.signature(timestamp, nonce, encrypted)
        return query, f"<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"


async def open_room(mall: Mall, brand: Brand) -> Room:
    """Connects a new corp, with the default people, to a brand."""
    made = await mall.sandbox.call("POST", "/corps", {"name": "青衫"})
    for userid, name in (("QingQing", "青青"), ("AMu", "阿木")):
        await mall.sandbox.call("POST", f"/corps/{made['corpid']}/members", {"userid": userid, "name": name})
    room = Room(mall, brand, await mall.sign_in_staff(brand), made)
    saved = await room.ask(
        "PUT",
        "wecom",
        {
            "corp_id": made["corpid"],
            "agent_id": made["agentid"],
            "secret": made["secret"],
            "token": made["token"],
            "encoding_aes_key": made["encoding_aes_key"],
        },
    )
    assert made["secret"] not in str(saved)
    assert made["encoding_aes_key"] not in str(saved)
    await mall.sandbox.call("PUT", f"/corps/{made['corpid']}", {"callback_url": saved["callback_url"]})
    return room


@pytest.fixture
async def room(mall: Mall) -> AsyncGenerator[Room, None]:
    """A brand's room."""
    opened = await open_room(mall, await mall.brand())
    yield opened
    await opened.owner.aclose()


async def test_the_handshake_marks_the_corp_and_the_address_book_is_taken_over(room: Room) -> None:
    shown = await room.ask("GET", "wecom")
    assert shown["verified_at"] is not None
    assert shown["synced_at"] is None
    book = await room.ask("POST", "guides/sync")
    assert {(m["userid"], m["name"], m["staff_id"]) for m in book["items"]} == {
        ("QingQing", "青青", None),
        ("AMu", "阿木", None),
    }
    assert [d["name"] for d in book["departments"]] == ["青衫"]
    assert (await room.ask("GET", "wecom"))["synced_at"] is not None


async def test_matching_is_by_hand_and_outlives_a_sync(room: Room) -> None:
    refused = await room.owner.post("/api/merchant/guides/QingQing/code")
    assert refused.status_code == 404, "nobody was taken over yet"
    await room.ask("POST", "guides/sync")
    refused = await room.owner.post("/api/merchant/guides/QingQing/code")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_matched")
    staff_id = await room.employ("青青")
    matched = await room.ask("PUT", "guides/QingQing", {"staff_id": staff_id, "tell_payments": True})
    assert (matched["staff_id"], matched["staff_name"], matched["tell_payments"]) == (staff_id, "青青", True)
    other = await room.owner.put("/api/merchant/guides/AMu", json={"staff_id": staff_id})
    assert (other.status_code, other.json()["code"]) == (409, "staff_matched")
    stranger = await room.owner.put("/api/merchant/guides/AMu", json={"staff_id": str(new_id())})
    assert (stranger.status_code, stranger.json()["code"]) == (422, "unknown_place")
    await room.mall.sandbox.call("POST", f"/corps/{room.corp['corpid']}/members", {"userid": "XiaoHe", "name": "小禾"})
    book = {m["userid"]: m for m in (await room.ask("POST", "guides/sync"))["items"]}
    assert set(book) == {"QingQing", "AMu", "XiaoHe"}
    assert (book["QingQing"]["staff_id"], book["QingQing"]["tell_payments"]) == (staff_id, True)


async def test_a_guides_code_is_made_once_printed_and_follows_her_match(room: Room) -> None:
    staff_id, guide = await room.guide()
    assert guide["code_ready"]
    again = await room.ask("POST", "guides/QingQing/code")
    assert again["label_id"] == guide["label_id"]
    at_wecom = await room.mall.sandbox.call("GET", f"/corps/{room.corp['corpid']}")
    (way,) = at_wecom["contact_ways"]
    assert (way["state"], way["user"]) == (guide["label_code"], ["QingQing"])
    picture = await room.owner.get("/api/merchant/guides/QingQing/code")
    assert picture.status_code == 200
    assert picture.headers["content-type"].startswith("image/")
    labels = (await room.ask("GET", "labels?kind=staff"))["items"]
    (label,) = [item for item in labels if item["label_id"] == guide["label_id"]]
    assert (label["staff_id"], label["store_id"]) == (staff_id, str(room.brand.store_id))
    successor = await room.employ("新人")
    await room.ask("PUT", "guides/QingQing", {"staff_id": successor})
    moved = await room.ask("POST", "guides/QingQing/code")
    assert moved["label_id"] != guide["label_id"]
    at_wecom = await room.mall.sandbox.call("GET", f"/corps/{room.corp['corpid']}")
    assert [(w["config_id"], w["state"]) for w in at_wecom["contact_ways"]] == [
        (way["config_id"], moved["label_code"])
    ], "the printed picture stays good and speaks for her who is there now"


async def test_adding_a_guide_greets_at_once_records_and_attributes(room: Room) -> None:
    staff_id, guide = await room.guide()
    await room.ask("PUT", "wecom", {**_kept(room), "welcome": "欢迎来到{merchant}，我是{guide}：{mall}"})
    person = await room.mall.person("小满")
    await room.add(person)
    await room.mall.settle(lambda: room.known(1))
    said, card = await room.lines(person)
    assert said["content"] == f"欢迎来到青衫，我是青青：{guide['url']}"
    assert (card["kind"], card["url"]) == ("link", guide["url"])
    (customer,) = await room.customers()
    assert (customer["name"], customer["guide_name"], customer["welcome"]) == ("小满", "青青", "sent")
    assert customer["shopper_id"] is not None
    touches = await room.brand.rows("select kind, staff_id, store_id, shopper_id from touchpoints where merchant_id=$1")
    assert [(t["kind"], str(t["staff_id"]), str(t["shopper_id"])) for t in touches] == [
        ("scan", staff_id, customer["shopper_id"])
    ]
    browser = await room.mall.browse(person, room.brand.merchant.code)
    me = (await browser.get("/api/shop/session")).json()["shopper"]["shopper_id"]
    assert me == customer["shopper_id"], "one unionid is one shopper"
    await browser.aclose()


def _kept(room: Room) -> dict[str, Any]:
    return {"corp_id": room.corp["corpid"], "agent_id": room.corp["agentid"]}


async def test_leaving_and_coming_back(room: Room) -> None:
    await room.guide()
    person = await room.mall.person()
    await room.add(person)
    await room.mall.settle(lambda: room.known(1))
    corpid = room.corp["corpid"]
    await room.mall.sandbox.call("DELETE", f"/shoppers/{person.shopper_id}/contacts/{corpid}/QingQing")

    async def left() -> bool:
        return [c["state"] for c in await room.customers()] == ["left"]

    await room.mall.settle(left)
    assert [g["customers"] for g in (await room.ask("GET", "guides"))["items"] if g["userid"] == "QingQing"] == [0]
    await room.add(person)

    async def back() -> bool:
        return [(c["state"], c["welcome"]) for c in await room.customers()] == [("active", "sent")]

    await room.mall.settle(back)
    drop = f"/corps/{corpid}/members/QingQing/customers/{person.shopper_id}"
    await room.mall.sandbox.call("POST", drop, {"act": "delete"})

    async def dropped() -> bool:
        return [c["state"] for c in await room.customers()] == ["dropped"]

    await room.mall.settle(dropped)


async def test_what_wecom_refuses_of_the_welcome_is_kept_and_no_event_acts_twice(room: Room) -> None:
    _, guide = await room.guide()
    xml = f"""<xml><ToUserName>{room.corp["corpid"]}</ToUserName><FromUserName>sys</FromUserName>
      <CreateTime>{int(time.time())}</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event>
      <ChangeType>add_external_contact</ChangeType><UserID>QingQing</UserID><ExternalUserID>wmNobody</ExternalUserID>
      <State>{guide["label_code"]}</State><WelcomeCode>never</WelcomeCode></xml>"""
    query, body = room.sealed(xml)
    for _ in range(2):
        answer = await room.mall.http.post(room.callback, params=query, content=body)
        assert (answer.status_code, answer.text) == (200, "success")

    async def failed() -> bool:
        return [c["welcome"] for c in await room.customers()] == ["failed"]

    await room.mall.settle(failed)
    (customer,) = await room.customers()
    assert customer["welcome_error"].startswith("41050")
    assert await room.brand.rows("select scans from labels where merchant_id=$1 and scans > 0") == [{"scans": 1}]


async def test_what_was_not_sent_by_wecom_is_refused_recorded_and_changes_nothing(room: Room) -> None:
    await room.guide()
    xml = f"<xml><ToUserName>{room.corp['corpid']}</ToUserName><CreateTime>{int(time.time())}</CreateTime></xml>"
    query, body = room.sealed(xml)
    foreign = {**room.corp, "corpid": "ww0000000000000000"}
    strange = Room(room.mall, room.brand, room.owner, foreign)
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><Encrypt>&a;</Encrypt></xml>'
    cases: list[tuple[dict[str, str], str, set[int]]] = [
        ({}, body, {403}),
        ({**query, "msg_signature": "0" * 40}, body, {403}),
        ({**query, "nonce": "other"}, body, {403}),
        (*room.sealed(xml, at=int(time.time()) - 3600), {403}),
        (query, "<xml><Encrypt>x</Encrypt></xml>", {403}),
        (query, "<xml/>", {403}),
        (query, "not xml", {400}),
        (query, bomb, {400}),
        (*strange.sealed(xml), {403}),
        (*room.sealed("<xml>"), {400}),
    ]
    for case_query, case_body, allowed in cases:
        answer = await room.mall.http.post(room.callback, params=case_query, content=case_body)
        assert answer.status_code in allowed, (case_body[:60], answer.text)
    for bad in ({}, {**query, "echostr": "x"}, query):
        assert (await room.mall.http.get(room.callback, params=bad)).status_code in {400, 403}
    kind = {"content-type": "image/png"}
    assert (await room.mall.http.post(room.callback, params=query, content=body, headers=kind)).status_code == 415
    assert await room.customers() == []
    refused = (await room.ask("GET", "wechat/refused-pushes"))["items"]
    assert len([r for r in refused if r["address"] == "wecom"]) >= len(cases)
    nobody = await room.mall.bare_merchant()
    assert (await room.mall.http.post(f"/wechat/{nobody.code}/wecom", content=body)).status_code == 404


async def test_settings_are_checked_and_another_corp_starts_anew(room: Room) -> None:
    await room.guide()
    for change in ({"corp_id": "x"}, {"token": "!"}, {"encoding_aes_key": "short"}):
        answer = await room.owner.put("/api/merchant/wecom", json={**_kept(room), **change})
        assert (answer.status_code, answer.json()["code"]) == (422, "settings_incomplete")
    answer = await room.owner.put("/api/merchant/wecom", json={**_kept(room), "corp_id": "ww1111111111111111"})
    assert answer.json()["code"] == "settings_incomplete", "the secrets of another corp are not its"
    whole = {"secret": "s3cret", "token": "t0ken", "encoding_aes_key": "a" * 43}
    other = await room.ask("PUT", "wecom", {**_kept(room), "corp_id": "ww1111111111111111", **whole})
    assert (other["verified_at"], (await room.ask("GET", "guides"))["items"]) == (None, [])
    failed = await room.owner.post("/api/merchant/guides/sync")
    assert (failed.status_code, failed.json()["code"]) == (502, "wechat_error")
    clerk = await room.mall.sign_in_staff(room.brand, "clerk")
    assert (await clerk.get("/api/merchant/wecom")).status_code == 403


async def test_who_adds_a_guide_and_buys_is_hers_and_she_is_told(mini: MiniShop) -> None:
    room = await open_room(mini.mall, mini.brand)
    staff_id, _ = await room.guide(tell=True)
    await room.add(mini.person)
    await mini.mall.settle(lambda: room.known(1))
    order_id = await mini.buy()
    order = await room.ask("GET", f"orders/{order_id}")
    assert str(order["attribution"]["staff_id"]) == staff_id

    async def told() -> bool:
        path = f"/corps/{room.corp['corpid']}/members/QingQing/messages"
        return len((await mini.mall.sandbox.call("GET", path))["messages"]) == 1

    await mini.mall.settle(told)
    path = f"/corps/{room.corp['corpid']}/members/QingQing/messages"
    (card,) = (await mini.mall.sandbox.call("GET", path))["messages"]
    assert "￥10.00" in card["description"]
    assert card["url"] == f"{mini.mall.url}/console/#/orders/{order_id}"
    sent = [m for m in (await room.ask("GET", "messages"))["items"] if m["kind"] == "guide"]
    assert [(m["state"], m["sent_as"], m["purpose"]) for m in sent] == [("sent", "app", "guide_order_paid")]
    await room.ask("PUT", "guides/QingQing", {"staff_id": staff_id, "tell_payments": False})
    await mini.buy()
    await mini.mall.deliver()
    assert len([m for m in (await room.ask("GET", "messages"))["items"] if m["kind"] == "guide"]) == 1


async def test_who_was_not_named_in_time_is_asked_about_again(room: Room) -> None:
    await room.guide()
    person = await room.mall.person("晚到")
    await room.add(person)
    await room.mall.settle(lambda: room.known(1))
    async with room.mall.rt.db.transaction() as tx:
        await tx.execute(
            "update guide_customers set asked = false, name = '', ask_at = $2 where merchant_id = $1",
            room.brand.merchant.merchant_id,
            tx.now,
        )
    assert await events.ask_again(room.mall.rt) >= 1
    assert [c["name"] for c in await room.customers()] == ["晚到"]
