"""An exchange as a shell script that does it again: plain curl, or one that signs anew with openssl."""

from base64 import b64encode
from shlex import quote
from typing import TYPE_CHECKING

from wechat_sandbox.inspector.ring import Exchange

if TYPE_CHECKING:
    from wechat_sandbox.world import World

_DROPPED = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "authorization"}
_SIGNING = """\
mchid={mchid}
serial={serial}
key=$(mktemp) body=$(mktemp)
trap 'rm -f "$key" "$body"' EXIT
curl -fsS "$base/_sandbox/merchants/$mchid/apiclient_key.pem" > "$key"
{write_body}
target={target}
now=$(date +%s) nonce=$(openssl rand -hex 16)
signature=$({{ printf '%s\\n%s\\n%s\\n%s\\n' {method} "$target" "$now" "$nonce"; cat "$body"; echo; }} \\
  | openssl dgst -sha256 -sign "$key" | openssl base64 -A)
curl -isS -X {method} "$base$target"{data} \\
{headers}  -H "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\\"$mchid\\",nonce_str=\\"$nonce\\",timestamp=\\"$now\\",serial_no=\\"$serial\\",signature=\\"$signature\\""
"""  # noqa: E501 - a header is one line


def as_shell(world: "World", exchange: Exchange) -> str:
    """The script; what is cut of a body says so."""
    cut = exchange.size > len(exchange.body)
    note = "# the body was too large to be kept whole: this is its beginning\n" if cut else ""
    kept = [f"{name}: {value}" for name, value in exchange.headers.items() if name.lower() not in _DROPPED]
    headers = "".join(f"  -H {quote(line)} \\\n" for line in kept)
    if exchange.direction == "in" and exchange.path.startswith("/v3/") and exchange.mchid:
        merchant = world.merchants.get(exchange.mchid)
        return note + _base(world) + _SIGNING.format(
            mchid=quote(exchange.mchid),
            serial=merchant.serial_no if merchant else "UNKNOWN",
            write_body=_write(exchange.body),
            target=quote(exchange.target),
            method=quote(exchange.method),
            data=' --data-binary "@$body"' if exchange.body else "",
            headers=headers,
        )  # fmt: skip
    url = f'"$base"{quote(exchange.target)}' if exchange.direction == "in" else quote(exchange.target)
    lead = _base(world) if exchange.direction == "in" else ""
    if not exchange.body:
        return f"{note}{lead}curl -isS -X {quote(exchange.method)} {url} \\\n{headers}".rstrip(" \\\n") + "\n"
    script = f"{note}{lead}body=$(mktemp); trap 'rm -f \"$body\"' EXIT\n{_write(exchange.body)}\n"
    script += f'curl -isS -X {quote(exchange.method)} {url} --data-binary "@$body" \\\n{headers}'
    return script.rstrip(" \\\n") + "\n"


def _base(world: "World") -> str:
    return f"base={quote(world.settings.base_url)}\n"


def _write(body: bytes) -> str:
    """A line that puts the very bytes into $body."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\x00"
    if any(ord(char) < 32 and char not in "\n\t" for char in text):
        return f'echo {b64encode(body).decode()} | openssl base64 -d -A > "$body"'
    return f"printf '%s' {quote(text)} > \"$body\""
