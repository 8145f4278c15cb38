"""The merchant's keys: refused when they are none, never shown."""

from __future__ import annotations

import pytest
import structlog

from bihuan.wechat import (
    PayError,
    transport,
)

from .platform import (
    ORDER,
    PAID,
    Recorder,
    account,
    answer,
    client,
    private_pem,
    public_pem,
)


def test_keys_that_are_none() -> None:
    for changes in (
        {"private_key_pem": "x"},
        {"private_key_pem": public_pem("merchant")},
        {"apiv3_key": "short"},
        {"public_key_pem": private_pem("platform")},
        {"public_key_id": "ABC"},
        {"platform_certificate_pems": ("x",)},
    ):
        with pytest.raises(ValueError):  # noqa: PT011 the messages are the library's
            client(Recorder(), account(**changes))


def test_repr_shows_no_secret() -> None:
    shown = repr(account())
    assert "PRIVATE" not in shown
    assert account().apiv3_key not in shown


async def test_the_log_has_codes_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = structlog.testing.LogCapture()
    monkeypatch.setattr(transport, "_log", structlog.wrap_logger(None, processors=[lines]))
    refusal = answer(403, {"code": "NO_AUTH", "message": "no"})
    pay = client(Recorder(answer(200, PAID), refusal))
    await pay.query_by_out_trade_no("T20260301-1")
    with pytest.raises(PayError):
        await pay.jsapi(ORDER, openid="o-secret-openid")
    assert [entry["event"] for entry in lines.entries] == ["wechat.call", "wechat.call", "wechat.refused"]
    assert lines.entries[0]["wechat_request_id"] == "req-1"
    assert lines.entries[2]["code"] == "NO_AUTH"
    for secret in ("o-secret-openid", "mchid=", "signature", "WECHATPAY2"):
        assert secret not in str(lines.entries)
