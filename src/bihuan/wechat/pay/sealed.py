"""What WeChat Pay seals with the APIv3 key."""

from __future__ import annotations

import msgspec

from bihuan.wechat.crypto import ApiV3Key
from bihuan.wechat.errors import MalformedMessage

ALGORITHM = "AEAD_AES_256_GCM"


class EncryptedResource(msgspec.Struct, frozen=True):
    """An AEAD_AES_256_GCM envelope, in notifications and in the certificates' answer."""

    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""
    original_type: str = ""

    def open(self, key: ApiV3Key) -> bytes:
        """The plaintext. Raises DecryptionFailed, MalformedMessage."""
        if self.algorithm != ALGORITHM:
            raise MalformedMessage(f"algorithm {self.algorithm[:32]}")
        return key.open(self.ciphertext, nonce=self.nonce, associated_data=self.associated_data)
