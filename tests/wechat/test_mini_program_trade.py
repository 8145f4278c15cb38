"""A mini program's shipping information, content safety, subscribe messages and events."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bihuan.wechat import ApiError, PushReceiver, crypto
from bihuan.wechat.mini_program import (
    ConsentAnswered,
    ConsentWithdrawn,
    Contact,
    Logistics,
    MediaChecked,
    OrderKey,
    Parcel,
    Scene,
    Shipment,
    TradeSettlement,
    read_event,
)

from .api import NOW, OK, Json, WeChat, mini

KEY = OrderKey.of_trade("1900000101", "T1")
SF = Parcel(
    item_desc="外套*1", tracking_no="SF1", express_company="SF", contact=Contact(receiver_contact="138****0000")
)


async def test_a_shipment_whole_split_and_without_goods() -> None:
    wechat = WeChat(wxa__sec__order__upload_shipping_info=OK)
    shipping = mini(wechat).shipping
    await shipping.upload(Shipment(order=KEY, logistics=Logistics.EXPRESS, parcels=(SF,)), openid="o1", at=NOW)
    second = Parcel(item_desc="帽子*2", tracking_no="YT1", express_company="YTO")
    part = Shipment(order=KEY, logistics=Logistics.EXPRESS, parcels=(SF,), all_shipped=False)
    await shipping.upload(part, openid="o1", at=NOW)
    rest = Shipment(order=KEY, logistics=Logistics.EXPRESS, parcels=(SF, second))
    await shipping.upload(rest, openid="o1", at=NOW + timedelta(seconds=1))
    card = Shipment(
        order=OrderKey.of_transaction("42000"), logistics=Logistics.VIRTUAL, parcels=(Parcel(item_desc="储值卡"),)
    )
    await shipping.upload(card, openid="o1", at=NOW)
    one: Json = {
        "item_desc": "外套*1",
        "tracking_no": "SF1",
        "express_company": "SF",
        "contact": {"receiver_contact": "138****0000"},
    }
    two = {"item_desc": "帽子*2", "tracking_no": "YT1", "express_company": "YTO"}
    common = {
        "order_key": {"order_number_type": 1, "mchid": "1900000101", "out_trade_no": "T1"},
        "logistics_type": 1,
        "upload_time": "2026-03-01T20:00:00.000+08:00",
        "payer": {"openid": "o1"},
    }
    assert wechat.bodies() == [
        {**common, "delivery_mode": 1, "shipping_list": [one]},
        {**common, "delivery_mode": 2, "is_all_delivered": False, "shipping_list": [one]},
        {
            **common,
            "delivery_mode": 2,
            "is_all_delivered": True,
            "shipping_list": [one, two],
            "upload_time": "2026-03-01T20:00:01.000+08:00",
        },
        {
            **common,
            "order_key": {"order_number_type": 2, "transaction_id": "42000"},
            "logistics_type": 3,
            "delivery_mode": 1,
            "shipping_list": [{"item_desc": "储值卡"}],
        },
    ]


@pytest.mark.parametrize(
    "shipment",
    [
        Shipment(order=KEY, logistics=Logistics.EXPRESS, parcels=()),
        Shipment(order=KEY, logistics=Logistics.EXPRESS, parcels=(SF,) * 16),
        Shipment(order=KEY, logistics=Logistics.EXPRESS, parcels=(Parcel(item_desc="外套"),)),
        Shipment(order=KEY, logistics=Logistics.PICKUP, parcels=(Parcel(item_desc="a"), Parcel(item_desc="b"))),
        Shipment(order=KEY, logistics=Logistics.VIRTUAL, parcels=(Parcel(item_desc=""),)),
        Shipment(order=KEY, logistics=Logistics.VIRTUAL, parcels=(Parcel(item_desc="x" * 121),)),
    ],
)
async def test_what_wechat_would_refuse_is_not_sent(shipment: Shipment) -> None:
    wechat = WeChat()
    with pytest.raises(ValueError, match=r"parcel|express|item_desc"):
        await mini(wechat).shipping.upload(shipment, openid="o1", at=NOW)
    assert wechat.requests == []


async def test_the_rest_of_the_family() -> None:
    order: Json = {
        "transaction_id": "42000",
        "merchant_id": "1900000101",
        "merchant_trade_no": "T1",
        "paid_amount": 12900,
        "openid": "o1",
        "order_state": 2,
        "shipping": {"delivery_mode": 1, "finish_shipping": True, "finish_shipping_count": 1},
    }
    wechat = WeChat(
        wxa__sec__order__upload_combined_shipping_info=OK,
        wxa__sec__order__get_order={**OK, "order": order},
        wxa__sec__order__get_order_list=[
            {**OK, "order_list": [order], "last_index": "i1", "has_more": True},
            {**OK, "order_list": [{**order, "transaction_id": "42001", "shipping": {}}], "has_more": False},
        ],
        wxa__sec__order__notify_confirm_receive={"errcode": 10060030, "errmsg": "used"},
        wxa__sec__order__set_msg_jump_path=OK,
        wxa__sec__order__is_trade_managed={**OK, "is_trade_managed": True},
        wxa__sec__order__is_trade_management_confirmation_completed={**OK, "completed": False},
        cgi_bin__express__delivery__open_msg__get_delivery_list={
            **OK,
            "delivery_list": [{"delivery_id": "SF", "delivery_name": "顺丰速运"}],
            "count": 1,
        },
    )
    shipping = mini(wechat).shipping
    part = Shipment(order=KEY, logistics=Logistics.EXPRESS, parcels=(SF,))
    await shipping.upload_combined(OrderKey.of_trade("1900000101", "C1"), [part], openid="o1", at=NOW)
    got = await shipping.get(KEY)
    assert (got.order_state, got.paid_amount, got.shipping.finish_shipping_count) == (2, 12900, 1)
    assert [o.transaction_id async for o in shipping.list_all(order_state=2)] == ["42000", "42001"]
    with pytest.raises(ApiError) as refused:
        await shipping.remind_to_confirm(KEY, signed_for_at=NOW)
    assert refused.value.errcode == 10060030
    await shipping.set_jump_path("pages/order/detail")
    assert await shipping.is_managed()
    assert not await shipping.is_confirmed()
    assert (await shipping.delivery_companies())[0].delivery_id == "SF"
    bodies = wechat.bodies()
    assert bodies[0]["sub_orders"][0]["delivery_mode"] == 1
    assert bodies[1] == {"merchant_id": "1900000101", "merchant_trade_no": "T1"}
    assert bodies[3] == {"page_size": 100, "order_state": 2, "last_index": "i1"}
    assert bodies[6] == bodies[7] == {"appid": "wx2"}


async def test_content_safety() -> None:
    wechat = WeChat(
        wxa__msg_sec_check=[
            {**OK, "result": {"suggest": "risky", "label": 20001}, "trace_id": "t"},
            {"errcode": 61010, "errmsg": "code is expired"},
        ],
        wxa__media_check_async={**OK, "trace_id": "m1"},
    )
    safety = mini(wechat).safety
    assert (await safety.check_text("坏话", openid="o1", scene=Scene.COMMENT)).risky
    with pytest.raises(ApiError):
        await safety.check_text("好话", openid="o2", scene=Scene.COMMENT)
    assert await safety.check_media("https://x.test/a.jpg", kind="picture", openid="o1", scene=Scene.PROFILE) == "m1"
    assert wechat.bodies()[0] == {"content": "坏话", "version": 2, "scene": 2, "openid": "o1"}
    assert wechat.bodies()[2]["media_type"] == 2


async def test_subscribe_messages() -> None:
    wechat = WeChat(cgi_bin__message__subscribe__send=[OK, {"errcode": 43101, "errmsg": "refused"}])
    app = mini(wechat)
    await app.send_subscribe("o1", "P1", {"thing1": "外套"}, page="pages/order/order?id=1")
    with pytest.raises(ApiError):
        await app.send_subscribe("o1", "P1", {"thing1": "外套"})
    assert wechat.bodies()[0] == {
        "touser": "o1",
        "template_id": "P1",
        "data": {"thing1": {"value": "外套"}},
        "miniprogram_state": "formal",
        "lang": "zh_CN",
        "page": "pages/order/order?id=1",
    }


TOKEN, AES_KEY = "t0ken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def _sealed(payload: bytes, *, as_json: bool) -> tuple[dict[str, str], bytes]:
    crypt = crypto.MessageCrypt(token=TOKEN, encoding_aes_key=AES_KEY, receive_id="wx2")
    encrypted = crypt.encrypt(payload)
    timestamp = str(int(NOW.timestamp()))
    query = {"timestamp": timestamp, "nonce": "n", "msg_signature": crypt.signature(timestamp, "n", encrypted)}
    if as_json:
        return query, json.dumps({"ToUserName": "gh_1", "Encrypt": encrypted}).encode()
    return query, f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{encrypted}</Encrypt></xml>".encode()


@pytest.mark.parametrize("as_json", [True, False])
def test_events_in_both_forms(as_json: bool) -> None:
    receiver = PushReceiver(appid="wx2", token=TOKEN, mode="safe", encoding_aes_key=AES_KEY, now=lambda: NOW)
    head: Json = {"ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": int(NOW.timestamp()), "MsgType": "event"}

    def read(fields: Json, xml: str) -> object:
        whole = {**head, **fields}
        if as_json:
            body = json.dumps(whole).encode()
        else:
            flat = "".join(f"<{n}>{v}</{n}>" for n, v in whole.items() if not isinstance(v, dict | list))
            body = f"<xml>{flat}{xml}</xml>".encode()
        return read_event(receiver.parse(*_sealed(body, as_json=as_json)))

    settled = read(
        {
            "Event": "trade_manage_order_settlement",
            "transaction_id": "42000",
            "merchant_id": "1900000101",
            "merchant_trade_no": "T1",
            "shipped_time": 1772366400,
            "confirm_receive_method": 2,
            "confirm_receive_time": 1772366500,
        },
        "",
    )
    assert isinstance(settled, TradeSettlement)
    assert settled.received_at is not None
    assert settled.received_at.timestamp() == 1772366500
    assert (settled.received_by_itself, settled.settled_at) == (False, None)
    checked = read(
        {"Event": "wxa_media_check", "trace_id": "m1", "result": {"suggest": "risky", "label": 20002}},
        "<result><suggest>risky</suggest><label>20002</label></result>",
    )
    assert checked == MediaChecked(trace_id="m1", suggest="risky", label=20002)
    said = {"P1": "accept", "P2": "reject", "P3": "accept"}
    listed = [{"TemplateId": name, "SubscribeStatusString": word, "PopupScene": "0"} for name, word in said.items()]
    entries = "".join(
        f"<List><TemplateId>{name}</TemplateId><SubscribeStatusString>{word}</SubscribeStatusString></List>"
        for name, word in said.items()
    )
    answered = read(
        {"Event": "subscribe_msg_popup_event", "List": listed},
        f"<SubscribeMsgPopupEvent>{entries}</SubscribeMsgPopupEvent>",
    )
    assert answered == ConsentAnswered(openid="o1", answers={"P1": True, "P2": False, "P3": True})
    withdrawn = read(
        {"Event": "subscribe_msg_change_event", "List": listed},
        f"<SubscribeMsgChangeEvent>{entries}</SubscribeMsgChangeEvent>",
    )
    assert withdrawn == ConsentWithdrawn(openid="o1", template_ids=["P2"])
