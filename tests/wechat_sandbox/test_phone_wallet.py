"""The phone's wallet and friends in a real browser, against the real sandbox."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.wechat_sandbox.desk import Merchant, Sandbox, wait_for
from tests.wechat_sandbox.phone_page import browser as browser
from tests.wechat_sandbox.phone_page import new_shopper, phone_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TRANSFERS = "/v3/fund-app/mch-transfer/transfer-bills"


@pytest.fixture(scope="module")
def desk() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    assert sandbox.stop() == 0


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
        wait_for(lambda: merchant.call("GET", path).json()["incoming_user_response"], what="her word to the merchant")


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
