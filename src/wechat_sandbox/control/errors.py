"""Errors of the control API: `{"code", "message"}` with a fitting status."""

import logging
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

log = logging.getLogger("wechat_sandbox.control")


class ControlError(Exception):
    """A request that cannot be served."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, **more}


def not_found(what: str) -> ControlError:
    """404."""
    return ControlError(404, "not_found", f"no such {what}")


def answer(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """How Litestar turns one into a response."""
    assert isinstance(error, ControlError)
    return Response(error.body, status_code=error.status)


def http_answer(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """The framework's own refusals (malformed bodies, unknown paths) in the same form."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
    body: dict[str, Any] = {"code": code, "message": error.detail}
    if error.extra:
        body["extra"] = error.extra
    return Response(body, status_code=error.status_code)


def too_deep(_: Request[Any, Any, Any], __: Exception) -> Response[dict[str, Any]]:
    """A body nested beyond what the decoder follows."""
    return Response({"code": "bad_request", "message": "the body is nested too deep"}, status_code=400)


def mishap(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """A mistake of the sandbox itself: told to the log, not to the caller."""
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    return Response({"code": "internal_error", "message": "the sandbox failed; see its log"}, status_code=500)
