"""One merchant's signed line to WeChat Pay v3: every request signed, every answer verified.

The interfaces (`client.py` and those that follow) are thin tables of paths over `PayConnection.call`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime, timedelta
from typing import TypeVar, overload
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec

from bihuan.wechat import crypto
from bihuan.wechat.errors import MalformedMessage, PayError, SignatureInvalid, Unavailable
from bihuan.wechat.transport import USER_AGENT, Answer, Limits, Now, exchange, log_refusal, retrying, utc_now

from .sealed import EncryptedResource
from .signer import Signer
from .types import PlatformCertificate, from_rfc3339
from .verifier import KeyRing, Signed, Verifier

T = TypeVar("T")

# Forged messages with made-up serials must not make us ask WeChat for certificates without end; after a
# failure we ask sooner, since the serial may have been a real one.
_CERTIFICATES_INTERVAL = timedelta(seconds=60)
_CERTIFICATES_INTERVAL_AFTER_FAILURE = timedelta(seconds=10)
_CERTIFICATES_INTERVAL_WITHOUT_ANY = timedelta(seconds=1)
"""After a failure while no certificate is known: until one is, no payment works, so that it is asked for again soon."""

_CHUNK_BYTES = 64 * 1024
_MOST_REFUSAL_BYTES = 64 * 1024


class _Refusal(msgspec.Struct, frozen=True):
    code: str
    message: str = ""
    detail: object = None


class _CertificateItem(msgspec.Struct, frozen=True):
    serial_no: str
    effective_time: str
    expire_time: str
    encrypt_certificate: EncryptedResource


class _Certificates(msgspec.Struct, frozen=True):
    data: tuple[_CertificateItem, ...]


class PayConnection:
    """Signs, sends, verifies, decodes. Keep one per merchant: it holds the platform's certificates.

    `certificate_mode` lets it download platform certificates when a serial is unknown.
    """

    def __init__(
        self,
        *,
        signer: Signer,
        keys: KeyRing,
        apiv3_key: crypto.ApiV3Key,
        http: httpx.AsyncClient,
        base_url: str,
        certificate_mode: bool,
        now: Now = utc_now,
        limits: Limits | None = None,
    ) -> None:
        self.signer = signer
        self.verifier = Verifier(keys, now=now)
        self.apiv3_key = apiv3_key
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._certificate_mode = certificate_mode
        self._now = now
        self._limits = limits or Limits()
        self._certificates_lock = asyncio.Lock()
        self._certificates_not_before: datetime | None = None

    @overload
    async def call(
        self,
        method: str,
        path: str,
        *,
        answer: type[T],
        query: Mapping[str, str] | None = None,
        body: object = None,
        repeatable: bool = True,
        serial: str = "",
    ) -> T: ...

    @overload
    async def call(
        self,
        method: str,
        path: str,
        *,
        answer: None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        repeatable: bool = True,
        serial: str = "",
    ) -> None: ...

    async def call(
        self,
        method: str,
        path: str,
        *,
        answer: type[T] | None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        repeatable: bool = True,
        serial: str = "",
    ) -> T | None:
        """Call one interface; `answer=None` where WeChat answers 204.

        `repeatable` says that repeating the call changes nothing more: a GET, or a POST that WeChat
        recognises by our number. `serial` is that of the key which the body's sensitive fields are
        encrypted with (`encrypt_sensitive`). Raises PayError, Unavailable, SignatureInvalid,
        StaleTimestamp, MalformedMessage.
        """
        content = b"" if body is None else msgspec.json.encode(body)

        async def attempt() -> Answer:
            request = self._request(method, path, query, content, serial=serial)
            got = await exchange(self._http, request, limits=self._limits, repeatable=repeatable)
            await self._judge(request, got, repeatable=repeatable)
            return got

        got = await retrying(attempt, self._limits)
        return None if answer is None else _decode(got, path, answer)

    async def upload(self, path: str, *, filename: str, content: bytes, content_type: str, answer: type[T]) -> T:
        """Send a file as multipart/form-data. What is signed is the `meta` JSON, not the body.

        Repeating it makes a second file that nothing refers to, which harms nobody. Raises as `call`.
        """
        meta = msgspec.json.encode({"filename": filename, "sha256": hashlib.sha256(content).hexdigest()})
        files = {"meta": (None, meta, "application/json"), "file": (filename, content, content_type)}

        async def attempt() -> Answer:
            request = self._http.build_request("POST", self._base_url + path, headers=self._headers(), files=files)
            request.headers["Authorization"] = self.signer.authorization("POST", request.url.raw_path, meta)
            got = await exchange(self._http, request, limits=self._limits, repeatable=True)
            await self._judge(request, got, repeatable=True)
            return got

        return _decode(await retrying(attempt, self._limits), path, answer)

    async def stream(self, target: str) -> AsyncGenerator[bytes, None]:
        """The raw bytes of a file (a bill, a complaint's picture), as they arrive.

        WeChat signs no files: what they are worth is shown by a hash in a signed answer, or by nothing.
        `target` is a path with its query, or a whole URL whose host does not count: signed requests go to
        WeChat alone. Nothing is repeated. Raises PayError, Unavailable.
        """
        parts = urlsplit(target)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        timeout = httpx.Timeout(self._limits.timeout_seconds)
        request = self._http.build_request("GET", self._base_url + path, headers=self._headers(), timeout=timeout)
        request.headers["Accept"] = "*/*"
        request.headers["Accept-Encoding"] = "identity"
        request.headers["Authorization"] = self.signer.authorization("GET", request.url.raw_path, b"")
        try:
            response = await self._http.send(request, stream=True, follow_redirects=False)
            try:
                if response.status_code != 200:
                    got = Answer(response.status_code, response.headers, await _beginning(response))
                    await self._judge(request, got, repeatable=True, fetch=False)
                    raise MalformedMessage(f"answer of {parts.path}", status=response.status_code)
                async for chunk in response.aiter_raw(_CHUNK_BYTES):
                    yield chunk
            finally:
                await response.aclose()
        except (httpx.TransportError, httpx.DecodingError) as error:
            code = "timeout" if isinstance(error, httpx.TimeoutException) else "broken_off"
            raise Unavailable(code, type(error).__name__, safe_to_retry=True) from error

    async def believe(self, headers: Mapping[str, str], body: bytes) -> None:
        """Verify a message of WeChat's, fetching new platform certificates if its serial is unknown.

        Raises SignatureInvalid, StaleTimestamp, Unavailable.
        """
        try:
            self.verifier.verify(headers, body)
        except SignatureInvalid as error:
            if not error.serial or error.serial.startswith("PUB_KEY_ID_") or not self._certificate_mode:
                raise
            if not await self._refresh_certificates(error.serial):
                raise
            self.verifier.verify(headers, body)

    async def encrypt_sensitive(self, *plaintexts: str) -> tuple[str, list[str]]:
        """Encrypt fields such as a payee's name; answers the serial to send as Wechatpay-Serial, and them.

        Raises ValueError when no key of WeChat's is to be had.
        """
        found = self.verifier.keys.encryption_key(self._now())
        if found is None and self._certificate_mode:
            await self.certificates()
            found = self.verifier.keys.encryption_key(self._now())
        if found is None:
            raise ValueError("no key of WeChat Pay's to encrypt with")
        serial, key = found
        return serial, [crypto.rsa_encrypt(key, text) for text in plaintexts]

    async def certificates(self) -> list[PlatformCertificate]:
        """Download the platform certificates and believe them.

        The first answer is signed by a certificate that only it brings. It is trusted because its
        certificates are sealed under the merchant's own APIv3 key, and because its signature must then
        hold under one of them or under a key believed before.
        """

        async def attempt() -> Answer:
            request = self._request("GET", "/v3/certificates", None, b"")
            got = await exchange(self._http, request, limits=self._limits, repeatable=True)
            if not 200 <= got.status < 300:
                await self._judge(request, got, repeatable=True, fetch=False)
            return got

        got = await retrying(attempt, self._limits)
        opened = self._open_certificates(got)
        candidates = KeyRing()
        for certificate in opened:
            candidates.add_certificate(certificate.pem)
        keys = self.verifier.keys
        try:
            Verifier(candidates, now=self._now).verify(got.headers, got.body)
        except SignatureInvalid as error:
            if not error.serial:
                raise
            self.verifier.verify(got.headers, got.body)
        for certificate in opened:
            keys.add_certificate(certificate.pem)
        return opened

    def _open_certificates(self, got: Answer) -> list[PlatformCertificate]:
        try:
            listed = msgspec.json.decode(got.body, type=_Certificates)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MalformedMessage("certificates", status=got.status) from error
        opened: list[PlatformCertificate] = []
        for item in listed.data:
            pem = item.encrypt_certificate.open(self.apiv3_key).decode(errors="replace")
            try:
                serial = crypto.certificate_serial(crypto.load_certificate(pem))
            except ValueError as error:
                raise MalformedMessage("platform certificate") from error
            effective_at, expires_at = from_rfc3339(item.effective_time), from_rfc3339(item.expire_time)
            if serial != item.serial_no.upper() or effective_at is None or expires_at is None:
                raise MalformedMessage("platform certificate")
            opened.append(PlatformCertificate(serial, pem, effective_at, expires_at))
        return opened

    async def _refresh_certificates(self, serial: str) -> bool:
        """Download certificates because `serial` is unknown; False when we asked a moment ago."""
        async with self._certificates_lock:
            now = self._now()
            if self.verifier.keys.find(serial, now):  # another task fetched it while we waited
                return True
            if self._certificates_not_before is not None and now < self._certificates_not_before:
                return False
            known = self.verifier.keys.encryption_key(now) is not None
            pause = _CERTIFICATES_INTERVAL_AFTER_FAILURE if known else _CERTIFICATES_INTERVAL_WITHOUT_ANY
            self._certificates_not_before = now + pause
            await self.certificates()
            self._certificates_not_before = now + _CERTIFICATES_INTERVAL
            return True

    def _headers(self, serial: str = "") -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        if serial or self.verifier.keys.public_key_id:
            headers["Wechatpay-Serial"] = serial or self.verifier.keys.public_key_id
        return headers

    def _request(
        self, method: str, path: str, query: Mapping[str, str] | None, content: bytes, *, serial: str = ""
    ) -> httpx.Request:
        url = self._base_url + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        headers = self._headers(serial)
        if content:
            headers["Content-Type"] = "application/json"
        request = self._http.build_request(method, url, headers=headers, content=content or None)
        # Signed over what is really sent, after the URL has been normalised.
        request.headers["Authorization"] = self.signer.authorization(method, request.url.raw_path, content)
        return request

    async def _judge(self, request: httpx.Request, got: Answer, *, repeatable: bool, fetch: bool = True) -> None:
        """Raise unless this is a verified success."""
        refusal = _refusal(got)
        if got.status >= 500:
            code = refusal.code if refusal else f"http_{got.status}"
            error = Unavailable(code, refusal.message if refusal else "", status=got.status, safe_to_retry=repeatable)
            log_refusal(request, error)
            raise error
        success = 200 <= got.status < 300 and not (got.status == 202 and refusal)
        signed = success or _carries_signature(got)
        if signed and fetch:
            await self.believe(got.headers, got.body)
        elif signed:
            self.verifier.verify(got.headers, got.body)
        if success:
            return
        detail = refusal.detail if refusal else None
        refused = PayError(
            refusal.code if refusal else f"HTTP_{got.status}",
            refusal.message if refusal else "",
            status=got.status,
            detail=msgspec.convert(detail, dict[str, object]) if isinstance(detail, dict) else None,
            verified=signed,
            request_id=got.headers.get("request-id", ""),
        )
        log_refusal(request, refused)
        raise refused


async def _beginning(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    async for part in response.aiter_bytes(_MOST_REFUSAL_BYTES):
        parts.append(part)
        break
    return b"".join(parts)


def _decode(got: Answer, path: str, answer: type[T]) -> T:
    try:
        return msgspec.json.decode(got.body, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedMessage(f"answer of {path}", status=got.status) from error


def _refusal(got: Answer) -> _Refusal | None:
    if got.status in {200, 204}:
        return None
    try:
        return msgspec.json.decode(got.body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _carries_signature(got: Answer) -> bool:
    try:
        Signed.of(got.headers)
    except SignatureInvalid:
        return False
    return True
