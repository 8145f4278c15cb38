"""Paging by cursor: stable under inserts, one index range per page, no OFFSET."""

import base64
import binascii
from typing import Annotated, Generic, TypeVar

import msgspec
from litestar.params import Parameter

from bihuan.kernel.errors import BadRequest

T = TypeVar("T")

MAX_LIMIT = 100

Limit = Annotated[int, Parameter(ge=1, le=MAX_LIMIT, description="Rows on a page.")]
Cursor = Annotated[str | None, Parameter(max_length=400, description="next_cursor of the page before.")]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None = None


class BadCursor(BadRequest):
    """The cursor was not made by this list."""

    code = "bad_cursor"
    zh = "翻页标记无效，请从第一页重新开始。"
    en = "This cursor is not valid here; start from the first page."


def encode(*key: str | int) -> str:
    """A cursor of the sort key of a page's last row."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def decode(cursor: str | None, types: type[T]) -> T | None:
    """The sort key inside a cursor, checked against `types` (a tuple type such as `tuple[int, UUID]`).

    None for no cursor; raises BadCursor for one that does not fit.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=types)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise BadCursor from error
