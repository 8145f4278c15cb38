"""The web process: builds the ASGI application from `wiring`."""

import asyncio
import gc
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ASGIApp, Receive, Scope, Send

from bihuan import __version__, pages, system, wiring
from bihuan.kernel import http, lean, log
from bihuan.kernel.children import die_with_server
from bihuan.kernel.clock import DeskClock, SystemClock
from bihuan.kernel.db import Database
from bihuan.kernel.errors import Problem
from bihuan.kernel.events import routes_of
from bihuan.kernel.outbound import new_http_client
from bihuan.kernel.page_memory import PageMemory
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.vault import Vault
from bihuan.settings import Settings

MAX_BODY_BYTES = 1024 * 1024
DATABASE_PATIENCE_SECONDS = 30.0
"""How long a web or worker process that starts waits for a database that starts or recovers."""

CLOCK_OFFSET = "clock-offset"
"""In BIHUAN_HOME, with the sandbox only: seconds that this installation's time is ahead of the machine's."""

_logger = structlog.get_logger(__name__)


async def open_runtime(settings: Settings, *, max_connections: int = 10, patience_seconds: float = 0) -> Runtime:
    """The runtime of a process: connects to BIHUAN_DATABASE_URL. Raises OSError when it cannot be reached in time."""
    if settings.database_url is None:
        raise RuntimeError("BIHUAN_DATABASE_URL is not set; `bihuan up` sets it for the processes that it starts")
    clock = DeskClock(settings.home / CLOCK_OFFSET) if settings.sandbox_url else SystemClock()
    return Runtime(
        settings=settings,
        db=await Database.connect(
            settings.database_url,
            clock,
            routes_of(wiring.HANDLERS),
            max_size=max_connections,
            patience_seconds=patience_seconds,
        ),
        clock=clock,
        http=new_http_client(),
        vault=Vault.load(settings.home, settings.master_key),
    )


def create_app(runtime: Runtime | None = None, settings: Settings | None = None) -> Litestar:
    """The ASGI application. Without a `runtime` it opens one at start-up from the settings."""

    chosen = runtime.settings if runtime else settings or Settings.from_env()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None, None]:
        own = runtime or await open_runtime(chosen, patience_seconds=DATABASE_PATIENCE_SECONDS)
        app.state.runtime = own
        _settle_garbage_collector()
        background = [asyncio.create_task(_keep_running(start, own)) for start in wiring.BACKGROUND]
        yield
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        if runtime is None:
            await own.close()

    def provide_runtime(state: State) -> Runtime:
        return state.runtime

    litestar = Litestar(
        route_handlers=[*system.ROUTES, *pages.ROUTES, *wiring.ROUTES],
        dependencies={
            "rt": Provide(provide_runtime, sync_to_thread=False),
            **{name: _provide(provider) for name, provider in wiring.DEPENDENCIES.items()},
        },
        guards=[http.make_guard(wiring.AUTHENTICATORS)],
        exception_handlers={Exception: http.handle_exception, Problem: http.handle_exception},
        lifespan=[lifespan],
        request_max_body_size=MAX_BODY_BYTES,
        compression_config=CompressionConfig(
            backend="brotli",
            brotli_quality=5,
            brotli_gzip_fallback=True,
            minimum_size=1000,
            exclude=[r"^/media/", r"^/shop-assets/", r"^/console/assets/"],  # compressed already
        ),
        openapi_config=OpenAPIConfig(
            title="Bihuan", version=__version__, path="/_openapi", render_plugins=[JsonRenderPlugin()]
        ),
        debug=False,
    )
    # Outside the router, so that what it refuses (404, 405) has a request id too.
    litestar.asgi_handler = http.request_id_middleware(
        _hot_first(litestar, litestar.asgi_handler, chosen.page_memory_seconds)
    )
    return litestar


async def _keep_running(start: Callable[[Runtime], Coroutine[Any, Any, None]], rt: Runtime) -> None:
    """A background loop that fails is begun again: requests wait for what it does, and would wait for ever."""
    while True:
        try:
            await start(rt)
        except Exception:
            _logger.exception("background loop failed; beginning again")
        await asyncio.sleep(0.2)


def _settle_garbage_collector() -> None:
    """Leaves what was loaded at the start out of every later collection, and collects less often.

    A full collection walks all modules and classes (tens of milliseconds) in the middle of somebody's request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _hot_first(litestar: Litestar, rest: ASGIApp, page_memory_seconds: float) -> ASGIApp:
    """Requests by the shortest way: hot handlers, remembered pages, lean routes; everything else to the framework."""
    lean_routes = lean.LeanRoutes(wiring.ROUTES, wiring.LEAN_PROVIDERS, wiring.LEAN_AUTHENTICATORS)
    pages_in_memory = PageMemory(wiring.ROUTES, page_memory_seconds, rest)

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for method, path, handle in wiring.HOT_ROUTES:
                if scope["method"] == method and (found := path.match(scope["path"])):
                    await handle(litestar.state.runtime, found.group(1), scope, receive, send)
                    return
            if pages_in_memory.covers(scope):
                await pages_in_memory.answer(scope, receive, send)
                return
            if (hit := lean_routes.find(scope)) is not None:
                await lean.answer(litestar.state.runtime, *hit, scope, receive, send, rest)
                return
        await rest(scope, receive, send)

    return handler


def _provide(provider: Callable[..., Any]) -> Provide:
    return Provide(provider) if inspect.iscoroutinefunction(provider) else Provide(provider, sync_to_thread=False)


def asgi() -> ASGIApp:
    """The factory that the server calls in each of its processes."""
    die_with_server()
    settings = Settings.from_env()
    log.configure(settings.log_level, json=settings.log_json)
    return create_app(settings=settings)
