"""WeChat Pay's answers: forged, old, refusing, late, broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bihuan.wechat import (
    Limits,
    MalformedMessage,
    PayError,
    SignatureInvalid,
    StaleTimestamp,
    Unavailable,
)
from bihuan.wechat.pay import Transaction

from .platform import (
    NOW,
    ORDER,
    Recorder,
    answer,
    client,
    signed_headers,
    unsigned,
)


@pytest.mark.parametrize(
    "bad",
    [
        unsigned(200, {"prepay_id": "wx01"}),
        answer(200, {"prepay_id": "wx01"}, signer="stranger"),
        answer(200, {"prepay_id": "wx01"}, serial="PUB_KEY_ID_other"),
        answer(200, {"prepay_id": "wx01"}, serial="ABCDEF"),
        httpx.Response(200, content=b'{"prepay_id":"x"}', headers=signed_headers(b'{"prepay_id":"y"}')),
        answer(404, {"code": "ORDER_NOT_EXIST", "message": ""}, signer="stranger"),
    ],
    ids=["unsigned", "other key", "other public key", "unknown serial", "other body", "forged refusal"],
)
async def test_a_wrong_signature_on_an_answer_is_an_error(bad: httpx.Response) -> None:
    with pytest.raises(SignatureInvalid):
        await client(Recorder(bad)).jsapi(ORDER, openid="o1")


async def test_an_old_answer_is_an_error() -> None:
    late = answer(200, {"prepay_id": "wx01"}, at=NOW - timedelta(seconds=301))
    with pytest.raises(StaleTimestamp):
        await client(Recorder(late)).jsapi(ORDER, openid="o1")


async def test_an_unsigned_204_is_an_error() -> None:
    with pytest.raises(SignatureInvalid):
        await client(Recorder(httpx.Response(204))).close("T20260301-1")


async def test_a_signed_answer_of_another_shape_is_an_error() -> None:
    with pytest.raises(MalformedMessage):
        await client(Recorder(answer(200, b"[1]"))).query_by_out_trade_no("T20260301-1")


@pytest.mark.parametrize(("signed", "verified"), [(True, True), (False, False)])
async def test_refusals_keep_wechats_code(signed: bool, verified: bool) -> None:
    content = {"code": "ORDER_NOT_EXIST", "message": "订单不存在", "detail": {"field": "out_trade_no"}}
    wechat = Recorder(answer(404, content) if signed else unsigned(404, content))
    with pytest.raises(PayError) as caught:
        await client(wechat).query_by_out_trade_no("T20260301-1")
    assert (caught.value.code, caught.value.message, caught.value.status) == (
        "ORDER_NOT_EXIST",
        "订单不存在",
        404,
    )
    assert caught.value.detail == {"field": "out_trade_no"}
    assert caught.value.verified is verified
    assert len(wechat.requests) == 1


async def test_a_refusal_that_is_no_json() -> None:
    with pytest.raises(PayError) as caught:
        await client(Recorder(httpx.Response(403, text="<html>"))).native(ORDER)
    assert caught.value.code == "HTTP_403"


async def test_outages_are_retried_twice_with_new_signatures() -> None:
    wechat = Recorder(
        answer(500, {"code": "SYSTEM_ERROR", "message": "系统异常"}),
        httpx.ReadError("reset"),
        answer(200, {"prepay_id": "wx01"}),
    )
    assert await client(wechat).jsapi(ORDER, openid="o1") == "wx01"
    assert len({r.headers["Authorization"] for r in wechat.requests}) == 3
    assert len({r.content for r in wechat.requests}) == 1


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (httpx.ConnectError("x"), "no_connection", None),
        (httpx.ReadTimeout("x"), "timeout", None),
        (httpx.RemoteProtocolError("x"), "broken_off", None),
        (httpx.Response(502, text="bad gateway"), "http_502", 502),
    ],
)
async def test_a_lasting_outage(fault: Any, code: str, status: int | None) -> None:
    wechat = Recorder(fault, fault, fault)
    with pytest.raises(Unavailable) as caught:
        await client(wechat).close("T20260301-1")
    assert (caught.value.code, caught.value.status, caught.value.safe_to_retry) == (code, status, True)
    assert len(wechat.requests) == 3


async def test_what_is_not_repeatable_is_not_repeated() -> None:
    wechat = Recorder(httpx.ReadTimeout("x"), httpx.ReadTimeout("x"))
    with pytest.raises(Unavailable) as caught:
        await client(wechat).connection.call("POST", "/v3/x", body={}, answer=Transaction, repeatable=False)
    assert not caught.value.safe_to_retry
    assert len(wechat.requests) == 1


async def test_a_drip_feeding_server_is_cut_off() -> None:
    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for _ in range(1000):
                yield b" "
                await asyncio.sleep(0.02)

    drip = httpx.Response(200, stream=Drip())
    pay = client(Recorder(drip), limits=Limits(timeout_seconds=0.1, retries=0))
    with pytest.raises(Unavailable, match="timeout"):
        await pay.native(ORDER)
