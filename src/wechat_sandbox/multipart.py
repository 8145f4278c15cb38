"""Uploaded files: `multipart/form-data` as clients of WeChat send it."""

import re
from typing import NamedTuple, Protocol

from wechat_sandbox.asgi import Request
from wechat_sandbox.wx_errors import WxError

_BOUNDARY = re.compile(r'boundary="?([^";,]{1,200})"?', re.IGNORECASE)
_NAME = re.compile(r'[; ]name="([^"]*)"')
_FILE = re.compile(r'filename="([^"]*)"')


class Form(Protocol):
    """What of a request is read."""

    headers: dict[str, str]
    body: bytes


class Part(NamedTuple):
    """One field or file."""

    field: str
    name: str
    content_type: str
    content: bytes


def read_parts(request: Form) -> list[Part]:
    """Every part of the body; none when it is no form.

    wechatpayv3 names no boundary in its header, and is understood all the same: the first line is it.
    """
    kind = request.headers.get("content-type", "")
    match = _BOUNDARY.search(kind)
    if match is not None:
        mark = b"--" + match.group(1).strip().encode("latin-1")
    elif kind.startswith("multipart/") and request.body.startswith(b"--"):
        mark = request.body[:200].partition(b"\r\n")[0]
    else:
        return []
    parts: list[Part] = []
    for chunk in request.body.split(mark)[1:]:
        if chunk.startswith(b"--"):
            break
        head, found, content = chunk.partition(b"\r\n\r\n")
        if found:
            parts.append(_part(head.decode("utf-8", "replace"), content.removesuffix(b"\r\n")))
    return parts


def _part(head: str, content: bytes) -> Part:
    kind = "application/octet-stream"
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            kind = value.strip()
    field, file = _NAME.search(head), _FILE.search(head)
    return Part(field.group(1) if field else "", file.group(1) if file else "", kind, content)


def read_file(request: Request, field: str) -> Part:
    """The file of a field; a form with a single file may name it as it likes. Raises WxError 41005 or 44001."""
    files = [part for part in read_parts(request) if part.name or part.field == field]
    named = [part for part in files if part.field == field] or files
    if not named:
        raise WxError(41005)
    if not named[0].content:
        raise WxError(44001)
    return named[0]
