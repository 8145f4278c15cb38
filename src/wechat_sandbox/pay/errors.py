"""Errors of Pay v3: a status, a code that programs branch on, a message in Chinese."""

from typing import Any


class PayError(Exception):
    """An error answer `{"code", "message", "detail"?}`."""

    def __init__(self, status: int, code: str, message: str, detail: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.number = 0
        """What Request-ID ends with; 0 when none is published for it."""

    def body(self) -> dict[str, Any]:
        """The answer as WeChat writes it."""
        answer: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.detail is not None:
            answer["detail"] = self.detail
        return answer


class AuthError(PayError):
    """The caller is not known to be the merchant; WeChat does not sign such answers."""

    def __init__(self, message: str, detail: dict[str, Any] | None = None, status: int = 401) -> None:
        super().__init__(status, "SIGN_ERROR" if status == 401 else "INVALID_REQUEST", message, detail)


def param_error(field: str, value: Any, message: str, issue: str, location: str = "body") -> PayError:
    """400 PARAM_ERROR; `field` is a JSON pointer in a body, else a parameter's name."""
    detail = {"field": field, "value": value, "issue": issue, "location": location}
    return PayError(400, "PARAM_ERROR", message, detail)


def invalid_request(message: str) -> PayError:
    """400 INVALID_REQUEST: well formed, but against a rule."""
    return PayError(400, "INVALID_REQUEST", message)
