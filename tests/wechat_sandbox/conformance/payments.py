# One trial a line reads best, and each is a lambda, alike or not.
# ruff: noqa: E501, PLW0108
# The clients carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""wechatpayv3 2.0.4: every method, in an order in which each has what it needs."""

import inspect
import json
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from wechatpayv3 import SignType, WeChatPay, WeChatPayType

from tests.wechat_sandbox.conformance.desk import Call, Desk, Row, short
from tests.wechat_sandbox.conformance.scope import out_of_scope

NAME = "wechatpayv3 2.0.4"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


def client_of(desk: Desk, *, partner: bool = False) -> Any:
    """The client, pointed at the sandbox."""
    who = desk.provider if partner else desk.merchant
    row = who.row
    client: Any = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI, mchid=who.mchid, private_key=row["private_key_pem"],
        cert_serial_no=row["serial_no"], appid=who.appid, apiv3_key=row["apiv3_key"],
        notify_url=desk.receiver.url + "/notify", public_key=row["public_key_pem"],
        public_key_id=row["public_key_id"], partner_mode=partner,
    )  # fmt: skip
    client._core._gate_way = desk.box.url
    return client


def rows(desk: Desk) -> list[Row]:
    """A row for every method of the client."""
    tried: dict[str, list[Row]] = {}
    for name, trial in _calls(desk):
        tried.setdefault(name.partition(" ")[0], []).append(Row(NAME, name, _result(trial)))
    found: list[Row] = []
    for name, _ in inspect.getmembers(WeChatPay, inspect.isfunction):
        if name.startswith("_"):
            continue
        why = out_of_scope(f"wechatpayv3.{name}")
        found += tried.pop(name, None) or [Row(NAME, name, f"— {why}" if why else "not tried")]
    assert not tried, f"no such methods: {tried}"
    return found


def _result(trial: Any) -> str:
    try:
        told = trial()
    except Exception as error:  # the table says what came
        return f"{type(error).__name__}: {str(error)[:60]}"
    if isinstance(told, tuple):
        code, text = told
        return f"ok {code}" if code // 100 == 2 else f"{code} {short(text) or 'no such interface'}"
    return "ok" if told else "failed"


def _bill(desk: Desk, told: tuple[int, str], client: Any) -> tuple[int, str]:
    desk.kept["bill"] = json.loads(told[1])["download_url"] if told[0] == 200 else ""
    del client
    return told


def _calls(desk: Desk) -> list[Call]:
    return [*_orders(desk), *_refunds(desk), *_sharing(desk), *_bills(desk), *_transfers(desk), *_complaints(desk)]


def _orders(desk: Desk) -> list[Call]:
    w, p = client_of(desk), client_of(desk, partner=True)
    kept, amount = desk.kept, {"total": 100, "currency": "CNY"}
    scene = {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
    till = {"store_info": {"id": "1"}}
    sub = {"sub_mchid": desk.merchant.mchid}

    def pay(kind: WeChatPayType, **more: Any) -> Any:
        return w.pay("茶", desk.number(), amount, pay_type=kind, **more)

    def partner_pay(kind: WeChatPayType, **more: Any) -> Any:
        kept["partner"] = desk.number()
        return p.pay("茶", kept["partner"], amount, pay_type=kind, **sub, **more)

    def jsapi() -> Any:
        kept["no"] = desk.number()
        told = w.pay("茶", kept["no"], amount, payer={"openid": desk.openid})
        kept["transaction_id"] = desk.pay_prepaid(json.loads(told[1])["prepay_id"])
        return told

    def codepay() -> Any:
        kept["till"] = desk.number()
        return w.pay(
            "茶",
            kept["till"],
            amount,
            pay_type=WeChatPayType.CODEPAY,
            payer={"auth_code": desk.payment_code()},
            scene_info=till,
        )

    def unpaid() -> str:
        number = desk.number()
        w.pay("茶", number, amount, payer={"openid": desk.openid})
        return number

    def combine(kind: WeChatPayType, **more: Any) -> Any:
        kept["combined"] = desk.number()
        kept["subs"] = [
            {"mchid": desk.merchant.mchid, "attach": "a", "amount": {"total_amount": 100, "currency": "CNY"},
             "out_trade_no": desk.number(), "description": "茶"} for _ in range(2)
        ]  # fmt: skip
        return w.combine_pay(kept["combined"], kept["subs"], pay_type=kind, **more)

    def combine_close() -> Any:
        subs = [{"mchid": row["mchid"], "out_trade_no": row["out_trade_no"]} for row in kept["subs"]]
        return w.combine_close(kept["combined"], subs)

    def told() -> Any:
        got = desk.receiver.wait(1)[0]
        return got.headers, got.body

    return [
        ("pay (JSAPI)", jsapi),
        ("pay (mini program)", lambda: pay(WeChatPayType.MINIPROG, payer={"openid": desk.mini_openid}, appid=desk.mini["appid"])),
        ("pay (native)", lambda: pay(WeChatPayType.NATIVE)),
        ("pay (H5)", lambda: pay(WeChatPayType.H5, scene_info=scene)),
        ("pay (app)", lambda: pay(WeChatPayType.APP)),
        ("pay (codepay)", codepay),
        ("pay (partner, JSAPI)", lambda: partner_pay(WeChatPayType.JSAPI, payer={"sp_openid": desk.box.openid(desk.shopper, desk.provider.appid)})),
        ("pay (partner, native)", lambda: partner_pay(WeChatPayType.NATIVE)),
        ("pay (partner, H5)", lambda: partner_pay(WeChatPayType.H5, scene_info=scene)),
        ("pay (partner, app)", lambda: partner_pay(WeChatPayType.APP)),
        ("pay (partner, codepay)", lambda: partner_pay(WeChatPayType.CODEPAY, payer={"auth_code": desk.payment_code()}, scene_info=till)),
        ("codepay_reverse", lambda: w.codepay_reverse(kept["till"])),
        ("callback", lambda: w.callback(*told())),
        ("decrypt_callback", lambda: w.decrypt_callback(*told())),
        ("sign", lambda: w.sign([desk.merchant.appid, "1", "n", "prepay_id=1"], SignType.RSA_SHA256)),
        ("decrypt", lambda: w.decrypt(_encrypted(desk)) == "小满"),
        ("query (out_trade_no)", lambda: w.query(out_trade_no=kept["no"])),
        ("query (transaction_id)", lambda: w.query(transaction_id=kept["transaction_id"])),
        ("query (partner)", lambda: p.query(out_trade_no=kept["partner"], **sub)),
        ("close", lambda: w.close(unpaid())),
        ("close (partner)", lambda: (partner_pay(WeChatPayType.NATIVE), p.close(kept["partner"], **sub))[1]),
        ("combine_pay (H5)", lambda: combine(WeChatPayType.H5, scene_info={**scene, "device_id": "1"})),
        ("combine_pay (app)", lambda: combine(WeChatPayType.APP)),
        ("combine_pay (native)", lambda: combine(WeChatPayType.NATIVE)),
        ("combine_pay (JSAPI)", lambda: combine(WeChatPayType.JSAPI, combine_payer_info={"openid": desk.openid})),
        ("combine_query", lambda: w.combine_query(kept["combined"])),
        ("combine_close", combine_close),
    ]  # fmt: skip


def _encrypted(desk: Desk) -> str:
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
    from cryptography.hazmat.primitives.hashes import SHA1

    public = desk.merchant.key.public_key()
    return b64encode(public.encrypt("小满".encode(), OAEP(MGF1(SHA1()), SHA1(), None))).decode()


def _refunds(desk: Desk) -> list[Call]:
    w, kept = client_of(desk), desk.kept
    part = {"refund": 40, "total": 100, "currency": "CNY"}

    def refund() -> Any:
        kept["refund"] = desk.number()
        told = w.refund(kept["refund"], part, out_trade_no=kept["no"], reason="不要了")
        kept["refund_id"] = json.loads(told[1]).get("refund_id")
        return told

    def abnormal() -> Any:
        refund_id, out_refund_no = desk.failed_refund()
        return w.abnormal_refund(refund_id, out_refund_no, "MERCHANT_BANK_CARD")

    return [
        ("refund", refund),
        ("query_refund", lambda: w.query_refund(kept["refund"])),
        ("abnormal_refund", abnormal),
    ]


def _sharing(desk: Desk) -> list[Call]:
    w, kept = client_of(desk), desk.kept
    receiver = {"type": "PERSONAL_OPENID", "account": desk.openid, "amount": 100, "description": "分给朋友"}
    shop = {"type": "MERCHANT_ID", "account": desk.provider.mchid, "amount": 100, "description": "分给平台"}

    def prepared() -> None:
        kept["shared_no"], kept["shared"] = desk.paid(settle_info={"profit_sharing": True})
        desk.later(61)

    def order() -> Any:
        prepared()
        w.profitsharing_add_receiver("MERCHANT_ID", desk.provider.mchid, "SERVICE_PROVIDER", name="闭环商城")
        kept["share"] = desk.number()
        told = w.profitsharing_order(kept["shared"], kept["share"], [receiver, shop], False)
        desk.later(5)
        return told

    def give_back() -> Any:
        kept["return"] = desk.number()
        return w.profitsharing_return(kept["return"], desk.provider.mchid, 50, "退回", out_order_no=kept["share"])

    return [
        ("profitsharing_add_receiver", lambda: w.profitsharing_add_receiver("PERSONAL_OPENID", desk.openid, "USER")),
        ("profitsharing_order", order),
        ("profitsharing_order_query", lambda: w.profitsharing_order_query(kept["shared"], kept["share"])),
        ("profitsharing_return", give_back),
        ("profitsharing_return_query", lambda: w.profitsharing_return_query(kept["share"], kept["return"])),
        ("profitsharing_amount_query", lambda: w.profitsharing_amount_query(kept["shared"])),
        ("profitsharing_unfreeze", lambda: w.profitsharing_unfreeze(kept["shared"], desk.number(), "解冻")),
        ("profitsharing_config_query", lambda: client_of(desk, partner=True).profitsharing_config_query(desk.merchant.mchid)),
        ("profitsharing_delete_receiver", lambda: w.profitsharing_delete_receiver("PERSONAL_OPENID", desk.openid)),
    ]  # fmt: skip


def _bills(desk: Desk) -> list[Call]:
    w, kept = client_of(desk), desk.kept

    def day() -> str:
        offset = desk.box.get("/_sandbox/clock")["offset_seconds"]
        now = datetime.fromtimestamp(time.time() + offset, timezone(timedelta(hours=8)))
        return f"{now - timedelta(days=1):%Y-%m-%d}"

    def trade() -> Any:
        offset = desk.box.get("/_sandbox/clock")["offset_seconds"]
        since_midnight = (time.time() + offset + 8 * 3600) % 86400
        desk.later(86400 - since_midnight + 11 * 3600)  # bills are of yesterday, and ready at ten
        return _bill(desk, w.trade_bill(day()), w)

    return [
        ("trade_bill", trade),
        ("download_bill", lambda: w.download_bill(kept["bill"])[0:2]),
        ("fundflow_bill", lambda: w.fundflow_bill(day())),
        ("profitsharing_bill", lambda: w.profitsharing_bill(day())),
    ]


def _transfers(desk: Desk) -> list[Call]:
    w, kept = client_of(desk), desk.kept
    report = [{"info_type": "活动名称", "info_content": "新会员"}, {"info_type": "奖励说明", "info_content": "注册"}]

    def transfer() -> Any:
        desk.box.http.post(f"/_sandbox/merchants/{desk.merchant.mchid}/top-up", json={"amount_fen": 100000})
        kept["transfer"] = desk.number()
        told = w.mch_transfer_bills(
            kept["transfer"], "1000", desk.openid, 50, "奖励", transfer_scene_report_infos=report
        )
        kept["transfer_id"] = json.loads(told[1]).get("transfer_bill_no")
        return told

    def confirmed() -> str:
        transfer()
        desk.box.http.post(f"/_sandbox/shoppers/{desk.shopper}/transfers/{kept['transfer_id']}/confirm")
        desk.later(5)
        return kept["transfer"]

    def elecsign() -> Any:
        return w.mch_transfer_elecsign(out_bill_no=confirmed())

    return [
        ("mch_transfer_bills", transfer),
        ("mch_transfer_bills_query (out_bill_no)", lambda: w.mch_transfer_bills_query(out_bill_no=kept["transfer"])),
        ("mch_transfer_bills_query (transfer_bill_no)", lambda: w.mch_transfer_bills_query(transfer_bill_no=kept["transfer_id"])),
        ("mch_transfer_bills_cancel", lambda: w.mch_transfer_bills_cancel(kept["transfer"])),
        ("mch_transfer_elecsign", elecsign),
        ("mch_transfer_elecsign_query", lambda: w.mch_transfer_elecsign_query(out_bill_no=kept["transfer"])),
    ]  # fmt: skip


def _complaints(desk: Desk) -> list[Call]:
    w, kept = client_of(desk), desk.kept

    def today() -> str:
        offset = desk.box.get("/_sandbox/clock")["offset_seconds"]
        return f"{datetime.fromtimestamp(time.time() + offset, timezone(timedelta(hours=8))):%Y-%m-%d}"

    def complained() -> Any:
        kept["complaint"] = desk.complaint()
        return w.complaint_list_query(today(), today())

    def upload() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "proof.png"
            path.write_bytes(PNG)
            told = w.complaint_image_upload(str(path))
        kept["image"] = json.loads(told[1]).get("media_id") if told[0] == 200 else ""
        return told

    return [
        ("complaint_notification_create", lambda: w.complaint_notification_create("https://example.com/complaints")),
        ("complaint_notification_query", lambda: w.complaint_notification_query()),
        ("complaint_notification_update", lambda: w.complaint_notification_update("https://example.com/other")),
        ("complaint_notification_delete", lambda: w.complaint_notification_delete()),
        ("complaint_list_query", complained),
        ("complaint_detail_query", lambda: w.complaint_detail_query(kept["complaint"])),
        ("complaint_history_query", lambda: w.complaint_history_query(kept["complaint"])),
        ("complaint_image_upload", upload),
        ("complaint_image_download", lambda: w.complaint_image_download(f"{desk.box.url}/v3/merchant-service/images/{kept['image']}")[0:2]),
        ("complaint_response", lambda: w.complaint_response(kept["complaint"], "马上处理")),
        ("complaint_update_refund", lambda: w.complaint_update_refund(kept["complaint"], "APPROVE", launch_refund_day=3)),
        ("complaint_complete", lambda: w.complaint_complete(kept["complaint"])),
    ]  # fmt: skip
