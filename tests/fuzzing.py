"""Requests made from an OpenAPI description: mostly what it asks for, partly what nobody should send."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

Json = dict[str, Any]

JUNK: tuple[Any, ...] = (
    *(None, True, -1, 0, 1.5, 10**30, -(10**18), "", " ", "x", "\x00", "a\x00b", "\ud83d\ude00", "\u202e", "x" * 5000),
    *(
        "'; drop table orders; --",
        "../../etc/passwd",
        "<script>",
        "%",
        "_",
        "\\",
        "{x}",
        "%s",
        [],
        {},
        [None],
        {"a": 1},
    ),
    *("00000000-0000-0000-0000-000000000000", "not-a-uuid", "2026-13-45", "NaN"),
)
"""What stands in for a value now and then: wrong types, wrong sizes, what breaks naive code."""

SECRET = "SEKRET"
"""Every secret that a request carries holds this, so that an answer that repeats one gives itself away."""

_SECRETS = re.compile(r"password|secret|token|aes_key|private_key|apiv3")


@dataclass(frozen=True, eq=False)
class Operation:
    """One method on one path, as described."""

    method: str
    path: str
    about: Json

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Try(NamedTuple):
    """A request to make. `key`: the Idempotency-Key."""

    path: str
    query: list[tuple[str, str]]
    body: bytes | None
    content_type: str | None
    key: str | None


def operations_of(described: Json) -> list[Operation]:
    """All of them."""
    return [
        Operation(method.upper(), path, about)
        for path, methods in described["paths"].items()
        for method, about in methods.items()
    ]


def examples(strategy: st.SearchStrategy[Try], count: int, number: int) -> list[Try]:
    """`count` different ones, the same in each run."""
    found: list[Try] = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example, HealthCheck.data_too_large],
    )
    @given(strategy)
    def collect(one: Try) -> None:
        found.append(one)

    collect()
    return found


class Maker:
    """Strategies for requests; `known` holds ids that exist, by the name of a parameter or field."""

    def __init__(self, described: Json, known: Mapping[str, str]) -> None:
        self._schemas: Json = described["components"]["schemas"]
        self._known = known

    def tries(self, operation: Operation) -> st.SearchStrategy[Try]:
        """Requests of an operation."""
        parameters: list[Json] = operation.about.get("parameters", [])
        names = re.findall(r"\{(\w+)\}", operation.path)
        where = st.fixed_dictionaries({name: self._in_path(name) for name in names})
        queries = st.fixed_dictionaries(
            {}, optional={p["name"]: self.values(p["schema"], p["name"]) for p in parameters if p["in"] == "query"}
        )
        return st.builds(
            partial(_try, operation.path),
            where,
            queries,
            self._bodies(operation.about.get("requestBody")),
            st.sampled_from([None, "short", "k" * 65, "\t", *(f"fuzz-key-{n:04}" for n in range(12))]),
        )

    def _in_path(self, name: str) -> st.SearchStrategy[str]:
        odd = st.sampled_from(["not-a-uuid", "..%2f..", "%00", "x" * 300, "%F0%9F%98%80", "-1", "null"])
        ids = st.uuids().map(str)
        if name not in self._known:
            return ids | odd
        # what exists, most of the time
        return st.one_of(*[st.just(self._known[name])] * 5, ids, odd)

    def _bodies(self, wanted: Json | None) -> st.SearchStrategy[tuple[bytes | None, str | None]]:
        if wanted is None:
            return st.just((None, None))
        content: Json = wanted["content"]
        if "application/json" not in content:
            part = (
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nno picture\r\n--b--\r\n'
            )
            return st.sampled_from([(part, "multipart/form-data; boundary=b"), (b"--b", "multipart/form-data"),
                                    (b"", "multipart/form-data; boundary=b"), (b"{}", "application/json")])  # fmt: skip
        fitting = self.values(content["application/json"]["schema"], "")
        odd = st.sampled_from([(b"", "application/json"), (b"{", "application/json"), (b"[" * 3000, "application/json"),
                               (b"\xff\xfe", "application/json"), (b"a=b", "application/x-www-form-urlencoded"),
                               (b"null", "application/json"), (b"{}", "text/plain")])  # fmt: skip
        whole = fitting.map(lambda value: (json.dumps(value).encode(), "application/json"))
        return st.one_of(whole, whole, whole, whole, odd)

    def values(self, schema: Json, name: str, depth: int = 0) -> st.SearchStrategy[Any]:
        """What fits a schema, and now and then something that does not."""
        return st.one_of(*[self._fitting(schema, name, depth)] * 7, st.sampled_from(JUNK))

    def _fitting(self, schema: Json, name: str, depth: int) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            return self._fitting(self._schemas[schema["$ref"].rsplit("/", 1)[-1]], name, depth)
        if "oneOf" in schema:
            shared = {key: value for key, value in schema.items() if key != "oneOf"}
            return st.one_of(*(self._fitting({**one, **shared}, name, depth) for one in schema["oneOf"]))
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        kind: str | list[str] = schema.get("type", "string")
        kinds = [kind] if isinstance(kind, str) else kind
        return st.one_of(*(self._of_kind(kind, schema, name, depth) for kind in kinds))

    def _of_kind(self, kind: str, schema: Json, name: str, depth: int) -> st.SearchStrategy[Any]:
        match kind:
            case "null":
                return st.none()
            case "boolean":
                return st.booleans()
            case "integer":
                low, high = int(schema.get("minimum", -10)), int(schema.get("maximum", 10**7))
                return st.one_of(st.integers(low, min(high, low + 100)), st.just(high))
            case "number":
                return st.floats(0, 1000)
            case "array":
                most = min(int(schema.get("maxItems", 3)), 3) if depth < 4 else 0
                item = self.values(schema.get("items", {}), name, depth + 1)
                return st.lists(item, min_size=min(int(schema.get("minItems", 0)), most), max_size=most)
            case "object":
                return self._object(schema, depth)
            case _:
                return self._text(schema, name)

    def _object(self, schema: Json, depth: int) -> st.SearchStrategy[Json]:
        fields: Json = schema.get("properties", {})
        if not fields or depth > 4:
            return st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=5), max_size=2)
        required = set(schema.get("required", ()))
        parts = {name: self.values(field, name, depth + 1) for name, field in fields.items()}
        whole = st.fixed_dictionaries(
            {name: part for name, part in parts.items() if name in required},
            optional={name: part for name, part in parts.items() if name not in required},
        )
        return st.one_of(whole, whole, whole, whole, whole.map(lambda value: dict(list(value.items())[1:])))

    def _text(self, schema: Json, name: str) -> st.SearchStrategy[str]:
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 40))
        if _SECRETS.search(name):
            return st.just(f"{SECRET}-{name}-0123456789abcdefghij"[: max(most, 10)])
        if name in self._known:
            return st.sampled_from([self._known[name]] * 3 + [str(UUID(int=7))])
        match schema.get("format"):
            case "uuid":
                return st.uuids().map(str)
            case "date-time":
                return st.just("2026-11-22T08:00:00Z")
            case _:
                pass
        if "pattern" in schema:
            pattern = str(schema["pattern"])
            return st.one_of(st.from_regex(pattern), st.sampled_from(["A1", "a", "#0f7265", "1900000101"]))
        return st.one_of(st.text(min_size=least, max_size=min(most, 40)), st.just("青" * max(least, min(most, 10))))


def _try(path: str, filled: dict[str, str], query: Json, body: tuple[bytes | None, str | None], key: str | None) -> Try:
    return Try(_path(path, filled), _query(query), *body, key)


def _path(path: str, filled: Mapping[str, str]) -> str:
    for name, value in filled.items():
        path = path.replace(f"{{{name}}}", value if "%" in value else quote(value, safe=""))
    return path


def _query(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        said.append((name, text.encode("utf-8", "replace").decode()[:2000]))
    return said
