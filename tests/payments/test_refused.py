"""Refused callbacks are kept for people to see, and cost next to nothing however many come."""

import json
from typing import Any

import httpx
import pytest

from bihuan.payments import refused
from bihuan.payments.refused import Refusals
from tests.payments.desk import Json, Till, eventually
from tests.payments.test_accounts import sign_in
from tests.payments.test_hostile import Case, case

__all__ = ["case"]

PATH = "/api/merchant/payments/refused-callbacks"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test does not wait for what was noted."""
    monkeypatch.setattr(refused, "WRITE_PAUSE", 0.05)


async def shown(till: Till, http: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Json]:
    return {row["reason"]: row for row in (await http.get(PATH, headers=headers)).json()["items"]}


async def test_each_refusal_is_shown_with_its_reason(case: Case, till: Till, http: httpx.AsyncClient) -> None:
    staff = await sign_in(till, http)
    body = case.wechat.envelope(case.transaction())
    good = case.wechat.headers(body)
    sealed = json.loads(body)
    sealed["resource"]["associated_data"] = "refund"
    wrong_aad = json.dumps(sealed).encode()
    sent: list[tuple[int, bytes, dict[str, str]]] = [
        (401, body, {"content-type": "application/json"}),  # unsigned
        (401, body, {**good, "wechatpay-serial": "PUB_KEY_ID_0999"}),
        (401, body, case.wechat.headers(body, age_seconds=301)),
        (401, wrong_aad, case.wechat.headers(wrong_aad)),
        (400, b"[]", case.wechat.headers(b"[]")),
        (415, body, {**good, "content-type": "text/xml"}),
        (413, b"x" * (257 * 1024), good),
    ]
    for status, content, headers in sent:
        await case.refuse(status, content, headers)

    async def all_shown() -> dict[str, Json] | None:
        rows = await shown(till, http, staff)
        return rows if sum(row["times"] for row in rows.values()) == len(sent) else None

    rows: dict[str, Json] = await eventually(all_shown)
    assert {reason: (row["status"], row["times"]) for reason, row in rows.items()} == {
        "signature_invalid": (401, 2),
        "stale_timestamp": (401, 1),
        "decryption_failed": (401, 1),
        "notification_malformed": (400, 1),
        "unsupported_media_type": (415, 1),
        "body_too_large": (413, 1),
    }
    assert "PUB_KEY_ID_0999" in rows["signature_invalid"]["detail"]


async def test_a_replay_is_acknowledged_and_changes_nothing(case: Case, till: Till) -> None:
    body = case.wechat.envelope(case.transaction())
    headers = case.wechat.headers(body)
    assert (await case.tell(body, headers)).status_code == 204
    before = await case.everything()
    # the same nonce, time and signature: WeChat whose answer got lost, or a thief; neither gets more than a 204
    assert [(await case.tell(body, headers)).status_code for _ in range(3)] == [204] * 3
    assert await case.everything() == before


async def test_a_flood_is_one_row(case: Case, till: Till, http: httpx.AsyncClient) -> None:
    staff = await sign_in(till, http)
    for _ in range(40):
        await case.tell(b"{}", {"content-type": "application/json"})

    async def counted() -> bool:
        rows = await till.rows("select times from payment_refused_callbacks where merchant_id = $1")
        return [row["times"] for row in rows] == [40]

    await eventually(counted)
    other = await sign_in(case.till, http, "clerk")
    assert (await http.get(PATH, headers=other)).status_code == 403
    assert len(await shown(till, http, staff)) == 1


async def test_what_is_noted_is_bounded_and_old_rows_go(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused, "MOST_NOTED", 1)
    refusals: Any = Refusals()
    for reason in ("signature_invalid", "stale_timestamp"):
        refusals.note(till.rt, till.merchant_id, reason, 401, "x" * 10_000)
    await eventually(lambda: _rows(till))
    (row,) = await till.rows("select * from payment_refused_callbacks where merchant_id = $1")
    assert (row["reason"], len(row["detail"])) == ("signature_invalid", 500)
    await till.rows("update payment_refused_callbacks set hour = hour - interval '31 days' where merchant_id = $1")
    assert await refused.forget_old(till.rt) >= 1
    assert await _rows(till) == []


async def _rows(till: Till) -> list[Json]:
    return await till.rows("select * from payment_refused_callbacks where merchant_id = $1")
