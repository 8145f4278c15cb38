"""Shoppers among themselves over the control API: chats, groups, cards, moments, red packets, bills."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Merchant, Sandbox

LINK = "http://127.0.0.1:8000/shop/qingshan/?sharer=s1&x=%E9%9D%92#/pages/product/product?id=1"


@pytest.fixture
def people(sandbox: Sandbox) -> list[str]:
    return [sandbox.post("/_sandbox/shoppers", {"nickname": name})["shopper_id"] for name in ("甲", "乙", "丙")]


def chats(sandbox: Sandbox, me: str) -> dict[str, Any]:
    items = sandbox.get(f"/_sandbox/shoppers/{me}/friends")["items"]
    return {item["chat_id"]: item for item in items}


def test_a_card_reaches_a_friend_with_its_exact_link(sandbox: Sandbox, people: list[str]) -> None:
    me, friend, stranger = people
    card = {"title": "亚麻衬衫", "desc": "透气", "img_url": "http://127.0.0.1:8000/media/a.png", "link": LINK}
    sandbox.post(f"/_sandbox/shoppers/{me}/friends/{friend}/messages", {"card": card})
    sandbox.post(f"/_sandbox/shoppers/{me}/friends/{friend}/messages", {"content": "好看吗"})
    about = chats(sandbox, friend)[me]
    assert (about["kind"], about["name"], about["unread"], about["last"]["content"]) == ("friend", "甲", 2, "好看吗")
    lines = sandbox.get(f"/_sandbox/shoppers/{friend}/friends/{me}/messages")["messages"]
    assert (lines[0]["kind"], lines[0]["card"]["link"], lines[0]["mine"]) == ("link", LINK, False)
    assert chats(sandbox, friend)[me]["unread"] == 0
    assert chats(sandbox, stranger) == {}
    assert me in {one["shopper_id"] for one in sandbox.get(f"/_sandbox/shoppers/{friend}/friends")["friends"]}


@pytest.mark.parametrize(
    "message",
    [
        {"content": " "},
        {"content": "x" * 2001},
        {"card": {"title": "t", "link": "javascript:alert(1)"}},
        {"card": {"title": "t", "appid": "wxnone", "path": "pages/a"}},
        {"red_packet_fen": 0},
        {"red_packet_fen": 20_001},
        {"red_packet_fen": 100, "count": 2},
        {"unknown": 1},
    ],
)
def test_what_cannot_be_sent_is_refused(sandbox: Sandbox, people: list[str], message: dict[str, Any]) -> None:
    path = f"/_sandbox/shoppers/{people[0]}/friends/{people[1]}/messages"
    assert sandbox.http.post(path, json=message).status_code == 400
    assert chats(sandbox, people[1]) == {}


def test_groups_are_their_members_alone(sandbox: Sandbox, people: list[str]) -> None:
    me, friend, stranger = people
    group = sandbox.post("/_sandbox/groups", {"name": "团购", "members": [me, friend]})["chat_id"]
    sandbox.post(f"/_sandbox/shoppers/{me}/friends/{group}/messages", {"content": "拼一个？"})
    assert chats(sandbox, friend)[group]["name"] == "团购"
    assert chats(sandbox, friend)[group]["unread"] == 1
    path = f"/_sandbox/shoppers/{stranger}/friends/{group}/messages"
    assert sandbox.http.get(path).status_code == 404
    assert sandbox.http.post(path, json={"content": "我也要"}).status_code == 404
    assert sandbox.http.post("/_sandbox/groups", json={"members": [me]}).status_code == 400


def test_the_phone_hears_of_it_at_once(sandbox: Sandbox, people: list[str]) -> None:
    me, friend, _ = people
    with sandbox.http.stream("GET", f"/_sandbox/events/{friend}") as stream:
        heard = stream.iter_lines()
        next(heard)  # hello
        sandbox.post(f"/_sandbox/shoppers/{me}/friends/{friend}/messages", {"content": "在吗"})
        event = next(json.loads(line[5:]) for line in heard if line.startswith("data:") and "在吗" in line)
    assert (event["type"], event["chat_id"]) == ("friend", me)


def test_moments_are_seen_liked_and_commented(sandbox: Sandbox, people: list[str]) -> None:
    me, friend, _ = people
    appid = sandbox.mini_program("青衫")["appid"]
    card = {"title": "上新", "appid": appid, "path": "/pages/product/product?id=1&sharer=s1"}
    made = sandbox.post(f"/_sandbox/shoppers/{me}/moments", {"text": "推荐", "card": card})
    base = f"/_sandbox/shoppers/{friend}/moments"
    assert sandbox.http.put(f"{base}/{made['moment_id']}/like", json={}).status_code == 200
    sandbox.post(f"{base}/{made['moment_id']}/comments", {"content": "买了"})
    seen = sandbox.get(base)["items"][0]
    assert seen["author"]["nickname"] == "甲"
    assert seen["card"]["path"] == card["path"]
    assert (seen["liked"], seen["likes"], seen["comments"][0]["content"]) == (True, ["乙"], "买了")
    assert sandbox.http.post(base, json={"text": " "}).status_code == 400


def test_red_packets_are_shared_out_to_the_fen(sandbox: Sandbox, people: list[str]) -> None:
    group = sandbox.post("/_sandbox/groups", {"members": people})["chat_id"]
    path = f"/_sandbox/shoppers/{people[0]}/friends/{group}/messages"
    packet = sandbox.post(path, {"red_packet_fen": 1000, "count": 3, "greeting": "开工"})["packet_id"]
    before = [sandbox.get(f"/_sandbox/shoppers/{one}/bills")["balance_fen"] for one in people]
    for one in [*people, people[1]]:
        sandbox.post(f"/_sandbox/shoppers/{one}/red-packets/{packet}/open")
    view = sandbox.get(f"/_sandbox/shoppers/{people[2]}/red-packets/{packet}")
    taken = {share["shopper_id"]: share["amount_fen"] for share in view["shares"]}
    assert sum(taken.values()) == 1000
    assert min(taken.values()) > 0
    after = [sandbox.get(f"/_sandbox/shoppers/{one}/bills")["balance_fen"] for one in people]
    assert [new - old for new, old in zip(after, before, strict=True)] == [taken[one] for one in people]
    outsider = sandbox.post("/_sandbox/shoppers")["shopper_id"]
    assert sandbox.http.post(f"/_sandbox/shoppers/{outsider}/red-packets/{packet}/open").status_code == 404


def test_one_cannot_take_ones_own_gift_to_a_friend(sandbox: Sandbox, people: list[str]) -> None:
    me, friend, _ = people
    path = f"/_sandbox/shoppers/{me}/friends/{friend}/messages"
    packet = sandbox.post(path, {"red_packet_fen": 520})["packet_id"]
    assert sandbox.post(f"/_sandbox/shoppers/{me}/red-packets/{packet}/open")["mine_fen"] is None
    assert sandbox.post(f"/_sandbox/shoppers/{friend}/red-packets/{packet}/open")["mine_fen"] == 520
    kinds = [bill["kind"] for bill in sandbox.get(f"/_sandbox/shoppers/{friend}/bills")["items"]]
    assert kinds == ["red_packet_in"]


def test_the_bill_list_follows_payments_and_refunds(
    sandbox: Sandbox, merchant: Merchant, shopper: str, openid: str
) -> None:
    order = merchant.prepay(openid)
    prepaid = merchant.call("POST", "/v3/pay/transactions/jsapi", order).raise_for_status().json()
    params = merchant.pay_params(prepaid["prepay_id"])
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", {"pay_params": params})["sheet_id"]
    sandbox.post(f"/_sandbox/sheets/{sheet}/pay")
    wallet = sandbox.get(f"/_sandbox/shoppers/{shopper}/bills")
    (bill,) = wallet["items"]
    assert (bill["kind"], bill["amount_fen"], bill["merchant_number"]) == ("payment", -12900, order["out_trade_no"])
    assert (wallet["spent_fen"], wallet["balance_fen"]) == (12900, 1_000_000 - 12900)


def test_a_mini_program_opens_at_the_page_of_its_path(sandbox: Sandbox, shopper: str) -> None:
    appid = sandbox.mini_program("麦香")["appid"]
    opened = f"/_sandbox/shoppers/{shopper}/mini-programs/{appid}/open"
    home = {"home_url": "http://127.0.0.1:8000/shop/maixiang/"}
    assert sandbox.http.put(f"/_sandbox/mini-programs/{appid}", json={"home_url": "ftp://x"}).status_code == 400
    sandbox.http.put(f"/_sandbox/mini-programs/{appid}", json=home).raise_for_status()
    assert sandbox.post(opened, {})["url"] == "http://127.0.0.1:8000/shop/maixiang/"
    by_card = sandbox.post(opened, {"path": "/pages/product/product?id=7&sharer=s1"})["url"]
    assert by_card.endswith("/shop/maixiang/?id=7&sharer=s1#/pages/product/product?id=7&sharer=s1")
    by_code = sandbox.post(opened, {"path": "pages/home/home", "scene": "l=AB&m=maixiang"})["url"]
    scene = "?scene=l%253DAB%2526m%253Dmaixiang"  # once for the address, once as WeChat hands a scene to a page
    assert by_code.endswith(f"/shop/maixiang/{scene}#/pages/home/home{scene}")
    recent = sandbox.get(f"/_sandbox/shoppers/{shopper}/mini-programs")["items"][0]
    assert (recent["appid"], recent["runs"], bool(recent["opened_at"])) == (appid, True, True)


def test_a_fresh_web_view_empties_the_jar_before_it_opens(sandbox: Sandbox, shopper: str) -> None:
    url = "http://127.0.0.1:8000/shop/qingshan/?sharer=1#/pages/a?b=c&d=%E9%9D%92"
    emptied = sandbox.http.get(f"/_sandbox/webview/{shopper}", params={"url": url, "fresh": True})
    assert emptied.headers["clear-site-data"] == '"cookies"'
    assert "set-cookie" not in emptied.headers
    opened = sandbox.http.get(emptied.headers["location"])
    assert opened.headers["location"] == url
    assert opened.headers["set-cookie"].startswith(f"wechat_sandbox_shopper={shopper};")


def test_what_friends_said_outlives_a_kill(tmp_path: Path) -> None:
    sandbox = Sandbox("--state", str(tmp_path / "state.db"))
    try:
        me, friend = (sandbox.post("/_sandbox/shoppers")["shopper_id"] for _ in range(2))
        path = f"/_sandbox/shoppers/{me}/friends/{friend}/messages"
        sandbox.post(path, {"card": {"title": "一件衬衫", "link": LINK}})
        packet = sandbox.post(path, {"red_packet_fen": 88})["packet_id"]
        sandbox.post(f"/_sandbox/shoppers/{me}/moments", {"text": "你好"})
        sandbox.restart(hard=True)
        lines = sandbox.get(f"/_sandbox/shoppers/{friend}/friends/{me}/messages")["messages"]
        assert [line["kind"] for line in lines] == ["link", "red_packet"]
        assert lines[0]["card"]["link"] == LINK
        assert sandbox.post(f"/_sandbox/shoppers/{friend}/red-packets/{packet}/open")["mine_fen"] == 88
        assert sandbox.get(f"/_sandbox/shoppers/{friend}/moments")["items"][0]["text"] == "你好"
    finally:
        sandbox.stop()
