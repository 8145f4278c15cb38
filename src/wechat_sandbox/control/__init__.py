"""The control API: drive the sandbox over HTTP, as the phone does. Litestar, OpenAPI 3.1."""

from wechat_sandbox.control.app import control_app

__all__ = ["control_app"]
