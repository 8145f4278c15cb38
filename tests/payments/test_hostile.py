"""Notifications that WeChat did not send, sent long ago, or that do not fit what was asked for."""

import base64
import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bihuan import payments
from bihuan.kernel.ids import new_id
from bihuan.payments import clients
from bihuan.wechat.pay import FAIL_BODY
from tests.payments.desk import Forger, Json, Till, account_of, open_till
from tests.shop import new_shop

KEY = rsa.generate_private_key(65537, 2048)
SERIAL = "PUB_KEY_ID_0100000001"


class Case:
    """A prepared order, and a WeChat whose signing key is the test's."""

    def __init__(self, till: Till, order_id: str, out_trade_no: str, wechat: Forger) -> None:
        self.till = till
        self.order_id = order_id
        self.out_trade_no = out_trade_no
        self.wechat = wechat

    def transaction(self, **more: Any) -> Json:
        """What WeChat says of the order's payment."""
        return {
            "appid": self.till.appid,
            "mchid": self.till.merchant["mchid"],
            "out_trade_no": self.out_trade_no,
            "transaction_id": f"42000{new_id().hex[:20]}",
            "trade_type": "JSAPI",
            "trade_state": "SUCCESS",
            "success_time": "2026-11-20T10:00:00+08:00",
            "payer": {"openid": "o-x"},
            "amount": {"total": 1000, "payer_total": 1000, "currency": "CNY", "payer_currency": "CNY"},
            **more,
        }

    async def tell(self, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        """Posts a notification, signed unless headers are given."""
        sent = self.wechat.headers(body) if headers is None else headers
        return await self.till.door.send(self.till.notify_path, sent, body)

    async def refuse(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """It is refused so that WeChat delivers again, and nothing has changed."""
        before = await self.everything()
        answer = await self.tell(body, headers)
        assert (answer.status_code, answer.content) == (status, FAIL_BODY)
        assert await self.everything() == before

    async def everything(self) -> list[object]:
        """What a notification could change."""
        tables = ("payments", "payment_attempts", "payment_refunds", "payment_notifications", "ledger_entries")
        return [await self.till.rows(f"select * from {t} where merchant_id = $1 order by 2") for t in tables]

    async def attempt(self) -> payments.PaymentView:
        """The order's attempt."""
        (attempt,) = await self.till.attempts(self.order_id)
        return attempt


@pytest.fixture
async def case(till: Till, http: httpx.AsyncClient) -> Case:
    """The order is prepared at the sandbox; from then on the test is WeChat."""
    sku = await till.shop.add_sku()
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, sku)
    await till.prepare(http, buyer, order_id)
    (attempt,) = await till.attempts(order_id)
    public_key = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    account = {**till.merchant, "mode": "public_key", "public_key_id": SERIAL, "public_key_pem": public_key}
    async with till.rt.db.transaction() as tx:
        await payments.connect_account(tx, till.rt.vault, till.merchant_id, account_of(account))
    clients.forget(till.merchant_id)
    return Case(till, order_id, attempt.out_trade_no, Forger(KEY, SERIAL, till.merchant["apiv3_key"]))


async def test_a_true_notification_is_taken(case: Case) -> None:
    assert (await case.tell(case.wechat.envelope(case.transaction()))).status_code == 204
    assert (await case.attempt()).verdict == "accepted"


async def test_forged_stale_and_altered_notifications_change_nothing(case: Case) -> None:
    body = case.wechat.envelope(case.transaction())
    headers = case.wechat.headers(body)
    stranger = Forger(rsa.generate_private_key(65537, 2048), SERIAL, case.till.merchant["apiv3_key"])
    await case.refuse(401, body, stranger.headers(body))  # wrong key
    await case.refuse(401, body, {**headers, "wechatpay-serial": "PUB_KEY_ID_0999"})  # wrong serial
    await case.refuse(401, body, {**headers, "wechatpay-serial": "7D5E7F1C"})
    await case.refuse(401, body, case.wechat.headers(body, age_seconds=301))  # too old
    await case.refuse(401, body, case.wechat.headers(body, age_seconds=-301))  # from the future
    await case.refuse(401, body + b" ", headers)  # altered
    await case.refuse(401, body, {**headers, "wechatpay-signature": "WECHATPAY/SIGNTEST/abc"})  # WeChat's probe
    await case.refuse(401, body, {k: v for k, v in headers.items() if k != "wechatpay-nonce"})
    await case.refuse(401, b"", {"content-type": "application/json"})


async def test_malformed_notifications_change_nothing(case: Case) -> None:
    body = case.wechat.envelope(case.transaction())
    await case.refuse(415, body, {**case.wechat.headers(body), "content-type": "application/xml"})
    await case.refuse(413, b"x" * (257 * 1024))
    for broken in (b"", b"{}", b"[1]", b"\xff\xfe", b'{"id":1}', body[:-20]):
        await case.refuse(400, broken)
    cut = json.loads(body)
    cut["resource"]["ciphertext"] = cut["resource"]["ciphertext"][:-8]
    await case.refuse(401, json.dumps(cut).encode())  # truncated: its tag does not hold
    cut["resource"]["ciphertext"] = base64.b64encode(b"short").decode()
    await case.refuse(401, json.dumps(cut).encode())
    other = json.loads(body)
    other["resource"]["algorithm"] = "NONE"
    await case.refuse(400, json.dumps(other).encode())
    foreign = Forger(KEY, SERIAL, "another-api-v3-key-of-32-bytes!!")
    await case.refuse(401, foreign.envelope(case.transaction()))  # sealed for another merchant
    await case.refuse(400, case.wechat.envelope({"out_trade_no": 5}))


async def test_another_merchants_notification_is_refused_here(case: Case, till: Till, http: httpx.AsyncClient) -> None:
    other = await open_till(till.rt, till.sandbox, till.door, await new_shop(till.rt))
    body = case.wechat.envelope(case.transaction())
    answer = await till.door.send(other.notify_path, case.wechat.headers(body), body)
    assert answer.status_code == 401
    bare = await new_shop(till.rt)
    for path in (f"/wechat/{bare.merchant.code}/pay/notify", "/wechat/nobody/pay/notify"):
        assert (await till.door.send(path, case.wechat.headers(body), body)).status_code == 404
    assert (await case.attempt()).state == "prepaid"


async def test_an_unknown_order_is_parked_and_not_asked_for_again(case: Case) -> None:
    told = case.transaction(out_trade_no="nobody-ordered-this")
    body = case.wechat.envelope(told)
    assert [(await case.tell(body)).status_code for _ in range(2)] == [204, 204]
    (seen,) = await case.till.rows("select * from payment_notifications where merchant_id = $1")
    assert (seen["outcome"], seen["reason"]) == ("parked", "unknown_order")
    assert json.loads(seen["content"])["transaction_id"] == told["transaction_id"]
    assert await case.till.balances() == {}
    unknown = await case.tell(case.wechat.envelope({"a": 1}, "COUPON.USE"))
    assert unknown.status_code == 204
    closed = case.wechat.envelope(case.transaction(trade_state="CLOSED"))
    assert (await case.tell(closed)).status_code == 204
    assert (await case.attempt()).state == "prepaid"


@pytest.mark.parametrize(
    ("more", "reason", "paid_fen"),
    [
        ({"amount": {"total": 1, "currency": "CNY"}}, "amount_differs", 1),
        ({"amount": {"total": 100_000, "currency": "CNY"}}, "amount_differs", 100_000),
        ({"appid": "wx0000000000000001"}, "appid_differs", 1000),
    ],
)
async def test_other_money_than_asked_for_goes_back(case: Case, more: Json, reason: str, paid_fen: int) -> None:
    assert (await case.tell(case.wechat.envelope(case.transaction(**more)))).status_code == 204
    attempt = await case.attempt()
    assert (attempt.state, attempt.verdict, attempt.reason) == ("paid", "refused", reason)
    (refund,) = attempt.refunds
    assert (refund.state, refund.amount_fen) == ("applied", paid_fen)
    assert await case.till.balances() == {"wechat_clearing": paid_fen, "refunds_payable": -paid_fen}
    (order,) = await case.till.rows("select state from orders where merchant_id = $1")
    assert order["state"] == "unpaid"
    await case.till.verify()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"mchid": "1999999999"}, "mchid_differs"),
        ({"amount": {"total": 1000, "currency": "HKD"}}, "currency_differs"),
        ({"amount": None}, "amount_missing"),
        ({"transaction_id": ""}, "transaction_id_missing"),
    ],
)
async def test_money_that_we_cannot_give_back_is_parked(
    case: Case, more: Json, reason: str, http: httpx.AsyncClient
) -> None:
    body = case.wechat.envelope(case.transaction(**more))
    assert [(await case.tell(body)).status_code for _ in range(2)] == [204, 204]
    attempt = await case.attempt()
    assert (attempt.verdict, attempt.reason, attempt.refunds) == ("parked", reason, [])
    assert await case.till.balances() == {}
    async with case.till.rt.db.session() as tx:
        parked = await payments.list_parked(tx, case.till.merchant_id, 10)
    assert {(p.kind, p.reason) for p in parked} == {("payment", reason), ("notification", reason)}
    await case.till.verify()


async def test_another_transaction_of_a_paid_number_is_parked(case: Case) -> None:
    await case.tell(case.wechat.envelope(case.transaction()))
    await case.tell(case.wechat.envelope(case.transaction()))  # one out_trade_no is paid once, says WeChat
    seen = await case.till.rows("select outcome, reason from payment_notifications where merchant_id = $1")
    assert {(s["outcome"], s["reason"]) for s in seen} == {("accepted", None), ("parked", "other_transaction_id")}
    assert await case.till.balances() == {"wechat_clearing": 1000, "sales": -1000}


async def test_a_failing_settlement_is_told_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    from bihuan import orders, wiring

    async def broken(*_: object) -> list[payments.Verdict]:
        raise RuntimeError("the database is on fire")

    monkeypatch.setitem(wiring.SETTLERS, "order", broken)  # type: ignore[arg-type]
    body = case.wechat.envelope(case.transaction())
    await case.refuse(500, body)
    monkeypatch.setitem(wiring.SETTLERS, "order", orders.settle)  # type: ignore[arg-type]
    assert (await case.tell(body)).status_code == 204
    assert (await case.attempt()).verdict == "accepted"
