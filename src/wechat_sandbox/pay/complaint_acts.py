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


def refund_asked(world: World, order: Order) -> None:
    """The merchant has asked to give money of the order back: its complaints say so, and of the whole price tell it.

    Sources: the list of `action_type` in pay.weixin.qq.com 投诉通知回调 (SELLER_REFUND 商户发起全额退款, REFUND_SUCCESS
    退款到账 of complaints that ask for a refund), and of `operate_type` in openapi negotiation-historys.
    """
    whole = order.refunded >= order.total
    words = "商户发起全额退款" if whole else "商户发起部分退款"
    for row in _complaints_of(world, order):
        add_line(world, row, "系统", f"COMPLAINT_{'FULL' if whole else 'PARTIAL'}_REFUNDED_SYSTEM_MESSAGE", words)
        if whole:
            tell(world, row, "SELLER_REFUND")


def refund_arrived(world: World, order: Order) -> None:
    """The shopper has a refund: complaints that asked for as much are settled, and their merchants told."""
    for row in _complaints_of(world, order):
        if row.problem_type != "REFUND" or order.refunded < row.refund_fen or row.state == "PROCESSED":
            continue
        row.state = "PROCESSED"
        row.unanswered = False
        add_line(world, row, "系统", "COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE", "退款已到账")
        tell(world, row, "REFUND_SUCCESS")


def _complaints_of(world: World, order: Order) -> list[Complaint]:
    return [row for row in world.pay.complaints.values() if row.order_key == order.key]


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
