"""What can go wrong between us and Alipay, with Alipay's own codes kept."""


class AlipayError(Exception):
    """Base. `code` is Alipay's `sub_code` (or `code`) where there is one, else a short lower-case reason of ours."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message


class AlipayRefused(AlipayError):
    """Alipay understood the call and refused it.

    `verified` is False when the refusal bears no signature (the gateway does not sign those about the request's
    form): no money is moved on its word.
    """

    def __init__(self, code: str, message: str, *, verified: bool) -> None:
        super().__init__(code, message)
        self.verified = verified


class AlipayUnavailable(AlipayError):
    """No usable answer. Every call of ours may be repeated: Alipay recognises it by our number."""


class AlipayUntrusted(AlipayError):
    """What came is not signed by Alipay for this app, or has not the form that Alipay documents; it is not used."""


class AlipayNotInstalled(AlipayError):
    """The extra `alipay` is not installed here."""

    def __init__(self) -> None:
        super().__init__("not_installed", "pip install 'bihuan[alipay]'")


class KeyNotUsable(AlipayError):
    """A key of the account does not load; `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__("key_not_usable", field)
        self.field = field
