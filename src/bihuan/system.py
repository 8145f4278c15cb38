"""The installation's own routes: health, metrics, the API's description."""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get

from bihuan.kernel import heartbeat, metrics
from bihuan.kernel.errors import Unavailable
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
    """The OpenAPI 3.1 description of every route."""
    return Response(msgspec.json.encode(request.app.openapi_schema.to_schema()), media_type=MediaType.JSON)


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
