"""The demo's after-sale: cases at each step, made once, over HTTP and the sandbox."""

import asyncio
from typing import Any

from bench.mall import Mall, wait_for

from bihuan.demo import cases
from bihuan.settings import Settings

SHOP = "xiaoman"


def test_a_demo_shop_gets_its_cases_once(mall: Mall) -> None:
    settings = Settings(home=mall.home, public_url=mall.url)
    assert asyncio.run(cases.make(settings, mall.sandbox_url, SHOP)) == 7
    assert asyncio.run(cases.make(settings, mall.sandbox_url, SHOP)) == 0
    console = mall.staff(SHOP)

    def states() -> dict[str, int] | None:
        counts: dict[str, int] = console.get("/api/merchant/aftersale/counts").json()["by_state"]
        return counts if "completed" in counts else None

    assert wait_for(states, "the refund never came back") == {"completed": 1, "applied": 3, "agreed": 1, "returning": 1}

    def complaint() -> dict[str, Any] | None:
        return next(iter(console.get("/api/merchant/complaints").json()["items"]), None)

    told = wait_for(complaint, "WeChat never told of the complaint")
    assert (told["state"], told["problem_type"], len(told["pictures"])) == ("pending", "refund", 1)
    assert console.get(told["pictures"][0]).headers["content-type"] == "image/jpeg"
    disputes = mall.staff("operator").get("/api/platform/disputes").json()["items"]
    (disputed,) = [one for one in disputes if one["merchant_name"] == "小满手作"]
    assert disputed["waiting_for"] == "platform"
    mall.verify()
