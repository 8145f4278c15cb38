"""A server that answers the shopper API in the shapes the storefront is written against, and nothing more.

It stands in for the platform where a test is about the storefront alone, and for the two calls of WeChat's sandbox
that a purchase needs (a code to sign in with, a sheet to pay). State is in memory; money is fen.
"""

from __future__ import annotations

import gzip
import json
import mimetypes
import re
import sys
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import contract_data
from .contract_shop import Problem, Shop

Json = dict[str, Any]
COOKIE = "bihuan_shopper"
TOKEN = "contract-token"


class ContractServer(ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1; `shop` is its state, open to the test."""

    daemon_threads = True

    def __init__(self, h5: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.h5 = h5
        self.shop = Shop()
        self.lock = threading.Lock()
        self.calls: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle of an answer is no failure; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # pyright: ignore[reportArgumentType]

    def __enter__(self) -> ContractServer:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ContractServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the test reads `calls`."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        if not parts.path.startswith(("/api/", "/_sandbox/")):
            self._file(parts.path)
            return
        self.server.calls.append((self.command, parts.path))
        try:
            body: Json = json.loads(raw) if raw else {}
            with self.server.lock:
                self._route(parts.path, query, body)
        except Problem as problem:
            payload: Json = {"type": "about:blank", "title": problem.title, "status": problem.status}
            payload |= {"detail": problem.title, "code": problem.code, "request_id": "req-contract"} | problem.extra
            self._send(problem.status, json.dumps(payload).encode(), "application/problem+json")

    def _route(self, path: str, query: dict[str, str], body: Json) -> None:
        for method, pattern, signed, call in ROUTES:
            match = re.fullmatch(pattern, path)
            if not match or method != self.command:
                continue
            if signed and not self._signed_in():
                raise Problem(401, "sign_in_required", "请先登录")
            key = self.headers.get("Idempotency-Key", "")
            result = call(self.server.shop, match.groupdict(), query, body | {"_key": key})
            if result is None:
                self._send(204, b"", "")
            elif isinstance(result, Redirect):
                self._redirect(result)
            else:
                self._send(201 if path.endswith("/orders") and method == "POST" else 200, json.dumps(result).encode())
            return
        raise Problem(404, "not_found", "没有找到")

    def _signed_in(self) -> bool:
        bearer = self.headers.get("Authorization", "") == f"Bearer {TOKEN}"
        return bearer or f"{COOKIE}={TOKEN}" in self.headers.get("Cookie", "")

    def _redirect(self, redirect: Redirect) -> None:
        self.send_response(302)
        self.send_header("Location", redirect.to)
        self.send_header("Set-Cookie", f"{COOKIE}={TOKEN}; Path=/; HttpOnly; SameSite=Lax")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _file(self, path: str) -> None:
        if path.startswith("/media/"):
            self._send(200, contract_data.picture(path.rsplit("/", 1)[1]).encode(), "image/svg+xml")
            return
        if path == "/jweixin.js":
            self._send(200, JWEIXIN.encode(), "text/javascript")
            return
        name = "index.html" if path.startswith("/shop/") else path.removeprefix("/shop-assets/")
        file = self.server.h5 / name if self.server.h5 else None
        if file is None or not file.is_file():
            self._send(404, b"", "text/plain")
            return
        self._send(200, file.read_bytes(), mimetypes.guess_type(name)[0] or "application/octet-stream")

    def _send(self, status: int, data: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        squeeze = "gzip" in self.headers.get("Accept-Encoding", "") and not kind.startswith("image/png")
        if squeeze and len(data) > 500:
            data = gzip.compress(data, 9)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Redirect:
    """A 302 that signs the shopper in."""

    def __init__(self, to: str) -> None:
        self.to = to


# What WeChat's script does for the storefront, in a few lines: `bridge` in the session decides whether this is WeChat.
JWEIXIN = """
window.wx = {config: (c) => {window.__wxConfig = c}, ready: (f) => f(), error: () => {},
  updateAppMessageShareData: (d) => {window.__share = d}, updateTimelineShareData: () => {}};
if (sessionStorage.getItem('bridge')) {
  window.WeixinJSBridge = {invoke: async (method, params, done) => {
    const outcome = sessionStorage.getItem('bridge');
    if (outcome === 'ok') {
      const sheet = await (await fetch('/_sandbox/shoppers/s1/sheets',
        {method: 'POST', body: JSON.stringify({pay_params: params})})).json();
      await fetch(`/_sandbox/sheets/${sheet.sheet_id}/pay`, {method: 'POST'});
    }
    done({err_msg: 'get_brand_wcpay_request:' + outcome});
  }};
}
"""

Call = Callable[[Shop, dict[str, str], dict[str, str], Json], "Json | Redirect | None"]
_M = r"/api/shop/(?P<m>qingshan)"

ROUTES: tuple[tuple[str, str, bool, Call], ...] = (
    ("GET", _M + "/home", False, lambda s, p, q, b: s.home()),
    ("GET", _M + "/categories", False, lambda s, p, q, b: {"items": contract_data.CATEGORIES, "next_cursor": None}),
    ("GET", _M + "/products", False, lambda s, p, q, b: s.list_products(q)),
    ("GET", _M + "/products/(?P<id>[^/]+)", False, lambda s, p, q, b: s.product(p["id"])),
    ("GET", _M + "/stores", False, lambda s, p, q, b: {"items": contract_data.STORES, "next_cursor": None}),
    ("GET", _M + "/payment-methods", False, lambda s, p, q, b: {"wechat": True, "alipay": False}),
    ("GET", "/api/shop/session", True, lambda s, p, q, b: {"shopper": s.shopper}),
    ("GET", _M + "/wechat/authorize", False, lambda s, p, q, b: Redirect(q["next"])),
    ("POST", _M + "/wechat/login", False, lambda s, p, q, b: s.login(b, TOKEN)),
    ("GET", _M + "/wechat/jssdk", False, lambda s, p, q, b: s.jssdk(q)),
    ("POST", _M + "/touchpoints", True, lambda s, p, q, b: s.touch(b)),
    ("GET", _M + "/cart", True, lambda s, p, q, b: s.cart()),
    ("PUT", _M + "/cart/items/(?P<sku>[^/]+)", True, lambda s, p, q, b: s.put_cart(p["sku"], b["quantity"])),
    ("DELETE", _M + "/cart/items/(?P<sku>[^/]+)", True, lambda s, p, q, b: s.put_cart(p["sku"], 0)),
    ("POST", _M + "/quote", True, lambda s, p, q, b: s.quote(b)),
    ("POST", _M + "/orders", True, lambda s, p, q, b: s.place(b)),
    ("GET", _M + "/orders", True, lambda s, p, q, b: s.list_orders(q)),
    ("GET", _M + "/orders/(?P<id>[^/]+)", True, lambda s, p, q, b: s.order(p["id"])),
    ("POST", _M + "/orders/(?P<id>[^/]+)/cancel", True, lambda s, p, q, b: s.cancel(p["id"], b)),
    ("POST", _M + "/orders/(?P<id>[^/]+)/pay", True, lambda s, p, q, b: s.pay(p["id"], b)),
    ("POST", _M + "/orders/(?P<id>[^/]+)/sync-payment", True, lambda s, p, q, b: s.order(p["id"])),
    ("POST", _M + "/orders/(?P<id>[^/]+)/confirm-receipt", True, lambda s, p, q, b: s.receive(p["id"])),
    ("GET", "/api/shop/addresses", True, lambda s, p, q, b: {"items": s.addresses, "next_cursor": None}),
    ("POST", "/api/shop/addresses", True, lambda s, p, q, b: s.put_address(None, b)),
    ("PUT", "/api/shop/addresses/(?P<id>[^/]+)", True, lambda s, p, q, b: s.put_address(p["id"], b)),
    ("DELETE", "/api/shop/addresses/(?P<id>[^/]+)", True, lambda s, p, q, b: s.drop_address(p["id"])),
    ("GET", _M + "/member", True, lambda s, p, q, b: s.member()),
    ("POST", "/_sandbox/shoppers", False, lambda s, p, q, b: s.shopper),
    ("POST", "/_sandbox/shoppers/(?P<id>[^/]+)/jscode", False, lambda s, p, q, b: {"code": "js-code"}),
    ("POST", "/_sandbox/shoppers/(?P<id>[^/]+)/sheets", False, lambda s, p, q, b: s.sheet(b)),
    ("POST", "/_sandbox/sheets/(?P<id>[^/]+)/pay", False, lambda s, p, q, b: s.pay_sheet(p["id"])),
)
