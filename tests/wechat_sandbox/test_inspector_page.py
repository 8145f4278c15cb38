"""The inspector's page in a browser: the list comes alive, says why a signature failed, replays, at two widths."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.wechat_sandbox.desk import Merchant, Sandbox
from tests.wechat_sandbox.test_inspector import PATH, frame, native, send_signed

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser: Browser, sandbox: Sandbox, width: int, query: str = "") -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 800}, locale="zh-CN")
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.goto(f"{sandbox.url}/inspector/{query}")
    expect(page.get_by_test_id("language")).to_be_visible()
    return page, wrong


def refused(merchant: Merchant) -> int:
    """A call whose body was re-serialised after signing; its number."""
    body = json.dumps(native(merchant))
    compact = json.dumps(json.loads(body), separators=(",", ":"))
    return int(send_signed(merchant, "POST", PATH, body, frame("POST", PATH, compact))["id"])


def test_at_a_desk(browser: Browser, sandbox: Sandbox, merchant: Merchant) -> None:
    page, wrong = opened(browser, sandbox, 1280)
    number = refused(merchant)  # after the page was opened: it comes by itself
    row = page.locator(f'[data-testid="row"][data-id="{number}"]')
    expect(row).to_contain_text("验签失败")
    row.click()
    page.keyboard.press("4")
    expect(page.get_by_test_id("hint").first).to_contain_text("重新序列化")
    expect(page.locator(".sides pre")).to_have_count(2)
    expect(page.locator("mark").first).to_be_visible()
    page.get_by_test_id("replay").click()
    expect(page.get_by_test_id("detail")).to_contain_text("验签通过")
    page.get_by_test_id("language").click()
    expect(page.get_by_test_id("tab-signature")).to_have_text("Signature")
    page.keyboard.press("/")
    page.keyboard.type(f"no-such-text-{number}")
    expect(page.get_by_test_id("row")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("row").first).to_be_visible()
    assert not wrong
    page.close()


def test_on_a_phone(browser: Browser, sandbox: Sandbox, merchant: Merchant) -> None:
    number = refused(merchant)
    page, wrong = opened(browser, sandbox, 390, f"?lang=en#{number}")
    expect(page.get_by_test_id("detail")).to_contain_text("re-serialised")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_test_id("back").click()
    expect(page.get_by_test_id("row").first).to_be_in_viewport()
    page.get_by_test_id("faults").click()
    expect(page.get_by_role("dialog")).to_contain_text("None in force")
    assert not wrong
    page.close()


def test_faults_and_the_clock_by_hand(browser: Browser) -> None:
    sandbox = Sandbox()
    try:
        page, wrong = opened(browser, sandbox, 390)
        page.get_by_test_id("faults").click()
        page.get_by_test_id("fault-kind").select_option("notification:doubled")
        page.get_by_test_id("fault-percent").fill("20")
        page.get_by_test_id("fault-match").fill("REFUND.*")
        page.get_by_test_id("add-fault").click()
        expect(page.get_by_test_id("fault")).to_contain_text("20 %")
        (rule,) = sandbox.get("/_sandbox/faults")["items"]
        assert (rule["fault"], rule["event"], rule["probability"]) == ("doubled", "REFUND.*", 0.2)
        page.get_by_test_id("bad-day").click()
        expect(page.get_by_test_id("fault").nth(5)).to_be_attached()
        page.get_by_test_id("end-fault").first.click()
        expect(page.get_by_test_id("faults")).to_have_text(f"⚡ {len(sandbox.get('/_sandbox/faults')['items'])}")
        page.get_by_test_id("end-faults").click()
        expect(page.get_by_test_id("fault")).to_have_count(0)
        page.get_by_test_id("close").click()

        page.get_by_test_id("clock").click()
        page.get_by_test_id("clock-hour1").click()
        expect(page.get_by_test_id("clock")).to_have_text("+ 1 小时")
        page.get_by_test_id("clock-bills").click()
        expect(page.get_by_test_id("clock-now")).to_contain_text("10:30:0")
        page.get_by_test_id("clock-to").fill("2020-01-01T00:00")
        page.get_by_test_id("clock-set").click()
        expect(page.locator("#toast")).to_contain_text("forward")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert sandbox.get("/_sandbox/faults")["items"] == []
        assert [line for line in wrong if "400" not in line] == []  # the clock that was not set back
        page.close()
    finally:
        assert sandbox.stop() == 0


def test_the_front_door_lists_every_account(browser: Browser, sandbox: Sandbox) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800}, locale="zh-CN")
    page.goto(f"{sandbox.url}/_sandbox")
    known = sandbox.get("/_sandbox/accounts")
    merchant = known["merchants"][0]
    card = page.locator(f'[data-testid="account"][data-id="{merchant["mchid"]}"]')
    expect(card).to_contain_text(merchant["apiv3_key"])
    expect(page.get_by_test_id("account")).to_have_count(sum(len(rows) for rows in known.values()))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    with page.expect_download() as file:
        card.get_by_role("link", name="apiclient_key.pem").click()
    assert file.value.path().read_text() == merchant["private_key_pem"]
    page.get_by_test_id("go-phone").click()
    expect(page).to_have_url(re.compile("/phone/"))
    page.close()
