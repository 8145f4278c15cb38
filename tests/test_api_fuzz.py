"""Every operation of the API is called by every kind of caller with what its description asks for, and with junk.

Whatever comes: no failure of ours, every refusal a problem with a stable code and a documented status, and no
secret in any answer.
"""

import itertools
import re
import time
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
from litestar import Litestar

from bihuan import identity, merchants, staff
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.settings import WeChatUrls
from tests.business import Business, open_business
from tests.fuzzing import SECRET, Json, Maker, Operation, Try, examples, operations_of

EXAMPLES = 4
"""Requests per operation and kind of caller in each round."""
ROUNDS = 3
SECONDS = 25
"""No further round is begun after so long: on a busy machine the first one is the test."""

OF_THE_INSTALLATION = ("/healthz", "/readyz")
"""They speak of the worker too, which does not run here."""

IN_OTHER_WORDS = ("/wechat/", "/api/shop/{m}/wechat/callback")
"""WeChat's pushes are answered as WeChat wants it, and a person who comes back from its page gets a page."""

CALLERS = ("nobody", "shopper", "staff", "operator")
_PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
_CODE = re.compile(r"[a-z][a-z0-9_]{2,60}")
_INSIDES = re.compile(
    r"Traceback|File \"/|asyncpg|litestar|msgspec\.|\$argon2|BEGIN (RSA )?PRIVATE|"
    r"\b(select|insert into|update|delete from) \w+ (set|where|from)\b"
)
UNREACHABLE = {"wechat_unavailable", "wechat_error"}
"""Where WeChat is asked, which nobody answers for here: the honest answer is a 502 with one of these."""


class Street:
    """A business to break, and tokens of every kind of caller; a fresh session each time, since some sign out."""

    def __init__(self, rt: Runtime, business: Business, scratch: merchants.Merchant) -> None:
        self.rt = rt
        self.business = business
        self.scratch = scratch

    @property
    def known(self) -> dict[str, str]:
        """Ids that exist. An operator suspends and renames the scratch merchant, not the one that the others need."""
        b = self.business
        fact, handler = b.parked[0]
        return {
            "m": b.code,
            "product_id": b.product,
            "category_id": b.category,
            "order_id": b.paid,
            "store_id": b.store,
            "counter_id": b.counter,
            "label_id": b.label,
            "message_id": b.message,
            "staff_id": b.clerk,
            "sku_id": b.sku,
            "location_id": b.warehouse,
            "line_id": b.paid_line,
            "address_id": str(b.buyer.address_id),
            "fact_id": fact,
            "handler": handler,
            "merchant_id": str(self.scratch.merchant_id),
        }

    async def headers(self, caller: str) -> dict[str, str]:
        """How a caller shows who it is."""
        if caller == "nobody":
            return {}
        if caller == "shopper":
            return self.business.buyer.headers
        async with self.rt.db.transaction() as tx:
            at = self.business.merchant_id
            if caller == "operator":
                at = (await merchants.ensure_platform(tx)).merchant_id
            person = await staff.create(
                tx, at, login=f"f-{new_id().hex}", password=new_id().hex, name="试", role="owner", store_id=None
            )
            token, _ = await identity.open_session(tx, person.user_id, identity.Client())
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def street(rt: Runtime, app: Litestar, client: httpx.AsyncClient) -> AsyncGenerator[Street, None]:
    """The application with a WeChat that nobody answers for."""
    settings = msgspec.structs.replace(rt.settings, wechat=WeChatUrls.of_sandbox("http://127.0.0.1:9"))
    app.state.runtime = msgspec.structs.replace(rt, settings=settings)
    business = await open_business(rt, client)
    async with rt.db.transaction() as tx:
        scratch = await merchants.create(tx, code=f"z{new_id().hex[:20]}", name="靶子")
    yield Street(rt, business, scratch)
    app.state.runtime = rt


@pytest.fixture
async def described(client: httpx.AsyncClient) -> Json:
    """The description."""
    return (await client.get("/api/openapi.json")).json()


async def call(client: httpx.AsyncClient, operation: Operation, one: Try, headers: dict[str, str]) -> httpx.Response:
    """Sends a request as it is."""
    sent = {**headers, "Sec-Fetch-Site": "same-origin"}
    if one.key is not None:
        sent["Idempotency-Key"] = one.key
    if one.content_type:
        sent["Content-Type"] = one.content_type
    return await client.request(
        operation.method,
        one.path,
        params=httpx.QueryParams(urlencode(one.query)) if one.query else None,
        content=one.body,
        headers=sent,
    )


def faults_of_problem(answer: httpx.Response) -> list[str]:
    """What is wrong with a refusal."""
    if answer.headers.get("content-type") != "application/problem+json":
        return [f"a refusal as {answer.headers.get('content-type')}"]
    problem: dict[str, Any] = answer.json()
    found = [] if problem.keys() >= _PROBLEM and problem["status"] == answer.status_code else ["no whole problem"]
    return found if _CODE.fullmatch(problem.get("code", "")) else [*found, f"code {problem.get('code')!r}"]


def faults(operation: Operation, answer: httpx.Response) -> list[str]:
    """What is wrong with an answer."""
    found: list[str] = []
    status, text = answer.status_code, answer.text
    documented: Json = operation.about["responses"]
    if not {str(status), f"{status // 100}XX"} & documented.keys() and status != 304:
        found.append(f"{status} is not documented")
    if status >= 400 and not operation.path.startswith(IN_OTHER_WORDS):
        found += faults_of_problem(answer)
    if status >= 500 and not any(code in text for code in UNREACHABLE):
        found.append("failed")
    if _INSIDES.search(text):
        found.append(f"tells of its insides: {_INSIDES.search(text)}")
    if SECRET in text:
        found.append("repeats a secret")
    return found


async def test_no_operation_fails_or_tells_secrets_whatever_is_sent(
    client: httpx.AsyncClient, street: Street, described: Json
) -> None:
    operations = operations_of(described)
    maker = Maker(described, street.known)
    assert len(operations) > 100
    bad: list[str] = []
    numbers, fine = itertools.count(), set[str]()
    end = time.monotonic() + SECONDS
    strategies = {o: maker.tries(o) for o in operations if not o.path.startswith(OF_THE_INSTALLATION)}
    for round_number in range(ROUNDS):
        if round_number and time.monotonic() > end:
            break
        for (operation, strategy), caller in itertools.product(strategies.items(), CALLERS):
            headers = await street.headers(caller)
            for one in examples(strategy, EXAMPLES, next(numbers)):
                answer = await call(client, operation, one, headers)
                client.cookies.clear()
                if answer.status_code < 400:
                    fine.add(str(operation))
                found = faults(operation, answer)
                bad += [f"{operation} by {caller}: {fault}\n    {one}\n    {answer.text[:300]}" for fault in found]
    assert not bad, f"{len(bad)} answers\n" + "\n".join(bad[:12])
    # requests that only ever bounce off the door would prove nothing
    assert len(fine) > len(operations) * 0.4, sorted({str(o) for o in operations} - fine)


async def test_what_is_not_described_is_not_there(client: httpx.AsyncClient, street: Street, described: Json) -> None:
    for operation in operations_of(described):
        absent = {"GET", "POST", "PUT", "DELETE", "PATCH"} - {m.upper() for m in described["paths"][operation.path]}
        path = re.sub(r"\{(\w+)\}", lambda found: street.known.get(found.group(1), str(new_id())), operation.path)
        for method in absent:
            answer = await client.request(method, path)
            assert answer.status_code in (404, 405), f"{method} {operation.path}: {answer.status_code}"
            assert answer.json()["code"] in ("not_found", "http_405")
    for path in ("/api", "/api/", "/api/shop", "/api/merchant/", "/api/merchant/secrets", "/api/platform/users", "/x"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
