"""The installation's own routes: health, metrics, the API's description."""

import re
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Request, Response, get
from litestar.routes import HTTPRoute

from bihuan.kernel import heartbeat, metrics
from bihuan.kernel.errors import Unavailable, known_problems
from bihuan.kernel.http import access
from bihuan.kernel.runtime import Runtime


class Links(msgspec.Struct, frozen=True):
    """Where a person goes next."""

    storefront: str
    console: str
    phone: str | None
    docs: str


class Health(msgspec.Struct, frozen=True):
    """All of it serves."""

    status: str
    links: Links


class NotReady(Unavailable):
    """A part does not serve yet; `parts` names it."""

    code = "not_ready"
    zh = "系统正在启动或部分组件不可用：{parts}。"
    en = "Starting, or a part does not serve: {parts}."


@get("/healthz", opt=access("public"), cache_control=None)
async def healthz(rt: Runtime) -> Health:
    """200 when the database, the worker and (where configured) the sandbox all serve; 503 otherwise."""
    missing = await _missing(rt)
    if missing:
        raise NotReady(parts=", ".join(missing))
    base = rt.settings.public_url
    phone = f"{rt.settings.sandbox_url}/phone/" if rt.settings.sandbox_url else None
    return Health("ok", Links(f"{base}/shop/", f"{base}/console/", phone, f"{base}/docs"))


@get("/readyz", opt=access("public"))
async def readyz(rt: Runtime) -> dict[str, str]:
    """200 when this process can serve requests (the database answers); for load balancers."""
    try:
        await rt.db.ping()
    except Exception as error:
        raise NotReady(parts="database") from error
    return {"status": "ok"}


@get("/metrics", opt=access("public"), media_type=MediaType.TEXT, include_in_schema=False)
async def prometheus() -> bytes:
    """Counters in Prometheus's text format."""
    return metrics.render()


@get("/api/openapi.json", opt=access("public"), include_in_schema=False)
async def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The OpenAPI 3.1 description of every route: its types, who may call it, and how it refuses."""
    state = request.app.state
    if "openapi" not in state:  # drawn from the routes, which do not change: once per process is enough
        state.openapi = msgspec.json.encode(_described(request.app))
    return Response(state.openapi, media_type=MediaType.JSON)


class ProblemOut(msgspec.Struct, frozen=True):
    """A refusal (RFC 9457). `code` is stable, `title` and `detail` are in the reader's language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None


_REFUSALS = {"401": "Unauthorized", "403": "Forbidden"}
_SCHEMES = {
    "shopper": {"type": "apiKey", "in": "cookie", "name": "bihuan_shopper"},
    "staff": {"type": "apiKey", "in": "cookie", "name": "bihuan_staff"},
    "bearer": {"type": "http", "scheme": "bearer"},
}


def _described(app: Litestar) -> dict[str, Any]:
    """What the framework knows, with what it does not: problems instead of its own errors, and who may call."""
    described = app.openapi_schema.to_schema()
    (_,), components = msgspec.json.schema_components([ProblemOut], ref_template="#/components/schemas/{name}")
    described["components"]["schemas"] |= components
    described["components"]["schemas"]["ProblemOut"]["properties"]["code"]["x-codes"] = {
        code: {"status": problem.status, "zh": problem.zh, "en": problem.en}
        for code, problem in sorted(known_problems().items())
    }
    described["components"]["securitySchemes"] = _SCHEMES
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    for route in app.routes:
        operations = described["paths"].get(re.sub(r":\w+\}", "}", route.path))
        if operations is None or not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            kind, _, permission = str(handler.opt.get("access", "")).partition(":")
            for method in handler.http_methods:
                if (operation := operations.get(method.lower())) is None:
                    continue
                kept = {status: answer for status, answer in operation["responses"].items() if status < "400"}
                closed = kind in ("shopper", "staff", "operator")
                refusals = {status: {"description": name, "content": problem} for status, name in _REFUSALS.items()}
                operation["responses"] = {
                    **kept,
                    **(refusals if closed else {}),
                    "4XX": {"description": "Refused; `code` says why", "content": problem},
                    "5XX": {"description": "Not now, or a part that we need does not answer", "content": problem},
                }
                if closed:
                    operation["security"] = [{"shopper" if kind == "shopper" else "staff": []}, {"bearer": []}]
                if permission:
                    operation["x-permission"] = permission
    return described


async def _missing(rt: Runtime) -> list[str]:
    try:
        async with rt.db.session() as tx:
            missing = [] if await heartbeat.is_alive(tx, "worker") else ["worker"]
    except Exception:
        return ["database"]
    if rt.settings.demo_marker and not rt.settings.demo_marker.exists():
        missing.append("demo data")
    if rt.settings.sandbox_url:
        try:
            answer = await rt.http.get(f"{rt.settings.sandbox_url}/_sandbox/healthz", timeout=2)
            if answer.status_code != 200:
                missing.append("sandbox")
        except Exception:
            missing.append("sandbox")
    return missing


ROUTES = (healthz, readyz, prometheus, openapi)
