"""Complaints (消费者投诉 2.0): what a merchant asks, answers and settles.

A service provider handles those of its sub-merchants. Source: openapi/v3/merchant-service.
"""

from base64 import b64encode
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1
from msgspec import UNSET, Meta, UnsetType

from wechat_sandbox.asgi import Request
from wechat_sandbox.clock import SHANGHAI, rfc3339
from wechat_sandbox.models import Merchant, Order
from wechat_sandbox.pay.complaint_acts import add_line, tell
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.query import required_query
from wechat_sandbox.pay.requests import Strict, decode
from wechat_sandbox.pay.rows import Complaint, Negotiation
from wechat_sandbox.world import World

MAX_DAYS = 30
_OAEP = OAEP(MGF1(SHA1()), SHA1(), None)  # noqa: S303 - the protocol's hash
MediaIds = Annotated[list[Annotated[str, Meta(min_length=1, max_length=512)]], Meta(max_length=4)]


class JumpInfo(Strict):
    """`mini_program_jump_info`."""

    appid: str
    path: str
    text: str


class Response(Strict):
    """POST .../response."""

    complainted_mchid: str
    response_content: Annotated[str, Meta(min_length=1, max_length=200)]
    response_images: MediaIds | UnsetType = UNSET
    jump_url: Annotated[str, Meta(max_length=512)] | UnsetType = UNSET
    jump_url_text: Annotated[str, Meta(max_length=10)] | UnsetType = UNSET
    mini_program_jump_info: JumpInfo | UnsetType = UNSET


class Complete(Strict):
    """POST .../complete."""

    complainted_mchid: str


class RefundProgress(Strict):
    """POST .../update-refund-progress."""

    action: Literal["REJECT", "APPROVE"]
    launch_refund_day: Annotated[int, Meta(ge=0, le=30)] | UnsetType = UNSET
    reject_reason: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    reject_media_list: MediaIds | UnsetType = UNSET
    remark: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET


_RESPONSE = msgspec.json.Decoder(Response)
_COMPLETE = msgspec.json.Decoder(Complete)
_REFUND = msgspec.json.Decoder(RefundProgress)


def listing(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/merchant-service/complaints-v2?begin_date=&end_date=[&limit=&offset=&complainted_mchid=]"""
    begin, end = _day(request, "begin_date", "开始日期"), _day(request, "end_date", "结束日期")
    if end < begin or (end - begin).days > MAX_DAYS:
        raise invalid_request("查询日期跨度不能超过30天，且结束日期不能早于开始日期")
    limit, offset = _whole(request, "limit", 10, 1, 50), _whole(request, "offset", 0, 0, 10**6)
    mchid = request.query.get("complainted_mchid")
    first = datetime(begin.year, begin.month, begin.day, tzinfo=SHANGHAI)
    after = datetime(end.year, end.month, end.day, tzinfo=SHANGHAI) + timedelta(days=1)
    found = [
        row
        for row in world.pay.complaints.values()
        if first.timestamp() <= row.created_at < after.timestamp()
        and _handles(world, merchant, row)
        and mchid in (None, row.mchid)
    ]
    page = found[::-1][offset : offset + limit]
    return {
        "data": [_public(world, merchant, row) for row in page],
        "limit": limit,
        "offset": offset,
        "total_count": len(found),
    }


def _day(request: Request, name: str, title: str) -> date:
    text = required_query(request, name, title)
    try:
        if len(text) != 10:
            raise ValueError(text)
        return min(max(date.fromisoformat(text), date(2000, 1, 1)), date(9000, 1, 1))
    except ValueError as error:
        raise param_error(name, text, f"{title}格式错误，应为yyyy-MM-DD", "not a date", "query") from error


def _whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query.get(name, str(default))
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    if not least <= value <= most:
        raise param_error(name, text, f"{name}应为{least}到{most}的整数", "out of range", "query")
    return value


def _handles(world: World, merchant: Merchant, row: Complaint) -> bool:
    complained = world.merchants.get(row.mchid)
    return complained is not None and merchant.mchid in (row.mchid, *complained.sp_mchids)


def find(world: World, merchant: Merchant, request: Request) -> Complaint:
    """The complaint of the path. Raises PayError 404 for one that is another's."""
    row = world.pay.complaints.get(request.params["complaint_id"])
    if row is None or not _handles(world, merchant, row):
        raise PayError(404, "RESOURCE_NOT_EXISTS", "投诉单不存在")
    return row


def detail(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/merchant-service/complaints-v2/{complaint_id}"""
    row = find(world, merchant, request)
    return _public(world, merchant, row) | {"payer_openid": row.openid}


def _order(world: World, row: Complaint) -> Order:
    order = world.orders.get(row.order_key)
    assert order is not None, "orders are never deleted"
    return order


def _public(world: World, merchant: Merchant, row: Complaint) -> dict[str, Any]:
    """A complaint; the phone number is encrypted to the certificate of who asks."""
    order, shopper = _order(world, row), world.shoppers.get(row.shopper_id)
    phone = (shopper.phone if shopper else "").encode()
    data: dict[str, Any] = {
        "complaint_id": row.complaint_id,
        "complaint_time": rfc3339(row.created_at),
        "complaint_detail": row.detail,
        "complaint_state": row.state,
        "complainted_mchid": row.mchid,
        "payer_phone": b64encode(world.keys.merchant(merchant).public.encrypt(phone, _OAEP)).decode(),
        "complaint_order_info": [
            {"transaction_id": order.transaction_id, "out_trade_no": order.out_trade_no, "amount": order.total}
        ],
        "complaint_media_list": _media(world, row.media_ids),
        "complaint_full_refunded": order.refunded >= order.total,
        "incoming_user_response": row.unanswered,
        "problem_description": row.problem,
        "problem_type": row.problem_type,
        "user_complaint_times": row.times,
    }
    if row.problem_type == "REFUND":
        data["apply_refund_amount"] = row.refund_fen
    return data


def _media(world: World, media_ids: list[str]) -> list[dict[str, Any]]:
    if not media_ids:
        return []
    return [{"media_type": "USER_COMPLAINT_IMAGE", "media_url": [media_url(world, row) for row in media_ids]}]


def media_url(world: World, media_id: str) -> str:
    """Where a picture is downloaded, with a signed request."""
    return f"{world.settings.base_url}/v3/merchant-service/images/{media_id}"


def history(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET .../complaints-v2/{complaint_id}/negotiation-historys[?limit=&offset=], newest first."""
    row = find(world, merchant, request)
    limit, offset = _whole(request, "limit", 100, 1, 300), _whole(request, "offset", 0, 0, 10**6)
    return {
        "data": [_line(world, line) for line in row.history[::-1][offset : offset + limit]],
        "limit": limit,
        "offset": offset,
        "total_count": len(row.history),
    }


def _line(world: World, line: Negotiation) -> dict[str, Any]:
    data: dict[str, Any] = {
        "log_id": line.log_id,
        "operator": line.operator,
        "operate_time": rfc3339(line.at),
        "operate_type": line.kind,
    }
    if line.details:
        data["operate_details"] = line.details
    if line.media_ids:
        urls = [media_url(world, media_id) for media_id in line.media_ids]
        data["image_list"] = urls
        data["complaint_media_list"] = {
            "media_type": "USER_COMPLAINT_IMAGE" if line.kind.startswith("USER_") else "OPERATION_IMAGE",
            "media_url": urls,
        }
    return data


def respond(world: World, merchant: Merchant, request: Request) -> None:
    """POST .../response -> 204; the complaint is being processed from then on."""
    asked = decode(_RESPONSE, request.body)
    row = _complained(find(world, merchant, request), asked.complainted_mchid)
    images = _own_media(world, merchant, asked.response_images, "/response_images")
    if row.state == "PENDING":
        row.state = "PROCESSING"
    row.unanswered = False
    add_line(world, row, "商家", "MERCHANT_RESPONSE", asked.response_content, images)
    tell(world, row, "MERCHANT_RESPONSE")


def complete(world: World, merchant: Merchant, request: Request) -> None:
    """POST .../complete -> 204."""
    asked = decode(_COMPLETE, request.body)
    row = _complained(find(world, merchant, request), asked.complainted_mchid)
    if row.state == "PROCESSED":
        raise invalid_request("投诉单已处理完成，请勿重复操作")
    if row.state == "PENDING":
        raise invalid_request("投诉单未回复，不允许反馈处理完成")
    row.state = "PROCESSED"
    row.unanswered = False
    add_line(world, row, "商家", "MERCHANT_CONFIRM_COMPLETE")
    tell(world, row, "MERCHANT_CONFIRM_COMPLETE")


def update_refund(world: World, merchant: Merchant, request: Request) -> None:
    """POST .../update-refund-progress -> 204: whether the refund that the shopper asked for will come."""
    asked = decode(_REFUND, request.body)
    row = find(world, merchant, request)
    if row.problem_type != "REFUND":
        raise invalid_request("该投诉单不是申请退款类型")
    if row.state == "PROCESSED":
        raise invalid_request("投诉单已处理完成，不允许更新退款审批结果")
    if asked.action == "REJECT":
        if asked.reject_reason is UNSET or not asked.reject_reason:
            raise param_error("/reject_reason", None, "拒绝退款时，拒绝退款原因必填", "reject_reason is required")
        images = _own_media(world, merchant, asked.reject_media_list, "/reject_media_list")
        row.state = "PROCESSING"
        add_line(world, row, "商家", "MERCHANT_REFUSE_RERUND", asked.reject_reason, images)  # sic
        tell(world, row, "MERCHANT_REJECT_REFUND")
        return
    if asked.launch_refund_day is UNSET:
        raise param_error(
            "/launch_refund_day", None, "同意退款时，预计发起退款时间必填", "launch_refund_day is required"
        )
    row.state = "PROCESSING"
    words = f"预计{asked.launch_refund_day}天内发起退款" if asked.launch_refund_day else "立即发起退款"
    add_line(world, row, "商家", "MERCHANT_APPROVE_REFUND", words)
    tell(world, row, "MERCHANT_APPROVE_REFUND")


def _complained(row: Complaint, mchid: str) -> Complaint:
    if mchid != row.mchid:
        raise param_error("/complainted_mchid", mchid, "被诉商户号与投诉单不匹配", "another merchant's complaint")
    return row


def _own_media(world: World, merchant: Merchant, media_ids: list[str] | UnsetType, field: str) -> list[str]:
    if media_ids is UNSET:
        return []
    for media_id in media_ids:
        media = world.pay.media.get(media_id)
        if media is None or media.mchid != merchant.mchid:
            raise param_error(field, media_id, "图片media_id不存在", "unknown media_id")
    return media_ids
