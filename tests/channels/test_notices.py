"""Notices of the mini program: agreed to, counted, sent once for each grant, and said elsewhere when there is none."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bihuan.channels import notice_texts
from bihuan.facts.membership import PointsExpiring
from bihuan.facts.payments import RefundSettled
from bihuan.kernel.events import emit
from bihuan.kernel.ids import MemberId, PaymentId, new_id
from tests.channels.test_shipping import MiniShop, listen, mini

__all__ = ["mini"]


async def library(mini: MiniShop) -> list[dict[str, Any]]:
    """The templates that the mini program has at WeChat."""
    answer = await mini.owner.get("/api/merchant/notices/library")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


TITLES = {"order_paid": "订单支付成功通知", "order_shipped": "订单发货通知", "refund_done": "退款成功通知"}


async def choose(mini: MiniShop, **more: dict[str, Any]) -> dict[str, str]:
    """The merchant takes the suggested templates; their ids by kind."""
    known = await library(mini)
    items: list[dict[str, Any]] = []
    for kind, title in TITLES.items():
        found = next(t for t in known if t["title"] == title)
        data = found["suggested"][kind]
        items.append({"kind": kind, "template_id": found["template_id"], "data": data, **more.get(kind, {})})
    saved = await mini.owner.put("/api/merchant/notices", json={"items": items})
    assert saved.status_code == 200, saved.text
    return {item["kind"]: item["template_id"] for item in saved.json()["items"] if item["template_id"]}


async def agree(mini: MiniShop, template_ids: list[str], *, accept: bool = True) -> dict[str, int]:
    """The shopper answers the sheet, and the page reports it."""
    body = {"appid": mini.brand.mini["appid"], "template_ids": template_ids, "accept": accept}
    answers = await mini.person.act("subscriptions", **body)
    answers.pop("errMsg")
    return (await mini.call("POST", f"{mini.url}/notices/consents", {"answers": answers}))["remaining"]


async def told(mini: MiniShop) -> list[dict[str, Any]]:
    """What the phone's 服务通知 shows, the newest first."""
    return (await mini.mall.sandbox.call("GET", f"/shoppers/{mini.person.shopper_id}/service-messages"))["items"]


async def outbox(mini: MiniShop) -> list[dict[str, Any]]:
    """The console's messages that are notices, the newest first."""
    items = (await mini.owner.get("/api/merchant/messages")).json()["items"]
    return [item for item in items if item["kind"] == "notice"]


async def settle(mini: MiniShop, count: int) -> list[dict[str, Any]]:
    """Works until so many notices are through."""

    async def done() -> bool:
        return len([m for m in await outbox(mini) if m["state"] in ("sent", "failed")]) == count

    await mini.mall.settle(done)
    return await outbox(mini)


async def test_who_agreed_is_told_of_payment_and_shipping_once_each(mini: MiniShop) -> None:
    chosen = await choose(mini)
    wanted = (await mini.call("GET", f"{mini.url}/notices"))["template_ids"]
    assert wanted == list(chosen.values())
    left = await agree(mini, wanted)
    assert left == dict.fromkeys(wanted, 1)
    order_id = await mini.buy()
    (paid,) = await settle(mini, 1)
    assert (paid["purpose"], paid["state"], paid["sent_as"]) == ("order_paid", "sent", "subscribe")
    (notice,) = await told(mini)
    assert notice["template_id"] == chosen["order_paid"]
    assert notice["page"].startswith(f"pages/order/order?id={order_id}")
    assert "￥10.00" in notice["data"].values()
    await mini.ship(order_id, "顺丰速运", "SF1000000001")
    shipped, _ = await settle(mini, 2)
    assert (shipped["purpose"], shipped["sent_as"]) == ("order_shipped", "subscribe")
    newest, _ = await told(mini)
    assert newest["data"]["thing8"] == "顺丰速运"
    assert newest["data"]["character_string9"] == "SF1000000001"
    counts = {i["kind"]: (i["granted"], i["remaining"]) for i in (await shown(mini))["items"]}
    none = {"points_expiring": (0, 0)}
    assert counts == {"order_paid": (1, 0), "order_shipped": (1, 0), "refund_done": (1, 1), **none}


async def shown(mini: MiniShop) -> dict[str, Any]:
    """The console's settings."""
    return (await mini.owner.get("/api/merchant/notices")).json()


async def test_one_grant_is_one_message_and_who_follows_is_told_in_the_chat(mini: MiniShop) -> None:
    chosen = await choose(mini)
    await agree(mini, [chosen["order_paid"]])
    await mini.buy()
    await settle(mini, 1)
    await mini.buy()  # no grant is left and she follows nobody: there is no way to her
    await mini.mall.deliver()
    assert len(await outbox(mini)) == 1
    await mini.person.act("follow", appid=mini.brand.appid)
    await mini.mall.settle(lambda: _named(mini))
    await mini.buy()
    newest, _ = await settle(mini, 2)
    assert (newest["state"], newest["sent_as"]) == ("sent", "custom")
    chat = await mini.person.chat(mini.brand.appid)
    assert any("支付成功" in a["title"] for line in chat for a in line.get("articles", []))


async def _named(mini: MiniShop) -> bool:
    rows = await mini.brand.rows("select shopper_id from followers where merchant_id = $1")
    return len(rows) == 1 and rows[0]["shopper_id"] is not None


async def test_wechats_refusal_is_kept_and_the_chat_stands_in(mini: MiniShop) -> None:
    chosen = await choose(mini)
    template_id = chosen["order_paid"]
    await mini.call("POST", f"{mini.url}/notices/consents", {"answers": {template_id: "accept"}})  # she never did
    await mini.buy()
    (failed,) = await settle(mini, 1)
    assert (failed["state"], failed["errcode"], failed["uncertain"]) == ("failed", 43101, False)
    assert (await shown(mini))["items"][0]["remaining"] == 0, "WeChat knows better how many are left"
    await mini.person.act("follow", appid=mini.brand.appid)
    await mini.mall.settle(lambda: _named(mini))
    await mini.call("POST", f"{mini.url}/notices/consents", {"answers": {template_id: "accept"}})
    await mini.buy()
    newest, _ = await settle(mini, 2)
    assert (newest["state"], newest["sent_as"], newest["errcode"]) == ("sent", "custom", 43101)


async def test_who_switched_a_template_off_at_wechat_has_no_grant_of_it_left(mini: MiniShop) -> None:
    await listen(mini)
    chosen = await choose(mini)
    await agree(mini, list(chosen.values()))
    path = f"/shoppers/{mini.person.shopper_id}/subscriptions"
    await mini.mall.sandbox.call(
        "PUT", path, {"appid": mini.brand.mini["appid"], "template_id": chosen["order_paid"], "banned": True}
    )

    async def dropped() -> bool:
        return (await shown(mini))["items"][0]["remaining"] == 0

    await mini.mall.settle(dropped)
    assert [item["remaining"] for item in (await shown(mini))["items"]] == [0, 1, 1, 0]


async def test_a_template_that_does_not_fit_keeps_the_grant(mini: MiniShop) -> None:
    wrong = {"amount3": "免费", "thing2": "{goods}"}
    chosen = await choose(mini, order_paid={"data": wrong})
    await agree(mini, [chosen["order_paid"]])
    await mini.buy()
    (failed,) = await settle(mini, 1)
    assert (failed["state"], failed["errcode"]) == ("failed", 47003)
    assert (await shown(mini))["items"][0]["remaining"] == 1
    await choose(mini)
    again = await mini.owner.post(f"/api/merchant/messages/{failed['message_id']}/retry")
    assert again.status_code == 200
    (sent,) = await settle(mini, 1)
    assert (sent["state"], sent["sent_as"]) == ("sent", "subscribe")


async def test_consents_are_counted_for_our_templates_of_this_shopper_alone(mini: MiniShop) -> None:
    chosen = await choose(mini)
    template_id = chosen["order_paid"]
    answers = {template_id: "reject", "strange": "accept", chosen["refund_done"]: "filter"}
    said = await mini.call("POST", f"{mini.url}/notices/consents", {"answers": answers})
    assert said["remaining"] == dict.fromkeys(chosen.values(), 0)
    for _ in range(25):
        said = await mini.call("POST", f"{mini.url}/notices/consents", {"answers": {template_id: "accept"}})
    assert said["remaining"][template_id] == 20, "a page that reports for ever makes no more"
    unknown = await mini.shopper.post("/api/shop/nobody/notices/consents", json={"answers": {}})
    assert unknown.status_code == 404
    del mini.shopper.headers["Authorization"]
    stranger = await mini.shopper.post(f"{mini.url}/notices/consents", json={"answers": {}})
    assert stranger.status_code == 401


async def test_settings_that_make_no_sense_are_refused(mini: MiniShop) -> None:
    for items in (
        [{"kind": "order_paid", "template_id": "t1"}],
        [{"kind": "order_paid", "official_template_id": "t1"}],
        [{"kind": "order_paid"}, {"kind": "order_paid"}],
    ):
        answer = await mini.owner.put("/api/merchant/notices", json={"items": items})
        assert (answer.status_code, answer.json()["code"]) == (422, "template_wrong")
    other = await mini.owner.put("/api/merchant/notices", json={"items": [{"kind": "birthday"}]})
    assert other.status_code in {400, 422}
    empty = await mini.owner.put("/api/merchant/notices", json={"items": []})
    assert [i["template_id"] for i in empty.json()["items"]] == ["", "", "", ""]
    clerk = await mini.mall.sign_in_staff(mini.brand, "clerk")
    assert (await clerk.get("/api/merchant/notices")).status_code == 403


async def test_a_refund_is_told(mini: MiniShop) -> None:
    chosen = await choose(mini)
    await agree(mini, [chosen["refund_done"]])
    order_id = await mini.buy()
    (order,) = await mini.brand.rows("select shopper_id from orders where merchant_id = $1")
    async with mini.mall.rt.db.transaction() as tx:
        fact = RefundSettled(
            merchant_id=mini.brand.merchant.merchant_id,
            occurred_at=tx.now,
            payment_id=PaymentId(new_id()),
            purpose="order",
            reference_id=UUID(order_id),
            shopper_id=order["shopper_id"],
            amount_fen=1000,
            decision_id=new_id(),
        )
        await emit(tx, fact)
    (done,) = await settle(mini, 1)
    assert (done["purpose"], done["sent_as"]) == ("refund_done", "subscribe")
    (notice,) = await told(mini)
    assert notice["data"]["amount3"] == "￥10.00"


async def test_points_about_to_expire_are_told_by_a_grant_or_in_the_chat(mini: MiniShop) -> None:
    known = await library(mini)
    found = next(t for t in known if t["title"] == "积分变动提醒")
    data = found["suggested"]["points_expiring"]
    assert "{points}" in data.values()
    item = {"kind": "points_expiring", "template_id": found["template_id"], "data": data}
    assert (await mini.owner.put("/api/merchant/notices", json={"items": [item]})).status_code == 200
    asked = await mini.call("GET", f"{mini.url}/notices")
    assert asked == {"template_ids": [], "member_template_ids": [found["template_id"]]}
    assert await agree(mini, asked["member_template_ids"]) == {found["template_id"]: 1}
    await mini.buy()
    (order,) = await mini.brand.rows("select shopper_id from orders where merchant_id = $1")

    async def expiring(points: int) -> None:
        async with mini.mall.rt.db.transaction() as tx:
            await emit(
                tx,
                PointsExpiring(
                    merchant_id=mini.brand.merchant.merchant_id,
                    occurred_at=tx.now,
                    member_id=MemberId(new_id()),
                    shopper_id=order["shopper_id"],
                    points=points,
                    expires_at=tx.now + timedelta(days=7),
                ),
            )

    await expiring(320)
    (told_once,) = await settle(mini, 1)
    assert (told_once["purpose"], told_once["sent_as"]) == ("points_expiring", "subscribe")
    (notice,) = await told(mini)
    assert "320" in notice["data"].values()
    assert notice["page"].startswith("pages/member/member?m=")

    await mini.person.act("follow", appid=mini.brand.appid)
    await mini.mall.settle(lambda: _named(mini))
    await expiring(80)  # the grant is used up, and she follows by now
    newest, _ = await settle(mini, 2)
    assert (newest["state"], newest["sent_as"]) == ("sent", "custom")
    chat = await mini.person.chat(mini.brand.appid)
    (article,) = [a for line in chat for a in line.get("articles", []) if "积分即将到期" in a["title"]]
    assert "积分：80" in article["description"]


@pytest.mark.parametrize(
    ("field", "text", "fitted"),
    [
        ("thing2", "一" * 30, "一" * 19 + "…"),
        ("character_string1", "单20261122，A", "20261122A"),
        ("phrase6", "已经全部发出了", "已经全部发"),
        ("amount3", "￥12.00", "￥12.00"),
        ("keyword1", "一" * 30, "一" * 30),
    ],
)
def test_texts_keep_to_the_rule_of_their_field(field: str, text: str, fitted: str) -> None:
    assert notice_texts.data_of({field: text}, {}) == {field: fitted}


def test_fields_are_guessed_from_their_names() -> None:
    content = "订单编号:{{character_string1.DATA}}\n快递单号:{{character_string9.DATA}}\n物流公司:{{thing8.DATA}}\n"
    assert notice_texts.suggest(content, "order_shipped") == {
        "character_string1": "{order_no}",
        "character_string9": "{tracking_no}",
        "thing8": "{company}",
    }
    assert notice_texts.fill("{order_no}{x}", {"order_no": "1"}) == "1{x}"
