"""Express companies and the codes that shipping information names them by.

Source: developers.weixin.qq.com, 获取运力id列表 get_delivery_list (real list: about 1,400; here the common ones).
"""

from typing import Any

from wechat_sandbox.asgi import Request
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import mini_program_of

SHUNFENG = "SF"
COMPANIES = {
    "SF": "顺丰速运",
    "ZTO": "中通快递",
    "YTO": "圆通速递",
    "STO": "申通快递",
    "YD": "韵达速递",
    "JTSD": "极兔速递",
    "EMS": "EMS",
    "YZPY": "邮政快递包裹",
    "JD": "京东快递",
    "DBL": "德邦快递",
    "BTWL": "百世快运",
    "UC": "优速快递",
    "ZJS": "宅急送",
    "KYSY": "跨越速运",
    "ANE": "安能物流",
    "DHL": "DHL",
    "FEDEX": "FEDEX联邦(国内件)",
    "DNWL": "丹鸟物流",
}


def delivery_list(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/express/delivery/open_msg/get_delivery_list"""
    mini_program_of(world, request)
    rows = [{"delivery_id": code, "delivery_name": name} for code, name in COMPANIES.items()]
    return {"errcode": 0, "delivery_list": rows, "count": len(rows)}
