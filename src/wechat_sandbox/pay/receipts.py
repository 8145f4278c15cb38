"""Electronic receipts of transfers (电子回单): applied for, made after a second, downloaded within ten minutes.

Source: openapi/v3/fund-app/mch-transfer/elecsign. The file is a one-page PDF that names the transfer.
"""

import hashlib
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from wechat_sandbox.asgi import Answer, Request
from wechat_sandbox.clock import rfc3339
from wechat_sandbox.models import Merchant
from wechat_sandbox.pay.errors import PayError, invalid_request
from wechat_sandbox.pay.requests import Strict, decode
from wechat_sandbox.pay.rows import Receipt, Transfer
from wechat_sandbox.world import World

READY_SECONDS = 1.0
LINK_SECONDS = 600


class ByOutNumber(Strict):
    """POST .../elecsign/out-bill-no."""

    out_bill_no: Annotated[str, Meta(min_length=1, max_length=32)]


class ByNumber(Strict):
    """POST .../elecsign/transfer-bill-no."""

    transfer_bill_no: Annotated[str, Meta(min_length=1, max_length=64)]


_BY_OUT_NUMBER = msgspec.json.Decoder(ByOutNumber)
_BY_NUMBER = msgspec.json.Decoder(ByNumber)


def apply_by_out_number(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/fund-app/mch-transfer/elecsign/out-bill-no"""
    return _apply(world, _by_out_number(world, merchant, decode(_BY_OUT_NUMBER, request.body).out_bill_no))


def apply_by_number(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """POST /v3/fund-app/mch-transfer/elecsign/transfer-bill-no"""
    return _apply(world, _by_number(world, merchant, decode(_BY_NUMBER, request.body).transfer_bill_no))


def query_by_out_number(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/fund-app/mch-transfer/elecsign/out-bill-no/{out_bill_no}"""
    return _told(world, _by_out_number(world, merchant, request.params["out_bill_no"]))


def query_by_number(world: World, merchant: Merchant, request: Request) -> dict[str, Any]:
    """GET /v3/fund-app/mch-transfer/elecsign/transfer-bill-no/{transfer_bill_no}"""
    return _told(world, _by_number(world, merchant, request.params["transfer_bill_no"]))


def _by_out_number(world: World, merchant: Merchant, number: str) -> Transfer:
    return _owned(merchant, world.pay.transfers.get(f"{merchant.mchid}:{number}"))


def _by_number(world: World, merchant: Merchant, number: str) -> Transfer:
    return _owned(merchant, world.pay.transfer_of_number.get(number))


def _owned(merchant: Merchant, transfer: Transfer | None) -> Transfer:
    if transfer is None or transfer.mchid != merchant.mchid:
        raise PayError(404, "NOT_FOUND", "转账单据不存在")
    return transfer


def _apply(world: World, transfer: Transfer) -> dict[str, Any]:
    if transfer.state != "SUCCESS":
        raise invalid_request("转账单未成功，暂不支持申请电子回单")
    now = world.clock.now()
    receipt = world.pay.receipts.get(transfer.key)
    if receipt is None:
        receipt = world.pay.receipts.put(transfer.key, Receipt(transfer.key, now, now + READY_SECONDS))
    state = "GENERATING" if now < receipt.ready_at else "FINISHED"
    return {"state": state, "create_time": rfc3339(receipt.created_at)}


def _told(world: World, transfer: Transfer) -> dict[str, Any]:
    receipt = world.pay.receipts.get(transfer.key)
    if receipt is None:
        raise PayError(404, "NOT_FOUND", "电子回单未申请")
    now = world.clock.now()
    ready = now >= receipt.ready_at
    data: dict[str, Any] = {
        "state": "FINISHED" if ready else "GENERATING",
        "create_time": rfc3339(receipt.created_at),
        "update_time": rfc3339(receipt.ready_at if ready else receipt.created_at),
    }
    if ready:
        until = int(now) + LINK_SECONDS
        token = f"{transfer.transfer_bill_no}.{until}.{_seal(world, transfer, until)}"
        data["hash_type"] = "SHA256"
        data["hash_value"] = hashlib.sha256(_document(transfer)).hexdigest().upper()
        path = "/v3/transferbilldownload/elecvoucherfile"
        data["download_url"] = f"{world.settings.base_url}{path}?source=elecsign&token={token}"
    return data


def _seal(world: World, transfer: Transfer, until: int) -> str:
    return world.derive(f"receipt:{transfer.key}:{until}").hex()[:32]


def download(world: World, merchant: Merchant, request: Request) -> Answer:
    """GET /v3/transferbilldownload/elecvoucherfile?source=elecsign&token= -> the file, not signed."""
    number, _, rest = request.query.get("token", "").partition(".")
    until, _, seal = rest.partition(".")
    transfer = world.pay.transfer_of_number.get(number)
    good = until.isascii() and until.isdigit() and len(until) < 15 and transfer is not None
    if not good or transfer is None or transfer.mchid != merchant.mchid or seal != _seal(world, transfer, int(until)):
        raise PayError(400, "PARAM_ERROR", "token不合法")
    if world.clock.now() > int(until):
        raise PayError(400, "PARAM_ERROR", "下载地址已过期，请重新查询")
    return Answer(200, _document(transfer), b"application/pdf")


def _document(transfer: Transfer) -> bytes:
    """A PDF of one page in ASCII, the same at every download."""
    lines = (
        "WeChat sandbox - electronic receipt",
        f"Merchant {transfer.mchid}",
        f"Bill {transfer.out_bill_no}",
        f"Transfer {transfer.transfer_bill_no}",
        f"Amount CNY {transfer.amount / 100:.2f}",
        f"Time {rfc3339(transfer.updated_at)}",
    )
    text = "BT /F1 12 Tf 60 780 Td 20 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    document, places = "%PDF-1.4\n", list[int]()
    for number, body in enumerate(objects, start=1):
        places.append(len(document))
        document += f"{number} 0 obj\n{body}\nendobj\n"
    start = len(document)
    document += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    document += "".join(f"{place:010} 00000 n \n" for place in places)
    document += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return document.encode("ascii")
