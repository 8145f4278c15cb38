"""Temporary media, permanent materials and drafts.

Sources: developers.weixin.qq.com 素材管理: 新增/获取临时素材, 上传图文消息内的图片 (1 MB, jpg or png), 永久素材
(`add_material`, `get_material`, `del_material`, `get_materialcount`, `batchget_material` of 1 to 20), 草稿箱.
"""

from typing import Any, cast

import msgspec
from msgspec import Struct, field

from wechat_sandbox import media
from wechat_sandbox.asgi import Answer, Request
from wechat_sandbox.models_apps import Media
from wechat_sandbox.multipart import Part, read_file, read_parts
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, account_of, caller_app, read_body
from wechat_sandbox.wx_errors import WxError


class MediaIdBody(Struct):
    """POST get_material, del_material, draft/get, draft/delete."""

    media_id: str = ""


class BatchBody(Struct):
    """POST batchget_material and draft/batchget."""

    type: str = ""
    offset: int = 0
    count: int = 20
    no_content: int = 0


class Article(Struct):
    """One of a draft."""

    title: str = ""
    author: str = ""
    digest: str = ""
    content: str = ""
    content_source_url: str = ""
    thumb_media_id: str = ""
    need_open_comment: int = 0
    only_fans_can_comment: int = 0


class DraftBody(Struct):
    """POST draft/add."""

    articles: list[Article] = field(default_factory=list[Article])


def upload(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/media/upload?type= of official accounts and mini programs."""
    app = caller_app(world, request)
    kind = request.query.get("type", "")
    if kind not in ("image", "voice", "video", "thumb"):
        raise WxError(40004)
    row = media.keep(world, app.appid, kind, read_file(request, "media"), permanent=False)
    name = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, name: row.media_id, "created_at": int(row.created_at)}


def download(world: World, request: Request) -> dict[str, Any] | Answer:
    """GET /cgi-bin/media/get?media_id=: the file, of a video its address."""
    app = caller_app(world, request)
    row = media.find(world, app.appid, request.query.get("media_id", ""), permanent=False)
    return {"video_url": media.url(world, row)} if row.kind == "video" else media.content(row)


def upload_image(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/media/uploadimg: a picture for articles; it does not count as material."""
    account = account_of(world, request)
    file = read_file(request, "media")
    if file.name.rpartition(".")[2].lower() not in ("jpg", "jpeg", "png"):
        raise WxError(40005)
    if len(file.content) > media.MIB:
        raise WxError(40009)
    row = media.keep(world, "article:" + account.appid, "image", file, permanent=True)
    return {"url": media.url(world, row)}


def show(world: World, request: Request) -> Answer:
    """GET /mmbiz/{media_id}/0: a picture for anybody."""
    row = world.apps.media.get(request.params.get("media_id", ""))
    if row is None or row.kind == "news":
        return Answer(404, b"", b"text/plain")
    return media.content(row)


def add(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/material/add_material?type=; a video tells title and introduction in `description`."""
    account = account_of(world, request)
    parts = read_parts(request)
    kind = request.query.get("type", "") or next(
        (part.content.decode("utf-8", "replace") for part in parts if part.field == "type"), ""
    )
    if kind not in ("image", "voice", "video", "thumb"):
        raise WxError(40004)
    info = _description(parts) if kind == "video" else {}
    row = media.keep(world, account.appid, kind, read_file(request, "media"), permanent=True, info=info)
    answer = {"media_id": row.media_id}
    if kind in ("image", "thumb"):
        answer["url"] = media.url(world, row)
    return answer


def _description(parts: list[Part]) -> dict[str, Any]:
    for part in parts:
        if part.field == "description":
            try:
                told = msgspec.json.decode(part.content)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise WxError(47001) from error
            if isinstance(told, dict):
                given = cast("dict[str, Any]", told)
                return {name: str(given.get(name, ""))[:1000] for name in ("title", "introduction")}
    return {"title": "", "introduction": ""}


def get(world: World, request: Request) -> dict[str, Any] | Answer:
    """POST /cgi-bin/material/get_material: the file; of a video what was told of it, of news its articles."""
    account = account_of(world, request)
    row = media.find(world, account.appid, read_body(request, MediaIdBody).media_id, permanent=True)
    if row.kind == "video":
        return {
            "title": row.info.get("title", ""),
            "description": row.info.get("introduction", ""),
            "down_url": media.url(world, row),
        }
    if row.kind == "news":
        return {"news_item": row.info["news_item"]}
    return media.content(row)


def delete(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/material/del_material and draft/delete"""
    account = account_of(world, request)
    row = media.find(world, account.appid, read_body(request, MediaIdBody).media_id, permanent=True)
    world.apps.media.delete(row.media_id)
    return OK


def _mine(world: World, appid: str, kind: str) -> list[Media]:
    rows = [row for row in world.apps.media.values() if row.owner == appid and row.kind == kind]
    return sorted((row for row in rows if row.expires_at is None), key=lambda row: -row.created_at)


def count(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/material/get_materialcount"""
    account = account_of(world, request)
    return {f"{kind}_count": len(_mine(world, account.appid, kind)) for kind in ("voice", "video", "image", "news")}


def batch_get(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/material/batchget_material"""
    account = account_of(world, request)
    asked = read_body(request, BatchBody)
    if asked.type not in ("image", "voice", "video", "news"):
        raise WxError(40004)
    return _page(world, account.appid, asked.type, asked)


def _page(world: World, appid: str, kind: str, asked: BatchBody) -> dict[str, Any]:
    if asked.offset < 0 or not 1 <= asked.count <= 20:
        raise WxError(40097)
    rows = _mine(world, appid, kind)
    page = rows[asked.offset : asked.offset + asked.count]
    items: list[dict[str, Any]] = []
    for row in page:
        item: dict[str, Any] = {"media_id": row.media_id, "update_time": int(row.created_at)}
        if kind == "news":
            item["content"] = {"news_item": row.info["news_item"]}
        else:
            item |= {"name": row.name} | ({"url": media.url(world, row)} if kind == "image" else {})
        items.append(item)
    return {"total_count": len(rows), "item_count": len(items), "item": items}


def draft_add(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/draft/add -> media_id; the cover must be a permanent picture."""
    account = account_of(world, request)
    articles = read_body(request, DraftBody).articles
    if not 1 <= len(articles) <= 8:
        raise WxError(40097)
    for article in articles:
        if not article.title or not article.content:
            raise WxError(44004)
        media.find(world, account.appid, article.thumb_media_id, permanent=True)
    news = cast("list[dict[str, Any]]", msgspec.to_builtins(articles))
    row = media.keep(world, account.appid, "file", Part("", "draft", "", b""), permanent=True)
    row.kind, row.info = "news", {"news_item": news}
    world.apps.media.put(row.media_id, row)
    return {"media_id": row.media_id}


def draft_get(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/draft/get"""
    account = account_of(world, request)
    row = media.find(world, account.appid, read_body(request, MediaIdBody).media_id, permanent=True)
    if row.kind != "news":
        raise WxError(40007)
    return {"news_item": row.info["news_item"]}


def draft_count(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/draft/count"""
    return {"total_count": len(_mine(world, account_of(world, request).appid, "news"))}


def draft_batch_get(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/draft/batchget"""
    account = account_of(world, request)
    return _page(world, account.appid, "news", read_body(request, BatchBody))
