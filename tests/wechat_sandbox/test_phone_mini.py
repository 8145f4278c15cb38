"""Mini programs on the phone in a real browser: what they may ask, what they send, the parcel that is confirmed."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.wechat_sandbox.desk import Merchant, Sandbox
from tests.wechat_sandbox.phone_mall import answer
from tests.wechat_sandbox.phone_page import browser as browser
from tests.wechat_sandbox.phone_page import new_shopper, phone_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MINI = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>首页</title></head><body>
<p id="env"></p><p id="said"></p><p id="phone"></p><p id="where"></p><button id="ask">requestSubscribeMessage</button>
<button id="number">getPhoneNumber</button><button id="leave">navigateBack</button>
<script src="JWEIXIN"></script><script>
var put = function (id, text) { document.getElementById(id).textContent = text; };
put("where", location.search + location.hash);
wx.onShareAppMessage(function () { return { title: "一杯茶", path: "/pages/tea/tea?id=7", imageUrl: "" }; });
wx.login().then(function (r) { put("env", window.__wxjs_environment + " " + r.errMsg + " " + r.code.length); });
document.getElementById("ask").onclick = function () {
  wx.requestSubscribeMessage({ tmplIds: TEMPLATES,
    success: function (r) { put("said", TEMPLATES.map(function (id) { return r[id]; }).join(" ")); } }); };
document.getElementById("number").onclick = function () {
  wx.getPhoneNumber({ success: function (r) { put("phone", "ok " + r.code.length); },
    fail: function (r) { put("phone", r.errMsg); } }); };
document.getElementById("leave").onclick = function () { wx.navigateBack(); };
</script></body></html>"""


@pytest.fixture(scope="module")
def desk() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture(scope="module")
def merchant(desk: Sandbox) -> Merchant:
    return desk.merchant("1900000101")


@pytest.fixture
def tea(desk: Sandbox) -> Iterator[dict[str, Any]]:
    """A mini program of one page, served as its H5 build is."""
    app = desk.mini_program("小满手作")
    rows = desk.get(f"/_sandbox/apps/{app['appid']}/templates")["items"]
    templates = [row for row in rows if row["kind"] == "subscribe"][:2]
    samples = {"number": "7", "amount": "18.00元", "time": "2026-11-22 10:00", "date": "2026-11-22", "phrase": "已支付"}
    keys = [keyword.removesuffix(".DATA}}").split("{{")[-1] for keyword in templates[0]["keywords"]]
    data = {key: {"value": samples.get(key.rstrip("0123456789"), "A17")} for key in keys}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = MINI.replace("JWEIXIN", f"{desk.url}/open/js/jweixin-1.6.0.js")
            answer(
                self, page.replace("TEMPLATES", str([row["template_id"] for row in templates])).encode(), "text/html"
            )

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = {"home_url": f"http://127.0.0.1:{server.server_address[1]}/tea/"}
    desk.http.put(f"/_sandbox/mini-programs/{app['appid']}", json=home).raise_for_status()
    yield app | {"templates": [row["template_id"] for row in templates], "data": data}
    server.shutdown()
    server.server_close()


async def test_what_a_mini_program_may_ask(browser: Browser, desk: Sandbox, tea: dict[str, Any]) -> None:
    me, friend = new_shopper(desk, "茶客"), new_shopper(desk, "茶友")
    async with phone_of(browser, desk, me) as phone:
        await phone("tab-discover").click()
        await phone("mini-row").filter(has_text="小满手作").click()
        page = phone.page.frame_locator('[data-testid="mini-frame"]')
        await expect(page.locator("#env")).to_have_text("miniprogram login:ok 32")
        await expect(phone("mini-title")).to_have_text("首页")
        await page.locator("#ask").click()
        await phone("subscribe-choice").nth(1).uncheck()
        await phone("subscribe-always").check()
        await phone.shot("subscribe")
        await phone("subscribe-allow").click()
        await expect(page.locator("#said")).to_have_text("accept reject")
        await page.locator("#ask").click()  # kept: not asked again
        await expect(phone("subscribe-sheet")).to_have_count(0)
        await page.locator("#number").click()
        await phone("phone-reject").click()
        await expect(page.locator("#phone")).to_have_text("getPhoneNumber:fail user deny")
        await page.locator("#number").click()
        await phone("phone-allow").click()
        await expect(page.locator("#phone")).to_have_text("ok 32")
        await phone("mini-more").click()
        await phone("mini-share").click()
        await phone("share-friend", shopper=friend).click()
        await expect(phone("toast")).to_have_text("已发送")
        await page.locator("#leave").click()
        await expect(phone("mini-program")).to_have_count(0)
    granted = {row["template_id"]: row["left"] for row in desk.get(f"/_sandbox/shoppers/{me}/subscriptions")["items"]}
    assert granted[tea["templates"][0]] == 2

    openid = desk.openid(me, tea["appid"])
    sent = {"touser": openid, "template_id": tea["templates"][0], "page": "pages/tea/tea?id=9", "data": tea["data"]}
    assert desk.post(f"/cgi-bin/message/subscribe/send?access_token={desk.token(tea)}", sent)["errcode"] == 0
    async with phone_of(browser, desk, me) as phone:
        await expect(phone("unread")).to_have_text("1")
        await phone("chat-row", chat="service").click()
        await expect(phone("service-log")).to_contain_text("订单支付成功通知")
        await phone.shot("service")
        await phone("service-open").click()
        page = phone.page.frame_locator('[data-testid="mini-frame"]')
        await expect(page.locator("#where")).to_have_text("?id=9#/pages/tea/tea?id=9")
        await phone("mini-more").click()
        await phone("mini-messages").click()
        await expect(phone("grant-note")).to_have_text("还可发送 1 条")
        await phone.shot("grants")
        await phone("grant", template=tea["templates"][0]).uncheck()
        await expect(phone("grant-note")).to_have_text("已关闭")
        await phone("grants-close").click()
        await phone("mini-close").click()
        await phone("nav-back").click()
        await expect(phone("unread")).to_have_count(0)
    (grant,) = desk.get(f"/_sandbox/shoppers/{me}/subscriptions")["items"]
    assert (grant["banned"], grant["left"]) == (True, 0)
    async with phone_of(browser, desk, friend) as phone:
        await phone("chat-row").click()
        await phone("mini-card").click()
        page = phone.page.frame_locator('[data-testid="mini-frame"]')
        await expect(page.locator("#where")).to_have_text("?id=7#/pages/tea/tea?id=7")
        await phone("mini-close").focus()
        await phone.page.keyboard.press("Enter")
        await expect(phone("talk")).to_be_visible()


async def test_a_parcel_is_confirmed_on_the_phone(browser: Browser, desk: Sandbox, merchant: Merchant) -> None:
    me, app = new_shopper(desk, "收货人"), desk.mini_program("青衫")
    openid = desk.openid(me, app["appid"])
    order = merchant.prepay(openid, appid=app["appid"])
    prepay_id = merchant.call("POST", "/v3/pay/transactions/jsapi", order).json()["prepay_id"]
    body = {"pay_params": merchant.pay_params(prepay_id, appId=app["appid"])}
    sheet = desk.post(f"/_sandbox/shoppers/{me}/sheets", body)
    transaction_id = desk.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")["transaction_id"]
    upload = {
        "order_key": {"order_number_type": 2, "transaction_id": transaction_id},
        "delivery_mode": 1,
        "logistics_type": 1,
        "shipping_list": [{"tracking_no": "SF100", "express_company": "STO", "item_desc": "亚麻衬衫*1"}],
        "upload_time": "2026-01-01T10:00:00.000+08:00",
        "payer": {"openid": openid},
    }
    shipped = desk.post(f"/wxa/sec/order/upload_shipping_info?access_token={desk.token(app)}", upload)
    assert shipped["errcode"] == 0
    async with phone_of(browser, desk, me) as phone:
        await phone("chat-row", chat="service").click()
        await expect(phone("service-log")).to_contain_text("商家已发货")
        await expect(phone("service-log")).to_contain_text("SF100")
        await phone("service-receive").click()
        await phone.shot("parcel")
        await phone("dialog-ok").click()
        await expect(phone("service-over")).to_have_text("已确认收货")
        await expect(phone("service-receive")).to_have_count(0)
    (row,) = desk.get(f"/_sandbox/shoppers/{me}/shipments")["items"]
    assert row["order_state"] in (3, 4)
