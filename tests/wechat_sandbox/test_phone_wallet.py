"""The phone's wallet, friends and mini programs in a real browser, against the real sandbox."""

import secrets
import threading
from collections.abc import AsyncGenerator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.wechat_sandbox.desk import Merchant, Sandbox
from tests.wechat_sandbox.phone_mall import answer
from tests.wechat_sandbox.phone_page import ARGUMENTS, CHROMIUM, new_shopper, phone_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TRANSFERS = "/v3/fund-app/mch-transfer/transfer-bills"
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
async def browser() -> AsyncGenerator[Browser, None]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
def merchant(desk: Sandbox) -> Merchant:
    desk.post("/_sandbox/merchants/1900000101/top-up", {"amount": 10_000_000})
    return desk.merchant("1900000101")


def till(merchant: Merchant, code: str, total: int) -> dict[str, Any]:
    order = {
        "appid": merchant.appid,
        "mchid": merchant.mchid,
        "description": "柜台 咖啡",
        "out_trade_no": "K" + secrets.token_hex(12),
        "payer": {"auth_code": code},
        "amount": {"total": total, "currency": "CNY"},
        "scene_info": {"store_info": {"out_id": "S1"}},
    }
    return merchant.call("POST", "/v3/pay/transactions/codepay", order).json() | {"number": order["out_trade_no"]}


async def test_a_combined_order_lists_its_parts(browser: Browser, desk: Sandbox, merchant: Merchant) -> None:
    me, bakery = new_shopper(desk, "两家客"), desk.merchant("1900000102")
    desk.post(f"/_sandbox/merchants/{bakery.mchid}/appids", {"appid": merchant.appid})
    sold = (merchant, "明前龙井 100g", 3000), (bakery, "全麦面包", 1250)
    order = {
        "combine_appid": merchant.appid,
        "combine_mchid": merchant.mchid,
        "combine_out_trade_no": "C" + secrets.token_hex(12),
        "sub_orders": [
            {
                "mchid": seller.mchid,
                "attach": "桌",
                "amount": {"total_amount": fen, "currency": "CNY"},
                "out_trade_no": "S" + secrets.token_hex(12),
                "description": words,
            }
            for seller, words, fen in sold
        ],
        "notify_url": "http://127.0.0.1:9/none",
    }
    code = merchant.call("POST", "/v3/combine-transactions/native", order).json()["code_url"]
    async with phone_of(browser, desk, me) as phone:
        await phone.scan(code)
        await expect(phone("pay-amount")).to_have_text("¥42.50")
        await expect(phone("pay-part")).to_have_count(2)
        await expect(phone("pay-part").nth(1)).to_have_text(f"{bakery.row['name']}全麦面包¥12.50")
        await phone.shot("combined")
        await phone("pay-confirm").click()
        await phone("paid-done").click()
    bills = desk.get(f"/_sandbox/shoppers/{me}/bills")["items"]
    assert sorted(-bill["amount_fen"] for bill in bills) == [1250, 3000]


async def test_a_till_scans_the_payment_code(browser: Browser, desk: Sandbox, merchant: Merchant) -> None:
    me = new_shopper(desk, "付款人")
    async with phone_of(browser, desk, me) as phone:
        await phone("tab-me").click()
        await phone("me-code").click()
        code = str(await phone("payment-code").get_attribute("data-code"))
        await phone.shot("payment-code")
        assert till(merchant, code, 1500)["trade_state"] == "SUCCESS"
        await expect(phone("paid-amount")).to_have_text("¥15.00")
        await phone("paid-done").click()
        await expect(phone("payment-code")).not_to_have_attribute("data-code", code)

        code = str(await phone("payment-code").get_attribute("data-code"))
        waiting = till(merchant, code, 250_000)  # above what goes without a password
        await expect(phone("password-amount")).to_have_text("¥2500.00")
        await phone.shot("password")
        await phone.page.keyboard.type("135790")
        await expect(phone("paid-amount")).to_have_text("¥2500.00")
        await phone("paid-done").click()
        path = f"/v3/pay/transactions/out-trade-no/{waiting['number']}?mchid={merchant.mchid}"
        assert merchant.call("GET", path).json()["trade_state"] == "SUCCESS"


async def test_transfers_are_confirmed_and_bills_tell_all(browser: Browser, desk: Sandbox, merchant: Merchant) -> None:
    me = new_shopper(desk, "收款人")
    body = {
        "appid": merchant.appid,
        "out_bill_no": "B" + secrets.token_hex(12),
        "transfer_scene_id": "1000",
        "openid": desk.openid(me, merchant.appid),
        "transfer_amount": 888,
        "transfer_remark": "新会员红包",
        "transfer_scene_report_infos": [
            {"info_type": "活动名称", "info_content": "新会员有礼"},
            {"info_type": "奖励说明", "info_content": "注册"},
        ],
    }
    merchant.call("POST", TRANSFERS, body).raise_for_status()
    async with phone_of(browser, desk, me) as phone:
        await phone("tab-me").click()
        await phone("me-wallet").click()
        await phone("transfer-waiting").click()
        await expect(phone("transfer-amount")).to_have_text("¥8.88")
        await phone.shot("transfer")
        await phone("transfer-take").click()
        await expect(phone("toast")).to_have_text("已存入零钱")
        await expect(phone("transfer-waiting")).to_have_count(0)
        waited = desk.get(f"/_sandbox/shoppers/{me}/transfers")["items"][0]
        assert waited["state"] in ("TRANSFERING", "SUCCESS")


async def test_a_complaint_is_followed_to_its_end(browser: Browser, desk: Sandbox, merchant: Merchant) -> None:
    me = new_shopper(desk, "较真的人")
    order = merchant.prepay("")
    del order["payer"]
    code = merchant.call("POST", "/v3/pay/transactions/native", order).json()["code_url"]
    sheet = desk.post(f"/_sandbox/shoppers/{me}/scan", {"content": code})["sheet"]
    desk.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    async with phone_of(browser, desk, me) as phone:
        await phone("tab-me").click()
        await phone("me-wallet").click()
        await phone("payment").click()
        await phone("receipt-complain").click()
        await phone("complaint-words").fill("少了一颗扣子")
        await phone("complaint-refund").check()
        await phone("complaint-send").click()
        await expect(phone("toast")).to_have_text("已提交")
        (complaint,) = desk.get(f"/_sandbox/shoppers/{me}/complaints")["items"]
        assert (complaint["problem_type"], complaint["state"]) == ("REFUND", "PENDING")
        path = f"/v3/merchant-service/complaints-v2/{complaint['complaint_id']}"
        answer = {"complainted_mchid": merchant.mchid, "response_content": "马上补寄"}
        assert merchant.call("POST", path + "/response", answer).status_code == 204
        await phone("payment").click()
        await phone("receipt-complaint").click()
        await expect(phone("complaint-state")).to_have_text("商家处理中")
        await expect(phone("complaint-line", kind="MERCHANT_RESPONSE")).to_contain_text("马上补寄")
        await phone.shot("complaint")
        await phone("complaint-reply").fill("好的，谢谢")
        await phone("complaint-say").click()
        await expect(phone("complaint-progress")).to_have_count(0)
    assert merchant.call("GET", path).json()["incoming_user_response"] is True


async def test_red_packets_groups_and_moments(browser: Browser, desk: Sandbox) -> None:
    me, friend = new_shopper(desk, "阿发"), new_shopper(desk, "阿收")
    async with phone_of(browser, desk, me) as phone:
        await phone("plus").click()
        await phone("plus-group").click()
        await phone("group-name").fill("饭搭子")
        await phone("group-member", shopper=friend).check()
        await phone("group-make").click()
        await expect(phone("chat-title")).to_have_text("饭搭子(2)")
        await phone("packet-new").click()
        await phone("packet-sum").fill("6.66")
        await phone("packet-count").fill("1")
        await phone("packet-give").click()
        await expect(phone("packet")).to_contain_text("恭喜发财")
        await phone.page.keyboard.press("Escape")
        await phone("tab-discover").click()
        await phone("discover-moments").click()
        await phone("moment-new").click()
        await phone("moment-words").fill("今天发红包")
        await phone("moment-post").click()
        await expect(phone("moment")).to_contain_text("今天发红包")
    async with phone_of(browser, desk, friend) as phone:
        await phone("tab-me").click()
        await phone("me-theme").click()
        await phone("me-theme").click()  # off, then on
        await phone("tab-chats").click()
        await phone.shot("chats-night")
        await phone("chat-row").filter(has_text="饭搭子").click()
        await phone("packet").click()
        await phone("packet-open").click()
        await expect(phone("packet-mine")).to_have_text("6.66元")
        await phone.shot("packet-night")
        await phone("packet-close").click()
        await expect(phone("packet")).to_contain_text("已领取")
        await phone.page.keyboard.press("Escape")
        await phone("tab-discover").click()
        await phone("discover-moments").click()
        await phone("moment-like").click()
        await expect(phone("moment-likes")).to_have_text("阿收")
        await phone.shot("moments-night")
    assert desk.get(f"/_sandbox/shoppers/{friend}/bills")["balance_fen"] == 1_000_666


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


async def test_three_phones_stand_on_the_desk(browser: Browser, desk: Sandbox) -> None:
    me, friend, third = (new_shopper(desk, name) for name in ("左边", "中间", "右边"))
    async with phone_of(browser, desk, me, wide=True) as phone:
        await expect(phone("desk-beside").first).to_be_visible()
        if await phone("desk-beside-more").count():
            await phone("desk-beside-more").click()
        await phone("desk-beside", shopper=friend).click()
        await expect(phone("beside-phone")).to_have_count(1)
        await phone("desk-beside", shopper=third).click()
        await expect(phone("beside-phone")).to_have_count(2)
        await phone("tab-contacts").click()
        await phone("friend").filter(has_text="中间").click()
        await phone("chat-input").fill("你好")
        await phone.page.keyboard.press("Enter")
        await expect(phone("bubble")).to_have_text("你好")
        middle = phone("beside-phone", shopper=friend).frame_locator("iframe")
        await middle.locator('[data-testid="chat-row"]').click()
        await expect(middle.locator('[data-testid="bubble"]')).to_have_text("你好")
        await phone.shot("three-phones")
        width = await phone.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert width <= 0
        await phone.page.reload()
        await expect(phone("beside-phone")).to_have_count(2)
        await phone("beside-phone", shopper=third).locator('[data-testid="beside-close"]').click()
        await expect(phone("beside-phone")).to_have_count(1)
    assert desk.get(f"/_sandbox/shoppers/{friend}/friends")["items"][0]["unread"] == 0


async def test_everything_is_in_reach_of_the_keyboard(browser: Browser, desk: Sandbox) -> None:
    async with phone_of(browser, desk, new_shopper(desk, "按键人")) as phone:
        await expect(phone("home")).to_be_visible()

        async def press_until(testid: str) -> None:
            """Tab to a part, as somebody without a mouse does, and open it."""
            for _ in range(60):
                await phone.page.keyboard.press("Tab")
                mark = await phone.page.evaluate("document.activeElement?.dataset.testid ?? ''")
                if mark == testid:
                    await phone.page.keyboard.press("Enter")
                    return
            raise AssertionError(f"{testid} is out of reach")

        await press_until("tab-discover")
        await press_until("discover-moments")
        await press_until("moment-new")
        await expect(phone("moment-words")).to_be_focused()
        await phone.page.keyboard.type("只用键盘")
        await press_until("moment-post")
        await expect(phone("moment").first).to_contain_text("只用键盘")
        await phone.page.keyboard.press("Escape")
        await expect(phone("moments")).to_have_count(0)
        await press_until("tab-me")
        await press_until("me-code")
        await expect(phone("payment-code")).to_be_visible()
        unnamed = (
            "[...document.querySelectorAll('button, input, textarea, iframe')].filter((one) => one.checkVisibility()"
        )
        unnamed += (
            " && !(one.ariaLabel || one.title || one.textContent.trim() || one.labels?.length || one.placeholder))"
        )
        assert await phone.page.evaluate(f"{unnamed}.map((one) => one.outerHTML)") == []


async def test_an_employee_is_added_by_code_and_written_to(browser: Browser, desk: Sandbox) -> None:
    corp = desk.post("/_sandbox/corps", {"name": "青衫"})
    desk.post(f"/_sandbox/corps/{corp['corpid']}/members", {"userid": "lin", "name": "林导购"})
    query = {"corpid": corp["corpid"], "corpsecret": corp["secret"]}
    token = desk.get("/cgi-bin/gettoken", params=query)["access_token"]
    way = {"type": 1, "scene": 2, "user": ["lin"], "state": "store-7"}
    desk.post(f"/cgi-bin/externalcontact/add_contact_way?access_token={token}", way)
    code = desk.get(f"/_sandbox/corps/{corp['corpid']}")["contact_ways"][0]["code_url"]
    me = new_shopper(desk, "顾客")
    async with phone_of(browser, desk, me) as phone:
        await phone.scan(code)
        await phone("dialog-ok").click()
        await expect(phone("chat-title")).to_have_text("林导购@青衫")
        await phone("chat-input").fill("有 M 码吗？")
        await phone.page.keyboard.press("Enter")
        await expect(phone("bubble")).to_have_text("有 M 码吗？")
        await phone.page.keyboard.press("Escape")
        path = f"/_sandbox/corps/{corp['corpid']}/members/lin/customers/{me}"
        desk.post(path, {"act": "say", "text": "有的，给您留一件"})
        await expect(phone("tab-unread")).to_have_text("1")
        await phone.shot("employee-chats")
        await phone("chat-row").filter(has_text="林导购@青衫").click()
        await expect(phone("bubble").last).to_have_text("有的，给您留一件")
        await phone.page.keyboard.press("Escape")
        await expect(phone("tab-unread")).to_have_count(0)
