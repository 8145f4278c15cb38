"""Codes, links and content checks of mini programs."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Receiver, Sandbox

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def app(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    row = sandbox.post("/_sandbox/mini-programs", {"name": "码"})
    settings = {"pages": ["pages/home/home", "pages/goods/goods"]}
    sandbox.http.put(f"/_sandbox/apps/{row['appid']}/settings", json=settings).raise_for_status()
    return row


@pytest.fixture(scope="module")
def call(sandbox: Sandbox, app: dict[str, Any]) -> Call:
    token = sandbox.token(app)

    def call(path: str, data: Any, errcode: int = 0) -> Any:
        response = sandbox.http.post(path, params={"access_token": token}, json=data)
        if response.headers["content-type"] == "image/jpeg":
            assert errcode == 0
            return response.content
        answer = response.json()
        assert answer["errcode"] == errcode, answer
        return answer

    return call


def test_codes_check_the_page(call: Call) -> None:
    asked = {"scene": "l=AB", "page": "pages/home/home"}
    assert call("/wxa/getwxacodeunlimit", asked)[:2] == b"\xff\xd8"
    call("/wxa/getwxacodeunlimit", {**asked, "page": "pages/none/none"}, 41030)
    call("/wxa/getwxacodeunlimit", {**asked, "page": "/pages/home/home"}, 41030)
    assert call("/wxa/getwxacodeunlimit", {**asked, "page": "pages/none/none", "check_path": False})
    for scene in ("", "x" * 33, "汉字", "a b"):
        call("/wxa/getwxacodeunlimit", {**asked, "scene": scene}, 40169)
    assert call("/wxa/getwxacode", {"path": "pages/goods/goods?id=1"})[:2] == b"\xff\xd8"
    call("/wxa/getwxacode", {"path": ""}, 40159)


def test_links_open_the_mini_program(sandbox: Sandbox, app: dict[str, Any], call: Call, shopper: str) -> None:
    jump = {"path": "/pages/goods/goods", "query": "id=1"}
    made = [
        call("/wxa/generatescheme", {"jump_wxa": jump})["openlink"],
        call("/wxa/generate_urllink", jump)["url_link"],
        call("/wxa/genwxashortlink", {"page_url": "pages/goods/goods?id=1"})["link"],
    ]
    for link in made:
        opened = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": link})
        assert (opened["action"], opened["page"], opened["scene"]) == (
            "open_mini_program",
            "pages/goods/goods",
            "id=1",
        )
    info = call("/wxa/queryscheme", {"scheme": made[0]})["scheme_info"]
    assert (info["appid"], info["path"]) == (app["appid"], "pages/goods/goods")
    assert info["expire_time"] <= time.time() + 31 * 86400
    call("/wxa/query_urllink", {"url_link": "https://wxaurl.cn/none"}, 40097)
    call("/wxa/generate_urllink", {"path": "pages/none/none"}, 40165)
    call("/wxa/generate_urllink", {**jump, "is_expire": True, "expire_type": 1, "expire_interval": 31}, 85402)
    call("/wxa/generate_urllink", {**jump, "is_expire": True, "expire_time": 1}, 85401)


def test_texts(sandbox: Sandbox, app: dict[str, Any], call: Call, shopper: str) -> None:
    asked = {"version": 2, "scene": 2, "content": "衣服很好", "openid": sandbox.openid(shopper, app["appid"])}
    assert call("/wxa/msg_sec_check", asked)["result"] == {"suggest": "pass", "label": 100}
    assert call("/wxa/msg_sec_check", {**asked, "content": "来赌博吧"})["result"] == {
        "suggest": "risky",
        "label": 20006,
    }
    assert call("/wxa/msg_sec_check", {**asked, "content": "加微信"})["result"]["suggest"] == "review"
    call("/wxa/msg_sec_check", {**asked, "scene": 9}, 40129)
    call("/wxa/msg_sec_check", {**asked, "openid": "oNobody"}, 40003)
    call("/wxa/msg_sec_check", {**asked, "content": ""}, 44002)
    call("/wxa/msg_sec_check", {"content": "risky"}, 87014)  # 1.0
    settings = {"risky_words": {"山寨": 20013}}
    sandbox.http.put(f"/_sandbox/apps/{app['appid']}/settings", json=settings).raise_for_status()
    assert call("/wxa/msg_sec_check", {**asked, "content": "山寨货"})["result"] == {"suggest": "risky", "label": 20013}


def test_who_was_not_here_cannot_be_checked(
    sandbox: Sandbox, app: dict[str, Any], call: Call, shopper: str, openid: str
) -> None:
    asked = {"version": 2, "scene": 2, "content": "好"}
    call("/wxa/msg_sec_check", {**asked, "openid": openid}, 43104)  # the openid is another app's
    templates = sandbox.get(f"/_sandbox/apps/{app['appid']}/templates")["items"]
    known = {"appid": app["appid"], "template_ids": [templates[0]["template_id"]]}
    sandbox.post(f"/_sandbox/shoppers/{shopper}/subscriptions", known)  # knows the shopper, who did not log in
    rows = sandbox.get(f"/_sandbox/shoppers/{shopper}")["identities"]
    stranger = next(row["openid"] for row in rows if row["appid"] == app["appid"])
    call("/wxa/msg_sec_check", {**asked, "openid": stranger}, 61010)
    assert sandbox.openid(shopper, app["appid"]) == stranger
    call("/wxa/msg_sec_check", {**asked, "openid": stranger})


def test_pictures(sandbox: Sandbox, app: dict[str, Any], call: Call, shopper: str, receiver: Receiver) -> None:
    callback = f"/_sandbox/mini-programs/{app['appid']}/callback"
    sandbox.http.put(callback, json={"callback_url": receiver.url}).raise_for_status()
    asked = {"version": 2, "scene": 2, "media_type": 2, "openid": sandbox.openid(shopper, app["appid"])}
    trace_id = call("/wxa/media_check_async", {**asked, "media_url": "https://img.example.com/risky.jpg"})["trace_id"]
    body = receiver.wait(1)[0].body.decode()
    assert "<Event><![CDATA[wxa_media_check]]></Event>" in body
    assert f"<trace_id><![CDATA[{trace_id}]]></trace_id>" in body
    assert "<result><suggest><![CDATA[risky]]></suggest><label>21000</label></result>" in body
    call("/wxa/media_check_async", {**asked, "media_url": "x"}, 40097)
    sandbox.http.put(callback, json={"callback_url": None}).raise_for_status()


@pytest.mark.parametrize(("content", "errcode"), [(b"\xff\xd8 fine", 0), (b"\xff\xd8 RISKY", 87014)])
def test_uploaded_pictures(sandbox: Sandbox, app: dict[str, Any], content: bytes, errcode: int) -> None:
    answer = sandbox.http.post(
        "/wxa/img_sec_check",
        params={"access_token": sandbox.token(app)},
        files={"media": ("a.jpg", content, "image/jpeg")},
    ).json()
    assert answer["errcode"] == errcode
