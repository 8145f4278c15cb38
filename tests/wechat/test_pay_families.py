"""Each interface beside a direct merchant's payments: what is sent and what is understood, by the published schemas."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest

from bihuan.wechat import crypto
from bihuan.wechat.errors import MalformedMessage, Unavailable
from bihuan.wechat.pay import PartnerClient, PayClient, ProfitSharing, RefundFunds
from tests.wechat_sandbox.schemas import OPENAPI, check_answer, check_request

from .pay_samples import (
    AT,
    BILL,
    BILL_STATE,
    CARD,
    CODE,
    COMBINE_STATE,
    COMBINED,
    COMPLAINT,
    DAY,
    HASHED,
    PARTNER_PAID,
    REFUND,
    REQUEST,
    RETURNED,
    SHARE,
    SHARE_IN,
    SHARED,
    SUB,
    TAKEN,
    TRANSFER,
    URL,
)
from .platform import ORDER, PUBLIC_KEY_ID, Json, Recorder, answer, check_authorization, client, key

P = "/v3/pay/partner/transactions"
C = "/v3/combine-transactions"
T = "/v3/fund-app/mch-transfer/transfer-bills"
M = "/v3/merchant-service"
S = "/v3/profitsharing"


class Case(msgspec.Struct, frozen=True):
    """A call, the schema it falls under, and WeChat's answer."""

    method: str
    path: str
    call: Callable[[PayClient], Awaitable[Any]]
    told: Json | None


# Published schemas of answers that contradict the documentation: those of a sub-merchant's query repeat what an
# order requires (description, ...), and an order of profit sharing has its receivers' results for states.
WRONG_ANSWERS = {
    "/v3/pay/partner/transactions/out-trade-no/{out_trade_no}",
    "/v3/pay/partner/transactions/id/{transaction_id}",
    "/v3/profitsharing/orders/{out_order_no}",
}


def partner(pay: PayClient) -> PartnerClient:
    return pay.partner(SUB, sub_appid="wx1")


def sharing(pay: PayClient) -> ProfitSharing:
    return pay.profit_sharing(SUB)


CASES: list[Case] = [
    # the schema wants sp_openid always; WeChat's own page: either it or sub_openid
    Case("POST", f"{P}/jsapi", lambda c: c.partner(SUB).jsapi(ORDER, openid="osp"), {"prepay_id": "wx01"}),
    Case("POST", f"{P}/native", lambda c: partner(c).native(ORDER), {"code_url": "weixin://x"}),
    Case("POST", f"{P}/h5", lambda c: partner(c).h5(ORDER, payer_client_ip="203.0.113.9"), {"h5_url": "https://x"}),
    Case("POST", f"{P}/app", lambda c: partner(c).app(ORDER), {"prepay_id": "wx01"}),
    Case("POST", f"{P}/codepay", lambda c: partner(c).codepay(CODE), {**PARTNER_PAID, "trade_type": "MICROPAY"}),
    Case("GET", f"{P}/out-trade-no/{{out_trade_no}}", lambda c: partner(c).query_by_out_trade_no("T1"), PARTNER_PAID),
    Case("GET", f"{P}/id/{{transaction_id}}", lambda c: partner(c).query_by_transaction_id("42"), PARTNER_PAID),
    Case("POST", f"{P}/out-trade-no/{{out_trade_no}}/close", lambda c: partner(c).close("T1"), None),
    Case(
        "POST",
        f"{P}/out-trade-no/{{out_trade_no}}/reverse",
        lambda c: partner(c).reverse("T1", appid="wxsp"),
        {"sp_mchid": "1900000101", "sub_mchid": SUB, "out_trade_no": "T1"},
    ),
    Case("POST", "/v3/pay/transactions/codepay", lambda c: c.codepay(CODE), TAKEN),
    Case(
        "POST",
        "/v3/pay/transactions/out-trade-no/{out_trade_no}/reverse",
        lambda c: c.reverse("T1", appid="wx1"),
        {"mchid": "1900000101", "out_trade_no": "T1"},
    ),
    Case("POST", "/v3/refund/domestic/refunds", lambda c: partner(c).refund(REQUEST), REFUND),
    Case("GET", "/v3/refund/domestic/refunds/{out_refund_no}", lambda c: partner(c).query_refund("R1"), REFUND),
    Case(
        "POST",
        "/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund",
        lambda c: partner(c).apply_abnormal_refund("5001", out_refund_no="R1", to="USER_BANK_CARD", card=CARD),
        REFUND,
    ),
    Case("POST", f"{C}/jsapi", lambda c: c.combine.jsapi(COMBINED, openid="o1"), {"prepay_id": "wx01"}),
    Case("POST", f"{C}/native", lambda c: c.combine.native(COMBINED), {"code_url": "weixin://x"}),
    Case("POST", f"{C}/h5", lambda c: c.combine.h5(COMBINED), {"h5_url": "https://x"}),
    Case("POST", f"{C}/app", lambda c: c.combine.app(COMBINED), {"prepay_id": "wx01"}),
    Case("GET", f"{C}/out-trade-no/{{combine_out_trade_no}}", lambda c: c.combine.query("C20260301"), COMBINE_STATE),
    Case("POST", f"{C}/out-trade-no/{{combine_out_trade_no}}/close", lambda c: c.combine.close(COMBINED), None),
    Case("GET", "/v3/bill/tradebill", lambda c: c.bills.trades(DAY, sub_mchid=SUB), HASHED),
    Case("GET", "/v3/bill/fundflowbill", lambda c: c.bills.fund_flow(DAY), HASHED),
    Case("GET", f"{S}/bills", lambda c: c.bills.profit_sharing(DAY), HASHED),
    Case(
        "POST",
        f"{S}/receivers/add",
        lambda c: sharing(c).add_receiver(
            appid="wx1", type="MERCHANT_ID", account=SUB, relation="CUSTOM", custom_relation="分销", name="青衫"
        ),
        {"type": "MERCHANT_ID", "account": SUB, "relation_type": "CUSTOM", "custom_relation": "分销"},
    ),
    Case(
        "POST",
        f"{S}/receivers/delete",
        lambda c: sharing(c).delete_receiver(appid="wx1", type="MERCHANT_ID", account=SUB),
        {"type": "MERCHANT_ID", "account": SUB},
    ),
    Case("POST", f"{S}/orders", lambda c: sharing(c).share(**SHARE_IN), SHARED),
    Case("GET", f"{S}/orders/{{out_order_no}}", lambda c: sharing(c).query("P1", transaction_id="42"), SHARED),
    Case(
        "POST",
        f"{S}/orders/unfreeze",
        lambda c: sharing(c).unfreeze(transaction_id="42", out_order_no="P2", description="余款"),
        {**SHARED, "receivers": []},
    ),
    Case(
        "POST",
        f"{S}/return-orders",
        lambda c: sharing(c).take_back(
            out_order_no="P1", out_return_no="PR1", return_mchid=SUB, amount_fen=8, description="退货"
        ),
        RETURNED,
    ),
    Case(
        "GET",
        f"{S}/return-orders/{{out_return_no}}",
        lambda c: sharing(c).query_return("PR1", out_order_no="P1"),
        RETURNED,
    ),
    Case(
        "GET",
        f"{S}/transactions/{{transaction_id}}/amounts",
        lambda c: sharing(c).unsplit_fen("42"),
        {"transaction_id": "42", "unsplit_amount": 12},
    ),
    Case(
        "GET",
        f"{S}/merchant-configs/{{sub_mchid}}",
        lambda c: sharing(c).max_ratio(),
        {"sub_mchid": SUB, "max_ratio": 2000},
    ),
    Case("POST", T, lambda c: c.transfers.create(TRANSFER), {**BILL, "create_time": AT, "package_info": "ABC="}),
    Case("GET", f"{T}/out-bill-no/{{out_bill_no}}", lambda c: c.transfers.query_by_out_bill_no("B1"), BILL_STATE),
    Case(
        "GET",
        f"{T}/transfer-bill-no/{{transfer_bill_no}}",
        lambda c: c.transfers.query_by_transfer_bill_no("133"),
        BILL_STATE,
    ),
    Case(
        "POST",
        f"{T}/out-bill-no/{{out_bill_no}}/cancel",
        lambda c: c.transfers.cancel("B20260301"),
        {**BILL, "state": "CANCELING", "update_time": AT},
    ),
    Case(
        "GET",
        f"{M}/complaints-v2",
        lambda c: c.complaints.list(begin=DAY, end=DAY, complainted_mchid=SUB),
        {"data": [COMPLAINT], "limit": 10, "offset": 0, "total_count": 1},
    ),
    Case("GET", f"{M}/complaints-v2/{{complaint_id}}", lambda c: c.complaints.detail("2002"), COMPLAINT),
    Case(
        "GET",
        f"{M}/complaints-v2/{{complaint_id}}/negotiation-historys",
        lambda c: c.complaints.negotiations("2002"),
        {
            "data": [
                {"log_id": "1", "operator": "投诉人", "operate_time": AT, "operate_type": "USER_CREATE_COMPLAINT"}
            ],
            "limit": 100,
            "offset": 0,
            "total_count": 1,
        },
    ),
    Case(
        "POST",
        f"{M}/complaints-v2/{{complaint_id}}/response",
        lambda c: c.complaints.respond("2002", mchid=SUB, content="已发货", images=("m1",)),
        None,
    ),
    Case(
        "POST", f"{M}/complaints-v2/{{complaint_id}}/complete", lambda c: c.complaints.complete("2002", mchid=SUB), None
    ),
    Case(
        "POST",
        f"{M}/complaints-v2/{{complaint_id}}/update-refund-progress",
        lambda c: c.complaints.approve_refund("2002", within_days=3),
        None,
    ),
    Case(
        "POST",
        f"{M}/complaints-v2/{{complaint_id}}/update-refund-progress",
        lambda c: c.complaints.reject_refund("2002", reason="已签收", images=("m1",), remark="见图"),
        None,
    ),
    Case("GET", f"{M}/complaint-notifications", lambda c: c.complaints.notification_url(), URL),
    Case("POST", f"{M}/complaint-notifications", lambda c: c.complaints.create_notification_url(URL["url"]), URL),
    Case("PUT", f"{M}/complaint-notifications", lambda c: c.complaints.update_notification_url(URL["url"]), URL),
    Case("DELETE", f"{M}/complaint-notifications", lambda c: c.complaints.delete_notification_url(), None),
]


@pytest.mark.skipif(not OPENAPI.is_dir(), reason=f"{OPENAPI} is not there: the shared schemas lie beside the project")
@pytest.mark.parametrize("case", CASES, ids=[f"{c.method} {c.path.removeprefix('/v3/')}" for c in CASES])
async def test_each_call_is_what_the_schema_says(case: Case) -> None:
    status = 204 if case.told is None else 200
    if case.path not in WRONG_ANSWERS:
        check_answer(case.path, case.method, status, case.told)
    wechat = Recorder(answer(status, case.told))
    got = await case.call(client(wechat))
    (request,) = wechat.requests
    check_authorization(request)
    assert request.method == case.method
    template = case.path.split("/")
    sent = request.url.path.split("/")
    assert len(template) == len(sent)
    assert all(a == b or a.startswith("{") for a, b in zip(template, sent, strict=True))
    if request.content:
        assert request.headers["Content-Type"] == "application/json"
        check_request(case.path, case.method, json.loads(request.content))
    if case.told is None:
        assert got is None
    else:
        assert got


async def test_a_sub_merchant_is_named_in_each_part() -> None:
    wechat = Recorder(*[answer(200, {"prepay_id": "wx01"})] * 2, answer(200, PARTNER_PAID), *[answer(200, REFUND)] * 2)
    pay = client(wechat)
    await pay.partner(SUB, sub_appid="wx9").jsapi(ORDER, openid="o1")
    await pay.partner(SUB).jsapi(ORDER, openid="o1")
    await pay.partner(SUB).query_by_out_trade_no("T20260301-1")
    await pay.partner(SUB).query_refund("R1")
    await pay.partner(SUB).refund(REQUEST)
    own, shared = (json.loads(r.content) for r in wechat.requests[:2])
    assert (own["sp_appid"], own["sp_mchid"], own["sub_appid"], own["sub_mchid"]) == ("wx1", "1900000101", "wx9", SUB)
    assert own["payer"] == {"sub_openid": "o1"}
    assert "sub_appid" not in shared
    assert shared["payer"] == {"sp_openid": "o1"}
    assert dict(wechat.requests[2].url.params) == {"sp_mchid": "1900000101", "sub_mchid": SUB}
    assert dict(wechat.requests[3].url.params) == {"sub_mchid": SUB}
    refund = json.loads(wechat.requests[4].content)
    assert refund["sub_mchid"] == SUB
    assert [row["account"] for row in refund["amount"]["from"]] == ["AVAILABLE", "UNAVAILABLE"]


async def test_names_and_cards_travel_encrypted_for_the_key_that_is_named() -> None:
    wechat = Recorder(answer(200, {**BILL, "create_time": AT}), answer(200, REFUND), answer(200, SHARED))
    pay = client(wechat)
    await pay.transfers.create(TRANSFER)
    await pay.apply_abnormal_refund("5001", out_refund_no="R1", to="USER_BANK_CARD", card=CARD)
    await pay.profit_sharing().share(**SHARE_IN)
    transfer, refund, shared = (json.loads(r.content) for r in wechat.requests)
    assert {r.headers["Wechatpay-Serial"] for r in wechat.requests} == {PUBLIC_KEY_ID}
    platform = key("platform")
    assert crypto.rsa_decrypt(platform, transfer["user_name"]) == "李小满"
    assert crypto.rsa_decrypt(platform, refund["bank_account"]) == CARD.account
    assert crypto.rsa_decrypt(platform, refund["real_name"]) == "李小满"
    assert crypto.rsa_decrypt(platform, shared["receivers"][0]["name"]) == "青衫"
    assert "sub_mchid" not in shared
    for shown in (repr(TRANSFER), repr(CARD), repr(SHARE), repr(CODE)):
        for secret in ("李小满", CARD.account, "青衫", CODE.auth_code):
            assert secret not in shown


async def test_a_complaints_phone_and_pictures() -> None:
    picture = b"\x89PNG" + bytes(range(256))
    wechat = Recorder(
        answer(200, COMPLAINT),
        answer(200, {"media_id": "m1"}),
        httpx.Response(200, stream=httpx.ByteStream(picture)),
        httpx.Response(200, stream=httpx.ByteStream(picture)),
    )
    pay = client(wechat)
    assert pay.complaints.phone(await pay.complaints.detail("2002")) == "13800000000"
    assert await pay.complaints.upload_image(filename="发货.png", content=picture) == "m1"
    upload = wechat.requests[1]
    meta = json.dumps(
        {"filename": "发货.png", "sha256": hashlib.sha256(picture).hexdigest()},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    assert upload.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert meta in upload.content
    assert picture in upload.content
    check_authorization(upload, signed=meta)
    assert b"".join([c async for c in pay.complaints.image("m1")]) == picture
    elsewhere = "https://elsewhere.test/v3/merchant-service/images/m1"
    assert b"".join([c async for c in pay.complaints.image(elsewhere)]) == picture
    assert {str(r.url.host) for r in wechat.requests} == {"pay.test"}
    with pytest.raises(MalformedMessage):
        _ = [c async for c in pay.complaints.image("https://pay.test/v3/certificates")]
    with pytest.raises(ValueError, match="png"):
        await pay.complaints.upload_image(filename="x.exe", content=b"x")


async def test_what_shoppers_would_notice_twice_is_sent_once() -> None:
    calls: list[Callable[[PayClient], Awaitable[Any]]] = [
        lambda c: c.complaints.respond("2002", mchid=SUB, content="好"),
        lambda c: c.codepay(CODE),
    ]
    for call in calls:
        wechat = Recorder(httpx.ReadError("reset"), answer(204))
        with pytest.raises(Unavailable) as caught:
            await call(client(wechat))
        assert not caught.value.safe_to_retry
        assert len(wechat.requests) == 1
    wechat = Recorder(httpx.ReadError("reset"), answer(200, {**BILL, "create_time": AT}))
    assert (await client(wechat).transfers.create(TRANSFER)).state == "WAIT_USER_CONFIRM"
    assert len({r.content for r in wechat.requests}) == 1


def test_what_starts_a_transfer() -> None:
    params = client(Recorder()).transfers.params("wx1", "ABC=")
    assert params == {"mchId": "1900000101", "appId": "wx1", "package": "ABC="}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (CODE, {"auth_code": "99" + "1" * 16}),
        (CODE, {"auth_code": "13456"}),
        (CODE, {"store_out_id": ""}),
        (CODE, {"total_fen": 0}),
        (CODE, {"out_trade_no": "x"}),
        (TRANSFER, {"user_name": ""}),
        (TRANSFER, {"amount_fen": 29}),
        (TRANSFER, {"amount_fen": 0}),
        (TRANSFER, {"remark": "长" * 33}),
        (TRANSFER, {"out_bill_no": "a-b"}),
        (COMBINED, {"sub_orders": ()}),
        (COMBINED, {"sub_orders": (COMBINED.sub_orders[0],) * 2}),
        (COMBINED, {"notify_url": "https://shop.test/n?x=1"}),
        (COMBINED.sub_orders[0], {"attach": ""}),
        (SHARE, {"amount_fen": 0}),
        (SHARE, {"description": ""}),
        (REQUEST, {"funds_from": (RefundFunds("AVAILABLE", 99),)}),
        (REQUEST, {"from_available": True}),
    ],
)
def test_what_wechat_would_refuse_anyway(kind: Any, changes: Json) -> None:
    fields = {name: getattr(kind, name) for name in kind.__struct_fields__}
    with pytest.raises(ValueError, match=r"\w+:"):
        type(kind)(**{**fields, **changes})
