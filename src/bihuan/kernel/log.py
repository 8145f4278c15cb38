"""Structured logs: one line per event, with the request's id, never with a secret."""

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

REQUEST_ID: ContextVar[str] = ContextVar("request_id")
"""The id of the request that is being answered; stands in each of its log lines."""

_SECRET_WORDS = (
    "secret",
    "password",
    "token",
    "apiv3_key",
    "private_key",
    "authorization",
    "cookie",
    "aes_key",
)


def _redact(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS):
            event[name] = "[redacted]"
    return event


def _add_request_id(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    request_id = REQUEST_ID.get("")
    if request_id:
        event.setdefault("request_id", request_id)
    return event


def configure(level: str, *, json: bool) -> None:
    """Sets up logging of this process: readable lines for a person, JSON for a machine."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the pretty one shows local variables: secrets
        )
    )
    structlog.configure(
        processors=[
            _add_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redact,
            structlog.processors.format_exc_info if json else structlog.processors.StackInfoRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("jieba").setLevel(logging.ERROR)
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)  # a traceback a second while the server is away
