"""The published schemas of Pay v3, as jsonschema validators."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft4Validator, FormatChecker

from tests.wechat_sandbox.desk import SHARED

OPENAPI = SHARED / "openapi"


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


def _check(schema: Any, data: Any, file: Path) -> None:
    validator: Any = Draft4Validator(_resolve(schema, file), format_checker=FormatChecker())
    validator.validate(data)


def check_request(path: str, method: str, body: Any) -> None:
    """Raises jsonschema's ValidationError when `body` is not what the schema of the path says."""
    operation, file = _operation(path, method)
    schema = next(row["schema"] for row in operation["parameters"] if row.get("in") == "body")
    _check(schema, body, file)


def check_answer(path: str, method: str, status: int, body: Any) -> None:
    """Raises ValidationError likewise, for an answer."""
    operation, file = _operation(path, method)
    responses = {int(code): row for code, row in operation["responses"].items()}
    assert status in responses, f"{method} {path} answers {status}"
    if "schema" in responses[status]:
        _check(responses[status]["schema"], body, file)
    else:
        assert body is None
