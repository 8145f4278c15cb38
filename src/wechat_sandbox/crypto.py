"""Signatures and ciphers of WeChat, each as a plain function of its inputs.

Sources: wire.md sections 1 (Pay v3), 3 (messages, JS-SDK) and 4 (mini-program data).
"""

import hashlib
import os
import struct
from base64 import b64decode, b64encode
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256

_PADDING = PKCS1v15()
_SHA256 = SHA256()


class CryptoError(Exception):
    """What was given cannot be decrypted: wrong key, wrong padding, or not base64."""


# --- Pay v3 -----------------------------------------------------------------------------------


def request_message(method: str, target: bytes, timestamp: str, nonce: str, body: bytes) -> bytes:
    """The five lines that a merchant signs; `target` is path and query exactly as sent."""
    return b"%s\n%s\n%s\n%s\n%s\n" % (method.encode(), target, timestamp.encode(), nonce.encode(), body)


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """The three lines that the platform signs, in answers and notifications."""
    return b"%s\n%s\n%s\n" % (timestamp.encode(), nonce.encode(), body)


def pay_message(appid: str, timestamp: str, nonce: str, package: str) -> bytes:
    """The four lines of a payment call; `package` is `prepay_id=..` (JSAPI) or the bare id (app)."""
    return f"{appid}\n{timestamp}\n{nonce}\n{package}\n".encode()


def rsa_sign(key: RSAPrivateKey, message: bytes) -> str:
    """SHA256withRSA, PKCS#1 v1.5, base64."""
    return b64encode(key.sign(message, _PADDING, _SHA256)).decode()


def rsa_verify(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """True when `signature` (base64) is the key's over `message`."""
    try:
        key.verify(b64decode(signature, validate=True), message, _PADDING, _SHA256)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=256)
def _gcm(key: bytes) -> AESGCM:
    return AESGCM(key)


def gcm_encrypt(key: str, nonce: str, associated_data: str, plaintext: bytes) -> str:
    """AEAD_AES_256_GCM as Pay v3 uses it: base64 of ciphertext and 16-byte tag."""
    return b64encode(_gcm(key.encode()).encrypt(nonce.encode(), plaintext, associated_data.encode())).decode()


def gcm_decrypt(key: str, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """The reverse of `gcm_encrypt`. Raises CryptoError."""
    try:
        return _gcm(key.encode()).decrypt(nonce.encode(), b64decode(ciphertext), associated_data.encode())
    except Exception as error:
        raise CryptoError("AEAD_AES_256_GCM: the tag does not match") from error


# --- official account -------------------------------------------------------------------------


def sha1_sorted(*parts: str) -> str:
    """sha1 of the sorted parts: `signature` (token, timestamp, nonce) and `msg_signature` (+ Encrypt)."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - the protocol's hash


def jsapi_signature(ticket: str, nonce: str, timestamp: str, url: str) -> str:
    """The signature that `wx.config` wants; `url` without its fragment."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.split('#', 1)[0]}"
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - the protocol's hash


def _cbc(key: bytes, iv: bytes, data: bytes, *, encrypt: bool) -> bytes:
    cipher = Cipher(AES(key), CBC(iv))
    step = cipher.encryptor() if encrypt else cipher.decryptor()
    return step.update(data) + step.finalize()


def _pad(data: bytes, block: int) -> bytes:
    count = block - len(data) % block
    return data + bytes([count]) * count


def _unpad(data: bytes, block: int) -> bytes:
    count = data[-1] if data else 0
    if not 1 <= count <= block or data[-count:] != bytes([count]) * count:
        raise CryptoError("bad padding")
    return data[:-count]


def message_key(encoding_aes_key: str) -> bytes:
    """The 32-byte key behind a 43-character EncodingAESKey. Raises CryptoError."""
    try:
        key = b64decode(encoding_aes_key + "=")
    except ValueError as error:
        raise CryptoError("EncodingAESKey is not base64") from error
    if len(key) != 32:
        raise CryptoError("EncodingAESKey must be 43 characters")
    return key


def encrypt_message(encoding_aes_key: str, receiver: str, xml: str, random16: bytes | None = None) -> str:
    """`Encrypt` of a safe-mode message: random16, length, xml, receiver (appid), padded to 32."""
    key = message_key(encoding_aes_key)
    text = xml.encode()
    plain = (random16 or os.urandom(16)) + struct.pack(">I", len(text)) + text + receiver.encode()
    return b64encode(_cbc(key, key[:16], _pad(plain, 32), encrypt=True)).decode()


def decrypt_message(encoding_aes_key: str, encrypted: str) -> tuple[str, str]:
    """Text and receiver of a safe-mode `Encrypt`. Raises CryptoError."""
    key = message_key(encoding_aes_key)
    try:
        plain = _unpad(_cbc(key, key[:16], b64decode(encrypted), encrypt=False), 32)
        (length,) = struct.unpack(">I", plain[16:20])
        return plain[20 : 20 + length].decode(), plain[20 + length :].decode()
    except (ValueError, struct.error, UnicodeDecodeError) as error:
        raise CryptoError("cannot decrypt the message") from error


# --- mini program -----------------------------------------------------------------------------


def encrypt_user_data(session_key: str, iv: str, plaintext: bytes) -> str:
    """`encryptedData` of a mini program: AES-128-CBC, PKCS#7."""
    return b64encode(_cbc(b64decode(session_key), b64decode(iv), _pad(plaintext, 16), encrypt=True)).decode()


def decrypt_user_data(session_key: str, iv: str, encrypted_data: str) -> bytes:
    """The reverse of `encrypt_user_data`. Raises CryptoError."""
    try:
        data = _cbc(b64decode(session_key), b64decode(iv), b64decode(encrypted_data), encrypt=False)
    except ValueError as error:
        raise CryptoError("cannot decrypt the user data") from error
    return _unpad(data, 16)
