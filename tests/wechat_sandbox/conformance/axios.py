"""wechatpay-axios-plugin 0.9.6: it has no methods, any path is a chain; so every Pay path that the sandbox serves.

The calls are those that wechatpayv3 made, as the inspector kept them, each with fresh numbers where a number may
be used once.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.wechat_sandbox.conformance.desk import Desk, Row

NAME = "wechatpay-axios-plugin 0.9.6"
FOLDER = Path(__file__).parents[1] / "node"


def rows(desk: Desk, node: str) -> list[Row]:
    """A row for every interface of Pay v3 that was called by the other client, and the certificates."""
    calls = _calls(desk)
    given = {
        "url": desk.box.url + "/",
        "merchants": {who.mchid: who.row for who in (desk.merchant, desk.provider)},
        "calls": [call for _, call in calls],
    }
    done = subprocess.run(
        [node, "conform.js"],
        cwd=FOLDER,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = zip(calls, json.loads(done.stdout), strict=True)
    return sorted((Row(NAME, name, result) for (name, _), result in found), key=lambda row: row.call)


def _calls(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    items = desk.box.get("/_sandbox/exchanges", params={"kind": "api", "status": "2xx", "path": "/v3/", "limit": 2000})
    calls: dict[str, dict[str, Any]] = {}
    for row in reversed(items["items"]):
        if row["signature"] != "valid" or row["path"].endswith("/upload"):
            continue
        name = f"{row['method']} {_pattern(row['path'])}"
        if name in calls:
            continue
        text = desk.box.get(f"/_sandbox/exchanges/{row['id']}")["request"]["body"].get("text", "")
        target, body = _ready(desk, row["target"], json.loads(text) if text else {})
        calls[name] = {"mchid": row["mchid"], "method": row["method"].lower(), "target": target, "body": body}
    certificates: dict[str, Any] = {
        "mchid": desk.merchant.mchid,
        "method": "get",
        "target": "/v3/certificates",
        "body": {},
    }
    return [*calls.items(), ("GET /v3/certificates", certificates)]


def _ready(desk: Desk, target: str, body: Any) -> tuple[str, Any]:
    """The call with fresh numbers where the former ones are used up."""
    path = target.partition("?")[0]
    if path.endswith(("/jsapi", "/native", "/h5", "/app")):
        return target, _fresh(desk, body)
    if path.endswith("/codepay"):
        return target, {**_fresh(desk, body), "payer": {"auth_code": desk.payment_code()}}
    if path.endswith(("/response", "/complete", "/update-refund-progress")):
        complaint_id = desk.answered_complaint() if path.endswith("/complete") else desk.complaint()
        return re.sub(r"(?<=/complaints-v2/)[^/]+", complaint_id, target), body
    if path.endswith("/apply-abnormal-refund"):
        refund_id, out_refund_no = desk.failed_refund()
        return re.sub(r"(?<=/refunds/)[^/]+", refund_id, target), {**body, "out_refund_no": out_refund_no}
    return target, body


def _pattern(path: str) -> str:
    """The path with its numbers and names as placeholders."""
    path = re.sub(r"(?<=out-trade-no/)[^/]+|(?<=out-bill-no/)[^/]+|(?<=transfer-bill-no/)[^/]+", "{no}", path)
    path = re.sub(r"(?<=transactions/id/)[^/]+|(?<=/complaints-v2/)[^/]+|(?<=/images/)[^/]+", "{id}", path)
    path = re.sub(r"(?<=refunds/)[^/]+|(?<=profitsharing/transactions/)[^/]+", "{no}", path)
    path = re.sub(r"(?<=merchant-configs/)[^/]+|(?<=return-orders/)[^/]+", "{no}", path)
    return re.sub(r"(?<=profitsharing/orders/)(?!unfreeze)[^/]+", "{no}", path)


def _fresh(desk: Desk, value: Any) -> Any:
    """A prepay with new numbers."""
    if isinstance(value, list):
        return [_fresh(desk, row) for row in value]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, dict):
        return value
    numbered = ("out_trade_no", "combine_out_trade_no")
    return {name: desk.number() if name in numbered else _fresh(desk, row) for name, row in value.items()}  # pyright: ignore
