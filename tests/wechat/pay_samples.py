"""What the merchant of the tests asks WeChat Pay for, and what WeChat answers."""

from __future__ import annotations

from datetime import date
from typing import Any

from bihuan.wechat import crypto
from bihuan.wechat.pay import (
    BankCard,
    CodeOrder,
    CombineOrder,
    RefundFunds,
    RefundRequest,
    Share,
    SubOrder,
    TransferOrder,
    TransferReport,
)

from .platform import NOW, PAID, Json, key

AT = "2026-03-01T20:00:00+08:00"
SUB = "1900000109"

PARTNER_PAID: Json = {
    **{name: value for name, value in PAID.items() if name not in ("appid", "mchid", "payer", "some_new_field")},
    "sp_appid": "wxsp",
    "sp_mchid": "1900000101",
    "sub_appid": "wx1",
    "sub_mchid": SUB,
    "payer": {"sp_openid": "osp", "sub_openid": "o1"},
}
REFUND: Json = {
    "refund_id": "5001",
    "out_refund_no": "R1",
    "transaction_id": "42",
    "out_trade_no": "T20260301-1",
    "channel": "ORIGINAL",
    "user_received_account": "零钱",
    "create_time": AT,
    "status": "PROCESSING",
    "amount": {
        "total": 12900,
        "refund": 100,
        "payer_total": 12900,
        "payer_refund": 100,
        "settlement_refund": 100,
        "settlement_total": 12900,
        "discount_refund": 0,
        "currency": "CNY",
    },
}
CODE = CodeOrder(
    appid="wx1",
    description="青衫 外套",
    out_trade_no="T20260301-1",
    total_fen=12900,
    auth_code="134567890123456789",
    store_out_id="S1",
    device_ip="203.0.113.9",
    attach="a",
    profit_sharing=True,
)
TAKEN = {**{n: v for n, v in PAID.items() if n != "some_new_field"}, "trade_type": "MICROPAY"}
COMBINED = CombineOrder(
    appid="wx1",
    out_trade_no="C20260301",
    sub_orders=(
        SubOrder(
            mchid="1900000101",
            sub_mchid=SUB,
            out_trade_no="T20260301-1",
            total_fen=100,
            description="外套",
            attach="1",
            profit_sharing=True,
        ),
        SubOrder(
            mchid="1900000101",
            sub_mchid="1900000110",
            out_trade_no="T20260301-2",
            total_fen=200,
            description="裤子",
            attach="2",
        ),
    ),
    notify_url="https://shop.test/n",
    expires_at=NOW,
    payer_client_ip="203.0.113.9",
    device_id="POS1",
)
COMBINE_STATE: Json = {
    "combine_appid": "wx1",
    "combine_mchid": "1900000101",
    "combine_out_trade_no": "C20260301",
    "combine_transaction_id": "4200",
    "sub_orders": [{"mchid": "1900000101", "out_trade_no": "T20260301-1", "trade_state": "NOTPAY"}],
}
PART: Json = {
    "type": "MERCHANT_ID",
    "account": SUB,
    "amount": 888,
    "description": "运费",
    "result": "PENDING",
    "create_time": AT,
    "finish_time": AT,
}
SHARED: Json = {
    "sub_mchid": SUB,
    "transaction_id": "42",
    "out_order_no": "P1",
    "order_id": "30",
    "state": "PROCESSING",
    "receivers": [PART],
}
RETURNED: Json = {
    "order_id": "30",
    "out_order_no": "P1",
    "out_return_no": "PR1",
    "return_id": "31",
    "return_mchid": SUB,
    "amount": 8,
    "description": "退货",
    "result": "PROCESSING",
    "create_time": AT,
    "finish_time": AT,
}
TRANSFER = TransferOrder(
    appid="wx1",
    out_bill_no="B20260301",
    openid="o1",
    amount_fen=200_000,
    remark="佣金",
    scene_id="1005",
    reports=(TransferReport("岗位类型", "推广"), TransferReport("报酬说明", "三月佣金")),
    user_name="李小满",
    notify_url="https://shop.test/n",
)
BILL: Json = {"out_bill_no": "B20260301", "transfer_bill_no": "133", "state": "WAIT_USER_CONFIRM"}
BILL_STATE: Json = {
    **BILL,
    "mch_id": "1900000101",
    "appid": "wx1",
    "transfer_amount": 200_000,
    "transfer_remark": "佣金",
    "create_time": AT,
    "update_time": AT,
}
COMPLAINT: Json = {
    "complaint_id": "2002",
    "complaint_time": AT,
    "complaint_detail": "没有收到",
    "complaint_state": "PENDING",
    "complainted_mchid": SUB,
    "payer_phone": crypto.rsa_encrypt(key("merchant").public_key(), "13800000000"),
    "complaint_order_info": [{"transaction_id": "42", "out_trade_no": "T20260301-1", "amount": 12900}],
    "complaint_full_refunded": False,
    "incoming_user_response": True,
    "problem_description": "没有收到",
    "user_complaint_times": 1,
}
URL: Json = {"mchid": "1900000101", "url": "https://shop.test/c"}
HASHED: Json = {
    "hash_type": "SHA1",
    "hash_value": "79bb0f45fc4c42234a918000b2668d689e2bde04",
    "download_url": "https://x/y",
}
DAY = date(2026, 2, 28)
SHARE = Share(type="MERCHANT_ID", account=SUB, amount_fen=888, description="运费", name="青衫")
SHARE_IN: Any = {
    "appid": "wx1",
    "transaction_id": "42",
    "out_order_no": "P1",
    "shares": (SHARE,),
    "unfreeze_rest": False,
}
REQUEST = RefundRequest(
    out_refund_no="R1",
    refund_fen=100,
    total_fen=12900,
    transaction_id="42",
    funds_from=(RefundFunds("AVAILABLE", 60), RefundFunds("UNAVAILABLE", 40)),
)
CARD = BankCard(bank_type="ICBC_DEBIT", account="6222000011112222", name="李小满")
