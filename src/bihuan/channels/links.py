"""Addresses of the mall's pages, as chats, codes and OAuth need them."""

from urllib.parse import urlsplit

from bihuan.channels.errors import WrongPage
from bihuan.kernel.runtime import Runtime


def mall_url(rt: Runtime, merchant_code: str, page: str = "") -> str:
    """The storefront, or a page of it (`#/pages/...`)."""
    return f"{rt.settings.public_url}/shop/{merchant_code}/{page}"


def member_path(merchant_code: str) -> str:
    """The member card, as a path: `absolute` makes it an address."""
    return f"/shop/{merchant_code}/#/pages/member/member"


def label_url(rt: Runtime, merchant_code: str, label_code: str) -> str:
    """The storefront, opened by a label: what a code says where there is no official account."""
    return f"{rt.settings.public_url}/shop/{merchant_code}/?l={label_code}"


def absolute(rt: Runtime, url: str | None) -> str:
    """An address as WeChat's servers and phones can load it, of a path of ours; empty for none."""
    if not url:
        return ""
    return url if url.startswith(("http://", "https://")) else f"{rt.settings.public_url}{url}"


def check_next(path: str) -> str:
    """A path of ours to return to. Raises WrongPage for anything that could leave this origin."""
    bad = not path.startswith("/") or path[1:2] in ("/", "\\") or len(path) > 1024 or "\\" in path
    if bad or any(ord(c) < 0x20 or ord(c) == 0x7F for c in path):
        raise WrongPage
    return path


def check_own(rt: Runtime, url: str) -> str:
    """The address of a page of ours, without its hash. Raises WrongPage for another origin's."""
    ours, theirs = urlsplit(rt.settings.public_url), urlsplit(url)
    if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc) or len(url) > 2048:
        raise WrongPage
    return url.partition("#")[0]
