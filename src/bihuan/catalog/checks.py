"""The catalogue's invariants on live data."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "catalog.lead_price",
        "a product's price is that of its cheapest SKU on offer",
        """select p.merchant_id || '/' || p.product_id as id from products p
           left join lateral (
             select min(s.price_fen) as price_fen from skus s
             where s.merchant_id = p.merchant_id and s.product_id = p.product_id and s.state = 'active'
           ) lead on true
           where lead.price_fen is distinct from p.price_fen""",
    ),
    Check(
        "catalog.options",
        "each SKU on offer chooses as many values as its product has options",
        """select s.merchant_id || '/' || s.sku_id as id from skus s
           join products p on p.merchant_id = s.merchant_id and p.product_id = s.product_id
           where s.state = 'active' and cardinality(s.option_values) <> jsonb_array_length(p.options)""",
    ),
)
