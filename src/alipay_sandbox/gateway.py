"""The gateway: verifies a request before anything in it is used, does what its method says, signs the answer."""

import json
import secrets
from collections.abc import Callable
from typing import Any, cast

from alipay_sandbox import cashier, certs, codes, trades, wire
from alipay_sandbox.http import Answer, Request, as_text, redirect
from alipay_sandbox.models import App, Trade
from alipay_sandbox.trades import Refused
from alipay_sandbox.world import World

BILL_SECONDS = 30.0
"""How long the address of a bill is good."""

PAGES = {"alipay.trade.page.pay": ("page", "FAST_INSTANT_TRADE_PAY"), "alipay.trade.wap.pay": ("wap", "QUICK_WAP_WAY")}

Content = dict[str, Any]


class Invalid(Exception):
    """40002: the form of the request, or its signature. Not signed, since nobody is known to sign for."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def answer(world: World, request: Request) -> Answer:
    """Answers one call, or sends a shopper on to the cashier."""
    params = request.params
    method = params.get("method", "")
    try:
        app, content = _check(world, params)
    except Invalid as invalid:
        if method in PAGES:
            return as_text(cashier.error_page(invalid.code, invalid.message), 200)
        return _unsigned(method, invalid)
    if method in PAGES:
        return _page(world, app, method, content, params)
    handler = METHODS.get(method)
    if handler is None:
        return _unsigned(method, Invalid("isv.invalid-method", "不存在的方法名"))
    try:
        told = {"code": "10000", "msg": "Success", **handler(world, app, content, params)}
    except Refused as refused:
        told = {"code": "40004", "msg": "Business Failed", "sub_code": refused.code, "sub_msg": refused.message}
    if world.lost_answers[method] > 0:  # what was asked for is done; its answer never arrives
        world.lost_answers[method] -= 1
        return as_text("lost on the way", 502, "text/plain")
    return _signed(world, app, method, told)


def _check(world: World, params: dict[str, str]) -> tuple[App, Content]:
    app = world.apps.get(params.get("app_id", ""))
    if app is None:
        raise Invalid("isv.invalid-app-id", "无效的AppID参数")
    if params.get("sign_type") != "RSA2":
        raise Invalid("isv.invalid-signature-type", "签名类型无效，请使用 RSA2")
    key = world.keys_of(app)[0].public_key()
    if not wire.verifies(key, wire.request_text(params), params.get("sign", "")):
        raise Invalid("isv.invalid-signature", "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配")
    _check_certificates(app, params)
    if params.get("charset", "").lower() != "utf-8" or params.get("version") != "1.0":
        raise Invalid("isv.invalid-charset", "charset 应为 utf-8，version 应为 1.0")
    if wire.read_china(params.get("timestamp", "")) is None:
        raise Invalid("isv.invalid-timestamp", "非法的时间戳参数")
    try:
        content = json.loads(params.get("biz_content", "{}"))
    except ValueError as error:
        raise Invalid("isv.invalid-json", "biz_content 不是合法的 JSON") from error
    if not isinstance(content, dict):
        raise Invalid("isv.invalid-json", "biz_content 不是对象")
    return app, cast("Content", content)


def _check_certificates(app: App, params: dict[str, str]) -> None:
    """An app in certificate mode names its certificate and the roots."""
    wanted = {"app_cert_sn": app.app_cert_pem, "alipay_root_cert_sn": app.root_cert_pem} if app.app_cert_pem else {}
    for name, cert in wanted.items():
        if params.get(name, "") != certs.serial_of(cert):
            kind = "invalid" if params.get(name) else "missing"
            raise Invalid(f"isv.{kind}-{name.replace('_', '-')}", f"{name} 缺失或与证书不符")


def _page(world: World, app: App, method: str, content: Content, params: dict[str, str]) -> Answer:
    product, code = PAGES[method]
    try:
        if content.get("product_code") != code:
            raise Refused("ACQ.INVALID_PARAMETER", f"product_code 应为 {code}")
        trade = trades.order(world, app, content, product, params)
    except Refused as refused:
        paid = world.find_trade(app.app_id, str(content.get("out_trade_no", "")))
        if refused.code == "ACQ.TRADE_HAS_SUCCESS" and paid is not None:
            return redirect(f"{world.base_url}/cashier/{paid.token}")
        return as_text(cashier.error_page(refused.code, refused.message), 200)
    trades.open_trade(world, trade)
    return redirect(f"{world.base_url}/cashier/{trade.token}")


def _precreate(world: World, app: App, content: Content, params: dict[str, str]) -> Content:
    trade = trades.order(world, app, content, "qr", params)
    return {"out_trade_no": trade.out_trade_no, "qr_code": f"{world.base_url}/qr/{trade.token}"}


def _find(world: World, app: App, content: Content) -> Trade:
    trade = world.find_trade(app.app_id, str(content.get("out_trade_no", "")), str(content.get("trade_no", "")))
    if trade is None or not trade.opened:
        raise Refused("ACQ.TRADE_NOT_EXIST", "交易不存在")
    return trade


def _query(world: World, app: App, content: Content, _: dict[str, str]) -> Content:
    return {**trades.describe(_find(world, app, content))}


def _close(world: World, app: App, content: Content, _: dict[str, str]) -> Content:
    trade = _find(world, app, content)
    trades.close(world, trade)
    return {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}


def _refund(world: World, app: App, content: Content, _: dict[str, str]) -> Content:
    trade = _find(world, app, content)
    _row, moved = trades.refund(world, trade, content)
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_logon_id": "ali***@sandbox.test",
        "fund_change": "Y" if moved else "N",
        "refund_fee": wire.yuan(trade.refunded_fen),
    }


def _query_refund(world: World, app: App, content: Content, _: dict[str, str]) -> Content:
    trade = _find(world, app, content)
    found = world.refunds.get(f"{trade.trade_no}/{content.get('out_request_no', '')}")
    if found is None:
        return {}
    told = {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "out_request_no": found.out_request_no,
        "total_amount": wire.yuan(trade.total_fen),
        "refund_amount": wire.yuan(found.amount_fen),
        "refund_status": "REFUND_SUCCESS",
    }
    options: object = content.get("query_options")
    if isinstance(options, list) and "gmt_refund_pay" in cast("list[object]", options):
        told["gmt_refund_pay"] = wire.china(found.at)
    return {**told}


def _bill(world: World, app: App, content: Content, _: dict[str, str]) -> Content:
    day = str(content.get("bill_date", ""))
    if content.get("bill_type") != "trade" or wire.read_china(f"{day} 00:00:00") is None:
        raise Refused("isv.INVAILID_ARGUMENTS", "入参不合法")  # spelt as Alipay spells it
    if day >= wire.day_of(world.now()) or not _happened(world, app, day):
        raise Refused("isp.BILL_NOT_EXIST", "账单不存在")
    token = secrets.token_urlsafe(18)
    world.bills[token] = (world.now() + BILL_SECONDS, app.app_id, day)
    return {"bill_download_url": f"{world.base_url}/bill/{token}"}


def _happened(world: World, app: App, day: str) -> bool:
    paid = (trade.paid_at for trade in world.trades.values() if trade.app_id == app.app_id and trade.paid_at)
    back = (refund.at for refund in world.refunds.values() if refund.app_id == app.app_id)
    return any(wire.day_of(at) == day for at in (*paid, *back))


METHODS: dict[str, Callable[[World, App, Content, dict[str, str]], Content]] = {
    "alipay.trade.precreate": _precreate,
    "alipay.trade.pay": codes.pay,
    "alipay.trade.cancel": codes.cancel,
    "alipay.trade.query": _query,
    "alipay.trade.close": _close,
    "alipay.trade.refund": _refund,
    "alipay.trade.fastpay.refund.query": _query_refund,
    "alipay.data.dataservice.bill.downloadurl.query": _bill,
}


def _signed(world: World, app: App, method: str, told: Content) -> Answer:
    content = wire.answer_json(told)
    signature = wire.sign(world.keys_of(app)[1], content)
    named = f'"alipay_cert_sn":"{certs.serial_of(app.alipay_cert_pem)}",' if app.alipay_cert_pem else ""
    body = f'{{"{_response(method)}":{content},{named}"sign":"{signature}"}}'
    return as_text(body, 200, "text/html")  # Alipay's own content type


def _unsigned(method: str, invalid: Invalid) -> Answer:
    told = {"code": "40002", "msg": "Invalid Arguments", "sub_code": invalid.code, "sub_msg": invalid.message}
    name = _response(method) if method in METHODS else "error_response"
    return as_text(f'{{"{name}":{wire.answer_json(told)}}}', 200, "text/html")


def _response(method: str) -> str:
    return f"{method.replace('.', '_')}_response"
