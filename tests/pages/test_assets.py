"""The built files: compressed once, known by their ETag, and nothing outside their folder."""

import gzip
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import brotli
import httpx
import pytest
from litestar import Litestar

from bihuan.kernel.errors import Problem
from bihuan.kernel.http import handle_exception
from bihuan.pages.assets import assets

SCRIPT = "const answer = 42;\n" * 500


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files to serve, and one beside them."""
    (tmp_path / "secret.txt").write_text("not yours")
    made = tmp_path / "built"
    made.mkdir()
    (made / "app.0a1b.js").write_text(SCRIPT)
    (made / "dot.png").write_bytes(b"\x89PNG" + bytes(2000))
    return made


@pytest.fixture
async def files(folder: Path) -> AsyncGenerator[httpx.AsyncClient, None]:
    """A client of an application with nothing but the files."""
    handlers: Any = {Exception: handle_exception, Problem: handle_exception}
    app = Litestar([assets("/a", folder)], exception_handlers=handlers, openapi_config=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, app)), base_url="http://f") as http:
        yield http


async def raw(files: httpx.AsyncClient, encoding: str) -> tuple[httpx.Headers, bytes]:
    """Headers and bytes as they came over the wire."""
    async with files.stream("GET", "/a/app.0a1b.js", headers={"Accept-Encoding": encoding}) as answer:
        assert answer.status_code == 200
        return answer.headers, b"".join([part async for part in answer.aiter_raw()])


async def test_a_script_comes_as_small_as_the_browser_takes_it(files: httpx.AsyncClient) -> None:
    headers, body = await raw(files, "gzip, deflate, br")
    assert headers["content-encoding"] == "br"
    assert headers["content-type"].startswith("text/javascript")
    assert "immutable" in headers["cache-control"]
    assert cast(bytes, brotli.decompress(body)).decode() == SCRIPT  # pyright: ignore[reportUnknownMemberType]
    assert len(body) < 100
    headers, body = await raw(files, "gzip;q=0.5, br;q=0")
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body).decode() == SCRIPT
    headers, body = await raw(files, "identity")
    assert "content-encoding" not in headers
    assert headers["vary"] == "Accept-Encoding"
    assert body.decode() == SCRIPT


async def test_what_the_browser_has_is_not_sent_again_until_it_changes(files: httpx.AsyncClient, folder: Path) -> None:
    first = await files.get("/a/app.0a1b.js")
    again = await files.get("/a/app.0a1b.js", headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    (folder / "app.0a1b.js").write_text("built anew")
    fresh = await files.get("/a/app.0a1b.js", headers={"If-None-Match": first.headers["etag"]})
    assert (fresh.status_code, fresh.text) == (200, "built anew")


async def test_pictures_come_as_they_are_and_head_has_no_body(files: httpx.AsyncClient) -> None:
    picture = await files.get("/a/dot.png", headers={"Accept-Encoding": "br, gzip"})
    assert "content-encoding" not in picture.headers
    assert len(picture.content) == 2004
    head = await files.head("/a/dot.png")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "2004", b"")


@pytest.mark.parametrize("name", ["../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "none.js", "", "x" * 5000])
async def test_nothing_else_is_served(files: httpx.AsyncClient, name: str) -> None:
    answer = await files.get(f"/a/{name}")
    assert answer.status_code == 404
    assert "not yours" not in answer.text
