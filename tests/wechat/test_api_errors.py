"""Calls that fail: errcodes, outages, answers of another shape."""

from __future__ import annotations

import httpx
import pytest

from bihuan.wechat import (
    ApiError,
    MalformedMessage,
    Unavailable,
)

from .api import OK, Json, WeChat, official


async def test_errcodes_are_kept() -> None:
    wechat = WeChat(cgi_bin__message__custom__send={"errcode": 45015, "errmsg": "out of time rid: 1"})
    with pytest.raises(ApiError) as caught:
        await official(wechat).send_text("o1", "hi")
    assert (caught.value.errcode, caught.value.code, caught.value.errmsg) == (
        45015,
        "45015",
        "out of time rid: 1",
    )


async def test_a_message_of_unknown_fate_is_not_sent_again() -> None:
    wechat = WeChat(cgi_bin__message__custom__send=httpx.ReadTimeout("x"))
    with pytest.raises(Unavailable) as caught:
        await official(wechat).send_text("o1", "hi")
    assert not caught.value.safe_to_retry
    assert len(wechat.requests) == 2


async def test_busy_and_broken_answers_are_repeated_where_harmless() -> None:
    busy: Json = {"errcode": -1, "errmsg": "system error"}
    broken = [httpx.Response(503), busy, {"openid": "o1"}]
    assert (await official(WeChat(cgi_bin__user__info=broken)).user_info("o1")).openid == "o1"
    sent = WeChat(cgi_bin__message__custom__send=[busy, httpx.ConnectError("x"), OK])
    await official(sent).send_text("o1", "hi")  # neither attempt can have been carried out


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (httpx.Response(200, text="<html>"), MalformedMessage),
        (httpx.Response(200, text="{"), MalformedMessage),
        (httpx.Response(200, json={"errcode": "x"}), MalformedMessage),
        (httpx.Response(200, json={"subscribe": 1}), MalformedMessage),
        (httpx.Response(200), MalformedMessage),
        (httpx.Response(302, headers={"location": "https://evil.test"}), ApiError),
        (httpx.Response(404, text="no"), ApiError),
    ],
)
async def test_answers_of_another_shape(given: httpx.Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        await official(WeChat(cgi_bin__user__info=given)).user_info("o1")
