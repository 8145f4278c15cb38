"""A merchant of one's own, and products in a few words."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from bihuan import merchants
from bihuan.catalog import NewProduct, NewSku, Option
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

MakeProduct = Callable[..., NewProduct]


@pytest.fixture
async def merchant(rt: Runtime) -> Merchant:
    """A new merchant."""
    async with rt.db.transaction() as tx:
        return await merchants.create(tx, code=f"t{uuid4().hex[:12]}", name="测试商家")


@pytest.fixture
async def other_merchant(rt: Runtime) -> Merchant:
    """Another one."""
    async with rt.db.transaction() as tx:
        return await merchants.create(tx, code=f"t{uuid4().hex[:12]}", name="别家")


@pytest.fixture
def make() -> MakeProduct:
    """A valid product: two colours, two sizes; keyword arguments replace fields."""

    def product(code: str = "TEE", **fields: Any) -> NewProduct:
        colours, sizes = ["月白", "黛蓝"], ["S", "M"]
        defaults: dict[str, Any] = {
            "title": "亚麻衬衫",
            "options": [Option("颜色", colours), Option("尺码", sizes)],
            "skus": [
                NewSku(code=f"{code}-{c}-{s}", option_values=[c, s], price_fen=19900 + 100 * i + j)
                for i, c in enumerate(colours)
                for j, s in enumerate(sizes)
            ],
        }
        return NewProduct(**{**defaults, **fields})

    return product
