"""Errors that reach a reader: RFC 9457 problem details with a stable `code`, in Chinese or English.

A module derives its own: `class OutOfStock(Conflict): code = "out_of_stock"; zh = "..."; en = "..."`.
`zh` and `en` are format strings over the members given to the constructor.
"""

from typing import ClassVar


class Problem(Exception):
    """A refusal with an HTTP status and a stable code; members are shown in the answer."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    zh: ClassVar[str] = "服务器开小差了，请稍后再试。"
    en: ClassVar[str] = "Something went wrong on our side; try again later."
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, **members: object) -> None:
        super().__init__(self.code)
        self.members = members

    def __str__(self) -> str:
        return f"{self.code}: {self.text('en')}"

    def text(self, language: str) -> str:
        """The sentence for a reader; `language` is "zh" or "en"."""
        template = self.en if language == "en" else self.zh
        try:
            return template.format(**self.members)
        except (KeyError, IndexError):
            return template

    def body(self, language: str, request_id: str | None = None) -> dict[str, object]:
        """The problem details object of RFC 9457."""
        return {
            "type": f"https://bihuan.dev/problems/{self.code}",
            "title": self.text(language),
            "status": self.status,
            "code": self.code,
            "detail": self.members.get("detail") or self.text(language),
            **{k: v for k, v in self.members.items() if k != "detail"},
            **({"request_id": request_id} if request_id else {}),
        }


def known_problems(kind: type[Problem] = Problem) -> dict[str, type[Problem]]:
    """Every problem that the modules loaded by now can raise, by its code."""
    found = {} if kind.__name__.startswith("_") else {kind.code: kind}
    for derived in kind.__subclasses__():
        found |= {code: problem for code, problem in known_problems(derived).items() if code not in found}
    return found


class BadRequest(Problem):
    """400: the request cannot be read or makes no sense."""

    status = 400
    code = "bad_request"
    zh = "请求内容有误。"
    en = "The request is not valid."


class Unauthorized(Problem):
    """401: nobody is signed in."""

    status = 401
    code = "sign_in_required"
    zh = "请先登录。"
    en = "Sign in first."


class Forbidden(Problem):
    """403: signed in, but not allowed."""

    status = 403
    code = "forbidden"
    zh = "您没有权限进行此操作。"
    en = "You are not allowed to do this."


class NotFound(Problem):
    """404: there is no such thing, or it is somebody else's."""

    status = 404
    code = "not_found"
    zh = "没有找到您要的内容。"
    en = "There is no such thing here."


class Conflict(Problem):
    """409: the present state does not allow it."""

    status = 409
    code = "conflict"
    zh = "当前状态不允许此操作，请刷新后再试。"
    en = "The present state does not allow this; reload and try again."


class WrongState(Conflict):
    """A change of state that its transition table does not allow, or that somebody else made first."""

    code = "wrong_state"
    zh = "当前状态（{state}）不允许此操作，请刷新后再试。"
    en = "This is not possible in the present state ({state}); reload and try again."


class TooLarge(Problem):
    """413: the body is over the limit."""

    status = 413
    code = "body_too_large"
    zh = "提交的内容过大。"
    en = "The body is too large."


class UnsupportedMediaType(Problem):
    """415: a body of another kind than is taken here."""

    status = 415
    code = "unsupported_media_type"
    zh = "不支持此类内容。"
    en = "A body of this kind is not taken."


class Unprocessable(Problem):
    """422: readable, but a value is out of its range."""

    status = 422
    code = "unprocessable"
    zh = "提交的内容不符合要求。"
    en = "A value is not acceptable."


class TooManyRequests(Problem):
    """429: slow down."""

    status = 429
    code = "too_many_requests"
    zh = "操作太频繁，请稍后再试。"
    en = "Too many requests; wait a moment."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


class BadGateway(Problem):
    """502: WeChat, or another service beyond us, refused or did not understand."""

    status = 502
    code = "upstream_error"
    zh = "上游服务返回错误，请稍后再试。"
    en = "A service we depend on answered with an error; try again later."


class Unavailable(Problem):
    """503: not now."""

    status = 503
    code = "unavailable"
    zh = "服务繁忙，请稍后再试。"
    en = "The service is busy; try again in a moment."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}
