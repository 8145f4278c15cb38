"""The paths of Pay v3, and what happens around each of them."""

import logging
from collections.abc import Callable
from typing import Any

from wechat_sandbox.asgi import Answer, Handler, Request, Routes
from wechat_sandbox.models import Merchant
from wechat_sandbox.pay import (
    codepay,
    combine,
    complaint_media,
    complaints,
    partner,
    prepay,
    query,
    receipts,
    refunds,
    transfers,
)
from wechat_sandbox.pay.answers import error_answer, signed_answer
from wechat_sandbox.pay.auth import authenticate
from wechat_sandbox.pay.bills import requests as bills
from wechat_sandbox.pay.errors import PayError
from wechat_sandbox.pay.profit_sharing import routes as profit_sharing
from wechat_sandbox.world import World

log = logging.getLogger("wechat_sandbox.pay")
PayHandler = Callable[[World, Merchant, Request], dict[str, Any] | Answer | None]
"""Gives what is to be signed (None: 204), or an answer that WeChat does not sign, as files."""


def _guarded(handle: PayHandler) -> Handler:
    """Check the caller, run, sign; an error is always one of WeChat's."""

    def run(world: World, request: Request) -> Answer:
        merchant: Merchant | None = None
        try:
            merchant = authenticate(world, request)
            data = handle(world, merchant, request)
            return data if isinstance(data, Answer) else signed_answer(world, merchant, data)
        except PayError as error:
            return error_answer(world, merchant, error)
        except Exception:
            log.exception("%s %s", request.method, request.path)
            return error_answer(world, merchant, PayError(500, "SYSTEM_ERROR", "系统异常，请稍后重试"))

    return run


def add_routes(routes: Routes) -> None:
    """Register Pay v3."""
    for method, path, handle in PATHS:
        routes.add(method, path, _guarded(handle))


PATHS: tuple[tuple[str, str, PayHandler], ...] = (
    ("POST", "/v3/pay/transactions/jsapi", prepay.jsapi),
    ("POST", "/v3/pay/transactions/native", prepay.native),
    ("POST", "/v3/pay/transactions/h5", prepay.h5),
    ("POST", "/v3/pay/transactions/app", prepay.app),
    ("GET", "/v3/pay/transactions/out-trade-no/{out_trade_no}", query.by_out_trade_no),
    ("POST", "/v3/pay/transactions/out-trade-no/{out_trade_no}/close", query.close),
    ("GET", "/v3/pay/transactions/id/{transaction_id}", query.by_transaction_id),
    ("POST", "/v3/pay/partner/transactions/jsapi", partner.jsapi),
    ("POST", "/v3/pay/partner/transactions/native", partner.native),
    ("POST", "/v3/pay/partner/transactions/h5", partner.h5),
    ("POST", "/v3/pay/partner/transactions/app", partner.app),
    ("GET", "/v3/pay/partner/transactions/out-trade-no/{out_trade_no}", partner.by_out_trade_no),
    ("POST", "/v3/pay/partner/transactions/out-trade-no/{out_trade_no}/close", partner.close),
    ("GET", "/v3/pay/partner/transactions/id/{transaction_id}", partner.by_transaction_id),
    ("POST", "/v3/pay/transactions/codepay", codepay.pay),
    ("POST", "/v3/pay/transactions/out-trade-no/{out_trade_no}/reverse", codepay.reverse),
    ("POST", "/v3/pay/partner/transactions/codepay", codepay.partner_pay),
    ("POST", "/v3/pay/partner/transactions/out-trade-no/{out_trade_no}/reverse", codepay.partner_reverse),
    ("POST", "/v3/combine-transactions/jsapi", combine.jsapi),
    ("POST", "/v3/combine-transactions/native", combine.native),
    ("POST", "/v3/combine-transactions/h5", combine.h5),
    ("POST", "/v3/combine-transactions/app", combine.app),
    ("GET", "/v3/combine-transactions/out-trade-no/{combine_out_trade_no}", combine.by_out_trade_no),
    ("POST", "/v3/combine-transactions/out-trade-no/{combine_out_trade_no}/close", combine.close),
    ("POST", "/v3/fund-app/mch-transfer/transfer-bills", transfers.create),
    ("GET", "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}", transfers.by_out_bill_no),
    ("POST", "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}/cancel", transfers.cancel),
    (
        "GET",
        "/v3/fund-app/mch-transfer/transfer-bills/transfer-bill-no/{transfer_bill_no}",
        transfers.by_transfer_bill_no,
    ),
    ("POST", "/v3/fund-app/mch-transfer/elecsign/out-bill-no", receipts.apply_by_out_number),
    ("POST", "/v3/fund-app/mch-transfer/elecsign/transfer-bill-no", receipts.apply_by_number),
    ("GET", "/v3/fund-app/mch-transfer/elecsign/out-bill-no/{out_bill_no}", receipts.query_by_out_number),
    ("GET", "/v3/fund-app/mch-transfer/elecsign/transfer-bill-no/{transfer_bill_no}", receipts.query_by_number),
    ("GET", "/v3/transferbilldownload/elecvoucherfile", receipts.download),
    ("GET", "/v3/merchant-service/complaints-v2", complaints.listing),
    ("GET", "/v3/merchant-service/complaints-v2/{complaint_id}", complaints.detail),
    ("GET", "/v3/merchant-service/complaints-v2/{complaint_id}/negotiation-historys", complaints.history),
    ("POST", "/v3/merchant-service/complaints-v2/{complaint_id}/response", complaints.respond),
    ("POST", "/v3/merchant-service/complaints-v2/{complaint_id}/complete", complaints.complete),
    ("POST", "/v3/merchant-service/complaints-v2/{complaint_id}/update-refund-progress", complaints.update_refund),
    ("POST", "/v3/merchant-service/complaint-notifications", complaint_media.create_url),
    ("GET", "/v3/merchant-service/complaint-notifications", complaint_media.query_url),
    ("PUT", "/v3/merchant-service/complaint-notifications", complaint_media.update_url),
    ("DELETE", "/v3/merchant-service/complaint-notifications", complaint_media.delete_url),
    ("POST", "/v3/merchant-service/images/upload", complaint_media.upload),
    ("GET", "/v3/merchant-service/images/{media_id}", complaint_media.download),
    ("GET", "/v3/certificates", query.certificates),
    ("POST", "/v3/refund/domestic/refunds", refunds.create),
    ("GET", "/v3/refund/domestic/refunds/{out_refund_no}", refunds.query),
    ("POST", "/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund", refunds.apply_abnormal),
    *profit_sharing.PATHS,
    *bills.PATHS,
)
