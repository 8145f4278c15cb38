"""The stage: a running mall of its own with three merchants, one of them a partner, and a clock for both sides."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Generator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import msgspec

from bench.chaos.promises import Promises
from bench.mall import Mall, Shopper, wait_for
from bihuan.app import CLOCK_OFFSET

MERCHANTS = ("qingshan", "maixiang", "xiaoman")
"""The demo's: one direct with WeChat Pay's public key, one with certificates, one that becomes a partner."""
PARTNER = "xiaoman"
CHINA = timezone(timedelta(hours=8))
FORGETFUL = "maixiang"
"""Points of this merchant live for a month."""
BY_ALIPAY = ("qingshan", "maixiang")
PLANS = {"chaos-small": 9_900, "chaos-large": 29_900}
"""Tool plans that the operator offers, with their price of a month in fen."""


class Goods(msgspec.Struct, frozen=True):
    """A SKU that is sold on this day."""

    merchant: str
    product_id: str
    sku_id: str
    price_fen: int


class Stage:
    """The mall, what is sold in it, and the time."""

    def __init__(self, mall: Mall, seed: str) -> None:
        self.mall = mall
        self.seed = seed
        self.promises = Promises()
        self.goods: dict[str, list[Goods]] = {}
        self.stores: dict[str, list[str]] = {}
        self.mini_apps: dict[str, str] = {}
        self.merchant_ids: dict[str, str] = {}
        self.alipay_apps: dict[str, str] = {}
        """Merchants who take Alipay too, with their app at its sandbox."""
        self.cards: defaultdict[str, set[str]] = defaultdict(set)
        """Member cards that shoppers have shown, by merchant."""
        self.routes: frozenset[str] = frozenset()
        self.jumped_seconds = 0.0
        self.longest_jump_seconds = 0.0
        self.spare: subprocess.Popen[bytes] | None = None
        self._time = threading.Lock()

    def prepare(self, goods_each: int) -> None:
        """Makes the partner, looks at what is sold and what the mall can do. Raises AssertionError."""
        self._join_partner()
        described = self.mall.http.get("/api/openapi.json").json()
        self.routes = frozenset(
            f"{method.upper()} {path}" for path, methods in described["paths"].items() for method in methods
        )
        accounts = self.mall.sandbox.get("/_sandbox/accounts").json()
        minis = {row["appid"] for row in accounts["mini_programs"]}
        self._open_rooms()
        self._connect_alipay()
        self.charge_commissions()
        looker = self.mall.new_shopper("看看")
        for code in MERCHANTS:
            looker.sign_in(code)
            self.goods[code] = _goods(looker, code, goods_each)
            stores = looker.call("GET", f"/api/shop/{code}/stores")["items"]
            self.stores[code] = [store["store_id"] for store in stores if store["pickup"]]
            number = self.mall.staff(code).get("/api/merchant/payment-account").json()["mchid"]
            (merchant,) = [row for row in accounts["merchants"] if row["mchid"] == number] or [{"appids": []}]
            if found := [appid for appid in merchant["appids"] if appid in minis]:
                self.mini_apps[code] = found[0]

    def _join_partner(self) -> None:
        """One merchant is paid at a sub-merchant number under the platform's account from now on."""
        accounts = {row["mchid"]: row for row in self.mall.sandbox.get("/_sandbox/accounts").json()["merchants"]}
        owner = self.mall.staff(PARTNER)
        direct = accounts[owner.get("/api/merchant/payment-account").json()["mchid"]]
        platform = self.mall.staff("operator").get("/api/merchant/payment-account").json()["mchid"]
        wanted = {"name": direct["name"], "appids": direct["appids"], "sp_mchid": platform}
        made = self.mall.sandbox.post("/_sandbox/merchants", json=wanted)
        assert made.status_code < 300, made.text
        form = {"sub_mchid": made.json()["mchid"], "profit_sharing": True}
        joined = owner.put("/api/merchant/payment-account/partner", json=form)
        assert joined.status_code == 200, joined.text

    def _connect_alipay(self) -> None:
        """Two of the merchants take Alipay beside WeChat Pay."""
        if "PUT /api/merchant/alipay-account" not in self.routes:
            return
        for code in BY_ALIPAY:
            app = self._with_patience("POST", "/alipay/_sandbox/apps", {"key": f"chaos-{code}", "name": code}).json()
            wish = {name: app[name] for name in ("app_id", "seller_id", "private_key_pem", "alipay_public_key_pem")}
            answer = self.mall.staff(code).put("/api/merchant/alipay-account", json=wish)
            assert answer.status_code == 200, answer.text
            self.alipay_apps[code] = app["app_id"]

    def _open_rooms(self) -> None:
        """What an owner sets up before her wallets and returns work."""
        wallet = {"enabled": True, "gift_rules": [{"paid_fen": 10_000, "gift_fen": 1_000}]}
        back = {"name": "退货组", "phone": "0411-88888888", "address": "大连市中山区人民路 1 号"}
        for code in MERCHANTS:
            owner = self.mall.staff(code)
            if "PUT /api/merchant/wallet-settings" in self.routes:
                shown = owner.get("/api/merchant/wallet-settings").json()
                answer = owner.put("/api/merchant/wallet-settings", json={**shown, **wallet})
                assert answer.status_code == 200, answer.text
            if "PUT /api/merchant/points-settings" in self.routes:
                shown = owner.get("/api/merchant/points-settings").json()
                points = {"redeem": True, "step": 10, "life_months": 1 if code == FORGETFUL else None}
                answer = owner.put("/api/merchant/points-settings", json={**shown, **points})
                assert answer.status_code == 200, answer.text
            if "PUT /api/merchant/aftersale-settings" in self.routes:
                shown = owner.get("/api/merchant/aftersale-settings").json()
                answer = owner.put("/api/merchant/aftersale-settings", json={**shown, "return_address": back})
                assert answer.status_code == 200, answer.text

    def now(self) -> datetime:
        """The time of the installation, but for the skew."""
        return datetime.now(UTC) + timedelta(seconds=self.jumped_seconds)

    def charge_commissions(self) -> None:
        """The platform takes five per cent, by profit sharing from its partner, settles daily, and offers plans."""
        base = "/api/platform/settlement"
        if f"POST {base}/rules" not in self.routes:
            return
        operator = self.mall.staff("operator")
        named = {row["mchid"]: row["name"] for row in self.mall.sandbox.get("/_sandbox/accounts").json()["merchants"]}
        platform = operator.get("/api/merchant/payment-account").json()["mchid"]
        key = {"Idempotency-Key": f"chaos-{self.seed}-rule"}
        rule = operator.post(f"{base}/rules", json={"name": "佣金", "percent_bp": 500, "per_order_fen": 7}, headers=key)
        assert rule.status_code < 300, rule.text
        receiver = operator.put(f"{base}/receiver", json={"receiver_name": named[platform]})
        assert receiver.status_code == 200, receiver.text
        listed = operator.get("/api/platform/overview").json()["by_merchant"]
        self.merchant_ids = {row["code"]: row["merchant_id"] for row in listed if row["code"] in MERCHANTS}
        for code, merchant_id in self.merchant_ids.items():
            wish = {"share_at": "paid" if code == PARTNER else "completed", "cycle": "day"}
            terms = operator.put(f"{base}/merchants/{merchant_id}/terms", json=wish)
            assert terms.status_code == 200, terms.text
        for code, price in PLANS.items():
            made = operator.put(f"{base}/plans/{code}", json={"name": code, "price_fen": price})
            assert made.status_code == 200, made.text

    def after_the_day(self) -> None:
        """What a person would do in the evening: money for the refunds that wait, refunds that work again."""
        for row in self._with_patience("GET", "/_sandbox/books").json()["merchants"]:
            base = f"/_sandbox/merchants/{row['mchid']}"
            self._with_patience("PUT", f"{base}/money", {"refund_outcome": ""})
            self._with_patience("POST", f"{base}/top-up", {"amount": 100_000_000})

    def start_spare_worker(self) -> None:
        """A second worker beside the supervisor's: they share the work, and take over from one another."""
        noted = json.loads((self.mall.home / "up.lock").read_text())
        env = {
            **self.mall.env,
            "BIHUAN_DATABASE_URL": noted["database_url"],
            "BIHUAN_SANDBOX_URL": noted["sandbox_url"],
            "BIHUAN_PUBLIC_URL": noted["url"],
        }
        with self.mall.log.open("ab") as log:
            self.spare = subprocess.Popen(
                [sys.executable, "-m", "bihuan.cli", "worker"], env=env, stdout=log, stderr=log
            )

    def set_faults(self, wanted: dict[str, Any]) -> None:
        """Puts faults in force; they are there again after the sandbox was killed."""
        self._with_patience("POST", "/_sandbox/faults", wanted)

    def end_faults(self) -> list[dict[str, Any]]:
        """Lifts all faults; returns what they did."""
        did = self._with_patience("GET", "/_sandbox/faults").json()["items"]
        self._with_patience("DELETE", "/_sandbox/faults")
        return [row for row in did if row["fired"]]

    def jump(self, seconds: float, skew_seconds: float = 0.0) -> None:
        """Time moves on at WeChat's and here; here it then differs by `skew_seconds`."""
        with self._time:
            told = self._with_patience("POST", "/_sandbox/clock", {"advance_seconds": seconds}).json()
            self.jumped_seconds = told["offset_seconds"]
            self.longest_jump_seconds = max(self.longest_jump_seconds, seconds)
            if self.alipay_apps:
                self._move_alipay()
            file = self.mall.home / CLOCK_OFFSET
            fresh = file.with_suffix(".new")
            fresh.write_text(str(self.jumped_seconds + skew_seconds))
            fresh.replace(file)

    def _move_alipay(self) -> None:
        """Its sandbox is told by how much, and what is repeated may be done twice: until it shows the same time."""
        behind = 0.0
        for _ in range(10):
            there = self._with_patience("POST", "/alipay/_sandbox/clock", {"advance_seconds": behind}).json()["now"]
            behind = self.now().timestamp() - there
            if abs(behind) < 1:
                return
        raise AssertionError(f"Alipay's clock is {behind:.0f} s behind")

    def _with_patience(self, method: str, path: str, body: object | None = None) -> httpx.Response:
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                with httpx.Client(base_url=self.mall.sandbox_url, trust_env=False, timeout=20) as http:
                    answer = http.request(method, path, json=body)
                if answer.status_code < 500:
                    assert answer.status_code < 300, answer.text
                    return answer
            assert time.monotonic() < end, f"the sandbox does not answer {method} {path}"
            time.sleep(0.2)

    def wait_until_healthy(self) -> None:
        """Waits until all parts serve."""
        wait_for(self.mall.health, f"not healthy again:\n{self.mall.tail()}", 90)


def _goods(shopper: Shopper, code: str, most: int) -> list[Goods]:
    found: list[Goods] = []
    for card in shopper.call("GET", f"/api/shop/{code}/products?limit=50")["items"]:
        product = shopper.call("GET", f"/api/shop/{code}/products/{card['product_id']}")
        rows = [sku for sku in product["skus"] if sku["available"] > 0][:2]
        found += [Goods(code, card["product_id"], sku["sku_id"], sku["price_fen"]) for sku in rows]
        if len(found) >= most:
            break
    return found[:most]


@contextlib.contextmanager
def opened(folder: Path, seed: str, goods_each: int) -> Generator[Stage, None, None]:
    """A mall for this run; what is left of it is killed at the end."""
    from bench.mall import free_port
    from bench.processes import kill, of_home

    mall = Mall(folder / "home", free_port(), free_port(), folder / "mall.log")
    mall.env["BIHUAN_LOG_LEVEL"] = os.environ.get("BIHUAN_LOG_LEVEL", "warning")
    stage: Stage | None = None
    try:
        mall.start()
        stage = Stage(mall, seed)
        stage.prepare(goods_each)
        stage.start_spare_worker()
        yield stage
    finally:
        if stage is not None and stage.spare is not None:
            stage.spare.kill()
            stage.spare.wait()
        if mall.process and mall.process.poll() is None:
            mall.process.kill()  # nothing of it is needed any more: the quickest end will do
            mall.process.wait()
        for pid in of_home(mall.home):
            kill(pid)
