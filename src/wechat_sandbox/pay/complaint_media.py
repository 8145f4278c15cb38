"""Pictures of complaints, and where merchants hear of complaints. Source: openapi/v3/merchant-service."""

import hashlib
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from wechat_sandbox.asgi import Answer, Request
from wechat_sandbox.models import Merchant
from wechat_sandbox.multipart import read_parts
from wechat_sandbox.pay.complaint_acts import keep_media, picture_type
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.requests import Strict, check_notify_url, decode
from wechat_sandbox.pay.rows import ComplaintUrl
from wechat_sandbox.world import World

MAX_PICTURE = 2 * 1024 * 1024


class NotificationUrl(Strict):
    """POST and PUT /v3/merchant-service/complaint-notifications."""

    url: Annotated[str, Meta(min_length=1, max_length=255)]


class PictureMeta(Strict, forbid_unknown_fields=False):
    """`meta` of an upload, which is what the merchant signs."""

    filename: Annotated[str, Meta(min_length=1, max_length=128)]
    sha256: Annotated[str, Meta(min_length=64, max_length=64)]


_URL = msgspec.json.Decoder(NotificationUrl)
_META = msgspec.json.Decoder(PictureMeta)


def create_url(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST: the address, once."""
    asked = decode(_URL, request.body)
    check_notify_url(asked.url)
    if merchant.mchid in world.pay.complaint_urls:
        raise invalid_request("投诉通知回调地址已存在，请使用更新接口")
    return _keep(world, merchant, asked.url)


def update_url(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """PUT: another address."""
    asked = decode(_URL, request.body)
    check_notify_url(asked.url)
    _url(world, merchant)
    return _keep(world, merchant, asked.url)


def query_url(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET: the address."""
    del request
    return {"mchid": merchant.mchid, "url": _url(world, merchant).url}


def delete_url(world: World, merchant: Merchant, request: Request) -> None:
    """DELETE -> 204: no more notifications."""
    del request
    _url(world, merchant)
    world.pay.complaint_urls.delete(merchant.mchid)


def _url(world: World, merchant: Merchant) -> ComplaintUrl:
    row = world.pay.complaint_urls.get(merchant.mchid)
    if row is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "投诉通知回调地址不存在")
    return row


def _keep(world: World, merchant: Merchant, url: str) -> dict[str, Any]:
    world.pay.complaint_urls.put(merchant.mchid, ComplaintUrl(merchant.mchid, url))
    return {"mchid": merchant.mchid, "url": url}


def upload(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/merchant-service/images/upload (multipart: meta, file) -> media_id."""
    parts = {part.field: part for part in read_parts(request)}
    if "meta" not in parts or "file" not in parts:
        raise param_error("/meta", None, "缺少meta或file", "multipart form with meta and file expected")
    meta, body = decode(_META, parts["meta"].content), parts["file"].content
    if hashlib.sha256(body).hexdigest() != meta.sha256.lower():
        raise param_error("/meta/sha256", meta.sha256, "文件sha256与meta不一致", "the file has another digest")
    kind = picture_type(body)
    if kind is None or len(body) > MAX_PICTURE:
        raise param_error("/file", None, "图片只支持jpg、png、bmp格式，且不能超过2M", "not a picture")
    return {"media_id": keep_media(world, merchant.mchid, body, kind).media_id}


def download(world: World, merchant: Merchant, request: Request) -> Answer:
    """GET /v3/merchant-service/images/{media_id} -> the picture, not signed."""
    media = world.pay.media.get(request.params["media_id"])
    if media is None or (media.mchid and not _may_see(world, merchant, media.mchid)):
        raise PayError(404, "RESOURCE_NOT_EXISTS", "图片不存在")
    return Answer(200, media.body, media.content_type.encode())


def _may_see(world: World, merchant: Merchant, owner: str) -> bool:
    row = world.merchants.get(owner)
    return row is not None and merchant.mchid in (owner, *row.sp_mchids)
