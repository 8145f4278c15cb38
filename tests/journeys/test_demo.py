"""The demo as `bihuan up --demo` leaves it: connected to the sandbox, with codes, greetings and menus."""

import json

import pytest
from bench.mall import Mall, wait_for

ACCOUNTS = {"qingshan": ("青衫", "safe"), "maixiang": ("麦香", "plain"), "xiaoman": ("小满手作", "plain")}


@pytest.mark.parametrize("code", ACCOUNTS)
def test_a_shopper_who_scans_a_printed_code_is_greeted_and_finds_the_menu(mall: Mall, code: str) -> None:
    name, mode = ACCOUNTS[code]
    console = mall.staff(code)
    labels = console.get("/api/merchant/labels", params={"limit": 100}).json()["items"]
    assert all(label["qr_content"] for label in labels)
    shopper = mall.new_shopper(f"扫码{name}")
    appid = shopper.scan_and_follow(labels[-1]["qr_content"])
    greeting = wait_for(lambda: shopper.chat(appid), "no greeting came")
    assert name in json.dumps(greeting, ensure_ascii=False)
    (chat,) = [
        chat
        for chat in mall.sandbox.get(f"/_sandbox/shoppers/{shopper.id}/chats").json()["items"]
        if chat["appid"] == appid
    ]
    assert [button["name"] for button in chat["menu"]] == ["逛商城", "我的", "联系我们"]
    accounts = mall.sandbox.get("/_sandbox/accounts").json()["official_accounts"]
    (account,) = [account for account in accounts if account["appid"] == appid]
    assert account["callback_url"] == f"{mall.url}/wechat/{code}/official-account"
    assert account["mode"] == mode
    shopper.phone(f"/chats/{appid}/menu", {"key": "客服"})
    wait_for(lambda: len(shopper.chat(appid)) > len(greeting), "the menu's button answers nothing")


def test_seeding_a_running_mall_again_changes_nothing(mall: Mall) -> None:
    before = (mall.home / "demo.json").read_bytes()
    done = mall.cli("seed", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["created"], summary["connected"]) == ([], [])
    assert (mall.home / "demo.json").read_bytes() == before
