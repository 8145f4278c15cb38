"""Media, materials, drafts and short keys of official accounts."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.wechat_sandbox.desk import Sandbox

Call = Callable[..., Any]
JPEG = b"\xff\xd8\xff a picture"


@pytest.fixture(scope="module")
def account(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.post("/_sandbox/official-accounts", {"name": "素材"})


@pytest.fixture(scope="module")
def token(sandbox: Sandbox, account: dict[str, Any]) -> str:
    return sandbox.token(account)


@pytest.fixture(scope="module")
def upload(sandbox: Sandbox, token: str) -> Call:
    def upload(path: str, kind: str = "", file: Any = ("a.jpg", JPEG, "image/jpeg"), **form: str) -> Any:
        query = {"access_token": token, "type": kind}
        return sandbox.http.post(path, params=query, files={"media": file}, data=form).json()

    return upload


@pytest.fixture(scope="module")
def call(sandbox: Sandbox, token: str) -> Callable[..., httpx.Response]:
    def call(path: str, data: Any = None, **query: Any) -> httpx.Response:
        method = "GET" if data is None else "POST"
        return sandbox.http.request(method, path, params={"access_token": token, **query}, json=data)

    return call


def test_temporary_media(account: dict[str, Any], sandbox: Sandbox, upload: Call, call: Call) -> None:
    made = upload("/cgi-bin/media/upload", "image")
    assert made["type"] == "image"
    got = call("/cgi-bin/media/get", media_id=made["media_id"])
    assert (got.content, got.headers["content-type"]) == (JPEG, "image/jpeg")
    assert 'filename="a.jpg"' in got.headers["content-disposition"]
    video = upload("/cgi-bin/media/upload", "video", ("a.mp4", b"film", "video/mp4"))
    address = call("/cgi-bin/media/get", media_id=video["media_id"]).json()["video_url"]
    assert httpx.get(address, trust_env=False).content == b"film"
    assert "thumb_media_id" in upload("/cgi-bin/media/upload", "thumb")
    assert call("/cgi-bin/media/get", media_id="none").json()["errcode"] == 40007
    assert call("/cgi-bin/material/get_material", {"media_id": made["media_id"]}).json()["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "file", "errcode"),
    [
        ("x", ("a.jpg", JPEG, "image/jpeg"), 40004),
        ("image", ("a.exe", JPEG, "image/jpeg"), 40005),
        ("thumb", ("a.jpg", b"x" * 70_000, "image/jpeg"), 40006),
        ("image", ("a.jpg", b"", "image/jpeg"), 44001),
    ],
)
def test_wrong_files(upload: Call, kind: str, file: Any, errcode: int) -> None:
    assert upload("/cgi-bin/media/upload", kind, file)["errcode"] == errcode


def test_no_file(call: Call) -> None:
    assert call("/cgi-bin/media/upload", {}, type="image").json()["errcode"] == 41005


def test_large_files(upload: Call) -> None:
    large = ("a.png", b"x" * 5_000_000, "image/png")
    assert "media_id" in upload("/cgi-bin/media/upload", "image", large)


def test_permanent_materials(upload: Call, call: Call) -> None:
    picture = upload("/cgi-bin/material/add_material", "image")
    assert httpx.get(picture["url"], trust_env=False).content == JPEG
    told = '{"title": "开业", "introduction": "湖滨店"}'
    film = ("a.mp4", b"film", "video/mp4")
    video = upload("/cgi-bin/material/add_material", "video", film, description=told)
    assert call("/cgi-bin/material/get_material", {"media_id": video["media_id"]}).json()["title"] == "开业"
    assert call("/cgi-bin/material/get_material", {"media_id": picture["media_id"]}).content == JPEG
    counts = call("/cgi-bin/material/get_materialcount").json()
    assert (counts["image_count"], counts["video_count"]) == (1, 1)
    page = call("/cgi-bin/material/batchget_material", {"type": "image", "offset": 0, "count": 20}).json()
    assert [row["media_id"] for row in page["item"]] == [picture["media_id"]]
    assert call("/cgi-bin/material/batchget_material", {"type": "image", "count": 21}).json()["errcode"] == 40097
    for errcode in (0, 40007):
        gone = call("/cgi-bin/material/del_material", {"media_id": picture["media_id"]}).json()
        assert gone["errcode"] == errcode


def test_pictures_of_articles(upload: Call) -> None:
    assert httpx.get(upload("/cgi-bin/media/uploadimg")["url"], trust_env=False).content == JPEG
    assert upload("/cgi-bin/media/uploadimg", file=("a.gif", b"x", "image/gif"))["errcode"] == 40005
    assert upload("/cgi-bin/media/uploadimg", file=("a.png", b"x" * 1_100_000, "image/png"))["errcode"] == 40009


def test_drafts(upload: Call, call: Call) -> None:
    cover = upload("/cgi-bin/material/add_material", "image")["media_id"]
    article = {"title": "上新", "content": "<p>亚麻</p>", "thumb_media_id": cover}
    made = call("/cgi-bin/draft/add", {"articles": [article]}).json()["media_id"]
    assert call("/cgi-bin/draft/get", {"media_id": made}).json()["news_item"][0]["title"] == "上新"
    assert call("/cgi-bin/draft/count").json()["total_count"] == 1
    assert call("/cgi-bin/draft/batchget", {"offset": 0, "count": 5}).json()["item"][0]["media_id"] == made
    wrong = call("/cgi-bin/draft/add", {"articles": [{**article, "thumb_media_id": "none"}]}).json()
    assert wrong["errcode"] == 40007
    assert call("/cgi-bin/draft/delete", {"media_id": made}).json()["errcode"] == 0


def test_short_keys(call: Call) -> None:
    key = call("/cgi-bin/shorten/gen", {"long_data": "会员=小满", "expire_seconds": 60}).json()["short_key"]
    assert call("/cgi-bin/shorten/fetch", {"short_key": key}).json()["long_data"] == "会员=小满"
    assert call("/cgi-bin/shorten/fetch", {"short_key": "none"}).json()["errcode"] == 40097
    assert call("/cgi-bin/shorten/gen", {"long_data": "x" * 5000}).json()["errcode"] == 45002
