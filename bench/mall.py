"""A whole running mall: `bihuan up --demo` as a user starts it, and a shopper with a phone to act in it.

For benches and tests alike.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_for(what: Callable[[], T | None], why: str, timeout_seconds: float = 30) -> T:
    """Asks until the answer is something; fails with `why`."""
    end = time.monotonic() + timeout_seconds
    while time.monotonic() < end:
        answer = what()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {timeout_seconds} s: {why}")


class Mall:
    """A running installation and its sandbox."""

    def __init__(self, home: Path, port: int, sandbox_port: int, log: Path, *, demo: bool = True) -> None:
        self.home = home
        self.demo = demo
        self.port, self.sandbox_port = port, sandbox_port
        self.url = f"http://127.0.0.1:{port}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        self.log = log
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("BIHUAN_")},
            "BIHUAN_HOME": str(home),
            "BIHUAN_PORT": str(port),
            "BIHUAN_SANDBOX_PORT": str(sandbox_port),
            "BIHUAN_DEMO_CASES": "0",
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=20)
        self.sandbox = httpx.Client(base_url=self.sandbox_url, trust_env=False, timeout=20)

    def start(self, timeout_seconds: float = 120) -> dict[str, Any]:
        """Runs `bihuan up` (`--demo`) and waits until all of it serves; returns /healthz's answer."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bihuan.cli", "up", *(["--demo"] if self.demo else [])],
                env=self.env,
                stdout=log,
                stderr=log,
            )
        return wait_for(self.health, f"no /healthz; see {self.log}:\n{self.tail()}", timeout_seconds)

    def health(self) -> dict[str, Any] | None:
        """What /healthz says when it says 200."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"`bihuan up` ended with {self.process.returncode}:\n{self.tail()}")
        with contextlib.suppress(httpx.HTTPError):
            answer = self.http.get("/healthz", timeout=5)
            if answer.status_code == 200 and (not self.demo or (self.home / "demo.json").exists()):
                return answer.json()
        return None

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Stops it; returns the exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(40)

    def tail(self) -> str:
        """The end of what it printed."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of the CLI on this installation."""
        return subprocess.run(
            [sys.executable, "-m", "bihuan.cli", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def verify(self) -> dict[str, Any]:
        """`bihuan verify --json`: the findings; fails when one does not hold."""
        done = self.cli("verify", "--json")
        findings = json.loads(done.stdout)
        assert done.returncode == 0, [f for f in findings["checks"] if f["count"]]
        return findings

    def staff(self, login: str) -> httpx.Client:
        """A signed-in console of a demo merchant."""
        accounts = json.loads((self.home / "demo.json").read_text())
        (found,) = [s for s in accounts["sign_ins"] if s["login"] == login]
        http = httpx.Client(base_url=self.url, trust_env=False, timeout=20)
        answer = http.post("/api/merchant/session", json={"login": login, "password": found["password"]})
        assert answer.status_code in (200, 201), answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return http

    def new_shopper(self, nickname: str) -> "Shopper":
        """A shopper of the sandbox with a phone of her own."""
        return Shopper(self, self.sandbox.post("/_sandbox/shoppers", json={"nickname": nickname}).json())


class Shopper:
    """Acts through the sandbox's phone and the mall's shopper API."""

    def __init__(self, mall: Mall, about: dict[str, Any]) -> None:
        self.mall = mall
        self.id: str = about["shopper_id"]
        self.nickname: str = about["nickname"]
        self.http = httpx.Client(base_url=mall.url, trust_env=False, timeout=20)

    def phone(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A tap on the phone."""
        answer = self.mall.sandbox.post(f"/_sandbox/shoppers/{self.id}{path}", json=body or {})
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else {}

    def scan_and_follow(self, content: str) -> str:
        """Scans a code and follows its account; returns the account's appid."""
        seen = self.phone("/scan", {"content": content})
        if seen["action"] == "follow_page":
            self.phone("/follow", {"appid": seen["appid"], "ticket": seen["ticket"]})
        return seen["appid"]

    def chat(self, appid: str) -> list[dict[str, Any]]:
        """The messages of a chat."""
        answer = self.mall.sandbox.get(f"/_sandbox/shoppers/{self.id}/chats/{appid}")
        return answer.json()["messages"]

    def sign_in(self, code: str) -> None:
        """Opens the mall as the web view does: through WeChat's OAuth page."""
        where = f"/api/shop/{code}/wechat/authorize?next=/shop/{code}/"
        for _ in range(6):
            answer = self.http.get(where, headers={"X-Sandbox-Shopper": self.id})
            if answer.status_code not in (302, 303, 307):
                break
            where = answer.headers["location"]
            if where.endswith(f"/shop/{code}/"):
                break
        session = self.http.get("/api/shop/session")
        assert session.status_code == 200, (where, session.text)

    def call(self, method: str, path: str, body: object | None = None, **headers: str) -> dict[str, Any]:
        """A request of the storefront; fails unless it is answered well."""
        sent = {"Sec-Fetch-Site": "same-origin", **headers}
        answer = self.http.request(method, path, json=body, headers=sent)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def add_address(self) -> str:
        """A place for parcels."""
        about = {"name": "林晓", "phone": "13800138000", "province": "广东省", "city": "深圳市",
                 "district": "南山区", "street": "科技园 1 号", "is_default": True}  # fmt: skip
        key = {"Idempotency-Key": os.urandom(12).hex()}
        return self.call("POST", "/api/shop/addresses", about, **key)["address_id"]

    def first_sku(self, code: str, at: int = 0) -> dict[str, Any]:
        """A SKU in stock of the mall's `at`-th product, with its product's id and title."""
        products = self.call("GET", f"/api/shop/{code}/products")["items"]
        product = self.call("GET", f"/api/shop/{code}/products/{products[at]['product_id']}")
        sku = next(s for s in product["skus"] if s["available"] > 0)
        return {**sku, "title": product["title"], "product_id": product["product_id"]}

    def place(self, code: str, sku: dict[str, Any], delivery: dict[str, Any], quantity: int = 1) -> dict[str, Any]:
        """Quotes and places an order."""
        lines = [{"sku_id": sku["sku_id"], "quantity": quantity}]
        quote = self.call("POST", f"/api/shop/{code}/quote", {"lines": lines, "delivery": delivery})
        priced = [{**line, "price_fen": sku["price_fen"]} for line in lines]
        order = {"lines": priced, "delivery": delivery, "total_fen": quote["total_fen"], "from_cart": True}
        key = {"Idempotency-Key": os.urandom(12).hex()}
        return self.call("POST", f"/api/shop/{code}/orders", order, **key)

    def pay(self, code: str, order_id: str) -> dict[str, Any]:
        """Pays an order on the phone; returns the order once it is paid."""
        self.pay_on_phone(code, order_id)
        return self.wait_for_state(code, order_id, "paid")

    def pay_on_phone(self, code: str, order_id: str) -> dict[str, Any]:
        """Prepares the payment and confirms its sheet on the phone."""
        prepared = self.call("POST", f"/api/shop/{code}/orders/{order_id}/pay", {"method": "wechat_jsapi"})
        sheet = self.phone("/sheets", {"pay_params": prepared["pay_params"]})
        return self.mall.sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay").json()

    def wait_for_state(self, code: str, order_id: str, state: str) -> dict[str, Any]:
        """The order when it is in `state`."""

        def look() -> dict[str, Any] | None:
            order = self.call("GET", f"/api/shop/{code}/orders/{order_id}")
            return order if order["state"] == state else None

        return wait_for(look, f"the order never was {state}")


@contextlib.contextmanager
def running(home: Path) -> Generator[Mall, None, None]:
    """A mall for as long as the block lasts."""
    mall = Mall(home, free_port(), free_port(), home.parent / f"{home.name}.log")
    try:
        mall.start()
        yield mall
    finally:
        if mall.process and mall.process.poll() is None:
            mall.stop()
