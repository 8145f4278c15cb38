"""Certificate mode: what fits together is taken, requests name our certificate, answers and notifications Alipay's."""

import httpx
import pytest

from alipay_sandbox import certs, wire
from bihuan.alipay import AlipayKeys, AlipayUntrusted, Certificates, check_certificates
from bihuan.alipay.sdk import new_signer
from bihuan.kernel.clock import SystemClock
from bihuan.payments.alipay import lines
from tests.alipay.desk import Stall
from tests.alipay.test_bills import finance
from tests.alipay.test_codes_at_till import at_till, code_of
from tests.payments.desk import Json

ACCOUNT = "/api/merchant/alipay-account"
FILES = ("app_cert_pem", "alipay_cert_pem", "alipay_root_cert_pem")


async def certified(stall: Stall) -> Json:
    """The stall's app is in certificate mode at Alipay from now on; what its merchant puts into the settings."""
    app = await stall.sandbox.call("POST", "/apps", {"key": stall.shop.merchant.code, "certificates": True})
    return {name: app[name] for name in ("app_id", "seller_id", *FILES)}


async def test_an_app_in_certificate_mode_takes_money_and_gives_it_back(stall: Stall, http: httpx.AsyncClient) -> None:
    settings = await certified(stall)
    cashier, shift, sku = await at_till(stall, http)
    sale = await cashier.sale(shift, sku)
    part = {"amount_fen": 1000, "auth_code": await code_of(stall)}
    await cashier.pay(sale, code=part)  # by the keys alone: Alipay wants certificates, and says so unsigned
    assert (await cashier.decide(sale))["paying"]["state"] == "pending"
    assert await stall.trades() == []

    headers = await finance(stall)
    saved = await http.put(ACCOUNT, json=settings, headers=headers)
    assert saved.status_code == 200, saved.text
    assert saved.json()["certificates_until"] > "2030"
    lines.forget(stall.merchant_id)
    await stall.rows("update till_takings set began_at = began_at - interval '2 min' where merchant_id = $1")
    assert (await cashier.decide(sale))["paying"]["state"] == "refused"  # now Alipay's word counts: no such trade
    paid = await cashier.pay(sale, code={"amount_fen": 1000, "auth_code": await code_of(stall)})
    assert paid["state"] == "paid"

    order_id = await stall.pay_order(http, 2_000)  # its notification is verified by the certificate's key
    await stall.give_back(order_id, 500)
    await stall.refund_all()
    assert (await stall.books())["refunded_fen"] == 500
    bare = {"app_id": stall.appid, "seller_id": settings["seller_id"]}
    kept = await http.put(ACCOUNT, json=bare, headers=headers)
    assert kept.json()["certificates_until"] == saved.json()["certificates_until"]
    by_keys = {**bare, "alipay_public_key_pem": stall.merchant["alipay_public_key_pem"]}
    back = await http.put(ACCOUNT, json=by_keys, headers=headers)
    assert (back.status_code, back.json()["certificates_until"]) == (200, None)
    await stall.verify()


async def test_certificates_that_do_not_fit_are_refused(stall: Stall, http: httpx.AsyncClient) -> None:
    settings = await certified(stall)
    headers = await finance(stall)
    root = wire.load_key(wire.new_key())
    of_another = certs.issue(root.public_key(), "another", root)
    for field, value in (
        ("app_cert_pem", of_another),  # not of the private key
        ("app_cert_pem", "no certificate"),
        ("alipay_cert_pem", of_another),  # no root vouches for it
        ("alipay_root_cert_pem", ""),
        ("alipay_root_cert_pem", settings["app_cert_pem"][:-60]),
    ):
        answer = await http.put(ACCOUNT, json={**settings, field: value}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "key_not_usable"), (field, answer.text)
        assert answer.json()["field"] == field


def test_an_answer_that_names_another_certificate_is_not_trusted() -> None:
    root, alipays = wire.load_key(wire.new_key()), wire.load_key(wire.new_key())
    own = wire.new_key()
    files = Certificates(
        certs.issue(wire.load_key(own).public_key(), "app", root),
        certs.issue(alipays.public_key(), "alipay", root),
        certs.new_roots(root),
    )
    files = check_certificates(files, own, SystemClock().now())
    signer = new_signer(AlipayKeys("2021000000000001", "2088000000000001", own, "", files))
    serial = certs.serial_of(files.alipay_cert_pem)
    content = '{"code":"10000","out_trade_no":"1"}'
    signature = wire.sign(alipays, content)

    def raw(named: str) -> str:
        return f'{{"alipay_trade_query_response":{content},"alipay_cert_sn":"{named}","sign":"{signature}"}}'

    assert signer.open_answer(raw(serial), "alipay_trade_query_response")["out_trade_no"] == "1"
    for named in ("", "0" * 32):
        with pytest.raises(AlipayUntrusted, match="certificate_differs"):
            signer.open_answer(raw(named), "alipay_trade_query_response")
