"""The paths of profit sharing."""

from wechat_sandbox.pay.profit_sharing import receivers, returns, shares

PATHS = (
    ("POST", "/v3/profitsharing/receivers/add", receivers.add),
    ("POST", "/v3/profitsharing/receivers/delete", receivers.delete),
    ("GET", "/v3/profitsharing/merchant-configs/{sub_mchid}", receivers.max_ratio),
    ("POST", "/v3/profitsharing/orders", shares.create),
    ("POST", "/v3/profitsharing/orders/unfreeze", shares.unfreeze),
    ("GET", "/v3/profitsharing/orders/{out_order_no}", shares.query),
    ("GET", "/v3/profitsharing/transactions/{transaction_id}/amounts", shares.amounts),
    ("POST", "/v3/profitsharing/return-orders", returns.create),
    ("GET", "/v3/profitsharing/return-orders/{out_return_no}", returns.query),
)
