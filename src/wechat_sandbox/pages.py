"""The sandbox's own pages as files: the front door, the phone, the inspector, the JS-SDK."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from mimetypes import guess_type

from wechat_sandbox.asgi import Answer, redirect

_PACKAGE = files("wechat_sandbox")
_FOLDERS = {"phone": _PACKAGE / "phone", "inspector": _PACKAGE / "inspector" / "page"}


def home() -> Answer:
    """The page at `/_sandbox`: where to go, and the accounts with their keys."""
    return _page(_PACKAGE / "home" / "index.html")


def file(path: str) -> Answer | None:
    """The file that a path stands for; None for one that is no page of ours at all."""
    if path == "/":
        return redirect("/phone/")
    if path == "/favicon.ico":
        return Answer(404)
    if path.startswith("/open/js/jweixin-") and path.endswith(".js"):
        path = "/phone/jweixin.js"
    name, slash, rest = path.removeprefix("/").partition("/")
    folder = _FOLDERS.get(name)
    if folder is None:
        return None
    if not slash:
        return redirect(f"/{name}/")
    parts = rest.split("/") if rest else ["index.html"]
    if any(part in ("", ".", "..") or "\\" in part for part in parts):
        return Answer(404)
    found = folder.joinpath(*parts)
    if not found.is_file():
        return Answer(404)
    return _page(found)


def _page(found: Traversable) -> Answer:
    kind = guess_type(found.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith("javascript"):
        kind += "; charset=utf-8"
    return Answer(200, found.read_bytes(), kind.encode(), [(b"cache-control", b"no-cache")])
