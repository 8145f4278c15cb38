"""The phone in a real browser, against the real sandbox and a mall of one page."""

from collections.abc import AsyncGenerator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.wechat_sandbox.desk import Sandbox, wait_for
from tests.wechat_sandbox.phone_mall import Mall
from tests.wechat_sandbox.phone_page import ARGUMENTS, CHROMIUM, new_shopper, phone_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MENU = [
    {"name": "商城", "type": "view", "url": "MALL"},
    {"name": "会员", "sub_button": [{"name": "会员卡", "type": "click", "key": "card"}]},
]


@pytest.fixture(scope="module")
def desk() -> Iterator[Sandbox]:
    """A sandbox of this module's own, since its accounts get a callback and a menu."""
    sandbox = Sandbox()
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture(scope="module")
def mall(desk: Sandbox) -> Iterator[Mall]:
    account = desk.official_account("青衫")
    mall = Mall(desk, desk.merchant("1900000101"), account)
    settings = {"callback_url": f"{mall.url}/callback"}
    desk.http.put(f"/_sandbox/official-accounts/{account['appid']}", json=settings).raise_for_status()
    menu = [{**button, "url": f"{mall.url}/mall"} if "url" in button else button for button in MENU]
    assert mall.call("/cgi-bin/menu/create", {"button": menu})["errcode"] == 0
    yield mall
    mall.close()


@pytest.fixture(scope="module")
async def browser() -> AsyncGenerator[Browser, None]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


async def test_a_shopper_scans_follows_chats_and_pays(browser: Browser, desk: Sandbox, mall: Mall) -> None:
    mall.code("store-7")
    async with phone_of(browser, desk, None) as phone:
        await phone("new-nickname").fill("林小满")
        await phone.shot("who")
        await phone("create-shopper").click()
        await phone("empty-scan").click()
        await phone.shot("scan")
        await phone("scan-code", scene="store-7").click()

        await expect(phone("account-name")).to_have_text("青衫")
        await phone("follow").click()
        await expect(phone("chat-title")).to_have_text("青衫")
        await expect(phone("bubble")).to_contain_text("你来自 qrscene_store-7")
        await phone("chat-toggle").click()
        await phone("chat-input").fill("有 M 码吗？")
        await phone("chat-send").click()
        await expect(phone("bubble").last).to_have_text("收到：有 M 码吗？")
        await phone("chat-toggle").click()
        await phone("menu-button").nth(1).click()
        await phone("sub-menu-button").click()
        await expect(phone("bubble").last).to_have_text("点了 card")
        await phone.shot("chat")

        await phone("menu-button").first.click()
        await expect(phone.web.locator("#who")).to_have_text("林小满")
        await expect(phone("web-title")).to_have_text("青衫商城")
        await expect(phone.web.locator("#config")).to_have_text("bridge ready")
        await phone.web.locator("#choose").click()
        await expect(phone("pay-merchant")).to_have_text("青衫")
        await expect(phone("pay-amount")).to_have_text("¥129.00")
        await expect(phone("pay-description")).to_have_text("青衫 亚麻衬衫 × 1")
        await phone.shot("pay")
        await phone("pay-confirm").click()
        await expect(phone("paid-amount")).to_have_text("¥129.00")
        await phone.shot("paid")
        await phone("paid-done").click()
        await expect(phone.web.locator("#result")).to_have_text("success chooseWXPay:ok")
        wait_for(lambda: len(mall.notified) == 1, what="the notification")
        assert mall.notified[0]["trade_state"] == "SUCCESS"
        await phone.shot("web")

        await phone("web-close").click()
        await phone("nav-back").click()
        await phone("tab-me").click()
        await expect(phone("me-nickname")).to_have_text("林小满")
        await phone("me-wallet").click()
        await expect(phone("wallet-spent")).to_have_text("¥129.00")
        await phone("payment").click()
        await expect(phone("receipt")).to_contain_text(mall.notified[0]["transaction_id"])
        await phone.shot("receipt")


async def test_what_a_page_may_and_may_not(browser: Browser, desk: Sandbox, mall: Mall) -> None:
    me, friend = new_shopper(desk, "周远"), new_shopper(desk, "陈一")
    async with phone_of(browser, desk, me) as phone:
        await phone.open_link(f"{mall.url}/mall")
        result = phone.web.locator("#result")
        await phone.web.locator("#invoke").click()
        await phone("pay-close").click()
        await expect(result).to_have_text("get_brand_wcpay_request:cancel")
        await phone.web.locator("#choose").click()
        await expect(phone("pay-confirm")).to_be_focused()
        await phone.page.keyboard.press("Escape")
        await expect(result).to_have_text("cancel chooseWXPay:cancel")
        await phone.web.locator("#forged").click()
        await expect(phone("dialog-text")).to_have_text("支付验证签名失败")
        await phone("dialog-ok").click()
        await expect(result).to_have_text("get_brand_wcpay_request:fail")
        await phone.web.locator("#place").click()  # not in its jsApiList
        await expect(result).to_have_text("getLocation:the permission value is offline verifying")
        await phone.web.locator("#scan").click()
        await phone("scan-paste").click()
        await phone("scan-content").fill("just words")
        await phone("scan-submit").click()
        await expect(result).to_have_text("just words")

        await phone.web.locator("#next").click()
        await expect(phone("web-title")).to_have_text("second")
        await phone("web-back").click()
        await expect(phone("web-back")).to_be_hidden()
        await phone("web-more").click()
        await phone("web-share").click()
        await expect(phone("share-title")).to_have_text("青衫 亚麻衬衫")
        await phone("share-words").fill("这件好看")
        await phone("share-friend", shopper=friend).click()
        await expect(phone("toast")).to_have_text("已发送")
        await phone.web.locator("#hide").click()
        await expect(phone("web-more")).to_be_hidden()
        await phone.web.locator("#shut").click()
        await expect(phone("webview")).to_have_count(0)
        assert len(desk.get(f"/_sandbox/shoppers/{me}")["wallet"]["bills"]) == 0
    async with phone_of(browser, desk, friend) as phone:
        await expect(phone("chat-last")).to_have_text("这件好看")
        await phone("chat-row", chat=me).click()
        await expect(phone("link-card", link=f"{mall.url}/mall#shared")).to_contain_text("青衫 亚麻衬衫")
        await phone.shot("friend")
        await phone("link-card").click()
        await expect(phone.web.locator("#who")).to_have_text("陈一")  # another shopper, a jar of their own


async def test_a_wrong_config_is_told_and_binds(browser: Browser, desk: Sandbox, mall: Mall) -> None:
    mall.forge_config = True
    try:
        async with phone_of(browser, desk, new_shopper(desk, "何青")) as phone:
            await phone.open_link(f"{mall.url}/mall")
            await expect(phone.web.locator("#config")).to_have_text("bridge config:invalid signature ready")
            await phone.web.locator("#choose").click()
            said = "fail chooseWXPay:the permission value is offline verifying"
            await expect(phone.web.locator("#result")).to_have_text(said)
    finally:
        mall.forge_config = False


async def test_outside_the_phone_there_is_no_bridge(browser: Browser, desk: Sandbox, mall: Mall) -> None:
    page = await browser.new_page(extra_http_headers={"X-Sandbox-Shopper": new_shopper(desk, "外面")})
    await page.goto(f"{mall.url}/mall")
    await expect(page.locator("#who")).to_have_text("外面")
    assert await page.evaluate("[typeof wx.config, typeof window.WeixinJSBridge]") == ["function", "undefined"]
    await expect(page.locator("#config")).to_have_text("")
    await page.close()


async def test_a_native_code_is_paid_by_scanning(browser: Browser, desk: Sandbox, mall: Mall) -> None:
    data = mall.merchant.prepay("", f"{mall.url}/notify")
    del data["payer"]
    data["amount"]["total"] = 5
    made = mall.merchant.call("POST", "/v3/pay/transactions/native", data).raise_for_status().json()
    async with phone_of(browser, desk, new_shopper(desk, "过客")) as phone:
        await phone.scan(made["code_url"])
        await expect(phone("pay-amount")).to_have_text("¥0.05")
        await phone("pay-confirm").click()
        await phone("paid-done").click()
        await phone.scan(made["code_url"])
        await expect(phone("toast")).to_have_text("该订单已支付")
        await phone.scan("hello")
        await expect(phone("dialog-text")).to_have_text("hello")


async def test_messages_arrive_while_elsewhere(browser: Browser, desk: Sandbox, mall: Mall) -> None:
    me, appid = new_shopper(desk, "守候"), mall.account["appid"]
    desk.post(f"/_sandbox/shoppers/{me}/follow", {"appid": appid})
    openid = desk.openid(me, appid)
    async with phone_of(browser, desk, me) as phone:
        await phone("tab-me").click()
        template = {"keyword1": {"value": "QS001"}, "amount2": {"value": "¥129.00"}, "remark": {"value": "点击查看"}}
        sent = {"touser": openid, "template_id": "paid", "url": f"{mall.url}/mall", "data": template}
        assert mall.call("/cgi-bin/message/template/send", sent)["errcode"] == 0
        await expect(phone("banner")).to_be_visible()
        await expect(phone("tab-unread")).to_have_text("2")
        await phone.shot("banner")
        await phone("banner").click()
        await expect(phone("message", kind="template")).to_contain_text("¥129.00")
        article = {"title": "秋日上新", "description": "三种剪裁", "url": f"{mall.url}/mall", "picurl": ""}
        news = {"touser": openid, "msgtype": "news", "news": {"articles": [article]}}
        assert mall.call("/cgi-bin/message/custom/send", news)["errcode"] == 0
        await expect(phone("message", kind="news")).to_contain_text("秋日上新")
        await expect(phone("banner")).to_have_count(0)  # one is looking at this chat
        await phone.shot("cards")
        await phone("template-open").click()
        await expect(phone.web.locator("#who")).to_have_text("守候")
        await phone("web-close").click()

        await phone("chat-profile").click()
        await phone("account-more").click()
        await phone("action-unfollow").click()
        await phone("dialog-ok").click()
        await expect(phone("follow")).to_be_visible()
        assert desk.get(f"/_sandbox/shoppers/{me}/chats")["items"][0]["following"] is False


async def test_the_desk_and_the_keyboard(browser: Browser, desk: Sandbox, mall: Mall) -> None:
    content = mall.code("counter-3")
    async with phone_of(browser, desk, new_shopper(desk, "键盘"), wide=True) as phone:
        await phone("desk-code", content=content).click()
        await expect(phone("account-name")).to_have_text("青衫")
        await phone("follow").focus()
        await phone.page.keyboard.press("Enter")
        await expect(phone("bubble")).to_contain_text("qrscene_counter-3")
        await expect(phone("log-line", what="subscribe").first).to_contain_text("200")
        await phone.shot("desk")
        await phone.page.keyboard.press("Escape")
        await expect(phone("chat")).to_have_count(0)
        await expect(phone("chat-row")).to_be_visible()
        await phone("desk-code", content=content).click()  # follows already: straight to the chat
        await expect(phone("chat-title")).to_have_text("青衫")


async def test_fits_a_small_phone_and_asks_no_other_host(browser: Browser, desk: Sandbox, mall: Mall) -> None:
    asked: list[str] = []
    async with phone_of(browser, desk, new_shopper(desk, "一个名字很长很长很长很长的人")) as phone:
        phone.page.on("request", lambda request: asked.append(request.url))
        await phone.page.reload()
        for tab in ("contacts", "discover", "me", "chats"):
            await phone(f"tab-{tab}").click()
            width = await phone.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 375
        await phone.page.goto(f"{desk.url}/phone/?lang=en")
        await expect(phone("tab-me")).to_have_text("Me")
    assert asked
    assert all(url.startswith((desk.url, "data:")) for url in asked)


async def test_a_restarted_sandbox_asks_again_who_one_is(browser: Browser) -> None:
    desk = Sandbox()
    try:
        async with phone_of(browser, desk, new_shopper(desk, "健忘")) as phone:
            await expect(phone("home")).to_be_visible()
            desk.restart(hard=False)  # without a state file all is forgotten
            await expect(phone("who")).to_be_visible(timeout=15000)
    finally:
        desk.stop()
