"""Refusals of inventory."""

from bihuan.kernel.errors import Conflict


class OutOfStock(Conflict):
    """Not enough is left of `sku_ids`."""

    code = "out_of_stock"
    zh = "部分商品库存不足。"
    en = "Some items are out of stock."


class StockBelowZero(Conflict):
    """An adjustment would take more than is available; what is held for orders stays held."""

    code = "stock_below_zero"
    zh = "调整后可用库存将为负数（当前可用 {available}）。"
    en = "The adjustment would take available stock below zero (now {available})."
