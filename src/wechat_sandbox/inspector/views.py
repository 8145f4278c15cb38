"""Exchanges as the inspector shows them: a line of the list, and everything about one."""

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import msgspec

from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.crypto import CryptoError, answer_message, gcm_decrypt, rsa_verify
from wechat_sandbox.inspector.curl import as_shell
from wechat_sandbox.inspector.reading import look, read_notice, read_push
from wechat_sandbox.inspector.ring import Exchange
from wechat_sandbox.inspector.verdict import judge

if TYPE_CHECKING:
    from wechat_sandbox.world import World


def summary(world: "World", exchange: Exchange) -> dict[str, Any]:
    """A line of the list: cheap, nothing is verified."""
    look(world, exchange)
    return {
        "id": exchange.number,
        "at": rfc3339_utc(exchange.at),
        "direction": exchange.direction,
        "kind": exchange.kind,
        "method": exchange.method,
        "target": exchange.target,
        "path": exchange.path,
        "status": exchange.status,
        "milliseconds": round(exchange.seconds * 1000, 2),
        "mchid": exchange.mchid,
        "appid": exchange.appid,
        "note": _note(world, exchange),
        "signature": _glance(exchange),
        "fault": exchange.fault,
        "error": exchange.error,
        "request_bytes": exchange.size,
        "answer_bytes": exchange.answer_size,
    }


def _glance(exchange: Exchange) -> str:
    if exchange.direction == "out" or not exchange.path.startswith("/v3/"):
        return "none"
    if "authorization" not in exchange.headers:
        return "absent"
    return "invalid" if exchange.status == 401 else "valid"


def _note(world: "World", exchange: Exchange) -> str:
    if exchange.kind == "notification":
        return str(_json(exchange.body).get("event_type", ""))
    if exchange.kind == "push":
        return read_push(world, exchange.body).event
    if exchange.direction == "in" and exchange.answer_size < 4096:
        told = _json(exchange.answer_body)
        code = told.get("code") or told.get("errcode")
        return str(code) if code else ""
    return ""


def _json(body: bytes) -> dict[str, Any]:
    if body[:1] != b"{":
        return {}
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def detail(world: "World", exchange: Exchange) -> dict[str, Any]:
    """Everything about one exchange, worked out now."""
    return summary(world, exchange) | {
        "request": {
            "headers": exchange.headers,
            "body": _body(exchange.body, exchange.size),
        },
        "answer": {
            "status": exchange.status,
            "headers": exchange.answer_headers,
            "body": _body(exchange.answer_body, exchange.answer_size),
        },
        "verdict": msgspec.to_builtins(judge(world, exchange)),
        "proof": _proof(world, exchange),
        "plaintext": _plaintext(world, exchange),
        "advice": _advice(world, exchange),
        "attempts": _attempts(world, exchange),
        "curl": as_shell(world, exchange),
    }


def _body(body: bytes, size: int) -> dict[str, Any]:
    row: dict[str, Any] = {"size": size, "cut": size > len(body)}
    try:
        row["text"] = body.decode() if size == len(body) else body.decode("utf-8", "ignore")
    except UnicodeDecodeError:
        row["base64"] = b64encode(body).decode()
    return row


def _proof(world: "World", exchange: Exchange) -> dict[str, Any] | None:
    """What the platform signed: an answer or a notification, its canonical string, and whether it holds."""
    outward = exchange.kind == "notification"
    headers = {
        name.lower(): value for name, value in (exchange.headers if outward else exchange.answer_headers).items()
    }
    signature = headers.get("wechatpay-signature")
    if signature is None or (not outward and exchange.direction == "out"):
        return None
    body, size = (exchange.body, exchange.size) if outward else (exchange.answer_body, exchange.answer_size)
    message = answer_message(headers["wechatpay-timestamp"], headers["wechatpay-nonce"], body)
    serial = headers["wechatpay-serial"]
    merchant = world.merchants.get(exchange.mchid)
    holds: bool | None = None
    if merchant is not None and size == len(body):
        pair = world.keys.public_key(merchant) if serial.startswith("PUB_KEY_ID") else world.keys.certificate(merchant)
        holds = rsa_verify(pair.public, message, signature)
    return {
        "serial": serial,
        "mode": "public_key" if serial.startswith("PUB_KEY_ID") else "certificate",
        "canonical": message.decode("utf-8", "replace"),
        "signature": signature,
        "holds": holds,
        "probe": signature.startswith("WECHATPAY/SIGNTEST/"),
    }


def _plaintext(world: "World", exchange: Exchange) -> dict[str, Any] | None:
    """What was encrypted in it, opened with the keys that the sandbox knows."""
    if exchange.kind == "notification":
        _, envelope, plain = read_notice(world, exchange.body)
        if plain is None or envelope is None:
            return None
        resource = envelope["resource"]
        return {"what": "resource", "with": "APIv3 key", "aad": resource.get("associated_data"), "json": plain}
    if exchange.kind == "push":
        push = read_push(world, exchange.body)
        encrypted = b"<Encrypt>" in exchange.body
        return {"what": "xml", "with": "EncodingAESKey" if encrypted else "", "text": push.xml}
    merchant = world.merchants.get(exchange.mchid)
    if merchant is None or exchange.path != "/v3/certificates":
        return None
    texts: list[str] = []
    for row in _json(exchange.answer_body).get("data", []):
        box = row.get("encrypt_certificate", {})
        try:
            pem = gcm_decrypt(merchant.apiv3_key, box["nonce"], box["associated_data"], box["ciphertext"])
        except (CryptoError, KeyError):
            continue
        texts.append(f"# serial_no {row.get('serial_no')}\n{pem.decode()}")
    return {"what": "certificates", "with": "APIv3 key", "text": "\n".join(texts)} if texts else None


def _advice(world: "World", exchange: Exchange) -> list[dict[str, str]]:
    """What else is worth knowing about a failure that is none of signatures."""
    rows: list[dict[str, str]] = []
    errcode = _json(exchange.answer_body).get("errcode")
    if exchange.direction == "in" and errcode in (40001, 42001, 40014):
        token = _token(exchange)
        row = world.tokens.get(token)
        if not token:
            rows.append({"zh": "没有带 access_token", "en": "there is no access_token"})
        elif row is None:
            zh = "沙箱没有发过这个 access_token，或它已被新的取代（重新获取会使旧的失效）"
            rows.append({"zh": zh, "en": "never issued here, or superseded: fetching a new token ends the former one"})
        else:
            ended = rfc3339_utc(row.expires_at)
            rows.append({"zh": f"access_token 已于 {ended} 过期", "en": f"the access_token ended at {ended}"})
    if exchange.direction == "in" and exchange.status == 404 and not exchange.answer_size:
        rows.append({"zh": "沙箱没有这个接口：检查路径", "en": "the sandbox has no such interface: check the path"})
    if exchange.direction == "in" and exchange.status == 405:
        rows.append({"zh": "这个接口不用这种请求方法", "en": "the interface does not take this method"})
    if exchange.kind == "notification" and exchange.status and exchange.status not in (200, 204):
        rows.append(
            {"zh": "商户没有接受：会按计划重试", "en": "the merchant did not accept it: tried again on schedule"}
        )
    return rows


def _token(exchange: Exchange) -> str:
    for part in exchange.target.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if name == "access_token":
            return value
    return ""


def _attempts(world: "World", exchange: Exchange) -> dict[str, Any] | None:
    if exchange.kind != "notification":
        return None
    notice = world.notices.get(str(_json(exchange.body).get("id", "")))
    if notice is None:
        return None
    return {
        "notice_id": notice.notice_id,
        "reference": notice.reference,
        "state": notice.state,
        "next_at": rfc3339_utc(notice.next_at) if notice.state == "pending" else None,
        "attempts": [{"at": rfc3339_utc(row.at), "status": row.status, "error": row.error} for row in notice.attempts],
    }
