# Schemas and their values are untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Malformed requests made from the schemas, published and our own: always an answer of WeChat's, never a mishap."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wechat_sandbox.desk import Merchant, Sandbox
from tests.wechat_sandbox.schemas import OPENAPI, request_schema
from tests.wechat_sandbox.test_malformed import signed
from wechat_sandbox.pay.routes import PATHS

CALM = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["", "\x00", "x" * 5000, "汉" * 200, "1e999", "../..", "2035-13-99T99:99:99+99:99", "http://"]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=3),
)


def _join(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    return {**one, **two}


def shaped(schema: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values like those of a schema, with something odd in one place out of four."""
    if not isinstance(schema, dict) or depth > 6:
        return ODD
    kind: Any = schema.get("type")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if "$ref" in schema or "oneOf" in schema or "anyOf" in schema:
        return ODD
    fit: st.SearchStrategy[Any] = ODD
    if "enum" in schema:
        fit = st.sampled_from(schema["enum"])
    elif kind == "object" or "properties" in schema:
        fields: dict[str, Any] = schema.get("properties") or {}  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        known = {name: shaped(row, depth + 1) for name, row in fields.items()}
        more = st.dictionaries(st.text(max_size=4), ODD, max_size=1)
        fit = st.builds(_join, st.fixed_dictionaries({}, optional=known), more)
    elif kind == "array":
        fit = st.lists(shaped(schema.get("items"), depth + 1), max_size=3)  # pyright: ignore[reportUnknownMemberType]
    elif kind == "integer":
        fit = st.integers(-2, 10**11)
    elif kind == "boolean":
        fit = st.booleans()
    elif kind == "string":
        fit = st.text(max_size=int(schema.get("maxLength", 40)) % 200 + 1)  # pyright: ignore
    return st.one_of(fit, fit, fit, ODD)


POSTS = [row[1] for row in PATHS if row[0] == "POST" and request_schema(row[1], "POST") is not None]


@pytest.mark.skipif(not OPENAPI.exists(), reason=f"{OPENAPI} is not there")
@pytest.mark.parametrize("path", POSTS)
def test_pay_requests(merchant: Merchant, path: str) -> None:
    target = re.sub(r"\{\w+\}", "FUZZ00000001", path)

    @CALM
    @given(body=shaped(request_schema(path, "POST")), as_own=st.booleans())
    def run(body: Any, as_own: bool) -> None:
        if as_own and isinstance(body, dict):  # past the first checks
            body |= {"mchid": merchant.mchid, "appid": merchant.appid}
        raw = json.dumps(body).encode()
        headers = {"Authorization": signed(merchant, "POST", target, raw), "User-Agent": "t", "Accept": "*/*"}
        response = merchant.sandbox.http.post(target, content=raw, headers=headers)
        assert response.status_code < 500, (raw, response.text)
        if response.status_code >= 400:
            assert response.json().keys() >= {"code", "message"}, response.text
            assert merchant.verifies(response.headers, response.content)

    run()


def test_queries(merchant: Merchant) -> None:
    gets = [row[1] for row in PATHS if row[0] == "GET"]
    words = ("bill_date", "mchid", "sub_mchid", "tar_type", "bill_type", "account_type", "limit", "offset", "token",
             "begin_date", "end_date", "transaction_id", "out_order_no", "sp_mchid")  # fmt: skip
    values = ("", "%00", "-1", "2026-02-30", "9" * 40, "%E6%B1%89", "GZIP", "ALL", "%FF%FE", merchant.mchid)

    @settings(CALM, max_examples=150)
    @given(
        path=st.sampled_from(gets),
        query=st.lists(st.tuples(st.sampled_from(words), st.sampled_from(values)), max_size=5),
        number=st.sampled_from(["x", "%00", "%FF", "a" * 300, "%2F", "1"]),
    )
    def run(path: str, query: list[tuple[str, str]], number: str) -> None:
        target = re.sub(r"\{\w+\}", number, path)
        target += "?" + "&".join(f"{name}={value}" for name, value in query) if query else ""
        headers = {"Authorization": signed(merchant, "GET", target, b""), "User-Agent": "t", "Accept": "*/*"}
        response = merchant.sandbox.http.get(target, headers=headers)
        assert response.status_code < 500, (target, response.text)

    run()


def _try_bodies(sandbox: Sandbox, method: str, target: str, schema: Any) -> None:
    @settings(CALM, max_examples=5)
    @given(body=shaped(schema))
    def run(body: Any) -> None:
        response = sandbox.http.request(method, target, json=body)
        assert response.status_code < 500, (method, target, body, response.text)

    run()


def test_the_control_api(sandbox: Sandbox) -> None:
    document = sandbox.get("/_sandbox/openapi.json")
    schemas = document["components"]["schemas"]

    def inline(node: Any, depth: int = 0) -> Any:
        if isinstance(node, list):
            return [inline(row, depth) for row in node]  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return {} if depth > 5 else inline(schemas[str(node["$ref"]).rsplit("/", 1)[-1]], depth + 1)  # pyright: ignore[reportUnknownArgumentType]
        return {name: inline(row, depth) for name, row in node.items()}  # pyright: ignore[reportUnknownVariableType]

    operations = [
        (method, path, inline(row["requestBody"]["content"]["application/json"]["schema"]))
        for path, methods in document["paths"].items()
        for method, row in methods.items()
        if "application/json" in row.get("requestBody", {}).get("content", {})
    ]
    assert len(operations) > 15
    clock = sandbox.get("/_sandbox/clock")["offset_seconds"]
    for method, path, schema in operations:
        if path.endswith(("/clock", "/faults")):  # they would change what other tests stand on
            continue
        target = re.sub(r"\{\w+(:\w+)?\}", "fuzz", path)

        _try_bodies(sandbox, method, target, schema)
    assert sandbox.get("/_sandbox/clock")["offset_seconds"] == clock


@pytest.mark.parametrize("path", ["/v3/pay/transactions/jsapi", "/cgi-bin/menu/create", "/sns/jscode2session"])
def test_what_is_no_request_at_all(sandbox: Sandbox, merchant: Merchant, path: str) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert sandbox.http.request(method, path).status_code in (405, 200)
    huge = b'{"a":"' + b"x" * (1024 * 1024 + 10) + b'"}'
    assert sandbox.http.post(path, content=huge).status_code in (413, 405, 200)
    for kind in ("text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=", "x" * 2000):
        body = b"--x\r\n\r\n\xff"
        headers = {"Content-Type": kind, "Authorization": signed(merchant, "POST", path, body)}
        response = sandbox.http.post(path, content=body, headers={**headers, "User-Agent": "t", "Accept": "*/*"})
        assert response.status_code in (400, 401, 405, 200), (kind, response.text)
    for odd in ("/v3/%ff%fe", "/v3/pay/transactions/id/%00?mchid=%ff", "/v3/" + "x/" * 2000, "//", "/..%2f..%2fetc"):
        assert sandbox.http.get(odd).status_code in (302, 400, 401, 404, 414), odd
    assert sandbox.get("/_sandbox/healthz") == {"status": "ok"}


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "WECHATPAY2-SHA256-RSA2048",
        "WECHATPAY2-SHA256-RSA2048 ,",
        'WECHATPAY2-SHA256-RSA2048 mchid="1900000101"',
        'WECHATPAY2-SHA256-RSA2048 mchid="",nonce_str="",timestamp="0",serial_no="",signature=""',
        'WECHATPAY2-SHA256-RSA2048 mchid="1",nonce_str="1",timestamp="²",serial_no="1",signature="%%%"',
        'Basic mchid="1900000101"',
        "WECHATPAY2-SHA256-RSA2048 " + 'a="b",' * 2000,
    ],
)
def test_authorizations(sandbox: Sandbox, authorization: str) -> None:
    headers = {b"Authorization": authorization.encode("utf-8"), b"User-Agent": b"t", b"Accept": b"*/*"}
    for path in ("/v3/certificates", "/v3/pay/transactions/id/1?mchid=1"):
        response = sandbox.http.get(path, headers=headers)
        assert response.status_code == 401
        assert response.json()["code"] == "SIGN_ERROR"
        number = sandbox.get("/_sandbox/exchanges", params={"limit": 1})["last"]
        assert sandbox.get(f"/_sandbox/exchanges/{number}")["verdict"]["hints"]
