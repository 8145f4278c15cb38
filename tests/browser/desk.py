"""A phone signs a desktop's browser in."""

from bench.mall import Shopper, wait_for
from playwright.async_api import expect

from tests.browser.window import Window


def texts(shopper: Shopper, appid: str) -> list[str]:
    """What the account said in words."""
    return [m["content"] for m in shopper.chat(appid) if m["from"] == "account" and m["kind"] == "text"]


async def sign_in_by_phone(shop: Window, shopper: Shopper, opener: str, *, shots: bool = False) -> None:
    """Taps what asks for a sign-in, scans the code that appears, and answers the chat with the digits."""
    async with shop.page.expect_response("**/desktop-sign-ins") as began:
        await shop.tap(opener)
    await shop.see("desktop-sign-in-qr")
    if shots:
        await shop.shot("desktop-sign-in")
    appid = shopper.scan_and_follow((await (await began.value).json())["qr_content"])
    asked = wait_for(lambda: next((t for t in texts(shopper, appid) if "两位数字" in t), None), "the chat asks nothing")
    assert "Chrome · Linux" in asked
    await shop.see("desktop-sign-in-digits")
    if shots:
        await shop.shot("desktop-digits")
    digits = await shop("desktop-sign-in-digits").inner_text()
    shopper.phone(f"/chats/{appid}/text", {"content": digits})
    await expect(shop("desktop-sign-in")).to_have_count(0)
