"""The platform's certificates: fetched, rotated, forged, migrated from."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from bihuan.wechat import (
    DecryptionFailed,
    SignatureInvalid,
    Unavailable,
    crypto,
)
from bihuan.wechat.pay import PayClient

from .platform import (
    BASE,
    FAST,
    NOW,
    PAID,
    PUBLIC_KEY_ID,
    Recorder,
    account,
    answer,
    certificate,
    certificate_account,
    certificates_answer,
    check_authorization,
    client,
    delivered,
    key,
    notification,
    signed_headers,
)


async def test_certificate_mode_fetches_what_it_does_not_know() -> None:
    served = certificates_answer(("cert1", 0xA1))
    wechat = Recorder(answer(200, served, signer="cert1", serial="A1"))
    pay = client(wechat, certificate_account())
    headers, body = delivered(notification(PAID), signer="cert1", serial="A1")
    for _ in range(3):
        await pay.parse_notification(headers, body)
    assert [r.url.path for r in wechat.requests] == ["/v3/certificates"]
    assert "Wechatpay-Serial" not in wechat.requests[0].headers
    check_authorization(wechat.requests[0])


async def test_rotation() -> None:
    both = certificates_answer(("cert1", 0xA1), ("cert2", 0xB2))
    wechat = Recorder(answer(200, both, signer="cert1", serial="A1"))
    pay = client(wechat, certificate_account(platform_certificate_pems=(certificate("cert1", 0xA1)[1],)))
    await pay.parse_notification(*delivered(notification(PAID), signer="cert1", serial="A1"))
    assert wechat.requests == []
    await pay.parse_notification(*delivered(notification(PAID), signer="cert2", serial="B2"))
    await pay.parse_notification(*delivered(notification(PAID), signer="cert1", serial="A1"))
    assert len(wechat.requests) == 1
    serial, sealed = await pay.connection.encrypt_sensitive("张三")
    assert serial in {"A1", "B2"}
    assert crypto.rsa_decrypt(key({"A1": "cert1", "B2": "cert2"}[serial]), sealed[0]) == "张三"


async def test_made_up_serials_do_not_make_us_ask_for_ever() -> None:
    served = certificates_answer(("cert1", 0xA1))
    wechat = Recorder(answer(200, served, signer="cert1", serial="A1"))
    pay = client(wechat, certificate_account())
    for serial in ("C1", "C2", "C3"):
        headers, body = delivered(notification(PAID), signer="stranger", serial=serial)
        with pytest.raises(SignatureInvalid):
            await pay.parse_notification(headers, body)
    assert len(wechat.requests) == 1


async def test_an_outage_while_fetching_certificates() -> None:
    wechat = Recorder(*[httpx.ConnectError("x")] * 3)
    pay = client(wechat, certificate_account())
    headers, body = delivered(notification(PAID), signer="cert1", serial="A1")
    with pytest.raises(Unavailable):
        await pay.parse_notification(headers, body)
    with pytest.raises(SignatureInvalid):  # a moment later: refused, and WeChat will deliver again
        await pay.parse_notification(headers, body)
    assert len(wechat.requests) == 3


@pytest.mark.parametrize(("known", "asked_again"), [(False, True), (True, False)])
async def test_after_an_outage_one_who_knows_no_certificate_asks_soon(known: bool, asked_again: bool) -> None:
    served = certificates_answer(("cert1", 0xA1), ("cert2", 0xB2))
    wechat = Recorder(*[httpx.ConnectError("x")] * 3, answer(200, served, signer="cert1", serial="A1"))
    pems = (certificate("cert1", 0xA1)[1],) if known else ()
    later = timedelta()
    http = httpx.AsyncClient(transport=httpx.MockTransport(wechat))
    who = certificate_account(platform_certificate_pems=pems)
    pay = PayClient(who, http=http, base_url=BASE, now=lambda: NOW + later, limits=FAST)
    headers, body = delivered(notification(PAID), signer="cert2", serial="B2")
    with pytest.raises(Unavailable):
        await pay.parse_notification(headers, body)
    later = timedelta(seconds=2)
    if asked_again:
        assert (await pay.parse_notification(headers, body)).event_type
    else:
        with pytest.raises(SignatureInvalid):
            await pay.parse_notification(headers, body)
    assert len(wechat.requests) == (4 if asked_again else 3)


async def test_certificates_that_are_not_sealed_for_us_are_refused() -> None:
    served = certificates_answer(("stranger", 0xC3))
    pay = client(
        Recorder(answer(200, served, signer="stranger", serial="C3")),
        certificate_account(apiv3_key="b" * 32),
    )
    with pytest.raises(DecryptionFailed):
        await pay.certificates()
    # A replayed answer cannot carry our own signature time, nor somebody else's signature.
    for forged in (
        answer(200, certificates_answer(("cert1", 0xA1)), signer="stranger", serial="A1"),
        answer(200, certificates_answer(("cert1", 0xA1)), signer="stranger", serial="C3"),
    ):
        pay = client(Recorder(forged), certificate_account())
        with pytest.raises(SignatureInvalid):
            await pay.certificates()
        with pytest.raises(SignatureInvalid):
            pay.connection.verifier.verify(signed_headers(b"", signer="cert1", serial="A1"), b"")


async def test_an_expired_certificate_is_not_believed() -> None:
    serial, pem = certificate("old", 0xD4, expired=True)
    wechat = Recorder(answer(200, certificates_answer(("cert1", 0xA1)), signer="cert1", serial="A1"))
    pay = client(wechat, certificate_account(platform_certificate_pems=(pem,)))
    with pytest.raises(SignatureInvalid):
        await pay.parse_notification(*delivered(notification(PAID), signer="old", serial=serial))


async def test_migration_believes_both() -> None:
    who = account(certificate_mode=True)
    wechat = Recorder(answer(200, certificates_answer(("cert1", 0xA1)), signer="cert1", serial="A1"))
    pay = client(wechat, who)
    await pay.parse_notification(*delivered(notification(PAID)))
    await pay.parse_notification(*delivered(notification(PAID), signer="cert1", serial="A1"))
    assert (await pay.connection.encrypt_sensitive("x"))[0] == PUBLIC_KEY_ID
    # Without the migration no certificate is asked for.
    pay = client(Recorder(), account())
    with pytest.raises(SignatureInvalid):
        await pay.parse_notification(*delivered(notification(PAID), signer="cert1", serial="A1"))
