"""Transfers to a shopper's change (商家转账, 用户确认模式): asked for, confirmed on the phone, done.

Sources: openapi/v3/fund-app/mch-transfer, wire.md section 2. A query does not tell `package_info`: a merchant
that needs it again asks again with the same number. A name is checked while the transfer is ACCEPTED and
PROCESSING; without one it waits for the shopper at once. What each scene wants to be told, and that a
forgotten transfer FAILs with OVERDUE_CLOSE, follow integrators' accounts: the schemas do not say it.
"""

import hashlib
import secrets
from base64 import b64encode
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wechat_sandbox import books
from wechat_sandbox.asgi import Request
from wechat_sandbox.clock import rfc3339
from wechat_sandbox.models import Merchant
from wechat_sandbox.pay import notify
from wechat_sandbox.pay.errors import PayError, invalid_request, param_error
from wechat_sandbox.pay.orders import new_number
from wechat_sandbox.pay.prepay import REENTERED, appid_mismatch, check_openid
from wechat_sandbox.pay.requests import AppId, Fen, NotifyUrl, Strict, check_notify_url, decode
from wechat_sandbox.pay.rows import Transfer, TransferState
from wechat_sandbox.pay.sealed import unseal
from wechat_sandbox.world import World

CONFIRM_SECONDS = 24 * 3600
STEP_SECONDS = 1.0
NAME_FROM_FEN = 200_000
"""From 2,000 yuan the receiver's name is required."""
NAME_UP_FROM_FEN = 30
"""Below 0.3 yuan it must not be given."""

SCENES: dict[str, tuple[str, ...]] = {
    "1000": ("活动名称", "奖励说明"),
    "1002": ("补贴类型",),
    "1004": ("保险产品备案编号", "保险名称", "保险操作单号"),
    "1005": ("岗位类型", "报酬说明"),
    "1009": ("采购商品名称",),
    "1010": ("回收商品名称",),
    "1011": ("赔付原因",),
    "1013": ("公益活动名称", "公益活动备案编号"),
}
"""By `transfer_scene_id`: the `info_type`s that `transfer_scene_report_infos` must consist of."""

_DUE: dict[str, float] = {
    "ACCEPTED": STEP_SECONDS,
    "PROCESSING": STEP_SECONDS,
    "WAIT_USER_CONFIRM": CONFIRM_SECONDS,
    "TRANSFERING": STEP_SECONDS,
    "CANCELING": STEP_SECONDS,
}
_SUMMARIES = {"SUCCESS": "商家转账单据终态通知", "FAIL": "商家转账单据终态通知", "CANCELLED": "商家转账单据终态通知"}


class ReportInfo(Strict):
    """One of `transfer_scene_report_infos`."""

    info_type: Annotated[str, Meta(min_length=1, max_length=15)]
    info_content: Annotated[str, Meta(min_length=1, max_length=32)]


class ReceiveStyle(Strict):
    """`user_recv_style`."""

    type: Literal["CONFIRM_PAGE", "RED_PACKET"]


class CreateTransfer(Strict):
    """POST /v3/fund-app/mch-transfer/transfer-bills."""

    appid: AppId
    out_bill_no: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{1,32}$")]
    transfer_scene_id: str
    openid: Annotated[str, Meta(min_length=1, max_length=64)]
    transfer_amount: Fen
    transfer_remark: Annotated[str, Meta(min_length=1, max_length=32)]
    transfer_scene_report_infos: Annotated[list[ReportInfo], Meta(max_length=10)]
    user_name: Annotated[str, Meta(min_length=1, max_length=1024)] | UnsetType = UNSET
    notify_url: NotifyUrl | UnsetType = UNSET
    user_recv_perception: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    user_recv_style: ReceiveStyle | UnsetType = UNSET


_CREATE = msgspec.json.Decoder(CreateTransfer)
_canonical = msgspec.json.Encoder(order="sorted").encode


def create(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST .../transfer-bills; the same number and parameters give the same transfer, and its package again."""
    asked = decode(_CREATE, request.body)
    name = _name(world, merchant, request, asked)
    plain = msgspec.structs.replace(asked, user_name=name)  # each encryption of a name looks different
    fingerprint = hashlib.sha256(_canonical(plain)).hexdigest()[:32]
    transfer = world.pay.transfers.get(f"{merchant.mchid}:{asked.out_bill_no}")
    if transfer is not None:
        if transfer.fingerprint != fingerprint:
            error = invalid_request("请求重入时，参数与首次请求时不一致")
            error.number = REENTERED
            raise error
        return _created(transfer)
    _check(world, merchant, asked)
    now = world.clock.now()
    transfer = Transfer(
        mchid=merchant.mchid,
        appid=asked.appid,
        out_bill_no=asked.out_bill_no,
        transfer_bill_no=new_number(world, "1330000071", 40),
        openid=asked.openid,
        shopper_id=world.openids[asked.openid].shopper_id,
        amount=asked.transfer_amount,
        remark=asked.transfer_remark,
        scene_id=asked.transfer_scene_id,
        fingerprint=fingerprint,
        package_info=b64encode(secrets.token_bytes(48)).decode(),
        created_at=now,
        updated_at=now,
        state="ACCEPTED" if name else "WAIT_USER_CONFIRM",
        perception="" if asked.user_recv_perception is UNSET else asked.user_recv_perception,
        notify_url="" if asked.notify_url is UNSET else asked.notify_url,
        user_name=name,
    )
    with world.store.together():
        try:
            books.transfer_out(world, *_money(transfer))
        except books.NotEnoughError as error:
            raise PayError(403, "NOT_ENOUGH", "商户运营账户资金不足，请充值后重试") from error
        world.pay.transfers.put(transfer.key, transfer)
    world.pay.transfer_of_number[transfer.transfer_bill_no] = transfer
    _schedule(world, transfer)
    _show(world, transfer)
    return _created(transfer)


def _money(transfer: Transfer) -> tuple[str, str, int, str, str]:
    return transfer.mchid, transfer.transfer_bill_no, transfer.amount, transfer.out_bill_no, transfer.openid


def _name(world: World, merchant: Merchant, request: Request, asked: CreateTransfer) -> str:
    if asked.user_name is UNSET:
        if asked.transfer_amount >= NAME_FROM_FEN:
            raise param_error("/user_name", None, "转账金额大于等于2000元时，收款用户姓名必填", "user_name is required")
        return ""
    if asked.transfer_amount < NAME_UP_FROM_FEN:
        raise param_error("/user_name", None, "转账金额小于0.3元时，不支持传入收款用户姓名", "user_name not allowed")
    return unseal(world, merchant, request, "/user_name", asked.user_name)


def _check(world: World, merchant: Merchant, asked: CreateTransfer) -> None:
    if asked.appid not in merchant.appids:
        raise appid_mismatch()
    check_openid(world, asked.appid, asked.openid, "/openid")
    if asked.notify_url is not UNSET:
        check_notify_url(asked.notify_url)
    wanted = SCENES.get(asked.transfer_scene_id)
    if wanted is None:
        raise param_error("/transfer_scene_id", asked.transfer_scene_id, "转账场景ID不存在", "unknown scene")
    given = [row.info_type for row in asked.transfer_scene_report_infos]
    if sorted(given) != sorted(wanted):
        raise param_error(
            "/transfer_scene_report_infos",
            None,
            f"转账场景报备信息与场景不符，该场景需要：{'、'.join(wanted)}",
            "the scene wants other info_types",
        )


def _created(transfer: Transfer) -> dict[str, Any]:
    data: dict[str, Any] = {
        "out_bill_no": transfer.out_bill_no,
        "transfer_bill_no": transfer.transfer_bill_no,
        "create_time": rfc3339(transfer.created_at),
        "state": transfer.state,
    }
    if transfer.fail_reason:
        data["fail_reason"] = transfer.fail_reason
    if transfer.state == "WAIT_USER_CONFIRM":
        data["package_info"] = transfer.package_info
    return data


def by_out_bill_no(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET .../transfer-bills/out-bill-no/{out_bill_no}"""
    return _public(_find(world, merchant, request))


def by_transfer_bill_no(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET .../transfer-bills/transfer-bill-no/{transfer_bill_no}"""
    return _public(_owned(merchant, world.pay.transfer_of_number.get(request.params["transfer_bill_no"])))


def _find(world: World, merchant: Merchant, request: Request) -> Transfer:
    return _owned(merchant, world.pay.transfers.get(f"{merchant.mchid}:{request.params['out_bill_no']}"))


def _owned(merchant: Merchant, transfer: Transfer | None) -> Transfer:
    if transfer is None or transfer.mchid != merchant.mchid:
        raise PayError(404, "NOT_FOUND", "记录不存在")
    return transfer


def _public(transfer: Transfer) -> dict[str, Any]:
    data: dict[str, Any] = {
        "mch_id": transfer.mchid,
        "out_bill_no": transfer.out_bill_no,
        "transfer_bill_no": transfer.transfer_bill_no,
        "appid": transfer.appid,
        "state": transfer.state,
        "transfer_amount": transfer.amount,
        "transfer_remark": transfer.remark,
        "openid": transfer.openid,
        "create_time": rfc3339(transfer.created_at),
        "update_time": rfc3339(transfer.updated_at),
    }
    if transfer.fail_reason:
        data["fail_reason"] = transfer.fail_reason
    return data


def cancel(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST .../out-bill-no/{out_bill_no}/cancel: only while the shopper has not confirmed."""
    transfer = _find(world, merchant, request)
    if transfer.state not in ("ACCEPTED", "PROCESSING", "WAIT_USER_CONFIRM", "CANCELING", "CANCELLED"):
        raise invalid_request("当前转账单状态不支持撤销")
    if transfer.state not in ("CANCELING", "CANCELLED"):
        _enter(world, transfer, "CANCELING")
    return {
        "out_bill_no": transfer.out_bill_no,
        "transfer_bill_no": transfer.transfer_bill_no,
        "state": transfer.state,
        "update_time": rfc3339(transfer.updated_at),
    }


def confirm(world: World, transfer: Transfer) -> bool:
    """The shopper takes it; False when it does not wait for that any more."""
    if transfer.state != "WAIT_USER_CONFIRM":
        return False
    _enter(world, transfer, "TRANSFERING")
    return True


def _enter(world: World, transfer: Transfer, state: TransferState, fail_reason: str = "") -> None:
    """The next state, with the money that moves by it and the notification of the last one."""
    with world.store.together():
        if state == "SUCCESS":
            books.transfer_done(world, *_money(transfer))
        elif state in ("FAIL", "CANCELLED"):
            books.transfer_returned(world, *_money(transfer))
        transfer.state = state
        transfer.fail_reason = fail_reason
        transfer.updated_at = world.clock.now()
        world.pay.transfers.put(transfer.key, transfer)
        if state in _SUMMARIES and transfer.notify_url:
            notify.enqueue(
                world,
                mchid=transfer.mchid,
                url=transfer.notify_url,
                event_type="MCHTRANSFER.BILL.FINISHED",
                summary=_SUMMARIES[state],
                original_type="mch_payment",
                reference=transfer.out_bill_no,
                data=_public(transfer),
            )
    _schedule(world, transfer)
    _show(world, transfer)


def _show(world: World, transfer: Transfer) -> None:
    event = {"type": "transfer", "transfer_bill_no": transfer.transfer_bill_no, "state": transfer.state}
    world.hub.publish(transfer.shopper_id, event)


def _schedule(world: World, transfer: Transfer) -> None:
    state, seconds = transfer.state, _DUE.get(transfer.state)
    if seconds is not None:
        world.clock.call_at(transfer.updated_at + seconds, lambda: _step(world, transfer, state))


def _step(world: World, transfer: Transfer, state: TransferState) -> None:
    """What time does to a transfer that is still in this state."""
    if transfer.state != state:
        return
    if state == "ACCEPTED":
        _enter(world, transfer, "PROCESSING")
    elif state == "PROCESSING":
        shopper = world.shoppers.get(transfer.shopper_id)
        if shopper is not None and transfer.user_name == (shopper.real_name or shopper.nickname):
            _enter(world, transfer, "WAIT_USER_CONFIRM")
        else:
            _enter(world, transfer, "FAIL", "NAME_NOT_CORRECT")
    elif state == "WAIT_USER_CONFIRM":
        _enter(world, transfer, "FAIL", "OVERDUE_CLOSE")
    elif state == "TRANSFERING":
        _enter(world, transfer, "SUCCESS")
    elif state == "CANCELING":
        _enter(world, transfer, "CANCELLED")


def resume(world: World) -> None:
    """After a start: put transfers under way back on the clock."""
    for transfer in world.pay.transfers.values():
        _schedule(world, transfer)
