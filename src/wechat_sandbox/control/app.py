"""The Litestar application below /_sandbox."""

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from wechat_sandbox import __version__
from wechat_sandbox.control import (
    accounts,
    collect,
    complaints,
    exchanges,
    faults,
    friends,
    inspect,
    minis,
    payments,
    shoppers,
    till,
    transfers,
    wallet,
)
from wechat_sandbox.control.apps import HANDLERS as APP_HANDLERS
from wechat_sandbox.control.errors import ControlError, answer, http_answer, mishap, too_deep
from wechat_sandbox.world import World


def control_app(world: World) -> Litestar:
    """The control API over one world."""

    def provide_world() -> World:
        return world

    router = Router(
        "/_sandbox",
        route_handlers=[
            *accounts.HANDLERS,
            *shoppers.HANDLERS,
            *payments.HANDLERS,
            *collect.HANDLERS,
            *till.HANDLERS,
            *transfers.HANDLERS,
            *complaints.HANDLERS,
            *friends.HANDLERS,
            *minis.HANDLERS,
            *wallet.HANDLERS,
            *inspect.HANDLERS,
            *faults.HANDLERS,
            *exchanges.HANDLERS,
            *APP_HANDLERS,
        ],
        dependencies={"world": Provide(provide_world, sync_to_thread=False)},
        signature_namespace={"World": World},
    )
    return Litestar(
        route_handlers=[router],
        exception_handlers={
            ControlError: answer,
            HTTPException: http_answer,
            RecursionError: too_deep,
            Exception: mishap,
        },
        openapi_config=OpenAPIConfig(
            title="WeChat sandbox: control API",
            version=__version__,
            description="Drives the sandbox as a shopper's phone does, and shows what happened.",
            path="/_sandbox",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        logging_config=None,
    )
