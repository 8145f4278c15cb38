"""What a client may have signed by mistake: the message with one thing, or two, done as people do it."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

from msgspec import Struct

from wechat_sandbox.inspector.ring import Exchange

Why = tuple[str, str, str]


class Guess(Struct):
    """A message and what is wrong with it."""

    message: bytes
    why: list[Why]


def guesses(exchange: Exchange, body: bytes, items: dict[str, str]) -> Iterator[Guess]:
    """Likely messages, the simplest mistakes first."""
    bodies = [*_bodies(body)]
    targets = [*_targets(exchange.target, exchange.headers.get("host", ""))]
    methods = [*_methods(exchange.method)]
    times = [*_times(items["timestamp"])]
    for text, body_why in bodies:
        for target, target_why in targets:
            for method, method_why in methods:
                for time, time_why in times:
                    why = [row for row in (body_why, target_why, method_why, time_why) if row]
                    if len(why) > 2:
                        continue
                    lines = [method, target, time, items["nonce_str"].encode(), text]
                    for frame, frame_why in _frames(lines):
                        if why or frame_why:
                            yield Guess(frame, why + ([frame_why] if frame_why else []))


def _frames(lines: list[bytes]) -> Iterator[tuple[bytes, Why | None]]:
    text = b"\n".join(lines)
    yield text + b"\n", None
    if not lines[4]:
        short = b"\n".join(lines[:4]) + b"\n"
        yield short, ("empty_line", "没有正文时也要有一个空行", "an empty body still needs its line")
    yield text, ("trailing_newline", "待签名串末尾少一个换行", "the last line lacks its newline")
    yield b"\r\n".join(lines) + b"\r\n", ("crlf", "换行用了 \\r\\n，应为 \\n", "lines end with \\r\\n, not \\n")
    yield (
        b"\\n".join(lines) + b"\\n",
        ("literal_newline", "换行写成了两个字符 \\n", "newlines are the two characters \\n"),
    )
    yield text + b"\n\n", ("extra_newline", "末尾多一个换行", "there is one newline too many")
    swapped = [lines[0], lines[1], lines[3], lines[2], lines[4]]
    yield b"\n".join(swapped) + b"\n", ("order", "随机串与时间戳的顺序反了", "nonce and timestamp are swapped")
    answer = b"\n".join(lines[2:]) + b"\n"
    yield answer, ("answer_form", "只签了三行：那是应答的格式", "three lines: that is the form of an answer")


def _targets(target: str, host: str) -> Iterator[tuple[bytes, Why | None]]:
    raw = target.encode("latin-1")
    yield raw, None
    path, mark, query = target.partition("?")
    if mark:
        yield path.encode("latin-1"), ("query_missing", "签名时漏了查询串", "the query was left out")
        pairs = "&".join(sorted(query.split("&")))
        yield (
            f"{path}?{pairs}".encode("latin-1"),
            ("query_order", "查询参数的顺序与发送的不同", "the query's order differs"),
        )
    decoded = unquote(target).encode()
    yield (
        decoded,
        (
            "query_decoded",
            "签了解码后的路径或查询串，应按发送的原样",
            "the query is not as sent: it was signed decoded",
        ),
    )
    encoded = (quote(path, safe="/%") + mark + quote(query, safe="=&%")).encode()
    yield (
        encoded,
        (
            "query_encoded",
            "签了另一种编码的路径或查询串，应按发送的原样",
            "the query is not as sent: encoded in another way",
        ),
    )
    for scheme in ("http", "https"):
        for name in {host, "api.mch.weixin.qq.com"}:
            yield (
                f"{scheme}://{name}{target}".encode("latin-1"),
                (
                    "full_url",
                    "签了完整网址，只应签路径和查询串",
                    "the whole address was signed; path and query are wanted",
                ),
            )
    yield raw.removeprefix(b"/"), ("leading_slash", "路径少了开头的 /", "the path lacks its leading slash")
    yield raw + b"?", ("question_mark", "没有查询串却带了 ?", "a ? without a query was signed")
    yield raw.rstrip(b"/") + b"/", ("trailing_slash", "路径末尾多了 /", "the path has a trailing slash")


def _methods(method: str) -> Iterator[tuple[bytes, Why | None]]:
    yield method.encode(), None
    yield method.lower().encode(), ("method_case", "请求方法应大写", "the method is in lower case")
    for other in ("POST", "GET"):
        if other != method:
            yield (
                other.encode(),
                ("method", f"签的方法是 {other}，发送的是 {method}", f"{other} was signed, {method} was sent"),
            )


def _times(timestamp: str) -> Iterator[tuple[bytes, Why | None]]:
    yield timestamp.encode(), None
    for text in (timestamp + "000", timestamp[:10]):
        if text != timestamp:
            yield (
                text.encode(),
                ("timestamp_line", "签名里的时间戳与头里的不同", "the timestamp that was signed is another"),
            )


def _bodies(body: bytes) -> Iterator[tuple[bytes, Why | None]]:
    yield body, None
    empty = ("body_missing", "签名时正文为空", "an empty body was signed")
    if body:
        yield b"", empty
    else:
        for text in (b"{}", b"null", b"[]", b'""'):
            yield (
                text,
                (
                    "body_invented",
                    f"没有正文，却签了 {text.decode()}",
                    f"there is no body, yet {text.decode()} was signed",
                ),
            )
    reserialised: Why = (
        "body_reserialised",
        "正文在签名后被重新序列化（空格、转义或键序变了），应签发送的原始字节",
        "body was re-serialised between signing and sending; sign the very bytes that are sent",
    )
    seen = {body, b""}
    for text in _forms(body):
        if text not in seen:
            seen.add(text)
            yield text, reserialised


def _forms(body: bytes) -> Iterator[bytes]:
    yield body.strip()
    yield body + b"\n"
    yield b"\xef\xbb\xbf" + body
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        return
    for sort in (False, True):
        for ascii_only in (False, True):
            for separators in ((",", ":"), (", ", ": "), (",", ": ")):
                text = json.dumps(data, ensure_ascii=ascii_only, separators=separators, sort_keys=sort)
                yield _bytes(text)
                yield _bytes(text.replace("/", "\\/"))
                html = text
                for char, code in (("<", "003c"), (">", "003e"), ("&", "0026"), ("=", "003d"), ("'", "0027")):
                    html = html.replace(char, "\\u" + code)
                    yield _bytes(html)
            for indent in (2, 4, "\t"):
                yield _bytes(json.dumps(data, ensure_ascii=ascii_only, indent=indent, sort_keys=sort))
    yield _bytes(json.dumps(json.dumps(data, ensure_ascii=False)))
    if isinstance(data, dict):
        yield _bytes("&".join(f"{name}={value}" for name, value in data.items()))  # pyright: ignore[reportUnknownVariableType]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def hmac_texts(key: str, message: bytes) -> set[str]:
    """What an HMAC with that key would look like in a header."""
    digest = hmac.new(key.encode(), message, hashlib.sha256)
    return {digest.hexdigest(), digest.hexdigest().upper(), b64encode(digest.digest()).decode()}
