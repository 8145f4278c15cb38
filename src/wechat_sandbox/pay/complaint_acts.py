"""What happens to a complaint, by either side: lines of its history, and who is told."""

from wechat_sandbox.accounts import identity_of
from wechat_sandbox.models import Order, Shopper
from wechat_sandbox.pay import notify
from wechat_sandbox.pay.orders import new_number
from wechat_sandbox.pay.rows import Complaint, Media, Negotiation
from wechat_sandbox.world import World

PROBLEMS = {"REFUND": "申请退款", "SERVICE_NOT_WORK": "服务权益未生效", "OTHERS": "其他类型"}


def complain(
    world: World, shopper: Shopper, order: Order, detail: str, problem_type: str, refund_fen: int, media_ids: list[str]
) -> Complaint:
    """A shopper complains of an order that they paid."""
    now = world.clock.now()
    appid = order.sub_appid or order.appid
    row = Complaint(
        complaint_id=new_number(world, "2002", 27),
        mchid=order.payee,
        order_key=order.key,
        shopper_id=shopper.shopper_id,
        openid=identity_of(world, appid, shopper.shopper_id).openid,
        created_at=now,
        detail=detail,
        problem=PROBLEMS[problem_type],
        problem_type=problem_type,
        refund_fen=refund_fen,
        media_ids=media_ids,
    )
    add_line(world, row, "投诉人", "USER_CREATE_COMPLAINT", detail, media_ids)
    tell(world, row, "CREATE_COMPLAINT")
    return row


def reply(world: World, row: Complaint, content: str) -> None:
    """The shopper adds something."""
    row.unanswered = True
    add_line(world, row, "投诉人", "USER_RESPONSE", content)
    tell(world, row, "USER_RESPONSE")


def go_on(world: World, row: Complaint, detail: str) -> None:
    """The shopper is not content and complains again: the complaint is open again."""
    row.unanswered = True
    row.times += 1
    row.state = "PENDING"
    add_line(world, row, "投诉人", "USER_CONTINUE_COMPLAINT", detail)
    tell(world, row, "CONTINUE_COMPLAINT")


def add_line(
    world: World, row: Complaint, operator: str, kind: str, details: str = "", media_ids: list[str] | None = None
) -> None:
    """Add to the history, and keep what changed with it."""
    line = Negotiation(new_number(world, "3002", 27), operator, world.clock.now(), kind, details, media_ids or [])
    row.history.append(line)
    world.pay.complaints.put(row.complaint_id, row)


def tell(world: World, row: Complaint, action: str) -> None:
    """Notify the complained merchant and its service providers, those that gave an address."""
    complained = world.merchants.get(row.mchid)
    if complained is None:
        return
    for mchid in (row.mchid, *complained.sp_mchids):
        target = world.pay.complaint_urls.get(mchid)
        if target is not None:
            created = action == "CREATE_COMPLAINT"
            notify.enqueue(
                world,
                mchid=mchid,
                url=target.url,
                event_type="COMPLAINT.CREATE" if created else "COMPLAINT.STATE_CHANGE",
                summary="产生新投诉" if created else "投诉单状态变化",
                original_type="complaint",
                reference=row.complaint_id,
                data={"complaint_id": row.complaint_id, "action_type": action},
            )


def keep_media(world: World, mchid: str, body: bytes, content_type: str) -> Media:
    """Keep a picture; an empty `mchid` is a shopper's."""
    suffix = {"image/jpeg": "jpg", "image/png": "png", "image/bmp": "bmp"}[content_type]
    number = f"{world.derive(f'media:{len(world.pay.media)}').hex()[:32].upper()}.{suffix}"
    return world.pay.media.put(number, Media(number, mchid, content_type, body))


def picture_type(body: bytes) -> str | None:
    """The kind of a picture by its first bytes; None for what WeChat does not take."""
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/bmp" if body.startswith(b"BM") else None
