"""The whole loop: code, follow, push, OAuth, prepay, sheet, notification, query."""

import json

import httpx

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox


def test_from_the_code_to_the_money(sandbox: Sandbox, receiver: Receiver) -> None:
    account = sandbox.official_account("青衫")
    sandbox.http.put(
        f"/_sandbox/official-accounts/{account['appid']}", json={"callback_url": receiver.url + "/wx"}
    ).raise_for_status()
    token = sandbox.token(account)

    asked = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "store-1"}}}
    code = sandbox.http.post(f"/cgi-bin/qrcode/create?access_token={token}", json=asked).json()
    assert code["url"].startswith("http://weixin.qq.com/q/")
    picture = sandbox.http.get("/cgi-bin/showqrcode", params={"ticket": code["ticket"]})
    assert picture.headers["content-type"] == "image/png"

    shopper = sandbox.post("/_sandbox/shoppers", {"nickname": "小满"})["shopper_id"]
    scanned = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": code["url"]})
    assert scanned["action"] == "follow_page"
    sandbox.post(f"/_sandbox/shoppers/{shopper}/follow", {"appid": scanned["appid"], "ticket": scanned["ticket"]})
    push = receiver.wait(1)[0]
    assert "qrscene_store-1" in push.body.decode()

    page = sandbox.http.get(
        "/connect/oauth2/authorize",
        params={
            "appid": account["appid"],
            "redirect_uri": "http://127.0.0.1:1/back?x=1",
            "response_type": "code",
            "scope": "snsapi_userinfo",
            "state": "st",
        },
        headers={"X-Sandbox-Shopper": shopper},
    )
    assert page.status_code == 302
    back = httpx.URL(page.headers["location"])
    assert (back.params["x"], back.params["state"]) == ("1", "st")
    granted = sandbox.get(
        "/sns/oauth2/access_token",
        params={
            "appid": account["appid"],
            "secret": account["secret"],
            "code": back.params["code"],
            "grant_type": "authorization_code",
        },
    )
    person = sandbox.get("/sns/userinfo", params={"access_token": granted["access_token"], "openid": granted["openid"]})
    assert person["nickname"] == "小满"

    merchant: Merchant = sandbox.merchant("1900000101")
    order = merchant.prepay(granted["openid"], receiver.url + "/pay")
    prepaid = merchant.call("POST", "/v3/pay/transactions/jsapi", order).json()
    sheet = sandbox.post(
        f"/_sandbox/shoppers/{shopper}/sheets", {"pay_params": merchant.pay_params(prepaid["prepay_id"])}
    )
    assert (sheet["merchant_name"], sheet["total_fen"]) == ("青衫", 12900)
    paid = sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    assert paid["state"] == "paid"

    notice = receiver.wait(2)[1]
    assert merchant.verifies(notice.headers, notice.body)
    envelope = json.loads(notice.body)
    assert envelope["event_type"] == "TRANSACTION.SUCCESS"
    told = merchant.decrypt(envelope["resource"])
    assert told["transaction_id"] == paid["transaction_id"]
    target = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}?mchid={merchant.mchid}"
    assert merchant.call("GET", target).json() == told
