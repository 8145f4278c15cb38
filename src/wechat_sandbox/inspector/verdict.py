"""Why a signature failed: whose key signed what, found out from the signature itself.

An RSA signature yields the digest that was signed to whoever has the public key. So each key that the
sandbox knows is tried on it, and then the digest is compared with those of likely mistakes.
"""

import hashlib
import re
from base64 import b64decode
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct, field

from wechat_sandbox.crypto import request_message
from wechat_sandbox.inspector.guesses import guesses, hmac_texts
from wechat_sandbox.inspector.ring import Exchange
from wechat_sandbox.multipart import read_parts
from wechat_sandbox.pay.auth import MAX_SKEW_SECONDS, SCHEME, UPLOADS

if TYPE_CHECKING:
    from wechat_sandbox.models import Merchant
    from wechat_sandbox.world import World

_ITEM = re.compile(r'(\w+)="([^"]*)"')
_NEEDED = ("mchid", "nonce_str", "timestamp", "serial_no", "signature")


class Hint(Struct):
    """Something that is not as it should be, in both languages; `code` for programs."""

    code: str
    zh: str
    en: str


class Verdict(Struct):
    """What the sandbox thinks of a request's signature."""

    state: str
    """`valid`, `invalid`, `absent`, or `none` where no signature is wanted."""
    expected: str = ""
    """The canonical string over the bytes that arrived."""
    signed: str = ""
    """What the client signed instead, where that could be found out."""
    signed_by: str = ""
    """Whose key made the signature, as far as the sandbox knows it."""
    expected_digest: str = ""
    signed_digest: str = ""
    items: dict[str, str] = field(default_factory=dict[str, str])
    hints: list[Hint] = field(default_factory=list[Hint])


def judge(world: "World", exchange: Exchange) -> Verdict:
    """The verdict on a call of Pay v3; `none` for everything else."""
    if exchange.direction != "in" or not exchange.path.startswith("/v3/"):
        return Verdict("none")
    header = exchange.headers.get("authorization", "")
    scheme, _, rest = header.partition(" ")
    items = dict(_ITEM.findall(rest))
    verdict = Verdict("absent" if not header else "invalid", items=items)
    verdict.hints += _form(header, scheme, items)
    if verdict.hints:
        return verdict
    body = signed_body(exchange)
    message = request_message(
        exchange.method, exchange.target.encode("latin-1"), items["timestamp"], items["nonce_str"], body
    )
    verdict.expected = message.decode("utf-8", "replace")
    verdict.expected_digest = hashlib.sha256(message).hexdigest()
    if exchange.size > len(exchange.body):
        if exchange.status == 401:
            verdict.hints.append(Hint("body_cut", "只保留了正文的开头，无法重算", "only the head of the body was kept"))
        else:
            verdict.state = "valid"
        return verdict
    merchant = world.merchants.get(items["mchid"])
    _judge_time(exchange, items, verdict)
    _judge_serial(world, merchant, items, verdict)
    _judge_signature(world, exchange, merchant, message, verdict)
    if not verdict.hints:
        verdict.state = "valid"
    return verdict


def signed_body(exchange: Exchange) -> bytes:
    """What of the body is signed: all of it, of an upload the `meta` alone."""
    if exchange.path not in UPLOADS:
        return exchange.body
    return next((part.content for part in read_parts(exchange) if part.field == "meta"), b"")


def _form(header: str, scheme: str, items: dict[str, str]) -> list[Hint]:
    if not header:
        return [Hint("no_authorization", "没有 Authorization 头", "there is no Authorization header")]
    if scheme != SCHEME:
        return [
            Hint("scheme", f"认证类型应为 {SCHEME}，收到 {scheme[:40]}", f"the scheme is {scheme[:40]}, not {SCHEME}")
        ]
    missing = [name for name in _NEEDED if name not in items]
    if missing:
        names = ", ".join(missing)
        return [Hint("items", f"Authorization 缺少 {names}", f'Authorization lacks {names} (each as name="value")')]
    if not items["timestamp"].isdigit():
        return [Hint("timestamp", "timestamp 不是整数秒", "timestamp is no number of seconds")]
    return []


def _judge_time(exchange: Exchange, items: dict[str, str], verdict: Verdict) -> None:
    skew = int(items["timestamp"]) - int(exchange.at)
    if abs(skew) <= MAX_SKEW_SECONDS:
        return
    if len(items["timestamp"]) >= 13:
        verdict.hints.append(
            Hint("milliseconds", "timestamp 是毫秒，应为秒", "timestamp is in milliseconds, not seconds")
        )
        return
    word = ("快", "ahead") if skew > 0 else ("慢", "behind")
    verdict.hints.append(
        Hint(
            "timestamp",
            f"时间戳比服务器{word[0]} {abs(skew)} 秒，超过 5 分钟",
            f"the timestamp is {abs(skew)} s {word[1]}; five minutes are allowed",
        )
    )


def _judge_serial(world: "World", merchant: "Merchant | None", items: dict[str, str], verdict: Verdict) -> None:
    if merchant is None:
        verdict.hints.append(
            Hint("mchid", f"沙箱里没有商户 {items['mchid']}", f"the sandbox has no merchant {items['mchid']}")
        )
        return
    serial = items["serial_no"].upper()
    if serial == merchant.serial_no:
        return
    zh, en = "serial_no 不是该商户 API 证书的序列号", "serial_no is not that of the merchant's API certificate"
    if serial in (merchant.platform_serial_no, merchant.public_key_id.upper()):
        zh, en = (
            "serial_no 是平台证书或公钥的序列号，应为商户证书的",
            "serial_no is the platform's, not the merchant's own",
        )
    for row in world.merchants.values():
        if serial == row.serial_no:
            zh, en = f"serial_no 是商户 {row.mchid} 的", f"serial_no is merchant {row.mchid}'s"
    verdict.hints.append(Hint("serial", f"{zh}（应为 {merchant.serial_no}）", f"{en} (wanted: {merchant.serial_no})"))


def _judge_signature(
    world: "World", exchange: Exchange, merchant: "Merchant | None", message: bytes, verdict: Verdict
) -> None:
    signature = verdict.items["signature"]
    try:
        raw = b64decode(signature, validate=True)
    except ValueError:
        zh, en = "signature 不是标准 base64", "signature is not standard base64"
        if re.fullmatch(r"[\w\-]+=*", signature):
            zh, en = "signature 用了 URL 安全的 base64", "signature is URL-safe base64; the standard alphabet is wanted"
        verdict.hints.append(Hint("base64", zh, en))
        return
    owner, digest = _recover(world, merchant, raw)
    verdict.signed_by = owner
    if not owner:
        verdict.hints.append(_not_rsa(world, merchant, message, raw, signature))
        return
    if merchant is not None and owner != f"merchant:{merchant.mchid}":
        verdict.hints.append(_foreign(owner))
    if digest is None:
        verdict.hints.append(Hint("hash", "签名用的不是 SHA256", "the signature's hash is not SHA256"))
        return
    verdict.signed_digest = digest.hex()
    if verdict.signed_digest == verdict.expected_digest:
        return
    for guess in guesses(exchange, signed_body(exchange), verdict.items):
        if hashlib.sha256(guess.message).digest() == digest:
            verdict.signed = guess.message.decode("utf-8", "replace")
            verdict.hints += [Hint(*row) for row in guess.why]
            return
    verdict.hints.append(
        Hint(
            "message_differs",
            "密钥正确，但签的内容与收到的不同（方法、路径、查询串、时间戳、随机串或正文有一处不一致）",
            "the key is right, but it signed something else than what arrived: method, path, query, nonce or body",
        )
    )


def _keys(world: "World", merchant: "Merchant | None") -> list[tuple[str, RSAPublicKey]]:
    rows = sorted(world.merchants.values(), key=lambda row: merchant is None or row.mchid != merchant.mchid)
    own = [(f"merchant:{row.mchid}", world.keys.merchant(row).public) for row in rows]
    platform = [
        (f"platform:{row.mchid}", pair.public)
        for row in rows[:1]
        for pair in (world.keys.public_key(row), world.keys.certificate(row))
    ]
    return own[:200] + platform


def _recover(world: "World", merchant: "Merchant | None", raw: bytes) -> tuple[str, bytes | None]:
    """Who signed, and the digest; no digest when the hash is another one."""
    for owner, key in _keys(world, merchant):
        try:
            return owner, key.recover_data_from_signature(raw, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            pass
        try:
            key.recover_data_from_signature(raw, PKCS1v15(), None)
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            continue
        return owner, None
    return "", None


def _foreign(owner: str) -> Hint:
    kind, _, mchid = owner.partition(":")
    if kind == "platform":
        return Hint(
            "platform_key", "用平台的密钥签的，应使用商户私钥", "signed with the platform's key, not the merchant's"
        )
    return Hint("other_merchant", f"用商户 {mchid} 的私钥签的", f"signed with the private key of merchant {mchid}")


def _not_rsa(world: "World", merchant: "Merchant | None", message: bytes, raw: bytes, signature: str) -> Hint:
    apiv3_key = merchant.apiv3_key if merchant else ""
    if signature in hmac_texts(apiv3_key, message):
        return Hint(
            "apiv3_key",
            "用 APIv3 密钥做了 HMAC，应使用商户私钥签名",
            "an HMAC with the APIv3 key, not a signature of the private key",
        )
    if re.fullmatch(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{64}", signature):
        return Hint("v2", "像是 v2 的 MD5/HMAC 签名", "this looks like a v2 signature (MD5 or HMAC)")
    if merchant is not None and len(raw) == 256 and _is_pss(world.keys.merchant(merchant).public, message, raw):
        return Hint("pss", "用了 PSS 填充，应为 PKCS#1 v1.5", "the padding is PSS; PKCS#1 v1.5 is wanted")
    if len(raw) != 256:
        size = len(raw)
        return Hint(
            "length",
            f"签名长 {size} 字节，2048 位密钥应为 256",
            f"the signature has {size} bytes; a 2048-bit key makes 256",
        )
    return Hint(
        "unknown_key",
        "不是沙箱所知的任何私钥签的：检查 apiclient_key.pem",
        "made by no key that the sandbox knows: check apiclient_key.pem",
    )


def _is_pss(key: RSAPublicKey, message: bytes, raw: bytes) -> bool:
    try:
        key.verify(raw, message, PSS(MGF1(SHA256()), PSS.AUTO), SHA256())
    except InvalidSignature:
        return False
    return True
