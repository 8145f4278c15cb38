"""Errors of the control API: `{"code", "message"}` with a fitting status."""

from typing import Any

from litestar import Request, Response


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
