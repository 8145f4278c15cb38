# The clients carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Provider mode, combined orders, payment codes, transfers and complaints by clients that others keep."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox, wait_for
from tests.wechat_sandbox.schemas import check_exchange
from tests.wechat_sandbox.test_complaints import complain, png
from tests.wechat_sandbox.test_third_party import NODE, node

__all__ = ["node"]


@pytest.fixture(scope="module")
def provider(sandbox: Sandbox) -> Merchant:
    return sandbox.merchant("1900000100")


@pytest.fixture(scope="module")
def seen() -> Iterator[set[str]]:
    """The paths that the clients asked for."""
    paths: set[str] = set()
    yield paths
    assert paths >= {"/v3/combine-transactions/native", "/v3/pay/partner/transactions/codepay"}


@pytest.fixture(autouse=True)
def every_exchange(sandbox: Sandbox, seen: set[str]) -> Iterator[None]:
    """What the clients sent and got is validated against the published schemas, too."""
    before = sandbox.get("/_sandbox/exchanges", params={"limit": 1})["last"]
    yield
    query = {"since": before, "kind": "api", "path": "/v3/*", "limit": 500}
    rows = [row for row in sandbox.get("/_sandbox/exchanges", params=query)["items"] if row["status"]]
    for row in rows:
        told = sandbox.get(f"/_sandbox/exchanges/{row['id']}")
        asked, answer = told["request"]["body"], told["answer"]["body"]
        kind = told["answer"]["headers"].get("content-type", "application/json" if "text" in answer else "")
        content = answer.get("text", "").encode()
        check_exchange(row["method"], row["target"], asked.get("text", ""), row["status"], kind, content)
        seen.add(row["path"])


def client_of(merchant: Merchant, notify_url: str, *, partner: bool = False) -> Any:
    row = merchant.row
    client: Any = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=row["mchid"],
        private_key=row["private_key_pem"],
        cert_serial_no=row["serial_no"],
        appid=merchant.appid,
        apiv3_key=row["apiv3_key"],
        notify_url=notify_url,
        partner_mode=partner,
        public_key=row["public_key_pem"],
        public_key_id=row["public_key_id"],
    )
    client._core._gate_way = merchant.sandbox.url
    return client


def answered(reply: tuple[int, str], status: int = 200) -> Any:
    code, text = reply
    assert code == status, text
    return json.loads(text) if text else None


def test_partner_mode(
    sandbox: Sandbox, provider: Merchant, merchant: Merchant, receiver: Receiver, shopper: str
) -> None:
    client, number = client_of(provider, receiver.url, partner=True), f"PP{time.time_ns()}"
    payer = {"sp_openid": sandbox.openid(shopper, provider.appid)}
    order: dict[str, Any] = {"description": "一件", "out_trade_no": number, "amount": {"total": 100}}
    prepay_id = answered(client.pay(**order, payer=payer, sub_mchid=merchant.mchid))["prepay_id"]
    body = {"pay_params": provider.pay_params(prepay_id)}
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", body)
    sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    got = receiver.wait()[0]
    told = client.callback(got.headers, got.body)["resource"]
    assert (told["out_trade_no"], told["sub_mchid"]) == (number, merchant.mchid)
    found = answered(client.query(out_trade_no=number, sub_mchid=merchant.mchid))
    assert found == answered(client.query(transaction_id=found["transaction_id"], sub_mchid=merchant.mchid))
    unpaid = {**order, "out_trade_no": number + "N"}
    answered(client.pay(**unpaid, sub_mchid=merchant.mchid, pay_type=WeChatPayType.NATIVE))
    answered(client.close(number + "N", sub_mchid=merchant.mchid), 204)

    till: dict[str, Any] = {
        **order,
        "out_trade_no": number + "K",
        "payer": {"auth_code": sandbox.get(f"/_sandbox/shoppers/{shopper}/payment-code")["code"]},
        "scene_info": {"store_info": {"id": "1"}},
    }
    paid = answered(client.pay(**till, sub_mchid=merchant.mchid, pay_type=WeChatPayType.CODEPAY))
    assert paid["trade_state"] == "SUCCESS"
    answered(client.codepay_reverse(number + "K", sub_mchid=merchant.mchid))
    assert answered(client.query(out_trade_no=number + "K", sub_mchid=merchant.mchid))["trade_state"] == "REVOKED"


def test_combined_orders(
    sandbox: Sandbox, provider: Merchant, merchant: Merchant, bakery: Merchant, receiver: Receiver, shopper: str
) -> None:
    client, number = client_of(provider, receiver.url), f"PC{time.time_ns()}"
    parts: list[dict[str, Any]] = [
        {
            "mchid": provider.mchid,
            "sub_mchid": row.mchid,
            "attach": "店1",
            "amount": {"total_amount": 100, "currency": "CNY"},
            "out_trade_no": f"{number}{index}",
            "description": "一件",
        }
        for index, row in enumerate((merchant, bakery))
    ]
    order = {"combine_out_trade_no": number, "sub_orders": parts, "pay_type": WeChatPayType.NATIVE}
    url = answered(client.combine_pay(**order))["code_url"]
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": url})["sheet"]
    sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    got = receiver.wait()[0]
    assert client.callback(got.headers, got.body)["resource"] == answered(client.combine_query(number))
    for row in parts:
        row["out_trade_no"] += "N"
    answered(client.combine_pay(**{**order, "combine_out_trade_no": number + "N"}))
    rows = [{name: row[name] for name in ("mchid", "sub_mchid", "out_trade_no")} for row in parts]
    answered(client.combine_close(number + "N", rows), 204)


def test_transfers(sandbox: Sandbox, merchant: Merchant, receiver: Receiver, shopper: str) -> None:
    sandbox.post(f"/_sandbox/merchants/{merchant.mchid}/top-up", {"amount": 1_000_000})
    sandbox.http.put(f"/_sandbox/shoppers/{shopper}/payment-settings", json={"real_name": "张小满"})
    client, number = client_of(merchant, receiver.url), f"PT{time.time_ns()}"
    bill: dict[str, Any] = {
        "out_bill_no": number,
        "transfer_scene_id": "1009",
        "openid": sandbox.openid(shopper, merchant.appid),
        "transfer_amount": 200_000,
        "transfer_remark": "货款",
        "user_name": "张小满",
        "transfer_scene_report_infos": [{"info_type": "采购商品名称", "info_content": "亚麻布"}],
    }
    made = answered(client.mch_transfer_bills(**bill))
    assert made["state"] == "ACCEPTED"  # the name is being checked

    def state() -> str:
        return answered(client.mch_transfer_bills_query(transfer_bill_no=made["transfer_bill_no"]))["state"]

    wait_for(lambda: state() == "WAIT_USER_CONFIRM")
    assert answered(client.mch_transfer_bills(**bill))["package_info"]
    path = f"/_sandbox/shoppers/{shopper}/transfers/{made['transfer_bill_no']}/confirm"
    sandbox.post(path)
    got = receiver.wait()[0]
    assert client.callback(got.headers, got.body)["resource"]["state"] == "SUCCESS"
    assert answered(client.mch_transfer_elecsign(out_bill_no=number))["state"] == "GENERATING"
    wait_for(lambda: answered(client.mch_transfer_elecsign_query(out_bill_no=number))["state"] == "FINISHED")
    del bill["user_name"]
    answered(client.mch_transfer_bills(**{**bill, "out_bill_no": number + "C", "transfer_amount": 100}))
    cancelled = answered(client.mch_transfer_bills_cancel(number + "C"))
    assert cancelled["state"] == "CANCELING"


def test_complaints(merchant: Merchant, receiver: Receiver, shopper: str, tmp_path: Path) -> None:
    client = client_of(merchant, receiver.url)
    answered(client.complaint_notification_create(receiver.url))
    complaint = complain(merchant, shopper, problem_type="REFUND")["complaint_id"]
    got = receiver.wait()[0]
    assert client.callback(got.headers, got.body)["resource"]["complaint_id"] == complaint
    answered(client.complaint_notification_update(receiver.url + "/b"))
    assert answered(client.complaint_notification_query())["url"] == receiver.url + "/b"
    answered(client.complaint_notification_delete(), 204)
    seen = answered(client.complaint_detail_query(complaint))
    assert client.decrypt(seen["payer_phone"]).startswith("138")
    day = seen["complaint_time"][:10]
    assert answered(client.complaint_list_query(begin_date=day, end_date=day))["total_count"] >= 1
    (tmp_path / "proof.png").write_bytes(png())
    media_id = answered(client.complaint_image_upload(str(tmp_path / "proof.png")))["media_id"]
    answered(client.complaint_response(complaint, "见图", response_images=[media_id]), 204)
    rows = answered(client.complaint_history_query(complaint))["data"]
    code, _ = client.complaint_image_download(rows[0]["image_list"][0])
    assert code == 200
    answered(client.complaint_update_refund(complaint, "APPROVE", launch_refund_day=1), 204)
    answered(client.complaint_complete(complaint), 204)
    assert answered(client.complaint_detail_query(complaint))["complaint_state"] == "PROCESSED"


def test_axios_plugin(sandbox: Sandbox, provider: Merchant, merchant: Merchant, shopper: str, node: str) -> None:
    sandbox.post(f"/_sandbox/merchants/{provider.mchid}/top-up", {"amount": 10_000})
    given = {
        "url": sandbox.url + "/",
        "merchant": provider.row,
        "sub_mchid": merchant.mchid,
        "number": f"N{time.time_ns()}",
        "openid": sandbox.openid(shopper, provider.appid),
        "auth_code": sandbox.get(f"/_sandbox/shoppers/{shopper}/payment-code")["code"],
        "complaint_id": complain(merchant, shopper)["complaint_id"],
    }
    done = subprocess.run(
        [node, "drive_provider.js"],
        cwd=NODE,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["jsapi"]["prepay_id"].startswith("wx")
    assert (told["query"]["trade_state"], told["query"]["sub_mchid"]) == ("NOTPAY", merchant.mchid)
    assert told["close"] == 204
    assert (told["codepay"]["trade_state"], told["reverse"]["sub_mchid"]) == ("SUCCESS", merchant.mchid)
    assert told["combine"]["code_url"].startswith("weixin://")
    assert {row["trade_state"] for row in told["combined"]["sub_orders"]} == {"NOTPAY"}
    assert told["combine_close"] == 204
    assert (told["transfer"]["state"], told["transfer_query"]["state"]) == ("WAIT_USER_CONFIRM",) * 2
    assert told["transfer_cancel"]["state"] == "CANCELING"
    assert told["phone"].startswith("138")
    assert told["answered"] == 204
    assert told["history"]["data"][0]["operate_type"] == "MERCHANT_RESPONSE"
