"""At the till: asked until it is decided, reversed when nobody decides."""

from __future__ import annotations

import httpx
import pytest

from bihuan.wechat import PayClient, PayError, Unavailable

from .pay_samples import CODE, TAKEN
from .platform import Json, Recorder, answer, client

PAYING = answer(202, {"code": "USERPAYING", "message": "需要用户输入支付密码"})
REVERSED = {"mchid": "1900000101", "out_trade_no": CODE.out_trade_no}


def state(name: str) -> Json:
    return {**TAKEN, "trade_state": name}


async def take(pay: PayClient, patience: float = 30.0) -> str:
    return (await pay.take(CODE, patience_seconds=patience, pause_seconds=0.001)).trade_state


def paths(wechat: Recorder) -> list[str]:
    return [request.url.path.rsplit("/", 1)[-1] for request in wechat.requests]


async def test_paid_at_once() -> None:
    wechat = Recorder(answer(200, TAKEN))
    assert await take(client(wechat)) == "SUCCESS"
    assert paths(wechat) == ["codepay"]


@pytest.mark.parametrize("first", [PAYING, answer(200, state("USERPAYING"))], ids=["202", "a state"])
async def test_the_shopper_types_a_password(first: httpx.Response) -> None:
    wechat = Recorder(first, answer(200, state("USERPAYING")), answer(200, TAKEN))
    assert await take(client(wechat)) == "SUCCESS"
    assert paths(wechat) == ["codepay", CODE.out_trade_no, CODE.out_trade_no]


async def test_a_lost_answer_is_asked_for_and_not_sent_again() -> None:
    missing = answer(404, {"code": "ORDER_NOT_EXIST", "message": ""})
    for lost in (httpx.ReadTimeout("x"), answer(500, {"code": "SYSTEM_ERROR", "message": ""})):
        wechat = Recorder(lost, missing, answer(200, TAKEN))
        assert await take(client(wechat)) == "SUCCESS"
        assert paths(wechat).count("codepay") == 1


async def test_patience_ends_in_a_reversal_and_its_state_is_asked_for() -> None:
    again = answer(202, {"code": "USERPAYING", "message": ""})
    wechat = Recorder(PAYING, again, answer(200, REVERSED), answer(200, state("REVOKED")))
    assert await take(client(wechat), patience=0) == "REVOKED"
    assert paths(wechat) == ["codepay", "reverse", "reverse", CODE.out_trade_no]


async def test_a_reversal_that_is_not_answered_leaves_nothing_known() -> None:
    wechat = Recorder(PAYING, *[httpx.ReadTimeout("x")] * 3)
    with pytest.raises(Unavailable):
        await take(client(wechat), patience=0)


async def test_a_refusal_is_final() -> None:
    wechat = Recorder(answer(403, {"code": "NOT_ENOUGH", "message": "余额不足"}))
    with pytest.raises(PayError, match="NOT_ENOUGH"):
        await take(client(wechat))
    assert paths(wechat) == ["codepay"]
