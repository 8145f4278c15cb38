"""WeChat's cryptography, as plain functions over cached key objects.

Facts: https://pay.weixin.qq.com/doc/v3/merchant/4012365336 (RSA), the AEAD page beside it, and the
official samples whose known answers are in the tests.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import string
from functools import lru_cache
from typing import cast

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import DecryptionFailed, MalformedMessage

_NONCE_LETTERS = string.ascii_letters + string.digits
# WeChat Pay encrypts sensitive fields with SHA-1 inside OAEP; no other digest is accepted.
_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303
_SHA256 = hashes.SHA256()
_PKCS1 = padding.PKCS1v15()


def nonce(length: int = 32) -> str:
    """A random string of letters and digits."""
    return "".join(secrets.choice(_NONCE_LETTERS) for _ in range(length))


def b64decode(text: str) -> bytes:
    """Strict base64; raises MalformedMessage."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedMessage("not base64") from error


# --- RSA -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def load_private_key(pem: str) -> rsa.RSAPrivateKey:
    """A merchant's private key (PKCS#8 or PKCS#1 PEM). Loading costs tens of milliseconds, hence the cache.

    Raises ValueError when it is no RSA private key.
    """
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA private key")
    return key


@lru_cache(maxsize=1024)
def load_public_key(pem: str) -> rsa.RSAPublicKey:
    """An RSA public key (SubjectPublicKeyInfo PEM). Raises ValueError."""
    key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("not an RSA public key")
    return key


@lru_cache(maxsize=1024)
def load_certificate(pem: str) -> x509.Certificate:
    """An X.509 certificate over an RSA key. Raises ValueError."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    if not isinstance(certificate.public_key(), rsa.RSAPublicKey):
        raise ValueError("not a certificate over an RSA key")
    return certificate


def certificate_serial(certificate: x509.Certificate) -> str:
    """The serial number as WeChat writes it: upper-case hex."""
    return f"{certificate.serial_number:X}"


def certificate_key(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    """The RSA key of a certificate from `load_certificate`."""
    return cast("rsa.RSAPublicKey", certificate.public_key())


def rsa_sign(key: rsa.RSAPrivateKey, message: bytes) -> str:
    """SHA256withRSA, PKCS#1 v1.5, in base64."""
    return base64.b64encode(key.sign(message, _PKCS1, _SHA256)).decode()


def rsa_verify(key: rsa.RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether `signature` (base64) is the key's over `message`. Never raises."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, _PKCS1, _SHA256)
    except (InvalidSignature, ValueError):
        return False
    return True


def rsa_encrypt(key: rsa.RSAPublicKey, plaintext: str) -> str:
    """A sensitive field for WeChat Pay: RSA-OAEP with SHA-1 and MGF1-SHA1, in base64.

    Raises ValueError when the text is too long for the key (214 bytes at 2048 bits).
    """
    return base64.b64encode(key.encrypt(plaintext.encode(), _OAEP)).decode()


def rsa_decrypt(key: rsa.RSAPrivateKey, ciphertext: str) -> str:
    """A sensitive field from WeChat Pay. Raises DecryptionFailed, MalformedMessage."""
    try:
        return key.decrypt(b64decode(ciphertext), _OAEP).decode()
    except ValueError as error:
        raise DecryptionFailed("sensitive field") from error


# --- AEAD_AES_256_GCM ----------------------------------------------------------------------------------


class ApiV3Key:
    """A merchant's APIv3 key: opens (and, for tests and tools, seals) AEAD_AES_256_GCM resources.

    `allow_short` admits the 16-byte keys of some published samples; a real key has 32 bytes.
    """

    __slots__ = ("_aead",)

    def __init__(self, key: str, *, allow_short: bool = False) -> None:
        raw = key.encode()
        if len(raw) != 32 and not (allow_short and len(raw) == 16):
            raise ValueError("an APIv3 key has 32 bytes")
        self._aead = AESGCM(raw)

    def open(self, ciphertext: str, *, nonce: str, associated_data: str) -> bytes:
        """Decrypt base64 `ciphertext` (16-byte tag at its end). Raises DecryptionFailed, MalformedMessage."""
        sealed = b64decode(ciphertext)
        try:
            return self._aead.decrypt(nonce.encode(), sealed, associated_data.encode())
        except (InvalidTag, ValueError) as error:
            raise DecryptionFailed("resource") from error

    def seal(self, plaintext: bytes, *, nonce: str, associated_data: str) -> str:
        """Encrypt as WeChat does; base64."""
        sealed = self._aead.encrypt(nonce.encode(), plaintext, associated_data.encode())
        return base64.b64encode(sealed).decode()


# --- SHA-1 signatures of the Official Account ----------------------------------------------------------


def sha1_of_sorted(*parts: str) -> str:
    """`sha1(join(sort(parts)))` in hex: the signature of server verification and of encrypted pushes."""
    return hashlib.sha1("".join(sorted(parts)).encode(errors="surrogatepass")).hexdigest()  # noqa: S324 the protocol's digest


def same(expected: str, given: str) -> bool:
    """Compare two texts in constant time."""
    return hmac.compare_digest(expected.encode(), given.encode(errors="surrogatepass"))


def jssdk_signature(ticket: str, *, nonce_str: str, timestamp: str, url: str) -> str:
    """The `signature` of `wx.config` for a page's `url` (what follows `#` does not count)."""
    page = url.split("#", 1)[0]
    text = f"jsapi_ticket={ticket}&noncestr={nonce_str}&timestamp={timestamp}&url={page}"
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 the protocol's digest


# --- AES-CBC: message encryption, mini program ---------------------------------------------------------


def _aes_cbc(key: bytes, iv: bytes, data: bytes, *, encrypt: bool) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    step = cipher.encryptor() if encrypt else cipher.decryptor()
    return step.update(data) + step.finalize()


def _unpad(data: bytes, block: int) -> bytes:
    size = data[-1] if data else 0
    if not 1 <= size <= block or data[-size:] != bytes([size]) * size:
        raise DecryptionFailed("padding")
    return data[:-size]


class MessageCrypt:
    """Encryption of pushes and replies: Official Account, Open Platform and WeCom alike.

    `receive_id` is the appid (Official Account), the component's appid or the corpid.
    """

    __slots__ = ("_key", "_receive_id", "_token")

    def __init__(self, *, token: str, encoding_aes_key: str, receive_id: str) -> None:
        try:
            key = base64.b64decode(encoding_aes_key + "=", validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError("EncodingAESKey is not base64") from error
        if len(encoding_aes_key) != 43 or len(key) != 32:
            raise ValueError("EncodingAESKey has 43 characters")
        self._key = key
        self._token = token
        self._receive_id = receive_id

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """The `msg_signature` over `encrypted`."""
        return sha1_of_sorted(self._token, timestamp, nonce, encrypted)

    def encrypt(self, plaintext: bytes, *, random16: bytes | None = None) -> str:
        """base64(AES-256-CBC(random16, length, plaintext, receive id)), padded to 32 bytes (PKCS#7)."""
        head = os.urandom(16) if random16 is None else random16
        body = head + len(plaintext).to_bytes(4, "big") + plaintext + self._receive_id.encode()
        size = 32 - len(body) % 32
        padded = body + bytes([size]) * size
        return base64.b64encode(_aes_cbc(self._key, self._key[:16], padded, encrypt=True)).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """The plaintext. Check the signature first. Raises DecryptionFailed, MalformedMessage."""
        data = b64decode(encrypted)
        if not data or len(data) % 16:
            raise DecryptionFailed("length")
        body = _unpad(_aes_cbc(self._key, self._key[:16], data, encrypt=False), 32)
        end = 20 + int.from_bytes(body[16:20], "big")
        if len(body) < 20 or end > len(body):
            raise DecryptionFailed("length")
        if not hmac.compare_digest(body[end:], self._receive_id.encode()):
            raise DecryptionFailed("meant for another receiver")
        return body[20:end]


def decrypt_user_data(session_key: str, *, encrypted_data: str, iv: str, appid: str) -> dict[str, object]:
    """A mini program's `encryptedData`: AES-128-CBC under the session key, watermark checked.

    Raises DecryptionFailed (wrong key, other app's data), MalformedMessage.
    """
    key, vector, data = b64decode(session_key), b64decode(iv), b64decode(encrypted_data)
    if len(key) != 16 or len(vector) != 16 or not data or len(data) % 16:
        raise MalformedMessage("encryptedData")
    plain = _unpad(_aes_cbc(key, vector, data, encrypt=False), 16)
    try:
        answer = msgspec.json.decode(plain, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DecryptionFailed("encryptedData") from error
    watermark = answer.get("watermark")
    if not isinstance(watermark, dict) or cast("dict[str, object]", watermark).get("appid") != appid:
        raise DecryptionFailed("watermark of another app")
    return answer
