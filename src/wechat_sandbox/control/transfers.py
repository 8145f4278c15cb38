"""Transfers that wait on a shopper's phone."""

from litestar import get, post
from msgspec import Struct

from wechat_sandbox.accounts import merchant_name
from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.shoppers import find
from wechat_sandbox.pay import transfers
from wechat_sandbox.pay.rows import Transfer
from wechat_sandbox.world import World


class TransferView(Struct):
    """A merchant's transfer as the shopper sees it; `package_info` is what the merchant's page calls it by."""

    transfer_bill_no: str
    out_bill_no: str
    merchant_name: str
    mchid: str
    appid: str
    amount_fen: int
    remark: str
    perception: str
    state: str
    fail_reason: str
    package_info: str
    created_at: str
    updated_at: str


class TransferList(Struct):
    """Transfers, newest first."""

    items: list[TransferView]


def _view(world: World, row: Transfer) -> TransferView:
    return TransferView(
        transfer_bill_no=row.transfer_bill_no,
        out_bill_no=row.out_bill_no,
        merchant_name=merchant_name(world, row.mchid),
        mchid=row.mchid,
        appid=row.appid,
        amount_fen=row.amount,
        remark=row.remark,
        perception=row.perception,
        state=row.state,
        fail_reason=row.fail_reason,
        package_info=row.package_info,
        created_at=rfc3339_utc(row.created_at),
        updated_at=rfc3339_utc(row.updated_at),
    )


@get("/shoppers/{shopper_id:str}/transfers", tags=["payments"])
async def list_transfers(world: World, shopper_id: str) -> TransferList:
    """The shopper's latest fifty transfers; one in WAIT_USER_CONFIRM ends after 24 hours (move the clock)."""
    find(world, shopper_id)
    rows = [row for row in world.pay.transfers.values() if row.shopper_id == shopper_id]
    return TransferList([_view(world, row) for row in rows[:-51:-1]])


@post("/shoppers/{shopper_id:str}/transfers/{number:str}/confirm", tags=["payments"], status_code=200)
async def confirm_transfer(world: World, shopper_id: str, number: str) -> TransferView:
    """Take the money. 409 `not_waiting` when it was taken, cancelled or has ended."""
    find(world, shopper_id)
    transfer = world.pay.transfer_of_number.get(number)
    if transfer is None or transfer.shopper_id != shopper_id:
        raise not_found("transfer")
    if not transfers.confirm(world, transfer):
        raise ControlError(409, "not_waiting", f"the transfer is {transfer.state}")
    return _view(world, transfer)


HANDLERS = [list_transfers, confirm_transfer]
