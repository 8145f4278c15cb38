"""What a merchant of WeChat Pay's has to show: numbers and keys."""

from __future__ import annotations

import msgspec

from .verifier import KeyRing

PAY_URL = "https://api.mch.weixin.qq.com"


class PayAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's credentials. Its `repr` shows no secrets.

    Public-key mode: `public_key_id` and `public_key_pem`. Certificate mode: neither;
    `platform_certificate_pems` may hold certificates known already, others are downloaded.
    `certificate_mode=True` beside a public key is the migration, when both sign.
    """

    mchid: str
    serial_no: str  # of the merchant's own API certificate, upper-case hex
    private_key_pem: str
    apiv3_key: str  # 32 bytes
    public_key_id: str = ""
    public_key_pem: str = ""
    platform_certificate_pems: tuple[str, ...] = ()
    certificate_mode: bool | None = None  # None: exactly when there is no public key

    def __repr__(self) -> str:
        return f"PayAccount(mchid={self.mchid!r}, serial_no={self.serial_no!r})"

    def key_ring(self) -> KeyRing:
        """The platform's keys that this account knows at the start. Raises ValueError for a bad one."""
        keys = KeyRing()
        if self.public_key_id:
            keys.add_public_key(self.public_key_id, self.public_key_pem)
        for pem in self.platform_certificate_pems:
            keys.add_certificate(pem)
        return keys
