"""The published schemas of Pay v3, as jsonschema validators.

`Merchant.call` validates every exchange with them, and `Sandbox.stop` every notification that was made, so
that no test of the pay interfaces has to ask for it.
"""

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft4Validator, FormatChecker

OPENAPI = Path(__file__).parents[3] / "shared" / "wechat" / "openapi"

DIRECT_COMBINE = ("/v3/combine-transactions/jsapi", "/v3/combine-transactions/native", "/v3/combine-transactions/h5")
"""Their schemas require `sub_mchid` of every part, which direct merchants do not have (wire.md; the schema of
.../app and the query's do not)."""

SHARE_QUERY = "/v3/profitsharing/orders/{out_order_no}"
"""Its schema has the enumerations of other fields (its own examples are not among them); the answer is that of
the request (wire.md)."""
PARTNER_JSAPI = "/v3/pay/partner/transactions/jsapi"
"""Its schema shares the payer with the answers and so requires `sp_openid`, where a request gives that or
`sub_openid` (wire.md)."""

formats = FormatChecker()


@formats.checks("rfc3339", raises=ValueError)
def _rfc3339(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


@cache
def _document(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def _resolve(node: Any, here: Path) -> Any:
    """Put what `$ref` points at in its place; the files write `#Name` and `#/Name` for the same."""
    if isinstance(node, list):
        return [_resolve(item, here) for item in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        file, _, pointer = str(node["$ref"]).partition("#")  # pyright: ignore[reportUnknownArgumentType]
        there = (here.parent / file).resolve() if file else here
        target = _document(there)
        for part in pointer.strip("/").split("/"):
            target = target[part]
        return _resolve(target, there)
    return {key: _resolve(value, here) for key, value in node.items()}  # pyright: ignore[reportUnknownVariableType]


@cache
def _operation(path: str, method: str) -> tuple[Any, Path]:
    file = (OPENAPI / (path.lstrip("/") + ".yaml")).resolve()
    return _document(file)[method.lower()], file


def request_schema(path: str, method: str) -> Any:
    """The published schema of a request body with every reference resolved; None where there is none."""
    try:
        operation, file = _operation(path, method)
    except (OSError, KeyError):
        return None
    rows = [row for row in operation.get("parameters", []) if row.get("in") == "body"]
    return _resolve(rows[0]["schema"], file) if rows else None


@cache
def _request_validator(path: str, method: str) -> Any:
    operation, file = _operation(path, method)
    schemas = [row["schema"] for row in operation.get("parameters", []) if row.get("in") == "body"]
    if not schemas:
        return None
    schema = _resolve(schemas[0], file)
    if path in DIRECT_COMBINE:
        schema["properties"]["sub_orders"]["items"]["required"].remove("sub_mchid")
    if path == PARTNER_JSAPI:
        payer = next(row for row in schema["allOf"] if "payer" in row.get("properties", {}))
        part = payer["properties"]["payer"]["allOf"][0]
        part["anyOf"] = [{"required": [name]} for name in ("sp_openid", "sub_openid")]
        del part["required"]
    return Draft4Validator(schema, format_checker=formats)


@cache
def _answer_validators(path: str, method: str) -> dict[int, Any]:
    if path == SHARE_QUERY:
        path, method = "/v3/profitsharing/orders", "POST"
    operation, file = _operation(path, method)
    return {
        int(code): Draft4Validator(_resolve(row["schema"], file), format_checker=formats) if "schema" in row else None
        for code, row in operation["responses"].items()
    }


def check_request(path: str, method: str, body: Any) -> None:
    """Raises jsonschema's ValidationError when `body` is not what the schema of the path says."""
    validator = _request_validator(path, method)
    assert validator is not None, f"{method} {path} takes no body"
    validator.validate(body)


def check_answer(path: str, method: str, status: int, body: Any) -> None:
    """Raises ValidationError likewise, for an answer."""
    validators = _answer_validators(path, method)
    assert status in validators, f"{method} {path} answers {status}"
    if validators[status] is not None:
        validators[status].validate(body)
    else:
        assert body is None


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Every path with a schema, those with fewer placeholders first."""
    names = ["/" + file.relative_to(OPENAPI).as_posix().removesuffix(".yaml") for file in OPENAPI.rglob("v3/**/*.yaml")]
    names.sort(key=lambda name: name.count("{"))
    return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(name))), name) for name in names]


@cache
def template_of(path: str) -> str | None:
    """The path in the schemas that a request's path is one of."""
    return next((name for pattern, name in _templates() if pattern.fullmatch(path)), None)


def check_exchange(method: str, target: str, body: str, status: int, content_type: str, content: bytes) -> None:
    """Raises ValidationError or AssertionError when an exchange is not as its schema says.

    What was accepted must have been a valid request; every answer must be a valid one, errors in WeChat's form.
    """
    path = template_of(urlsplit(target).path)
    if path is None or not OPENAPI.exists():
        return
    is_json = content_type.startswith("application/json")
    answer = json.loads(content) if content and is_json else None
    if status >= 400 or (status == 202 and answer and "code" in answer):
        assert answer is None or answer.keys() >= {"code", "message"}, answer
        assert answer is None or answer.keys() <= {"code", "message", "detail"}, answer
        return
    # Some clients send {} where no body is wanted, which WeChat lets pass.
    if body.startswith(("{", "[")) and (body != "{}" or _request_validator(path, method) is not None):
        check_request(path, method, json.loads(body))
    if is_json or not content:
        check_answer(path, method, status, answer)


NOTICES: dict[str, dict[str, Any]] = {
    "REFUND": {
        "required": ["transaction_id", "out_trade_no", "refund_id", "out_refund_no", "refund_status", "amount"],
        "properties": {
            "refund_status": {"enum": ["SUCCESS", "CLOSED", "ABNORMAL"]},
            "amount": {"required": ["total", "refund", "payer_total", "payer_refund"]},
        },
    },
    "COMPLAINT": {
        "required": ["complaint_id", "action_type"],
        "properties": {
            "complaint_id": {"type": "string", "maxLength": 64},
            "action_type": {
                "enum": [
                    "CREATE_COMPLAINT",
                    "CONTINUE_COMPLAINT",
                    "USER_RESPONSE",
                    "RESPONSE_BY_PLATFORM",
                    "SELLER_REFUND",
                    "MERCHANT_RESPONSE",
                    "MERCHANT_CONFIRM_COMPLETE",
                    "USER_APPLY_PLATFORM_SERVICE",
                    "USER_CANCEL_PLATFORM_SERVICE",
                    "PLATFORM_SERVICE_FINISHED",
                    "MERCHANT_APPROVE_REFUND",
                    "MERCHANT_REJECT_REFUND",
                    "REFUND_SUCCESS",
                ]
            },
        },
    },
}


def check_notice(event_type: str, plaintext: dict[str, Any]) -> None:
    """Raises ValidationError when a notification's plaintext is not what is published of its kind."""
    kind = event_type.partition(".")[0]
    number = "/out-trade-no/{out_trade_no}"
    if event_type == "TRANSACTION.SUCCESS" and "combine_mchid" in plaintext:
        check_answer("/v3/combine-transactions/out-trade-no/{combine_out_trade_no}", "GET", 200, plaintext)
        assert all(row["trade_state"] == "SUCCESS" for row in plaintext["sub_orders"])
    elif event_type == "TRANSACTION.SUCCESS" and "trade_state" in plaintext:
        way = "/v3/pay/partner/transactions" if "sp_mchid" in plaintext else "/v3/pay/transactions"
        check_answer(way + number, "GET", 200, plaintext)
        assert plaintext["trade_state"] == "SUCCESS"
    elif kind == "MCHTRANSFER":
        check_answer("/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}", "GET", 200, plaintext)
        assert plaintext["state"] in ("SUCCESS", "FAIL", "CANCELLED")
    elif kind in NOTICES:
        Draft4Validator(NOTICES[kind]).validate(plaintext)  # pyright: ignore[reportUnknownMemberType]


def check_notices(rows: list[dict[str, Any]]) -> None:
    """Every notification that a sandbox made."""
    if OPENAPI.exists():
        for row in rows:
            check_notice(row["event_type"], row["plaintext"])
