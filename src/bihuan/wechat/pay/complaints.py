"""What shoppers complain about (消费者投诉2.0). https://pay.weixin.qq.com/doc/v3/merchant/4012289655."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date
from urllib.parse import quote, urlsplit

import msgspec

from bihuan.wechat.errors import MalformedMessage

from .connection import PayConnection

_BASE = "/v3/merchant-service"
_IMAGE_TYPES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp"}
MAX_IMAGE_BYTES = 2 * 1024 * 1024


class ComplaintOrder(msgspec.Struct, frozen=True):
    """A payment that is complained about."""

    transaction_id: str
    out_trade_no: str
    amount: int


class ComplaintMedia(msgspec.Struct, frozen=True):
    """Pictures; each URL is downloaded by `Complaints.image`."""

    media_type: str = ""
    media_url: tuple[str, ...] = ()


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint. `payer_phone` is encrypted to the merchant: `Complaints.phone` opens it."""

    complaint_id: str
    complaint_time: str
    complaint_detail: str
    complaint_state: str  # PENDING | PROCESSING | PROCESSED
    complainted_mchid: str = ""
    payer_phone: str = ""
    payer_openid: str = ""
    complaint_order_info: tuple[ComplaintOrder, ...] = ()
    complaint_media_list: tuple[ComplaintMedia, ...] = ()
    complaint_full_refunded: bool = False
    incoming_user_response: bool = False
    problem_description: str = ""
    user_complaint_times: int = 0
    problem_type: str = ""  # REFUND | SERVICE_NOT_WORK | OTHERS
    apply_refund_amount: int = 0
    user_tag_list: tuple[str, ...] = ()
    in_platform_service: bool = False
    need_immediate_service: bool = False


class Complaints(msgspec.Struct, frozen=True):
    """A page of complaints."""

    data: tuple[Complaint, ...] = ()
    limit: int = 0
    offset: int = 0
    total_count: int = 0


class Negotiation(msgspec.Struct, frozen=True, kw_only=True):
    """One step of what was said and done."""

    log_id: str
    operator: str
    operate_time: str
    operate_type: str  # USER_CREATE_COMPLAINT, MERCHANT_RESPONSE, ...
    operate_details: str = ""
    image_list: tuple[str, ...] = ()
    complaint_media_list: ComplaintMedia = msgspec.field(default_factory=ComplaintMedia)


class Negotiations(msgspec.Struct, frozen=True):
    """A page of steps."""

    data: tuple[Negotiation, ...] = ()
    limit: int = 0
    offset: int = 0
    total_count: int = 0


class NotificationUrl(msgspec.Struct, frozen=True):
    """Where WeChat tells of complaints."""

    mchid: str
    url: str


class ComplaintEvent(msgspec.Struct, frozen=True):
    """The resource of `COMPLAINT.CREATE` and `COMPLAINT.STATE_CHANGE`; the rest is asked for."""

    complaint_id: str
    action_type: str = ""


class _Media(msgspec.Struct, frozen=True):
    media_id: str


class ComplaintDesk:
    """`/v3/merchant-service`. Calls raise as those of `Transactions`, and may be repeated but for `respond`."""

    def __init__(self, connection: PayConnection) -> None:
        self._connection = connection

    async def list(
        self, *, begin: date, end: date, limit: int = 10, offset: int = 0, complainted_mchid: str = ""
    ) -> Complaints:
        """Complaints of days, 1-50 a page; at most 30 days at once. `complainted_mchid`: of one sub-merchant."""
        query = {
            "limit": str(limit),
            "offset": str(offset),
            "begin_date": begin.isoformat(),
            "end_date": end.isoformat(),
        }
        if complainted_mchid:
            query["complainted_mchid"] = complainted_mchid
        return await self._connection.call("GET", f"{_BASE}/complaints-v2", query=query, answer=Complaints)

    async def detail(self, complaint_id: str) -> Complaint:
        """One complaint."""
        return await self._connection.call("GET", _path(complaint_id), answer=Complaint)

    async def negotiations(self, complaint_id: str, *, limit: int = 100, offset: int = 0) -> Negotiations:
        """What was said and done, the latest first."""
        query = {"limit": str(limit), "offset": str(offset)}
        path = f"{_path(complaint_id)}/negotiation-historys"
        return await self._connection.call("GET", path, query=query, answer=Negotiations)

    def phone(self, complaint: Complaint) -> str:
        """The shopper's number; empty where there is none. Raises DecryptionFailed, MalformedMessage."""
        return self._connection.signer.decrypt_sensitive(complaint.payer_phone) if complaint.payer_phone else ""

    async def respond(
        self, complaint_id: str, *, mchid: str, content: str, images: tuple[str, ...] = (), jump_url: str = ""
    ) -> None:
        """Answer the shopper: 1-200 characters, at most four pictures by their `media_id`.

        Never repeated by itself: the shopper would read it twice.
        """
        if not 1 <= len(content) <= 200 or len(images) > 4:
            raise ValueError("a response has 1-200 characters and at most four pictures")
        body: dict[str, object] = {"complainted_mchid": mchid, "response_content": content}
        if images:
            body["response_images"] = images
        if jump_url:
            body |= {"jump_url": jump_url}
        path = f"{_path(complaint_id)}/response"
        await self._connection.call("POST", path, body=body, answer=None, repeatable=False)

    async def complete(self, complaint_id: str, *, mchid: str) -> None:
        """Say that it is dealt with."""
        path = f"{_path(complaint_id)}/complete"
        await self._connection.call("POST", path, body={"complainted_mchid": mchid}, answer=None)

    async def approve_refund(self, complaint_id: str, *, within_days: int = 0, remark: str = "") -> None:
        """Say that the money goes back, within so many days; the refund itself is a call of its own."""
        body: dict[str, object] = {"action": "APPROVE", "launch_refund_day": within_days}
        await self._refund_progress(complaint_id, body, remark)

    async def reject_refund(
        self, complaint_id: str, *, reason: str, images: tuple[str, ...] = (), remark: str = ""
    ) -> None:
        """Say that it does not, and why."""
        body: dict[str, object] = {"action": "REJECT", "reject_reason": reason}
        if images:
            body["reject_media_list"] = images
        await self._refund_progress(complaint_id, body, remark)

    async def upload_image(self, *, filename: str, content: bytes) -> str:
        """Upload a picture (jpg, png, bmp; at most 2 MB); answers its `media_id`. Raises ValueError for others."""
        content_type = _IMAGE_TYPES.get(filename.rsplit(".", 1)[-1].lower())
        if content_type is None or not 1 <= len(content) <= MAX_IMAGE_BYTES:
            raise ValueError("a jpg, png or bmp of at most 2 MB")
        path = f"{_BASE}/images/upload"
        got = await self._connection.upload(
            path, filename=filename, content=content, content_type=content_type, answer=_Media
        )
        return got.media_id

    async def image(self, media: str) -> AsyncGenerator[bytes, None]:
        """A picture's bytes as they arrive, by its `media_id` or by a `media_url`.

        WeChat does not sign them. Raises MalformedMessage for a URL of something else.
        """
        path = urlsplit(media).path if "/" in media else f"{_BASE}/images/{quote(media, safe='')}"
        if not path.startswith(f"{_BASE}/images/"):
            raise MalformedMessage("not a picture of a complaint")
        async with aclosing(self._connection.stream(path)) as chunks:
            async for chunk in chunks:
                yield chunk

    # --- where WeChat tells of complaints -----------------------------------------------------------------

    async def notification_url(self) -> NotificationUrl:
        """Where it tells now. PayError when it tells nobody."""
        return await self._connection.call("GET", f"{_BASE}/complaint-notifications", answer=NotificationUrl)

    async def create_notification_url(self, url: str) -> NotificationUrl:
        """Begin to be told. PayError when there is one already."""
        return await self._url("POST", url)

    async def update_notification_url(self, url: str) -> NotificationUrl:
        """Be told elsewhere."""
        return await self._url("PUT", url)

    async def delete_notification_url(self) -> None:
        """Be told no more."""
        await self._connection.call("DELETE", f"{_BASE}/complaint-notifications", answer=None)

    async def _url(self, method: str, url: str) -> NotificationUrl:
        path = f"{_BASE}/complaint-notifications"
        return await self._connection.call(method, path, body={"url": url}, answer=NotificationUrl)

    async def _refund_progress(self, complaint_id: str, body: dict[str, object], remark: str) -> None:
        if remark:
            body["remark"] = remark
        await self._connection.call("POST", f"{_path(complaint_id)}/update-refund-progress", body=body, answer=None)


def _path(complaint_id: str) -> str:
    return f"{_BASE}/complaints-v2/{quote(complaint_id, safe='')}"
