"""A mall of one page for the phone's tests: OAuth, wx.config, payment, and a chat that answers.

It stands on WeChat's own interfaces alone, as any shop in any language would.
"""

import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from xml.etree import ElementTree

from tests.wechat_sandbox.desk import Merchant, Sandbox

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>TITLE</title>
<style>body{font:16px/1.5 sans-serif;margin:0;padding:20px}
button{display:block;width:100%;padding:12px;margin:8px 0}</style>
</head><body><h2 id="who">WHO</h2><p id="config"></p><p id="result"></p>
<button id="choose">chooseWXPay</button><button id="invoke">getBrandWCPayRequest</button>
<button id="forged">forged</button><button id="hide">hideOptionMenu</button><button id="shut">closeWindow</button>
<button id="scan">scanQRCode</button><button id="place">getLocation</button><a id="next" href="#/second">second</a>
<script>
var told = [];
var tell = function (words) { told.push(words); document.getElementById("config").textContent = told.join(" "); };
document.addEventListener("WeixinJSBridgeReady", function () { tell("bridge"); });
</script><script src="JWEIXIN"></script><script>
var log = function (words) { document.getElementById("result").textContent = words; };
var on = function (id, work) { document.getElementById(id).onclick = work; };
wx.error(function (res) { tell(res.errMsg); });
wx.ready(function () {
  tell("ready");
  wx.updateAppMessageShareData({ title: "青衫 亚麻衬衫", desc: "透气", imgUrl: "",
    link: location.href.split("#")[0] + "#shared" });
});
wx.config(CONFIG);
window.addEventListener("hashchange", function () { document.title = "second"; });
function order() { return fetch("/order", { method: "POST" }).then(function (r) { return r.json(); }); }
on("choose", function () { order().then(function (p) {
  wx.chooseWXPay({ timestamp: p.timeStamp, nonceStr: p.nonceStr, package: p.package, signType: p.signType,
    paySign: p.paySign,
    success: function (res) { log("success " + res.errMsg); }, cancel: function (res) { log("cancel " + res.errMsg); },
    fail: function (res) { log("fail " + res.errMsg); } }); }); });
on("invoke", function () { order().then(function (p) {
  WeixinJSBridge.invoke("getBrandWCPayRequest", p, function (res) { log(res.err_msg); }); }); });
on("forged", function () { order().then(function (p) { p.package += "x";
  WeixinJSBridge.invoke("getBrandWCPayRequest", p, function (res) { log(res.err_msg); }); }); });
on("hide", function () { wx.hideOptionMenu({ success: function (res) { log(res.errMsg); } }); });
on("shut", function () { WeixinJSBridge.call("closeWindow"); });
on("scan", function () { wx.scanQRCode({ needResult: 1, success: function (res) { log(res.resultStr); },
  cancel: function (res) { log(res.errMsg); } }); });
on("place", function () { wx.getLocation({ success: function (res) { log("at " + res.latitude); },
  fail: function (res) { log(res.errMsg); } }); });
</script></body></html>"""


@dataclass
class Mall:
    """Serves the page, the chat's callback and the payment's notification."""

    sandbox: Sandbox
    merchant: Merchant
    account: dict[str, Any]
    forge_config: bool = False
    notified: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def __post_init__(self) -> None:
        mall = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                mall.get(self)

            def do_POST(self) -> None:
                mall.post(self, self.rfile.read(int(self.headers.get("content-length") or 0)))

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.ticket = self.sandbox.get(
            "/cgi-bin/ticket/getticket", params={"access_token": self.token(), "type": "jsapi"}
        )["ticket"]

    def token(self) -> str:
        return self.sandbox.token(self.account)

    def call(self, path: str, data: dict[str, Any]) -> dict[str, Any]:
        return self.sandbox.post(f"{path}?access_token={self.token()}", data)

    def code(self, scene: str) -> str:
        """The content of a code with a scene."""
        data = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
        return self.call("/cgi-bin/qrcode/create", data)["url"]

    def get(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        query = dict(parse_qsl(parts.query))
        if "echostr" in query:
            return answer(request, query["echostr"].encode(), "text/plain")
        if parts.path == "/back":
            return self.signed_in(request, query["code"])
        nickname = cookie(request, "mall")
        if parts.path == "/mall" and not nickname:
            back = quote(f"{self.url}/back", safe="")
            target = (
                f"{self.sandbox.url}/connect/oauth2/authorize?appid={self.account['appid']}&redirect_uri={back}"
                "&response_type=code&scope=snsapi_userinfo&state=x#wechat_redirect"
            )
            return answer(request, b"", "text/plain", 302, {"Location": target})
        if parts.path == "/mall":
            return answer(request, self.page(bytes.fromhex(nickname).decode(), self.url + request.path), "text/html")
        return answer(request, b"", "text/plain", 404)

    def signed_in(self, request: BaseHTTPRequestHandler, code: str) -> None:
        app = {"appid": self.account["appid"], "secret": self.account["secret"]}
        grant = self.sandbox.get(
            "/sns/oauth2/access_token", params={**app, "code": code, "grant_type": "authorization_code"}
        )
        user = self.sandbox.get(
            "/sns/userinfo", params={"access_token": grant["access_token"], "openid": grant["openid"]}
        )
        self.openid = grant["openid"]
        jar = f"mall={user['nickname'].encode().hex()}; Path=/; HttpOnly; SameSite=Lax"
        answer(request, b"", "text/plain", 302, {"Location": "/mall", "Set-Cookie": jar})

    def page(self, nickname: str, url: str) -> bytes:
        stamp, nonce = str(int(time.time())), "nonce"
        text = f"jsapi_ticket={self.ticket}&noncestr={nonce}&timestamp={stamp}&url={url}"
        signature = "0" * 40 if self.forge_config else hashlib.sha1(text.encode()).hexdigest()
        apis = ["chooseWXPay", "updateAppMessageShareData", "hideOptionMenu", "scanQRCode"]
        config = {
            "appId": self.account["appid"],
            "timestamp": stamp,
            "nonceStr": nonce,
            "signature": signature,
            "jsApiList": apis,
        }
        page = PAGE.replace("TITLE", "青衫商城").replace("WHO", nickname).replace("CONFIG", json.dumps(config))
        return page.replace("JWEIXIN", f"{self.sandbox.url}/open/js/jweixin-1.6.0.js").encode()

    def post(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        path = urlsplit(request.path).path
        if path == "/order":
            data = self.merchant.prepay(self.openid, f"{self.url}/notify", appid=self.account["appid"])
            prepaid = self.merchant.call("POST", "/v3/pay/transactions/jsapi", data).raise_for_status().json()
            params = self.merchant.pay_params(prepaid["prepay_id"], appId=self.account["appid"])
            return answer(request, json.dumps(params).encode(), "application/json")
        if path == "/notify":
            self.notified.append(self.merchant.decrypt(json.loads(body)["resource"]))
            return answer(request, b"", "text/plain", 204)
        return answer(request, self.reply(body), "text/xml")

    def reply(self, body: bytes) -> bytes:
        """The chat's answer: a greeting with a link for a follower, an echo for a word."""
        got = {node.tag: node.text or "" for node in ElementTree.fromstring(body)}
        if got.get("Event") == "subscribe":
            said = f'欢迎来到青衫，<a href="{self.url}/mall">进入商城</a>。你来自 {got["EventKey"]}'
        elif got["MsgType"] == "text":
            said = "收到：" + got["Content"]
        elif got.get("Event") == "CLICK":
            said = "点了 " + got["EventKey"]
        else:
            return b"success"
        return (
            f"<xml><ToUserName>{got['FromUserName']}</ToUserName><FromUserName>{got['ToUserName']}</FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType>text</MsgType><Content><![CDATA[{said}]]></Content></xml>"
        ).encode()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def cookie(request: BaseHTTPRequestHandler, name: str) -> str:
    pairs = (part.strip().partition("=") for part in request.headers.get("cookie", "").split(";"))
    return next((value for key, _, value in pairs if key == name), "")


def answer(
    request: BaseHTTPRequestHandler, body: bytes, kind: str, status: int = 200, headers: dict[str, str] | None = None
) -> None:
    request.send_response(status)
    request.send_header("Content-Type", f"{kind}; charset=utf-8")
    request.send_header("Content-Length", str(len(body)))
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)
